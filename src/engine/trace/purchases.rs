//! Transactions of one purchase: same card, amount and merchant, moments apart (D0).

use crate::engine::record::{Fact, Opened, Record, TxId};
use crate::engine::seam::{Steady, Wall};
use crate::iso::message::{Amount, MerchantId};
use std::collections::BTreeMap;
use std::time::Duration;

/// How far apart two neighbouring attempts of one purchase may be.
const APART: Duration = Duration::from_secs(300);
/// Attempts of one card and amount that are remembered.
const LINKED: usize = 8;
/// Cards and amounts remembered before old ones are forgotten.
const REMEMBERED: usize = 65_536;

/// What two attempts of one purchase have in common; and the merchant, where both name one.
type Common = ([u8; 16], Amount);

/// The newest purchases, told from the names of transactions alone: a restart between two attempts
/// makes no difference, nor does a wall clock that is set back.
#[derive(Clone, Debug, Default)]
pub(super) struct Purchases {
    clock: Steady,
    recent: BTreeMap<Common, Vec<Attempt>>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    tx: TxId,
    merchant: MerchantId,
    began: Wall,
}

impl Purchases {
    /// Takes the time of the next record, whatever that tells.
    pub(super) fn hear(&mut self, record: &Record) {
        self.clock.read(record.at);
    }

    /// Takes the attempt that a record begins; those before it, oldest first.
    pub(super) fn meet(&mut self, tx: TxId, opened: &Opened, record: &Record) -> Vec<TxId> {
        if !opened.purpose.moves_money() || opened.card_hash == [0; 16] {
            return Vec::new();
        }
        let began = match record.fact {
            // A checkpoint tells of it later; its id begins with milliseconds.
            Fact::Carried(_) => self.clock.moment_of(began(tx)),
            _ => self.clock.moment_of(record.at),
        };
        if self.recent.len() > REMEMBERED {
            let near = |known: &Vec<Attempt>| known.iter().any(|one| one.is_near(began));
            self.recent.retain(|_, known| near(known));
        }
        let attempt = Attempt {
            tx,
            merchant: opened.merchant,
            began,
        };
        let known = self.recent.entry((opened.card_hash, opened.amount));
        let known = known.or_default();
        if known.iter().any(|one| one.tx == tx) {
            return Vec::new();
        }
        let before = attempt.neighbours(known);
        if known.len() >= LINKED {
            known.remove(0);
        }
        known.push(attempt);
        before
    }
}

impl Attempt {
    fn is_near(&self, moment: Wall) -> bool {
        self.began - moment <= APART && moment - self.began <= APART
    }

    /// Those that it follows, or that follow each other up to it.
    fn neighbours(&self, known: &[Self]) -> Vec<TxId> {
        let blank = |merchant: MerchantId| merchant.trim().is_empty();
        let fits = |one: &&Self| {
            one.merchant == self.merchant || blank(one.merchant) || blank(self.merchant)
        };
        let mut chain = vec![*self];
        let mut left: Vec<&Self> = known.iter().filter(fits).collect();
        while let Some(at) = left
            .iter()
            .position(|one| chain.iter().any(|linked| linked.is_near(one.began)))
        {
            chain.push(*left.remove(at));
        }
        let linked = |one: &&Self| one.tx != self.tx && chain.iter().any(|c| c.tx == one.tx);
        known.iter().filter(linked).map(|one| one.tx).collect()
    }
}

/// When a transaction began, by its id.
fn began(tx: TxId) -> Wall {
    let millis = i64::try_from(tx.0 >> 80).unwrap_or(i64::MAX);
    Wall(millis.saturating_mul(1000))
}
