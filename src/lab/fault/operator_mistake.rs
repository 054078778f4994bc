//! F37: the operator types the wrong amount or number, takes the wrong card, or the code cannot
//! be read and nothing is sent.

use super::knobs::Knobs;
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Mistake, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F37.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorMistake {
    what: Mistyped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistyped {
    Sent(Mistake),
    NotSent,
}

impl Listed for OperatorMistake {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F37",
        title: "operator input error",
        title_zh: "操作员输入错误",
        side: FaultSide::Terminal,
        knobs: "what=amount|number|card|code",
        share: Share::USUAL,
        wire: "0200, 0210 00 of another amount; 0210 14; or no request",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let what = [
            ("amount", Mistyped::Sent(Mistake::Amount)),
            ("number", Mistyped::Sent(Mistake::Number)),
            ("card", Mistyped::Sent(Mistake::Card)),
            ("code", Mistyped::NotSent),
        ];
        Ok(Self {
            what: knobs.choice("what", &what)?,
        })
    }
}

impl Mishap for OperatorMistake {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        matches!(exchange.purpose, Purpose::Debit | Purpose::Hold)
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        match self.what {
            Mistyped::Sent(mistake) => fate.mistake = Some(mistake),
            Mistyped::NotSent => fate.not_sent = true,
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
    fn an_unreadable_code_sends_nothing() {
        let fault = fault("F37:what=code");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Void)));
        let fate = struck(fault.mishap());
        assert!(fate.not_sent);
        let amount = struck(self::fault("F37").mishap());
        assert_eq!(
            (amount.mistake, amount.not_sent),
            (Some(Mistake::Amount), false)
        );
    }
}
