//! F20: the terminal never settles its batch.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F20.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverSettled;

impl Listed for NeverSettled {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F20",
        title: "batch never settled by the terminal",
        title_zh: "终端从不结算",
        side: FaultSide::Terminal,
        knobs: "",
        share: Share::ALWAYS,
        wire: "no 0500",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for NeverSettled {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Settlement
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.not_sent = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn only_settlements_are_not_sent() {
        let fault = fault("F20");
        assert!(fault.mishap().concerns(&exchange(Purpose::Settlement)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Debit)));
        let fate = struck(fault.mishap());
        assert!(fate.not_sent);
    }
}
