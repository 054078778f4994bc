//! The acquirer's book: per original exactly one effect, whatever number of repeats.

use super::entry::{EntryId, HostEntry};
use super::reply::Reply;
use crate::engine::seam::{Dice, KeyedMap};
use crate::iso::message::{AuthCode, Rrn, TerminalId};
use crate::iso::spec::Purpose;
use crate::lab::peer::Totals;

/// Entries and their names.
#[derive(Debug)]
pub(super) struct HostBook {
    entries: Vec<HostEntry>,
    by_identity: KeyedMap<String, EntryId>,
    by_original: KeyedMap<String, EntryId>,
    by_rrn: KeyedMap<Rrn, EntryId>,
    by_auth: KeyedMap<(TerminalId, AuthCode), EntryId>,
}

impl HostBook {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            entries: Vec::new(),
            by_identity: KeyedMap::new(dice.number()),
            by_original: KeyedMap::new(dice.number()),
            by_rrn: KeyedMap::new(dice.number()),
            by_auth: KeyedMap::new(dice.number()),
        }
    }

    pub(super) fn named(&self, identity: &str) -> Option<EntryId> {
        self.by_identity.get(identity).copied()
    }

    pub(super) fn original(&self, name: &str) -> Option<EntryId> {
        self.by_original.get(name).copied()
    }

    /// Which earlier one a void, refund or completion is about: by DE 37, else by DE 38.
    pub(super) fn about(
        &self,
        rrn: Option<Rrn>,
        auth: Option<AuthCode>,
        terminal: TerminalId,
    ) -> Option<EntryId> {
        let by_rrn = rrn.and_then(|rrn| self.by_rrn.get(&rrn));
        let by_auth = || self.by_auth.get(&(terminal, auth?));
        by_rrn.or_else(by_auth).copied()
    }

    /// An id is given out by this book only, and entries stay.
    pub(super) fn entry(&self, id: EntryId) -> &HostEntry {
        &self.entries[id.0]
    }

    pub(super) fn entry_mut(&mut self, id: EntryId) -> &mut HostEntry {
        &mut self.entries[id.0]
    }

    /// Writes a new entry under its names; a name that is taken keeps what it names.
    pub(super) fn write(
        &mut self,
        entry: HostEntry,
        identity: Option<String>,
        original: Option<String>,
    ) -> EntryId {
        let id = EntryId(self.entries.len());
        self.entries.push(entry);
        if let Some(identity) = identity {
            let _taken = self.by_identity.insert_new(identity, id);
        }
        if let Some(original) = original {
            let _taken = self.by_original.insert_new(original, id);
        }
        id
    }

    /// The request of a tombstone came: it gets a name and its particulars, and no effect.
    pub(super) fn rename(&mut self, id: EntryId, identity: String, request: HostEntry) {
        let _taken = self.by_identity.insert_new(identity, id);
        let entry = self.entry_mut(id);
        let (reversal, reversals) = (entry.reversal.take(), entry.reversals);
        *entry = HostEntry {
            reversal,
            reversals,
            ..request
        };
    }

    /// The answer as it will be repeated, and the names that it gives.
    pub(super) fn answer(&mut self, id: EntryId, reply: Reply) {
        if let Some(rrn) = reply.rrn {
            let _taken = self.by_rrn.insert_new(rrn, id);
        }
        if let Some(auth) = reply.auth {
            let terminal = self.entry(id).terminal;
            let _taken = self.by_auth.insert_new((terminal, auth), id);
        }
        self.entry_mut(id).answer = Some(reply);
    }

    /// The request takes effect. By how much more of the card's money is held.
    pub(super) fn approve(&mut self, id: EntryId) -> i64 {
        self.change(id, |book| {
            book.entry_mut(id).approved = true;
            let (purpose, amount) = (book.entry(id).purpose, book.entry(id).amount);
            let Some(about) = book.entry(id).about else {
                return;
            };
            let earlier = book.entry_mut(about);
            if purpose == Purpose::Refund {
                earlier.refunded += amount;
            } else {
                earlier.undone_by = Some(id);
            }
        })
    }

    /// The effect is taken back, if there was one. By how much more of the card's money is held.
    pub(super) fn reverse(&mut self, id: EntryId) -> i64 {
        self.change(id, |book| {
            let was_effective = book.entry(id).is_effective();
            book.entry_mut(id).reversed = true;
            let (purpose, amount) = (book.entry(id).purpose, book.entry(id).amount);
            let Some(about) = book.entry(id).about.filter(|_| was_effective) else {
                return;
            };
            let earlier = book.entry_mut(about);
            if purpose == Purpose::Refund {
                earlier.refunded = earlier.refunded.saturating_sub(amount);
            } else {
                earlier.undone_by.take_if(|by| *by == id);
            }
        })
    }

    /// The acquirer forgets that it ever had the request: a tombstone stays. By how much more of
    /// the card's money is held.
    pub(super) fn forget(&mut self, id: EntryId) -> i64 {
        let change = self.reverse(id);
        let entry = self.entry_mut(id);
        entry.approved = false;
        entry.reversed = false;
        entry.answer = None;
        change
    }

    fn change(&mut self, id: EntryId, make: impl FnOnce(&mut Self)) -> i64 {
        let held = |book: &Self| {
            let entry = book.entry(id);
            entry.holds() + entry.about.map_or(0, |about| book.entry(about).holds())
        };
        let before = held(self);
        make(self);
        held(self) - before
    }

    /// Whether a void or completion may undo it.
    pub(super) fn may_be_undone(&self, id: EntryId) -> bool {
        let entry = self.entry(id);
        entry.takes() && entry.is_effective() && entry.undone_by.is_none() && entry.refunded == 0
    }

    /// Whether so much more of it may be given back.
    pub(super) fn may_be_refunded(&self, id: EntryId, amount: u64) -> bool {
        let entry = self.entry(id);
        let stands = entry.takes() && entry.is_effective() && entry.undone_by.is_none();
        stands && entry.refunded.saturating_add(amount) <= entry.amount
    }

    /// The sums, of one terminal or of all.
    pub(super) fn totals(&self, terminal: Option<TerminalId>) -> Totals {
        let mine = |entry: &&HostEntry| terminal.is_none_or(|id| entry.terminal == id);
        let mut totals = Totals::default();
        for entry in self
            .entries
            .iter()
            .filter(mine)
            .filter(|entry| entry.approved)
        {
            if entry.takes() {
                totals.taken += entry.amount;
                match (entry.reversed, entry.undone_by) {
                    (true, _) => totals.reversed += entry.amount,
                    (false, Some(_)) => totals.returned += entry.amount,
                    (false, None) => {}
                }
            } else if entry.purpose == Purpose::Refund && !entry.reversed {
                totals.returned += entry.amount;
            }
        }
        totals
    }

    pub(super) fn entries(&self) -> &[HostEntry] {
        &self.entries
    }
}
