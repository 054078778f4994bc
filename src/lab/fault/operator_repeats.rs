//! F38: the operator makes a transaction again that failed on the screen, or any.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, OnceMore, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F38.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRepeats {
    again: OnceMore,
}

impl Listed for OperatorRepeats {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F38",
        title: "operator repeats the transaction",
        title_zh: "操作员重复交易",
        side: FaultSide::Terminal,
        knobs: "gap=100ms..500ms, trace=new|same, after=failure|any",
        share: Share::USUAL,
        wire: "0200, silence, 0400 98, 0410 00, 0200, 0210 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            again: OnceMore {
                gap: knobs.own("gap")?,
                same_trace: knobs.choice("trace", &[("new", false), ("same", true)])?,
                always: knobs.choice("after", &[("failure", false), ("any", true)])?,
            },
        })
    }
}

impl Mishap for OperatorRepeats {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(exchange.purpose, Purpose::Debit | Purpose::Hold) && exchange.tries == 0
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.again = Some(self.again);
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
    fn it_is_repeated_under_a_new_or_the_same_number() {
        let fault = fault("F38:trace=same,after=any");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Void)));
        let fate = struck(fault.mishap());
        let again = fate.again.unwrap();
        assert!(again.same_trace && again.always);
        let again = struck(self::fault("F38").mishap()).again.unwrap();
        assert!(!again.same_trace && !again.always);
    }
}
