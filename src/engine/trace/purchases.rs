//! Transactions of one purchase: same card, amount and merchant, moments apart (D0); and voids and
//! refunds of that card and merchant that name no original, whatever their amount; and reversals
//! of that card and amount.

use crate::engine::record::{Fact, Opened, Record, TxId};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, MerchantId};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::time::Duration;

/// How far apart two neighbouring attempts of one purchase may be.
const APART: Duration = Duration::from_secs(300);
/// A step of the wall clock from which on it counts as a jump.
const JUMP: Duration = Duration::from_secs(24 * 3600);
/// Attempts of one card that are remembered.
const LINKED: usize = 8;
/// Cards remembered before old ones are forgotten.
const REMEMBERED: usize = 65_536;

/// The newest purchases, told from the names of transactions alone: a restart between two attempts
/// makes no difference, nor does a wall clock that jumps: doubt links two attempts.
#[derive(Clone, Debug, Default)]
pub(super) struct Purchases {
    /// The time that passed, jumps left out, and the label that it was read from.
    clock: Wall,
    label: Wall,
    recent: BTreeMap<[u8; 16], Vec<Attempt>>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    tx: TxId,
    merchant: MerchantId,
    amount: Amount,
    purpose: Purpose,
    /// Whether it gives back, and names no original.
    nameless: bool,
    began: Wall,
}

impl Purchases {
    /// Takes the time of the next record, whatever that tells.
    pub(super) fn hear(&mut self, record: &Record) {
        let step = record.at - self.label;
        if step < JUMP {
            self.clock = self.clock + step;
        }
        self.label = record.at;
    }

    /// Takes the attempt that a record begins; those before it, oldest first.
    pub(super) fn meet(&mut self, tx: TxId, opened: &Opened, record: &Record) -> Vec<TxId> {
        let reversal = opened.purpose == Purpose::Reversal && opened.original.is_none();
        if !opened.purpose.moves_money() && !reversal || opened.card_hash == [0; 16] {
            return Vec::new();
        }
        let began = match record.fact {
            // A checkpoint tells of it later; its id begins with milliseconds.
            Fact::Carried(_) => self.moment_of(began(tx)),
            _ => self.clock,
        };
        if self.recent.len() > REMEMBERED {
            let near = |known: &Vec<Attempt>| known.iter().any(|one| one.is_near(began));
            self.recent.retain(|_, known| near(known));
        }
        let attempt = Attempt {
            tx,
            merchant: opened.merchant,
            amount: opened.amount,
            purpose: opened.purpose,
            nameless: opened.original.is_none()
                && matches!(opened.purpose, Purpose::Void | Purpose::Refund),
            began,
        };
        let known = self.recent.entry(opened.card_hash).or_default();
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

    /// The moment of a label from before the newest record.
    const fn moment_of(&self, label: Wall) -> Wall {
        let before = self.label.0.saturating_sub(label.0);
        Wall(self.clock.0.saturating_sub(before))
    }
}

impl Attempt {
    fn is_near(&self, moment: Wall) -> bool {
        self.began - moment <= APART && moment - self.began <= APART
    }

    /// Whether both may be of one purchase.
    fn fits(&self, other: &Self) -> bool {
        let blank = |merchant: MerchantId| merchant.trim().is_empty();
        let sold = self.merchant == other.merchant || blank(self.merchant) || blank(other.merchant);
        let nameless = self.nameless || other.nameless;
        let reversals = [self, other].map(|one| one.purpose == Purpose::Reversal);
        let apart = reversals == [true, true];
        sold && !apart && (self.amount == other.amount || nameless && self.purpose != other.purpose)
    }

    /// Those that it follows, or that follow each other up to it.
    fn neighbours(&self, known: &[Self]) -> Vec<TxId> {
        let mut chain = vec![*self];
        let mut left: Vec<&Self> = known.iter().filter(|one| self.fits(one)).collect();
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
