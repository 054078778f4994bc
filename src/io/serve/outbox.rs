//! Open connections, and the sends that wait for them.

use crate::engine::gateway::SendId;
use crate::engine::record::{ConnId, LinkId, Seq};
use crate::io::net::{Flushed, Guest, Outbound};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Whose connection it is.
#[derive(Debug)]
pub(super) enum Side {
    /// A terminal's, and its place behind the door.
    Terminal(Guest),
    /// A link's.
    Link(LinkId),
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Line {
    pub side: Side,
    out: Outbound,
    /// The task that reads it.
    reader: Option<AbortHandle>,
    /// Its socket takes no more for now; a task waits for it.
    blocked: bool,
    /// It is in the list of those that have something to write.
    listed: bool,
    /// It is to be closed once all is written.
    closing: bool,
    /// Wakes its reader, which waits until less is unwritten.
    room: Rc<Notify>,
}

/// What became of a connection in a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Its socket is full: wait until it is writable.
    Full,
    /// Its socket is broken: it is over.
    Broken,
    /// All is written, and it was to be closed after that.
    Finished,
}

/// All open connections.
#[derive(Debug)]
pub(super) struct Outbox {
    lines: HashMap<ConnId, Line, ahash::RandomState>,
    /// Sends whose record is not durable yet, in the order of their records.
    waiting: VecDeque<(Seq, SendId, ConnId)>,
    /// Connections whose sockets are full.
    blocked: Vec<ConnId>,
    /// Connections that have something to write.
    listed: Vec<ConnId>,
    durable: Seq,
    scratch: BytesMut,
    next: u64,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            // We count the keys ourselves: nobody can choose them to crowd a bucket.
            lines: HashMap::with_hasher(ahash::RandomState::with_seeds(1, 2, 3, 4)),
            waiting: VecDeque::new(),
            blocked: Vec::new(),
            listed: Vec::new(),
            durable: Seq(0),
            scratch: BytesMut::new(),
            next: 0,
        }
    }

    /// Takes in a connection, and names it.
    pub(super) fn open(&mut self, side: Side, out: Outbound) -> ConnId {
        self.next += 1;
        let conn = ConnId(self.next);
        let line = Line {
            side,
            out,
            reader: None,
            blocked: false,
            listed: false,
            closing: false,
            room: Rc::new(Notify::new()),
        };
        self.lines.insert(conn, line);
        conn
    }

    /// The task that reads a connection, to be stopped when that is closed.
    pub(super) fn set_reader(&mut self, conn: ConnId, reader: AbortHandle) {
        if let Some(line) = self.lines.get_mut(&conn) {
            line.reader = Some(reader);
        }
    }

    /// Whether a connection takes messages: it is neither closed nor about to be.
    pub(super) fn listens(&self, conn: ConnId) -> bool {
        self.lines.get(&conn).is_some_and(|line| !line.closing)
    }

    /// Takes a send in; false if the connection is gone.
    pub(super) fn push(&mut self, id: SendId, after: Seq, conn: ConnId, frame: Bytes) -> bool {
        let Some(line) = self.lines.get_mut(&conn) else {
            return false;
        };
        line.out.push(id, after, frame);
        self.waiting.push_back((after, id, conn));
        true
    }

    /// Takes a send back; false if it was written, in part at least.
    pub(super) fn revoke(&mut self, id: SendId) -> bool {
        // Rare, so it searches: an index would be paid for by every send. What is unwritten waits
        // for its record, where ids ascend, or for a socket that is full.
        let waiting = self.waiting.binary_search_by_key(&id, |(_, id, _)| *id);
        let waiting = waiting.ok().and_then(|at| self.waiting.get(at));
        let conns = waiting
            .map(|(_, _, conn)| conn)
            .into_iter()
            .chain(&self.blocked);
        let mut conns = conns.copied();
        conns.any(|conn| {
            self.lines
                .get_mut(&conn)
                .is_some_and(|line| line.out.revoke(id))
        })
    }

    /// The journal is durable up to `durable`: what waited for it may go.
    pub(super) fn release(&mut self, durable: Seq) {
        self.durable = durable;
        while let Some((after, _, conn)) = self.waiting.front()
            && *after <= durable
        {
            let conn = *conn;
            self.waiting.pop_front();
            self.list(conn);
        }
    }

    fn list(&mut self, conn: ConnId) {
        if let Some(line) = self.lines.get_mut(&conn)
            && !line.listed
            && !line.blocked
        {
            line.listed = true;
            self.listed.push(conn);
        }
    }

    /// The socket of a connection takes more again.
    pub(super) fn unblock(&mut self, conn: ConnId) {
        if let Some(line) = self.lines.get_mut(&conn) {
            line.blocked = false;
        }
        self.blocked.retain(|blocked| *blocked != conn);
        self.list(conn);
    }

    /// Writes what may go, each socket once. Adds what was written to `written`.
    pub(super) fn flush(&mut self, written: &mut Vec<SendId>) -> Vec<(ConnId, Trouble)> {
        let mut troubles = Vec::new();
        for conn in self.listed.drain(..) {
            let Some(line) = self.lines.get_mut(&conn) else {
                continue;
            };
            line.listed = false;
            let before = line.out.waiting();
            let trouble = match line.out.flush(self.durable, &mut self.scratch, written) {
                Flushed::Clear if line.closing && line.out.is_empty() => Some(Trouble::Finished),
                Flushed::Clear => None,
                Flushed::Full => {
                    line.blocked = true;
                    self.blocked.push(conn);
                    Some(Trouble::Full)
                }
                Flushed::Broken(_) => Some(Trouble::Broken),
            };
            if line.out.waiting() < before {
                line.room.notify_waiters();
            }
            troubles.extend(trouble.map(|trouble| (conn, trouble)));
        }
        troubles
    }

    /// Closes a connection once all is written; true if it is over already.
    pub(super) fn close(&mut self, conn: ConnId) -> bool {
        let Some(line) = self.lines.get_mut(&conn) else {
            return false;
        };
        line.closing = true;
        line.out.is_empty()
    }

    /// Takes a connection out and stops its reader. What it leaves unwritten comes with it.
    pub(super) fn remove(&mut self, conn: ConnId) -> Option<(Side, impl Iterator<Item = SendId>)> {
        let line = self.lines.remove(&conn)?;
        self.blocked.retain(|blocked| *blocked != conn);
        line.room.notify_waiters();
        if let Some(reader) = line.reader {
            reader.abort();
        }
        Some((line.side, line.out.into_unwritten()))
    }

    /// Waits until the socket of a connection takes more.
    pub(super) fn writable(
        &self,
        conn: ConnId,
    ) -> Option<impl Future<Output = std::io::Result<()>> + use<>> {
        self.lines.get(&conn).map(|line| line.out.writable())
    }

    /// If more than `most` bytes are unwritten on a connection: what wakes when some were.
    pub(super) fn crowded(&self, conn: ConnId, most: usize) -> Option<Rc<Notify>> {
        let line = self.lines.get(&conn)?;
        (line.out.waiting() > most).then(|| Rc::clone(&line.room))
    }

    /// Sends that wait for their record.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.lines.values().all(|line| line.out.is_empty())
    }
}
