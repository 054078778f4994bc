//! F34: the acquirer refuses refunds.

use super::knobs::{CodeChoice, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F34.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRefused {
    code: CodeChoice,
}

impl Listed for RefundRefused {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F34",
        title: "refund refused",
        title_zh: "退货被拒绝",
        side: FaultSide::Acquirer,
        knobs: "code=25",
        share: Share::USUAL,
        wire: "0220, 0230 25 (64, 40, 58)",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            code: knobs.own("code")?,
        })
    }
}

impl Mishap for RefundRefused {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Refund
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.code = self.code.pick(dice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn only_refunds_are_refused() {
        let fault = fault("F34:code=64");
        assert!(fault.mishap().concerns(&exchange(Purpose::Refund)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Void)));
        let fate = struck(fault.mishap());
        assert_eq!(&*fate.code.unwrap(), "64");
    }
}
