//! How a running gateway is, for other threads to look at.

use super::board::LinkBoard;
use super::roster::Roster;
use crate::engine::gateway::Counts;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Kept up by the driver, once a turn.
#[derive(Debug, Default)]
pub struct Status {
    in_flight: AtomicUsize,
    reversals: AtomicUsize,
    links_up: AtomicUsize,
    links: AtomicUsize,
    durable: AtomicU64,
    draining: AtomicBool,
    failed: AtomicBool,
    disk_low: AtomicBool,
    roster: Roster,
    board: LinkBoard,
}

/// One moment of a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Requests that wait for an answer.
    pub in_flight: usize,
    /// Reversals due or on the wire.
    pub reversals: usize,
    /// Connections of links that are up and signed on.
    pub links_up: usize,
    /// Connections of links that are wanted.
    pub links: usize,
    /// The last record on disk.
    pub durable: u64,
    /// No new requests are taken.
    pub draining: bool,
    /// The journal failed; the process is about to end.
    pub failed: bool,
    /// The journal's disk is nearly full: new requests are refused.
    pub disk_low: bool,
}

impl Status {
    pub(super) fn of(links: usize) -> Self {
        let status = Self::default();
        status.links.store(links, Ordering::Relaxed);
        status
    }

    pub(super) fn turned(&self, counts: Counts, durable: u64) {
        self.in_flight.store(counts.in_flight, Ordering::Relaxed);
        self.reversals.store(counts.reversals, Ordering::Relaxed);
        self.links_up.store(counts.links_up, Ordering::Relaxed);
        self.durable.store(durable, Ordering::Relaxed);
    }

    pub(super) fn drains(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn fails(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn disk_is_low(&self, low: bool) {
        self.disk_low.store(low, Ordering::Relaxed);
    }

    /// The terminals that have come in.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The connections of links.
    #[must_use]
    pub const fn board(&self) -> &LinkBoard {
        &self.board
    }

    /// This moment.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            in_flight: self.in_flight.load(Ordering::Relaxed),
            reversals: self.reversals.load(Ordering::Relaxed),
            links_up: self.links_up.load(Ordering::Relaxed),
            links: self.links.load(Ordering::Relaxed),
            durable: self.durable.load(Ordering::Relaxed),
            draining: self.draining.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            disk_low: self.disk_low.load(Ordering::Relaxed),
        }
    }
}

impl Health {
    /// Whether requests are taken and can be passed on.
    #[must_use]
    pub const fn ready(&self) -> bool {
        !self.draining && !self.failed && !self.disk_low && self.links_up > 0
    }
}
