//! The journal's owner: appends what it is given, says when to sync, and how far it is.
//!
//! It goes in steps, so that whoever runs it can let time pass between them, and crash there.

use crate::engine::journal::{Journal, JournalError, Reserve, SegmentNo, StorageError};
use crate::engine::record::{Fact, Record, Seq, Vault, VaultKeys};
use crate::engine::seam::{Mono, Now, Wall};
use std::time::Duration;
use zeroize::Zeroizing;

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

/// What the committer is told once.
#[derive(Clone, Copy, Debug)]
pub struct CommitRules {
    /// Whether a record is released only when it is durable.
    pub strict: bool,
    /// Whether data keys are kept for good.
    pub keep_keys: bool,
    /// How long sealed segments are kept.
    pub retain: Duration,
}

impl Progress {
    /// Whether the disk is nearly full, or full.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        matches!(self.disk, Disk::Low | Disk::Full)
    }
}

/// Who keeps the keys that seal the journal, and hears of what was appended and what is no more.
/// What fails there is told there, too.
pub trait KeyRing {
    /// A new key, if there is chance to make one of.
    fn random(&mut self) -> Option<Zeroizing<[u8; 32]>>;

    /// Keeps other keys from now on; false if they stay as they were.
    fn keep(&mut self, keys: &VaultKeys) -> bool;

    /// A record was appended: it is gathered, and is yet to be written.
    fn appended(&mut self, _record: &Record) {}

    /// Segments were removed, as many as said, or could not be.
    fn expired(&mut self, segments: Result<usize, &JournalError>);
}

/// What a committer was woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// There are records.
    Records,
    /// Time is over.
    Time,
    /// Nothing will come any more, and nothing is left.
    Closed,
}

/// What a committer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// All is done: give it records when there are some, or wake it after so long.
    Wait(Duration),
    /// It makes durable what it wrote, with the next call.
    Sync,
    /// It has made that durable, and goes on with the next call.
    Synced,
    /// The disk is full: it tries again with the next call.
    Full,
}

/// In `async`, at most this much is lost with the power.
const SYNC_EVERY: Duration = Duration::from_millis(5);
/// How often a full disk is tried again, and an idle committer looks around.
const RETRY_EVERY: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a full disk is tried after nobody needs the journal any more.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);
/// What is gathered before it is written, in bytes.
const PIECE: usize = 1 << 20;
/// A data key seals for one hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// Owner of the journal.
///
/// [`go_on`](Self::go_on) until it says [`Next::Wait`]; then fill [`batch`](Self::batch) and
/// [`begin`](Self::begin).
#[derive(Debug)]
pub struct Committer<S, K> {
    journal: Journal<S>,
    vault: Vault,
    ring: K,
    rules: CommitRules,
    progress: Progress,
    /// Progress changed since it was taken.
    has_news: bool,
    checkpoint_due: bool,
    /// The segment that a checkpoint was asked for.
    asked: Option<SegmentNo>,
    /// The end of the last checkpoint of this run.
    checkpoint: Seq,
    synced_at: Mono,
    /// The moment of the checkpoint that is being appended, whatever the wall clock says.
    moment: Option<Wall>,
    /// When a disk that is low was last looked at.
    looked_at: Mono,
    batch: Vec<Record>,
    woken: Woken,
    stage: CommitStage,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommitStage {
    /// All is done.
    Idle,
    /// This record of the batch is next.
    Key(usize),
    /// The same, its key being as it should.
    Append(usize),
    /// This record ended a checkpoint: that is written, and synced.
    WriteCheckpoint(usize),
    SyncCheckpoint(usize),
    /// Much is gathered: it is written before this record.
    Piece(usize),
    /// The batch is appended: it is written, and synced or not.
    Write {
        sync: bool,
    },
    Sync,
    Synced,
    /// All is done but to say so.
    Tell,
}

impl<S: Reserve, K: KeyRing> Committer<S, K> {
    /// Of a journal that was opened, and what seals it.
    pub fn new(
        journal: Journal<S>,
        (vault, ring): (Vault, K),
        rules: CommitRules,
        now: Now,
    ) -> Self {
        Self {
            progress: Progress {
                released: journal.durable(),
                disk: Disk::Well,
            },
            journal,
            vault,
            ring,
            rules,
            has_news: false,
            checkpoint_due: false,
            asked: None,
            checkpoint: Seq(0),
            synced_at: now.mono,
            moment: None,
            looked_at: now.mono,
            batch: Vec::new(),
            woken: Woken::Time,
            stage: CommitStage::Idle,
        }
    }

    /// Where records are put before [`begin`](Self::begin); empty while it waits.
    pub const fn batch(&mut self) -> &mut Vec<Record> {
        &mut self.batch
    }

    /// It waits no more: for what, is said.
    pub const fn begin(&mut self, woken: Woken) {
        self.woken = woken;
        self.stage = CommitStage::Key(0);
    }

    /// Goes on until time may pass.
    ///
    /// # Errors
    /// The disk failed, and nothing more will be released.
    pub fn go_on(&mut self, now: Now) -> Result<Next, JournalError> {
        match self.advance(now) {
            Err(JournalError::Storage(StorageError::NoSpace)) => Ok(Next::Full),
            Err(error) => {
                self.publish(Disk::Failed(error.clone()));
                Err(error)
            }
            Ok(next) => Ok(next),
        }
    }

    /// The disk is full: how long to wait, when the journal has been closed for so long.
    ///
    /// # Errors
    /// Nobody needs it any more, and it was tried for long.
    pub fn wait_for_room(&mut self, closed_for: Duration) -> Result<Duration, JournalError> {
        if closed_for > GIVE_UP_AFTER {
            let error = JournalError::Storage(StorageError::NoSpace);
            self.publish(Disk::Failed(error.clone()));
            return Err(error);
        }
        self.publish(Disk::Full);
        Ok(RETRY_EVERY)
    }

    fn advance(&mut self, now: Now) -> Result<Next, JournalError> {
        loop {
            self.stage = match self.stage {
                CommitStage::Idle => return Ok(Next::Wait(self.patience())),
                CommitStage::Key(at) => self.prepare(at, now.mono),
                CommitStage::Append(at) => self.append(at)?,
                CommitStage::WriteCheckpoint(at) => {
                    self.journal.write()?;
                    self.stage = CommitStage::SyncCheckpoint(at);
                    return Ok(Next::Sync);
                }
                CommitStage::SyncCheckpoint(at) => {
                    self.journal.sync()?;
                    self.checkpoint_is_safe(at);
                    self.after(at)
                }
                CommitStage::Piece(at) => {
                    self.journal.write()?;
                    CommitStage::Key(at)
                }
                CommitStage::Write { sync } => {
                    self.journal.write()?;
                    if sync && self.journal.durable() != self.journal.last() {
                        self.stage = CommitStage::Sync;
                        return Ok(Next::Sync);
                    }
                    if sync {
                        CommitStage::Sync
                    } else {
                        CommitStage::Tell
                    }
                }
                CommitStage::Sync => {
                    self.journal.sync()?;
                    self.stage = CommitStage::Synced;
                    return Ok(Next::Synced);
                }
                CommitStage::Synced => {
                    self.synced_at = now.mono;
                    CommitStage::Tell
                }
                CommitStage::Tell => {
                    self.ask_for_checkpoint(now.wall);
                    let disk = self.disk(now.mono);
                    self.publish(disk);
                    CommitStage::Idle
                }
            };
        }
    }

    /// A checkpoint begins with a key of its hour; behind the last record, all is to be written.
    fn prepare(&mut self, at: usize, now: Mono) -> CommitStage {
        let Some(record) = self.batch.get(at) else {
            self.batch.clear();
            let due = self.rules.strict || now - self.synced_at >= SYNC_EVERY;
            let sync = due || self.woken != Woken::Records;
            return CommitStage::Write { sync };
        };
        if matches!(record.fact, Fact::CheckpointBegin) {
            self.change_key(record.at);
        }
        CommitStage::Append(at)
    }

    fn append(&mut self, at: usize) -> Result<CommitStage, JournalError> {
        let Some(record) = self.batch.get(at) else {
            return Ok(CommitStage::Key(at));
        };
        self.journal.append(record, &mut self.vault)?;
        self.ring.appended(record);
        self.moment = record.moment().or(self.moment);
        if matches!(record.fact, Fact::CheckpointEnd) {
            return Ok(CommitStage::WriteCheckpoint(at));
        }
        Ok(self.after(at))
    }

    /// What comes after a record.
    const fn after(&self, at: usize) -> CommitStage {
        if self.journal.gathered() >= PIECE {
            CommitStage::Piece(at + 1)
        } else {
            CommitStage::Key(at + 1)
        }
    }

    fn checkpoint_is_safe(&mut self, at: usize) {
        if let Some(record) = self.batch.get(at) {
            let at = self.moment.take().unwrap_or(record.at);
            self.checkpoint = record.seq;
            self.forget(at);
        }
    }

    /// How long it waits for records before it looks around.
    fn patience(&self) -> Duration {
        if self.journal.durable() == self.journal.last() {
            LOOK_EVERY
        } else {
            SYNC_EVERY
        }
    }

    /// Once a segment: when it is full, or when something was sealed in another hour, whose key
    /// can be destroyed as soon as a checkpoint seals anew what is still needed.
    fn ask_for_checkpoint(&mut self, now: Wall) {
        let segment = self.journal.segment();
        let told = self.journal.last() > self.checkpoint;
        let another_hour = told && hour(now) > self.vault.keys().newest();
        if self.asked != Some(segment) && (another_hour || self.journal.needs_checkpoint()) {
            self.asked = Some(segment);
            self.checkpoint_due = true;
        }
    }

    fn disk(&mut self, now: Mono) -> Disk {
        let low = matches!(self.progress.disk, Disk::Low | Disk::Full);
        let look = low && now - self.looked_at >= LOOK_EVERY;
        let storage = self.journal.storage_mut();
        let well = if look {
            self.looked_at = now;
            storage.refill_reserve()
        } else {
            !low && storage.has_reserve()
        };
        if well { Disk::Well } else { Disk::Low }
    }

    fn publish(&mut self, disk: Disk) {
        let lost = matches!(disk, Disk::Failed(_) | Disk::Full);
        let released = if lost {
            self.progress.released
        } else if self.rules.strict {
            self.journal.durable()
        } else {
            self.journal.last()
        };
        let new = Progress { released, disk };
        self.has_news |= self.progress != new;
        self.progress = new;
    }

    /// A new hour seals with a new key. It is kept first: nothing may be sealed under a key that a
    /// crash could lose. If that fails the old key seals on, which loses nothing.
    fn change_key(&mut self, at: Wall) {
        let hour = hour(at);
        if hour <= self.vault.keys().newest() {
            return;
        }
        let mut keys = self.vault.keys().clone();
        let Some(key) = self.ring.random() else {
            return;
        };
        keys.add(hour, &key);
        self.settle_keys(keys);
    }

    /// What a checkpoint carries is sealed under the newest key, so that older ones have nothing
    /// left that a reversal could need; and segments older than the rules say may go.
    fn forget(&mut self, at: Wall) {
        if !self.rules.keep_keys {
            let mut keys = self.vault.keys().clone();
            keys.forget_before(keys.newest());
            if keys != *self.vault.keys() {
                self.settle_keys(keys);
            }
        }
        let retain = i64::try_from(self.rules.retain.as_micros()).unwrap_or(i64::MAX);
        let gone = self.journal.expire(Wall(at.0.saturating_sub(retain)));
        self.ring.expired(gone.as_ref().map(Vec::len));
    }

    fn settle_keys(&mut self, keys: VaultKeys) {
        if self.ring.keep(&keys) {
            self.vault.change_keys(keys);
        }
    }

    /// Ends in good order: the room ahead is given back.
    ///
    /// # Errors
    /// The disk failed.
    pub fn end(&mut self) -> Result<Seq, JournalError> {
        self.journal.storage_mut().release_reserve();
        self.journal.end_well()
    }

    /// How far it is.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether [`progress`](Self::progress) changed since this was last asked.
    pub const fn take_news(&mut self) -> bool {
        std::mem::replace(&mut self.has_news, false)
    }

    /// Whether a checkpoint should be appended; true once a segment.
    pub const fn take_checkpoint_due(&mut self) -> bool {
        std::mem::replace(&mut self.checkpoint_due, false)
    }

    /// The journal.
    pub const fn journal(&self) -> &Journal<S> {
        &self.journal
    }

    /// What the journal stands on, to be changed by a test's world.
    pub const fn storage_mut(&mut self) -> &mut S {
        self.journal.storage_mut()
    }

    /// Who keeps its keys.
    pub const fn ring(&self) -> &K {
        &self.ring
    }

    /// Gives back what the journal stands on, as a crash does: what was gathered is lost.
    pub fn into_storage(self) -> S {
        self.journal.into_storage()
    }
}

/// The hour of a moment since 1970.
#[must_use]
pub fn hour(at: Wall) -> u32 {
    u32::try_from(at.0.div_euclid(HOUR_MICROS)).unwrap_or(0)
}
