//! The driver: what happened goes into the core, what it orders comes out and is carried out.

use super::clock::Clock;
use super::outbox::{Outbox, Side, Trouble};
use super::status::Status;
use crate::engine::gateway::{Action, Event, Gateway, SendId};
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, Fact, Hop, LinkId, ListenerId, Logged, Record, Seq};
use crate::engine::seam::{Mono, Now};
use crate::io::config::SocketLimits;
use crate::io::journal::{Disk, JournalWriter, Progress};
use crate::io::net::{Guest, Outbound, Received};
use crate::io::telemetry::Metrics;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

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
                self.count(&record);
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

    /// A terminal connected.
    pub(super) fn terminal(&mut self, listener: ListenerId, guest: Guest, out: Outbound) -> ConnId {
        let conn = self.outbox.open(Side::Terminal(guest), out);
        self.metrics.terminal_connections.increment(1);
        self.read_clock();
        self.happened(Event::TerminalConnected { conn, listener });
        conn
    }

    /// A connection of a link is up.
    pub(super) fn link_up(&mut self, link: LinkId, out: Outbound) -> ConnId {
        let conn = self.outbox.open(Side::Link(link), out);
        self.metrics.acquirer_connections.increment(1);
        self.read_clock();
        self.happened(Event::LinkUp { link, conn });
        conn
    }

    /// A connection was refused at a limit.
    pub(super) fn turn_away(&self) {
        self.metrics.turned_away.increment(1);
    }

    /// The task that reads a connection.
    pub(super) fn set_reader(&mut self, conn: ConnId, reader: AbortHandle) {
        self.outbox.set_reader(conn, reader);
    }

    /// A frame came in from a terminal; false if its connection takes no more.
    pub(super) fn take_from_terminal(&mut self, conn: ConnId, received: Received) -> bool {
        if !self.outbox.listens(conn) {
            return false;
        }
        self.happened(match received {
            Received::Message(message) => Event::TerminalMessage { conn, message },
            Received::Unreadable(frame) => Event::TerminalUnreadable { conn, frame },
        });
        self.outbox.listens(conn)
    }

    /// A frame came in from the acquirer; false if its connection takes no more.
    pub(super) fn take_from_acquirer(&mut self, conn: ConnId, received: Received) -> bool {
        if !self.outbox.listens(conn) {
            return false;
        }
        self.happened(match received {
            Received::Message(message) => Event::AcquirerMessage { conn, message },
            Received::Unreadable(frame) => Event::AcquirerUnreadable { conn, frame },
        });
        self.outbox.listens(conn)
    }

    /// A connection is over: first what of its sends was not written, then that it is closed.
    pub(super) fn closed(&mut self, conn: ConnId, reset: bool) {
        let Some((side, unwritten)) = self.outbox.remove(conn) else {
            return;
        };
        self.follow_ups.extend(unwritten.map(Event::NotWritten));
        match side {
            Side::Terminal(_guest) => {
                self.metrics.terminal_connections.decrement(1);
                self.follow_ups
                    .push_back(Event::TerminalClosed { conn, reset });
            }
            Side::Link(link) => {
                self.metrics.acquirer_connections.decrement(1);
                self.follow_ups.push_back(Event::LinkDown { link, conn });
            }
        }
    }

    /// The same, seen from outside of an order.
    pub(super) fn lost(&mut self, conn: ConnId, reset: bool) {
        self.read_clock();
        self.closed(conn, reset);
        self.carry_out_all();
    }

    /// The socket of a connection takes more again.
    pub(super) fn writable(&mut self, conn: ConnId) {
        self.outbox.unblock(conn);
        self.wake_up();
    }

    /// Waits until the socket of a connection takes more.
    pub(super) fn wait_writable(
        &self,
        conn: ConnId,
    ) -> Option<impl Future<Output = std::io::Result<()>> + use<>> {
        self.outbox.writable(conn)
    }

    /// What a reader waits for before it may read more, if anything.
    pub(super) fn crowded(&self, conn: ConnId) -> Option<Rc<Notify>> {
        if !self.has_room {
            return Some(Rc::clone(&self.room));
        }
        self.outbox.crowded(conn, self.limits.unwritten)
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
                .record(as_float(self.batch.len()));
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
        metrics.in_flight.set(as_float(counts.in_flight));
        metrics.live.set(as_float(counts.live));
        metrics.reversals.set(as_float(counts.reversals));
        metrics.terminals.set(as_float(counts.terminals));
        metrics
            .durable
            .set(as_float(usize::try_from(released.0).unwrap_or(usize::MAX)));
        metrics.unsent.set(as_float(self.outbox.waiting()));
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

    /// Counts what a record says.
    fn count(&self, record: &Record) {
        match &record.fact {
            Fact::Step(step) => {
                self.metrics.state(step.state);
                if let Some(logged) = &step.message {
                    self.count_message(logged);
                }
            }
            Fact::Session(logged) => self.count_message(logged),
            Fact::Unmatched(unmatched) => self.count_message(&unmatched.message),
            Fact::Unreadable(unreadable) => self.metrics.unreadable(unreadable.hop),
            Fact::Started { .. }
            | Fact::Stopped
            | Fact::Line(_)
            | Fact::Keys(_)
            | Fact::Tombstone(_)
            | Fact::CheckpointBegin
            | Fact::Carried(_)
            | Fact::CheckpointEnd => {}
        }
    }

    fn count_message(&self, logged: &Logged) {
        self.metrics.message(logged.hop);
        let onward = match logged.hop {
            Hop::TerminalToGateway => Hop::GatewayToAcquirer,
            Hop::AcquirerToGateway => Hop::GatewayToTerminal,
            Hop::GatewayToAcquirer | Hop::GatewayToTerminal => return,
        };
        if logged.relayed.is_some() {
            self.metrics.message(onward);
        }
    }
}

/// A count as metrics want it; exact up to 2^32, and none comes near.
fn as_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
