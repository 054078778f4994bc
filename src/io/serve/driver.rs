//! The rim of the driver: its sockets and the journal's thread, its clock, its metrics, and what
//! wakes the tasks that wait for it.

use super::clock::Clock;
use super::count;
use super::notice::Notices;
use super::recall::RecallDesk;
use super::replies::{OperatorReplies, OperatorReply};
use super::server::GatewayDeed;
use super::shadow::Shadows;
use super::status::Status;
use crate::engine::driver::{self, Crowded, Disk, JournalDoor, Received, Rim, Side, Trouble};
use crate::engine::gateway::{CloseReason, Counts, Event, Gateway, Limits, Recall, SendId, Wish};
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, LinkId, ListenerId, OperatorAct, Record, Seq, State};
use crate::engine::seam::{Mono, Now};
use crate::io::config::SocketLimits;
use crate::io::journal::{JournalWriter, Progress};
use crate::io::net::{ConnectionPermit, Sink, SocketOutbound};
use crate::io::system::steps;
use crate::io::telemetry::{DisconnectReason, HandshakeFault, Metrics, Pulse, PulseTurn};
use crate::iso::message::{MerchantId, TerminalId};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::AbortHandle;
use tracing::{error, info, warn};

/// The driver, shared by the tasks of one thread. Never borrowed across an `await`.
#[derive(Clone, Debug)]
pub(super) struct SharedDriver(pub Rc<RefCell<ServeDriver>>);

/// The driver of this process.
#[derive(Debug)]
pub(super) struct ServeDriver {
    body: driver::Driver<Process>,
    clock: Clock,
    /// The last connection that was named.
    last_conn: ConnId,
    replies: OperatorReplies,
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
    pub shadows: Shadows,
    pub recalls: RecallDesk,
    pub pulse: Pulse,
}

/// What is around the driver in a process.
#[derive(Debug)]
struct Process {
    journal: JournalWriter,
    progress: watch::Receiver<Progress>,
    /// What was handed when, until it is released.
    commits: VecDeque<(Seq, Instant)>,
    metrics: Metrics,
    notices: Notices,
    status: Arc<Status>,
    shadows: Shadows,
    recalls: RecallDesk,
    pulse: PulseTurn,
    /// How the disk was when somebody was last told.
    disk: Disk,
    /// Wakes the loop, if it sleeps.
    wake: Rc<Notify>,
    /// Wakes readers that wait for the journal to catch up.
    room: Rc<Notify>,
}

/// What is kept beside a connection.
#[derive(Debug)]
struct Beside {
    conn: ConnId,
    /// A terminal's place behind the door.
    _permit: Option<ConnectionPermit>,
    /// The task that reads it.
    reader: Option<AbortHandle>,
    /// Wakes its reader, which waits until less is unwritten.
    room: Rc<Notify>,
}

impl Beside {
    fn new(conn: ConnId, permit: Option<ConnectionPermit>) -> Self {
        Self {
            conn,
            _permit: permit,
            reader: None,
            room: Rc::new(Notify::new()),
        }
    }
}

impl JournalDoor for Process {
    fn append(&mut self, records: &mut Vec<Record>) -> bool {
        self.journal.append(records)
    }

    fn has_room(&self) -> bool {
        self.journal.has_room()
    }

    fn take_checkpoint_due(&mut self) -> bool {
        self.journal.take_checkpoint_due()
    }

    fn is_low(&self) -> bool {
        self.progress.borrow().is_low()
    }

    fn released(&self) -> Seq {
        self.progress.borrow().released
    }
}

impl Rim for Process {
    type Sink = Sink;
    type Beside = Beside;

    fn wake(&mut self) {
        self.wake.notify_one();
    }

    fn has_caught_up(&mut self) {
        self.room.notify_waiters();
    }

    fn has_drained(&mut self, beside: &Beside) {
        beside.room.notify_waiters();
    }

    /// Lists who speaks; one that has not spoken before gets a line in the log.
    fn heard(&mut self, now: Now, came_in: (ConnId, ListenerId), names: (MerchantId, TerminalId)) {
        let roster = self.status.roster();
        if let Some(heard) = roster.note(now.wall, came_in, names) {
            self.metrics
                .terminals_seen
                .set(count::as_float(roster.len()));
            self.notices.newcomer(now.mono, &heard);
        }
    }

    fn recorded(&mut self, now: Mono, record: &Record) {
        count::record(&self.metrics, record);
        self.pulse.recorded(record);
        self.status.board().recorded(record);
        self.shadows.recorded(record);
        self.notices.of(now, record);
    }

    fn ordered(&mut self, conn: ConnId, _send: SendId, after: Seq, frame: &Bytes) {
        self.shadows.ordered(conn, after, frame);
    }

    fn sent(&mut self, side: Side, frames: usize) {
        steps::sent(side == Side::Terminal, frames);
    }

    fn recalls(&mut self, recall: Recall) {
        self.metrics.recalls.increment(1);
        self.recalls.ask(recall);
    }

    fn revoked(&mut self, _send: SendId) {
        self.metrics.revoked.increment(1);
    }

    fn closes(&mut self, conn: ConnId, reason: CloseReason) {
        warn!(%conn, "a link's connection is closed: {}", reason.what());
    }

    fn closed(&mut self, side: Side, beside: Beside) {
        beside.room.notify_waiters();
        if let Some(reader) = &beside.reader {
            reader.abort();
        }
        match side {
            Side::Terminal => {
                self.status.roster().left(beside.conn);
                self.metrics.terminal_connections.decrement(1);
            }
            Side::Link(_) => {
                self.status.board().lost(beside.conn);
                self.shadows.gone(beside.conn);
                self.metrics.acquirer_connections.decrement(1);
            }
        }
    }

    fn hands_over(&mut self, last: Seq, records: usize) {
        self.metrics.batch_records.record(count::as_float(records));
        self.commits.push_back((last, Instant::now()));
    }

    fn turns(&mut self, released: Seq) {
        self.recalls.released(released);
        while let Some((last, at)) = self.commits.front()
            && *last <= released
        {
            let took = at.elapsed();
            self.metrics.commit_seconds.record(took);
            self.pulse.committed(took);
            self.commits.pop_front();
        }
        self.tell_of_disk();
    }

    fn turned(&mut self, counts: Counts, released: Seq, waiting: usize) {
        let metrics = &self.metrics;
        metrics.in_flight.set(count::as_float(counts.in_flight));
        metrics.live.set(count::as_float(counts.live));
        metrics.reversals.set(count::as_float(counts.reversals));
        metrics.terminals.set(count::as_float(counts.terminals));
        metrics.durable.set(count::as_float(
            usize::try_from(released.0).unwrap_or(usize::MAX),
        ));
        metrics.unsent.set(count::as_float(waiting));
        self.status.turned(counts, released.0);
        self.pulse.turned();
    }
}

impl Process {
    /// Says it when the disk becomes low or full, and when it has room again.
    fn tell_of_disk(&mut self) {
        let disk = self.progress.borrow().disk.clone();
        if disk == self.disk {
            return;
        }
        self.status
            .disk_is_low(matches!(disk, Disk::Low | Disk::Full));
        match &disk {
            Disk::Well => {
                self.metrics.disk_low.set(0.0);
                info!("the journal's disk has room again: requests are taken");
            }
            Disk::Low => {
                self.metrics.disk_low.set(1.0);
                error!("the journal's disk is nearly full: new requests are refused; free some");
            }
            Disk::Full => {
                self.metrics.disk_low.set(2.0);
                error!("the journal's disk is full: nothing is sent until there is room");
            }
            Disk::Failed(_) => {}
        }
        self.disk = disk;
    }
}

impl ServeDriver {
    pub(super) fn new(parts: Parts) -> Self {
        let now = parts.clock.now();
        let around = Process {
            progress: parts.progress,
            journal: parts.journal,
            commits: VecDeque::new(),
            metrics: parts.metrics,
            notices: Notices::default(),
            status: parts.status,
            shadows: parts.shadows,
            recalls: parts.recalls,
            pulse: PulseTurn::of(parts.pulse),
            disk: Disk::Well,
            wake: Rc::new(Notify::new()),
            room: Rc::new(Notify::new()),
        };
        Self {
            body: driver::Driver::new(parts.core, around, now, parts.limits.unwritten),
            clock: parts.clock,
            last_conn: ConnId(0),
            replies: OperatorReplies::default(),
        }
    }

    /// What wakes the loop.
    pub(super) fn wake(&self) -> Rc<Notify> {
        Rc::clone(&self.body.rim().wake)
    }

    /// How far the journal is, to be awaited.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.body.rim().progress.clone()
    }

    /// Why the journal is of no use any more, if it is not.
    pub(super) fn failure(&self) -> Option<JournalError> {
        match &self.body.rim().progress.borrow().disk {
            Disk::Failed(error) => Some(error.clone()),
            Disk::Well | Disk::Low | Disk::Full => None,
        }
    }

    /// Waits until all records are on disk, and ends.
    pub(super) fn close(mut self) -> Result<(), JournalError> {
        self.body.stop(self.clock.now());
        let closed = self.body.into_rim().journal.close()?;
        self.replies.release(closed);
        Ok(())
    }

    /// An operator decides; the transaction's state before and after is told if it is in memory.
    pub(super) fn operate(&mut self, wish: Wish, reply: oneshot::Sender<Option<(State, State)>>) {
        let tx = wish.tx;
        let before = self.body.state_of(tx);
        if before.is_some() {
            self.told(Event::Operator(wish));
        }
        let after = self.body.state_of(tx).or(before);
        let told = before.zip(after);
        self.reply(OperatorReply::Decided(reply, told));
    }

    /// An operator has something done to the gateway itself; whether it could be is told.
    pub(super) fn operated(
        &mut self,
        act: OperatorAct,
        deed: GatewayDeed,
        reply: oneshot::Sender<bool>,
    ) {
        let done = match deed {
            GatewayDeed::Record | GatewayDeed::Drain => true,
            GatewayDeed::CloseTerminal(conn) => self.close_terminal(conn),
            GatewayDeed::CloseLink(link) => self.close_link(link),
            GatewayDeed::DrainLink(link) => self.drain_link(link, true),
            GatewayDeed::ResumeLink(link) => self.drain_link(link, false),
        };
        if done {
            self.told(Event::Operated(Box::new(act)));
        }
        self.reply(OperatorReply::Done(reply, done));
    }

    fn reply(&mut self, reply: OperatorReply) {
        self.replies.push(self.body.last_recorded(), reply);
    }

    fn close_terminal(&mut self, conn: ConnId) -> bool {
        let board = self.body.rim().status.board().all();
        let is_link = board.iter().any(|own| own.conn == conn);
        let there = !is_link && self.body.listens(conn);
        if there {
            self.lost(conn, false);
        }
        there
    }

    fn close_link(&mut self, link: LinkId) -> bool {
        let board = self.body.rim().status.board().all();
        let own = board.iter().filter(|own| own.link == link);
        let conns: Vec<ConnId> = own.map(|own| own.conn).collect();
        for conn in &conns {
            self.lost(*conn, false);
        }
        !conns.is_empty()
    }

    fn drain_link(&mut self, link: LinkId, drained: bool) -> bool {
        self.told(Event::LinkDrained(link, drained));
        self.body.rim().status.board().drained(link, drained);
        true
    }

    /// Something happened that no connection told.
    pub(super) fn told(&mut self, event: Event) {
        self.body.told(self.clock.now(), event);
    }

    /// Reads the clock: what happens next happens now.
    pub(super) fn read_clock(&mut self) {
        self.body.at(self.clock.now());
    }

    /// One turn of the loop; the connections that are in trouble.
    pub(super) fn turn(&mut self) -> Vec<(ConnId, Trouble)> {
        let troubles = self.body.turn(self.clock.now());
        self.replies.release(self.body.rim().released());
        troubles
    }

    /// When the loop is to turn at the latest, to sleep until.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.body.deadline().map(|due| self.clock.instant(due))
    }

    /// Whether all is done that was begun, and on disk.
    pub(super) fn is_idle(&self) -> bool {
        self.body.is_idle()
    }

    fn name(&mut self) -> ConnId {
        self.last_conn.0 += 1;
        self.last_conn
    }

    /// A terminal connected.
    pub(super) fn terminal(
        &mut self,
        listener: ListenerId,
        permit: ConnectionPermit,
        out: SocketOutbound,
    ) -> ConnId {
        let conn = self.name();
        self.body.rim().metrics.terminal_connections.increment(1);
        let beside = Beside::new(conn, Some(permit));
        let now = self.clock.now();
        self.body.terminal(now, (conn, listener), out, beside);
        conn
    }

    /// A connection of a link is up.
    pub(super) fn link_up(&mut self, link: LinkId, out: SocketOutbound) -> ConnId {
        let conn = self.name();
        self.body.rim().metrics.acquirer_connections.increment(1);
        self.body.rim_mut().shadows.link_up(conn, link);
        let now = self.clock.now();
        self.body.rim().status.board().made(link, conn, now.wall);
        self.body
            .link_up(now, (conn, link), out, Beside::new(conn, None));
        conn
    }

    /// A connection was refused at a limit.
    pub(super) fn turn_away(&self) {
        self.body.rim().metrics.turned_away.increment(1);
    }

    /// A peer is disconnected for what it did.
    pub(super) fn disconnect(&self, fault: DisconnectReason) {
        self.body.rim().metrics.disconnected(fault);
    }

    /// A TLS handshake came to nothing.
    pub(super) fn refused(&self, reason: HandshakeFault) {
        self.body.rim().metrics.tls_refused(reason);
    }

    /// Other limits, from now on.
    pub(super) const fn limit(&mut self, sockets: SocketLimits, core: Limits) {
        self.body.limit(core, sockets.unwritten);
    }

    /// The task that reads a connection, to be stopped when that is closed.
    pub(super) fn set_reader(&mut self, conn: ConnId, reader: AbortHandle) {
        if let Some(beside) = self.body.beside(conn) {
            beside.reader = Some(reader);
        }
    }

    /// A frame came in from a terminal; false if its connection takes no more.
    pub(super) fn take_from_terminal(&mut self, conn: ConnId, received: Received) -> bool {
        self.body.take_from_terminal(conn, received)
    }

    /// A frame came in from the acquirer; false if its connection takes no more.
    pub(super) fn take_from_acquirer(&mut self, conn: ConnId, received: Received) -> bool {
        self.body.take_from_acquirer(conn, received)
    }

    /// A connection is over.
    pub(super) fn lost(&mut self, conn: ConnId, reset: bool) {
        self.body.lost(self.clock.now(), conn, reset);
    }

    /// The socket of a connection takes more again.
    pub(super) fn writable(&mut self, conn: ConnId) {
        self.body.writable(conn);
    }

    /// Waits until the socket of a connection takes more.
    pub(super) fn wait_writable(
        &self,
        conn: ConnId,
    ) -> Option<impl Future<Output = std::io::Result<()>> + use<>> {
        self.body.out(conn).map(SocketOutbound::writable)
    }

    /// What a reader waits for before it may read more, if anything.
    pub(super) fn crowded(&mut self, conn: ConnId) -> Option<Rc<Notify>> {
        match self.body.crowded(conn)? {
            Crowded::Journal => Some(Rc::clone(&self.body.rim().room)),
            Crowded::Line => self.body.beside(conn).map(|beside| Rc::clone(&beside.room)),
        }
    }

    /// Whether a connection takes messages.
    #[cfg(test)]
    pub(super) fn listens(&self, conn: ConnId) -> bool {
        self.body.listens(conn)
    }

    /// The last record that the journal was handed.
    #[cfg(test)]
    pub(super) fn last_handed(&self) -> u64 {
        self.body.last_handed().0
    }

    /// The last record so far, on disk or not.
    #[cfg(test)]
    pub(super) fn last_recorded(&self) -> u64 {
        self.body.last_recorded().0
    }
}
