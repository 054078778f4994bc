//! F01: the answer is lost after the issuer approved. The money is taken and nobody else knows.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F01.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerLost;

impl Listed for AnswerLost {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F01",
        title: "answer lost after the issuer approved",
        title_zh: "发卡方已批准, 应答丢失",
        side: FaultSide::Acquirer,
        knobs: "",
        share: Share::USUAL,
        wire: "0200, 0210 x, 0400 98, 0410 00",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for AnswerLost {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.answer_lost = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn only_the_answer_is_lost_and_only_where_money_moves() {
        let lost = Fate {
            answer_lost: true,
            ..Fate::default()
        };
        assert_eq!(struck(&AnswerLost), lost);
        assert!(AnswerLost.concerns(&exchange(Purpose::Void)));
        assert!(!AnswerLost.concerns(&exchange(Purpose::Reversal)));
    }
}
