//! F14: the reversal overtakes its request on the wire. The request that comes after it must be
//! refused.

use super::knobs::{Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, WireLeg};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overtaken {
    at_most: Duration,
}

impl Listed for Overtaken {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F14",
        title: "the reversal overtakes its request",
        title_zh: "冲正先于原交易到达",
        side: FaultSide::Acquirer,
        knobs: "hold=10s",
        share: Share::USUAL,
        wire: "0400, 0410 25, 0200, 0210 12",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Length(at_most) = knobs.own("hold")?;
        Ok(Self { at_most })
    }
}

impl Mishap for Overtaken {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(&[WireLeg::Host])
    }

    /// Only what will be reversed can be overtaken.
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.overtaken = Some(self.at_most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn what_is_never_reversed_is_never_held() {
        let fault = Overtaken {
            at_most: Duration::from_secs(1),
        };
        assert_eq!(struck(&fault).overtaken, Some(Duration::from_secs(1)));
        assert!(!fault.concerns(&exchange(Purpose::Refund)));
    }
}
