//! With which names a record begins a transaction, be it in a step or in a checkpoint.

use super::fact::{Carried, Fact, Opened, Record};
use super::ids::TxId;

impl Record {
    /// The names with which it begins a transaction, or tells of one that began before.
    #[must_use]
    pub fn opened(&self) -> Option<&Opened> {
        if let Fact::Step(step) = &self.fact {
            return step.opened.as_deref();
        }
        self.carried().map(|(_, opened)| opened)
    }

    /// The transaction of a checkpoint that it carries, if it does, and the names with which that
    /// began.
    #[must_use]
    pub fn carried(&self) -> Option<(TxId, &Opened)> {
        let Fact::Carried(carried) = &self.fact else {
            return None;
        };
        carried.transaction()
    }
}

impl Carried {
    /// The transaction that is carried, if it is one, and the names with which that began.
    #[must_use]
    pub fn transaction(&self) -> Option<(TxId, &Opened)> {
        match self {
            Self::Transaction(own) => Some((own.tx, &own.opened)),
            Self::Answer(own) => Some((own.tx, &own.opened)),
            Self::Keys(_)
            | Self::Tombstone { .. }
            | Self::Stan(_)
            | Self::Links(_)
            | Self::Clock(_)
            | Self::Numbers { .. }
            | Self::AllTerminals => None,
        }
    }
}
