//! The journal's owner, by hand: what it releases, and what a full disk does to it.

use super::*;
use crate::engine::journal::{
    Journal, JournalError, JournalOptions, Memory, Reserve, StorageError,
};
use crate::engine::record::{Seq, Vault, VaultKeys, samples};
use crate::engine::seam::{Mono, Now, Wall};
use std::time::Duration;
use zeroize::Zeroizing;

/// Keys that are never changed.
struct NoKeys;

impl KeyRing for NoKeys {
    fn random(&mut self) -> Option<Zeroizing<[u8; 32]>> {
        None
    }

    fn keep(&mut self, _keys: &VaultKeys) -> bool {
        false
    }

    fn expired(&mut self, _segments: Result<usize, &JournalError>) {}
}

const WALL: Wall = Wall(1_795_313_472_000_000);

fn at(millis: u64) -> Now {
    Now {
        mono: Mono(millis * 1000),
        wall: WALL,
    }
}

fn committer(strict: bool, reserve: u64) -> Committer<Memory, NoKeys> {
    let mut disk = Memory::default();
    disk.set_reserve(reserve);
    let (journal, _) = Journal::open(disk, JournalOptions::default()).unwrap();
    let keys = VaultKeys::new(&[1; 32], hour(WALL), &[2; 32]);
    let rules = CommitRules {
        strict,
        keep_keys: false,
        retain: Duration::MAX,
    };
    let sealing = (Vault::new(keys, [0; 4]), NoKeys);
    Committer::new(journal, sealing, rules, at(0))
}

fn give(own: &mut Committer<Memory, NoKeys>, seq: u64) {
    own.batch().push(samples::plain(seq));
    own.begin(Woken::Records);
}

#[test]
fn in_strict_a_record_is_released_by_the_sync_and_in_async_by_the_write() {
    let mut own = committer(true, 0);
    give(&mut own, 1);
    assert_eq!(own.go_on(at(1)), Ok(Next::Sync));
    assert_eq!((own.progress().released, own.take_news()), (Seq(0), false));
    assert_eq!(own.go_on(at(9)), Ok(Next::Synced));
    assert_eq!(own.go_on(at(9)), Ok(Next::Wait(Duration::from_secs(1))));
    assert_eq!((own.progress().released, own.take_news()), (Seq(1), true));

    let mut own = committer(false, 0);
    give(&mut own, 1);
    assert_eq!(own.go_on(at(1)), Ok(Next::Wait(Duration::from_millis(5))));
    assert_eq!(own.progress().released, Seq(1));
    assert_eq!(own.journal().durable(), Seq(0));
    own.begin(Woken::Time);
    assert_eq!(own.go_on(at(6)), Ok(Next::Sync));
    assert_eq!(own.go_on(at(7)), Ok(Next::Synced));
    assert_eq!(own.journal().durable(), Seq(1));
}

#[test]
fn a_full_disk_is_tried_again_and_given_up_only_when_nobody_needs_it() {
    let mut own = committer(true, 0);
    let used = own.storage_mut().used();
    own.storage_mut().set_capacity(used);
    give(&mut own, 1);
    assert_eq!(own.go_on(at(1)), Ok(Next::Full));
    let again = own.wait_for_room(Duration::from_secs(10));
    assert_eq!(again, Ok(Duration::from_millis(200)));
    assert_eq!(own.progress().disk, Disk::Full);
    assert_eq!(own.go_on(at(201)), Ok(Next::Full));
    let no_space = JournalError::Storage(StorageError::NoSpace);
    let given_up = own.wait_for_room(Duration::from_secs(11));
    assert_eq!(given_up, Err(no_space.clone()));
    assert_eq!(own.progress().disk, Disk::Failed(no_space));

    let mut own = committer(true, 0);
    own.storage_mut().set_capacity(used);
    give(&mut own, 1);
    assert_eq!(own.go_on(at(1)), Ok(Next::Full));
    own.wait_for_room(Duration::ZERO).unwrap();
    own.storage_mut().set_capacity(u64::MAX);
    assert_eq!(own.go_on(at(201)), Ok(Next::Sync));
    assert_eq!(own.go_on(at(202)), Ok(Next::Synced));
    own.go_on(at(202)).unwrap();
    assert_eq!(own.progress().released, Seq(1));
}

#[test]
fn what_was_put_aside_finishes_what_was_begun_and_is_put_aside_again() {
    let mut own = committer(true, 4096);
    let used = own.storage_mut().used();
    own.storage_mut().set_capacity(used);
    give(&mut own, 1);
    for millis in 1..=3 {
        own.go_on(at(millis)).unwrap();
    }
    assert_eq!(own.progress().released, Seq(1));
    assert_eq!(own.progress().disk, Disk::Low);
    assert!(!own.storage_mut().has_reserve());
    own.storage_mut().set_capacity(u64::MAX);
    own.begin(Woken::Time);
    own.go_on(at(900)).unwrap();
    own.go_on(at(900)).unwrap();
    assert_eq!(own.progress().disk, Disk::Low, "it looks once a second");
    own.begin(Woken::Time);
    own.go_on(at(2000)).unwrap();
    own.go_on(at(2000)).unwrap();
    assert_eq!(own.progress().disk, Disk::Well);
}

#[test]
fn a_sync_that_fails_releases_nothing_any_more() {
    let mut own = committer(true, 0);
    give(&mut own, 1);
    assert_eq!(own.go_on(at(1)), Ok(Next::Sync));
    let broken = StorageError::Failed("broken".to_owned());
    own.storage_mut().fail_call(1, broken.clone());
    let failed = JournalError::Storage(broken);
    assert_eq!(own.go_on(at(2)), Err(failed.clone()));
    let progress = own.progress();
    assert_eq!(
        (progress.released, &progress.disk),
        (Seq(0), &Disk::Failed(failed))
    );
}
