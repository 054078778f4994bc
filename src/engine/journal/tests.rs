//! What was synced is there whatever happens, and nothing is there that was not appended.

use super::*;
use crate::engine::record::{Carried, Fact, Record, Seq, StoredFrame, TxId, Vault, samples};
use crate::engine::seam::{Dice, Wall};

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 4096,
        seed: 7,
        ..JournalOptions::default()
    }
}

fn open(memory: Memory) -> Result<(Journal<Memory>, Recovery), JournalError> {
    Journal::open(memory, options())
}

fn record(seq: u64) -> Record {
    match seq % 4 {
        0 => samples::plain(seq),
        1 => samples::sale(seq, TxId(seq.into()), None),
        _ => samples::sale(seq, TxId(seq.into()), Some(seq - 1)),
    }
}

fn fact(seq: u64, fact: Fact) -> Record {
    Record {
        fact,
        ..samples::plain(seq)
    }
}

/// A journal and the records it was given.
struct TestJournal {
    journal: Journal<Memory>,
    vault: Vault,
    given: Vec<Record>,
    synced: u64,
}

impl TestJournal {
    fn new(memory: Memory) -> Result<Self, JournalError> {
        let (journal, recovery) = open(memory)?;
        Ok(Self {
            synced: journal.durable().0,
            journal,
            vault: samples::vault(),
            given: recovery.collect(),
        })
    }

    fn append(&mut self, record: Record) -> Result<(), JournalError> {
        self.journal.append(&record, &mut self.vault)?;
        self.given.push(record);
        Ok(())
    }

    fn records(&mut self, count: u64) -> Result<(), JournalError> {
        for _ in 0..count {
            self.append(record(self.journal.last().0 + 1))?;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), JournalError> {
        let next = self.journal.last().0 + 1;
        let tombstone = Carried::Tombstone {
            identity: crate::engine::record::Identity::new("2|a|b").unwrap(),
            at: Wall(5),
        };
        self.append(fact(next, Fact::CheckpointBegin))?;
        self.append(fact(next + 1, Fact::Carried(Box::new(tombstone))))?;
        self.append(fact(next + 2, Fact::CheckpointEnd))
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.synced = self.journal.sync()?.0;
        Ok(())
    }

    /// A burst, synced, with a checkpoint when one is due.
    fn trade(&mut self, count: u64) -> Result<(), JournalError> {
        self.records(count)?;
        if self.journal.needs_checkpoint() {
            self.checkpoint()?;
        }
        self.sync()
    }
}

/// Everything but the bytes of patches, which are sealed in one and clear in the other.
fn shown(record: &Record) -> String {
    let mut record = record.clone();
    record.open_patches(&samples::vault());
    format!("{record:?}")
}

/// What comes back must be a piece of what was given, up to at least the last that was synced.
/// Records behind that may be there, and stay.
fn check(given: &[Record], synced: u64, found: &[Record], why: &str) {
    let first = found.first().map_or(1, |record| record.seq.0);
    let last = found.last().map_or(0, |record| record.seq.0);
    assert!(
        last >= synced,
        "{why}: {synced} was synced, {last} is the last"
    );
    let place = usize::try_from(first - 1).unwrap();
    for (found, given) in found.iter().zip(&given[place..]) {
        assert_eq!(shown(found), shown(given), "{why}");
    }
    assert!(found.len() <= given.len() - place, "{why}");
}

fn reopen(memory: Memory, given: &[Record], synced: u64, why: &str) -> Journal<Memory> {
    let (journal, recovery) = open(memory).unwrap_or_else(|error| panic!("{why}: {error}"));
    let found: Vec<Record> = recovery.collect();
    assert_eq!(
        journal.last(),
        found.last().map_or(Seq(0), |record| record.seq),
        "{why}"
    );
    check(given, synced, &found, why);
    journal
}

#[test]
fn what_was_synced_comes_back_in_order() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    for _ in 0..5 {
        desk.trade(3).unwrap();
    }
    let mut memory = desk.journal.into_storage();
    memory.power_cut(PowerCut::Nothing);
    let journal = reopen(memory, &desk.given, desk.synced, "");
    assert_eq!(journal.durable(), Seq(desk.synced));
}

#[test]
fn a_power_cut_at_any_byte_loses_nothing_synced_and_invents_nothing() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(3).unwrap();
    desk.records(2).unwrap();
    desk.journal.write().unwrap();
    desk.records(2).unwrap();
    desk.journal.write().unwrap();
    let memory = desk.journal.into_storage();
    let mut least = u64::MAX;
    for cut in 0..2000 {
        let mut memory = memory.clone();
        memory.power_cut(PowerCut::First(cut));
        let mut journal = reopen(memory, &desk.given, 3, &format!("cut at {cut}"));
        least = least.min(journal.last().0);
        // And it can be written on.
        let next = record(journal.last().0 + 1);
        journal.append(&next, &mut samples::vault()).unwrap();
        journal.sync().unwrap();
        let found = open(journal.into_storage()).unwrap().1;
        assert_eq!(found.last().unwrap().seq, next.seq);
    }
    assert_eq!(least, 3);
}

#[test]
fn a_torn_batch_is_cut_off_although_later_parts_of_it_are_whole() {
    for seed in 0..300 {
        let mut desk = TestJournal::new(Memory::default()).unwrap();
        desk.trade(3).unwrap();
        desk.records(20).unwrap();
        desk.journal.write().unwrap();
        let mut memory = desk.journal.into_storage();
        memory.power_cut(PowerCut::Torn(&mut Dice::new(seed)));
        reopen(memory, &desk.given, 3, &format!("seed {seed}"));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    for seq in 1..=8 {
        desk.append(samples::plain(seq)).unwrap();
        if seq % 2 == 0 {
            desk.sync().unwrap();
        }
    }
    let memory = desk.journal.into_storage();
    let length = memory.read(SegmentNo::FIRST, 0, usize::MAX).unwrap().len();
    for bit in 0..length * 8 {
        let mut memory = memory.clone();
        memory.flip(SegmentNo::FIRST, bit);
        let report = verify(&memory).unwrap();
        assert!(!report.damage.is_empty() || report.torn.is_some(), "{bit}");
        match open(memory) {
            Err(JournalError::Damaged(damage)) => {
                assert!(damage.offset <= (bit / 8) as u64, "{bit}: {damage}");
            }
            Err(error) => panic!("{bit}: {error}"),
            Ok((_, recovery)) => {
                // In the last batch a flipped bit looks like a torn write.
                assert!(
                    recovery
                        .torn
                        .is_some_and(|torn| torn.offset <= (bit / 8) as u64)
                );
                check(&desk.given, 6, &recovery.collect::<Vec<_>>(), "flip");
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_a_header_is_damage_for_verify_as_for_a_start() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(2).unwrap();
    let memory = desk.journal.into_storage();
    for bit in 0..Header::LENGTH * 8 {
        let mut memory = memory.clone();
        memory.flip(SegmentNo::FIRST, bit);
        let damage = verify(&memory).unwrap().damage;
        assert_eq!(damage.len(), 1, "{bit}");
        let refused = JournalError::Damaged(damage[0]);
        assert_eq!(open(memory).unwrap_err(), refused, "{bit}");
    }
}

#[test]
fn what_a_start_would_miss_is_missing_for_verify() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    while desk.journal.segment() < SegmentNo(2) {
        desk.trade(5).unwrap();
    }
    let mut memory = desk.journal.into_storage();
    memory.remove(SegmentNo::FIRST).unwrap();
    assert!(verify(&memory).unwrap().damage.is_empty());
    memory.flip(SegmentNo(2), (Header::LENGTH + 8) * 8);
    let damage = verify(&memory).unwrap().damage;
    assert!(
        damage
            .iter()
            .any(|damage| damage.segment == SegmentNo::FIRST),
        "{damage:?}"
    );
}

#[test]
fn a_record_that_stands_twice_is_salvaged_once() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(3).unwrap();
    let mut memory = desk.journal.into_storage();
    let bytes = memory.read(SegmentNo::FIRST, 0, usize::MAX).unwrap();
    let salt = Header::read(&bytes).unwrap().salt;
    let records = &bytes[Header::LENGTH..];
    let mut segment = Segment::new(records, Header::LENGTH as u64, salt);
    let first = segment.next().unwrap();
    let (start, end) = (Header::LENGTH, usize::try_from(first.end()).unwrap());
    let twice = [&bytes[start..end], &bytes[start..]].concat();
    memory
        .write(SegmentNo::FIRST, start as u64, &twice)
        .unwrap();
    memory.sync(SegmentNo::FIRST).unwrap();
    let salvage = JournalOptions {
        salvage: true,
        ..options()
    };
    let (journal, recovery) = Journal::open(memory, salvage).unwrap();
    let given: Vec<u64> = recovery.map(|record| record.seq.0).collect();
    assert_eq!(given, (1..=journal.last().0).collect::<Vec<_>>());
}

#[test]
fn damage_in_the_midst_is_told_by_place_and_salvaged_only_if_asked() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    for _ in 0..4 {
        desk.trade(2).unwrap();
    }
    let mut memory = desk.journal.into_storage();
    memory.flip(SegmentNo::FIRST, 100 * 8);
    let refused = open(memory.clone()).unwrap_err().to_string();
    assert!(
        refused.starts_with("the journal is damaged in segment 00000001, byte 36: a record is"),
        "{refused}"
    );
    let salvage = JournalOptions {
        salvage: true,
        ..options()
    };
    let (_, recovery) = Journal::open(memory, salvage).unwrap();
    assert_eq!(
        recovery.damage.len(),
        2,
        "the record, and the gap it leaves"
    );
    let left: Vec<u64> = recovery.map(|record| record.seq.0).collect();
    assert_eq!(left, [2, 3, 4, 5, 6, 7, 8]);
}

/// Bursts, rolls, a write without a sync; ends at the first call that fails.
fn script(desk: &mut TestJournal) -> Result<(), JournalError> {
    for _ in 0..8 {
        desk.trade(4)?;
        desk.records(1)?;
        desk.journal.write()?;
    }
    Ok(())
}

#[test]
fn whatever_call_fails_nothing_synced_is_lost() {
    let mut segments = 0;
    for n in 1.. {
        let mut memory = Memory::default();
        memory.fail_call(n, StorageError::Failed("test".into()));
        let Ok(mut desk) = TestJournal::new(memory) else {
            continue;
        };
        let failed = script(&mut desk);
        let mut memory = desk.journal.into_storage();
        if failed.is_ok() {
            assert!(n > 30, "the script has {n} calls");
            memory.power_cut(PowerCut::Nothing);
            segments = memory.segments().unwrap().len();
            break;
        }
        memory.power_cut(PowerCut::Torn(&mut Dice::new(n)));
        reopen(memory, &desk.given, desk.synced, &format!("call {n}"));
    }
    assert!(segments > 2, "the script rolls");
}

#[test]
fn after_a_failed_write_or_sync_nothing_is_taken_until_it_is_opened_anew() {
    for n in [1, 2] {
        let mut desk = TestJournal::new(Memory::default()).unwrap();
        desk.trade(1).unwrap();
        let fault = StorageError::Failed("test".into());
        desk.journal.storage_mut().fail_call(n, fault.clone());
        desk.records(1).unwrap();
        assert_eq!(desk.sync(), Err(JournalError::Storage(fault)));
        assert_eq!(desk.sync(), Err(JournalError::Fenced));
        assert_eq!(desk.records(1), Err(JournalError::Fenced));
        assert_eq!(desk.journal.durable(), Seq(1));
    }
}

/// The kernel drops what it could not sync, and says so only once.
#[test]
fn what_a_failed_sync_dropped_is_written_again_when_opened() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(1).unwrap();
    let fault = StorageError::Failed("test".into());
    desk.journal.storage_mut().fail_call(2, fault);
    desk.records(3).unwrap();
    desk.sync().unwrap_err();
    // Not a power cut: the process ends, and the cache still shows the records.
    let journal = reopen(desk.journal.into_storage(), &desk.given, 4, "");
    let mut memory = journal.into_storage();
    memory.power_cut(PowerCut::Nothing);
    reopen(memory, &desk.given, 4, "");
}

#[test]
fn a_full_disk_delays_and_loses_nothing() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(2).unwrap();
    desk.journal.storage_mut().set_capacity(1400);
    desk.records(3).unwrap();
    let full = Err(JournalError::Storage(StorageError::NoSpace));
    assert_eq!((desk.sync(), desk.sync()), (full.clone(), full));
    assert_eq!(desk.journal.durable(), Seq(2));
    desk.journal.storage_mut().set_capacity(1 << 20);
    desk.sync().unwrap();
    reopen(desk.journal.into_storage(), &desk.given, 5, "");
}

#[test]
fn recovery_begins_at_the_newest_whole_checkpoint() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    while desk.journal.segment() < SegmentNo(3) {
        desk.trade(5).unwrap();
    }
    desk.trade(2).unwrap();
    let memory = desk.journal.into_storage();
    let found: Vec<Record> = open(memory.clone()).unwrap().1.collect();
    assert!(matches!(found[0].fact, Fact::CheckpointBegin));
    assert_eq!(found.len(), 5);
    check(&desk.given, desk.synced, &found, "");
    let report = verify(&memory).unwrap();
    let records: u64 = report.segments.iter().map(|segment| segment.records).sum();
    assert_eq!((records, report.damage.len()), (desk.synced, 0));
}

#[test]
fn an_unfinished_checkpoint_is_taken_back_with_its_segment() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.trade(3).unwrap();
    desk.append(fact(4, Fact::CheckpointBegin)).unwrap();
    desk.sync().unwrap();
    let (journal, recovery) = open(desk.journal.into_storage()).unwrap();
    assert_eq!(recovery.torn.map(|torn| torn.segment), Some(SegmentNo(2)));
    assert_eq!(recovery.count(), 3);
    assert_eq!(
        (journal.last(), journal.segment()),
        (Seq(3), SegmentNo::FIRST)
    );
}

#[test]
fn a_missing_segment_or_checkpoint_is_told() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    while desk.journal.segment() < SegmentNo(3) {
        desk.trade(5).unwrap();
    }
    let mut memory = desk.journal.into_storage();
    memory.remove(SegmentNo(2)).unwrap();
    let report = verify(&memory).unwrap();
    assert!(
        matches!(
            report.damage[..],
            [Damage {
                segment: SegmentNo(2),
                kind: DamageKind::Missing,
                ..
            }]
        ),
        "{report:?}"
    );
    // The third has a whole checkpoint, so that nothing is missing to go on.
    assert!(open(memory.clone()).is_ok());
    let place = Header::LENGTH + 8;
    memory.flip(SegmentNo(3), place * 8);
    let segment = SegmentNo(3);
    let refused = JournalError::NoCheckpoint { segment };
    assert_eq!(open(memory).unwrap_err(), refused);
}

#[test]
fn only_what_is_old_and_before_the_checkpoint_is_removed() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    while desk.journal.segment() < SegmentNo(4) {
        desk.trade(5).unwrap();
    }
    let at = desk.given[0].at;
    assert_eq!(desk.journal.expire(at).unwrap(), []);
    let gone = desk.journal.expire(Wall(at.0 + 1)).unwrap();
    assert_eq!(gone, [SegmentNo(1), SegmentNo(2), SegmentNo(3)]);
    reopen(desk.journal.into_storage(), &desk.given, desk.synced, "");
}

#[test]
#[should_panic(expected = "carried as a whole")]
fn nothing_comes_within_a_checkpoint() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.append(fact(1, Fact::CheckpointBegin)).unwrap();
    drop(desk.append(record(2)));
}

#[test]
fn a_record_out_of_order_is_refused() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    assert_eq!(
        desk.append(record(2)).unwrap_err().to_string(),
        "record 2 was to be appended where 1 belongs"
    );
}

/// Bytes that a peer chose lie in a torn record; they hold a whole record of an older journal.
#[test]
fn a_record_within_a_record_is_not_taken_for_one() {
    let mut older = Journal::open(Memory::default(), JournalOptions::default())
        .unwrap()
        .0;
    for seq in 1..=3 {
        older
            .append(&samples::plain(seq), &mut samples::vault())
            .unwrap();
        older.sync().unwrap();
    }
    let inner = older
        .into_storage()
        .read(SegmentNo::FIRST, 36, 1000)
        .unwrap();
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    let mut outer = samples::sale(1, TxId(1), None);
    if let Fact::Step(step) = &mut outer.fact {
        let message = step.message.as_mut().unwrap();
        let patch = message.frame.patch.clone();
        message.frame = StoredFrame::new(inner.into(), Vec::new(), patch);
    }
    desk.append(outer).unwrap();
    desk.journal.write().unwrap();
    let mut memory = desk.journal.into_storage();
    memory.flip(SegmentNo::FIRST, 50 * 8);
    let (_, recovery) = open(memory).unwrap();
    assert_eq!(recovery.count(), 0);
}

/// P11: in batches, some 1.3 bytes written for a byte of payload, with a card sealed in every other
/// record.
#[test]
fn a_busy_journal_writes_little_more_than_its_payload() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    desk.journal = Journal::open(Memory::default(), JournalOptions::default())
        .unwrap()
        .0;
    for pair in 0..500 {
        let seq = pair * 2 + 1;
        let tx = TxId(u128::from(seq) << 64);
        desk.append(samples::sale(seq, tx, None)).unwrap();
        desk.append(samples::sale(seq + 1, tx, Some(seq))).unwrap();
    }
    desk.sync().unwrap();
    let memory = desk.journal.into_storage();
    let bytes = memory.read(SegmentNo::FIRST, 0, usize::MAX).unwrap().len();
    let payload = 313 * 1000;
    assert!(bytes * 100 <= payload * 132, "{bytes} for {payload}");
}

#[test]
fn a_segment_with_a_large_checkpoint_is_full_once_eight_times_as_much_stands_behind_it() {
    let mut desk = TestJournal::new(Memory::default()).unwrap();
    let begin = desk.journal.end();
    desk.append(fact(1, Fact::CheckpointBegin)).unwrap();
    while desk.journal.end() < begin + 6000 {
        let next = desk.journal.last().0 + 1;
        let tombstone = Carried::Tombstone {
            identity: crate::engine::record::Identity::new("2|a|b").unwrap(),
            at: Wall(5),
        };
        desk.append(fact(next, Fact::Carried(Box::new(tombstone))))
            .unwrap();
    }
    let next = desk.journal.last().0 + 1;
    desk.append(fact(next, Fact::CheckpointEnd)).unwrap();
    let checkpoint = desk.journal.end();
    while !desk.journal.needs_checkpoint() {
        desk.records(1).unwrap();
    }
    let behind = desk.journal.end() - checkpoint;
    assert!(
        (8 * checkpoint..8 * checkpoint + 1000).contains(&behind),
        "{behind}"
    );
}
