//! Which transactions a verdict may turn on beside its own, told from names alone.

use super::purchases::Purchases;
use crate::engine::record::{Identity, Opened, Record, TxId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Names remembered in each of two generations.
const NAMES: usize = 131_072;

/// A fold over the names of transactions: what belongs together.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations {
    purchases: Purchases,
    named: BTreeMap<Identity, TxId>,
    named_before: BTreeMap<Identity, TxId>,
    /// Attempts of one purchase, and transactions of one name.
    groups: Vec<Vec<TxId>>,
    /// The group that each is in.
    group_of: BTreeMap<TxId, usize>,
    /// By original all that refer to it.
    referring: BTreeMap<TxId, Vec<TxId>>,
}

impl Relations {
    /// Takes the time of the next record.
    pub(super) fn hear(&mut self, record: &Record) {
        self.purchases.hear(record);
    }

    /// Takes the names of the transaction that a record begins.
    pub(super) fn take(&mut self, tx: TxId, opened: &Opened, record: &Record) {
        let mut together = self.purchases.meet((tx, opened), record, |_| false).before;
        together.extend(opened.twin);
        together.extend(self.name(tx, opened.identity));
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
    fn name(&mut self, tx: TxId, identity: Identity) -> Option<TxId> {
        if identity.is_empty() {
            return None;
        }
        if self.named.len() >= NAMES {
            self.named_before = std::mem::take(&mut self.named);
        }
        let before = self.named.insert(identity, tx);
        let before = before.or_else(|| self.named_before.get(&identity).copied());
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
