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

/// What is looked for as relatives of some transactions: by which keys, and how many on either
/// side.
///
/// They are looked up together, in the order of the index: one page of it holds many keys.
#[derive(Debug, Default)]
pub struct Relatives(Vec<RelativeKey>);

/// A key under which relatives of a transaction stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RelativeKey {
    entry: u64,
    tx: TxId,
    /// Of those that began before it, so many.
    before: usize,
    /// Of those that began behind it.
    behind: usize,
}

impl Relatives {
    /// Transactions of the same name: of each key the nearest before and behind, since a test card
    /// may have bought the same thing ten thousand times.
    pub fn of_name(&mut self, tx: TxId, opened: &Opened) {
        if !opened.identity.is_empty() {
            self.nearest(tx, IndexKey::Identity(&opened.identity));
        }
    }

    /// All of a transaction: of its name, other attempts of its purchase, and what may be a part of
    /// it, those that refer to it, and the next settlements of its batch.
    pub fn all_of(&mut self, tx: TxId, opened: &Opened) {
        self.of_name(tx, opened);
        self.attempts(tx, opened);
        self.settlements(tx, opened);
        self.referring(tx);
    }

    /// Of one that refers to another: those that refer to it, and the next settlements of its
    /// batch.
    pub fn of_part(&mut self, tx: TxId, opened: &Opened) {
        self.settlements(tx, opened);
        self.referring(tx);
    }

    /// Those that name it as their original, or as another attempt.
    fn referring(&mut self, tx: TxId) {
        self.nearest(tx, IndexKey::Refers(tx));
    }

    /// Those that bear the reference number or the approval code of a message of a transaction,
    /// but for reversals: the slip of a sale bears both, and what refers to the sale may name it by
    /// them alone.
    pub fn of_slip(&mut self, tx: TxId, message: &Logged) {
        if message.mti.class() == Class::Reversal {
            return;
        }
        let rrn = message.rrn.as_ref().map(|rrn| IndexKey::Rrn(rrn));
        let auth = message.auth.as_ref().map(|auth| IndexKey::Auth(auth));
        for key in rrn.into_iter().chain(auth) {
            self.nearest(tx, key);
        }
    }

    fn attempts(&mut self, tx: TxId, opened: &Opened) {
        let mut has_card = false;
        for card in CardKey::all(opened) {
            has_card = true;
            self.nearest(tx, IndexKey::Nameless(card));
            self.nearest(tx, IndexKey::Purchase(card, opened.amount.0, ""));
            // A message that names no merchant may be of any.
            if opened.merchant.trim().is_empty() || is_nameless(opened) {
                self.nearest(tx, IndexKey::Card(card));
                self.nearest(tx, IndexKey::Amount(opened.amount.0));
            }
            self.nearest(
                tx,
                IndexKey::Purchase(card, opened.amount.0, &opened.merchant),
            );
        }
        // Others of its card may be known by a hash that it lacks.
        if opened.card_hash == [0; 16] && has_card {
            self.nearest(tx, IndexKey::Amount(opened.amount.0));
        }
    }

    fn settlements(&mut self, tx: TxId, opened: &Opened) {
        let purposes = [
            Purpose::Debit,
            Purpose::Void,
            Purpose::Refund,
            Purpose::Reversal,
        ];
        if purposes.contains(&opened.purpose) {
            self.0.push(RelativeKey {
                entry: IndexKey::Settlement(&opened.terminal, &opened.batch).entry(),
                tx,
                before: 0,
                behind: SETTLEMENTS,
            });
        }
    }

    fn nearest(&mut self, tx: TxId, key: IndexKey<'_>) {
        self.0.push(RelativeKey {
            entry: key.entry(),
            tx,
            before: NEAREST,
            behind: NEAREST,
        });
    }
}

impl Lookup {
    /// Of each key the nearest on either side, whatever time lies between: clocks jump. It is
    /// looked from the run outwards in which the transaction began, until there are enough.
    pub(in crate::io::journal) fn relatives(
        &self,
        wanted: Relatives,
        found: &mut BTreeSet<TxId>,
    ) -> io::Result<()> {
        let Relatives(mut wanted) = wanted;
        wanted.sort_unstable();
        wanted.dedup();
        let of = |key: RelativeKey| Nearest {
            key,
            own: (self.runs).partition_point(|run| run.head.began.1 < key.tx.began()),
            before: BTreeSet::new(),
            behind: BTreeSet::new(),
        };
        let mut all: Vec<Nearest> = wanted.into_iter().map(of).collect();
        for (at, run) in self.runs.iter().enumerate() {
            let lacking = |near: &&mut Nearest| near.own <= at && near.lacks_behind();
            all.iter_mut()
                .filter(lacking)
                .try_for_each(|near| near.take(run))?;
        }
        for (at, run) in self.runs.iter().enumerate().rev() {
            let lacking = |near: &&mut Nearest| near.own > at && near.lacks_before();
            all.iter_mut()
                .filter(lacking)
                .try_for_each(|near| near.take(run))?;
        }
        for near in all {
            let RelativeKey { before, behind, .. } = near.key;
            found.extend(near.before.into_iter().rev().take(before));
            found.extend(near.behind.into_iter().take(behind));
        }
        Ok(())
    }
}

/// Others of a key, by the side of a transaction on which they are.
#[derive(Debug)]
struct Nearest {
    key: RelativeKey,
    /// The run in which the transaction began.
    own: usize,
    before: BTreeSet<TxId>,
    behind: BTreeSet<TxId>,
}

impl Nearest {
    fn lacks_before(&self) -> bool {
        self.before.len() < self.key.before
    }

    fn lacks_behind(&self) -> bool {
        self.behind.len() < self.key.behind
    }

    fn take(&mut self, run: &IndexRun) -> io::Result<()> {
        let tx = self.key.tx;
        let entries = run.entries(self.key.entry)?;
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
