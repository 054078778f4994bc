//! The gateway's side of the journal.

use super::commit::{CommitClock, CommitThread};
use super::files::{Files, FolderError};
use super::index::Indexer;
use super::keys::{self, KeyFile, KeyFileError};
use super::queue::Queue;
use crate::engine::driver::{CommitRules, Committer, Disk, Progress, hour};
use crate::engine::journal::{
    Damage, Journal, JournalError, JournalOptions, Recovery, Storage, Torn,
};
use crate::engine::record::{Record, Seq, Vault};
use crate::io::config::{Durability, FrameKeeping, JournalConfig};
use crate::io::system::steps;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// How a journal is written.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// Where, with which keys, how long, how safe.
    pub config: JournalConfig,
    /// When a segment is full.
    pub segment_bytes: u64,
    /// Bytes put aside to finish what was begun when the disk is full; 0 for none.
    pub reserve_bytes: u64,
    /// How many records may wait before no more should be taken in.
    pub backlog: usize,
    /// Whether to go on with what is left of a damaged journal.
    pub salvage: bool,
}

impl From<JournalConfig> for WriterOptions {
    fn from(config: JournalConfig) -> Self {
        Self {
            config,
            segment_bytes: steps::segment_bytes(JournalOptions::default().segment_bytes),
            reserve_bytes: 64 << 20,
            backlog: 100_000,
            salvage: false,
        }
    }
}

/// Why a journal cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// Its folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// What is in it, or its disk.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No thread.
    #[error("the journal's thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// A journal that was opened to write to.
#[derive(Debug)]
pub struct OpenedJournal {
    /// Takes records.
    pub writer: JournalWriter,
    /// Hashes cards, and opens what was sealed; sealing is the writer's alone.
    pub vault: Arc<Vault>,
    /// What happened since the newest checkpoint.
    pub history: RecentRecords,
}

/// Records since the newest checkpoint, in order, their patches opened as far as the keys are
/// there.
#[derive(Debug)]
pub struct RecentRecords {
    recovery: Recovery,
    vault: Arc<Vault>,
}

impl RecentRecords {
    /// A write at the end that a crash tore, and that was cut off.
    #[must_use]
    pub const fn torn(&self) -> Option<Torn> {
        self.recovery.torn
    }

    /// What is wrong in the midst; empty unless it was opened to salvage it.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.recovery.damage
    }
}

impl Iterator for RecentRecords {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let mut record = self.recovery.next()?;
        record.open_patches(&self.vault);
        Some(record)
    }
}

/// Takes records and says how far they are safe. Dropped, it writes what it was given, and ends.
#[derive(Debug)]
pub struct JournalWriter {
    queue: Arc<Queue>,
    progress: watch::Receiver<Progress>,
    checkpoint_due: Arc<AtomicBool>,
    backlog: usize,
    thread: Option<JoinHandle<()>>,
    _indexer: Indexer,
}

impl JournalWriter {
    /// Opens the journal, made if missing, and starts its thread.
    ///
    /// # Errors
    /// [`WriterError`]: another gateway has it, keys are not as they must be, it is damaged.
    pub fn open(options: &WriterOptions) -> Result<OpenedJournal, WriterError> {
        let config = &options.config;
        let files = Files::open(&config.path, options.reserve_bytes)?;
        let key_file = KeyFile::new(&config.keys, &config.path)?;
        let clock = CommitClock::new();
        let there = files.segments().map_err(JournalError::from)?;
        if key_file.is_missing() && !there.is_empty() {
            tracing::error!(
                keys = %key_file.path().display(),
                "the journal is there and its keys are not: cards in it cannot be read any more, \
                 and a reversal that is open is not sent without its card; stop, put the file of \
                 keys back, and start again; new keys are made now"
            );
        }
        let keys = key_file.read_or_make(hour(clock.now().wall))?;
        let vault = Arc::new(keys::vault(keys.clone())?);
        let journal_options = JournalOptions {
            segment_bytes: options.segment_bytes,
            salvage: options.salvage,
            seed: getrandom::u64().map_err(KeyFileError::Random)?,
        };
        let (journal, recovery) = Journal::open(files, journal_options)?;
        let rules = CommitRules {
            strict: config.durability == Durability::Strict,
            keep_keys: config.keep == FrameKeeping::All,
            retain: config.retain,
        };
        let sealing = (keys::vault(keys)?, key_file);
        let committer = Committer::new(journal, sealing, rules, clock.now());
        let (told, progress) = watch::channel(committer.progress().clone());
        let queue = Arc::new(Queue::default());
        let checkpoint_due = Arc::new(AtomicBool::new(false));
        let owner = CommitThread {
            committer,
            queue: Arc::clone(&queue),
            progress: told,
            checkpoint_due: Arc::clone(&checkpoint_due),
            clock,
        };
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || owner.run());
        let writer = Self {
            queue,
            progress,
            checkpoint_due,
            backlog: options.backlog,
            thread: Some(thread.map_err(WriterError::Thread)?),
            _indexer: Indexer::start(&config.path).map_err(WriterError::Thread)?,
        };
        let history = RecentRecords {
            recovery,
            vault: Arc::clone(&vault),
        };
        Ok(OpenedJournal {
            writer,
            vault,
            history,
        })
    }

    /// Hands records over, in order; never waits. True while more may come: a driver that is told
    /// false should read no more from its peers until the backlog is worked off.
    pub fn append(&self, records: &mut Vec<Record>) -> bool {
        records.is_empty() || self.queue.put(records) < self.backlog
    }

    /// Whether more records may come.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.queue.len() < self.backlog
    }

    /// Whether its disk is broken, so that nothing more will be written.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.progress.borrow().disk, Disk::Failed(_))
    }

    /// How far the journal is, to be awaited: `changed().await`, then `borrow_and_update()`.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Up to where sends may go.
    #[must_use]
    pub fn released(&self) -> Seq {
        self.progress.borrow().released
    }

    /// Whether a checkpoint should be appended now; true once a segment.
    #[must_use]
    pub fn take_checkpoint_due(&self) -> bool {
        self.checkpoint_due.swap(false, Ordering::AcqRel)
    }

    /// Waits until all that was handed over is durable, and ends.
    ///
    /// # Errors
    /// The disk failed before that.
    pub fn close(mut self) -> Result<Seq, JournalError> {
        self.join();
        let progress = self.progress.borrow().clone();
        match progress.disk {
            Disk::Failed(error) => Err(error),
            Disk::Well | Disk::Low | Disk::Full => Ok(progress.released),
        }
    }

    fn join(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked told so itself.
            let _told = thread.join();
        }
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        self.join();
    }
}
