//! Transactions looked up in a journal: their stories, each with its verdict.

use super::batches;
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::journal::Damage;
use crate::engine::record::{Fact, Logged, Opened, Record, Seq, State, TxId};
use crate::engine::trace::{
    BatchCounts, Keep, Query, Stories, Story, Unconfirmed, Verdict, proof, subject,
};
use crate::io::journal::{
    JournalReader, JournalSnapshot, ReadError, Relatives, TransactionRecords,
};
use crate::iso::spec::Purpose;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// How many candidates are looked at more closely at once.
const AT_ONCE: usize = 4096;

/// The same where the time is limited.
const IN_TIME: usize = 16;

/// What was found, each with its verdict, oldest first.
#[derive(Debug, Default)]
pub struct FoundStories {
    /// They.
    pub all: Vec<(Story, Verdict)>,
    /// Whether older ones were left out.
    pub more: bool,
    /// Whether something of the journal could not be read, so that more may have been there.
    pub damaged: bool,
    /// Where it was given up for want of time: what began before this one was not looked at.
    pub gave_up_at: Option<TxId>,
    /// Where the journal is damaged; what was skipped there is not known.
    pub damage: Vec<Damage>,
}

/// How much of what matches is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorySearch {
    /// The newest ones, so many at most.
    pub limit: Option<usize>,
    /// Only those that began before this one.
    pub before: Option<TxId>,
    /// When to give up, with what was found until then.
    pub deadline: Option<Instant>,
    /// Whether nothing is wanted of a verdict but its class: others are read only where that turns
    /// on them.
    pub only_class: bool,
}

/// Looks for transactions, judged by what other people's files say as well.
///
/// # Errors
/// The storage's.
pub fn search(
    reader: &JournalReader,
    query: &Query,
    search: StorySearch,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    let found = |snapshot: JournalSnapshot| find_in(&snapshot, query, search, index);
    match reader.snapshot().and_then(found) {
        // An index that cannot be used is as good as none.
        Err(ReadError::Index(_)) => reader.snapshot_without_index().and_then(found),
        found => found,
    }
}

/// Looks for what the queries of a [`Filter`](crate::engine::trace::Filter) find: those of one list
/// together; the next list is asked only if the one before finds nothing.
///
/// # Errors
/// The storage's.
pub fn search_asked(
    reader: &JournalReader,
    asked: &[Vec<Query>],
    wanted: StorySearch,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    let mut found = FoundStories::default();
    for together in asked {
        found = search_together(reader, together, wanted, index)?;
        if !found.all.is_empty() || found.gave_up_at.is_some() {
            break;
        }
    }
    Ok(found)
}

/// Looks for what several queries find together, each transaction once.
///
/// # Errors
/// The storage's.
pub fn search_together(
    reader: &JournalReader,
    queries: &[Query],
    wanted: StorySearch,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    if let [only] = queries {
        return search(reader, only, wanted, index);
    }
    let mut together = FoundStories::default();
    let mut all = BTreeMap::new();
    for query in queries {
        let found = search(reader, query, wanted, index)?;
        together.more |= found.more;
        together.damaged |= found.damaged;
        together.damage = found.damage;
        together.gave_up_at = together.gave_up_at.max(found.gave_up_at);
        let found = found.all.into_iter();
        all.extend(found.map(|(story, verdict)| (story.tx, (story, verdict))));
    }
    if let Some(reached) = together.gave_up_at {
        // What is older may be known of one query only: it comes with the next page.
        all = all.split_off(&reached);
    }
    let left_out = all.len().saturating_sub(wanted.limit.unwrap_or(usize::MAX));
    if left_out > 0 {
        together.more = true;
        together.gave_up_at = None;
    }
    together.all = all.into_values().skip(left_out).collect();
    Ok(together)
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EachLooked {
    /// Whether what was looked at could be read as a whole.
    pub whole: bool,
    /// Whether time ran out before the oldest.
    pub cut_short: bool,
}

/// Hands each transaction that a query means over with its verdict, some at a time, the newest ones
/// first, until the time is over if it is limited.
///
/// # Errors
/// The storage's, or those of `take`.
pub fn each<E: From<ReadError>>(
    reader: &JournalReader,
    query: &Query,
    (index, deadline): (&EvidenceIndex<'_>, Option<Instant>),
    take: &mut dyn FnMut(&Story, &Verdict) -> Result<(), E>,
) -> Result<EachLooked, E> {
    let snapshot = match reader.snapshot() {
        Err(ReadError::Index(_)) => reader.snapshot_without_index()?,
        snapshot => snapshot?,
    };
    let mut damaged = !snapshot.damage().is_empty();
    let mut search = snapshot.search(query)?;
    search.give_up_at(deadline);
    let at_once = if deadline.is_some() { IN_TIME } else { AT_ONCE };
    let mut batches = BatchCounts::new();
    loop {
        let wanted = search.take(at_once)?;
        if wanted.is_empty() {
            return Ok(EachLooked {
                whole: !damaged,
                cut_short: search.gave_up_at().is_some(),
            });
        }
        let mut found = JudgedStories {
            damaged,
            batches,
            ..JudgedStories::default()
        };
        found.judge(&snapshot, query, &wanted, index)?;
        damaged |= found.damaged;
        batches = std::mem::take(&mut found.batches);
        for (story, verdict) in found.matching.values().rev() {
            take(story, verdict)?;
        }
    }
}

/// These transactions, each with its verdict.
///
/// # Errors
/// The storage's.
pub fn told_of(
    reader: &JournalReader,
    wanted: &BTreeSet<TxId>,
) -> Result<BTreeMap<TxId, (Story, Verdict)>, ReadError> {
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    let judged = |snapshot: JournalSnapshot| {
        let mut found = JudgedStories {
            damaged: !snapshot.damage().is_empty(),
            ..JudgedStories::default()
        };
        found.judge(&snapshot, &Query::default(), wanted, &index)?;
        Ok(found.matching)
    };
    match reader.snapshot().and_then(judged) {
        Err(ReadError::Index(_)) => reader.snapshot_without_index().and_then(judged),
        told => told,
    }
}

/// Looks for candidates first, some at a time, then reads their stories and those of others that
/// their verdicts turn on.
fn find_in(
    snapshot: &JournalSnapshot,
    query: &Query,
    StorySearch {
        limit,
        before,
        deadline,
        only_class,
    }: StorySearch,
    index: &EvidenceIndex<'_>,
) -> Result<FoundStories, ReadError> {
    let damage = snapshot.damage();
    let mut found = JudgedStories {
        damaged: !damage.is_empty(),
        only_class,
        ..JudgedStories::default()
    };
    let mut search = snapshot.search(&candidates(query, index))?;
    search.only_before(before);
    search.give_up_at(deadline);
    let most = limit.unwrap_or(usize::MAX);
    let at_once = if deadline.is_some() { IN_TIME } else { AT_ONCE };
    while found.matching.len() <= most {
        let wanted = search.take(at_once.min(most.saturating_add(1)))?;
        if wanted.is_empty() {
            break;
        }
        found.judge(snapshot, query, &wanted, index)?;
        if search.gave_up_at().is_some() {
            break;
        }
    }
    let left_out = found.matching.len().saturating_sub(most);
    Ok(FoundStories {
        all: found.matching.into_values().skip(left_out).collect(),
        more: left_out > 0,
        gave_up_at: search.gave_up_at().filter(|_| left_out == 0),
        damaged: found.damaged,
        damage: damage.to_vec(),
    })
}

/// What to look for where files are at hand: where the messages leave a transaction says nothing of
/// how one stands that they raise.
fn candidates(query: &Query, index: &EvidenceIndex<'_>) -> Query {
    let mut candidates = query.clone();
    if index.evidence().has_rows() {
        candidates.which = None;
    }
    candidates
}

/// Those that match, and whether what was read of them is damaged.
#[derive(Debug, Default)]
struct JudgedStories {
    matching: BTreeMap<TxId, (Story, Verdict)>,
    judged: BTreeSet<TxId>,
    batches: BatchCounts,
    damaged: bool,
    only_class: bool,
}

impl JudgedStories {
    fn judge(
        &mut self,
        snapshot: &JournalSnapshot,
        query: &Query,
        wanted: &BTreeSet<TxId>,
        index: &EvidenceIndex<'_>,
    ) -> Result<(), ReadError> {
        let is_told = |tx: &TxId| {
            let state = snapshot.open_state(*tx).filter(|_| self.only_class);
            state.is_some_and(Unconfirmed::is_told_by)
        };
        let (alone, others): (BTreeSet<_>, _) = wanted.iter().copied().partition(is_told);
        let mut told = with_relatives(snapshot, &others)?;
        let alone = snapshot.records_of(&alone)?;
        told.whole &= alone.whole;
        told.records.extend(alone.records);
        told.records.sort_by_key(|record| record.seq);
        told.records.dedup_by_key(|record| record.seq);
        self.damaged |= !told.whole;
        self.judged.extend(wanted);
        let mut stories = Stories::new(Keep::Everything);
        told.records.iter().for_each(|record| stories.fold(record));
        // Where only a standing is asked for, one that was read beside them may stand there, too.
        let beside = |tx: &TxId| query.asks_only_where() && !self.judged.contains(tx);
        let asked = stories.iter().map(|story| story.tx);
        let asked: BTreeSet<TxId> = asked
            .filter(|tx| wanted.contains(tx) || beside(tx))
            .collect();
        let matches = |stories: &Stories, story: &Story| {
            let verdict = Verdict::with(story, &stories.others(story), index);
            query.matches(story, &verdict)
        };
        // Which class one is in may turn on what is counted of its batch.
        let wanted = |stories: &Stories, story: &Story| {
            query.which.is_some() || query.also.is_some() || matches(stories, story)
        };
        batches::tell(snapshot, &mut stories, &asked, wanted, &mut self.batches)?;
        for story in stories.iter() {
            if !asked.contains(&story.tx) {
                continue;
            }
            let mut story = story.clone();
            // A transaction's last record can be missing without a trace in the ones that are left.
            story.gap |= self.damaged;
            let verdict = Verdict::with(&story, &stories.others(&story), index);
            if query.matches(&story, &verdict) {
                self.matching.insert(story.tx, (story, verdict));
            } else {
                self.matching.remove(&story.tx);
            }
        }
        if !query.asks_only_where() {
            return Ok(());
        }
        // What a settlement that matches counts otherwise than the messages tell stands there, too.
        let settlements = asked.iter().filter(|tx| self.matching.contains_key(tx));
        let counts = settlements.filter_map(|tx| self.batches.get(tx));
        let differing = counts.flat_map(|count| count.in_question());
        let differing: BTreeSet<TxId> = differing.filter(|tx| !self.judged.contains(tx)).collect();
        match differing.is_empty() {
            true => Ok(()),
            false => self.judge(snapshot, query, &differing, index),
        }
    }
}

/// The records of a transaction, and of those that its verdict turns on; and those that prove it.
///
/// # Errors
/// The storage's.
pub fn proven_records(
    reader: &JournalReader,
    tx: TxId,
    index: &EvidenceIndex<'_>,
) -> Result<(Vec<Record>, Vec<Seq>), ReadError> {
    let snapshot = match reader.snapshot() {
        Err(ReadError::Index(_)) => reader.snapshot_without_index()?,
        snapshot => snapshot?,
    };
    let (told, _, counts) = told_with_batches(&snapshot, tx)?;
    let proof = proof((&told.records, &counts), tx, index);
    Ok((told.records, proof))
}

/// The records of a transaction and of those that its verdict turns on, their stories, and what is
/// counted of the batches behind it.
fn told_with_batches(
    snapshot: &JournalSnapshot,
    tx: TxId,
) -> Result<(TransactionRecords, Stories, BatchCounts), ReadError> {
    let asked = BTreeSet::from([tx]);
    let told = with_relatives(snapshot, &asked)?;
    let mut stories = Stories::new(Keep::Everything);
    told.records.iter().for_each(|record| stories.fold(record));
    let mut counts = BatchCounts::new();
    batches::tell(snapshot, &mut stories, &asked, |_, _| true, &mut counts)?;
    Ok((told, stories, counts))
}

/// A transaction with its verdict, what proves it, and its records and those that its verdict turns
/// on.
#[derive(Clone, Debug)]
pub struct ToldStory {
    /// What happened.
    pub story: Story,
    /// Where the money is.
    pub verdict: Verdict,
    /// The records.
    pub records: Vec<Record>,
}

/// One transaction, if it is kept.
///
/// # Errors
/// The storage's.
pub fn one(reader: &JournalReader, tx: TxId) -> Result<Option<ToldStory>, ReadError> {
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    let told = |snapshot: JournalSnapshot| {
        let (told, stories, counts) = told_with_batches(&snapshot, tx)?;
        let story = stories.story(tx).cloned();
        Ok(story.map(|mut story| {
            story.gap |= !told.whole || !snapshot.damage().is_empty();
            let mut verdict = Verdict::with(&story, &stories.others(&story), &index);
            verdict.proof = proof((&told.records, &counts), tx, &index);
            ToldStory {
                story,
                verdict,
                records: told.records,
            }
        }))
    };
    match reader.snapshot().and_then(told) {
        Err(ReadError::Index(_)) => reader.snapshot_without_index().and_then(told),
        told => told,
    }
}

/// How often it is looked for what else belongs to what was found.
const ROUNDS: usize = 3;

/// The records of transactions, and of those that they name or that are named like them.
fn with_relatives(
    snapshot: &JournalSnapshot,
    wanted: &BTreeSet<TxId>,
) -> Result<TransactionRecords, ReadError> {
    let mut told = snapshot.records_of(wanted)?;
    let mut read = wanted.clone();
    // Of these all relatives are looked for; of others only whether they were asked for again.
    let mut central = wanted.clone();
    let mut newest = told.records.clone();
    for _round in 0..ROUNDS {
        let mut more = BTreeSet::new();
        for record in &newest {
            let named = named_in(record).collect::<Vec<_>>();
            central.extend(&named);
            more.extend(named);
        }
        let given_up = given_up(&newest);
        let mut relatives = Relatives::default();
        for (tx, opened) in newest.iter().filter_map(opened_in) {
            more.extend(opened.twin);
            if central.contains(&tx) {
                relatives.all_of(tx, opened);
            } else if refers(opened) {
                // What undoes it may stand for another amount.
                relatives.of_part(tx, opened);
            } else if given_up.contains(&tx) {
                relatives.of_name(tx, opened);
            }
        }
        for (tx, message) in newest.iter().filter_map(said_in) {
            if central.contains(&tx) {
                relatives.of_slip(tx, message);
            }
        }
        snapshot.relatives(relatives, &mut more)?;
        more.retain(|tx| !read.contains(tx));
        if more.is_empty() {
            break;
        }
        let further = snapshot.records_of(&more)?;
        told.whole &= further.whole;
        read.extend(more);
        newest = further.records;
        told.records.extend(newest.iter().cloned());
    }
    told.records.sort_by_key(|record| record.seq);
    told.records.dedup_by_key(|record| record.seq);
    Ok(told)
}

/// Those to which no answer came that settles them.
fn given_up(records: &[Record]) -> BTreeSet<TxId> {
    let unanswered = |record: &&Record| match &record.fact {
        Fact::Step(step) => step.state == State::Unanswered,
        Fact::Carried(_) => true,
        _ => false,
    };
    records
        .iter()
        .filter(unanswered)
        .filter_map(subject)
        .collect()
}

/// The names with which a transaction begins in a record.
fn opened_in(record: &Record) -> Option<(TxId, &Opened)> {
    Some((subject(record)?, record.opened()?))
}

/// Whether a transaction is of another, which it gives back or completes.
const fn refers(opened: &Opened) -> bool {
    opened.original.is_some() || matches!(opened.purpose, Purpose::Void | Purpose::Refund)
}

/// A message of a transaction that a record keeps.
fn said_in(record: &Record) -> Option<(TxId, &Logged)> {
    let Fact::Step(step) = &record.fact else {
        return None;
    };
    Some((record.tx?, step.message.as_ref()?))
}

/// Other transactions that a record names, but for attempts of the same purchase.
fn named_in(record: &Record) -> impl Iterator<Item = TxId> {
    let original = opened_in(record).and_then(|(_, opened)| opened.original);
    let step = match &record.fact {
        Fact::Step(step) => Some(step),
        _ => None,
    };
    let noted = step.into_iter().flat_map(|step| step.note.named());
    original.into_iter().chain(noted)
}
