//! F27: the acquirer restarts and forgets what it has not answered.

use super::knobs::{Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F27.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquirerRestart {
    length: Duration,
}

impl Listed for AcquirerRestart {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F27",
        title: "acquirer restarts and forgets what is in flight",
        title_zh: "收单机构重启, 在途交易丢失",
        side: FaultSide::Acquirer,
        knobs: "for=500ms",
        share: Share::USUAL,
        wire: "0200, reset, 0400 98, 0410 25",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Length(length) = knobs.own("for")?;
        Ok(Self { length })
    }
}

impl Mishap for AcquirerRestart {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.restart = Some(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_back_after_as_long_as_the_knob_says() {
        let fault = fault("F27:for=2s");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Refund)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.restart, Some(Duration::from_secs(2)));
    }
}
