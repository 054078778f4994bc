//! Using the index: what it covers is looked up, the rest is read.

use super::super::cursor::{Cursor, RecordPosition};
use super::super::files::Files;
use super::catalog::entries;
use super::table::{IndexTable, TransactionNames};
use crate::engine::journal::{Damage, DamageKind, SegmentNo, Storage, StorageError};
use crate::engine::record::{Record, Seq, TxId};
use crate::engine::trace::Query;
use std::collections::BTreeSet;
use std::path::Path;

/// The files of the index as they are now, and what they do not cover. A file that cannot be used
/// is as good as none.
#[derive(Debug)]
pub(crate) struct Lookup {
    tables: Vec<(SegmentNo, SegmentNo, IndexTable)>,
    gaps: Vec<Gap>,
}

/// A piece of the journal without index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    from: RecordPosition,
    /// Before this segment; none for to the end.
    until: Option<SegmentNo>,
}

impl Lookup {
    /// The index of the journal in a folder.
    ///
    /// # Errors
    /// The storage's: the segments cannot be listed.
    pub(crate) fn open(journal: &Path) -> Result<Self, StorageError> {
        let mut lookup = Self {
            tables: Vec::new(),
            gaps: Vec::new(),
        };
        let entries = entries(journal).unwrap_or_default();
        for segment in Files::read_only(journal).segments()? {
            if lookup.tables.iter().any(|(_, last, _)| *last >= segment) {
                continue;
            }
            let mut from = RecordPosition::start_of(segment);
            for entry in entries.iter().filter(|entry| entry.covers(segment)) {
                let Ok(table) = IndexTable::open(&entry.path) else {
                    continue;
                };
                let Ok(Some(covers)) = table.covers() else {
                    continue;
                };
                lookup.tables.push((entry.first, entry.last, table));
                from = covers;
                if entry.finished {
                    from.segment = entry.last.next();
                }
                break;
            }
            if from.segment == segment {
                lookup.gap(from);
            }
        }
        Ok(lookup)
    }

    /// Whether there is no index at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Adds a gap that reaches to the next segment at least.
    fn gap(&mut self, from: RecordPosition) {
        match self.gaps.last_mut() {
            Some(gap) if gap.until == Some(from.segment) => {
                gap.until = Some(from.segment.next());
            }
            Some(_) | None => self.gaps.push(Gap {
                from,
                until: Some(from.segment.next()),
            }),
        }
    }

    /// Reads what the index does not cover, as far as `wanted` says of a record's body; what was
    /// damaged.
    pub(crate) fn read_gaps(
        &self,
        journal: &Path,
        wanted: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(&Record),
    ) -> Result<Vec<Damage>, StorageError> {
        let mut damage = Vec::new();
        for (at, gap) in self.gaps.iter().enumerate() {
            let last = at + 1 == self.gaps.len();
            let mut cursor = Cursor::at(Files::read_only(journal), gap.from);
            while let Some(record) = cursor.next_if(&wanted)? {
                let behind = gap
                    .until
                    .is_some_and(|until| cursor.position().segment >= until);
                // What began since the index was listed belongs to the last gap.
                if behind && !last {
                    break;
                }
                record.iter().for_each(&mut take);
            }
            damage.extend(cursor.damage());
        }
        Ok(damage)
    }

    /// What could not be read when it was indexed.
    pub(crate) fn damage(&self) -> rusqlite::Result<Vec<Damage>> {
        let mut damage = Vec::new();
        for (_, _, table) in &self.tables {
            let kind = DamageKind::Record;
            let places = table.damage()?.into_iter();
            damage.extend(places.map(|RecordPosition { segment, offset }| Damage {
                segment,
                offset,
                kind,
            }));
        }
        Ok(damage)
    }

    /// Candidates that the index knows.
    pub(crate) fn find(&self, query: &Query) -> rusqlite::Result<BTreeSet<TxId>> {
        let mut found = BTreeSet::new();
        for (_, _, table) in &self.tables {
            found.extend(table.find(query)?);
        }
        Ok(found)
    }

    /// The names of transactions, as far as the index knows them.
    pub(crate) fn names(&self, txs: &BTreeSet<TxId>) -> rusqlite::Result<Vec<TransactionNames>> {
        let mut names = Vec::new();
        for tx in txs {
            for (_, _, table) in &self.tables {
                names.extend(table.names(*tx)?);
            }
        }
        Ok(names)
    }

    /// Others that the index knows to belong to the same purchase or to have the same names.
    pub(crate) fn related(&self, names: &[TransactionNames]) -> rusqlite::Result<BTreeSet<TxId>> {
        let mut found: BTreeSet<TxId> = names.iter().filter_map(|names| names.twin).collect();
        for (_, _, table) in &self.tables {
            for names in names {
                found.extend(table.related(names)?);
            }
        }
        Ok(found)
    }

    /// A transaction's last record, as far as the index knows.
    pub(crate) fn last(&self, tx: TxId) -> rusqlite::Result<Option<Seq>> {
        for (_, _, table) in self.tables.iter().rev() {
            let last = table.last(tx)?;
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// A place shortly before a record in a segment, if the index knows one.
    pub(crate) fn place(&self, segment: SegmentNo, seq: Seq) -> Option<RecordPosition> {
        let covering = |(first, last, _): &&(SegmentNo, SegmentNo, IndexTable)| {
            (*first..=*last).contains(&segment)
        };
        let (_, _, table) = self.tables.iter().find(covering)?;
        let place = table.place(seq).ok()??;
        (place.segment == segment).then_some(place)
    }
}
