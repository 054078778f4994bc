//! What is open, by class and currency.

use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{Awaited, State};
use crate::engine::seam::Wall;
use crate::engine::trace::{Query, Story, Verdict, Which};
use crate::io::journal::{JournalReader, ReadError};
use crate::io::look::{self, StorySearch};
use std::collections::BTreeMap;
use std::path::Path;

/// How many open transactions are looked at; of more, the newest ones.
const MOST: usize = 5000;
/// The class of what merely waits for its answer.
const UNDER_WAY: &str = "under_way";

/// What is open in one class and one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMoney {
    /// `U1` to `U9`, or `under_way`: waiting for an answer, or for it to be written.
    pub class: &'static str,
    /// How many transactions.
    pub count: u64,
    /// How much, in minor units.
    pub amount: u64,
    /// DE 49; empty where the messages have none.
    pub currency: String,
    /// When the oldest of them began.
    pub oldest_at: Wall,
}

/// Looks into a journal for it.
pub(super) fn look(journal: &Path) -> Result<Vec<OpenMoney>, ReadError> {
    let reader = JournalReader::open(journal, None)?;
    let query = Query {
        which: Some(Which::Open),
        ..Query::default()
    };
    let search = StorySearch {
        limit: Some(MOST),
        only_class: true,
        ..StorySearch::default()
    };
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    let found = look::search(&reader, &query, search, &index)?;
    Ok(sums(&found.all))
}

fn sums(all: &[(Story, Verdict)]) -> Vec<OpenMoney> {
    let mut sums: BTreeMap<(&'static str, String), OpenMoney> = BTreeMap::new();
    for (story, verdict) in all {
        let Some(class) = class(story.state, verdict) else {
            continue;
        };
        let opened = story.opened.as_ref();
        let amount = opened.map_or(0, |opened| opened.amount.0);
        let currency = opened.map(|opened| opened.currency.to_string());
        let key = (class, currency.unwrap_or_default());
        let sum = sums
            .entry(key)
            .or_insert_with_key(|(class, currency)| OpenMoney {
                class,
                count: 0,
                amount: 0,
                currency: currency.clone(),
                oldest_at: story.began,
            });
        sum.count += 1;
        sum.amount = sum.amount.saturating_add(amount);
        sum.oldest_at = sum.oldest_at.min(story.began);
    }
    sums.into_values().collect()
}

fn class(state: State, verdict: &Verdict) -> Option<&'static str> {
    match state.meaning().awaited {
        Awaited::Decision | Awaited::Answer | Awaited::Delivery => Some(UNDER_WAY),
        Awaited::Reversal | Awaited::Others | Awaited::Nothing => {
            verdict.class.map(|class| class.name())
        }
    }
}
