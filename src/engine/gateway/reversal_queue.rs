//! The reversals of one link: those that wait for a connection or for room, and those on the wire.

use super::live::Slot;
use crate::engine::seam::Mono;
use std::collections::VecDeque;
use std::time::Duration;

/// First come, first sent. Each reversal stands in it at most once: its own `queued` tells.
#[derive(Debug, Default)]
pub(super) struct ReversalQueue {
    waiting: VecDeque<Slot>,
    /// On the wire, and since when.
    sent: Vec<(Slot, Mono)>,
}

impl ReversalQueue {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn push(&mut self, slot: Slot) {
        self.waiting.push_back(slot);
    }

    pub(super) fn pop(&mut self) -> Option<Slot> {
        self.waiting.pop_front()
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        self.waiting.retain(|waiting| *waiting != slot);
    }

    /// A try left for the wire.
    pub(super) fn sent(&mut self, slot: Slot, now: Mono) {
        self.sent.push((slot, now));
    }

    /// A try is over, answered or not.
    pub(super) fn ended(&mut self, slot: Slot) {
        self.sent.retain(|(sent, _)| *sent != slot);
    }

    /// Whether one more may go out. One that is silent for longer than `patience` takes nobody's
    /// place: its answer is not late because its host is busy.
    pub(super) fn has_room(&self, now: Mono, window: usize, patience: Duration) -> bool {
        let young = self
            .sent
            .iter()
            .filter(|(_, since)| now - *since < patience);
        young.count() < window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gateway::live::{Live, Transaction};
    use crate::engine::record::Opened;
    use std::sync::Arc;

    #[test]
    fn a_silent_try_takes_nobodys_place_after_a_while() {
        let slot = Live::new(0).insert(Transaction::of(Arc::new(Opened::blank())));
        let patience = Duration::from_secs(5);
        let mut queue = ReversalQueue::default();
        queue.sent(slot, Mono(0));
        let at = |seconds| Mono(0) + Duration::from_secs(seconds);
        assert!(!queue.has_room(at(4), 1, patience));
        assert!(queue.has_room(at(5), 1, patience));
        queue.ended(slot);
        assert!(queue.has_room(at(4), 1, patience));
    }
}
