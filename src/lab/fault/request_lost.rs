//! F02: the request is lost on the wire. Its reversal finds no original (25).

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F02.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLost;

impl Listed for RequestLost {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F02",
        title: "request lost before it reached the issuer",
        title_zh: "请求未到达发卡方",
        side: FaultSide::Acquirer,
        knobs: "",
        share: Share::USUAL,
        wire: "0200 x, 0400 98, 0410 25",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for RequestLost {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.request_lost = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn a_sign_on_is_spared_and_a_sale_never_arrives() {
        let lost = Fate {
            request_lost: true,
            ..Fate::default()
        };
        assert_eq!(struck(&RequestLost), lost);
        assert!(RequestLost.concerns(&exchange(Purpose::Debit)));
        assert!(!RequestLost.concerns(&exchange(Purpose::SignOn)));
    }
}
