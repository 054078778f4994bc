//! The thread that runs the journal's owner: it waits for records, sleeps while the disk is full,
//! and tells how far the journal is.

use super::files::Files;
use super::keys::{self, KeyFile};
use super::queue::Queue;
use crate::engine::driver::{Committer, KeyRing, Next, Progress, Woken};
use crate::engine::journal::JournalError;
use crate::engine::record::{Record, VaultKeys};
use crate::engine::seam::{Mono, Now, Wall};
use crate::io::system::steps;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// The thread's own.
pub(super) struct CommitThread {
    pub(super) committer: Committer<Files, KeyFile>,
    pub(super) queue: Arc<Queue>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) checkpoint_due: Arc<AtomicBool>,
    pub(super) clock: CommitClock,
}

impl CommitThread {
    /// Until the queue is closed and empty, or the disk fails.
    pub(super) fn run(mut self) {
        let mut woken = Woken::Time;
        loop {
            let next = self.committer.go_on(self.clock.now());
            let next = match next {
                Ok(Next::Full) => self.wait_for_room(),
                Ok(next) => Ok(next),
                Err(error) => Err(error),
            };
            match next {
                Ok(Next::Wait(_)) if woken == Woken::Closed => {
                    self.tell();
                    break self.end();
                }
                Ok(Next::Wait(most)) => {
                    self.tell();
                    woken = self.queue.take(self.committer.batch(), most);
                    self.committer.begin(woken);
                }
                Ok(Next::Sync | Next::Synced | Next::Full) => {}
                Err(_told) => break self.tell(),
            }
        }
    }

    fn wait_for_room(&mut self) -> Result<Next, JournalError> {
        let pause = self.committer.wait_for_room(self.queue.closed_for())?;
        self.tell();
        std::thread::sleep(pause);
        Ok(Next::Full)
    }

    fn tell(&mut self) {
        if self.committer.take_checkpoint_due() {
            self.checkpoint_due.store(true, Ordering::Release);
        }
        if self.committer.take_news() {
            self.progress
                .send_replace(self.committer.progress().clone());
        }
    }

    /// In good order.
    fn end(mut self) {
        if let Err(error) = self.committer.end() {
            tracing::warn!(%error, "the journal could not be closed");
        }
    }
}

/// The clocks of the operating system, counted from its making.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitClock(Instant);

impl CommitClock {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Now {
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now {
            mono: Mono(mono),
            wall: wall_now(),
        }
    }
}

impl KeyRing for KeyFile {
    fn random(&mut self) -> Option<Zeroizing<[u8; 32]>> {
        keys::random()
            .inspect_err(|error| tracing::warn!(%error, "journal keys stay as they were"))
            .ok()
    }

    fn keep(&mut self, keys: &VaultKeys) -> bool {
        self.write(keys)
            .inspect_err(|error| tracing::warn!(%error, "journal keys stay as they were"))
            .is_ok()
    }

    fn appended(&mut self, record: &Record) {
        steps::taken(record);
    }

    fn expired(&mut self, segments: Result<usize, &JournalError>) {
        match segments {
            Ok(0) => {}
            Ok(segments) => tracing::info!(segments, "journal segments expired"),
            Err(error) => tracing::warn!(%error, "journal segments cannot be removed"),
        }
    }
}

/// Now, by the wall clock.
pub(super) fn wall_now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    Wall(i64::try_from(micros).unwrap_or(i64::MAX))
}
