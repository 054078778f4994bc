//! What the commands print of a disk: every transaction explained, and the list of open ones.

use crate::engine::journal::{Memory, SegmentNo};
use crate::engine::record::{Fact, State, TxId};
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{BatchCount, Finder, Keep, Query, Stories, Story, Verdict, View, Which};
use crate::lab::sim::machine::read_from;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What is printed.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Every transaction, as `isogate trace --limit 0 --json`.
    pub all: Vec<Rc<Value>>,
    /// Those that `isogate open --json` lists.
    pub open: Vec<Rc<Value>>,
    /// The rows of the decision table that were taken; none where nobody looks at records.
    pub rows: Rc<BTreeSet<String>>,
}

/// Reads a disk as the commands do.
pub trait Looker {
    /// What is printed of the journal on a disk.
    fn look(&mut self, disk: &Memory) -> Printed;
}

/// Reads the records themselves, without an index. What was read at the last look and has not
/// changed since is neither read nor printed anew.
#[derive(Clone, Debug, Default)]
pub struct ByReading {
    told: Told,
    judged: BTreeMap<TxId, (Mark, Judged)>,
}

/// What is told of one transaction.
#[derive(Clone, Debug)]
struct Judged {
    value: Rc<Value>,
    verdict: Rc<Verdict>,
}

/// How far a story and those of the others are, that its verdict turns on, and what is counted of
/// batches among them.
type Mark = Vec<(usize, Option<Wall>, State, Option<Arc<BatchCount>>)>;

fn mark(stories: &Stories, story: &Story) -> Mark {
    let others = stories.others(story);
    let all = [story].into_iter().chain(others);
    let last = |story: &Story| story.moments.last().map(|moment| moment.at);
    let count = |story: &Story| story.settlement.as_ref().and_then(|told| told.own.clone());
    all.map(|story| (story.moments.len(), last(story), story.state, count(story)))
        .collect()
}

/// What the records of a disk told so far.
#[derive(Clone, Debug)]
struct Told {
    /// By segment what was read of it: up to the end of its last sound record.
    read: Vec<(SegmentNo, Vec<u8>)>,
    stories: Stories,
    finder: Finder,
    rows: Rc<BTreeSet<String>>,
}

/// What `open` asks for.
fn open() -> Query {
    Query {
        which: Some(Which::Open),
        ..Query::default()
    }
}

impl Default for Told {
    fn default() -> Self {
        Self {
            read: Vec::new(),
            stories: Stories::new(Keep::Everything),
            finder: Finder::new(open()),
            rows: Rc::default(),
        }
    }
}

impl Told {
    /// Whether a disk begins with all that was read.
    fn is_beginning_of(&self, disk: &Memory) -> bool {
        let mut there = disk.contents();
        self.read.iter().all(|(number, read)| {
            let segment = there.next();
            segment.is_some_and(|(own, bytes)| own == *number && bytes.starts_with(read))
        })
    }

    /// Reads what is new on a disk; all of it, if it is not the same disk grown.
    fn read_on(&mut self, disk: &Memory) {
        if !self.is_beginning_of(disk) {
            *self = Self::default();
        }
        let Self {
            read,
            stories,
            finder,
            rows,
        } = self;
        let newest = read.len().saturating_sub(1);
        for (at, (number, bytes)) in disk.contents().enumerate().skip(newest) {
            let from = read.get(at).map_or(0, |(_, read)| read.len());
            let end = read_from(bytes, from, &mut |record| {
                if let Fact::Step(step) = &record.fact {
                    Rc::make_mut(rows).insert(format!("row {}", step.row));
                }
                stories.fold(&record);
                finder.look(&record);
            });
            read.truncate(at);
            read.push((number, bytes.get(..end).unwrap_or_default().to_vec()));
        }
        let whole = read
            .first()
            .is_some_and(|(number, _)| *number == SegmentNo::FIRST);
        stories.count_batches(whole);
    }
}

impl ByReading {
    fn judged(&mut self, story: &Story, stories: &Stories) -> Judged {
        let mark = mark(stories, story);
        if let Some((known, judged)) = self.judged.get(&story.tx)
            && *known == mark
            && story.again.is_none()
        {
            return judged.clone();
        }
        let verdict = Verdict::of(story, &stories.others(story));
        let value =
            serde_json::to_value(View::of(story, &verdict, &Zone::CHINA)).unwrap_or_default();
        let judged = Judged {
            value: Rc::new(value),
            verdict: Rc::new(verdict),
        };
        self.judged.insert(story.tx, (mark, judged.clone()));
        judged
    }
}

impl Looker for ByReading {
    fn look(&mut self, disk: &Memory) -> Printed {
        let mut told = std::mem::take(&mut self.told);
        told.read_on(disk);
        let (query, stories) = (open(), &told.stories);
        // As `open` does: candidates first, then the last word of each one's story.
        let mut read: BTreeSet<TxId> = told.finder.related();
        read.extend(told.finder.candidates());
        let settlements = stories.iter().filter_map(|story| story.settlement.as_ref());
        let counts = settlements.filter_map(|told| told.own.as_ref());
        read.extend(counts.flat_map(|count| count.in_question()));
        let open = read.iter().filter_map(|tx| stories.story(*tx));
        let open = open.filter_map(|story| {
            let told = self.judged(story, stories);
            query.matches(story, &told.verdict).then_some(told.value)
        });
        let printed = Printed {
            open: open.collect(),
            all: stories
                .iter()
                .map(|story| self.judged(story, stories).value)
                .collect(),
            rows: Rc::clone(&told.rows),
        };
        self.told = told;
        printed
    }
}
