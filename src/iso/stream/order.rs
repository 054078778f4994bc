//! Puts sightings into the order of their times: what was found late, because bytes were waited
//! for, goes before what was seen after it.

use super::sighting::{SeenAt, Sighting};
use std::collections::{BTreeMap, VecDeque};

/// Packets may stand in a capture so far from their place in time.
const SHUFFLED: usize = 64;
/// So many sightings are held at most,
const HELD_SIGHTINGS: usize = 65_536;
/// with so many bytes.
const HELD_BYTES: usize = 32 << 20;

/// Sightings that are held until nothing can come before them.
#[derive(Debug)]
pub(super) struct SightingOrder {
    held: BTreeMap<(SeenAt, u64), Sighting>,
    held_bytes: usize,
    /// How many were ever put in: those of one moment keep their order.
    count: u64,
    /// The times of the last packets.
    recent: VecDeque<SeenAt>,
    /// The time of the last sighting given.
    given: SeenAt,
}

impl SightingOrder {
    pub(super) fn new() -> Self {
        Self {
            held: BTreeMap::new(),
            held_bytes: 0,
            count: 0,
            recent: VecDeque::with_capacity(SHUFFLED),
            given: SeenAt(i64::MIN),
        }
    }

    /// A packet was seen.
    pub(super) fn pass(&mut self, at: SeenAt) {
        if self.recent.len() >= SHUFFLED {
            self.recent.pop_front();
        }
        self.recent.push_back(at);
    }

    pub(super) fn put(&mut self, sighting: Sighting) {
        self.held_bytes = self.held_bytes.saturating_add(size(&sighting));
        self.held.insert((sighting.at(), self.count), sighting);
        self.count = self.count.saturating_add(1);
    }

    /// Whether more is held than may be.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() > HELD_SIGHTINGS || self.held_bytes > HELD_BYTES
    }

    /// Gives what nothing can come before any more: bytes have been waited for since `waits`.
    pub(super) fn release(&mut self, waits: Option<SeenAt>, out: &mut VecDeque<Sighting>) {
        if self.recent.len() < SHUFFLED || self.held.is_empty() {
            return;
        }
        let recent = self.recent.iter().min().copied();
        let horizon = waits.into_iter().chain(recent).min();
        while let Some(first) = self.held.first_entry() {
            if Some(first.key().0) >= horizon && !self.is_full() {
                return;
            }
            self.give_first(out);
        }
    }

    /// Gives all.
    pub(super) fn finish(&mut self, out: &mut VecDeque<Sighting>) {
        while !self.held.is_empty() {
            self.give_first(out);
        }
    }

    fn give_first(&mut self, out: &mut VecDeque<Sighting>) {
        if let Some((_, mut sighting)) = self.held.pop_first() {
            self.held_bytes = self.held_bytes.saturating_sub(size(&sighting));
            // A clock that was set back does not undo what was given.
            self.given = self.given.max(sighting.at());
            sighting.set_at(self.given);
            out.push_back(sighting);
        }
    }
}

/// What a sighting holds beside itself.
fn size(sighting: &Sighting) -> usize {
    match sighting {
        Sighting::Frame(frame) => frame.bytes.len(),
        Sighting::Opened { .. }
        | Sighting::Gap { .. }
        | Sighting::Unheard { .. }
        | Sighting::Ended { .. } => 0,
    }
}
