//! Anybody's side of the journal: a folder, perhaps a copy, that is only read.

use super::cursor::{Cursor, RecordPosition};
use super::files::Files;
use super::index::IndexError;
use super::snapshot::JournalSnapshot;
use crate::engine::journal::{Damage, SegmentNo, Storage, StorageError};
use crate::engine::record::{Record, Vault};
use crate::engine::seam::Wall;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("{0} holds no journal; name the folder of one with --journal DIR")]
    NoJournal(PathBuf),
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its index; what it tells can be read from the segments, too.
    #[error("the journal's index: {0}")]
    Index(std::io::Error),
}

impl From<IndexError> for ReadError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Storage(error) => Self::Storage(error),
            IndexError::Index(error) => Self::Index(error),
        }
    }
}

/// Reads a journal while it is written, or a copy of one. Never writes.
#[derive(Debug)]
pub struct JournalReader {
    folder: PathBuf,
    vault: Option<Arc<Vault>>,
}

impl JournalReader {
    /// The journal in a folder. With its `vault`, patches are opened as far as the keys are there.
    ///
    /// # Errors
    /// [`ReadError::NoJournal`].
    pub fn open(folder: &Path, vault: Option<Arc<Vault>>) -> Result<Self, ReadError> {
        let reader = Self {
            folder: folder.to_owned(),
            vault,
        };
        let there = reader.files().segments().unwrap_or_default();
        if there.is_empty() {
            return Err(ReadError::NoJournal(folder.to_owned()));
        }
        Ok(reader)
    }

    fn files(&self) -> Files {
        Files::read_only(&self.folder)
    }

    /// Every record that is kept, in order. At the end it gives `None`; asked again later, what
    /// came since: that is how to follow.
    #[must_use]
    pub fn records(&self) -> RecordReader {
        self.records_at(RecordPosition::start_of(SegmentNo::FIRST))
    }

    /// As [`records`](Self::records), beginning with the newest whole checkpoint: all that is live
    /// is carried there.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_since_checkpoint(&self) -> Result<RecordReader, ReadError> {
        Ok(RecordReader {
            cursor: Cursor::since_checkpoint(&self.folder)?,
            vault: self.vault.clone(),
        })
    }

    /// As [`records`](Self::records), beginning behind what is there now.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_from_now(&self) -> Result<RecordReader, ReadError> {
        let last = self.files().segments()?.last().copied();
        let mut records =
            self.records_at(RecordPosition::start_of(last.unwrap_or(SegmentNo::FIRST)));
        while records.cursor.next_if(|_| false)?.is_some() {}
        Ok(records)
    }

    /// As [`records`](Self::records), beginning with the segment in which this moment lies: those
    /// that are earlier than it come first.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_around(&self, moment: Wall) -> Result<RecordReader, ReadError> {
        let segments = self.files().segments()?;
        let mut start = segments.first().copied().unwrap_or(SegmentNo::FIRST);
        for segment in segments.into_iter().rev() {
            let mut records = self.records_at(RecordPosition::start_of(segment));
            let first = records.next().transpose()?;
            if first.is_some_and(|first| first.at < moment) {
                start = segment;
                break;
            }
        }
        Ok(self.records_at(RecordPosition::start_of(start)))
    }

    fn records_at(&self, at: RecordPosition) -> RecordReader {
        RecordReader {
            cursor: Cursor::at(self.files(), at),
            vault: self.vault.clone(),
        }
    }

    /// The journal as it is now, to look things up in.
    ///
    /// # Errors
    /// The storage's; [`ReadError::Index`] if the index cannot be used.
    pub fn snapshot(&self) -> Result<JournalSnapshot, ReadError> {
        JournalSnapshot::open(&self.folder, self.vault.clone(), true)
    }

    /// As [`snapshot`](Self::snapshot), read from the segments alone: as slow as they are long.
    ///
    /// # Errors
    /// The storage's.
    pub fn snapshot_without_index(&self) -> Result<JournalSnapshot, ReadError> {
        JournalSnapshot::open(&self.folder, self.vault.clone(), false)
    }
}

/// Records in order.
#[derive(Debug)]
pub struct RecordReader {
    cursor: Cursor,
    vault: Option<Arc<Vault>>,
}

impl RecordReader {
    /// What was damaged, and skipped.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        self.cursor.damage()
    }
}

impl Iterator for RecordReader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.cursor.next()?;
        Some(record.map_err(ReadError::from).map(|mut record| {
            if let Some(vault) = &self.vault {
                record.open_patches(vault);
            }
            record
        }))
    }
}
