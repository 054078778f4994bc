//! Transactions of one purchase: same card, amount and merchant, moments apart (D0); and voids,
//! refunds and completions of that card and merchant that name no original, whatever their amount;
//! and reversals of that card and amount.

use crate::engine::record::{Fact, Opened, Record, TxId};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, MerchantId, Text};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::time::Duration;

/// How far apart two neighbouring attempts of one purchase may be.
const APART: Duration = Duration::from_secs(300);
/// A step of the wall clock from which on it may be a jump: an hour of silence looks the same.
const JUMP: Duration = Duration::from_secs(3600);
/// Attempts of one purchase and purpose that are remembered, if they may hold money or still move.
const LINKED: usize = 8;
/// Amounts of one card remembered before old ones are forgotten.
const AMOUNTS: usize = 64;
/// Cards remembered before old ones are forgotten.
const REMEMBERED: usize = 65_536;

/// A name of a card. One is not known without the keys, the other is not always read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Card {
    /// As people see it.
    Masked(Text<19>),
    Hashed([u8; 16]),
}

/// The newest purchases, told from the names of transactions alone: a restart between two attempts
/// makes no difference, nor does a card whose hash is not known, nor a wall clock that jumps: doubt
/// links two attempts.
#[derive(Clone, Debug, Default)]
pub(super) struct Purchases {
    /// The time that passed, jumps left out, and the label that it was read from.
    clock: Wall,
    label: Wall,
    recent: BTreeMap<Card, CardsAttempts>,
}

/// The attempts of one card.
#[derive(Clone, Debug, Default)]
struct CardsAttempts {
    by_amount: BTreeMap<Amount, Vec<Attempts>>,
    /// Those that name no original, of any amount.
    nameless: Vec<Attempt>,
}

/// The attempts of one card, amount, merchant and purpose.
#[derive(Clone, Debug)]
struct Attempts {
    merchant: MerchantId,
    purpose: Purpose,
    card_hash: [u8; 16],
    remembered: Vec<Attempt>,
    /// Whether one was forgotten that may hold money.
    crowded: bool,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    tx: TxId,
    merchant: MerchantId,
    purpose: Purpose,
    /// Zero if it is not known.
    card_hash: [u8; 16],
    /// Whether it gives back or completes, and names no original.
    nameless: bool,
    began: Wall,
    /// When the newest began that it was linked with: attempts that follow each other are one
    /// purchase.
    followed: Wall,
}

/// What an attempt met.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    /// Those before it, oldest first.
    pub(super) before: Vec<TxId>,
    /// Whether there were more than are remembered, one of which may hold money.
    pub(super) crowded: bool,
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

    /// Takes the attempt that a record begins. Of many attempts those are forgotten first that
    /// `took_nothing`.
    pub(super) fn meet(
        &mut self,
        (tx, opened): (TxId, &Opened),
        record: &Record,
        took_nothing: impl Fn(TxId) -> bool,
    ) -> Met {
        let reversal = opened.purpose == Purpose::Reversal && opened.original.is_none();
        if !opened.purpose.moves_money() && !reversal {
            return Met::default();
        }
        let began = match record.fact {
            // A checkpoint tells of it later; its id begins with milliseconds.
            Fact::Carried(_) => self.moment_of(began(tx)),
            _ => self.clock,
        };
        if self.recent.len() > REMEMBERED {
            let near = |known: &Vec<Attempts>| is_near(known, began);
            self.recent
                .retain(|_, known| known.by_amount.values().any(near));
        }
        let attempt = Attempt {
            tx,
            merchant: opened.merchant,
            purpose: opened.purpose,
            card_hash: opened.card_hash,
            nameless: opened.original.is_none() && may_be_of_any_amount(opened),
            began,
            followed: began,
        };
        let mut met = Met::default();
        for card in names(opened) {
            let known = self.recent.entry(card).or_default();
            known.take(attempt, opened.amount, &took_nothing, &mut met);
        }
        met.before.sort_unstable();
        met.before.dedup();
        met
    }

    /// The moment of a label from before the newest record.
    const fn moment_of(&self, label: Wall) -> Wall {
        let before = self.label.0.saturating_sub(label.0);
        Wall(self.clock.0.saturating_sub(before))
    }
}

/// The names of a transaction's card.
fn names(opened: &Opened) -> impl Iterator<Item = Card> {
    let masked = Some(Card::Masked(opened.card)).filter(|_| !opened.card.is_empty());
    let hashed = Some(Card::Hashed(opened.card_hash)).filter(|_| opened.card_hash != [0; 16]);
    masked.into_iter().chain(hashed)
}

/// Whether it refers to another transaction, of which it may be a part only.
fn may_be_of_any_amount(opened: &Opened) -> bool {
    let completes = opened.purpose == Purpose::Debit && opened.kind.contains("completion");
    completes || matches!(opened.purpose, Purpose::Void | Purpose::Refund)
}

impl CardsAttempts {
    fn take(
        &mut self,
        attempt: Attempt,
        amount: Amount,
        took_nothing: &impl Fn(TxId) -> bool,
        met: &mut Met,
    ) {
        if self.knows(attempt.tx) {
            return;
        }
        if self.by_amount.len() > AMOUNTS {
            self.by_amount
                .retain(|_, known| is_near(known, attempt.began));
        }
        for known in self.by_amount.entry(amount).or_default() {
            met.crowded |= known.crowded && known.fits(&attempt);
            met.take(attempt, &mut known.remembered);
        }
        self.meet_other_amounts(attempt, amount, met);
        if attempt.nameless {
            self.nameless.push(attempt);
            let most = self.nameless.len().saturating_sub(LINKED);
            self.nameless.drain(..most);
        }
        let same = self.by_amount.entry(amount).or_default();
        same.retain(|known| known.is_near(attempt.began));
        let own = same.iter_mut().find(|known| {
            known.merchant == attempt.merchant
                && known.purpose == attempt.purpose
                && known.card_hash == attempt.card_hash
        });
        match own {
            Some(known) => known.add(attempt, took_nothing),
            None => same.push(Attempts::of(attempt)),
        }
    }

    /// One that names no original may be of a part of another.
    fn meet_other_amounts(&mut self, attempt: Attempt, amount: Amount, met: &mut Met) {
        let apart = |one: &Attempt| one.purpose != attempt.purpose;
        let mut others: Vec<&mut Attempt> = if attempt.nameless {
            let others = self.by_amount.iter_mut().filter(|(of, _)| **of != amount);
            let others = others.flat_map(|(_, known)| known);
            others.flat_map(|known| &mut known.remembered).collect()
        } else {
            self.nameless.iter_mut().collect()
        };
        others.retain(|one| apart(one));
        others.sort_unstable_by_key(|one| one.tx);
        let newest = others.into_iter().rev().take(LINKED);
        newest.for_each(|one| met.take(attempt, std::slice::from_mut(one)));
    }

    fn knows(&self, tx: TxId) -> bool {
        let mut all = self.by_amount.values().flatten();
        all.any(|known| known.remembered.iter().any(|one| one.tx == tx))
    }
}

fn is_near(known: &[Attempts], moment: Wall) -> bool {
    known.iter().any(|known| known.is_near(moment))
}

impl Attempts {
    fn of(attempt: Attempt) -> Self {
        Self {
            merchant: attempt.merchant,
            purpose: attempt.purpose,
            card_hash: attempt.card_hash,
            remembered: vec![attempt],
            crowded: false,
        }
    }

    /// One more; if there are too many, the oldest that took nothing goes, else the oldest.
    fn add(&mut self, attempt: Attempt, took_nothing: &impl Fn(TxId) -> bool) {
        if self.remembered.len() >= LINKED {
            let harmless = self.remembered.iter().position(|one| took_nothing(one.tx));
            self.crowded |= harmless.is_none();
            self.remembered.remove(harmless.unwrap_or_default());
        }
        self.remembered.push(attempt);
    }

    fn fits(&self, attempt: &Attempt) -> bool {
        self.purpose == attempt.purpose
            && is_same_merchant(self.merchant, attempt.merchant)
            && is_same_card(self.card_hash, attempt.card_hash)
    }

    fn is_near(&self, moment: Wall) -> bool {
        self.remembered.iter().any(|one| one.is_near(moment))
    }
}

impl Met {
    /// Links an attempt with those known ones that may be of its purchase.
    fn take(&mut self, attempt: Attempt, known: &mut [Attempt]) {
        let linked = known.iter_mut().filter(|one| one.fits(&attempt));
        for one in linked {
            one.followed = Wall(one.followed.0.max(attempt.began.0));
            self.before.push(one.tx);
        }
    }
}

impl Attempt {
    fn is_near(&self, moment: Wall) -> bool {
        self.began - moment <= APART && moment - self.followed <= APART
    }

    /// Whether both may be of one purchase.
    fn fits(&self, other: &Self) -> bool {
        let reversals = [self, other].map(|one| one.purpose == Purpose::Reversal);
        is_same_merchant(self.merchant, other.merchant)
            && is_same_card(self.card_hash, other.card_hash)
            && reversals != [true, true]
            && self.is_near(other.began)
    }
}

/// Whether both are of one merchant, as far as they name one.
fn is_same_merchant(one: MerchantId, other: MerchantId) -> bool {
    let blank = |merchant: MerchantId| merchant.trim().is_empty();
    one == other || blank(one) || blank(other)
}

/// Whether both are of one card, as far as its hash is known.
fn is_same_card(one: [u8; 16], other: [u8; 16]) -> bool {
    let unknown = [0; 16];
    one == other || one == unknown || other == unknown
}

/// When a transaction began, by its id.
fn began(tx: TxId) -> Wall {
    let millis = i64::try_from(tx.0 >> 80).unwrap_or(i64::MAX);
    Wall(millis.saturating_mul(1000))
}
