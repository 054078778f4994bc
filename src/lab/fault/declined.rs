//! F16: the issuer declines with a code.

use super::knobs::{CodeChoice, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    codes: CodeChoice,
}

impl Listed for Declined {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F16",
        title: "issuer declines with a code",
        title_zh: "发卡方拒绝(指定应答码)",
        side: FaultSide::Acquirer,
        knobs: "code=51",
        share: Share::USUAL,
        wire: "0200, 0210 51",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            codes: knobs.own("code")?,
        })
    }
}

impl Mishap for Declined {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(exchange.purpose, Purpose::Debit | Purpose::Hold) && exchange.reverses
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.code = self.codes.pick(dice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::message::ResponseCode;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn the_code_is_one_of_those_given() {
        let fault = Declined {
            codes: "62+62".parse().unwrap(),
        };
        assert_eq!(struck(&fault).code, ResponseCode::new("62"));
    }
}
