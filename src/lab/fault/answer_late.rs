//! F03: the answer comes after everybody stopped waiting for it.

use super::knobs::{Knobs, Span};
use super::mishap::{CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F03.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerLate {
    delay: Span,
}

impl Listed for AnswerLate {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F03",
        title: "answer late: longer than its sender waits",
        title_zh: "应答迟到(超出等待时间)",
        side: FaultSide::Acquirer,
        knobs: "delay=1s..3s",
        share: Share::USUAL,
        wire: "0200, 0400 98, 0210 00 .., 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            delay: knobs.own("delay")?,
        })
    }
}

impl Mishap for AnswerLate {
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
    use super::*;
    use crate::lab::fault::mishap::tests::struck;
    use std::time::Duration;

    #[test]
    fn the_answer_is_as_late_as_the_knob_says() {
        let late = AnswerLate {
            delay: Span::millis(70, 70),
        };
        assert_eq!(struck(&late).answer_delay, Duration::from_millis(70));
    }
}
