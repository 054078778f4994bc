//! F46: something is deducted from the pay-out.

use super::knobs::Knobs;
use super::knobs::Yuan;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::{Deducted, Setback};

/// F46.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOff {
    what: Deducted,
    amount: Yuan,
}

impl Listed for TakenOff {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F46",
        title: "deposit, data fee or chargeback deducted",
        title_zh: "扣除押金、流量费或退单",
        side: FaultSide::Office,
        knobs: "what=chargeback|deposit|data_fee, amount=100.00",
        share: Share::USUAL,
        wire: "0200, 0210 00, less is paid out",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            what: knobs.value("what", Deducted::Chargeback)?,
            amount: knobs.value("amount", Yuan(10_000))?,
        })
    }
}

impl Mishap for TakenOff {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks
            .push(Setback::Deducted(self.what, self.amount.minor()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn so_much_is_taken_off() {
        let fault: TakenOff = TakenOff {
            what: "deposit".parse().unwrap(),
            amount: "99.5".parse().unwrap(),
        };
        assert_eq!(
            struck(&fault).setbacks,
            [Setback::Deducted(Deducted::Deposit, 9_950)]
        );
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
