//! What the commands print of a disk: every transaction explained, and the list of open ones.

use crate::engine::journal::Memory;
use crate::engine::record::{State, TxId};
use crate::engine::seam::Wall;
use crate::engine::trace::{Finder, Keep, Query, Stories, Story, Verdict, View, Which};
use crate::lab::sim::machine::read_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is printed.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Every transaction, as `isogate trace --limit 0 --json`.
    pub all: Vec<Value>,
    /// Those that `isogate open --json` lists.
    pub open: Vec<Value>,
}

/// Reads a disk as the commands do.
pub trait Looker {
    /// What is printed of the journal on a disk.
    fn look(&mut self, disk: &Memory) -> Printed;
}

/// Reads the records themselves, without an index. What has not changed since the last look is not
/// printed anew.
#[derive(Clone, Debug, Default)]
pub struct ByReading {
    printed: BTreeMap<TxId, (Mark, Value)>,
}

/// How far a story and those of the others are, that its verdict turns on.
type Mark = Vec<(usize, Option<Wall>, State)>;

fn mark(stories: &Stories, story: &Story) -> Mark {
    let others = stories.others(story);
    let all = [story].into_iter().chain(others);
    let last = |story: &Story| story.moments.last().map(|moment| moment.at);
    all.map(|story| (story.moments.len(), last(story), story.state))
        .collect()
}

impl ByReading {
    fn print(&mut self, stories: &Stories, story: &Story) -> Value {
        let mark = mark(stories, story);
        if let Some((known, value)) = self.printed.get(&story.tx)
            && *known == mark
            && story.again.is_none()
        {
            return value.clone();
        }
        let verdict = Verdict::of(story, &stories.others(story));
        let value = serde_json::to_value(View::of(story, &verdict)).unwrap_or_default();
        self.printed.insert(story.tx, (mark, value.clone()));
        value
    }
}

impl Looker for ByReading {
    fn look(&mut self, disk: &Memory) -> Printed {
        let query = Query {
            which: Some(Which::Open),
            ..Query::default()
        };
        let mut stories = Stories::new(Keep::Everything);
        let mut finder = Finder::new(query.clone());
        for record in read_all(disk) {
            stories.fold(&record);
            finder.look(&record);
        }
        // As `open` does: candidates first, then the last word of each one's story.
        let mut read: BTreeSet<TxId> = finder.related();
        read.extend(finder.candidates());
        let open = read.iter().filter_map(|tx| stories.story(*tx));
        let open = open.filter(|story| {
            let verdict = Verdict::of(story, &stories.others(story));
            query.matches(story, verdict.class)
        });
        Printed {
            open: open.map(|story| self.print(&stories, story)).collect(),
            all: stories
                .iter()
                .map(|story| self.print(&stories, story))
                .collect(),
        }
    }
}
