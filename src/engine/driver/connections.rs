//! Connections as the driver sees them: they come, bring frames, fill up, and go.

use super::body::Driver;
use super::outbound::Outbound;
use super::outbox::Side;
use super::rim::Rim;
use crate::engine::gateway::{Event, Limits, UnreadableFrame};
use crate::engine::record::{ConnId, LinkId, ListenerId};
use crate::engine::seam::Now;
use crate::iso::codec::Message;

/// A whole frame came in.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would cost each of them an allocation"
)]
pub enum Received {
    /// It is a message; perhaps one that can only be read in part.
    Message(Message),
    /// Not even type and bitmap can be read.
    Unreadable(UnreadableFrame),
}

/// What a reader waits for before it may read more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// The journal is far behind.
    Journal,
    /// The peer of the connection does not read either.
    Line,
}

impl<R: Rim> Driver<R> {
    /// A terminal connected.
    pub fn terminal(
        &mut self,
        now: Now,
        (conn, listener): (ConnId, ListenerId),
        out: Outbound<R::Sink>,
        beside: R::Beside,
    ) {
        self.outbox.open(conn, Side::Terminal, out, beside);
        self.told(now, Event::TerminalConnected { conn, listener });
    }

    /// A connection of a link is up.
    pub fn link_up(
        &mut self,
        now: Now,
        (conn, link): (ConnId, LinkId),
        out: Outbound<R::Sink>,
        beside: R::Beside,
    ) {
        self.outbox.open(conn, Side::Link(link), out, beside);
        self.told(now, Event::LinkUp { link, conn });
    }

    /// Other limits, from now on.
    pub const fn limit(&mut self, core: Limits, unwritten: usize) {
        self.core.limit(core);
        self.unwritten = unwritten;
    }

    /// A frame came in from a terminal; false if its connection takes no more.
    pub fn take_from_terminal(&mut self, conn: ConnId, received: Received) -> bool {
        if !self.outbox.listens(conn) {
            return false;
        }
        self.happened(match received {
            Received::Message(message) => Event::TerminalMessage { conn, message },
            Received::Unreadable(frame) => Event::TerminalUnreadable { conn, frame },
        });
        if let Some((listener, names)) = self.core.terminal_at(conn) {
            self.rim.heard(self.now, (conn, listener), names);
        }
        self.outbox.listens(conn)
    }

    /// A frame came in from the acquirer; false if its connection takes no more.
    pub fn take_from_acquirer(&mut self, conn: ConnId, received: Received) -> bool {
        if !self.outbox.listens(conn) {
            return false;
        }
        self.happened(match received {
            Received::Message(message) => Event::AcquirerMessage { conn, message },
            Received::Unreadable(frame) => Event::AcquirerUnreadable { conn, frame },
        });
        self.outbox.listens(conn)
    }

    /// A connection ended by itself, or has to.
    pub fn lost(&mut self, now: Now, conn: ConnId, reset: bool) {
        self.at(now);
        self.closed(conn, reset);
        self.carry_out_all();
    }

    /// A connection takes more again.
    pub fn writable(&mut self, conn: ConnId) {
        self.outbox.unblock(conn);
        self.wake_up();
    }

    /// What a reader waits for before it may read more, if anything.
    #[must_use]
    pub fn crowded(&self, conn: ConnId) -> Option<Crowded> {
        if !self.has_room {
            return Some(Crowded::Journal);
        }
        let crowded = self.outbox.is_crowded(conn, self.unwritten);
        crowded.then_some(Crowded::Line)
    }

    /// Whether a connection takes messages.
    #[must_use]
    pub fn listens(&self, conn: ConnId) -> bool {
        self.outbox.listens(conn)
    }

    /// What the rim keeps beside a connection.
    pub fn beside(&mut self, conn: ConnId) -> Option<&mut R::Beside> {
        self.outbox.beside(conn)
    }

    /// The writing side of a connection.
    #[must_use]
    pub fn out(&self, conn: ConnId) -> Option<&Outbound<R::Sink>> {
        self.outbox.out(conn)
    }
}
