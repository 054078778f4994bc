//! F44: a field is changed in flight: set to another value, or taken out; the MAC is made anew, or
//! left as it was and so wrong.

use super::knobs::{Knobs, MissingField, SetField};
use super::mishap::{
    CatalogueEntry, FaultSide, HOST_FIRST, Listed, Mishap, OnWire, TERMINAL_FIRST,
};
use super::{Exchange, Fate, FaultError, FieldChange, Share};
use crate::engine::seam::Dice;
use crate::iso::spec::Purpose;

/// F44.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    changes: Vec<FieldChange>,
    of: AlteredMessage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AlteredMessage {
    Request,
    Answer,
}

impl Listed for Altered {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F44",
        title: "field changed in flight",
        title_zh: "报文域在途中被改",
        side: FaultSide::Acquirer,
        knobs: "set=4:000000000001, delete=, of=answer|request, mac=new|wrong",
        share: Share::USUAL,
        wire: "0200, 0210 00 of another amount, 0400 06, 0410 00",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let (given, delete) = (knobs.optional("set")?, knobs.optional("delete")?);
        let set = match given {
            None if delete.is_none() => Some(knobs.own("set")?),
            given => given,
        };
        let sealed = knobs.choice("mac", &[("new", true), ("wrong", false)])?;
        let messages = [
            ("request", AlteredMessage::Request),
            ("answer", AlteredMessage::Answer),
        ];
        let taken = delete.map(|MissingField(path)| (path, None));
        let set = set.map(|SetField(path, value)| (path, Some(value)));
        let changes = taken.into_iter().chain(set);
        Ok(Self {
            changes: changes
                .map(|(path, value)| FieldChange {
                    path,
                    value,
                    sealed,
                })
                .collect(),
            of: knobs.choice("of", &messages)?,
        })
    }
}

impl Mishap for Altered {
    /// A wire has no keys to make a MAC anew.
    fn on_wire(&self) -> Option<OnWire> {
        match self.of {
            _ if self.changes.iter().any(|change| change.sealed) => None,
            AlteredMessage::Request => OnWire::request(TERMINAL_FIRST),
            AlteredMessage::Answer => OnWire::answer(HOST_FIRST),
        }
    }

    fn place(&self) -> Option<FaultSide> {
        Some(match self.of {
            AlteredMessage::Request => FaultSide::Terminal,
            AlteredMessage::Answer => FaultSide::Acquirer,
        })
    }

    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money() || exchange.purpose == Purpose::Reversal
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        let changes = match self.of {
            AlteredMessage::Request => &mut fate.request_changes,
            AlteredMessage::Answer => &mut fate.answer_changes,
        };
        changes.extend(self.changes.iter().cloned());
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
    fn the_field_is_set_or_taken_out_of_what_the_knob_says() {
        let bare = struck(fault("F44").mishap());
        assert_eq!(
            bare.answer_changes[0].value.as_deref(),
            Some("000000000001")
        );
        assert!(bare.answer_changes[0].sealed);
        let request = fault("F44:delete=38,of=request,mac=wrong");
        assert_eq!(request.place(), FaultSide::Terminal);
        let changes = struck(request.mishap()).request_changes;
        assert_eq!((changes.len(), &changes[0].value), (1, &None));
        assert!(!changes[0].sealed);
        assert!(!request.mishap().concerns(&exchange(Purpose::SignOn)));
    }
}
