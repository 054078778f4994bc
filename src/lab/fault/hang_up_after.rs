//! F09: the terminal disconnects just after the answer reached it. It knows; the other side cannot
//! be sure of that.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, WireLeg};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F09.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangUpAfter;

impl Listed for HangUpAfter {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F09",
        title: "terminal disconnects just after the answer",
        title_zh: "终端收到应答后立即断开",
        side: FaultSide::Terminal,
        knobs: "",
        share: Share::USUAL,
        wire: "0200, 0210 00, close",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for HangUpAfter {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(&[WireLeg::Terminal])
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.hang_up_after = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn the_answer_is_kept_before_the_line_is_cut() {
        let kept = Fate {
            hang_up_after: true,
            ..Fate::default()
        };
        assert_eq!(struck(&HangUpAfter), kept);
    }
}
