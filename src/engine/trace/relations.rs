//! Which transactions a verdict may turn on beside its own, told from names alone.

use super::purchases::Purchases;
use crate::engine::record::{Fact, Identity, Opened, Record, TxId};
use crate::iso::message::Rrn;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Names remembered in each of two generations.
const NAMES: usize = 131_072;

/// What transactions that belong together may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SharedName {
    Own(Identity),
    /// DE 37 of the slip.
    Reference(Rrn),
}

/// A fold over the names of transactions: what belongs together.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations {
    purchases: Purchases,
    named: BTreeMap<SharedName, TxId>,
    named_before: BTreeMap<SharedName, TxId>,
    /// Attempts of one purchase, and transactions of one name.
    groups: Vec<Vec<TxId>>,
    /// The group that each is in.
    group_of: BTreeMap<TxId, usize>,
    /// By original all that refer to it.
    referring: BTreeMap<TxId, Vec<TxId>>,
}

impl Relations {
    /// Takes the time of the next record, and the numbers in it.
    pub(super) fn hear(&mut self, record: &Record) {
        self.purchases.hear(record);
        let Some((tx, Fact::Step(step))) = record.tx.map(|tx| (tx, &record.fact)) else {
            return;
        };
        let rrn = step.message.as_ref().and_then(|message| message.rrn);
        let of_number = rrn.and_then(|rrn| self.name(tx, SharedName::Reference(rrn)));
        for other in step.note.named().chain(of_number) {
            self.join(tx, other);
        }
    }

    /// Takes the names of the transaction that a record begins.
    pub(super) fn take(&mut self, tx: TxId, opened: &Opened, record: &Record) {
        let mut together = self.purchases.meet((tx, opened), record, |_| false).before;
        together.extend(opened.twin);
        let own = Some(opened.identity).filter(|identity| !identity.is_empty());
        together.extend(own.and_then(|own| self.name(tx, SharedName::Own(own))));
        for other in together {
            self.join(tx, other);
        }
        if let Some(original) = opened.original {
            self.referring.entry(original).or_default().push(tx);
        }
    }

    /// Both belong together, and all that belong to either.
    fn join(&mut self, one: TxId, other: TxId) {
        let [larger, smaller] = {
            let mut both = [self.group(one), self.group(other)];
            both.sort_unstable_by_key(|at| Reverse(self.groups.get(*at).map_or(0, Vec::len)));
            both
        };
        if larger == smaller {
            return;
        }
        let moved = self.groups.get_mut(smaller).map(std::mem::take);
        let moved = moved.unwrap_or_default();
        self.group_of.extend(moved.iter().map(|tx| (*tx, larger)));
        if let Some(group) = self.groups.get_mut(larger) {
            group.extend(moved);
        }
    }

    fn group(&mut self, tx: TxId) -> usize {
        let next = self.groups.len();
        let at = *self.group_of.entry(tx).or_insert(next);
        if at == next {
            self.groups.push(vec![tx]);
        }
        at
    }

    /// The one before of the same name.
    fn name(&mut self, tx: TxId, name: SharedName) -> Option<TxId> {
        if self.named.len() >= NAMES {
            self.named_before = std::mem::take(&mut self.named);
        }
        let before = self.named.insert(name, tx);
        let before = before.or_else(|| self.named_before.get(&name).copied());
        before.filter(|before| *before != tx)
    }

    /// All that belong to any of these, and are none of them.
    pub(super) fn of(&self, wanted: &BTreeSet<TxId>) -> BTreeSet<TxId> {
        let mut related = BTreeSet::new();
        let groups = wanted.iter().filter_map(|tx| self.group_of.get(tx));
        let groups: BTreeSet<usize> = groups.copied().collect();
        let groups = groups.into_iter().filter_map(|at| self.groups.get(at));
        related.extend(groups.flatten());
        for (original, referring) in &self.referring {
            if wanted.contains(original) || referring.iter().any(|tx| wanted.contains(tx)) {
                related.insert(*original);
                related.extend(referring);
            }
        }
        related.retain(|tx| !wanted.contains(tx));
        related
    }
}
