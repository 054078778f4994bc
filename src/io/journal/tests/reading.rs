//! Whoever reads sees every record once, in order, while it is written or afterwards.

use super::*;
use crate::engine::gateway::{Recall, RecallId};
use crate::engine::journal::DamageKind;
use crate::engine::record::Patch;
use crate::engine::trace::Query;
use crate::iso::message::Stan;
use std::collections::BTreeSet;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

fn reader(folder: &TempDir) -> JournalReader {
    JournalReader::open(&folder.path().join("journal"), None).unwrap()
}

fn seqs(records: &mut RecordReader) -> Vec<u64> {
    records.map(|record| record.unwrap().seq.0).collect()
}

/// Three segments; the last record is 330.
fn write_some(folder: &TempDir) -> OpenedJournal {
    let opened = JournalWriter::open(&strict(folder)).unwrap();
    for first in [1, 111, 221] {
        opened
            .writer
            .append(&mut (first..first + 108).map(record).collect());
        opened.writer.append(&mut checkpoint(first + 108, 0));
    }
    wait_for(&opened.writer, 330);
    opened
}

#[test]
fn a_reader_beside_the_writer_sees_all_and_follows() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    let mut records = reader(&folder).records();
    let mut seen = Vec::new();
    for first in (1..=900).step_by(30) {
        opened
            .writer
            .append(&mut (first..first + 28).map(record).collect());
        opened.writer.append(&mut checkpoint(first + 28, 0));
        seen.append(&mut seqs(&mut records));
    }
    wait_for(&opened.writer, 900);
    seen.append(&mut seqs(&mut records));
    assert_eq!(seen, Vec::from_iter(1..=900));
    assert!(records.damage().is_empty());
}

#[test]
fn reading_begins_anywhere() {
    let folder = TempDir::new().unwrap();
    let opened = write_some(&folder);
    let reader = reader(&folder);
    assert_eq!(seqs(&mut reader.records()), Vec::from_iter(1..=330));
    let since = seqs(&mut reader.records_since_checkpoint().unwrap());
    assert_eq!(since, [329, 330]);
    let mut from_now = reader.records_from_now().unwrap();
    assert!(seqs(&mut from_now).is_empty());
    opened.writer.append(&mut vec![record(331)]);
    wait_for(&opened.writer, 331);
    assert_eq!(seqs(&mut from_now), [331]);
}

#[test]
fn an_unfinished_checkpoint_is_no_place_to_begin() {
    let folder = TempDir::new().unwrap();
    let opened = write_some(&folder);
    opened.writer.append(&mut checkpoint(331, 0)[..1].to_vec());
    wait_for(&opened.writer, 330);
    drop(opened);
    let since = seqs(&mut reader(&folder).records_since_checkpoint().unwrap());
    assert_eq!(since, [329, 330, 331]);
}

#[test]
fn one_record_is_found_by_its_place() {
    let folder = TempDir::new().unwrap();
    let opened = write_some(&folder);
    let reader = reader(&folder);
    let reader = reader.snapshot().unwrap();
    for seq in [1, 109, 110, 200, 330] {
        assert_eq!(reader.record(Seq(seq)).unwrap().unwrap().seq, Seq(seq));
    }
    assert!(reader.record(Seq(331)).unwrap().is_none());
    assert!(reader.record(Seq(0)).unwrap().is_none());
    drop(opened);
}

#[test]
fn a_transaction_is_found_and_told_from_its_records() {
    let folder = TempDir::new().unwrap();
    drop(write_some(&folder));
    let query = Query {
        tx: Some(TxId(20)),
        ..Query::default()
    };
    let snapshot = reader(&folder).snapshot().unwrap();
    let found = snapshot.search(&query).unwrap().take(10).unwrap();
    assert_eq!(found, BTreeSet::from([TxId(20)]));
    let records = snapshot.records_of(&found).unwrap().records;
    let seqs: Vec<u64> = records.iter().map(|record| record.seq.0).collect();
    assert_eq!(seqs, [77, 78, 79, 80]);
}

#[test]
fn patches_open_for_who_holds_the_keys() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    opened.writer.append(&mut vec![record(1)]);
    wait_for(&opened.writer, 1);
    let path = folder.path().join("journal");
    let restored = |vault| {
        let reader = JournalReader::open(&path, vault).unwrap();
        let record = reader.records().next().unwrap().unwrap();
        let Fact::Step(step) = record.fact else {
            panic!("{record:?}")
        };
        step.message.unwrap().frame.patch.clone()
    };
    assert!(matches!(restored(None), Patch::Sealed(_)));
    assert!(matches!(
        restored(Some(Arc::clone(&opened.vault))),
        Patch::Clear(_)
    ));
}

#[test]
fn damage_in_a_sealed_segment_is_skipped_and_told() {
    let folder = TempDir::new().unwrap();
    drop(write_some(&folder));
    let path = folder.path().join("journal/00000001.seg");
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(100)).unwrap();
    file.write_all(b"damage").unwrap();
    let mut records = reader(&folder).records();
    assert_eq!(seqs(&mut records), Vec::from_iter(2..=330));
    let damage: Vec<_> = records
        .damage()
        .iter()
        .map(|d| (d.offset, d.kind))
        .collect();
    assert_eq!(damage, [(36, DamageKind::Record)]);
}

#[test]
fn a_folder_without_a_journal_is_told_by_name() {
    let folder = TempDir::new().unwrap();
    let told = JournalReader::open(folder.path(), None)
        .unwrap_err()
        .to_string();
    assert!(told.ends_with("holds no journal; name the folder of one with --journal DIR"));
}

#[test]
fn what_a_core_asks_is_found_by_the_index_as_by_reading_all() {
    let folder = TempDir::new().unwrap();
    let opened = write_some(&folder);
    let all: Vec<Record> = reader(&folder).records().map(Result::unwrap).collect();
    let recall = Recall {
        id: RecallId(7),
        after: Seq(330),
        terminal: "10421695".parse().unwrap(),
        stans: [None; 2],
        of_host: false,
        rrn: None,
        auth: None,
        numbers: true,
    };
    let by_number = Recall {
        stans: [None, Some(Stan(100_175))],
        ..recall
    };
    let by_slip = Recall {
        rrn: Some("203217491827".parse().unwrap()),
        ..recall
    };
    let of_another = Recall {
        terminal: "99999999".parse().unwrap(),
        ..by_number
    };
    let folder = folder.path().join("journal");
    let mut recaller = JournalRecaller::new(&folder, opened.vault.clone());
    let asked = [recall, by_number, by_slip, of_another];
    let (answers, trouble) = recaller.answer(&asked);
    assert!(trouble.is_none(), "{trouble:?}");
    for (answer, asked) in answers.into_iter().zip(&asked) {
        let seqs = |records: Vec<Record>| -> Vec<u64> {
            records.into_iter().map(|record| record.seq.0).collect()
        };
        let (own, whole) = (answer.found.unwrap(), asked.answer(&all).found.unwrap());
        let numbers = [&own, &whole].map(|found| {
            let mut numbers = found.numbers.clone().unwrap();
            numbers.sort_unstable();
            numbers
        });
        assert_eq!(numbers[0], numbers[1]);
        assert_eq!(seqs(own.records), seqs(whole.records), "{asked:?}");
    }
}
