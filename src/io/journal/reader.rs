//! Anybody's side of the journal: a folder, perhaps a copy, that is only read.

use super::cursor::{Cursor, Position};
use super::files::Files;
use crate::engine::journal::{Damage, Header, Segment, SegmentNo, Storage, StorageError};
use crate::engine::record::{self, Fact, Record, Seq, TxId, Vault};
use crate::engine::trace::{Finder, Query, subject};
use std::collections::BTreeSet;
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
    pub fn records(&self) -> Records {
        self.records_at(start_of(SegmentNo::FIRST))
    }

    /// As [`records`](Self::records), beginning with the newest whole checkpoint: all that is live
    /// is carried there.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_since_checkpoint(&self) -> Result<Records, ReadError> {
        let there = self.files().segments()?;
        for segment in there.into_iter().rev() {
            if segment == SegmentNo::FIRST || self.has_checkpoint(segment) {
                return Ok(self.records_at(start_of(segment)));
            }
        }
        Ok(self.records())
    }

    /// Whether a segment begins with a checkpoint that is whole: the newest one's may still be in
    /// the making.
    fn has_checkpoint(&self, segment: SegmentNo) -> bool {
        let records = self.records_at(start_of(segment));
        let mut facts = records.map_while(Result::ok).map(|record| record.fact);
        matches!(facts.next(), Some(Fact::CheckpointBegin))
            && facts
                .find(|fact| !matches!(fact, Fact::Carried(_)))
                .is_some_and(|fact| matches!(fact, Fact::CheckpointEnd))
    }

    /// As [`records`](Self::records), beginning behind what is there now.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_from_now(&self) -> Result<Records, ReadError> {
        let last = self.files().segments()?.last().copied();
        let mut records = self.records_at(start_of(last.unwrap_or(SegmentNo::FIRST)));
        while records.cursor.next_if(|_| false)?.is_some() {}
        Ok(records)
    }

    fn records_at(&self, at: Position) -> Records {
        Records {
            cursor: Cursor::at(self.files(), at),
            vault: self.vault.clone(),
        }
    }

    /// One record by its place; `None` if it is not kept any more, or not there yet.
    ///
    /// # Errors
    /// The storage's.
    pub fn record(&self, seq: Seq) -> Result<Option<Record>, ReadError> {
        let files = self.files();
        let mut holds = None;
        for segment in files.segments()? {
            let head = files.read(segment, 0, Header::LENGTH)?;
            match Header::read(&head) {
                Some(header) if header.first > seq => break,
                Some(header) => holds = Some((segment, header)),
                None => {}
            }
        }
        let Some((segment, header)) = holds else {
            return Ok(None);
        };
        let bytes = files.read(segment, Header::LENGTH as u64, usize::MAX)?;
        let found = Segment::new(&bytes, Header::LENGTH as u64, header.salt)
            .find(|framed| record::decode_head(framed.body).is_ok_and(|head| head.seq == seq));
        let record = found.and_then(|framed| record::decode(framed.body).ok());
        Ok(record.map(|record| self.opened(record)))
    }

    fn opened(&self, mut record: Record) -> Record {
        if let Some(vault) = &self.vault {
            record.open_patches(vault);
        }
        record
    }

    /// Candidates for a query, oldest first: none that matches is missing, but some may not match,
    /// so that [`Query::matches`] has the last word on each one's story.
    ///
    /// # Errors
    /// The storage's.
    pub fn find(&self, query: &Query) -> Result<Vec<TxId>, ReadError> {
        let mut finder = Finder::new(query.clone());
        for record in self.records() {
            finder.look(&record?);
        }
        let found: BTreeSet<TxId> = finder.candidates().collect();
        Ok(found.into_iter().collect())
    }

    /// A transaction's records, in order, as far as they are kept; what checkpoints carried of it
    /// included.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_of(&self, tx: TxId) -> Result<Vec<Record>, ReadError> {
        let all = self.records();
        let of_it = all.filter(|record| match record {
            Ok(record) => subject(record) == Some(tx),
            Err(_) => true,
        });
        of_it.collect()
    }
}

/// The place of a segment's first record.
const fn start_of(segment: SegmentNo) -> Position {
    let offset = Header::LENGTH as u64;
    Position { segment, offset }
}

/// Records in order.
#[derive(Debug)]
pub struct Records {
    cursor: Cursor,
    vault: Option<Arc<Vault>>,
}

impl Records {
    /// What was damaged, and skipped.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        self.cursor.damage()
    }
}

impl Iterator for Records {
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
