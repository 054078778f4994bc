//! F28: the first tries of a reversal are booked but not answered.

use super::knobs::{Count, Knobs};
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F28.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalUnanswered {
    times: u32,
}

impl Listed for ReversalUnanswered {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F28",
        title: "reversal not answered the first times",
        title_zh: "冲正前几次无应答",
        side: FaultSide::Acquirer,
        knobs: "times=1",
        share: Share::USUAL,
        wire: "0400, 0410 x, 0400, 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let Count(times) = knobs.own("times")?;
        Ok(Self { times })
    }
}

impl Mishap for ReversalUnanswered {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose == Purpose::Reversal && exchange.tries < self.times
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.answer_lost = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn the_try_after_the_last_silent_one_is_answered() {
        let fault = ReversalUnanswered { times: 2 };
        let concerned = |tries| {
            fault.concerns(&Exchange {
                tries,
                ..exchange(Purpose::Reversal)
            })
        };
        assert_eq!([0, 1, 2].map(concerned), [true, true, false]);
        assert!(!fault.concerns(&exchange(Purpose::Debit)));
        assert!(struck(&fault).answer_lost);
    }
}
