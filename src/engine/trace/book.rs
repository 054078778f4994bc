//! The gateway's own book: what its history says the cardholders' accounts hold.
//!
//! Folded from records alone, by the same rules by which a terminal adds up its receipts and an
//! acquirer its bookings, so that after all is healed and answered the three must be equal.

use crate::engine::record::{Carried, Fact, Hop, Logged, Opened, Record, State, TxId};
use crate::iso::message::{Amount, AuthCode, TerminalId};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;

/// A fold over a whole history.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: BTreeMap<TxId, Entry>,
    /// Pre-authorizations by terminal and approval code: what a completion names, even where the
    /// gateway itself had forgotten it.
    holds: BTreeMap<(TerminalId, AuthCode), TxId>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    purpose: Purpose,
    amount: Amount,
    terminal: TerminalId,
    reverses: bool,
    /// The hold that a completion completes.
    completes: Option<TxId>,
    state: State,
    approved: bool,
}

impl Book {
    /// Takes the next record in.
    pub fn take(&mut self, record: &Record) {
        match &record.fact {
            Fact::Step(step) => {
                let Some(id) = record.tx else { return };
                if let Some(opened) = &step.opened {
                    self.open(id, opened);
                }
                let Some(entry) = self.entries.get_mut(&id) else {
                    return;
                };
                entry.state = step.state;
                entry.approved |= matches!(step.row.0, 'D' | 'M');
                if let Some(message) = &step.message {
                    self.heard(id, message);
                }
            }
            Fact::Carried(carried) => self.carried(carried),
            Fact::Started { .. }
            | Fact::Stopped
            | Fact::Line(_)
            | Fact::Session(_)
            | Fact::Unmatched(_)
            | Fact::Unreadable(_)
            | Fact::Shadow(_)
            | Fact::ShadowTally(_)
            | Fact::Operated(_)
            | Fact::Keys(_)
            | Fact::Tombstone(_)
            | Fact::CheckpointBegin
            | Fact::CheckpointEnd => {}
        }
    }

    /// What is held of the cardholders' money, in minor units: approvals that a terminal has, less
    /// what was given back.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.entries.values().map(|entry| self.effect(entry)).sum()
    }

    fn effect(&self, entry: &Entry) -> i64 {
        let amount = signed(entry.amount);
        match entry.purpose {
            _ if !counts(entry) => 0,
            Purpose::Debit => amount - self.released_by(entry),
            Purpose::Hold => amount,
            Purpose::Void | Purpose::Refund => -amount,
            _ => 0,
        }
    }

    /// The hold that a completion completes.
    fn released_by(&self, completion: &Entry) -> i64 {
        let hold = completion.completes.and_then(|id| self.entries.get(&id));
        hold.filter(|hold| hold.purpose == Purpose::Hold)
            .map_or(0, |hold| signed(hold.amount))
    }

    fn open(&mut self, id: TxId, opened: &Opened) {
        let entry = Entry {
            purpose: opened.purpose,
            amount: opened.amount,
            terminal: opened.terminal,
            reverses: opened.reverses,
            completes: opened.original,
            state: State::Received,
            approved: false,
        };
        self.entries.insert(id, entry);
    }

    /// Approval codes tie completions to their pre-authorizations.
    fn heard(&mut self, id: TxId, message: &Logged) {
        let (Some(auth), Some(entry)) = (message.auth, self.entries.get_mut(&id)) else {
            return;
        };
        let name = (entry.terminal, auth);
        match (entry.purpose, message.hop) {
            (Purpose::Hold, Hop::AcquirerToGateway) => {
                self.holds.insert(name, id);
            }
            (Purpose::Debit, Hop::TerminalToGateway) if entry.completes.is_none() => {
                entry.completes = self.holds.get(&name).copied();
            }
            _ => {}
        }
    }

    /// A checkpoint tells of what began before the oldest record that is left.
    fn carried(&mut self, carried: &Carried) {
        let (id, opened, state, approved) = match carried {
            Carried::Transaction(live) => (live.tx, &live.opened, live.state, live.approved),
            Carried::Answer(done) => (done.tx, &done.opened, done.state, done.approved),
            Carried::Keys(_)
            | Carried::Tombstone { .. }
            | Carried::Stan(_)
            | Carried::Links(_)
            | Carried::Clock(_)
            | Carried::Numbers { .. }
            | Carried::AllTerminals => {
                return;
            }
        };
        if !self.entries.contains_key(&id) {
            self.open(id, opened);
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.state = state;
                entry.approved = approved;
            }
        }
    }
}

const fn signed(amount: Amount) -> i64 {
    if amount.0 > i64::MAX as u64 {
        i64::MAX
    } else {
        amount.0.cast_signed()
    }
}

/// Whether the terminal has, or may have, the approval, and nothing undid it. What was voided or
/// refunded still stands: the void or refund is an entry of its own. A kind that is never reversed
/// stands once it is approved, since its terminal asks until it has heard so.
const fn counts(entry: &Entry) -> bool {
    let approved_for_good = !entry.reverses && entry.approved;
    let stands = matches!(
        entry.state,
        State::Delivered
            | State::DeliveryUnproven
            | State::Confirmed
            | State::Returned
            | State::Settled
            | State::SettleMismatch
    );
    stands || approved_for_good
}
