//! The journal as it is at a moment, to look things up in.

use super::cursor::{Cursor, RecordPosition};
use super::files::Files;
use super::index::{
    IndexError, JournalCounts, Lookup, Relatives, RunRow, Standing, TransactionSearch,
};
use super::reader::ReadError;
use crate::engine::journal::{Damage, Header, Segment, SegmentNo, Storage, StorageError};
use crate::engine::record::{self, Fact, Record, Seq, State, TxId, Vault};
use crate::engine::trace::{Query, subject};
use crate::io::system;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// A journal's segments and its index, as they were when it was made. What the index did not
/// cover was read then, once.
#[derive(Debug)]
pub struct JournalSnapshot {
    folder: PathBuf,
    vault: Option<Arc<Vault>>,
    pub(super) lookup: Lookup,
    /// What is in an open state, with the place of each one's last record.
    list: BTreeMap<TxId, Standing>,
    oldest: SegmentNo,
    opened: RefCell<BTreeMap<SegmentNo, Option<OpenedSegment>>>,
}

/// A segment that is read from.
#[derive(Debug)]
struct OpenedSegment {
    file: File,
    salt: u32,
    first: Seq,
}

/// So many segments are held open at most.
const HELD_OPEN: usize = 256;

/// The clock is looked at once in so many rows.
const CLOCK_EVERY: u64 = 128;

/// What is read at once to find a record, in bytes: most are shorter, and a known place is a few
/// records away. The last is more than the longest.
const NEAR: [usize; 3] = [1 << 12, 1 << 14, 1 << 19];

/// What the journal tells of transactions.
#[derive(Clone, Debug, Default)]
pub struct TransactionRecords {
    /// Their records, in order.
    pub records: Vec<Record>,
    /// Whether no record is missing that should still be there.
    pub whole: bool,
}

impl JournalSnapshot {
    pub(super) fn open(
        folder: &Path,
        vault: Option<Arc<Vault>>,
        index: bool,
    ) -> Result<Self, ReadError> {
        let lookup = Lookup::open(folder, index)?;
        let oldest = Files::read_only(folder).segments()?.first().copied();
        Ok(Self {
            folder: folder.to_owned(),
            vault,
            list: lookup.list().map_err(IndexError::Index)?,
            lookup,
            oldest: oldest.unwrap_or(SegmentNo::FIRST),
            opened: RefCell::default(),
        })
    }

    fn files(&self) -> Files {
        Files::read_only(&self.folder)
    }

    /// What could not be read, and was skipped: whatever stood there is not found.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        self.lookup.damage()
    }

    /// What can be counted.
    ///
    /// # Errors
    /// The index cannot be used.
    pub fn counts(&self) -> Result<JournalCounts, ReadError> {
        Ok(self.lookup.counts().map_err(IndexError::Index)?)
    }

    /// The state of a transaction, if it is one that is open.
    #[must_use]
    pub fn open_state(&self, tx: TxId) -> Option<State> {
        let standing = self.list.get(&tx)?;
        usize::try_from(standing.state)
            .ok()
            .and_then(|at| State::ALL.get(at).copied())
    }

    /// Looks for transactions, the newest first.
    ///
    /// # Errors
    /// The index cannot be used.
    pub fn search(&self, query: &Query) -> Result<FoundTransactions<'_>, ReadError> {
        let search = TransactionSearch::new(&self.lookup, query).map_err(IndexError::Index)?;
        Ok(FoundTransactions {
            snapshot: self,
            query: query.clone(),
            search,
            given: BTreeSet::new(),
            before: None,
            deadline: None,
            is_late: false,
            reached: None,
        })
    }

    /// Relatives of transactions.
    ///
    /// # Errors
    /// The index cannot be used.
    pub fn relatives(
        &self,
        wanted: Relatives,
        found: &mut BTreeSet<TxId>,
    ) -> Result<(), ReadError> {
        let told = self.lookup.relatives(wanted, found);
        Ok(told.map_err(IndexError::Index)?)
    }

    /// One record by its number; `None` if it is not kept any more, or not there yet.
    ///
    /// # Errors
    /// The storage's.
    pub fn record(&self, seq: Seq) -> Result<Option<Record>, ReadError> {
        let Some(near) = self.lookup.place(seq).map_err(IndexError::Index)? else {
            return Ok(None);
        };
        let is_it = |body: &[u8]| record::decode_head(body).is_ok_and(|head| head.seq == seq);
        let behind = |body: &[u8]| record::decode_head(body).is_ok_and(|head| head.seq > seq);
        if let Some(found) = self.record_near(near, is_it, behind)? {
            return Ok(Some(self.patched(found)));
        }
        // Beyond damage, perhaps.
        let mut cursor = Cursor::within(self.files(), near);
        while let Some(record) = cursor.next_if(is_it)? {
            if let Some(record) = record {
                return Ok(Some(self.patched(record)));
            }
        }
        Ok(None)
    }

    /// The record at a place.
    pub(super) fn record_at(&self, at: RecordPosition) -> Result<Option<Record>, ReadError> {
        let found = self.record_near(at, |_| true, |_| true)?;
        Ok(found.map(|record| self.patched(record)))
    }

    /// The first record from a place on that is wanted, up to one that is behind all wanted.
    fn record_near(
        &self,
        mut at: RecordPosition,
        wanted: impl Fn(&[u8]) -> bool,
        behind: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Record>, ReadError> {
        for most in NEAR {
            let Some((bytes, salt)) = self.read(at, most)? else {
                return Ok(None);
            };
            let mut segment = Segment::new(&bytes, at.offset, salt);
            for framed in segment.by_ref() {
                if wanted(framed.body) {
                    return Ok(record::decode(framed.body).ok());
                }
                if behind(framed.body) {
                    return Ok(None);
                }
            }
            at.offset = segment.offset();
        }
        Ok(None)
    }

    /// Bytes of a segment, and its salt; `None` if it is not kept any more.
    fn read(&self, at: RecordPosition, most: usize) -> Result<Option<(Vec<u8>, u32)>, ReadError> {
        let mut opened = self.opened.borrow_mut();
        if opened.len() > HELD_OPEN {
            opened.clear();
        }
        let segment = opened
            .entry(at.segment)
            .or_insert_with(|| self.open_segment(at.segment).ok().flatten());
        let Some(segment) = segment else {
            return Ok(None);
        };
        let bytes = system::read_up_to(&segment.file, most, at.offset);
        let bytes = bytes.map_err(|error| StorageError::Failed(error.to_string()))?;
        Ok(Some((bytes, segment.salt)))
    }

    fn open_segment(&self, segment: SegmentNo) -> Result<Option<OpenedSegment>, StorageError> {
        let file = self.files().file(segment)?;
        let head = system::read_up_to(&file, Header::LENGTH, 0).unwrap_or_default();
        Ok(Header::read(&head).map(|header| OpenedSegment {
            file,
            salt: header.salt,
            first: header.first,
        }))
    }

    fn patched(&self, mut record: Record) -> Record {
        if let Some(vault) = &self.vault {
            record.open_patches(vault);
        }
        record
    }

    /// The records of transactions, in order, as far as they are kept; for a transaction whose
    /// beginning is not kept, what a checkpoint carried of it.
    ///
    /// # Errors
    /// The storage's, or the index cannot be used.
    pub fn records_of(&self, txs: &BTreeSet<TxId>) -> Result<TransactionRecords, ReadError> {
        let mut told = TransactionRecords {
            records: Vec::new(),
            whole: true,
        };
        let mut expired = BTreeSet::new();
        for tx in txs {
            if !self.records_of_one(*tx, &mut told)? {
                expired.insert(*tx);
            }
        }
        if !expired.is_empty() {
            self.carried(&expired, &mut told.records)?;
        }
        told.records.sort_by_key(|record| record.seq);
        told.records.dedup_by_key(|record| record.seq);
        Ok(told)
    }

    /// Follows a transaction back from its last record; whether its first one is kept.
    fn records_of_one(&self, tx: TxId, told: &mut TransactionRecords) -> Result<bool, ReadError> {
        let last = match self.list.get(&tx) {
            Some(standing) => Some(standing.last),
            None => self.lookup.last(tx).map_err(IndexError::Index)?,
        };
        let Some(last) = last else {
            return Ok(true);
        };
        if last.segment < self.oldest {
            return Ok(false);
        }
        let Some(mut record) = self.record_at(last)? else {
            told.whole = false;
            return Ok(true);
        };
        loop {
            let before = record.prev;
            let carried = matches!(record.fact, Fact::Carried(_));
            told.records.push(record);
            let Some(before) = before else {
                return Ok(!carried);
            };
            match self.record(before)? {
                Some(found) => record = found,
                None => {
                    let expired = before < self.oldest_record();
                    told.whole &= expired;
                    return Ok(!expired);
                }
            }
        }
    }

    /// Whether nothing was dropped of what was written.
    #[must_use]
    pub fn is_from_its_beginning(&self) -> bool {
        self.oldest == SegmentNo::FIRST
    }

    /// The first record that is kept.
    fn oldest_record(&self) -> Seq {
        let at = RecordPosition::start_of(self.oldest);
        let _read = self.read(at, 0);
        let opened = self.opened.borrow();
        let oldest = opened.get(&self.oldest).and_then(Option::as_ref);
        oldest.map_or(Seq(1), |segment| segment.first)
    }

    /// What the oldest checkpoint carried of transactions that began before it.
    fn carried(&self, txs: &BTreeSet<TxId>, records: &mut Vec<Record>) -> Result<(), ReadError> {
        let start = RecordPosition::start_of(self.oldest);
        for record in Cursor::within(self.files(), start) {
            let record = record?;
            if matches!(record.fact, Fact::CheckpointEnd) {
                break;
            }
            if subject(&record).is_some_and(|tx| txs.contains(&tx)) {
                records.push(self.patched(record));
            }
        }
        Ok(())
    }
}

/// What is found for a query, the newest first, looked for as far as it is asked for. None that
/// matches is missing, but some may not match: [`Query::matches`] has the last word on each one's
/// story.
#[derive(Debug)]
pub struct FoundTransactions<'s> {
    snapshot: &'s JournalSnapshot,
    query: Query,
    search: TransactionSearch<'s>,
    given: BTreeSet<TxId>,
    before: Option<TxId>,
    /// When it is to give up, and whether it did.
    deadline: Option<Instant>,
    is_late: bool,
    /// The oldest that was looked at.
    reached: Option<TxId>,
}

impl FoundTransactions<'_> {
    /// Only those that began before this one, from now on.
    pub fn only_before(&mut self, tx: Option<TxId>) {
        self.before = tx;
        if let Some(tx) = tx {
            self.search.only_before(tx.began());
        }
    }

    /// It gives up at this moment, wherever it is then, if it finds the newest first.
    pub const fn give_up_at(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Where it gave up, if it did: it has looked at that one, and at what began later.
    #[must_use]
    pub fn gave_up_at(&self) -> Option<TxId> {
        self.reached.filter(|_| self.is_late)
    }

    /// The next ones, so many at most.
    ///
    /// # Errors
    /// The storage's, or the index cannot be used.
    pub fn take(&mut self, most: usize) -> Result<BTreeSet<TxId>, ReadError> {
        let mut taken = BTreeSet::new();
        let may_give_up = self.search.is_newest_first();
        let mut looked: u64 = 0;
        while taken.len() < most {
            // Something is looked at each time, so that whoever goes on gets further.
            let may_end = may_give_up && self.reached.is_some();
            if may_end && looked.is_multiple_of(CLOCK_EVERY) && self.is_over_time() {
                self.is_late = true;
                break;
            }
            looked += 1;
            let Some(row) = self.search.next().map_err(IndexError::Index)? else {
                break;
            };
            let is_behind = self.before.is_some_and(|before| row.tx >= before);
            if is_behind || self.given.contains(&row.tx) {
                continue;
            }
            match self.fit(row)? {
                RowFit::Matches => {
                    self.given.insert(row.tx);
                    taken.insert(row.tx);
                }
                RowFit::Differs => {}
                // It is looked at where it began.
                RowFit::GoesOn => continue,
            }
            self.reached = Some(self.reached.map_or(row.tx, |reached| reached.min(row.tx)));
        }
        Ok(taken)
    }

    fn is_over_time(&self) -> bool {
        self.deadline.is_some_and(|at| at <= Instant::now())
    }

    /// Told from the names with which it began, where they are at hand.
    fn fit(&self, row: RunRow) -> Result<RowFit, ReadError> {
        // What went on of late need not have begun of late.
        if !self.query.asks_beginning() && !self.search.looks_at_all() {
            return Ok(RowFit::Matches);
        }
        let Some(first) = self.snapshot.record_at(row.first)? else {
            return Ok(RowFit::Matches);
        };
        // Where every row is looked at, that of the beginning is, too, if it is kept.
        let began = first.prev.filter(|_| self.search.looks_at_all());
        let began_here = began.is_none_or(|before| before < self.snapshot.oldest_record());
        Ok(match (self.query.may_begin_with(&first), began_here) {
            (_, false) => RowFit::GoesOn,
            (true, true) => RowFit::Matches,
            (false, true) => RowFit::Differs,
        })
    }
}

/// What a row of the index is to a query.
enum RowFit {
    /// Its transaction may be meant.
    Matches,
    /// It is not.
    Differs,
    /// It began elsewhere.
    GoesOn,
}
