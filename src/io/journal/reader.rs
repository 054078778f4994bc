//! Anybody's side of the journal: a folder, perhaps a copy, that is only read.

use super::cursor::{Cursor, RecordPosition};
use super::files::Files;
use super::places::{LookupError, Places};
use crate::engine::journal::{Damage, SegmentNo, Storage, StorageError};
use crate::engine::record::{Opened, Record, Seq, TxId, Vault};
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

    fn records_at(&self, at: RecordPosition) -> RecordReader {
        RecordReader {
            cursor: Cursor::at(self.files(), at),
            vault: self.vault.clone(),
        }
    }

    /// One record by its place; `None` if it is not kept any more, or not there yet.
    ///
    /// # Errors
    /// The storage's.
    pub fn record(&self, seq: Seq) -> Result<Option<Record>, ReadError> {
        let record = self.places()?.record(seq)?;
        Ok(record.map(|record| self.opened(record)))
    }

    fn places(&self) -> Result<Places, ReadError> {
        Ok(Places::open(&self.folder)?)
    }

    fn opened(&self, mut record: Record) -> Record {
        if let Some(vault) = &self.vault {
            record.open_patches(vault);
        }
        record
    }

    /// Looks for transactions, in the index and in what it does not cover yet.
    ///
    /// # Errors
    /// The storage's.
    pub fn find(&self, query: &Query) -> Result<FoundTransactions, ReadError> {
        let places = self.places()?;
        match places.find(query) {
            Ok(found) => Ok(found),
            Err(LookupError::Storage(error)) => Err(error.into()),
            // An index that cannot be used is as good as none.
            Err(LookupError::Index(_)) => self.find_by_reading(query),
        }
    }

    /// Others that the index knows to belong to these: attempts of the same purchase, those of the
    /// same name. What no index covers is found by [`find`](Self::find).
    ///
    /// # Errors
    /// The storage's.
    pub fn related<'a>(
        &self,
        opened: impl Iterator<Item = (TxId, &'a Opened)>,
    ) -> Result<BTreeSet<TxId>, ReadError> {
        match self.places()?.related(opened) {
            Ok(related) => Ok(related),
            Err(LookupError::Storage(error)) => Err(error.into()),
            Err(LookupError::Index(_)) => Ok(BTreeSet::new()),
        }
    }

    fn find_by_reading(&self, query: &Query) -> Result<FoundTransactions, ReadError> {
        let mut finder = Finder::new(query.clone());
        let mut records = self.records();
        for record in records.by_ref() {
            finder.look(&record?);
        }
        Ok(FoundTransactions {
            candidates: finder.candidates().collect(),
            related: finder.related(),
            damage: records.damage().to_vec(),
        })
    }

    /// The records of transactions, as far as they are kept; for a transaction whose beginning is
    /// not kept, what a checkpoint carried of it.
    ///
    /// # Errors
    /// The storage's.
    pub fn records_of(&self, txs: &BTreeSet<TxId>) -> Result<TransactionRecords, ReadError> {
        let mut told = match self.places()?.records_of(txs) {
            Ok(told) => told,
            Err(LookupError::Storage(error)) => return Err(error.into()),
            Err(LookupError::Index(_)) => self.read_records_of(txs)?,
        };
        if let Some(vault) = &self.vault {
            let records = told.records.iter_mut();
            records.for_each(|record| record.open_patches(vault));
        }
        Ok(told)
    }

    fn read_records_of(&self, txs: &BTreeSet<TxId>) -> Result<TransactionRecords, ReadError> {
        let of_them = |record: &Record| subject(record).is_some_and(|tx| txs.contains(&tx));
        let mut records = self.records();
        let told = records
            .by_ref()
            .filter(|record| record.as_ref().map_or(true, of_them))
            .collect::<Result<_, _>>()?;
        Ok(TransactionRecords {
            records: told,
            whole: records.damage().is_empty(),
        })
    }
}

/// What was found for a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTransactions {
    /// None that matches is missing, but some may not match: [`Query::matches`] has the last word
    /// on each one's story.
    pub candidates: BTreeSet<TxId>,
    /// Others that a candidate's verdict may turn on: attempts of the same purchase, repeats.
    pub related: BTreeSet<TxId>,
    /// What could not be read, and was skipped: whatever stood there is not found.
    pub damage: Vec<Damage>,
}

/// What the journal tells of transactions.
#[derive(Clone, Debug, Default)]
pub struct TransactionRecords {
    /// Their records, in order.
    pub records: Vec<Record>,
    /// Whether no record is missing that should still be there.
    pub whole: bool,
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
