//! F39: the terminal has no session: it sends without a MAC, its batch is another one, or the
//! acquirer does not know it.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, SentMac, Share};
use crate::engine::seam::Dice;
use crate::iso::message::ResponseCode;
use crate::iso::spec::Purpose;

/// F39.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSignedIn {
    state: Unready,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unready {
    Keys,
    Batch,
    Unknown,
}

impl Listed for NotSignedIn {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F39",
        title: "terminal not signed in or not registered",
        title_zh: "终端未签到或未登记",
        side: FaultSide::Terminal,
        knobs: "state=keys|batch|unknown",
        share: Share::USUAL,
        wire: "0200 without DE 64, 0210 A0, 0800; 0210 77; 0810 97",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let states = [
            ("keys", Unready::Keys),
            ("batch", Unready::Batch),
            ("unknown", Unready::Unknown),
        ];
        Ok(Self {
            state: knobs.choice("state", &states)?,
        })
    }
}

impl Mishap for NotSignedIn {
    fn place(&self) -> Option<FaultSide> {
        Some(match self.state {
            Unready::Keys => FaultSide::Terminal,
            Unready::Batch | Unready::Unknown => FaultSide::Acquirer,
        })
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        match self.state {
            Unready::Unknown => exchange.purpose == Purpose::SignOn || exchange.is_money(),
            Unready::Keys | Unready::Batch => exchange.is_money(),
        }
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        match self.state {
            Unready::Keys => fate.request_mac = SentMac::Missing,
            Unready::Batch => fate.code = ResponseCode::new("77"),
            Unready::Unknown => fate.code = ResponseCode::new("97"),
        }
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
    fn what_the_terminal_lacks_is_at_its_side_and_what_the_acquirer_says_at_the_other() {
        let keys = fault("F39");
        assert_eq!(keys.place(), FaultSide::Terminal);
        assert_eq!(struck(keys.mishap()).request_mac, SentMac::Missing);
        let unknown = fault("F39:state=unknown");
        assert_eq!(unknown.place(), FaultSide::Acquirer);
        assert_eq!(&*struck(unknown.mishap()).code.unwrap(), "97");
        assert!(unknown.mishap().concerns(&exchange(Purpose::SignOn)));
        assert!(!keys.mishap().concerns(&exchange(Purpose::SignOn)));
        let batch = fault("F39:state=batch");
        assert_eq!(&*struck(batch.mishap()).code.unwrap(), "77");
    }
}
