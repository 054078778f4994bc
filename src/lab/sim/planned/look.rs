//! What the commands print of a disk: every transaction explained, and the list of open ones.

use crate::engine::journal::Memory;
use crate::engine::trace::{Finder, Keep, Query, Stories, Story, Verdict, View, Which};
use crate::lab::sim::machine::read_all;
use serde_json::Value;

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

/// Reads the records themselves, without an index.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByReading;

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
        let print = |story: &Story| {
            let verdict = Verdict::of(story, &stories.twins(story));
            serde_json::to_value(View::of(story, &verdict)).unwrap_or_default()
        };
        // As `open` does: candidates first, then the last word of each one's story.
        let open = finder.candidates().filter_map(|tx| stories.story(tx));
        Printed {
            all: stories.iter().map(print).collect(),
            open: open
                .filter(|story| query.matches(story))
                .map(print)
                .collect(),
        }
    }
}
