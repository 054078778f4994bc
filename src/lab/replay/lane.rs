//! What waits for what: a lane holds requests in their order, each behind the answers that it
//! waits for.

use super::exchange::CapturedRequest;
use std::collections::VecDeque;

/// A lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneId(pub u64);

/// The next thing of a lane.
#[derive(Debug)]
pub(super) enum LaneStep {
    /// A request goes out.
    Send(Box<CapturedRequest>),
    /// The answer to one is waited for.
    Await(u64),
}

/// Requests in their order.
#[derive(Debug)]
pub(super) struct Lane {
    /// Whose they are.
    pub key: String,
    pub steps: VecDeque<LaneStep>,
}
