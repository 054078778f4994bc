//! F45: the merchant's balance or reserve is short, and the pay-out is held until it is topped up.

use super::knobs::Days;
use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;

/// F45.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceShort {
    days: Days,
}

impl Listed for BalanceShort {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F45",
        title: "merchant's balance or reserve short",
        title_zh: "商户余额或备用金不足",
        side: FaultSide::Office,
        knobs: "days=3",
        share: Share::USUAL,
        wire: "0200, 0210 00, pay-out held",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            days: knobs.value("days", Days(3))?,
        })
    }
}

impl Mishap for BalanceShort {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::Short(self.days.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn it_is_short_for_so_many_days() {
        let fault: BalanceShort = BalanceShort { days: Days(1) };
        assert_eq!(struck(&fault).setbacks, [Setback::Short(1)]);
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
