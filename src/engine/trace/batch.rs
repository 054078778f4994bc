//! What a journal counts of a batch that a terminal settles, and what that tells of a transaction
//! in it: whether both ends counted it, though the messages about it said otherwise, or left open
//! whether its terminal had heard of it.

use super::retry::Retry;
use super::story::Story;
use crate::engine::record::{HostBalance, Opened, Seq, SettlementTotals, State, TxId};
use crate::iso::message::Text;
use crate::iso::spec::Purpose;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a journal counts of the batches of settlements.
pub type BatchCounts = BTreeMap<TxId, Arc<BatchCount>>;

/// So many transactions of a batch are known one by one; of a larger one only the sums.
const KNOWN: usize = 2_000;

/// So many steps are made to find what makes a difference.
const STEPS: u32 = 20_000;

/// A transaction of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BatchPart {
    tx: TxId,
    amount: u64,
    is_credit: bool,
    /// Whether it stands by all that is known of it.
    stands: bool,
}

/// Whether a settlement counts a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counted {
    /// Its totals are right without it.
    No,
    /// They do not tell.
    Perhaps,
    /// They are right only with it.
    Surely,
}

/// What a journal counts of a batch, from the settlement before that was in balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchCount {
    /// What stood when the settlement was asked for.
    pub totals: SettlementTotals,
    /// Its currency.
    pub currency: Text<3>,
    counted: Vec<BatchPart>,
    /// What did not stand then, though a terminal may count it.
    uncounted: Vec<BatchPart>,
    /// Whether the journal has all of it, and it is known how a terminal counts each.
    pub is_comparable: bool,
    /// The totals of the settlement before.
    before: Option<SettlementTotals>,
}

/// What makes the difference of debits or of credits: what is in each set of transactions that
/// would explain it, and what is in any. Both are empty where there is no difference.
#[derive(Debug, Default)]
struct Explained {
    always: BTreeSet<TxId>,
    perhaps: BTreeSet<TxId>,
}

impl BatchCount {
    /// What the stories of a terminal tell of a settlement's batch; `whole` if they are all that
    /// there were before it.
    #[must_use]
    pub fn of<'s>(
        settlement: &Story,
        stories: impl Iterator<Item = &'s Story> + Clone,
        whole: bool,
    ) -> Option<Self> {
        let (first, opened) = settlement.first().zip(settlement.opened.as_ref())?;
        let of_batch = stories.filter_map(|story| {
            let (began, own) = story.first().zip(story.opened.as_ref())?;
            let same = own.merchant == opened.merchant
                && own.terminal == opened.terminal
                && own.batch == opened.batch;
            (same && began < first).then_some((began, story, &**own))
        });
        let ended = of_batch.clone().filter(|(_, story, _)| story.ends_batch());
        let before = ended.max_by_key(|(began, ..)| *began);
        let since = before.as_ref().map(|(began, ..)| *began);
        let told = before.and_then(|(_, story, _)| story.settlement.as_ref()?.totals);
        let mut count = Self {
            currency: opened.currency,
            is_comparable: whole || since.is_some(),
            before: told,
            ..Self::default()
        };
        for (began, story, opened) in of_batch {
            match since.filter(|since| began < *since) {
                // Under way as the batch before was settled: that, or this one, counts it.
                Some(since) if !stood_before(story, since) && stands(story.state) => {
                    count.take(story, opened, None);
                }
                Some(_) => {}
                None => count.take(story, opened, Some(first)),
            }
        }
        Some(count)
    }

    /// Takes a transaction, as it stood before the settlement, if it was in this batch then.
    fn take(&mut self, story: &Story, opened: &Opened, settled: Option<Seq>) {
        let amount = story.granted.unwrap_or(opened.amount).0;
        let is_credit = match opened.purpose {
            _ if amount == 0 => return,
            Purpose::Debit => false,
            Purpose::Refund => true,
            // A released hold was counted nowhere.
            Purpose::Void if !opened.kind.contains("preauth") => true,
            Purpose::Advice => {
                self.is_comparable = false;
                return;
            }
            _ => return,
        };
        if self.currency.is_empty() {
            // Where a settlement names none, it is that of what it counts.
            self.currency = opened.currency;
        }
        self.is_comparable &= opened.currency == self.currency && !story.taken_back_in_part;
        let part = BatchPart {
            tx: story.tx,
            amount,
            is_credit,
            stands: stands(story.state),
        };
        if !settled.is_some_and(|settled| stood_before(story, settled)) {
            return keep(&mut self.uncounted, part);
        }
        let own = &mut self.totals;
        let (count, sum) = match is_credit {
            true => (&mut own.credits, &mut own.credit_sum),
            false => (&mut own.debits, &mut own.debit_sum),
        };
        *count = count.saturating_add(1);
        sum.0 = sum.0.saturating_add(amount);
        keep(&mut self.counted, part);
    }

    /// Whether totals are those of this journal, give or take what was under way when they were
    /// added up and came to a good end.
    #[must_use]
    pub fn agrees(&self, told: &SettlementTotals) -> bool {
        [false, true].into_iter().all(|is_credit| {
            let (count, sum) = self.more(told, is_credit);
            let under_way = |part: &&BatchPart| part.is_credit == is_credit && part.stands;
            (count, sum) == (0, 0)
                || self.uncounted.len() < KNOWN
                    && chosen(self.uncounted.iter().filter(under_way), count, sum).is_some()
        })
    }

    /// Whether a settlement asks once more what was in balance before, with nothing between.
    #[must_use]
    pub fn is_repeat(&self, told: &SettlementTotals) -> bool {
        self.counted.is_empty() && self.before.as_ref() == Some(told)
    }

    /// The transaction that alone makes the difference, if there is one and no other.
    #[must_use]
    pub fn differing(&self, told: &SettlementTotals) -> Option<TxId> {
        let sides = [false, true].map(|is_credit| self.explained(told, is_credit));
        let [debits, credits] = sides;
        let mut all = debits?.only()?;
        all.append(&mut credits?.only()?);
        all.pop_first().filter(|_| all.is_empty())
    }

    /// What was counted, and does not stand any more.
    pub fn undone(&self) -> impl Iterator<Item = TxId> + '_ {
        let undone = self.counted.iter().filter(|part| !part.stands);
        undone.map(|part| part.tx)
    }

    /// Whether totals that both ends agree on count a transaction.
    fn counts(&self, told: &SettlementTotals, tx: TxId) -> Counted {
        let of = |part: &&BatchPart| part.tx == tx;
        let stood = self.counted.iter().find(of);
        let Some(part) = stood.or_else(|| self.uncounted.iter().find(of)) else {
            return Counted::Perhaps;
        };
        let explained = self.explained(told, part.is_credit);
        let Some(explained) = explained.filter(|_| self.is_comparable) else {
            return Counted::Perhaps;
        };
        let changed = explained.always.contains(&tx);
        match explained.perhaps.contains(&tx) {
            true if !changed => Counted::Perhaps,
            _ if stood.is_some() == changed => Counted::No,
            _ => Counted::Surely,
        }
    }

    /// What would explain how totals differ; `None` where nothing that is known does.
    fn explained(&self, told: &SettlementTotals, is_credit: bool) -> Option<Explained> {
        let (count, sum) = self.more(told, is_credit);
        let from = match count > 0 {
            true => &self.uncounted,
            false => &self.counted,
        };
        let side = from.iter().filter(|part| part.is_credit == is_credit);
        match (count, sum) {
            (0, 0) => Some(Explained::default()),
            (1.., 1..) | (..=-1, ..=-1) if from.len() < KNOWN => {
                chosen(side, count.abs(), sum.abs())
            }
            _ => None,
        }
    }

    /// How many more, and how much more, totals have than this journal.
    fn more(&self, told: &SettlementTotals, is_credit: bool) -> (i128, i128) {
        let of = |totals: &SettlementTotals| match is_credit {
            true => (i128::from(totals.credits), i128::from(totals.credit_sum.0)),
            false => (i128::from(totals.debits), i128::from(totals.debit_sum.0)),
        };
        let (told, own) = (of(told), of(&self.totals));
        (told.0 - own.0, told.1 - own.1)
    }
}

impl Explained {
    /// What explains it, if only one set does.
    fn only(self) -> Option<BTreeSet<TxId>> {
        (self.always == self.perhaps).then_some(self.always)
    }
}

/// Looks for sets of transactions.
struct Choice<'p> {
    parts: Vec<&'p BatchPart>,
    steps: u32,
    taken: Vec<TxId>,
    found: Option<Explained>,
}

impl Choice<'_> {
    fn look(&mut self, from: usize, count: i128, sum: i128) {
        self.steps += 1;
        if count == 0 && sum == 0 {
            let taken: BTreeSet<TxId> = self.taken.iter().copied().collect();
            let found = self.found.get_or_insert_with(|| Explained {
                always: taken.clone(),
                perhaps: BTreeSet::new(),
            });
            found.always.retain(|tx| taken.contains(tx));
            found.perhaps.extend(taken);
        }
        for at in from..self.parts.len() {
            let Some(part) = self.parts.get(at).copied() else {
                return;
            };
            let left = sum - i128::from(part.amount);
            if count <= 0 || self.steps > STEPS {
                return;
            }
            if left >= 0 {
                self.taken.push(part.tx);
                self.look(at + 1, count - 1, left);
                self.taken.pop();
            }
        }
    }
}

/// The sets of so many transactions that have this sum; `None` if there is none, or it takes too
/// long to tell.
fn chosen<'p>(
    parts: impl Iterator<Item = &'p BatchPart>,
    count: i128,
    sum: i128,
) -> Option<Explained> {
    let mut choice = Choice {
        parts: parts.collect(),
        steps: 0,
        taken: Vec::new(),
        found: None,
    };
    if count > i128::try_from(choice.parts.len()).unwrap_or(0) {
        return None;
    }
    choice.look(0, count, sum);
    choice.found.filter(|_| choice.steps <= STEPS)
}

impl Story {
    fn first(&self) -> Option<Seq> {
        self.moments.first().map(|moment| moment.seq)
    }

    /// Whether its verdict turns on the settlements of its batch: what was undone, declined, or not
    /// proven to have been delivered may be counted there all the same.
    pub(super) fn turns_on_settlements(&self) -> bool {
        Retry::of(self) == Retry::Yes || self.state == State::DeliveryUnproven
    }

    /// Whether it is a settlement with which its batch is over: in balance, and its terminal was
    /// told so.
    pub(super) fn ends_batch(&self) -> bool {
        let host = self.settlement.as_ref().map(|settlement| settlement.host);
        let told = matches!(self.state, State::Delivered | State::Confirmed);
        told && host == Some(HostBalance::Balanced)
    }

    /// Whether its approval stood when a settlement was asked for.
    pub(super) fn stood_at(&self, settlement: &Self) -> bool {
        let settled = settlement.first();
        settled.is_some_and(|settled| stood_before(self, settled))
    }

    /// Whether a settlement in balance counts it. Without both totals that of what stood is not
    /// told, and nothing speaks for the rest.
    pub(super) fn counted_by(&self, settlement: &Self) -> Counted {
        let told = settlement.settlement.as_ref();
        let Some(told) = told.filter(|told| told.host == HostBalance::Balanced) else {
            return Counted::No;
        };
        match (told.totals, &told.own) {
            (Some(totals), Some(own)) => own.counts(&totals, self.tx),
            _ if self.stood_at(settlement) => Counted::Perhaps,
            _ => Counted::No,
        }
    }
}

fn keep(known: &mut Vec<BatchPart>, part: BatchPart) {
    if known.len() < KNOWN {
        known.push(part);
    }
}

fn stood_before(story: &Story, settled: Seq) -> bool {
    let mut then = story.moments.iter().rev();
    let then = then.find(|moment| moment.seq < settled);
    then.is_some_and(|moment| stands(moment.state))
}

/// Whether an approval stands: what was voided or refunded counts beside what gave it back.
const fn stands(state: State) -> bool {
    matches!(
        state,
        State::Delivered | State::Confirmed | State::Returned | State::DeliveryUnproven
    )
}
