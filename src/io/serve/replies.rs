//! What operators are told: not before the journal holds what they did.

use crate::engine::record::{Seq, State};
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// Answers that wait for the records of what they tell.
#[derive(Debug, Default)]
pub(super) struct OperatorReplies {
    waiting: VecDeque<(Seq, OperatorReply)>,
}

/// An answer, and to whom it goes; they may have gone.
#[derive(Debug)]
pub(super) enum OperatorReply {
    /// A transaction's state before and after, if it is in memory.
    Decided(
        oneshot::Sender<Option<(State, State)>>,
        Option<(State, State)>,
    ),
    /// Whether it could be done.
    Done(oneshot::Sender<bool>, bool),
}

impl OperatorReplies {
    /// Keeps an answer until the journal holds this record.
    pub(super) fn push(&mut self, after: Seq, reply: OperatorReply) {
        self.waiting.push_back((after, reply));
    }

    /// The journal holds everything up to a record.
    pub(super) fn release(&mut self, released: Seq) {
        while let Some((_, reply)) = self.waiting.pop_front_if(|(after, _)| *after <= released) {
            match reply {
                OperatorReply::Decided(to, told) => drop(to.send(told)),
                OperatorReply::Done(to, told) => drop(to.send(told)),
            }
        }
    }
}
