//! F47: the payer has paid, and the merchant's app or voice box stays silent.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use crate::lab::office::Setback;

/// F47.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeLost;

impl Listed for NoticeLost {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F47",
        title: "notice of a payment lost",
        title_zh: "支付成功, 通知未送达",
        side: FaultSide::Office,
        knobs: "",
        share: Share::USUAL,
        wire: "0200, 0210 00, no notice; a query finds it",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for NoticeLost {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.setbacks.push(Setback::NoticeLost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn a_sale_is_not_told() {
        let fault: NoticeLost = NoticeLost;
        assert_eq!(struck(&fault).setbacks, [Setback::NoticeLost]);
        assert!(fault.concerns(&exchange(Purpose::Debit)));
        assert!(!fault.concerns(&exchange(Purpose::Void)));
    }
}
