//! Which files the index has.

use crate::engine::journal::SegmentNo;
use std::io;
use std::path::{Path, PathBuf};

/// How many segments share a file in the end.
pub(super) const GROUP: u64 = 16;

/// A file of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CatalogFile {
    pub(super) first: SegmentNo,
    pub(super) last: SegmentNo,
    /// Whether it is finished: whole, synced, and never changed again.
    pub(super) finished: bool,
    pub(super) path: PathBuf,
}

/// The folder of a journal's index.
pub(super) fn folder(journal: &Path) -> PathBuf {
    journal.join("index")
}

impl CatalogFile {
    /// The file of a segment that still grows.
    pub(super) fn live(journal: &Path, segment: SegmentNo) -> Self {
        Self {
            first: segment,
            last: segment,
            finished: false,
            path: folder(journal).join(format!("{segment}.live")),
        }
    }

    /// The file of a sealed segment.
    pub(super) fn single(journal: &Path, segment: SegmentNo) -> Self {
        Self {
            finished: true,
            path: folder(journal).join(format!("{segment}.idx")),
            ..Self::live(journal, segment)
        }
    }

    /// The file of sixteen.
    pub(super) fn group(journal: &Path, first: SegmentNo) -> Self {
        let last = SegmentNo(first.0 + GROUP - 1);
        Self {
            first,
            last,
            finished: true,
            path: folder(journal).join(format!("{first}-{last}.idx")),
        }
    }

    fn of(path: PathBuf) -> Option<Self> {
        let finished = match path.extension()?.to_str()? {
            "idx" => true,
            "live" => false,
            _ => return None,
        };
        let stem = path.file_stem()?.to_str()?;
        let (first, last) = stem.split_once('-').unwrap_or((stem, stem));
        Some(Self {
            first: SegmentNo(first.parse().ok()?),
            last: SegmentNo(last.parse().ok()?),
            finished,
            path,
        })
    }

    pub(super) fn covers(&self, segment: SegmentNo) -> bool {
        (self.first..=self.last).contains(&segment)
    }
}

/// The files that are there, the widest first.
pub(super) fn entries(journal: &Path) -> io::Result<Vec<CatalogFile>> {
    let mut entries = Vec::new();
    let folder = match std::fs::read_dir(folder(journal)) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(entries),
        Err(error) => return Err(error),
    };
    for entry in folder {
        entries.extend(CatalogFile::of(entry?.path()));
    }
    entries.sort_by_key(|entry| (entry.first.0.wrapping_sub(entry.last.0), !entry.finished));
    Ok(entries)
}
