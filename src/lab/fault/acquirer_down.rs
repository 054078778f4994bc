//! F06: the acquirer refuses connections for a while, again and again. Nothing is sent, so
//! nothing is unknown, except to those that waited when it went down.

use super::knobs::{Knobs, Turns};
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire, WireMoment};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F06.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerDown {
    turns: Turns,
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
        Ok(Self {
            turns: Turns::read(knobs)?,
        })
    }
}

impl Mishap for AcquirerDown {
    fn on_wire(&self) -> Option<OnWire> {
        let (moment, legs) = (WireMoment::Clock, HOST_FIRST);
        Some(OnWire { moment, legs })
    }

    fn concerns(&self, _exchange: &Exchange<'_>) -> bool {
        false
    }

    fn befall(&self, _fate: &mut Fate, _dice: &mut Dice) {}

    fn outage(&self, since: Duration) -> Option<(bool, Option<Duration>)> {
        Some(self.turns.at(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_up_first_and_strikes_no_message() {
        let fault: crate::lab::fault::Fault = "F06:every=2s,for=1s".parse().unwrap();
        let outage = |secs| fault.mishap().outage(Duration::from_secs(secs));
        assert_eq!(outage(0), Some((false, Some(Duration::from_secs(1)))));
        assert_eq!(outage(1), Some((true, Some(Duration::from_secs(1)))));
    }
}
