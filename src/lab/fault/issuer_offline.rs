//! F26: the issuer behind the acquirer is away for a while. With 98 nobody knows whether it
//! debited.

use super::knobs::{CodeChoice, Knobs, Turns};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share, UnclearPayment};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use std::time::Duration;

/// F26.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerOffline {
    code: CodeChoice,
    debited: bool,
    turns: Turns,
}

impl Listed for IssuerOffline {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F26",
        title: "issuer offline behind the acquirer",
        title_zh: "发卡方不可用",
        side: FaultSide::Acquirer,
        knobs: "code=91, debited=no|yes, every=10s, for=1s",
        share: Share::ALWAYS,
        wire: "0200, 0210 91 (92, 98)",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            code: knobs.own("code")?,
            debited: knobs.choice("debited", &[("no", false), ("yes", true)])?,
            turns: Turns::read(knobs)?,
        })
    }
}

impl Mishap for IssuerOffline {
    fn awake(&self, since: Duration) -> bool {
        self.turns.at(since).0
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(
            exchange.purpose,
            Purpose::Debit | Purpose::Hold | Purpose::Inquiry
        )
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        let code = self.code.pick(dice);
        if self.debited {
            fate.unclear = code.map(|code| UnclearPayment {
                code,
                paid: true,
                after: Duration::ZERO,
            });
        } else {
            fate.code = code;
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
    fn it_may_have_debited_although_it_does_not_answer() {
        let fault = fault("F26:code=98,debited=yes");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Void)));
        let fate = struck(fault.mishap());
        let unclear = fate.unclear.unwrap();
        assert_eq!((&*unclear.code, unclear.paid), ("98", true));
        assert_eq!(&*struck(self::fault("F26").mishap()).code.unwrap(), "91");
    }
}
