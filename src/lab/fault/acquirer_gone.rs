//! F30: the acquirer books a request, goes down without an answer, and stays away until the
//! reversal expires.

use super::knobs::{Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, WireLeg};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F30.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerGone {
    length: Duration,
}

impl Listed for AcquirerGone {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F30",
        title: "acquirer down until the reversal expires",
        title_zh: "收单机构中断至冲正过期",
        side: FaultSide::Acquirer,
        knobs: "for=24h",
        share: Share::USUAL,
        wire: "0200, 0210 x, 0400 refused until it expires",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Length(length) = knobs.own("for")?;
        Ok(Self { length })
    }
}

impl Mishap for AcquirerGone {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(&[WireLeg::Host])
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.outage = Some(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn it_goes_down_for_as_long_as_the_knob_says() {
        let length = Duration::from_secs(5);
        assert_eq!(struck(&AcquirerGone { length }).outage, Some(length));
    }
}
