//! The driver: what happened goes into the core, what it orders comes out and is carried out.

mod connections;

use super::clock::Clock;
use super::count;
use super::notice::Notices;
use super::outbox::{Outbox, Trouble};
use super::status::Status;
use crate::engine::gateway::{Action, Event, Gateway, SendId};
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, Record, Seq};
use crate::engine::seam::{Mono, Now};
use crate::io::config::SocketLimits;
use crate::io::journal::{Disk, JournalWriter, Progress};
use crate::io::telemetry::Metrics;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Notify, watch};

/// The driver, shared by the tasks of one thread. Never borrowed across an `await`.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub Rc<RefCell<Driver>>);

/// Owner of core, journal, clock and connections.
#[derive(Debug)]
pub(super) struct Driver {
    core: Gateway,
    clock: Clock,
    now: Now,
    journal: JournalWriter,
    progress: watch::Receiver<Progress>,
    /// Whether the journal keeps up, so that more may be read.
    has_room: bool,
    /// Records that the journal was not handed yet.
    batch: Vec<Record>,
    /// The last record that it was handed.
    handed: Seq,
    /// What was handed when, until it is released.
    commits: VecDeque<(Seq, Instant)>,
    outbox: Outbox,
    /// What happened while an order was carried out.
    follow_ups: VecDeque<Event>,
    written: Vec<SendId>,
    limits: SocketLimits,
    metrics: Metrics,
    notices: Notices,
    status: Arc<Status>,
    /// Wakes the loop, if it sleeps.
    wake: Rc<Notify>,
    asleep: bool,
    /// Wakes readers that wait for the journal to catch up.
    room: Rc<Notify>,
}

/// What a driver is made of.
#[derive(Debug)]
pub(super) struct Parts {
    pub core: Gateway,
    pub clock: Clock,
    pub journal: JournalWriter,
    /// How far the journal is; the writer's own, unless a test plays the disk.
    pub progress: watch::Receiver<Progress>,
    pub limits: SocketLimits,
    pub metrics: Metrics,
    pub status: Arc<Status>,
}

impl Driver {
    pub(super) fn new(parts: Parts) -> Self {
        let now = parts.clock.now();
        let handed = parts.progress.borrow().released;
        let mut driver = Self {
            core: parts.core,
            clock: parts.clock,
            now,
            progress: parts.progress,
            journal: parts.journal,
            has_room: true,
            batch: Vec::new(),
            handed,
            commits: VecDeque::new(),
            outbox: Outbox::new(),
            follow_ups: VecDeque::new(),
            written: Vec::new(),
            limits: parts.limits,
            metrics: parts.metrics,
            notices: Notices::default(),
            status: parts.status,
            wake: Rc::new(Notify::new()),
            asleep: false,
            room: Rc::new(Notify::new()),
        };
        // What recovery ordered: its first records.
        driver.carry_out_all();
        driver
    }

    /// What wakes the loop.
    pub(super) fn wake(&self) -> Rc<Notify> {
        Rc::clone(&self.wake)
    }

    /// How far the journal is, to be awaited.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Why the journal is of no use any more, if it is not.
    pub(super) fn failure(&self) -> Option<JournalError> {
        match &self.progress.borrow().disk {
            Disk::Failed(error) => Some(error.clone()),
            Disk::Well | Disk::Low | Disk::Full => None,
        }
    }

    /// Waits until all records are on disk, and ends.
    pub(super) fn close(mut self) -> Result<(), JournalError> {
        self.hand_over();
        self.journal.close().map(drop)
    }

    /// Something happened that no connection told.
    pub(super) fn told(&mut self, event: Event) {
        self.read_clock();
        self.happened(event);
    }

    /// Reads the clock: what happens next happens now.
    pub(super) fn read_clock(&mut self) {
        self.now = self.clock.now();
    }

    /// Tells the core what happened, and carries out what it orders.
    pub(super) fn happened(&mut self, event: Event) {
        self.core.handle(self.now, event);
        self.carry_out_all();
    }

    fn carry_out_all(&mut self) {
        loop {
            while let Some(action) = self.core.poll_action() {
                self.carry_out(action);
            }
            match self.follow_ups.pop_front() {
                Some(event) => self.core.handle(self.now, event),
                None => break,
            }
        }
        self.wake_up();
    }

    /// There is something to do for the loop.
    fn wake_up(&mut self) {
        if std::mem::take(&mut self.asleep) {
            self.wake.notify_one();
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Append(record) => {
                count::record(&self.metrics, &record);
                self.notices.of(self.now.mono, &record);
                self.batch.push(record);
            }
            Action::Send {
                id,
                after,
                conn,
                frame,
            } => {
                if !self.outbox.push(id, after, conn, frame) {
                    self.follow_ups.push_back(Event::NotWritten(id));
                }
            }
            Action::Revoke(id) => self.revoke(id),
            Action::Close(conn) => {
                if self.outbox.close(conn) {
                    self.closed(conn, false);
                }
            }
        }
    }

    fn revoke(&mut self, id: SendId) {
        if self.outbox.revoke(id) {
            self.metrics.revoked.increment(1);
            self.follow_ups.push_back(Event::NotWritten(id));
        } else if !self.written.contains(&id) {
            // Not told yet only if it was written in the flush that is being told.
            self.follow_ups.push_back(Event::Written(id));
        }
    }

    /// One turn of the loop: what is durable is sent, what is due is done, what is new is handed to
    /// the journal. Gives the connections that are in trouble.
    pub(super) fn turn(&mut self) -> Vec<(ConnId, Trouble)> {
        self.read_clock();
        let released = self.progress.borrow().released;
        self.committed(released);
        let troubles = self.send(released);
        if self.deadline().is_some_and(|due| due <= self.now.mono) {
            self.happened(Event::Tick);
        }
        self.hand_over();
        self.report(released);
        self.asleep = true;
        troubles
    }

    /// Writes each socket once, with all that may go.
    fn send(&mut self, released: Seq) -> Vec<(ConnId, Trouble)> {
        self.outbox.release(released);
        let mut written = std::mem::take(&mut self.written);
        let troubles = self.outbox.flush(&mut written);
        self.written = written;
        for at in 0..self.written.len() {
            if let Some(id) = self.written.get(at) {
                self.happened(Event::Written(*id));
            }
        }
        self.written.clear();
        troubles
    }

    fn hand_over(&mut self) {
        if self.journal.take_checkpoint_due() {
            self.batch.extend(self.core.checkpoint(self.now));
        }
        if let Some(last) = self.batch.last() {
            self.handed = last.seq;
            self.metrics
                .batch_records
                .record(count::as_float(self.batch.len()));
            self.commits.push_back((self.handed, Instant::now()));
            self.has_room = self.journal.append(&mut self.batch);
        }
    }

    /// Commits up to `released` are done.
    fn committed(&mut self, released: Seq) {
        while let Some((last, at)) = self.commits.front()
            && *last <= released
        {
            self.metrics.commit_seconds.record(at.elapsed());
            self.commits.pop_front();
        }
        if !self.has_room && self.journal.has_room() {
            self.has_room = true;
            self.room.notify_waiters();
        }
    }

    fn report(&self, released: Seq) {
        let counts = self.core.counts();
        let metrics = &self.metrics;
        metrics.in_flight.set(count::as_float(counts.in_flight));
        metrics.live.set(count::as_float(counts.live));
        metrics.reversals.set(count::as_float(counts.reversals));
        metrics.terminals.set(count::as_float(counts.terminals));
        metrics.durable.set(count::as_float(
            usize::try_from(released.0).unwrap_or(usize::MAX),
        ));
        metrics.unsent.set(count::as_float(self.outbox.waiting()));
        self.status.turned(counts, released.0);
    }

    /// When the loop is to turn at the latest.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.core.next_deadline()
    }

    /// The same, to sleep until.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.deadline().map(|due| self.clock.instant(due))
    }

    /// Whether a connection takes messages.
    #[cfg(test)]
    pub(super) fn listens(&self, conn: ConnId) -> bool {
        self.outbox.listens(conn)
    }

    /// The last record so far, on disk or not.
    #[cfg(test)]
    pub(super) fn last_recorded(&self) -> u64 {
        self.batch
            .last()
            .map_or(self.handed.0, |record| record.seq.0)
    }

    /// Whether all is done that was begun, and on disk.
    pub(super) fn is_idle(&self) -> bool {
        let settled = self.batch.is_empty() && self.progress.borrow().released == self.handed;
        settled && self.core.counts().in_flight == 0 && self.outbox.is_empty()
    }
}
