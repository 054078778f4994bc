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
