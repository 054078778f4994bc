//! What the driver asks of those around it, and tells them.

use super::outbound::ByteSink;
use super::outbox::Side;
use crate::engine::gateway::{CloseReason, Counts, Recall, SendId};
use crate::engine::record::{ConnId, ListenerId, Record, Seq};
use crate::engine::seam::{Mono, Now};
use crate::iso::message::{MerchantId, TerminalId};
use bytes::Bytes;
use std::fmt::Debug;

/// The journal, as the driver reaches it.
pub trait JournalDoor {
    /// Takes records over, in order; never waits. True while more may come.
    fn append(&mut self, records: &mut Vec<Record>) -> bool;

    /// Whether more records may come.
    fn has_room(&self) -> bool;

    /// Whether a checkpoint should be appended now; true once a segment.
    fn take_checkpoint_due(&mut self) -> bool;

    /// Whether the disk is nearly full, or full.
    fn is_low(&self) -> bool;

    /// Up to where sends may go.
    fn released(&self) -> Seq;
}

/// Who carries bytes, wakes the loop and counts.
pub trait Rim: JournalDoor {
    /// Where the bytes of a connection go.
    type Sink: ByteSink + Debug;
    /// What the rim keeps beside a connection, until that is closed.
    type Beside: Debug;

    /// The loop has something to do; told once until the next turn.
    fn wake(&mut self);

    /// The journal has caught up: who waited to read may read on.
    fn has_caught_up(&mut self);

    /// Less is unwritten on a connection than before: its reader may read on.
    fn has_drained(&mut self, beside: &Self::Beside);

    /// The terminal of these two names said something (DE 42, empty if none is known, and DE 41).
    fn heard(&mut self, now: Now, came_in: (ConnId, ListenerId), names: (MerchantId, TerminalId));

    /// The core recorded something.
    fn recorded(&mut self, now: Mono, record: &Record);

    /// The core ordered a send, for a connection that is there.
    fn ordered(&mut self, conn: ConnId, send: SendId, after: Seq, frame: &Bytes);

    /// So many frames were handed to a connection of this side, and the core was not told so.
    fn sent(&mut self, _side: Side, _frames: usize) {}

    /// The core asks the journal. The answer comes as an event, once it is durable so far.
    fn recalls(&mut self, recall: Recall);

    /// A send was taken back.
    fn revoked(&mut self, send: SendId);

    /// The core closes a connection.
    fn closes(&mut self, _conn: ConnId, _reason: CloseReason) {}

    /// A connection was taken out.
    fn closed(&mut self, side: Side, beside: Self::Beside);

    /// So many records are about to be handed over, up to this one.
    fn hands_over(&mut self, last: Seq, records: usize);

    /// A turn begins, with the journal released up to here.
    fn turns(&mut self, released: Seq);

    /// A turn is over: what can be counted, how far the journal is, and how many sends wait for it.
    fn turned(&mut self, counts: Counts, released: Seq, waiting: usize);
}
