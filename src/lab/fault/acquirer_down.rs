//! F06: the acquirer refuses connections for a while, again and again. Nothing is sent, so
//! nothing is unknown, except to those that waited when it went down.

use super::knobs::{Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F06.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerDown {
    every: Duration,
    length: Duration,
}

impl Listed for AcquirerDown {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F06",
        title: "acquirer down: connections refused",
        title_zh: "收单机构不可用(拒绝连接)",
        side: FaultSide::Acquirer,
        knobs: "every=10s, for=1s",
        share: Share::ALWAYS,
        wire: "connection refused; 0210 91 from the gateway",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Length(every) = knobs.value("every", Length(Duration::from_secs(10)))?;
        let Length(length) = knobs.value("for", Length(Duration::from_secs(1)))?;
        Ok(Self { every, length })
    }
}

impl Mishap for AcquirerDown {
    fn concerns(&self, _exchange: &Exchange<'_>) -> bool {
        false
    }

    fn befall(&self, _fate: &mut Fate, _dice: &mut Dice) {}

    /// Down at the end of each turn, so that a lab begins with a running acquirer.
    fn outage(&self, since: Duration) -> Option<(bool, Option<Duration>)> {
        if self.length >= self.every {
            return Some((true, None));
        }
        let turn = u64::try_from(self.every.as_micros()).unwrap_or(u64::MAX);
        let at = u64::try_from(since.as_micros()).unwrap_or(u64::MAX) % turn;
        let at = Duration::from_micros(at);
        let up = self.every - self.length;
        let down = at >= up;
        let change = if down { self.every } else { up };
        Some((down, Some(change - at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_down_at_the_end_of_each_turn() {
        let secs = Duration::from_secs;
        let fault = AcquirerDown {
            every: secs(10),
            length: secs(2),
        };
        for (at, down, left) in [(0, false, 8), (7, false, 1), (8, true, 2), (19, true, 1)] {
            assert_eq!(
                fault.outage(secs(at)),
                Some((down, Some(secs(left)))),
                "{at}"
            );
        }
        let forever = AcquirerDown {
            every: secs(1),
            length: secs(1),
        };
        assert_eq!(forever.outage(secs(5)), Some((true, None)));
    }
}
