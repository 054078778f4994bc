//! F15: a request, or its answer, comes more than once. It must have one effect.

use super::knobs::{Count, Knobs};
use super::mishap::{
    CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire, TERMINAL_FIRST,
};
use super::{Exchange, Fate, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// How many copies there may be.
const MOST: u32 = 100;

/// F15.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    of: DuplicateKind,
    copies: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DuplicateKind {
    Request,
    Answer,
}

impl Listed for Duplicate {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F15",
        title: "request or answer duplicated",
        title_zh: "请求或应答重复",
        side: FaultSide::Terminal,
        knobs: "of=request|answer, copies=1",
        share: Share::USUAL,
        wire: "0200 0200, 0210 00 0210 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let kinds = [
            ("request", DuplicateKind::Request),
            ("answer", DuplicateKind::Answer),
        ];
        let of = knobs.choice("of", &kinds)?;
        let Count(copies) = knobs.own("copies")?;
        if copies > MOST {
            return Err(FaultError::Value {
                id: knobs.about().id,
                knob: "copies",
                value: copies.to_string(),
                wanted: format!("{MOST} at most"),
            });
        }
        Ok(Self { of, copies })
    }
}

impl Mishap for Duplicate {
    fn on_wire(&self) -> Option<OnWire> {
        match self.of {
            DuplicateKind::Request => OnWire::request(TERMINAL_FIRST),
            DuplicateKind::Answer => OnWire::answer(HOST_FIRST),
        }
    }

    fn place(&self) -> Option<FaultSide> {
        Some(match self.of {
            DuplicateKind::Request => FaultSide::Terminal,
            DuplicateKind::Answer => FaultSide::Acquirer,
        })
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money() || exchange.purpose == Purpose::Reversal
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        match self.of {
            DuplicateKind::Request => fate.request_copies += self.copies,
            DuplicateKind::Answer => fate.answer_copies += self.copies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fault::mishap::tests::struck;

    #[test]
    fn copies_are_counted_and_not_without_bound() {
        let read = |text: &str| text.parse::<crate::lab::fault::Fault>();
        assert!(read("F15:copies=100").is_ok());
        let error = read("F15:copies=101").unwrap_err().to_string();
        assert_eq!(error, "F15: `copies=101` cannot be: 100 at most");
    }

    #[test]
    fn requests_are_doubled_by_the_terminal_and_answers_by_the_acquirer() {
        let request = Duplicate {
            of: DuplicateKind::Request,
            copies: 2,
        };
        let answer = Duplicate {
            of: DuplicateKind::Answer,
            copies: 1,
        };
        assert_eq!(
            (request.place(), answer.place()),
            (Some(FaultSide::Terminal), Some(FaultSide::Acquirer))
        );
        assert_eq!(
            struck(&request),
            Fate {
                request_copies: 2,
                ..Fate::default()
            }
        );
        assert_eq!(
            struck(&answer),
            Fate {
                answer_copies: 1,
                ..Fate::default()
            }
        );
    }
}
