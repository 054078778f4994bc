//! F42: the merchant is paid by, and through, somebody who is no party to its agreement (二清).

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;

/// F42.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPayee;

impl Listed for OtherPayee {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F42",
        title: "paid out through another party",
        title_zh: "二清: 结算款经第三方划付",
        side: FaultSide::Office,
        knobs: "",
        share: Share::USUAL,
        wire: "0200, 0210 00, paid out by another party",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for OtherPayee {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::OtherPayee);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn a_sale_is_paid_elsewhere() {
        let fault: OtherPayee = OtherPayee;
        assert_eq!(struck(&fault).setbacks, [Setback::OtherPayee]);
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
