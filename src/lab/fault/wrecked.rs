//! F13: a frame is broken on its way: other bits in it, or its second half missing.

use super::knobs::Knobs;
use super::mishap::{
    CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire, TERMINAL_FIRST,
};
use super::{Exchange, Fate, FaultError, Share, Wreck};
use crate::engine::seam::Dice;

/// F13.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrecked {
    mode: Wreck,
    of: WreckedFrame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WreckedFrame {
    Request,
    Answer,
}

impl Listed for Wrecked {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F13",
        title: "frame corrupted or truncated",
        title_zh: "报文损坏或截断",
        side: FaultSide::Acquirer,
        knobs: "mode=bits|cut, of=answer|request",
        share: Share::USUAL,
        wire: "0200, 0210 unreadable, 0400 06, 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let modes = [("bits", Wreck::Bits), ("cut", Wreck::Cut)];
        let frames = [
            ("request", WreckedFrame::Request),
            ("answer", WreckedFrame::Answer),
        ];
        Ok(Self {
            mode: knobs.choice("mode", &modes)?,
            of: knobs.choice("of", &frames)?,
        })
    }
}

impl Mishap for Wrecked {
    fn on_wire(&self) -> Option<OnWire> {
        match self.of {
            WreckedFrame::Request => OnWire::request(TERMINAL_FIRST),
            WreckedFrame::Answer => OnWire::answer(HOST_FIRST),
        }
    }

    fn place(&self) -> Option<FaultSide> {
        Some(match self.of {
            WreckedFrame::Request => FaultSide::Terminal,
            WreckedFrame::Answer => FaultSide::Acquirer,
        })
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        match self.of {
            WreckedFrame::Request => fate.request_wreck = Some(self.mode),
            WreckedFrame::Answer => fate.answer_wreck = Some(self.mode),
        }
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
    fn a_request_is_wrecked_at_the_terminal_and_an_answer_at_the_acquirer() {
        let (answer, request) = (fault("F13"), fault("F13:of=request,mode=cut"));
        assert_eq!(answer.place(), FaultSide::Acquirer);
        assert_eq!(struck(answer.mishap()).answer_wreck, Some(Wreck::Bits));
        assert_eq!(request.place(), FaultSide::Terminal);
        assert_eq!(struck(request.mishap()).request_wreck, Some(Wreck::Cut));
        assert!(!answer.mishap().concerns(&exchange(Purpose::SignOn)));
    }
}
