//! A connection to the system under test.

use super::lane::LaneId;
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LineStage {
    #[default]
    Down,
    Connecting,
    Up,
}

/// A connection, as far as the replay knows it.
#[derive(Debug, Default)]
pub(super) struct ReplayLine {
    pub stage: LineStage,
    /// Lanes that go on once it is up.
    pub waiting: Vec<LaneId>,
    /// Requests whose answers are waited for.
    pub awaiting: BTreeSet<u64>,
    /// Captured requests that are still to go out over it.
    pub queued: usize,
    /// Whether the capture has its end.
    pub ended: bool,
}

impl ReplayLine {
    /// Whether it is of no further use.
    pub(super) fn is_done(&self) -> bool {
        self.ended && self.queued == 0 && self.awaiting.is_empty() && self.waiting.is_empty()
    }
}
