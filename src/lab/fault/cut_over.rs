//! F25: the acquirer changes its day, and takes nothing meanwhile.

use super::knobs::{CodeChoice, Knobs, Turns};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use std::time::Duration;

/// F25.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOver {
    code: CodeChoice,
    turns: Turns,
}

impl Listed for CutOver {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F25",
        title: "cut-over in progress",
        title_zh: "日切处理中",
        side: FaultSide::Acquirer,
        knobs: "code=90, every=10s, for=1s",
        share: Share::ALWAYS,
        wire: "0200, 0210 90",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            code: knobs.own("code")?,
            turns: Turns::read(knobs)?,
        })
    }
}

impl Mishap for CutOver {
    fn awake(&self, since: Duration) -> bool {
        self.turns.at(since).0
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.code = self.code.pick(dice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::Purpose;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn it_refuses_at_the_end_of_each_turn() {
        let fault = fault("F25:every=10s,for=2s");
        assert!(fault.mishap().concerns(&exchange(Purpose::Refund)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Reversal)));
        let fate = struck(fault.mishap());
        assert_eq!(&*fate.code.unwrap(), "90");
        let awake = |secs| fault.mishap().awake(Duration::from_secs(secs));
        assert_eq!([7, 8, 9, 10].map(awake), [false, true, true, false]);
    }
}
