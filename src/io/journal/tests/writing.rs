//! What was handed to the writer is safe when it says so.

use super::*;
use crate::engine::journal::{JournalError, SegmentNo, Storage, StorageError, verify};
use crate::engine::record::Patch;
use std::path::Path;

fn files(folder: &TempDir) -> Files {
    Files::read_only(&folder.path().join("journal"))
}

#[test]
fn what_was_released_is_there_after_the_writer_is_gone() {
    for durability in [Durability::Strict, Durability::Async] {
        let folder = TempDir::new().unwrap();
        let opened = JournalWriter::open(&options(&folder, durability)).unwrap();
        assert_eq!(opened.history.count(), 0);
        for first in (1..=100).step_by(10) {
            let mut batch: Vec<Record> = (first..first + 10).map(record).collect();
            assert!(opened.writer.append(&mut batch));
            assert!(batch.is_empty());
        }
        wait_for(&opened.writer, 100);
        drop(opened.writer);
        let opened = JournalWriter::open(&options(&folder, durability)).unwrap();
        let found: Vec<Record> = opened.history.collect();
        let seqs: Vec<u64> = found.iter().map(|record| record.seq.0).collect();
        assert_eq!(seqs, Vec::from_iter(1..=100));
        let Fact::Step(step) = &found[0].fact else {
            panic!("{:?}", found[0]);
        };
        let patch = &step.message.as_ref().unwrap().frame.patch;
        assert!(matches!(patch, Patch::Clear(_)), "opened with its key");
    }
}

/// A process that is killed neither closes its file nor drops its lock in good order; what is left
/// is the folder as it stands at that moment.
#[test]
fn a_folder_copied_at_any_moment_opens_with_all_that_was_released() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    for round in 0..20 {
        let mut batch: Vec<Record> = (round * 30 + 1..=round * 30 + 30).map(record).collect();
        opened.writer.append(&mut batch);
        let released = opened.writer.released();
        let copy = TempDir::new().unwrap();
        copy_folder(folder.path(), copy.path());
        let reopened = JournalWriter::open(&strict(&copy)).unwrap();
        let last = reopened.history.last().map_or(Seq(0), |record| record.seq);
        assert!(last >= released, "{last:?} {released:?}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(from.join("."))
        .arg(to)
        .status();
    assert!(copied.unwrap().success());
}

#[test]
fn a_second_gateway_is_refused_by_the_first_ones_name() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    let refused = JournalWriter::open(&strict(&folder))
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(&format!("another gateway (process {})", std::process::id())),
        "{refused}"
    );
    drop(opened);
    assert!(JournalWriter::open(&strict(&folder)).is_ok());
}

#[test]
fn keys_are_made_once_for_their_owner_only_and_never_in_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    drop(JournalWriter::open(&strict(&folder)).unwrap());
    let path = folder.path().join("journal.keys");
    let made = std::fs::read(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o400);
    drop(JournalWriter::open(&strict(&folder)).unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), made);

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o440)).unwrap();
    let refused = JournalWriter::open(&strict(&folder))
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("can be read by others (mode 440)"),
        "{refused}"
    );

    let mut inside = strict(&folder);
    inside.config.keys = folder.path().join("journal/../journal/keys");
    let refused = JournalWriter::open(&inside).unwrap_err().to_string();
    assert!(refused.contains("lie in its folder"), "{refused}");
}

#[test]
fn a_checkpoint_is_asked_for_once_and_begins_a_segment() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    opened.writer.append(&mut (1..=100).map(record).collect());
    wait_for(&opened.writer, 100);
    assert!(!opened.writer.take_checkpoint_due());
    opened.writer.append(&mut (101..=200).map(record).collect());
    wait_for(&opened.writer, 200);
    assert!(opened.writer.take_checkpoint_due());
    opened.writer.append(&mut (201..=202).map(record).collect());
    opened.writer.append(&mut checkpoint(203, 0));
    opened.writer.append(&mut vec![record(205)]);
    wait_for(&opened.writer, 205);
    assert!(!opened.writer.take_checkpoint_due());
    assert_eq!(opened.writer.close(), Ok(Seq(205)));
    let files = files(&folder);
    assert_eq!(files.segments().unwrap(), [SegmentNo(1), SegmentNo(2)]);
    let report = verify(&files).unwrap();
    assert_eq!((report.damage.len(), report.torn), (0, None));
    let length = |segment| files.read(segment, 0, usize::MAX).unwrap().len() as u64;
    for segment in report.segments {
        assert_eq!(
            length(segment.segment),
            segment.bytes,
            "no room is left behind"
        );
    }
}

#[test]
fn an_hour_later_a_checkpoint_seals_with_a_new_key_and_destroys_the_old() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    let first = opened.vault.keys().newest();
    opened.writer.append(&mut vec![record(1)]);
    opened.writer.append(&mut checkpoint(2, 1));
    opened.writer.append(&mut vec![record(4)]);
    wait_for(&opened.writer, 4);
    drop(opened.writer);
    let path = folder.path().join("journal.keys");
    let keys = KeyFile::new(&path, &folder.path().join("journal"))
        .unwrap()
        .read()
        .unwrap();
    assert_eq!(keys.newest(), first + 1);
    assert!(!keys.to_toml().contains(&format!("id = {first}\n")));
}

#[test]
fn a_checkpoint_is_asked_for_when_the_hour_of_the_key_is_over() {
    let folder = TempDir::new().unwrap();
    let key_file = KeyFile::new(
        &folder.path().join("journal.keys"),
        &folder.path().join("journal"),
    );
    let past = crate::engine::driver::hour(commit::wall_now()) - 2;
    key_file.unwrap().read_or_make(past).unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    opened.writer.append(&mut vec![record(1)]);
    wait_for(&opened.writer, 1);
    assert!(opened.writer.take_checkpoint_due());
    opened.writer.append(&mut checkpoint(2, 0));
    opened.writer.append(&mut vec![record(4)]);
    wait_for(&opened.writer, 4);
    assert!(!opened.writer.take_checkpoint_due());
}

#[test]
fn segments_older_than_they_are_kept_are_removed() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    opened
        .writer
        .append(&mut (1..=3).map(samples::plain).collect());
    opened.writer.append(&mut checkpoint(4, 0));
    opened.writer.append(&mut vec![samples::plain(6)]);
    // Its first record is two hours younger than that of the segment before.
    opened.writer.append(&mut checkpoint(7, 2));
    wait_for(&opened.writer, 8);
    drop(opened.writer);
    assert_eq!(
        files(&folder).segments().unwrap(),
        [SegmentNo(2), SegmentNo(3)]
    );
}

#[test]
fn a_disk_that_fails_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let opened = JournalWriter::open(&strict(&folder)).unwrap();
    opened.writer.append(&mut vec![record(1)]);
    wait_for(&opened.writer, 1);
    // What belongs in 1 cannot be made, since a folder has its name.
    let path = folder.path().join("journal/00000002.seg");
    std::fs::create_dir(&path).unwrap();
    opened.writer.append(&mut checkpoint(2, 0));
    let told = opened.writer.close().unwrap_err();
    let JournalError::Storage(StorageError::Failed(why)) = &told else {
        panic!("{told}");
    };
    assert!(why.contains("00000002.seg"), "{told}");
}

#[test]
fn a_reserve_is_put_aside_and_given_back() {
    let folder = TempDir::new().unwrap();
    let mut with_reserve = strict(&folder);
    with_reserve.reserve_bytes = 1 << 20;
    let opened = JournalWriter::open(&with_reserve).unwrap();
    let path = folder.path().join("journal/reserve");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 1 << 20);
    drop(opened);
    assert!(!path.exists());
}

#[test]
fn files_opened_to_read_are_never_written() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let mut files = Files::read_only(path);
    assert!(matches!(
        files.write(SegmentNo::FIRST, 0, b"x"),
        Err(StorageError::Failed(_))
    ));
    assert!(matches!(
        files.create(SegmentNo::FIRST),
        Err(StorageError::Failed(_))
    ));
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
}
