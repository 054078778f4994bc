//! Which captured answer belongs to which captured request.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Mti};
use crate::iso::stream::{FlowId, SeenAt};
use std::collections::{BTreeMap, VecDeque};

/// How long a captured answer is looked for behind its request: two minutes, in microseconds.
const PATIENCE: i64 = 120_000_000;
/// Requests at most whose captured answers are looked for.
const MOST: usize = 20_000;

/// By what an answer finds its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplayKey {
    /// The type of the answer, and all fields that the dialect names.
    pub whole: String,
    /// The type of the answer, and the trace number: for hosts that leave others out, or write
    /// them anew.
    brief: String,
    /// DE 41 and 42; empty where they are not there.
    ends: [String; 2],
    /// What it trades, as far as it says so: processing code and amount.
    trade: [String; 2],
}

impl ReplayKey {
    /// Of a request, as its answer will bear it; `None` if it has none.
    pub(super) fn of_request(request: &Message) -> Option<Self> {
        Some(Self::of(request, request.mti().answer()?))
    }

    pub(super) fn of_answer(answer: &Message) -> Self {
        Self::of(answer, answer.mti())
    }

    fn of(message: &Message, mti: Mti) -> Self {
        let flow = message.spec().flow();
        let text = |path: FieldPath| {
            let text = message.text(path).unwrap_or_default();
            text.trim().to_owned()
        };
        let of = |number: u8| text(FieldPath::whole(FieldId::of(number)));
        let paths = flow.match_key.iter();
        let whole = paths.fold(mti.to_string(), |key, path| {
            format!("{key}|{}", text(*path))
        });
        Self {
            whole,
            brief: format!("{mti}|{}", of(11)),
            ends: [of(41), of(42)],
            trade: [of(3), text(flow.amount)],
        }
    }

    /// Whether an answer may be that of this request, though it does not bear all of its names.
    fn may_be(&self, answer: &Self) -> bool {
        self.brief == answer.brief && agree(&self.ends, &answer.ends)
    }
}

/// Whether both say the same, as far as both say it.
fn agree(one: &[String; 2], other: &[String; 2]) -> bool {
    let mut pairs = one.iter().zip(other);
    pairs.all(|(one, other)| one == other || one.is_empty() || other.is_empty())
}

/// Which of these requests an answer answers. One that bears the whole name goes before those that
/// may be meant, of which there must be one only; of several under one name, one of the same trade
/// goes before others, then one that is still waited for, then the first.
pub(super) fn request_of<'a, T>(
    answer: &ReplayKey,
    waiting: impl Iterator<Item = MaybeAnswered<'a, T>>,
) -> Option<T> {
    let mut fits: Vec<MaybeAnswered<'a, T>> = waiting
        .filter(|one| one.key.whole == answer.whole || one.key.may_be(answer))
        .collect();
    if fits.iter().any(|one| one.key.whole == answer.whole) {
        fits.retain(|one| one.key.whole == answer.whole);
    }
    if fits.iter().any(|one| agree(&one.key.trade, &answer.trade)) {
        fits.retain(|one| agree(&one.key.trade, &answer.trade));
    }
    let name = fits.first().map(|one| one.key.whole.clone())?;
    if fits.iter().any(|one| one.key.whole != name) {
        return None;
    }
    let first = fits.into_iter().min_by_key(|one| one.overdue);
    first.map(|one| one.request)
}

/// A request whose answer is waited for.
pub(super) struct MaybeAnswered<'a, T> {
    pub request: T,
    pub key: &'a ReplayKey,
    /// Whether the time for its answer is over.
    pub overdue: bool,
}

/// Requests without their answers yet.
#[derive(Debug, Default)]
pub(super) struct CapturedTraffic {
    flows: BTreeMap<FlowId, OpenRequests>,
    ages: VecDeque<(SeenAt, FlowId, u64)>,
}

#[derive(Debug, Default)]
struct OpenRequests {
    open: VecDeque<(ReplayKey, u64)>,
    answers: u64,
}

impl CapturedTraffic {
    /// A request; gives those whose answers are looked for no longer.
    pub(super) fn asked(
        &mut self,
        flow: FlowId,
        at: SeenAt,
        key: ReplayKey,
        number: u64,
    ) -> Vec<u64> {
        self.flows
            .entry(flow)
            .or_default()
            .open
            .push_back((key, number));
        self.ages.push_back((at, flow, number));
        self.aged(at)
    }

    /// Those whose answers are looked for no longer.
    fn aged(&mut self, now: SeenAt) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some((at, flow, number)) = self.ages.front().copied() {
            if now.0.saturating_sub(at.0) < PATIENCE && self.ages.len() <= MOST {
                break;
            }
            self.ages.pop_front();
            let Some(known) = self.flows.get_mut(&flow) else {
                continue;
            };
            if let Some(at) = known.open.iter().position(|(_, open)| *open == number) {
                known.open.remove(at);
                gone.push(number);
            }
        }
        gone
    }

    /// An answer: the number of its request, and its place among the answers of its connection.
    pub(super) fn answered(&mut self, flow: FlowId, key: &ReplayKey) -> Option<(u64, u64)> {
        let known = self.flows.get_mut(&flow)?;
        let open = known.open.iter().map(|(key, number)| MaybeAnswered {
            request: *number,
            key,
            overdue: false,
        });
        let number = request_of(key, open)?;
        known.open.retain(|(_, open)| *open != number);
        known.answers += 1;
        Some((number, known.answers))
    }

    /// Bytes are missing on a connection: answers may stand in them.
    pub(super) fn lost(&mut self, flow: FlowId) -> Vec<u64> {
        let known = self.flows.get_mut(&flow);
        let open = known.map(|known| std::mem::take(&mut known.open));
        open.unwrap_or_default()
            .into_iter()
            .map(|(_, number)| number)
            .collect()
    }

    /// A connection ended.
    pub(super) fn ended(&mut self, flow: FlowId) -> Vec<u64> {
        let gone = self.lost(flow);
        self.flows.remove(&flow);
        gone
    }

    /// Whether nothing is looked for.
    pub(super) fn is_settled(&self) -> bool {
        self.flows.values().all(|flow| flow.open.is_empty())
    }

    /// The capture ended.
    pub(super) fn over(&mut self) -> Vec<u64> {
        let flows: Vec<FlowId> = self.flows.keys().copied().collect();
        flows
            .into_iter()
            .flat_map(|flow| self.ended(flow))
            .collect()
    }
}
