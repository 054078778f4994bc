//! Answered transactions that are remembered: of one terminal, bounded, the oldest first.

use super::upstream_request::UpstreamRequest;
use crate::engine::record::{Identity, Opened, Seq, State, StoredFrame, TxId};
use crate::iso::message::{Amount, AuthCode, Rrn};
use bytes::Bytes;
use std::collections::{VecDeque, vec_deque};
use std::iter::Map;
use std::sync::Arc;

/// An answered transaction: out of the gateway's hands, but the terminal may repeat, void or
/// reverse it.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) id: TxId,
    pub(super) opened: Arc<Opened>,
    pub(super) state: State,
    pub(super) route: usize,
    pub(super) last: Seq,
    pub(super) rrn: Option<Rrn>,
    pub(super) auth: Option<AuthCode>,
    /// The request, fit for the journal.
    pub(super) request: StoredFrame,
    /// The request as it went out, where that is not as it came in.
    pub(super) upstream: Option<Box<UpstreamRequest>>,
    /// Whether an approval was seen.
    pub(super) approved: bool,
    /// What went back of it by voids and refunds.
    pub(super) returned: Amount,
    /// The answer as given.
    pub(super) answer: Option<Bytes>,
    /// Tries of its reversal.
    pub(super) tries: u16,
    /// The answer to its reversal, as its host gave it.
    pub(super) reversal_answer: Option<Bytes>,
}

/// Whether what came to this state went to a host.
pub(super) const fn went_out(state: State) -> bool {
    !matches!(state, State::Refused | State::NotSent)
}

impl Remembered {
    /// Nothing yet but its names.
    pub(super) fn of(opened: Arc<Opened>) -> Self {
        Self {
            id: TxId(0),
            opened,
            state: State::Refused,
            route: 0,
            last: Seq(0),
            rrn: None,
            auth: None,
            request: StoredFrame::default(),
            upstream: None,
            approved: false,
            returned: Amount(0),
            answer: None,
            tries: 0,
            reversal_answer: None,
        }
    }

    /// Whether it went to a host.
    pub(super) const fn went_out(&self) -> bool {
        went_out(self.state)
    }

    /// Whether it went to a host and may concern money: what is remembered longest.
    pub(super) fn is_about_money(&self) -> bool {
        self.opened.touches_money() && self.went_out()
    }

    /// Its name for its host.
    pub(super) fn name_upstream(&self) -> Identity {
        let upstream = self.upstream.as_ref();
        upstream.map_or(self.opened.identity, |upstream| upstream.identity)
    }

    /// Whether it stands on the list of open ones.
    pub(super) fn is_open(&self) -> bool {
        self.opened.touches_money() && self.state.meaning().known.is_open()
    }
}

/// Answers remembered a terminal that speak of no money: echoes, downloads, sign-ons.
const OTHER_ANSWERS: usize = 8;

/// The answered transactions of one terminal, oldest first.
#[derive(Debug, Default)]
pub(super) struct RememberedAnswers {
    all: VecDeque<Box<Remembered>>,
    /// How many of them are about money.
    about_money: usize,
}

/// What is left of an answered transaction that is forgotten: its last record, in the journal.
pub(super) type ForgottenAnswer = (TxId, Seq);

/// Answered transactions, one after the other.
type RememberedIter<'a> =
    Map<vec_deque::Iter<'a, Box<Remembered>>, fn(&'a Box<Remembered>) -> &'a Remembered>;

impl RememberedAnswers {
    /// Takes one more in, and gives those that are forgotten for it: the oldest of their like that
    /// are not open, beyond `most` about money and a few others.
    pub(super) fn push(&mut self, done: Remembered, most: usize) -> Vec<ForgottenAnswer> {
        let money = done.is_about_money();
        self.all.push_back(Box::new(done));
        self.about_money += usize::from(money);
        let (like, most) = match money {
            true => (self.about_money, most),
            false => (self.all.len() - self.about_money, OTHER_ANSWERS),
        };
        let over = like.saturating_sub(most.max(1));
        let forgets = |_| self.forget_oldest(money);
        (0..over).map_while(forgets).collect()
    }

    /// Takes one in again that is older than all others. It goes again with the next new one.
    pub(super) fn push_oldest(&mut self, done: Remembered) {
        self.about_money += usize::from(done.is_about_money());
        self.all.push_front(Box::new(done));
    }

    /// Forgets the oldest that is not open; what has just come in stays.
    fn forget_oldest(&mut self, money: bool) -> Option<ForgottenAnswer> {
        let older = self.all.len().saturating_sub(1);
        let mut older = self.all.iter().take(older);
        let at = older.position(|own| own.is_about_money() == money && !own.is_open())?;
        self.remove(at).map(|own| (own.id, own.last))
    }

    /// Takes one out, since something happens to it again.
    pub(super) fn take(&mut self, id: TxId) -> Option<Remembered> {
        let at = self.all.iter().rposition(|done| done.id == id)?;
        self.remove(at)
    }

    fn remove(&mut self, at: usize) -> Option<Remembered> {
        let done = self.all.remove(at)?;
        self.about_money -= usize::from(done.is_about_money());
        Some(*done)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> RememberedIter<'_> {
        self.all.iter().map(Box::as_ref)
    }

    /// The same, taken out.
    pub(super) fn into_all(self) -> impl Iterator<Item = Remembered> {
        self.all.into_iter().map(|done| *done)
    }

    /// The same, to change; what each is about stays.
    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Remembered> {
        self.all.iter_mut().map(|done| &mut **done)
    }
}
