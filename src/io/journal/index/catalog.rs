//! Which files the index has.

use crate::engine::journal::SegmentNo;
use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

/// How many segments share a file in the end.
pub(super) const GROUP: u64 = 16;

/// A file of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CatalogFile {
    pub(super) first: SegmentNo,
    pub(super) last: SegmentNo,
    /// Of a piece, the byte at which it begins; those of one segment follow one another.
    pub(super) piece: Option<u64>,
    pub(super) path: PathBuf,
}

/// The folder of a journal's index.
pub(super) fn folder(journal: &Path) -> PathBuf {
    journal.join("index")
}

impl CatalogFile {
    /// The file of a piece of a segment that still grows.
    pub(super) fn piece(journal: &Path, segment: SegmentNo, from: u64) -> Self {
        Self {
            piece: Some(from),
            path: folder(journal).join(format!("{segment}.{from}.live")),
            ..Self::single(journal, segment)
        }
    }

    /// The file of a sealed segment.
    pub(super) fn single(journal: &Path, segment: SegmentNo) -> Self {
        Self {
            first: segment,
            last: segment,
            piece: None,
            path: folder(journal).join(format!("{segment}.run")),
        }
    }

    /// The file of sixteen.
    pub(super) fn group(journal: &Path, first: SegmentNo) -> Self {
        let last = SegmentNo(first.0 + GROUP - 1);
        Self {
            first,
            last,
            piece: None,
            path: folder(journal).join(format!("{first}-{last}.run")),
        }
    }

    fn of(path: PathBuf) -> Option<Self> {
        let live = match path.extension()?.to_str()? {
            "run" => false,
            "live" => true,
            _ => return None,
        };
        let stem = path.file_stem()?.to_str()?;
        let (stem, piece) = match stem.split_once('.') {
            Some((stem, from)) if live => (stem, Some(from.parse().ok()?)),
            _ if live => return None,
            _ => (stem, None),
        };
        let (first, last) = stem.split_once('-').unwrap_or((stem, stem));
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some(Self {
            first: SegmentNo(first),
            last: SegmentNo(last),
            piece,
            path,
        })
    }

    /// Whether it tells all of a segment.
    pub(super) fn covers(&self, segment: SegmentNo) -> bool {
        self.piece.is_none() && (self.first..=self.last).contains(&segment)
    }
}

/// The files that are there: the widest first, pieces last and in their order.
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
    let width = |entry: &CatalogFile| entry.last.0 - entry.first.0;
    entries.sort_by_key(|entry| (entry.piece, Reverse(width(entry)), entry.first));
    Ok(entries)
}
