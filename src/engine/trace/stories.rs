//! The stories of many transactions at once, folded from a stream of records.

use super::story::Story;
use super::unconfirmed::Unconfirmed;
use crate::engine::record::{Carried, Fact, Identity, Record, State, TxId};
use std::collections::BTreeMap;

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
    given_up: BTreeMap<Identity, TxId>,
}

impl Stories {
    /// None yet.
    #[must_use]
    pub const fn new(keep: Keep) -> Self {
        Self {
            keep,
            by_tx: BTreeMap::new(),
            given_up: BTreeMap::new(),
        }
    }

    /// Takes the next record.
    pub fn fold(&mut self, record: &Record) {
        let Some(tx) = subject(record) else {
            return;
        };
        match self.by_tx.get_mut(&tx) {
            Some(story) => story.fold(record),
            None => {
                let Some(story) = Story::begin(record) else {
                    return;
                };
                self.link(&story);
                self.by_tx.insert(tx, story);
            }
        }
        let Some(story) = self.by_tx.get(&tx) else {
            return;
        };
        if story.state == State::Unanswered {
            let identity = story.opened.as_ref().map(|opened| opened.identity);
            self.given_up
                .extend(identity.map(|identity| (identity, tx)));
        }
        self.drop_if_told(tx);
    }

    /// The earlier attempt learns of the later one.
    fn link(&mut self, story: &Story) {
        let identity = story.opened.as_ref().map(|opened| opened.identity);
        let given_up = identity.and_then(|identity| self.given_up.remove(&identity));
        if let Some(earlier) = given_up {
            if let Some(earlier) = self.by_tx.get_mut(&earlier) {
                earlier.again = Some(story.tx);
            }
            self.drop_if_told(earlier);
        }
        for twin in &story.twins {
            if let Some(earlier) = self.by_tx.get_mut(twin)
                && earlier.purpose() == story.purpose()
                && !earlier.twins.contains(&story.tx)
            {
                earlier.twins.push(story.tx);
            }
        }
    }

    fn drop_if_told(&mut self, tx: TxId) {
        if self.by_tx.get(&tx).is_some_and(|story| !self.keeps(story)) {
            self.by_tx.remove(&tx);
        }
    }

    fn keeps(&self, story: &Story) -> bool {
        let class = Unconfirmed::of(story);
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
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Story> {
        self.by_tx.values()
    }

    /// The unconfirmed ones (U1-U3, U5-U8), oldest first; with `Keep::Unsettled` those that wait
    /// for settlement (U4), too.
    pub fn unconfirmed(&self) -> impl DoubleEndedIterator<Item = &Story> {
        self.iter().filter(|story| {
            Unconfirmed::of(story)
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

    /// The other attempts of a story that are known here.
    #[must_use]
    pub fn twins(&self, story: &Story) -> Vec<&Story> {
        story
            .twins
            .iter()
            .filter_map(|tx| self.story(*tx))
            .collect()
    }
}

/// The transaction that a record tells of.
#[must_use]
pub fn subject(record: &Record) -> Option<TxId> {
    let Fact::Carried(carried) = &record.fact else {
        return record.tx;
    };
    match &**carried {
        Carried::Transaction(carried) => Some(carried.tx),
        Carried::Answer(carried) => Some(carried.tx),
        Carried::Keys(_)
        | Carried::Tombstone { .. }
        | Carried::Stan(_)
        | Carried::Links(_)
        | Carried::Clock(_) => None,
    }
}
