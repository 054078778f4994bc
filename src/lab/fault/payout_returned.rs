//! F24: the merchant's bank returns the pay-out.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::{ReturnReason, Setback};

/// F24.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutReturned {
    reason: ReturnReason,
}

impl Listed for PayoutReturned {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F24",
        title: "pay-out returned by the merchant's bank",
        title_zh: "结算款被退汇",
        side: FaultSide::Office,
        knobs: "reason=name_differs|wrong_account|account_closed|class_2_limit",
        share: Share::USUAL,
        wire: "0200, 0210 00, pay-out returned",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            reason: knobs.value("reason", ReturnReason::NameDiffers)?,
        })
    }
}

impl Mishap for PayoutReturned {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::Returned(self.reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn each_reason_is_read() {
        let fault: PayoutReturned = PayoutReturned {
            reason: "class_2_limit".parse().unwrap(),
        };
        assert_eq!(
            struck(&fault).setbacks,
            [Setback::Returned(ReturnReason::ClassTwoLimit)]
        );
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
