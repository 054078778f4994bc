//! Looks at a simulated disk as a user would: the segments in a folder, the real index beside
//! them, and what `trace` and `open` print.

use crate::cli::past;
use crate::engine::journal::{Memory, Storage};
use crate::engine::seam::Zone;
use crate::engine::trace::{Query, View, Which};
use crate::io::journal::{JournalReader, index_folder, write_segment};
use crate::lab::sim::{Looker, Printed};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that is filled anew for each look, and removed at the end unless somebody wants it.
#[derive(Debug)]
pub(super) struct WithIndex {
    folder: PathBuf,
    stays: bool,
}

/// Folders so far, so that no two threads share one.
static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl WithIndex {
    pub(super) fn new() -> anyhow::Result<Self> {
        let own = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("isogate-sim-{}-{own}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            stays: false,
        })
    }

    pub(super) fn into_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            stays: true,
        }
    }

    fn fill(&self, disk: &Memory) -> anyhow::Result<Printed> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        std::fs::create_dir_all(&self.folder)?;
        for segment in disk.segments()? {
            let bytes = disk.read(segment, 0, usize::MAX)?;
            write_segment(&self.folder, segment, &bytes)?;
        }
        index_folder(&self.folder)?;
        let open = Query {
            which: Some(Which::Open),
            ..Query::default()
        };
        Ok(Printed {
            all: found(&self.folder, &Query::default())?,
            open: found(&self.folder, &open)?,
            ..Printed::default()
        })
    }
}

fn found(folder: &Path, query: &Query) -> anyhow::Result<Vec<Rc<Value>>> {
    let reader = JournalReader::open(folder, None)?;
    let found = past::find(&reader, query, None)?;
    let views = found.all.iter();
    let views =
        views.map(|(story, verdict)| serde_json::to_value(View::of(story, verdict, &Zone::CHINA)));
    Ok(views
        .map(|view| view.map(Rc::new))
        .collect::<Result<_, _>>()?)
}

impl Looker for WithIndex {
    fn look(&mut self, disk: &Memory) -> Printed {
        self.fill(disk).unwrap_or_default()
    }
}

impl Drop for WithIndex {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        // A folder of a temporary directory: what cannot be removed is no loss.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::sim::{ByReading, play};
    use crate::lab::swarm::draw;
    use std::collections::BTreeSet;

    /// Looks both ways, and holds that both see the same.
    struct Both {
        reading: ByReading,
        index: WithIndex,
        looks: usize,
    }

    impl Looker for Both {
        fn look(&mut self, disk: &Memory) -> Printed {
            let read = self.reading.look(disk);
            let found = self.index.fill(disk).unwrap();
            let said = |value: &Rc<Value>| {
                let keys = [
                    "tx",
                    "state",
                    "class",
                    "safe_to_retry",
                    "evidence",
                    "verdict",
                ];
                keys.map(|key| value[key].to_string())
            };
            let all = |values: &[Rc<Value>]| values.iter().map(said).collect::<BTreeSet<_>>();
            let (found_open, read_open) = (all(&found.open), all(&read.open));
            let differ: Vec<_> = found_open.symmetric_difference(&read_open).collect();
            assert!(differ.is_empty(), "open: {differ:#?}");
            assert_eq!(found.all.len(), read.all.len());
            // Asked for alone, a transaction has the verdict that it has among all.
            for told in read.all.iter().rev().take(20) {
                let alone = Query {
                    tx: told["tx"].as_str().and_then(|tx| tx.parse().ok()),
                    ..Query::default()
                };
                let alone = super::found(&self.index.folder, &alone).unwrap();
                assert_eq!(alone.iter().map(said).collect::<Vec<_>>(), [said(told)]);
            }
            self.looks += 1;
            read
        }
    }

    #[test]
    fn with_an_index_the_same_is_found_as_by_reading_all() {
        let mut both = Both {
            reading: ByReading::default(),
            index: WithIndex::new().unwrap(),
            looks: 0,
        };
        for seed in 1..=3 {
            let (_, plan) = draw(seed);
            play(&plan, &mut both);
        }
        assert!(both.looks > 3);
    }
}
