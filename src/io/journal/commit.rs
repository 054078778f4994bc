//! The thread that owns the journal: takes what waits, appends it, syncs once, says how far it is.

use super::files::Files;
use super::keys::{self, KeyError, KeyFile};
use super::queue::{Queue, Woken};
use crate::engine::journal::{Journal, JournalError, SegmentNo, StorageError};
use crate::engine::record::{Fact, Record, Seq, Vault, VaultKeys};
use crate::engine::seam::Wall;
use crate::io::system::steps;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// How far the journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What explains a send up to here may go: durable, or in `async` handed to the system.
    pub released: Seq,
    /// How the disk is.
    pub disk: Disk,
}

/// How the disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// As it should be.
    Well,
    /// Nearly full: what was put aside is in use. Refuse what is new, finish what was begun.
    Low,
    /// Full: nothing is released until there is room again. Nothing is lost.
    Full,
    /// Broken: nothing will be released any more. Stop, and start again.
    Failed(JournalError),
}

/// What the thread is told once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether a record is released only when it is durable.
    pub(super) strict: bool,
    /// Whether data keys are kept for good.
    pub(super) keep_keys: bool,
    /// How long sealed segments are kept.
    pub(super) retain: Duration,
}

/// In `async`, at most this much is lost with the power.
const SYNC_EVERY: Duration = Duration::from_millis(5);
/// How often a full disk is tried again, and an idle thread looks around.
const RETRY_EVERY: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a full disk is tried after nobody needs the journal any more.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);
/// What is gathered before it is written, in bytes.
const PIECE: usize = 1 << 20;
/// A data key seals for one hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// The thread's own.
pub(super) struct Committer {
    pub(super) journal: Journal<Files>,
    pub(super) vault: Vault,
    pub(super) key_file: KeyFile,
    pub(super) rules: Rules,
    pub(super) queue: Arc<Queue>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) checkpoint_due: Arc<AtomicBool>,
    /// The segment that a checkpoint was asked for.
    pub(super) asked: Option<SegmentNo>,
    /// The end of the last checkpoint of this run.
    pub(super) checkpoint: Seq,
    pub(super) synced_at: Instant,
    /// When a disk that is low was last looked at.
    pub(super) looked_at: Instant,
}

impl Committer {
    /// Until the queue is closed and empty, or the disk fails.
    pub(super) fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let idle = self.journal.durable() == self.journal.last();
            let most = if idle { LOOK_EVERY } else { SYNC_EVERY };
            let woken = self.queue.take(&mut batch, most);
            let done = self.commit(&mut batch, &woken);
            match done {
                Ok(()) if woken == Woken::Closed => break self.end(),
                Ok(()) => {}
                Err(error) => break self.publish(Disk::Failed(error)),
            }
        }
    }

    /// Appends a batch, makes it durable as the rules say, and publishes.
    fn commit(&mut self, batch: &mut Vec<Record>, woken: &Woken) -> Result<(), JournalError> {
        for record in batch.drain(..) {
            self.append(&record)?;
        }
        let due = self.rules.strict || self.synced_at.elapsed() >= SYNC_EVERY;
        if due || *woken != Woken::Records {
            self.patiently(|journal| journal.sync().map(drop))?;
            self.synced_at = Instant::now();
        } else {
            self.patiently(Journal::write)?;
        }
        self.ask_for_checkpoint();
        let disk = self.disk();
        self.publish(disk);
        Ok(())
    }

    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        if matches!(record.fact, Fact::CheckpointBegin) {
            self.change_key(record.at);
        }
        while let Err(error) = self.journal.append(record, &mut self.vault) {
            self.wait_for_room(error)?;
        }
        steps::taken(record);
        if matches!(record.fact, Fact::CheckpointEnd) {
            self.patiently(|journal| journal.sync().map(drop))?;
            self.checkpoint = record.seq;
            self.forget(record.at);
        }
        if self.journal.gathered() >= PIECE {
            self.patiently(Journal::write)?;
        }
        Ok(())
    }

    /// Tries until there is room; gives up only on what is not a full disk.
    fn patiently(
        &mut self,
        work: impl Fn(&mut Journal<Files>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        while let Err(error) = work(&mut self.journal) {
            self.wait_for_room(error)?;
        }
        Ok(())
    }

    fn wait_for_room(&self, error: JournalError) -> Result<(), JournalError> {
        let full = error == JournalError::Storage(StorageError::NoSpace);
        if !full || self.queue.closed_for() > GIVE_UP_AFTER {
            return Err(error);
        }
        self.publish(Disk::Full);
        std::thread::sleep(RETRY_EVERY);
        Ok(())
    }

    /// Once a segment: when it is full, or when something was sealed in another hour, whose key
    /// can be destroyed as soon as a checkpoint seals anew what is still needed.
    fn ask_for_checkpoint(&mut self) {
        let segment = self.journal.segment();
        let told = self.journal.last() > self.checkpoint;
        let another_hour = told && hour(wall_now()) > self.vault.keys().newest();
        if self.asked != Some(segment) && (another_hour || self.journal.needs_checkpoint()) {
            self.asked = Some(segment);
            self.checkpoint_due.store(true, Ordering::Release);
        }
    }

    fn disk(&mut self) -> Disk {
        let low = matches!(self.progress.borrow().disk, Disk::Low | Disk::Full);
        let look = low && self.looked_at.elapsed() >= LOOK_EVERY;
        let files = self.journal.storage_mut();
        let well = if look {
            self.looked_at = Instant::now();
            files.refill_reserve()
        } else {
            !low && files.has_reserve()
        };
        if well { Disk::Well } else { Disk::Low }
    }

    fn publish(&self, disk: Disk) {
        let released = if self.rules.strict {
            self.journal.durable()
        } else {
            self.journal.last()
        };
        let lost = matches!(disk, Disk::Failed(_) | Disk::Full);
        self.progress.send_if_modified(|progress| {
            let released = if lost { progress.released } else { released };
            let new = Progress { released, disk };
            let changed = *progress != new;
            *progress = new;
            changed
        });
    }

    /// A new hour seals with a new key. The file is written first: nothing may be sealed under a
    /// key that a crash could lose. If that fails the old key seals on, which loses nothing.
    fn change_key(&mut self, at: Wall) {
        let hour = hour(at);
        if hour <= self.vault.keys().newest() {
            return;
        }
        let mut keys = self.vault.keys().clone();
        let changed = keys::random().and_then(|key| {
            keys.add(hour, &key);
            self.key_file.write(&keys)
        });
        self.settle_keys(changed, keys);
    }

    /// What a checkpoint carries is sealed under the newest key, so that older ones have nothing
    /// left that a reversal could need; and segments older than the rules say may go.
    fn forget(&mut self, at: Wall) {
        if !self.rules.keep_keys {
            let mut keys = self.vault.keys().clone();
            keys.forget_before(keys.newest());
            if keys != *self.vault.keys() {
                let written = self.key_file.write(&keys);
                self.settle_keys(written, keys);
            }
        }
        let retain = i64::try_from(self.rules.retain.as_micros()).unwrap_or(i64::MAX);
        match self.journal.expire(Wall(at.0.saturating_sub(retain))) {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => tracing::info!(segments = gone.len(), "journal segments expired"),
            Err(error) => tracing::warn!(%error, "journal segments cannot be removed"),
        }
    }

    fn settle_keys(&mut self, written: Result<(), KeyError>, keys: VaultKeys) {
        match written {
            Ok(()) => self.vault.change_keys(keys),
            Err(error) => tracing::warn!(%error, "journal keys stay as they were"),
        }
    }

    /// In good order: the room ahead is given back.
    fn end(mut self) {
        self.journal.storage_mut().release_reserve();
        if let Err(error) = self.journal.close() {
            tracing::warn!(%error, "the journal could not be closed");
        }
    }
}

/// The hour of a moment since 1970.
pub(super) fn hour(at: Wall) -> u32 {
    u32::try_from(at.0.div_euclid(HOUR_MICROS)).unwrap_or(0)
}

/// Now, by the wall clock.
pub(super) fn wall_now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    Wall(i64::try_from(micros).unwrap_or(i64::MAX))
}
