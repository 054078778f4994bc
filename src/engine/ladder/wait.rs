//! What was waited for: from a request to the acquirer to its answer, or to the end of the wait.

use super::chart::{LadderStep, StepKind};
use crate::engine::record::Hop;

/// A timer that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnswerWait {
    /// The step that began it.
    pub(super) from: usize,
    /// The step that ended it; none if it still runs.
    pub(super) to: Option<usize>,
    /// Whether it ended without an answer.
    pub(super) in_vain: bool,
}

/// The timers of a ladder, in the order of their beginnings.
pub(super) fn waits(steps: &[LadderStep]) -> Vec<AnswerWait> {
    let asks = steps.iter().enumerate().filter(|(_, step)| !step.side);
    let asks = asks.filter_map(|(at, step)| Some((at, step.kind.asks()?)));
    asks.map(|(from, class)| {
        let later = steps.iter().enumerate().skip(from + 1);
        let end = later
            .filter(|(_, step)| !step.side)
            .find_map(|(at, step)| match &step.kind {
                StepKind::Missing => Some((at, true)),
                // Once it is said again, or undone, the first is waited for no more.
                StepKind::Message { hop, .. } if *hop == Hop::GatewayToAcquirer => Some((at, true)),
                StepKind::Event(_) if step.failure => Some((at, true)),
                kind => (kind.answers() == Some(class)).then_some((at, false)),
            });
        AnswerWait {
            from,
            to: end.map(|(at, _)| at),
            in_vain: end.is_some_and(|(_, in_vain)| in_vain),
        }
    })
    .collect()
}
