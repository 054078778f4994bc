//! What a journal counts of a batch that a terminal settles, and what that tells of a transaction
//! in it: whether both ends counted it, though the messages about it said otherwise, or left open
//! whether its terminal had heard of it.

use super::bonds::{self, Effect};
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
    /// None of a reversal of a part, by which a debit is less.
    count: u64,
    amount: u64,
    is_credit: bool,
    /// Whether it stands by all that is known of it.
    stands: bool,
    /// The transaction all of which it voids.
    voids: Option<TxId>,
}

/// Whether a settlement counts a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Its totals are right without it.
    No,
    /// Its totals are right with it, or with another one.
    Perhaps,
    /// They are right only with it.
    Surely,
    /// They differ from what this journal counts, and nothing in it explains that.
    Unexplained,
    /// They cannot be held against this journal.
    Untold,
}

/// What a journal counts of a batch, from the settlement before that was in balance, beside the
/// totals of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchCount {
    /// What stood when the settlement was asked for.
    pub totals: SettlementTotals,
    /// Its currency.
    pub currency: Text<3>,
    /// Whether the journal has all of it, and it is known how a terminal counts each.
    pub is_comparable: bool,
    /// Whether the terminal's totals are those of this journal, give or take what was under way
    /// when they were added up and came to a good end.
    pub agrees: bool,
    /// Whether the settlement asks once more what was in balance before, with nothing between.
    pub is_repeat: bool,
    counted: Vec<BatchPart>,
    /// What did not stand then, though a terminal may count it.
    uncounted: Vec<BatchPart>,
    /// Voids and what they void, where the terminal counts neither.
    netted: BTreeSet<TxId>,
    /// What makes the difference of debits, and of credits; `None` where nothing that is known
    /// does.
    explained: [Option<Explained>; 2],
}

/// What makes the difference of debits or of credits: what is in each set of transactions that
/// would explain it, and what is in any. Both are empty where there is no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Explained {
    always: BTreeSet<TxId>,
    perhaps: BTreeSet<TxId>,
}

impl BatchCount {
    /// What the stories of a terminal tell of a settlement's batch, if its totals are told; `whole`
    /// if they are all that there were before it.
    #[must_use]
    pub fn of<'s>(
        settlement: &Story,
        stories: impl Iterator<Item = &'s Story> + Clone,
        whole: bool,
    ) -> Option<Self> {
        let (first, opened) = settlement.first().zip(settlement.opened.as_ref())?;
        let terminal = settlement.settlement.as_ref()?.totals?;
        let reversals = reversals_in_part(stories.clone());
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
            ..Self::default()
        };
        for (began, story, opened) in of_batch {
            let reversed = reversals.get(&story.tx).map_or(&[][..], Vec::as_slice);
            match since.filter(|since| began < *since) {
                // Under way as the batch before was settled: that, or this one, counts it.
                Some(since) if !stood_before(story, since) && stands(story.state) => {
                    count.take((story, opened), reversed, None);
                }
                Some(_) => {}
                None => count.take((story, opened), reversed, Some(first)),
            }
        }
        count.is_repeat = count.counted.is_empty() && told == Some(terminal);
        count.compare(&terminal);
        Some(count)
    }

    /// Takes a transaction, as it stood before the settlement, if it was in this batch then; and
    /// what reversed a part of it.
    fn take(
        &mut self,
        (story, opened): (&Story, &Opened),
        reversed: &[&Story],
        settled: Option<Seq>,
    ) {
        let amount = bonds::amount(story);
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
        let unclear = |one: &&Story| Effect::of(one) != Effect::Made;
        self.is_comparable &= opened.currency == self.currency
            && !story.taken_back_in_part
            && !reversed.iter().any(unclear);
        let mut part = BatchPart {
            tx: story.tx,
            count: 1,
            amount,
            is_credit,
            stands: stands(story.state),
            voids: opened.original.filter(|_| opened.purpose == Purpose::Void),
        };
        let stood = |story: &Story| settled.is_some_and(|settled| stood_before(story, settled));
        if !stood(story) {
            return keep(&mut self.uncounted, part);
        }
        for one in reversed.iter().filter(|one| stood(one)) {
            let less = bonds::amount(one).min(part.amount);
            part.amount -= less;
            let off = BatchPart {
                tx: one.tx,
                count: 0,
                amount: less,
                stands: false,
                ..part
            };
            keep(&mut self.uncounted, off);
        }
        add(&mut self.totals, &part, 1);
        keep(&mut self.counted, part);
    }

    /// Looks for what makes the difference to the totals of the terminal. One that takes what it
    /// voids out of its debits counts the void nowhere.
    fn compare(&mut self, told: &SettlementTotals) {
        let netted = self.without_voids();
        if self.totals != *told && netted.totals == *told {
            *self = netted;
        }
        self.agrees = [false, true].into_iter().all(|is_credit| {
            let (count, sum) = self.more(told, is_credit);
            let under_way = |part: &&BatchPart| part.is_credit == is_credit && part.stands;
            (count, sum) == (0, 0)
                || self.uncounted.len() < KNOWN
                    && chosen(self.uncounted.iter().filter(under_way), count, sum).is_some()
        });
        self.explained = [false, true].map(|is_credit| self.explain(told, is_credit));
    }

    /// The same without what was voided as a whole, and its void.
    fn without_voids(&self) -> Self {
        let mut netted = self.clone();
        for void in &self.counted {
            let sold = |part: &&BatchPart| {
                let same = part.amount == void.amount && !part.is_credit;
                same && Some(part.tx) == void.voids && !netted.netted.contains(&part.tx)
            };
            if let Some(sale) = self.counted.iter().find(sold) {
                netted.netted.extend([sale.tx, void.tx]);
                add(&mut netted.totals, sale, -1);
                add(&mut netted.totals, void, -1);
            }
        }
        let pairs = &netted.netted;
        netted.counted.retain(|part| !pairs.contains(&part.tx));
        netted
    }

    /// The transaction that alone makes the difference, if there is one and no other.
    #[must_use]
    pub fn differing(&self) -> Option<TxId> {
        let mut all = BTreeSet::new();
        for explained in &self.explained {
            all.extend(explained.as_ref()?.only()?);
        }
        all.pop_first().filter(|_| all.is_empty())
    }

    /// What was counted, and does not stand any more.
    pub fn undone(&self) -> impl Iterator<Item = TxId> + '_ {
        let undone = self.counted.iter().filter(|part| !part.stands);
        undone.map(|part| part.tx)
    }

    /// What the totals may count otherwise than the messages tell.
    pub fn in_question(&self) -> impl Iterator<Item = TxId> + '_ {
        let explained = self.explained.iter().flatten();
        let differing = explained.flat_map(|explained| &explained.perhaps);
        differing.copied().chain(self.undone())
    }

    /// Whether totals that both ends agree on count a transaction.
    pub(super) fn counts(&self, tx: TxId) -> Counted {
        if self.netted.contains(&tx) {
            return Counted::Surely;
        }
        let of = |part: &&BatchPart| part.tx == tx;
        let stood = self.counted.iter().find(of);
        let Some(part) = stood.or_else(|| self.uncounted.iter().find(of)) else {
            return Counted::Untold;
        };
        let [debits, credits] = &self.explained;
        let explained = if part.is_credit { credits } else { debits };
        let explained = match explained {
            _ if !self.is_comparable => return Counted::Untold,
            None => return Counted::Unexplained,
            Some(explained) => explained,
        };
        let changed = explained.always.contains(&tx);
        match explained.perhaps.contains(&tx) {
            true if !changed => Counted::Perhaps,
            _ if stood.is_some() == changed => Counted::No,
            _ => Counted::Surely,
        }
    }

    /// What would explain how totals differ; `None` where nothing that is known does.
    fn explain(&self, told: &SettlementTotals, is_credit: bool) -> Option<Explained> {
        let (count, sum) = self.more(told, is_credit);
        let from = match count >= 0 {
            true => &self.uncounted,
            false => &self.counted,
        };
        let side = from.iter().filter(|part| part.is_credit == is_credit);
        match (count, sum) {
            (0, 0) => Some(Explained::default()),
            (0.., 1..) | (..=-1, ..=-1) if from.len() < KNOWN => {
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
    fn only(&self) -> Option<&BTreeSet<TxId>> {
        (self.always == self.perhaps).then_some(&self.always)
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
            let left = (
                count - i128::from(part.count),
                sum - i128::from(part.amount),
            );
            if sum <= 0 || self.steps > STEPS {
                return;
            }
            if left.0 >= 0 && left.1 >= 0 {
                self.taken.push(part.tx);
                self.look(at + 1, left.0, left.1);
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
    /// Its first record, as far as seen.
    pub(super) fn first(&self) -> Option<Seq> {
        self.moments.first().map(|moment| moment.seq)
    }

    /// Whether it is a settlement with which its batch is over: in balance, and its terminal was
    /// told so.
    pub(super) fn ends_batch(&self) -> bool {
        let host = self.settlement.as_ref().map(|settlement| settlement.host);
        let told = matches!(self.state, State::Delivered | State::Confirmed);
        told && host == Some(HostBalance::Balanced)
    }
}

/// Reversals of a part, but for those that took no effect, by what they are of.
fn reversals_in_part<'s>(
    stories: impl Iterator<Item = &'s Story> + Clone,
) -> BTreeMap<TxId, Vec<&'s Story>> {
    let of = |story: &&Story| story.purpose() == Some(Purpose::Reversal);
    let mut reversals: BTreeMap<TxId, Vec<&Story>> = BTreeMap::new();
    for reversal in stories.clone().filter(of) {
        let Some(original) = reversal.original() else {
            continue;
        };
        if Effect::of(reversal) != Effect::Nothing {
            reversals.entry(original).or_default().push(reversal);
        }
    }
    for story in stories {
        if let Some(own) = reversals.get_mut(&story.tx) {
            own.retain(|reversal| bonds::is_reversal_in_part(reversal, story));
        }
    }
    reversals
}

/// Adds a part to totals, or takes it off.
fn add(totals: &mut SettlementTotals, part: &BatchPart, sign: i64) {
    let (count, sum) = match part.is_credit {
        true => (&mut totals.credits, &mut totals.credit_sum),
        false => (&mut totals.debits, &mut totals.debit_sum),
    };
    let signed = |amount: u64| {
        i64::try_from(amount)
            .unwrap_or(i64::MAX)
            .saturating_mul(sign)
    };
    *count = count.saturating_add_signed(signed(part.count));
    sum.0 = sum.0.saturating_add_signed(signed(part.amount));
}

fn keep(known: &mut Vec<BatchPart>, part: BatchPart) {
    if known.len() < KNOWN {
        known.push(part);
    }
}

/// Whether an approval stood at a record.
pub(super) fn stood_before(story: &Story, settled: Seq) -> bool {
    let mut then = story.moments.iter().rev();
    let then = then.find(|moment| moment.seq < settled);
    then.is_some_and(|moment| stands(moment.state))
}

/// Whether an approval stands: what was voided or refunded counts beside what gave it back.
pub(super) const fn stands(state: State) -> bool {
    matches!(
        state,
        State::Delivered | State::Confirmed | State::Returned | State::DeliveryUnproven
    )
}
