//! F40: the terminal has an old version: its messages lack a field, or have another value or
//! header.

use super::knobs::{HeaderEnd, Knobs, MissingField, SetField};
use super::mishap::{CatalogueEntry, FaultSide, Listed, Mishap};
use super::{Exchange, Fate, FaultError, FieldChange, Share};
use crate::engine::seam::Dice;

/// F40.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldSoftware {
    changes: Vec<FieldChange>,
    header: Option<Vec<u8>>,
}

impl Listed for OldSoftware {
    const ABOUT: CatalogueEntry = CatalogueEntry {
        id: "F40",
        title: "old software: field missing or other, other header",
        title_zh: "软件版本旧: 缺域、域值或报文头不同",
        side: FaultSide::Terminal,
        knobs: "without=25, set=, header=",
        share: Share::ALWAYS,
        wire: "0200 without DE 25, 0210 30",
    };

    fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let (set, header) = (knobs.optional("set")?, knobs.optional("header")?);
        let plain = set.is_none() && header.is_none();
        let without = match knobs.optional("without")? {
            None if plain => Some(knobs.own("without")?),
            given => given,
        };
        let taken = without.map(|MissingField(path)| (path, None));
        let set = set.map(|SetField(path, value)| (path, Some(value)));
        let changes = taken.into_iter().chain(set);
        Ok(Self {
            changes: changes
                .map(|(path, value)| FieldChange {
                    path,
                    value,
                    sealed: true,
                })
                .collect(),
            header: header.map(|HeaderEnd(bytes)| bytes),
        })
    }
}

impl Mishap for OldSoftware {
    fn concerns(&self, exchange: &Exchange<'_>) -> bool {
        exchange.purpose.moves_money()
    }

    fn befall(&self, fate: &mut Fate, _dice: &mut Dice) {
        fate.request_changes.extend(self.changes.iter().cloned());
        fate.request_header.clone_from(&self.header);
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
    fn what_is_said_is_changed_and_else_a_field_is_missing() {
        let bare = struck(fault("F40").mishap());
        assert_eq!(bare.request_changes.len(), 1);
        assert_eq!(bare.request_changes[0].value, None);
        let set = struck(fault("F40:set=22:051,header=603100").mishap());
        assert_eq!(set.request_changes[0].value.as_deref(), Some("051"));
        assert_eq!(set.request_header, Some(vec![0x60, 0x31, 0x00]));
        assert!(!fault("F40").mishap().concerns(&exchange(Purpose::SignOn)));
    }
}
