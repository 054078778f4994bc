//! Open connections, and the sends that wait for them.

use super::outbound::{Flushed, Outbound};
use super::rim::Rim;
use crate::engine::gateway::SendId;
use crate::engine::record::{ConnId, LinkId, Seq};
use crate::engine::seam::KeyedMap;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A terminal's.
    Terminal,
    /// A link's.
    Link(LinkId),
}

/// An open connection.
#[derive(Debug)]
struct Open<S, B> {
    side: Side,
    out: Outbound<S>,
    beside: B,
    /// It takes no more for now; the rim waits for it.
    blocked: bool,
    /// It is in the list of those that have something to write.
    listed: bool,
    /// It is to be closed once all is written.
    closing: bool,
}

/// What became of a connection in a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is full: wait until it is writable.
    Full,
    /// It is broken: it is over.
    Broken,
    /// All is written, and it was to be closed after that.
    Finished,
}

/// All open connections.
#[derive(Debug)]
pub(super) struct Outbox<R: Rim> {
    lines: KeyedMap<ConnId, Open<R::Sink, R::Beside>>,
    /// Sends whose record is not durable yet, in the order of their records.
    waiting: VecDeque<(Seq, SendId, ConnId)>,
    /// Connections that are full.
    blocked: Vec<ConnId>,
    /// Connections that have something to write.
    listed: Vec<ConnId>,
    durable: Seq,
    /// The last record that a send waited for.
    awaited: Seq,
    scratch: BytesMut,
}

impl<R: Rim> Outbox<R> {
    pub(super) fn new() -> Self {
        Self {
            // The rim counts the keys: nobody can choose them to crowd a bucket.
            lines: KeyedMap::new(1),
            waiting: VecDeque::new(),
            blocked: Vec::new(),
            listed: Vec::new(),
            durable: Seq(0),
            awaited: Seq(0),
            scratch: BytesMut::new(),
        }
    }

    /// Takes in a connection.
    pub(super) fn open(
        &mut self,
        conn: ConnId,
        side: Side,
        out: Outbound<R::Sink>,
        beside: R::Beside,
    ) {
        let line = Open {
            side,
            out,
            beside,
            blocked: false,
            listed: false,
            closing: false,
        };
        let taken = self.lines.insert_new(conn, line).is_err();
        debug_assert!(!taken, "a connection id is used once");
    }

    /// What the rim keeps beside a connection.
    pub(super) fn beside(&mut self, conn: ConnId) -> Option<&mut R::Beside> {
        self.lines.get_mut(&conn).map(|line| &mut line.beside)
    }

    /// The writing side of a connection.
    pub(super) fn out(&self, conn: ConnId) -> Option<&Outbound<R::Sink>> {
        self.lines.get(&conn).map(|line| &line.out)
    }

    /// Whether a connection takes messages: it is neither closed nor about to be.
    pub(super) fn listens(&self, conn: ConnId) -> bool {
        self.lines.get(&conn).is_some_and(|line| !line.closing)
    }

    /// Takes a send in, and shows its frame; `None` if the connection is gone.
    pub(super) fn push(
        &mut self,
        id: SendId,
        after: Seq,
        conn: ConnId,
        frame: Bytes,
    ) -> Option<&Bytes> {
        let line = self.lines.get_mut(&conn)?;
        line.out.push(id, after, frame);
        self.waiting.push_back((after, id, conn));
        self.awaited = self.awaited.max(after);
        line.out.last()
    }

    /// Takes a send back; false if it was written, in part at least.
    pub(super) fn revoke(&mut self, id: SendId) -> bool {
        // Rare, so it searches: an index would be paid for by every send. What is unwritten waits
        // for its record, where ids ascend, or for a connection that is full.
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

    /// A connection takes more again.
    pub(super) fn unblock(&mut self, conn: ConnId) {
        if let Some(line) = self.lines.get_mut(&conn) {
            line.blocked = false;
        }
        self.blocked.retain(|blocked| *blocked != conn);
        self.list(conn);
    }

    /// Writes what may go, each connection once. Adds what was written to `written`.
    pub(super) fn flush(
        &mut self,
        written: &mut Vec<SendId>,
        rim: &mut R,
    ) -> Vec<(ConnId, Trouble)> {
        let mut troubles = Vec::new();
        for conn in self.listed.drain(..) {
            let Some(line) = self.lines.get_mut(&conn) else {
                continue;
            };
            line.listed = false;
            let (before, written_before) = (line.out.waiting(), written.len());
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
            rim.sent(line.side, written.len() - written_before);
            if line.out.waiting() < before {
                rim.has_drained(&line.beside);
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

    /// Takes a connection out. What it leaves unwritten comes with it.
    pub(super) fn remove(
        &mut self,
        conn: ConnId,
    ) -> Option<(Side, R::Beside, impl Iterator<Item = SendId> + use<R>)> {
        let line = self.lines.remove(&conn)?;
        self.blocked.retain(|blocked| *blocked != conn);
        Some((line.side, line.beside, line.out.into_unwritten()))
    }

    /// Whether more than `most` bytes are unwritten on a connection.
    pub(super) fn is_crowded(&self, conn: ConnId, most: usize) -> bool {
        self.lines
            .get(&conn)
            .is_some_and(|line| line.out.waiting() > most)
    }

    /// The last record that a send waits for, or waited for.
    pub(super) const fn awaited(&self) -> Seq {
        self.awaited
    }

    /// Sends that wait for their record.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.lines.all(|line| line.out.is_empty())
    }
}
