//! The relatives of a transaction: those of its name, other attempts of its purchase, and those
//! that name it.

use super::key::{CardKey, IndexKey, is_nameless};
use super::lookup::Lookup;
use super::run::IndexRun;
use crate::engine::record::{Logged, Opened, TxId};
use crate::iso::message::Class;
use crate::iso::spec::Purpose;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

/// How many of the same name, and how many other attempts of a purchase, are looked at on either
/// side; at least as many as verdicts link.
const NEAREST: usize = 16;

/// How many settlements behind a transaction are looked at.
const SETTLEMENTS: usize = 4;

/// So few of a key are looked at one by one, in whatever order a clock that jumped left them.
const FEW: u64 = 64;

impl Lookup {
    /// Transactions of the same name: of each key the nearest before and behind, since a test card
    /// may have bought the same thing ten thousand times.
    pub(in crate::io::journal) fn namesakes(
        &self,
        tx: TxId,
        opened: &Opened,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        if opened.identity.is_empty() {
            return Ok(());
        }
        self.nearest(tx, IndexKey::Identity(&opened.identity), found)
    }

    /// Other attempts of the same purchase, and what may be a part of it.
    pub(in crate::io::journal) fn attempts(
        &self,
        tx: TxId,
        opened: &Opened,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        let mut keys = Vec::new();
        for card in CardKey::all(opened) {
            keys.push(IndexKey::Nameless(card));
            keys.push(IndexKey::Purchase(card, opened.amount.0, ""));
            // A message that names no merchant may be of any.
            if opened.merchant.trim().is_empty() || is_nameless(opened) {
                keys.push(IndexKey::Card(card));
                keys.push(IndexKey::Amount(opened.amount.0));
            }
            keys.push(IndexKey::Purchase(card, opened.amount.0, &opened.merchant));
        }
        // Others of its card may be known by a hash that it lacks.
        if opened.card_hash == [0; 16] && !keys.is_empty() {
            keys.push(IndexKey::Amount(opened.amount.0));
        }
        let mut keys = keys.into_iter();
        keys.try_for_each(|key| self.nearest(tx, key, found))
    }

    /// The next settlements of its batch.
    pub(in crate::io::journal) fn settlements(
        &self,
        tx: TxId,
        opened: &Opened,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        if !matches!(
            opened.purpose,
            Purpose::Debit | Purpose::Void | Purpose::Refund
        ) {
            return Ok(());
        }
        let mut near = BTreeSet::new();
        let key = IndexKey::Settlement(&opened.terminal, &opened.batch);
        self.nearest(tx, key, &mut near)?;
        let behind = near.into_iter().filter(|other| *other > tx);
        found.extend(behind.take(SETTLEMENTS));
        Ok(())
    }

    /// Those that name it as their original, or as another attempt.
    pub(in crate::io::journal) fn referring(
        &self,
        tx: TxId,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        self.nearest(tx, IndexKey::Refers(tx), found)
    }

    /// Those that bear the reference number or the approval code of a message, but for reversals.
    pub(in crate::io::journal) fn of_slip(
        &self,
        tx: TxId,
        message: &Logged,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        if message.mti.class() == Class::Reversal {
            return Ok(());
        }
        let rrn = message.rrn.as_ref().map(|rrn| IndexKey::Rrn(rrn));
        let auth = message.auth.as_ref().map(|auth| IndexKey::Auth(auth));
        let mut keys = rrn.into_iter().chain(auth);
        keys.try_for_each(|key| self.nearest(tx, key, found))
    }

    /// Of a key the nearest on either side, whatever time lies between: clocks jump. It is looked
    /// from the run outwards in which the transaction began, until there are enough.
    fn nearest(&self, tx: TxId, key: IndexKey<'_>, found: &mut BTreeSet<TxId>) -> io::Result<()> {
        let began = tx.began();
        let own = self.runs.partition_point(|run| run.head.began.1 < began);
        let (before, behind) = self.runs.split_at(own.min(self.runs.len()));
        let mut near = Nearest::default();
        for run in behind {
            near.take(run, key, tx)?;
            if near.behind.len() >= NEAREST {
                break;
            }
        }
        for run in before.iter().rev() {
            if near.before.len() >= NEAREST {
                break;
            }
            near.take(run, key, tx)?;
        }
        found.extend(near.before.into_iter().rev().take(NEAREST));
        found.extend(near.behind.into_iter().take(NEAREST));
        Ok(())
    }
}

/// Others of a key, by the side of a transaction on which they are.
#[derive(Debug, Default)]
struct Nearest {
    before: BTreeSet<TxId>,
    behind: BTreeSet<TxId>,
}

impl Nearest {
    fn take(&mut self, run: &IndexRun, key: IndexKey<'_>, tx: TxId) -> io::Result<()> {
        let entries = run.entries(key.entry())?;
        for entry in around(run, entries, tx)? {
            let other = run.row(run.row_at(entry)?)?.tx;
            match other.cmp(&tx) {
                Ordering::Less => self.before.insert(other),
                Ordering::Greater => self.behind.insert(other),
                Ordering::Equal => false,
            };
        }
        Ok(())
    }
}

/// Of many entries those around the place that a transaction has, or would have.
fn around(run: &IndexRun, entries: Range<u64>, tx: TxId) -> io::Result<Range<u64>> {
    let Range { start, end } = entries;
    if end - start <= FEW {
        return Ok(entries);
    }
    let (mut low, mut high) = (start, end);
    while low < high {
        let middle = low.midpoint(high);
        if run.row(run.row_at(middle)?)?.tx < tx {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let reach = FEW / 2;
    Ok(start.max(low.saturating_sub(reach))..end.min(low + reach))
}
