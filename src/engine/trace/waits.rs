//! How long a transaction waited for its answer.

use super::moment::Leg;
use super::story::Story;
use crate::engine::record::Hop;
use crate::engine::seam::Wall;

impl Story {
    /// When the request went to the acquirer, as far as seen.
    pub(super) fn asked_at(&self) -> Option<Wall> {
        let asks = |leg: &Leg| leg.hop == Hop::GatewayToAcquirer && !leg.is_reversal();
        let asked = self
            .moments
            .iter()
            .find(|m| m.leg.as_ref().is_some_and(asks));
        asked.map(|moment| moment.at)
    }

    /// How long the acquirer took to answer the request, in milliseconds.
    #[must_use]
    pub fn answered_after_ms(&self) -> Option<u64> {
        if self.took_ms.is_some() {
            return self.took_ms;
        }
        let answers = |leg: &Leg| leg.hop == Hop::AcquirerToGateway && !leg.is_reversal();
        let answer = self
            .moments
            .iter()
            .find(|m| m.leg.as_ref().is_some_and(answers));
        Some(millis(self.asked_at()?, answer?.at))
    }
}

/// From one moment to a later one; zero if the wall clock was set back between.
pub(super) fn millis(from: Wall, to: Wall) -> u64 {
    u64::try_from((to - from).as_millis()).unwrap_or(u64::MAX)
}
