//! What a journal counts of the batches of settlements: each needs all that its terminal did since
//! the one before.

use crate::engine::record::TxId;
use crate::engine::trace::{BatchCount, BatchCounts, Keep, Query, Stories, Story};
use crate::io::journal::{JournalSnapshot, ReadError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many transactions of a terminal are looked at together.
const AT_ONCE: usize = 512;

/// Further back a batch is not looked for.
const MOST: usize = 50_000;

/// Tells what is counted of the batches on which asked stories turn, if they are wanted; `counts`
/// are those that are known already.
pub(super) fn tell(
    snapshot: &JournalSnapshot,
    stories: &mut Stories,
    asked: &BTreeSet<TxId>,
    wanted: impl Fn(&Stories, &Story) -> bool,
    counts: &mut BatchCounts,
) -> Result<(), ReadError> {
    let mut behind = BTreeSet::new();
    for story in asked.iter().filter_map(|tx| stories.story(*tx)) {
        let batches = stories.batches_behind(story);
        if !batches.is_empty() && wanted(stories, story) {
            behind.extend(batches);
        }
    }
    for settlement in behind.iter().filter_map(|tx| stories.story(*tx)) {
        if !counts.contains_key(&settlement.tx)
            && let Some(count) = count_one(snapshot, settlement)?
        {
            counts.insert(settlement.tx, Arc::new(count));
        }
    }
    stories.tell_batches(counts);
    Ok(())
}

fn count_one(
    snapshot: &JournalSnapshot,
    settlement: &Story,
) -> Result<Option<BatchCount>, ReadError> {
    let Some(opened) = &settlement.opened else {
        return Ok(None);
    };
    let query = Query {
        terminal: Some(opened.terminal),
        ..Query::default()
    };
    let mut search = snapshot.search(&query)?;
    search.only_before(Some(settlement.tx));
    let mut stories = Stories::new(Keep::Everything);
    let mut whole = snapshot.is_from_its_beginning() && snapshot.damage().is_empty();
    let mut all = BTreeSet::new();
    loop {
        let older = search.take(AT_ONCE)?;
        if older.is_empty() {
            break;
        }
        let told = snapshot.records_of(&older)?;
        told.records.iter().for_each(|record| stories.fold(record));
        whole &= told.whole;
        let before = stories.ends_before(settlement);
        all.extend(older);
        if before || all.len() >= MOST {
            whole &= before;
            break;
        }
    }
    Ok(BatchCount::of(settlement, stories.iter(), whole))
}
