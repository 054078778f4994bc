//! The numbers that a gateway gives, and the two that it counts.

use super::action::SendId;
use crate::engine::record::{Awaited, Seq, State, TxId};
use crate::engine::seam::Now;
use crate::iso::message::Stan;

/// The last number given of each kind.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The gateway's own trace numbers, where a message goes out under one.
    pub(super) stan: Stan,
    seq: Seq,
    send: u64,
    tx: u64,
    /// Keeps the transaction ids of two runs apart.
    salt: u32,
}

impl Numbers {
    pub(super) const fn new(salt: u32) -> Self {
        Self {
            stan: Stan(0),
            seq: Seq(0),
            send: 0,
            tx: 0,
            salt,
        }
    }

    /// The next trace number.
    pub(super) const fn next_stan(&mut self) -> Stan {
        self.stan = self.stan.next();
        self.stan
    }

    /// The next place in the journal.
    pub(super) const fn next_seq(&mut self) -> Seq {
        self.seq = self.seq.next();
        self.seq
    }

    /// The last place in the journal that was given.
    pub(super) const fn seq(&self) -> Seq {
        self.seq
    }

    /// The history so far ends at this place.
    pub(super) const fn resume_after(&mut self, seq: Seq) {
        self.seq = seq;
    }

    pub(super) const fn next_send(&mut self) -> SendId {
        self.send += 1;
        SendId(self.send)
    }

    /// A new transaction's id: its time, the salt of the run, a count (ULID).
    pub(super) fn next_tx(&mut self, now: Now) -> TxId {
        self.tx += 1;
        let millis = u128::try_from(now.wall.0.max(0) / 1000).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
        let (salt, count) = (u128::from(self.salt), u128::from(self.tx));
        TxId((millis << 80) | (salt << 48) | (count & 0xFFFF_FFFF_FFFF))
    }
}

/// How many transactions wait for what.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    /// Requests that wait for an answer, and answers that wait to be written.
    pub(super) in_flight: usize,
    /// Reversals due or on the wire.
    pub(super) reversing: usize,
}

impl Gauges {
    /// A transaction went from one state to another.
    pub(super) const fn moved(&mut self, before: State, after: State) {
        const fn in_flight(state: State) -> bool {
            matches!(state.meaning().awaited, Awaited::Answer | Awaited::Delivery)
        }
        const fn reversing(state: State) -> bool {
            matches!(state.meaning().awaited, Awaited::Reversal)
        }
        self.in_flight = self.in_flight + in_flight(after) as usize - in_flight(before) as usize;
        self.reversing = self.reversing + reversing(after) as usize - reversing(before) as usize;
    }
}
