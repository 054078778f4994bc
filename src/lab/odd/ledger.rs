//! A host's true book, by attempt: the judge's evidence.

use super::host::SaidTo;
use super::slip::Sort;
use crate::engine::record::ConnId;
use crate::engine::seam::Mono;
use std::collections::BTreeMap;

/// What came in, and what the host did with its customers' money.
#[derive(Clone, Debug, Default)]
pub struct HostLedger {
    /// By attempt.
    pub entries: BTreeMap<u32, LedgerEntry>,
    /// Every message, in the order of time.
    pub arrivals: Vec<Arrival>,
}

/// One attempt in the book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The attempt.
    pub n: u32,
    /// The attempt that it refers to, as the host found it.
    pub of: Option<u32>,
    /// What was booked: charged or held (+), given back (-); what was undone later is still in.
    pub effect: i64,
    /// Of that, what reversals took back: never negative.
    pub undone: i64,
    /// All that ever changed what stands of this attempt: when, by how much, why. Their sum is what
    /// stands. A void, a refund or a completion changes its original, too.
    pub changes: Vec<(Mono, i64, &'static str)>,
    /// Whether more was booked than was asked for.
    pub overbooked: bool,
    /// Whether more was given back than stood.
    pub overgiven: bool,
    /// When it was booked.
    pub booked: Option<Mono>,
    /// Answers that left, to its request and to its reversals.
    pub given: Vec<GivenAnswer>,
    /// Reactions to come that book unless a reversal comes first.
    pub(super) pending: u32,
    /// Reactions to come that book whatever comes first.
    pub(super) forced: u32,
    /// A reversal came first.
    pub(super) cancelled: bool,
    /// The first final refusal of its request.
    pub(super) refused: Option<Mono>,
    /// The first approval of its request, if it asked for money.
    pub(super) approved: Option<Mono>,
    /// Since when a reversal is answered by 00, and what should stand after it.
    pub(super) said_undone: Option<(Mono, i64)>,
}

/// An answer that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenAnswer {
    /// When.
    pub at: Mono,
    /// To what.
    pub to: SaidTo,
    /// The type.
    pub mti: String,
    /// DE 39, if it has one that is not blank.
    pub code: Option<String>,
    /// Whether it promises what was asked for.
    pub yes: bool,
    /// DE 4.
    pub amount: Option<u64>,
}

/// A message that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Mono,
    /// On which connection.
    pub conn: ConnId,
    /// The attempt, as DE 14 tells it.
    pub n: Option<u32>,
    /// What it is.
    pub what: Sort,
    /// The type; empty if it could not be read.
    pub mti: String,
    /// DE 11.
    pub stan: Option<u32>,
    /// DE 41.
    pub terminal: String,
    /// DE 4.
    pub amount: Option<u64>,
    /// The attempt that the fields of the protocol name: of a repeat, or a reversal's original.
    pub names: Option<u32>,
    /// DE 14 tells another attempt than the fields of the protocol.
    pub crossed: bool,
}

impl HostLedger {
    /// What stands of an attempt: of a sale, a hold or a completion, what the customer is still
    /// charged for it; of a void or a refund, what it gave back, below zero. A completion takes its
    /// hold down to nothing and charges by itself.
    #[must_use]
    pub fn net(&self, n: u32) -> i64 {
        let entry = self.entries.get(&n);
        entry.map_or(0, LedgerEntry::net)
    }

    /// What stands of an attempt's own booking: what its voids and refunds gave back is still in.
    #[must_use]
    pub fn own(&self, n: u32) -> i64 {
        let returns = self
            .entries
            .values()
            .filter(|entry| entry.of == Some(n) && entry.effect < 0);
        self.net(n) - returns.map(LedgerEntry::net).sum::<i64>()
    }

    /// Whether a reaction that is still to come will book an attempt.
    #[must_use]
    pub fn may_still_book(&self, n: u32) -> bool {
        let may = |entry: &LedgerEntry| {
            let honest = entry.pending > 0 && !entry.cancelled;
            entry.booked.is_none() && (honest || entry.forced > 0)
        };
        self.entries.get(&n).is_some_and(may)
    }

    /// Since when the host's answers about an attempt are lies, and how.
    #[must_use]
    pub fn lied(&self, n: u32) -> Option<(Mono, &'static str)> {
        let entry = self.entries.get(&n)?;
        let own = entry.net().abs();
        let since =
            |said: Mono, booked: Option<Mono>| booked.map_or(said, |booked| booked.max(said));
        let books = entry.booked.is_some() || self.may_still_book(n);
        if let Some((said, stands)) = entry.said_undone
            && (own > stands || self.may_still_book(n))
        {
            let since = since(said, entry.booked);
            return Some((since, "answered 00 to a reversal that was not made"));
        }
        if let Some(said) = entry.refused
            && books
            && (own > 0 || entry.booked.is_none())
        {
            return Some((since(said, entry.booked), "refused for good what is booked"));
        }
        let said = entry.approved?;
        (!books).then_some((said, "approved what is not booked"))
    }

    /// When something of an attempt was taken back.
    pub fn undone_at(&self, n: u32) -> impl Iterator<Item = Mono> + '_ {
        let entry = self.entries.get(&n).into_iter();
        let changes = entry.flat_map(|entry| entry.changes.iter());
        let booked = |by: i64, effect: i64| by.signum() != effect.signum();
        let effect = self.entries.get(&n).map_or(0, |entry| entry.effect);
        changes
            .filter(move |(_, by, _)| booked(*by, effect))
            .map(|(at, _, _)| *at)
    }

    pub(super) fn entry(&mut self, n: u32) -> &mut LedgerEntry {
        self.entries.entry(n).or_insert_with(|| LedgerEntry {
            n,
            ..LedgerEntry::default()
        })
    }
}

impl LedgerEntry {
    /// What stands.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.changes.iter().map(|(_, by, _)| by).sum()
    }
}
