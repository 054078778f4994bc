//! F36: the way to one issuer or one wallet is down: aim it by `bin`, or name a `channel` by the
//! first digits of its payment codes.

use super::knobs::{CodeChoice, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;
use std::str::FromStr;

/// F36.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDown {
    code: CodeChoice,
    channel: Option<Channel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Channel(String);

impl FromStr for Channel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("a channel is named by the first digits of its payment codes, such as 28");
        }
        Ok(Self(text.to_owned()))
    }
}

impl RouteDown {
    /// Whether it is about one channel.
    pub(super) const fn has_channel(&self) -> bool {
        self.channel.is_some()
    }
}

impl Listed for RouteDown {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F36",
        title: "one BIN or channel down",
        title_zh: "单一卡BIN或渠道不通",
        side: FaultSide::Acquirer,
        knobs: "code=92, channel=",
        share: Share::ALWAYS,
        wire: "0200, 0210 92 (15, 40), others 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            code: knobs.own("code")?,
            channel: knobs.optional("channel")?,
        })
    }
}

impl Mishap for RouteDown {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        let is_of_channel = |channel: &Channel| {
            let code = exchange.payment_code();
            code.is_some_and(|code| code.starts_with(channel.0.as_str()))
        };
        matches!(
            exchange.purpose,
            Purpose::Debit | Purpose::Hold | Purpose::Inquiry
        ) && self.channel.as_ref().is_none_or(is_of_channel)
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
    fn a_channel_is_told_by_its_payment_codes() {
        let fault = fault("F36:channel=28,code=40");
        assert!(!fault.mishap().concerns(&exchange(Purpose::Debit)));
        let scanned = |code| exchange(Purpose::Debit).with_payment_code(code);
        assert!(fault.mishap().concerns(&scanned("286512345678901234")));
        assert!(!fault.mishap().concerns(&scanned("136512345678901234")));
        assert_eq!(&*struck(fault.mishap()).code.unwrap(), "40");
    }
}
