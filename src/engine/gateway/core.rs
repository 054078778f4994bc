//! The gateway's state, and the one way in and out.

use super::{Action, Event, Options};
use crate::engine::record::Record;
use crate::engine::seam::{Mono, Now};

/// What can be counted of a gateway at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that wait for an answer.
    pub in_flight: usize,
    /// Live transactions, exceptions and watches included.
    pub live: usize,
    /// Reversals due or on the wire.
    pub reversals: usize,
    /// Terminals remembered.
    pub terminals: usize,
}

/// The core.
#[derive(Debug)]
pub struct Gateway {}

impl Gateway {
    /// A gateway that begins with the given history: the records since the last checkpoint, its
    /// own included, in order, their patches opened. `seed` keys its maps and throws its jitter.
    #[must_use]
    pub fn recover(
        _options: Options,
        _seed: u64,
        _now: Now,
        _history: impl IntoIterator<Item = Record>,
    ) -> Self {
        unimplemented!()
    }

    /// Takes in what happened, and does what is due.
    pub fn handle(&mut self, _now: Now, _event: Event) {
        unimplemented!()
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        unimplemented!()
    }

    /// When to call again with [`Event::Tick`] at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        unimplemented!()
    }

    /// The whole state as records, for the start of a new segment.
    pub fn checkpoint(&mut self, _now: Now) -> Vec<Record> {
        unimplemented!()
    }

    /// What can be counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        unimplemented!()
    }
}
