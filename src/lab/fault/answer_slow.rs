//! F04: the answer takes long, and comes in time.

use super::knobs::{Knobs, Span};
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F04.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerSlow {
    delay: Span,
}

impl Listed for AnswerSlow {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F04",
        title: "answer late, inside the deadline",
        title_zh: "应答较慢(未超时)",
        side: FaultSide::Acquirer,
        knobs: "delay=200ms..600ms",
        share: Share::USUAL,
        wire: "0200, 0210 00 ..",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            delay: knobs.own("delay")?,
        })
    }
}

impl Mishap for AnswerSlow {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(HOST_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.answer_delay = fate.answer_delay.max(self.delay.draw(dice));
    }
}

#[cfg(test)]
mod tests {
    use crate::iso::spec::Purpose;
    use crate::lab::fault::Fault;
    use crate::lab::fault::exchange::tests::exchange;
    use crate::lab::fault::mishap::tests::struck;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn the_answer_waits_as_long_as_the_knob_says() {
        let fault = fault("F04:delay=7ms");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Reversal)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.answer_delay, std::time::Duration::from_millis(7));
    }
}
