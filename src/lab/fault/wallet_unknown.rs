//! F35: a wallet does not know yet whether the payer pays; it says so, and knows later.

use super::knobs::{CodeChoice, Knobs, Length};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share, UnclearPayment};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use std::time::Duration;

/// F35.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletUnknown {
    code: CodeChoice,
    paid: bool,
    after: Duration,
}

impl Listed for WalletUnknown {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F35",
        title: "wallet result unknown",
        title_zh: "扫码支付结果未知",
        side: FaultSide::Acquirer,
        knobs: "code=09, final=paid|unpaid, after=2s",
        share: Share::USUAL,
        wire: "0200 (DE 59 A3), 0210 09, 0200 query, 0210 00 or 25",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Length(after) = knobs.own("after")?;
        Ok(Self {
            code: knobs.own("code")?,
            paid: knobs.choice("final", &[("paid", true), ("unpaid", false)])?,
            after,
        })
    }
}

impl Mishap for WalletUnknown {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Debit && exchange.payment_code().is_some()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        let (paid, after) = (self.paid, self.after);
        let code = self.code.pick(dice);
        fate.unclear = code.map(|code| UnclearPayment { code, paid, after });
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
    fn only_scanned_payments_are_struck() {
        let fault = fault("F35:final=unpaid");
        assert!(!fault.mishap().concerns(&exchange(Purpose::Debit)));
        let scanned = exchange(Purpose::Debit).with_payment_code("286512345678901234");
        assert!(fault.mishap().concerns(&scanned));
        let unclear = struck(fault.mishap()).unclear.unwrap();
        assert_eq!((&*unclear.code, unclear.paid), ("09", false));
    }
}
