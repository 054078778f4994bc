//! Which captured answer belongs to which captured request.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Mti};
use crate::iso::stream::{FlowId, SeenAt};
use std::collections::{BTreeMap, VecDeque};

/// How long a captured answer is looked for behind its request: two minutes, in microseconds.
const PATIENCE: i64 = 120_000_000;
/// Requests at most whose captured answers are looked for.
const MOST: usize = 20_000;

/// By what an answer finds its request: all fields that the dialect names, and the type with the
/// trace number, for hosts that leave the others out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplayKey {
    pub whole: String,
    pub brief: String,
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
        let brief = format!(
            "{mti}|{}",
            message.text(FieldId::of(11)).unwrap_or_default()
        );
        let paths = message.spec().flow().match_key.iter();
        let whole = paths.fold(mti.to_string(), |mut key, path| {
            key.push('|');
            key.push_str(message.text(*path).unwrap_or_default().trim());
            key
        });
        Self { whole, brief }
    }
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
            if self.take(flow, |(_, open)| *open == number).is_some() {
                gone.push(number);
            }
        }
        gone
    }

    /// An answer: the number of its request, and its place among the answers of its connection.
    pub(super) fn answered(&mut self, flow: FlowId, key: &ReplayKey) -> Option<(u64, u64)> {
        let found = self.take(flow, |(own, _)| own.whole == key.whole);
        let found = found.or_else(|| self.take(flow, |(own, _)| own.brief == key.brief));
        let (_, number) = found?;
        let known = self.flows.get_mut(&flow)?;
        known.answers += 1;
        Some((number, known.answers))
    }

    fn take(
        &mut self,
        flow: FlowId,
        is_it: impl Fn(&(ReplayKey, u64)) -> bool,
    ) -> Option<(ReplayKey, u64)> {
        let open = &mut self.flows.get_mut(&flow)?.open;
        let at = open.iter().position(is_it)?;
        open.remove(at)
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
