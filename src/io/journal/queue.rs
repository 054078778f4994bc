//! Where records wait for the writer's thread.

use crate::engine::driver::Woken;
use crate::engine::record::Record;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One side puts records in as they come, the other takes all of them at once: the longer a sync
/// takes, the larger the next batch.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<QueuedRecords>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct QueuedRecords {
    records: Vec<Record>,
    closed: Option<Instant>,
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, QueuedRecords> {
        // Nothing here panics with the lock held.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves records in; how many wait now.
    pub(super) fn put(&self, records: &mut Vec<Record>) -> usize {
        let mut waiting = self.lock();
        waiting.records.append(records);
        let count = waiting.records.len();
        drop(waiting);
        self.filled.notify_one();
        count
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Nothing will come any more.
    pub(super) fn close(&self) {
        self.lock().closed.get_or_insert_with(Instant::now);
        self.filled.notify_one();
    }

    /// How long it has been closed; zero if it is open.
    pub(super) fn closed_for(&self) -> Duration {
        self.lock().closed.map_or(Duration::ZERO, |at| at.elapsed())
    }

    /// Waits for records and takes all of them into `batch`, which is empty.
    pub(super) fn take(&self, batch: &mut Vec<Record>, most: Duration) -> Woken {
        let waiting = self.lock();
        let idle =
            |waiting: &mut QueuedRecords| waiting.records.is_empty() && waiting.closed.is_none();
        let woken = self.filled.wait_timeout_while(waiting, most, idle);
        let (mut waiting, _) = woken.unwrap_or_else(PoisonError::into_inner);
        if waiting.records.is_empty() {
            return if waiting.closed.is_some() {
                Woken::Closed
            } else {
                Woken::Time
            };
        }
        std::mem::swap(&mut waiting.records, batch);
        Woken::Records
    }
}
