//! Transactions of one purchase: same card, amount and merchant, moments apart (D0).

use crate::engine::record::{Opened, TxId};
use crate::iso::message::{Amount, MerchantId};
use std::collections::BTreeMap;

/// How far apart two neighbouring attempts of one purchase may be, in milliseconds.
const APART: u128 = 300_000;
/// Attempts of one purchase that are linked with one another.
const LINKED: usize = 8;
/// Purchases remembered before old ones are forgotten.
const REMEMBERED: usize = 65_536;

/// What two attempts of one purchase have in common.
type Common = ([u8; 16], Amount, MerchantId);

/// The newest purchases, told from the names of transactions alone: a restart between two attempts
/// makes no difference.
#[derive(Clone, Debug, Default)]
pub(super) struct Purchases {
    recent: BTreeMap<Common, Vec<TxId>>,
}

impl Purchases {
    /// Takes the next attempt; those before it, oldest first.
    pub(super) fn meet(&mut self, tx: TxId, opened: &Opened) -> Vec<TxId> {
        if !opened.purpose.moves_money() || opened.card_hash == [0; 16] {
            return Vec::new();
        }
        if self.recent.len() > REMEMBERED {
            let near =
                |known: &Vec<TxId>| known.last().is_some_and(|last| apart(*last, tx) <= APART);
            self.recent.retain(|_, known| near(known));
        }
        let common = (opened.card_hash, opened.amount, opened.merchant);
        let known = self.recent.entry(common).or_default();
        if known.contains(&tx) {
            return Vec::new();
        }
        if let Some(last) = known.last()
            && apart(*last, tx) > APART
        {
            if tx < *last {
                return Vec::new();
            }
            known.clear();
        }
        let before = known.clone();
        if known.len() >= LINKED {
            known.remove(0);
        }
        known.push(tx);
        before
    }
}

/// Milliseconds between the beginnings of two transactions, which their ids begin with.
const fn apart(one: TxId, other: TxId) -> u128 {
    (one.0 >> 80).abs_diff(other.0 >> 80)
}
