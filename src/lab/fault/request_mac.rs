//! F12: the MAC of the request is wrong, as with a key that was replaced.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, TERMINAL_FIRST};
use super::{Exchange, Fate, FaultError, SentMac, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMac;

impl Listed for RequestMac {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F12",
        title: "MAC of the request wrong: stale key",
        title_zh: "请求MAC错(密钥已失效)",
        side: FaultSide::Terminal,
        knobs: "",
        share: Share::USUAL,
        wire: "0200 with a wrong DE 64, 0210 A0, 0800, 0810 00",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for RequestMac {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(TERMINAL_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money() || exchange.purpose == Purpose::Reversal
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.request_mac = SentMac::Wrong;
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
    fn requests_and_reversals_are_struck() {
        let fault = fault("F12");
        assert!(fault.mishap().concerns(&exchange(Purpose::Reversal)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::SignOn)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.request_mac, SentMac::Wrong);
    }
}
