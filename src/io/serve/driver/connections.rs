//! Connections as the driver sees them: they come, bring frames, fill up, and go.

use super::Driver;
use crate::engine::gateway::{Event, Limits};
use crate::engine::record::{ConnId, LinkId, ListenerId};
use crate::io::config::SocketLimits;
use crate::io::net::{Guest, Outbound, Received};
use crate::io::serve::count;
use crate::io::serve::outbox::Side;
use crate::io::telemetry::{Fault, Reason};
use crate::iso::codec::Message;
use std::rc::Rc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

impl Driver {
    /// A terminal connected.
    pub(in crate::io::serve) fn terminal(
        &mut self,
        listener: ListenerId,
        guest: Guest,
        out: Outbound,
    ) -> ConnId {
        let conn = self.outbox.open(Side::Terminal(guest), out);
        self.metrics.terminal_connections.increment(1);
        self.read_clock();
        self.happened(Event::TerminalConnected { conn, listener });
        conn
    }

    /// A connection of a link is up.
    pub(in crate::io::serve) fn link_up(&mut self, link: LinkId, out: Outbound) -> ConnId {
        let conn = self.outbox.open(Side::Link(link), out);
        self.metrics.acquirer_connections.increment(1);
        self.read_clock();
        self.happened(Event::LinkUp { link, conn });
        conn
    }

    /// A connection was refused at a limit.
    pub(in crate::io::serve) fn turn_away(&self) {
        self.metrics.turned_away.increment(1);
    }

    /// A peer is disconnected for what it did.
    pub(in crate::io::serve) fn disconnect(&self, fault: Fault) {
        self.metrics.disconnected(fault);
    }

    /// A TLS handshake came to nothing.
    pub(in crate::io::serve) fn refused(&self, reason: Reason) {
        self.metrics.tls_refused(reason);
    }

    /// Other limits, from now on.
    pub(in crate::io::serve) const fn limit(&mut self, sockets: SocketLimits, core: Limits) {
        self.limits = sockets;
        self.core.limit(core);
    }

    /// The task that reads a connection.
    pub(in crate::io::serve) fn set_reader(&mut self, conn: ConnId, reader: AbortHandle) {
        self.outbox.set_reader(conn, reader);
    }

    /// A frame came in from a terminal; false if its connection takes no more.
    pub(in crate::io::serve) fn take_from_terminal(
        &mut self,
        conn: ConnId,
        received: Received,
    ) -> bool {
        if !self.outbox.listens(conn) {
            return false;
        }
        if let Received::Message(message) = &received {
            self.meet(conn, message);
        }
        self.happened(match received {
            Received::Message(message) => Event::TerminalMessage { conn, message },
            Received::Unreadable(frame) => Event::TerminalUnreadable { conn, frame },
        });
        self.outbox.listens(conn)
    }

    /// Lists who speaks; one that has not spoken before gets a line in the log.
    fn meet(&mut self, conn: ConnId, message: &Message) {
        let Some(listener) = self.core.listener_of(conn) else {
            return;
        };
        let roster = self.status.roster();
        if let Some(guest) = roster.note(self.now.wall, listener, message) {
            self.metrics
                .terminals_seen
                .set(count::as_float(roster.len()));
            self.notices.newcomer(self.now.mono, &guest);
        }
    }

    /// A frame came in from the acquirer; false if its connection takes no more.
    pub(in crate::io::serve) fn take_from_acquirer(
        &mut self,
        conn: ConnId,
        received: Received,
    ) -> bool {
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
    pub(in crate::io::serve) fn closed(&mut self, conn: ConnId, reset: bool) {
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
    pub(in crate::io::serve) fn lost(&mut self, conn: ConnId, reset: bool) {
        self.read_clock();
        self.closed(conn, reset);
        self.carry_out_all();
    }

    /// The socket of a connection takes more again.
    pub(in crate::io::serve) fn writable(&mut self, conn: ConnId) {
        self.outbox.unblock(conn);
        self.wake_up();
    }

    /// Waits until the socket of a connection takes more.
    pub(in crate::io::serve) fn wait_writable(
        &self,
        conn: ConnId,
    ) -> Option<impl Future<Output = std::io::Result<()>> + use<>> {
        self.outbox.writable(conn)
    }

    /// What a reader waits for before it may read more, if anything.
    pub(in crate::io::serve) fn crowded(&self, conn: ConnId) -> Option<Rc<Notify>> {
        if !self.has_room {
            return Some(Rc::clone(&self.room));
        }
        self.outbox.crowded(conn, self.limits.unwritten)
    }
}
