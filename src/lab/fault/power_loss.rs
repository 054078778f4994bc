//! F10: the terminal loses power with the answer in hand, before its log is saved. It starts again
//! without keys, signs in, and reverses what it finds unfinished (06).

use super::knobs::{Knobs, Span};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerLoss {
    down: Span,
}

impl Listed for PowerLoss {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F10",
        title: "terminal loses power before saving its log",
        title_zh: "终端保存流水前掉电",
        side: FaultSide::Terminal,
        knobs: "for=100ms..500ms",
        share: Share::USUAL,
        wire: "0200, 0210 00, close, 0800, 0400 06, 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            down: knobs.own("for")?,
        })
    }
}

impl Mishap for PowerLoss {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.power_loss = Some(self.down.draw(dice));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;
    use std::time::Duration;

    #[test]
    fn power_is_lost_where_a_reversal_must_follow() {
        let fault = PowerLoss {
            down: Span::millis(9, 9),
        };
        assert_eq!(struck(&fault).power_loss, Some(Duration::from_millis(9)));
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Inquiry)));
    }
}
