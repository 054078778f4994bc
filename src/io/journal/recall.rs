//! Answers what a gateway's core asks of its journal, by the index.

use super::cursor::{Cursor, RecordPosition};
use super::files::Files;
use super::index::{IndexError, TransactionSearch};
use super::reader::{JournalReader, ReadError};
use super::snapshot::JournalSnapshot;
use crate::engine::gateway::{
    FoundInJournal, MOST_RECALLED, Recall, Recalled, names_links, names_others,
};
use crate::engine::journal::SegmentNo;
use crate::engine::record::{Record, Seq, TxId, Vault};
use crate::engine::trace::Query;
use crate::iso::message::Stan;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Of a terminal with more beginnings in the journal, not all are looked at for their numbers.
const MOST_NUMBERS: usize = 20_000;
/// Segments whose names of links are kept.
const MOST_SEGMENTS: usize = 64;

/// Looks things up for a core, again and again.
#[derive(Debug)]
pub struct JournalRecaller {
    folder: PathBuf,
    vault: Arc<Vault>,
    /// What links were named in a segment, and up to where that was read.
    links: BTreeMap<SegmentNo, (RecordPosition, Vec<Record>)>,
}

impl JournalRecaller {
    /// For the journal in a folder, whose sealed parts the vault opens.
    #[must_use]
    pub fn new(folder: &Path, vault: Arc<Vault>) -> Self {
        Self {
            folder: folder.to_owned(),
            vault,
            links: BTreeMap::new(),
        }
    }

    /// Answers all of these, by the journal as it is now; what cannot be read is told as such.
    pub fn answer(&mut self, asked: &[Recall]) -> (Vec<Recalled>, Option<ReadError>) {
        let vault = Some(Arc::clone(&self.vault));
        let journal = JournalReader::open(&self.folder, vault);
        let journal = journal.and_then(|reader| reader.snapshot());
        let mut trouble = None;
        let mut found = |recall: &Recall| match &journal {
            Ok(journal) => match self.look_up(journal, recall) {
                Ok(found) => Some(found),
                Err(error) => {
                    trouble = Some(error);
                    None
                }
            },
            Err(_) => None,
        };
        let answer = |recall: &Recall| Recalled {
            id: recall.id,
            found: found(recall),
        };
        let answers = asked.iter().map(answer).collect();
        (answers, journal.err().or(trouble))
    }

    fn look_up(
        &mut self,
        journal: &JournalSnapshot,
        recall: &Recall,
    ) -> Result<FoundInJournal, ReadError> {
        let mut meant: BTreeSet<TxId> = BTreeSet::new();
        for query in queries(recall) {
            meant.extend(journal.search(&query)?.take(MOST_RECALLED)?);
        }
        let told = journal.records_of(&meant)?.records;
        meant.extend(told.iter().flat_map(names_others));
        let mut records = journal.records_of(&meant)?.records;
        let mut segments = BTreeSet::new();
        for record in records.iter().filter(|record| record.opened().is_some()) {
            segments.extend(journal.segment_of(record.seq)?);
        }
        for segment in segments {
            records.extend_from_slice(self.links_in(segment)?);
        }
        records.sort_by_key(|record| record.seq);
        Ok(FoundInJournal {
            records,
            numbers: match recall.numbers {
                true => numbers(journal, recall)?,
                false => None,
            },
        })
    }

    /// The records of a segment that name links.
    fn links_in(&mut self, segment: SegmentNo) -> Result<&[Record], ReadError> {
        while self.links.len() >= MOST_SEGMENTS && !self.links.contains_key(&segment) {
            self.links.pop_first();
        }
        let begun = || (RecordPosition::start_of(segment), Vec::new());
        let (read, links) = self.links.entry(segment).or_insert_with(begun);
        let mut cursor = Cursor::within(Files::read_only(&self.folder), *read).without_frames();
        for record in cursor.by_ref() {
            let record = record?;
            if names_links(&record) {
                links.push(record);
            }
        }
        *read = cursor.position();
        Ok(links)
    }
}

/// What is to be looked for.
fn queries(recall: &Recall) -> Vec<Query> {
    let of_terminal = Query {
        terminal: Some(recall.terminal),
        ..Query::default()
    };
    let by_number = recall.stans.into_iter().flatten().flat_map(|stan| {
        let by_number = Query {
            stan: Some(stan),
            ..of_terminal.clone()
        };
        let numbers = if recall.of_host { 2 } else { 1 };
        by_number.by_any_stan().into_iter().take(numbers)
    });
    let by_rrn = recall.rrn.map(|rrn| Query {
        rrn: Some(rrn),
        ..of_terminal.clone()
    });
    let by_auth = recall.auth.map(|auth| Query {
        auth: Some(auth),
        ..of_terminal.clone()
    });
    by_number.chain(by_rrn).chain(by_auth).collect()
}

/// The numbers that a terminal used, if they are not too many.
fn numbers(journal: &JournalSnapshot, recall: &Recall) -> Result<Option<Vec<Stan>>, ReadError> {
    let query = Query {
        terminal: Some(recall.terminal),
        ..Query::default()
    };
    let mut search = TransactionSearch::new(&journal.lookup, &query).map_err(IndexError::Index)?;
    let mut numbers = Vec::new();
    while let Some(row) = search.next().map_err(IndexError::Index)? {
        if numbers.len() >= MOST_NUMBERS {
            return Ok(None);
        }
        let first = journal.record_at(row.first)?;
        let own = first.as_ref().and_then(Record::opened);
        numbers.extend(
            own.filter(|own| own.terminal == recall.terminal)
                .map(|own| own.stan),
        );
    }
    Ok(Some(numbers))
}

impl JournalSnapshot {
    /// The segment of a record.
    fn segment_of(&self, seq: Seq) -> Result<Option<SegmentNo>, ReadError> {
        let near = self.lookup.place(seq).map_err(IndexError::Index)?;
        Ok(near.map(|near| near.segment))
    }
}
