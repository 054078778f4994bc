//! F11: the MAC of the answer is wrong. Where the dialect has none, nothing happens.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMac;

impl Listed for AnswerMac {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F11",
        title: "MAC of the answer wrong",
        title_zh: "应答MAC错",
        side: FaultSide::Acquirer,
        knobs: "",
        share: Share::USUAL,
        wire: "0200, 0210 00 with a wrong DE 64, 0400 A0, 0410 00",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for AnswerMac {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money() || exchange.purpose == Purpose::Reversal
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.answer_mac = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn answers_to_reversals_are_struck_too() {
        assert!(struck(&AnswerMac).answer_mac);
        assert!(AnswerMac.concerns(&exchange(Purpose::Reversal)));
        assert!(!AnswerMac.concerns(&exchange(Purpose::Echo)));
    }
}
