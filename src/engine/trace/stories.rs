//! The stories of many transactions at once, folded from a stream of records.

use super::batch::{BatchCount, BatchCounts};
use super::bonds::{Bonds, Effect};
use super::purchases::Purchases;
use super::slips::{self, Slips};
use super::story::{Seen, Story};
use super::unconfirmed::Unconfirmed;
use crate::engine::gateway::Referred;
use crate::engine::record::{Fact, Identity, Opened, Record, Seq, State, TxId};
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::spec::Purpose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which stories are kept; the others are forgotten as soon as they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of them: memory grows with the journal.
    Everything,
    /// Those over which something may still happen, and those that are unconfirmed: memory grows
    /// with the trouble, not with the journal.
    Open,
    /// As `Open`, and those that wait for settlement (U4).
    Unsettled,
}

/// A fold over records, in their order. A story that was forgotten and goes on after all (a
/// delivered sale that its terminal reverses) begins anew without its names: read its records once
/// more where they are wanted.
#[derive(Clone, Debug)]
pub struct Stories {
    keep: Keep,
    by_tx: BTreeMap<TxId, Story>,
    given_up: BTreeMap<Identity, (TxId, Seq)>,
    /// By name the newest of that name; only where every story is kept.
    named: BTreeMap<Identity, TxId>,
    purchases: Purchases,
    slips: Slips,
    /// What is in the batches that are not over.
    batches: BTreeMap<(MerchantId, TerminalId, Text<6>), Vec<TxId>>,
}

impl Stories {
    /// None yet.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            by_tx: BTreeMap::new(),
            given_up: BTreeMap::new(),
            named: BTreeMap::new(),
            purchases: Purchases::default(),
            slips: Slips::default(),
            batches: BTreeMap::new(),
        }
    }

    /// Takes the next record.
    pub fn fold(&mut self, record: &Record) {
        self.purchases.hear(record);
        let Some(tx) = subject(record) else {
            return;
        };
        match self.by_tx.get_mut(&tx) {
            Some(story) => story.fold(record),
            None => {
                let Some(story) = Story::begin(record) else {
                    return;
                };
                let story = self.linked(story, record);
                self.by_tx.insert(tx, story);
            }
        }
        let Some(story) = self.by_tx.get(&tx) else {
            return;
        };
        if self.keep == Keep::Everything {
            self.slips.take(story, record);
            if story.ends_batch() {
                self.end_batch(tx);
            }
        }
        self.asked_again(tx);
        let Some(story) = self.by_tx.get(&tx) else {
            return;
        };
        if story.state == State::Unanswered && story.again.is_none() {
            let identity = story.opened.as_ref().map(|opened| opened.identity);
            // One that could only be read in part may have no name; such are no repeats of each
            // other.
            let identity = identity.filter(|identity| !identity.is_empty());
            self.given_up
                .extend(identity.map(|identity| (identity, (tx, record.seq))));
        }
        self.drop_if_told(tx);
    }

    /// A story that begins, and those before it that it belongs to, learn of each other.
    fn linked(&mut self, mut story: Story, record: &Record) -> Story {
        self.find_original(&mut story, record);
        let Some(opened) = story.opened.clone() else {
            return story;
        };
        let took_nothing = |tx: TxId| self.by_tx.get(&tx).is_some_and(took_nothing);
        let met = self
            .purchases
            .meet((story.tx, &opened), record, took_nothing);
        story.crowded = met.crowded;
        let all = met.before.into_iter().chain(story.twins.iter().copied());
        let all: Vec<TxId> = all.filter(|tx| Some(*tx) != opened.original).collect();
        for tx in all {
            let earlier = self.by_tx.get_mut(&tx);
            let same = earlier
                .as_ref()
                .is_none_or(|it| it.purpose() == story.purpose());
            if same {
                insert(&mut story.twins, tx);
            } else {
                story.twins.retain(|twin| *twin != tx);
                insert(&mut story.kin, tx);
            }
            if let Some(earlier) = earlier {
                let known = if same {
                    &mut earlier.twins
                } else {
                    &mut earlier.kin
                };
                insert(known, story.tx);
            }
        }
        // A reversal that was kept back tells what it does not fit.
        let kept_back = story.other.filter(|_| opened.purpose == Purpose::Reversal);
        let named = opened.original.iter().chain(&story.either_of);
        for original in named.chain(&kept_back) {
            if let Some(original) = self.by_tx.get_mut(original) {
                insert(&mut original.referring, story.tx);
            }
        }
        self.name(&mut story, opened.identity);
        self.settle(story.tx, &opened);
        story
    }

    /// One that names no original may name one by its slip.
    fn find_original(&self, story: &mut Story, record: &Record) {
        let Some(opened) = &mut story.opened else {
            return;
        };
        if opened.original.is_some() || !story.either_of.is_empty() {
            return;
        }
        story.refers_to = slips::named_approval(record);
        match self.slips.original(opened, record) {
            Referred::To(original) => Arc::make_mut(opened).original = Some(original),
            Referred::OneOf(all) => story.either_of = all,
            Referred::ToNone => {}
        }
    }

    /// The same request once more, after it was given up; one that stays here asks nobody.
    fn asked_again(&mut self, tx: TxId) {
        let story = self.by_tx.get(&tx);
        let kept_back = [State::Received, State::Refused, State::NotSent];
        let Some((opened, began)) = story
            .filter(|story| !kept_back.contains(&story.state))
            .and_then(|story| story.opened.as_ref().zip(story.moments.first()))
        else {
            return;
        };
        let identity = opened.identity;
        let given_up = self.given_up.get(&identity).copied();
        let before = given_up.filter(|(_, given_up)| *given_up < began.seq);
        let Some((first, _)) = before.filter(|(first, _)| *first != tx) else {
            return;
        };
        let opened = opened.clone();
        if let Some(earlier) = self.by_tx.get_mut(&first) {
            if !is_same_request(earlier, &opened) {
                return;
            }
            earlier.again = Some(tx);
            let approved = !matches!(earlier.seen, Seen::Nothing | Seen::Decline);
            let doubt = earlier.conflict || earlier.unread_answer || earlier.uncoded || approved;
            if let Some(repeat) = self.by_tx.get_mut(&tx) {
                repeat.repeats_doubt |= doubt;
            }
        }
        self.given_up.remove(&identity);
        self.drop_if_told(first);
    }

    /// What is in a batch learns of its settlement.
    fn settle(&mut self, tx: TxId, opened: &Opened) {
        if self.keep != Keep::Everything {
            return;
        }
        let name = (opened.merchant, opened.terminal, opened.batch);
        match opened.purpose {
            Purpose::Debit | Purpose::Refund | Purpose::Void | Purpose::Reversal => {
                self.batches.entry(name).or_default().push(tx);
            }
            Purpose::Settlement => {
                for part in self.batches.get(&name).into_iter().flatten() {
                    let story = self.by_tx.get_mut(part);
                    let story = story.filter(|story| story.settlements.len() < SETTLEMENTS);
                    if let Some(story) = story {
                        insert(&mut story.settlements, tx);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a settlement counts is in no later one.
    fn end_batch(&mut self, settlement: TxId) {
        let opened = self
            .by_tx
            .get(&settlement)
            .and_then(|story| story.opened.as_ref());
        let name = opened.map(|opened| (opened.merchant, opened.terminal, opened.batch));
        let Some(parts) = name.and_then(|name| self.batches.get_mut(&name)) else {
            return;
        };
        let by_tx = &self.by_tx;
        parts.retain(|part| {
            let story = by_tx.get(part);
            !story.is_some_and(|story| story.settlements.contains(&settlement))
        });
    }

    /// The settlements on whose batches a story's verdict may turn: its own, those behind it, and
    /// those behind its original and what gives it back.
    #[must_use]
    pub fn batches_behind(&self, story: &Story) -> Vec<TxId> {
        let has_totals = |tx: &TxId| {
            let told = self.story(*tx).and_then(|story| story.settlement.as_ref());
            told.is_some_and(|told| told.totals.is_some())
        };
        let mut behind = story.settlements.clone();
        behind.extend(story.settlement.as_ref().map(|_| story.tx));
        let near = story.referring.iter().chain(&story.kin).copied();
        let near = near.chain(story.original());
        for other in near.filter_map(|tx| self.story(tx)) {
            behind.extend(&other.settlements);
        }
        behind.retain(has_totals);
        behind
    }

    /// Whether a settlement of the same batch before it is here, with which that was over.
    #[must_use]
    pub fn ends_before(&self, settlement: &Story) -> bool {
        let name = |story: &Story| {
            let opened = story.opened.as_ref();
            opened.map(|opened| (opened.merchant, opened.terminal, opened.batch))
        };
        let before = |story: &&Story| settlement.follows(story) && name(story) == name(settlement);
        let mut ended = self.iter().filter(|story| story.ends_batch());
        ended.any(|story| before(&story))
    }

    /// Settlements learn what these stories count of their batches; `whole` if they are all that
    /// there were.
    pub fn count_batches(&mut self, whole: bool) {
        let count = |story: &Story| {
            let count = BatchCount::of(story, self.iter(), whole)?;
            Some((story.tx, Arc::new(count)))
        };
        let settlements = self.iter().filter(|story| story.settlement.is_some());
        let counts: BatchCounts = settlements.filter_map(count).collect();
        self.tell_batches(&counts);
    }

    /// Settlements learn what the journal counts of their batches.
    pub fn tell_batches(&mut self, counts: &BatchCounts) {
        for (tx, count) in counts {
            let story = self.by_tx.get_mut(tx);
            if let Some(told) = story.and_then(|story| story.settlement.as_mut()) {
                told.own = Some(Arc::clone(count));
            }
        }
    }

    /// Those of one name learn of each other.
    fn name(&mut self, story: &mut Story, identity: Identity) {
        if self.keep != Keep::Everything || identity.is_empty() {
            return;
        }
        let Some(newest) = self.named.insert(identity, story.tx) else {
            return;
        };
        let before = self.by_tx.get(&newest).map(|newest| &newest.namesakes);
        let before = before.into_iter().flatten().copied().rev();
        // Those that took nothing give way to those that may hold money.
        let (harmless, others): (Vec<TxId>, Vec<TxId>) =
            before.partition(|tx| self.by_tx.get(tx).is_some_and(took_nothing));
        let before = others.into_iter().chain(harmless).take(NAMESAKES);
        for namesake in before.chain([newest]) {
            insert(&mut story.namesakes, namesake);
            if let Some(earlier) = self.by_tx.get_mut(&namesake) {
                insert(&mut earlier.namesakes, story.tx);
            }
        }
    }

    fn drop_if_told(&mut self, tx: TxId) {
        if self.by_tx.get(&tx).is_some_and(|story| !self.keeps(story)) {
            self.by_tx.remove(&tx);
        }
    }

    fn keeps(&self, story: &Story) -> bool {
        let class = Unconfirmed::of(story, &Bonds::default());
        match self.keep {
            Keep::Everything => true,
            Keep::Open => story.may_move() || class.is_some_and(Unconfirmed::is_open),
            Keep::Unsettled => story.may_move() || class.is_some(),
        }
    }

    /// One of them.
    #[must_use]
    pub fn story(&self, tx: TxId) -> Option<&Story> {
        self.by_tx.get(&tx)
    }

    /// All that are kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Story> + Clone {
        self.by_tx.values()
    }

    /// The unconfirmed ones (U1-U3, U5-U9), oldest first; with `Keep::Unsettled` those that wait
    /// for settlement (U4), too.
    pub fn unconfirmed(&self) -> impl DoubleEndedIterator<Item = &Story> {
        self.iter().filter(|story| {
            Unconfirmed::of(story, &Bonds::default())
                .is_some_and(|class| class.is_open() || self.keep == Keep::Unsettled)
        })
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_tx.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_tx.is_empty()
    }

    /// The others that a story's verdict may turn on, as far as they are known here: attempts of
    /// the same purchase, those of the same name, its original and what else refers to that, and
    /// what refers to itself; and what refers to any of these, which may have undone it.
    #[must_use]
    pub fn others(&self, story: &Story) -> Vec<&Story> {
        let either = story.either_of.iter().copied();
        let originals = story.original().into_iter().chain(either);
        let originals = originals.chain(story.refused_for());
        let mut near: Vec<TxId> = story.twins.clone();
        near.extend(&story.namesakes);
        near.extend(&story.settlements);
        let mut known = vec![story];
        known.extend(originals.clone().filter_map(|tx| self.story(tx)));
        near.extend(originals);
        let mut referring: Vec<TxId> = Vec::new();
        for one in known {
            referring.extend(one.referring.iter().chain(&one.kin));
        }
        let further = referring.iter().filter_map(|tx| self.story(*tx));
        near.extend(further.flat_map(|one| one.referring.iter().chain(&one.settlements)));
        let originals = story.original().and_then(|tx| self.story(tx));
        near.extend(originals.into_iter().flat_map(|one| &one.settlements));
        near.append(&mut referring);
        near.sort_unstable();
        near.dedup();
        let others = near.into_iter().filter(|tx| *tx != story.tx);
        others.filter_map(|tx| self.story(tx)).collect()
    }
}

/// Namesakes that are linked with one another, beside the newest.
const NAMESAKES: usize = 8;

/// Settlements of a batch that what is in it knows; the first of them tells most.
const SETTLEMENTS: usize = 4;

/// Whether a transaction is over, and no money is in it.
fn took_nothing(story: &Story) -> bool {
    !story.may_move() && Effect::of(story) == Effect::Nothing
}

fn insert(known: &mut Vec<TxId>, tx: TxId) {
    if !known.contains(&tx) {
        known.push(tx);
    }
}

/// Whether a request is the one that a story began with: a number comes round again.
fn is_same_request(story: &Story, opened: &Opened) -> bool {
    story.opened.as_ref().is_some_and(|first| {
        first.amount == opened.amount
            && first.card_hash == opened.card_hash
            && first.purpose == opened.purpose
    })
}

/// The transaction that a record tells of.
#[must_use]
pub fn subject(record: &Record) -> Option<TxId> {
    let Fact::Carried(carried) = &record.fact else {
        return record.tx;
    };
    carried.transaction().map(|(tx, _)| tx)
}
