//! F32: the merchant does not complete what it had authorized.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionMissing;

impl Listed for CompletionMissing {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F32",
        title: "authorization never completed",
        title_zh: "预授权后未做完成",
        side: FaultSide::Terminal,
        knobs: "",
        share: Share::ALWAYS,
        wire: "0100, 0110 00, no 0200",
    };

    fn read(_knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self)
    }
}

impl Mishap for CompletionMissing {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        let kind = exchange.message.kind();
        kind.is_some_and(|kind| kind.name.contains("completion"))
            && exchange.purpose == Purpose::Debit
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.not_sent = true;
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
    fn a_sale_is_sent_and_a_completion_is_not() {
        let fault = fault("F32");
        let completion = {
            let mut message = exchange(Purpose::Debit).message.clone();
            let kind = "60.1".parse::<crate::iso::message::FieldPath>().unwrap();
            message.set(kind, "20").unwrap();
            message
        };
        let completes = Exchange {
            message: &completion,
            ..exchange(Purpose::Debit)
        };
        assert!(fault.mishap().concerns(&completes));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(struck(fault.mishap()).not_sent);
    }
}
