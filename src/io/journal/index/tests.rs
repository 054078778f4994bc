//! With an index or without, whole or in part, the same is found.

mod past;

use super::super::cursor::RecordPosition;
use super::super::files::Files;
use super::super::{JournalReader, ReadError};
use super::catalog::{entries, folder};
use super::indexer::IndexWork;
use super::key::ROW_BITS;
use super::lookup::Lookup;
use super::relatives::Relatives;
use super::run::{IndexRun, RunHead, RunSection, SECTIONS};
use crate::engine::journal::{Journal, JournalOptions, SegmentNo, Storage};
use crate::engine::record::{Fact, Record, Seq, State, samples};
use crate::engine::seam::{Dice, Wall};
use crate::engine::trace::{Query, subject};
use crate::iso::message::Stan;
use crate::iso::spec::Purpose;
use past::{EACH, Past, SEGMENTS, found, opening, queries, shape, tx};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

#[test]
fn the_index_finds_what_reading_finds() {
    let past = Past::new();
    past.check("no index");
    let work = past.work();
    work.clear().unwrap();
    work.pass().unwrap();
    assert_eq!(
        past.files(),
        [
            "00000001-00000016.run",
            "00000017.run",
            "00000018.run",
            "00000019.run"
        ]
    );
    past.check("whole");
}

#[test]
fn an_index_with_holes_or_ruins_is_made_good_by_reading() {
    let past = Past::new();
    past.work().pass().unwrap_err();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let folder = folder(past.path());
    std::fs::remove_file(folder.join("00000018.run")).unwrap();
    past.check("a hole");
    std::fs::write(folder.join("00000017.run"), b"not a database").unwrap();
    past.check("a ruin");
    std::fs::remove_file(folder.join("00000001-00000016.run")).unwrap();
    past.check("nearly nothing");
    std::fs::remove_file(folder.join("00000017.run")).unwrap();
    past.work().pass().unwrap();
    past.check("rebuilt");
    assert_eq!(past.files().len(), 4);
}

#[test]
fn a_ruin_within_a_file_is_told_and_the_segments_are_read() {
    let past = Past::new();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let path = folder(past.path()).join("00000001-00000016.run");
    let mut bytes = std::fs::read(&path).unwrap();
    // The first page says what there is; the others are made nonsense.
    bytes[4096..].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    let reader = JournalReader::open(past.path(), None).unwrap();
    let query = &queries()[1];
    let spoiled = reader.snapshot().and_then(|snapshot| {
        let mut search = snapshot.search(query)?;
        search.take(10)
    });
    assert!(matches!(spoiled, Err(ReadError::Index(_))));
    let snapshot = reader.snapshot_without_index().unwrap();
    assert!(found(&snapshot, query).contains(&tx(233)));
    let records = snapshot
        .records_of(&BTreeSet::from([tx(233)]))
        .unwrap()
        .records;
    let told = |record: &Record| subject(record) == Some(tx(233));
    assert!(records.len() == 2 && records.iter().all(told));
}

#[test]
fn records_are_found_through_the_index() {
    let past = Past::new();
    let wanted = BTreeSet::from([tx(3), tx(100), tx(233), tx(399)]);
    let of_them = |record: &&Record| record.tx.is_some_and(|tx| wanted.contains(&tx));
    let given: Vec<Seq> = past
        .records
        .iter()
        .filter(of_them)
        .map(|record| record.seq)
        .collect();
    for indexed in [false, true] {
        if indexed {
            past.work().clear().unwrap();
            past.work().pass().unwrap();
        }
        let found = past.snapshot().records_of(&wanted).unwrap().records;
        let steps = found.iter().filter(|record| record.tx.is_some());
        assert_eq!(steps.map(|record| record.seq).collect::<Vec<_>>(), given);
        for record in past.records.iter().step_by(97) {
            let found = past.snapshot().record(record.seq).unwrap().unwrap();
            assert_eq!((found.seq, found.tx), (record.seq, record.tx));
        }
    }
}

#[test]
fn other_attempts_of_a_purchase_are_related() {
    let past = Past::new();
    for indexed in [false, true] {
        if indexed {
            past.work().clear().unwrap();
            past.work().pass().unwrap();
        }
        let snapshot = past.snapshot();
        let related = |n| {
            let mut related = BTreeSet::new();
            let records = snapshot.records_of(&BTreeSet::from([tx(n)])).unwrap();
            let Fact::Step(step) = &records.records[0].fact else {
                panic!("a sale is a step")
            };
            let opened = step.opened.as_deref().unwrap();
            let mut relatives = Relatives::default();
            relatives.all_of(tx(n), opened);
            snapshot.relatives(relatives, &mut related).unwrap();
            related
        };
        assert!(related(101).contains(&tx(150)), "{indexed}");
    }
}

#[test]
fn what_began_in_a_segment_that_is_gone_is_told_by_the_oldest_checkpoint() {
    let past = Past::new();
    let mut files = Files::open(past.path(), 0).unwrap();
    for segment in 1..=17 {
        files.remove(SegmentNo(segment)).unwrap();
    }
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    assert_eq!(past.files(), ["00000018.run", "00000019.run"]);
    let stan = Query {
        stan: Some(Stan(33)),
        ..Query::default()
    };
    let found = found(&past.snapshot(), &stan);
    assert_eq!(found, BTreeSet::from([tx(33)]));
    let records = past.snapshot().records_of(&found).unwrap().records;
    assert!(!records.is_empty() && records.iter().all(|record| subject(record) == Some(tx(33))));
}

#[test]
fn the_index_of_what_is_gone_goes_too() {
    let past = Past::new();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let mut files = Files::open(past.path(), 0).unwrap();
    for segment in 1..=17 {
        files.remove(SegmentNo(segment)).unwrap();
    }
    past.work().pass().unwrap();
    assert_eq!(past.files(), ["00000018.run", "00000019.run"]);
}

/// The thread of a running writer indexes what grows, in pieces.
#[test]
fn what_grows_is_indexed_in_pieces() {
    let folder = TempDir::new().unwrap();
    let files = Files::open(folder.path(), 0).unwrap();
    let (mut journal, _) = Journal::open(files, JournalOptions::default()).unwrap();
    let vault = &mut samples::vault();
    let work = IndexWork {
        journal: folder.path().to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
        rests: false,
    };
    work.clear().unwrap();
    let mut next = 1;
    for round in 1..=2 {
        for _ in 0..11_000 {
            let mut record = samples::sale(next, tx(next), None);
            shape(&mut record, next, State::Forwarded);
            journal.append(&record, vault).unwrap();
            next += 1;
        }
        journal.sync().unwrap();
        work.pass().unwrap();
        let pieces = entries(folder.path()).unwrap();
        let covered = IndexRun::open(&pieces.last().unwrap().path).unwrap();
        let covered = covered.head.to.offset;
        assert!(covered > round * (4 << 20), "{covered}");
        assert_eq!(pieces.len() as u64, round);
    }
    let reader = JournalReader::open(folder.path(), None).unwrap();
    let stan = Query {
        stan: Some(Stan(21_999)),
        ..Query::default()
    };
    let snapshot = reader.snapshot().unwrap();
    let found = found(&snapshot, &stan);
    assert_eq!(found, BTreeSet::from([tx(21_999)]));
    // All of them bought the same with one card.
    let mut related = BTreeSet::new();
    let names = crate::engine::trace::tests::opened(Purpose::Debit);
    let mut relatives = Relatives::default();
    relatives.all_of(tx(15_000), &names);
    snapshot.relatives(relatives, &mut related).unwrap();
    assert!(related.len() <= 64, "{}", related.len());
}

#[test]
fn a_transaction_is_looked_for_only_among_those_of_its_time() {
    let past = Past::new();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let lookup = Lookup::open(past.path(), true).unwrap();
    let pages = || lookup.runs.iter().map(IndexRun::pages_read);
    let before: Vec<usize> = pages().collect();
    assert!(before.len() > 2);
    assert!(lookup.last(tx(1)).unwrap().is_some());
    let read = pages().zip(before).filter(|(after, before)| after > before);
    assert_eq!(read.count(), 1);
}

/// Whatever stood in a damaged place is not found, index or not; that must be told.
#[test]
fn damage_is_told_by_the_index_too() {
    let past = Past::new();
    let path = past.path().join("00000003.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[2000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let read = past.snapshot().damage().to_vec();
    assert_eq!(read.len(), 1);
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    assert_eq!(past.snapshot().damage(), read);
}

#[test]
fn a_record_damaged_after_it_was_indexed_is_missed() {
    let past = Past::new();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let all = BTreeSet::from([tx(0), tx(1), tx(2)]);
    assert!(past.snapshot().records_of(&all).unwrap().whole);
    let path = past.path().join("00000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(!past.snapshot().records_of(&all).unwrap().whole);
}

#[test]
fn without_a_filter_what_began_last_comes_first_though_older_ones_went_on_later() {
    let past = Past::new();
    for indexed in [false, true] {
        if indexed {
            past.work().clear().unwrap();
            past.work().pass().unwrap();
        }
        let snapshot = past.snapshot();
        let mut search = snapshot.search(&Query::default()).unwrap();
        let last = SEGMENTS * EACH;
        let newest: BTreeSet<_> = (last - 5..last).map(tx).collect();
        assert_eq!(search.take(5).unwrap(), newest);
    }
}

#[test]
fn a_segment_that_goes_on_growing_after_it_was_finished_is_read_to_its_end() {
    let past = Past::new();
    past.work().clear().unwrap();
    past.work().pass().unwrap();
    let finished = "00000019.run".to_owned();
    assert!(past.files().contains(&finished));
    // A crash within a checkpoint takes its segment away, and the one before goes on.
    std::fs::remove_file(past.path().join("00000020.seg")).unwrap();
    let files = Files::open(past.path(), 0).unwrap();
    let (mut journal, _) = Journal::open(files, JournalOptions::default()).unwrap();
    let next = journal.last().next().0;
    let record = opening(next, 500);
    journal.append(&record, &mut samples::vault()).unwrap();
    journal.sync().unwrap();
    let is_found = || {
        let snapshot = past.snapshot();
        let query = Query {
            tx: Some(tx(500)),
            ..Query::default()
        };
        found(&snapshot, &query) == BTreeSet::from([tx(500)])
            && snapshot.record(Seq(next)).unwrap().is_some()
    };
    assert!(is_found());
    past.work().clear().unwrap();
    assert!(!past.files().contains(&finished));
    past.work().pass().unwrap();
    assert!(is_found());
}

/// A run of 200,000 entries spread evenly, and of a key that as many rows have.
fn entries_with_a_common_key(path: &Path) -> Vec<u64> {
    let mut dice = Dice::new(7);
    let spread = (0..200_000).map(|_| dice.number());
    let common = (0..200_000).map(|row| 0xB9C4_E3C6_B200_0000 | row);
    let mut entries: Vec<u64> = spread.chain(common).collect();
    entries.sort_unstable();
    let mut sections: [Vec<u64>; SECTIONS.len()] = Default::default();
    sections[RunSection::Entries as usize] = entries.clone();
    let start = RecordPosition::start_of(SegmentNo::FIRST);
    let head = RunHead {
        from: start,
        to: start,
        first: Seq(1),
        began: (Wall(0), Wall(0)),
        ids: RunHead::NO_IDS,
        lengths: [0; SECTIONS.len()],
    };
    IndexRun::new(head, sections).write(path).unwrap();
    entries
}

#[test]
fn a_key_is_found_in_few_pages_though_many_rows_share_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("common.run");
    let entries = entries_with_a_common_key(&path);
    let (mut pages, mut rare) = (0, 0);
    let keys = entries
        .iter()
        .step_by(4_001)
        .map(|entry| entry & !((1 << ROW_BITS) - 1));
    let keys: Vec<u64> = keys.collect();
    for key in &keys {
        let run = IndexRun::open(&path).unwrap();
        let last = key | ((1 << ROW_BITS) - 1);
        let expected = entries.partition_point(|entry| entry < key)
            ..entries.partition_point(|entry| *entry <= last);
        let found = run.entries(*key).unwrap();
        assert_eq!(found, expected.start as u64..expected.end as u64);
        if expected.len() == 1 {
            (pages, rare) = (pages + run.pages_read(), rare + 1);
        }
    }
    // Halving alone takes ten.
    assert!(pages < rare * 5, "{pages} pages for {rare} keys");
}
