//! F08: the terminal cuts its connection before the answer comes.

use super::knobs::{Knobs, Span};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap, OnWire, TERMINAL_FIRST};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;

/// F08.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangUp {
    after: Span,
}

impl Listed for HangUp {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F08",
        title: "terminal disconnects before the answer",
        title_zh: "终端在应答前断开连接",
        side: FaultSide::Terminal,
        knobs: "after=0ms..20ms",
        share: Share::USUAL,
        wire: "0200, close, 0210 00 x, 0400",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        Ok(Self {
            after: knobs.own("after")?,
        })
    }
}

impl Mishap for HangUp {
    fn on_wire(&self) -> Option<OnWire> {
        OnWire::request(TERMINAL_FIRST)
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, dice: &mut Dice) {
        fate.hang_up = Some(self.after.draw(dice));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::mishap::tests::struck;
    use std::time::Duration;

    #[test]
    fn the_line_is_cut_as_long_after_the_request_as_the_knob_says() {
        let fault = HangUp {
            after: Span::millis(5, 5),
        };
        assert_eq!(struck(&fault).hang_up, Some(Duration::from_millis(5)));
    }
}
