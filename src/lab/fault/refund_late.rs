//! F33: a refund is accepted, and posted days later.

use super::knobs::Days;
use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;

/// F33.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLate {
    days: Days,
}

impl Listed for RefundLate {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F33",
        title: "refund accepted, posted late",
        title_zh: "退货已受理, 延迟入账",
        side: FaultSide::Office,
        knobs: "days=5",
        share: Share::ALWAYS,
        wire: "0220, 0230 00, posted later",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            days: knobs.value("days", Days(5))?,
        })
    }
}

impl Mishap for RefundLate {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Refund
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::RefundLate(self.days.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn only_a_refund_is_late() {
        let fault: RefundLate = RefundLate { days: Days(7) };
        assert_eq!(struck(&fault).setbacks, [Setback::RefundLate(7)]);
        assert!(fault.concerns(&exchange(Purpose::Refund)));
        assert!(!fault.concerns(&exchange(Purpose::Debit)));
    }
}
