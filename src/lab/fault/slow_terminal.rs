//! F41: the terminal is slow: the answer is there, and it reads it late, perhaps too late.

use super::knobs::{Knobs, Span};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, WireLeg};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F41.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowTerminal {
    delay: Span,
}

impl Listed for SlowTerminal {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F41",
        title: "slow terminal: answers read late",
        title_zh: "终端缓慢, 应答读取迟",
        side: FaultSide::Terminal,
        knobs: "delay=1s..3s",
        share: Share::USUAL,
        wire: "0200, 0210 00, 0400 98, 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            delay: knobs.own("delay")?,
        })
    }
}

impl Mishap for SlowTerminal {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::answer(&[WireLeg::Terminal])
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.read_late = self.delay.draw(dice);
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
    fn the_answer_is_read_as_late_as_the_knob_says() {
        let fault = fault("F41:delay=7ms");
        assert!(fault.mishap().concerns(&exchange(Purpose::Debit)));
        assert!(!fault.mishap().concerns(&exchange(Purpose::Reversal)));
        let fate = struck(fault.mishap());
        assert_eq!(fate.read_late, std::time::Duration::from_millis(7));
    }
}
