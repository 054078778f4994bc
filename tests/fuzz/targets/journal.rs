//! A journal that was damaged: reading it never panics, and a record that comes out is one that
//! went in, at its place. What is told to be sound has lost nothing but its end.
//!
//! The input is a list of edits to the journal of `past`, six bytes each: what to do, to which
//! segment, where (two bytes), how much, and with what.

use super::{Find, Outcome, holds, past};
use isogate::engine::journal::{
    Header, Journal, JournalError, JournalOptions, Memory, Segment, SegmentNo, Storage, verify,
};
use isogate::engine::record::{Fact, Record, Seq, decode};
use isogate::engine::seam::Wall;
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for what in 0..8 {
        for segment in 0..3 {
            all.push(vec![what, segment, 1, 44, 9, 200]);
            all.push(vec![what, segment, 0, 60, 9, 0]);
        }
    }
    all
}

/// The journal, and what is written in it, by place.
struct Written {
    segments: Vec<(SegmentNo, Vec<u8>)>,
    records: BTreeMap<Seq, String>,
}

fn written() -> &'static Written {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let segments = past::journal();
        let mut records = BTreeMap::new();
        for (_, bytes) in &segments {
            let salt = Header::read(bytes).unwrap().salt;
            for framed in Segment::new(&bytes[Header::LENGTH..], Header::LENGTH as u64, salt) {
                let record = decode(framed.body).unwrap();
                records.insert(record.seq, format!("{record:?}"));
            }
        }
        assert_eq!(records.len(), past::records().len());
        Written { segments, records }
    })
}

/// The segments after the edits; those that were removed are gone.
fn edited(edits: &[u8]) -> Vec<(SegmentNo, Vec<u8>)> {
    let mut segments = written().segments.clone();
    for edit in edits.chunks_exact(6).take(16) {
        let &[what, segment, high, low, much, with] = edit else {
            continue;
        };
        if segments.is_empty() {
            break;
        }
        let chosen = usize::from(segment) % segments.len();
        let bytes = &mut segments[chosen].1;
        let length = bytes.len().max(1);
        let at = (usize::from(high) << 8 | usize::from(low)) % length;
        let end = (at + usize::from(much)).min(bytes.len());
        match what % 8 {
            0 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << (with % 8)),
            1 => bytes[at.min(end)..end].fill(with),
            2 => bytes.truncate(at),
            3 => bytes.extend(std::iter::repeat_n(with, usize::from(much))),
            4 => drop(bytes.drain(at.min(end)..end)),
            // Some bytes once more, at another place.
            5 => {
                let twice = bytes[at.min(end)..end].to_vec();
                let to = usize::from(with) * 16 % length;
                let to = to.min(bytes.len());
                drop(bytes.splice(to..to, twice));
            }
            6 => drop(segments.remove(chosen)),
            _ => {
                let other = segments[usize::from(with) % segments.len()].1.clone();
                segments[chosen].1 = other;
            }
        }
    }
    segments
}

fn stored(segments: &[(SegmentNo, Vec<u8>)]) -> Memory {
    let mut storage = Memory::default();
    for (segment, bytes) in segments {
        storage.create(*segment).unwrap();
        storage.write(*segment, 0, bytes).unwrap();
        storage.sync(*segment).unwrap();
    }
    storage
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let segments = edited(input);
    let report = verify(&stored(&segments)).map_err(|error| Find {
        class: "verify-fails",
        detail: error.to_string(),
    })?;
    let strict = open(&segments, false)?;
    let salvaged = open(&segments, true)?;
    let pure = input.is_empty();
    holds(!pure || strict == "whole", "sound-journal-refused", || {
        strict.clone()
    })?;
    let kinds: Vec<String> = report
        .damage
        .iter()
        .map(|damage| format!("{:?}", damage.kind))
        .collect();
    let mut kinds: Vec<String> = kinds
        .iter()
        .map(|kind| super::without_digits(kind))
        .collect();
    kinds.dedup();
    kinds.truncate(3);
    Ok(format!(
        "{strict} {salvaged} {} {kinds:?}",
        report.torn.is_some()
    ))
}

/// Opens it, and holds what comes out; how that ended.
fn open(segments: &[(SegmentNo, Vec<u8>)], salvage: bool) -> Result<String, Find> {
    let options = JournalOptions {
        salvage,
        seed: 8,
        ..JournalOptions::default()
    };
    let (mut journal, mut recovery) = match Journal::open(stored(segments), options) {
        Ok(opened) => opened,
        Err(JournalError::Damaged(damage)) => {
            return Ok(super::without_digits(&format!("damaged {:?}", damage.kind)));
        }
        Err(error) => return Ok(super::without_digits(&error.to_string())),
    };
    let records: Vec<Record> = recovery.by_ref().collect();
    let mut before: Option<Seq> = None;
    for record in &records {
        let went_in = written().records.get(&record.seq);
        let same = went_in.is_some_and(|went_in| *went_in == format!("{record:?}"));
        holds(same, "false-record", || format!("{record:?}"))?;
        let in_order = before.is_none_or(|before| before < record.seq);
        let class = if recovery.damage.is_empty() {
            "out-of-order"
        } else {
            "salvaged-out-of-order"
        };
        holds(in_order, class, || {
            format!("{:?} after {before:?}", record.seq)
        })?;
        let gapless = before.is_none_or(|before| before.next() == record.seq);
        let told = !recovery.damage.is_empty();
        holds(gapless || told, "loss-untold", || {
            format!("{:?} after {before:?}", record.seq)
        })?;
        before = Some(record.seq);
    }
    let way = match (recovery.torn.is_some(), recovery.damage.is_empty()) {
        (false, true) => "whole",
        (true, true) => "torn",
        (_, false) => "salvaged",
    };
    goes_on(&mut journal, salvage)?;
    Ok(way.to_owned())
}

/// One more record is taken, and found again with all that was there.
fn goes_on(journal: &mut Journal<Memory>, salvage: bool) -> Result<(), Find> {
    let next = journal.last().next();
    let record = Record {
        seq: next,
        at: Wall(1),
        tx: None,
        prev: None,
        fact: Fact::Stopped,
    };
    // A checkpoint that has no end is still being carried.
    let synced = journal
        .append(&record, &mut past::vault())
        .and_then(|()| journal.sync());
    holds(synced.as_ref() == Ok(&next), "cannot-go-on", || {
        format!("{synced:?}")
    })?;
    let options = JournalOptions {
        salvage,
        seed: 9,
        ..JournalOptions::default()
    };
    let again = Journal::open(journal.storage().clone(), options);
    let last = again.map(|(_, records)| records.last().map(|record| record.seq));
    let class = if salvage {
        "salvaged-then-lost"
    } else {
        "recovered-then-lost"
    };
    holds(last == Ok(Some(next)), class, || {
        format!("{last:?}, wanted {next:?}")
    })
}
