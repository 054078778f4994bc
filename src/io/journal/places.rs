//! Finding records: by the index where it covers the journal, by reading where it does not.

use super::cursor::{Cursor, RecordPosition};
use super::files::Files;
use super::index::{Lookup, Relatives, TransactionNames};
use super::reader::{FoundTransactions, TransactionRecords};
use crate::engine::journal::{Header, SegmentNo, Storage, StorageError};
use crate::engine::record::{self, Fact, Opened, Record, Seq, TxId};
use crate::engine::trace::{Finder, Query, subject};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Why nothing was looked up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    /// The segments cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The index cannot be used.
    #[error(transparent)]
    Index(#[from] rusqlite::Error),
}

/// The journal's segments and its index, as they are now.
#[derive(Debug)]
pub(super) struct Places {
    folder: PathBuf,
    segments: Vec<(Seq, SegmentNo)>,
    lookup: Lookup,
}

impl Places {
    pub(super) fn open(folder: &Path) -> Result<Self, StorageError> {
        let files = Files::read_only(folder);
        let mut segments = Vec::new();
        for segment in files.segments()? {
            let head = files.read(segment, 0, Header::LENGTH)?;
            segments.extend(Header::read(&head).map(|header| (header.first, segment)));
        }
        Ok(Self {
            folder: folder.to_owned(),
            segments,
            lookup: Lookup::open(folder)?,
        })
    }

    fn files(&self) -> Files {
        Files::read_only(&self.folder)
    }

    /// One record by its place.
    pub(super) fn record(&self, seq: Seq) -> Result<Option<Record>, StorageError> {
        let behind = self.segments.partition_point(|(first, _)| *first <= seq);
        let Some((_, segment)) = behind.checked_sub(1).and_then(|at| self.segments.get(at)) else {
            return Ok(None);
        };
        let start = self
            .lookup
            .place(*segment, seq)
            .unwrap_or_else(|| RecordPosition::start_of(*segment));
        let mut cursor = Cursor::within(self.files(), start);
        let is_it = |body: &[u8]| record::decode_head(body).is_ok_and(|head| head.seq == seq);
        while let Some(record) = cursor.next_if(is_it)? {
            if record.is_some() {
                return Ok(record);
            }
        }
        Ok(None)
    }

    /// Candidates and their relations.
    pub(super) fn find(&self, query: &Query) -> Result<FoundTransactions, LookupError> {
        let mut found = FoundTransactions {
            candidates: self.lookup.find(query)?,
            related: BTreeSet::new(),
            damage: self.lookup.damage()?,
        };
        let names = self.lookup.names(&found.candidates)?;
        found.related = self.lookup.related(&names)?;
        let relatives = Relatives::of(&names);
        let mut finder = Finder::new(query.clone());
        let related = &mut found.related;
        let take = |record: &Record| {
            if self.is_first_told(record) {
                finder.look(record);
            }
            if let (Fact::Step(step), Some(tx)) = (&record.fact, record.tx)
                && let Some(opened) = &step.opened
                && relatives.include(opened)
            {
                related.insert(tx);
            }
        };
        let damage = self.lookup.read_gaps(&self.folder, |_| true, take)?;
        found.damage.extend(damage);
        found.candidates.extend(finder.candidates());
        found.related.extend(finder.related());
        if query.asks_only_where() && !self.lookup.is_empty() {
            self.find_live(query, &mut found)?;
        }
        found.related.retain(|tx| !found.candidates.contains(tx));
        Ok(found)
    }

    /// Others that the index knows to belong to transactions that were read where it does not
    /// reach.
    pub(super) fn related<'a>(
        &self,
        opened: impl Iterator<Item = (TxId, &'a Opened)>,
    ) -> Result<BTreeSet<TxId>, LookupError> {
        let names: Vec<TransactionNames> = opened
            .map(|(tx, opened)| TransactionNames::of(tx, opened))
            .collect();
        Ok(self.lookup.related(&names)?)
    }

    /// Whether a record does not only carry what stands in an earlier segment.
    fn is_first_told(&self, record: &Record) -> bool {
        let second = self.segments.get(1).map(|(first, _)| *first);
        !matches!(record.fact, Fact::Carried(_)) || second.is_none_or(|first| record.seq < first)
    }

    /// What is live is carried by the newest checkpoint, or came since.
    fn find_live(&self, query: &Query, found: &mut FoundTransactions) -> Result<(), StorageError> {
        let mut finder = Finder::new(query.clone());
        let start = Cursor::since_checkpoint(&self.folder)?;
        for record in start {
            finder.look(&record?);
        }
        found.candidates.extend(finder.candidates());
        found.related.extend(finder.related());
        Ok(())
    }

    /// The records of transactions, in order.
    pub(super) fn records_of(
        &self,
        txs: &BTreeSet<TxId>,
    ) -> Result<TransactionRecords, LookupError> {
        let mut records = BTreeMap::new();
        let of_them = |body: &[u8]| {
            let head = record::decode_head(body);
            // What a checkpoint carries has no transaction in its head.
            head.is_ok_and(|head| head.tx.is_none_or(|tx| txs.contains(&tx)))
        };
        let damage = self.lookup.read_gaps(&self.folder, of_them, |record| {
            if subject(record).is_some_and(|tx| txs.contains(&tx)) {
                records.insert(record.seq, record.clone());
            }
        })?;
        let mut whole = damage.is_empty();
        let mut expired = false;
        let oldest = self.segments.first().map_or(Seq(1), |(first, _)| *first);
        let mut wanted: Vec<Seq> = records.values().filter_map(|record| record.prev).collect();
        for tx in txs {
            wanted.extend(self.lookup.last(*tx)?);
        }
        while let Some(seq) = wanted.pop() {
            expired |= seq < oldest;
            let Entry::Vacant(place) = records.entry(seq) else {
                continue;
            };
            match self.record(seq)? {
                Some(record) => {
                    wanted.extend(record.prev);
                    place.insert(record);
                }
                None => whole &= seq < oldest,
            }
        }
        if expired {
            self.carried(txs, &mut records)?;
        }
        Ok(TransactionRecords {
            records: records.into_values().collect(),
            whole,
        })
    }

    /// What the oldest checkpoint carried of transactions that began before it.
    fn carried(
        &self,
        txs: &BTreeSet<TxId>,
        records: &mut BTreeMap<Seq, Record>,
    ) -> Result<(), StorageError> {
        let Some((_, oldest)) = self.segments.first() else {
            return Ok(());
        };
        for record in Cursor::within(self.files(), RecordPosition::start_of(*oldest)) {
            let record = record?;
            if matches!(record.fact, Fact::CheckpointEnd) {
                break;
            }
            if subject(&record).is_some_and(|tx| txs.contains(&tx)) {
                records.insert(record.seq, record);
            }
        }
        Ok(())
    }
}
