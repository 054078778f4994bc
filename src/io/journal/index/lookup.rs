//! The index as it is now, whole: what no file covers is read, and indexed in memory.

use super::super::cursor::{Cursor, RecordPosition};
use super::super::files::Files;
use super::catalog::{CatalogFile, entries};
use super::counts::JournalCounts;
use super::key::IndexKey;
use super::rows::Rows;
use super::run::{IndexRun, Standing};
use crate::engine::journal::{Damage, DamageKind, SegmentNo, Storage, StorageError};
use crate::engine::record::{Seq, TxId};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The runs of a journal, in order.
#[derive(Debug)]
pub(in crate::io::journal) struct Lookup {
    pub(super) runs: Vec<IndexRun>,
    damage: Vec<Damage>,
}

/// Why a stretch of the journal was not indexed.
#[derive(Debug, thiserror::Error)]
pub(in crate::io::journal) enum IndexError {
    /// The index.
    #[error("the journal's index: {0}")]
    Index(#[from] io::Error),
    /// The journal.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Indexes a stretch of a segment, from a place to the end of what is there, but not much more than
/// `most` bytes; and what was damaged.
pub(super) fn index_from(
    journal: &Path,
    (from, most): (RecordPosition, u64),
    carried: bool,
    before: BTreeMap<TxId, Standing>,
) -> Result<(IndexRun, Vec<Damage>), StorageError> {
    let mut cursor = Cursor::within(Files::read_only(journal), from).without_frames();
    let mut rows = Rows::new(from, carried, before);
    let mut at = from;
    while let Some(record) = cursor.next() {
        rows.take(at, &record?);
        at = cursor.position();
        if at.offset - from.offset >= most {
            break;
        }
    }
    let damage = cursor.damage();
    let places = damage.iter().map(|damage| RecordPosition {
        segment: damage.segment,
        offset: damage.offset,
    });
    let places: Vec<_> = places.collect();
    Ok((rows.finish(at, &places), damage.to_vec()))
}

/// What is in an open state at the end of a run, if there is one.
pub(super) fn open_behind(run: Option<&IndexRun>) -> io::Result<BTreeMap<TxId, Standing>> {
    let list = run.map(IndexRun::list).transpose()?;
    Ok(list.unwrap_or_default().into_iter().collect())
}

impl Lookup {
    /// Of the journal in a folder. A file that cannot be used is as good as none, and without
    /// `files` everything is read.
    ///
    /// # Errors
    /// The storage's: a segment cannot be read.
    pub(in crate::io::journal) fn open(journal: &Path, files: bool) -> Result<Self, IndexError> {
        let mut lookup = Self {
            runs: Vec::new(),
            damage: Vec::new(),
        };
        let entries = match files {
            true => entries(journal).unwrap_or_default(),
            false => Vec::new(),
        };
        let segments = Files::read_only(journal).segments()?;
        for segment in &segments {
            let told = lookup.runs.last().map(|run| run.head.to.segment);
            if told < Some(*segment) {
                let oldest = segments.first() == Some(segment);
                lookup.add(journal, *segment, oldest, &entries)?;
            }
        }
        Ok(lookup)
    }

    /// Adds a segment: its file or that of its group, else its pieces, and what those do not cover.
    fn add(
        &mut self,
        journal: &Path,
        segment: SegmentNo,
        oldest: bool,
        entries: &[CatalogFile],
    ) -> Result<(), IndexError> {
        let whole = entries.iter().filter(|entry| entry.covers(segment));
        let mut whole = whole.filter_map(|entry| IndexRun::open(&entry.path).ok());
        let length = Files::read_only(journal).length(segment)?;
        let mut from = RecordPosition::start_of(segment);
        if let Some(run) = whole.next() {
            let to = run.head.to;
            self.take(run)?;
            if to.segment != segment || length <= to.offset {
                return Ok(());
            }
            // It went on after a crash that took the next one's unfinished checkpoint away.
            from = to;
        }
        let pieces = entries.iter().filter(|entry| entry.first == segment);
        for piece in pieces {
            if piece.piece != Some(from.offset) {
                continue;
            }
            let run = IndexRun::open(&piece.path).ok();
            let fits = |run: &IndexRun| run.head.to.offset <= length && run.is_sound();
            let Some(run) = run.filter(fits) else {
                break;
            };
            from = run.head.to;
            self.take(run)?;
        }
        let before = open_behind(self.runs.last())?;
        let carried = oldest && segment != SegmentNo::FIRST;
        let (rest, damage) = index_from(journal, (from, u64::MAX), carried, before)?;
        self.damage.extend(damage);
        self.runs.push(rest);
        Ok(())
    }

    fn take(&mut self, run: IndexRun) -> io::Result<()> {
        let damage = run.damage()?.into_iter();
        self.damage
            .extend(damage.map(|RecordPosition { segment, offset }| Damage {
                segment,
                offset,
                kind: DamageKind::Record,
            }));
        self.runs.push(run);
        Ok(())
    }

    /// What could not be read.
    pub(in crate::io::journal) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// What can be counted.
    pub(in crate::io::journal) fn counts(&self) -> io::Result<JournalCounts> {
        let mut counts = JournalCounts::default();
        self.runs.iter().try_for_each(|run| counts.add(run))?;
        Ok(counts)
    }

    /// The transactions in an open state, oldest first.
    pub(in crate::io::journal) fn list(&self) -> io::Result<BTreeMap<TxId, Standing>> {
        open_behind(self.runs.last())
    }

    /// A transaction's last record, as far as it is kept.
    pub(in crate::io::journal) fn last(&self, tx: TxId) -> io::Result<Option<RecordPosition>> {
        for run in self.runs.iter().rev().filter(|run| run.head.may_have(tx)) {
            for entry in run.entries(IndexKey::Transaction(tx).entry())?.rev() {
                let row = run.row(run.row_at(entry)?)?;
                if row.tx == tx {
                    return Ok(Some(row.last));
                }
            }
        }
        Ok(None)
    }

    /// A place shortly before a record.
    pub(in crate::io::journal) fn place(&self, seq: Seq) -> io::Result<Option<RecordPosition>> {
        // A run without records, of a segment that has only begun, has no first one.
        let begun = |run: &&IndexRun| run.head.first != Seq(0) && run.head.first <= seq;
        let run = self.runs.iter().rev().find(begun);
        Ok(run.map(|run| run.place(seq)).transpose()?.flatten())
    }
}
