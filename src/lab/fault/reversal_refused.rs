//! F29: the reversal is refused for good. The money stays where it is, as an exception.

use super::knobs::{CodeChoice, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F29.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalRefused {
    code: CodeChoice,
}

impl Listed for ReversalRefused {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F29",
        title: "reversal refused",
        title_zh: "冲正被拒绝",
        side: FaultSide::Acquirer,
        knobs: "code=58",
        share: Share::USUAL,
        wire: "0400, 0410 58",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            code: knobs.own("code")?,
        })
    }
}

impl Mishap for ReversalRefused {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Reversal
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.code = self.code.pick(dice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::message::ResponseCode;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn only_reversals_are_refused() {
        let fault = ReversalRefused {
            code: "64".parse().unwrap(),
        };
        assert_eq!(struck(&fault).code, ResponseCode::new("64"));
        assert!(!fault.concerns(&exchange(Purpose::Debit)));
    }
}
