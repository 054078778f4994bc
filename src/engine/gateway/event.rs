//! What happened, told to the gateway: past tense, closed.

use super::action::SendId;
use super::recall::Recalled;
use super::wish::Wish;
use crate::engine::record::{
    ConnId, LinkId, ListenerId, OperatorAct, ShadowDifference, ShadowTally,
};
use crate::iso::codec::{Message, ParseError};
use crate::iso::message::Text;
use sha2::{Digest, Sha256};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A terminal connected.
    TerminalConnected {
        /// Its connection.
        conn: ConnId,
        /// Where it came in.
        listener: ListenerId,
    },
    /// A terminal's connection ended.
    TerminalClosed {
        /// Its connection.
        conn: ConnId,
        /// Whether it was reset, so that what was written last may be lost.
        reset: bool,
    },
    /// A message came from a terminal; perhaps one that can only be read in part.
    TerminalMessage {
        /// Its connection.
        conn: ConnId,
        /// The message.
        message: Message,
    },
    /// A frame came from a terminal that cannot be read.
    TerminalUnreadable {
        /// Its connection.
        conn: ConnId,
        /// What is known of it.
        frame: UnreadableFrame,
    },
    /// A connection of a link is up.
    LinkUp {
        /// The link.
        link: LinkId,
        /// Its connection.
        conn: ConnId,
    },
    /// A connection of a link is down. Comes after the written and not-written of its sends.
    LinkDown {
        /// The link.
        link: LinkId,
        /// Its connection.
        conn: ConnId,
    },
    /// A message came from the acquirer; perhaps one that can only be read in part.
    AcquirerMessage {
        /// The connection.
        conn: ConnId,
        /// The message.
        message: Message,
    },
    /// A frame came from the acquirer that cannot be read.
    AcquirerUnreadable {
        /// The connection.
        conn: ConnId,
        /// What is known of it.
        frame: UnreadableFrame,
    },
    /// A send was written to its socket, whole or in part.
    Written(SendId),
    /// A send was not written at all and never will be.
    NotWritten(SendId),
    /// What the journal says of what memory forgot.
    Recalled(Box<Recalled>),
    /// Time passed: what is due is done. Every other event does that too.
    Tick,
    /// An operator decides about a transaction.
    Operator(Wish),
    /// A shadow answered otherwise than the acquirer: recorded, and nothing else.
    ShadowDiffers(Box<ShadowDifference>),
    /// So many answers of a shadow were compared: recorded, and nothing else.
    ShadowCounted(Box<ShadowTally>),
    /// An operator did something to the gateway itself: recorded, and nothing else.
    Operated(Box<OperatorAct>),
    /// Nothing new is to go over a link, or requests again.
    LinkDrained(LinkId, bool),
    /// The journal's disk is nearly full, or has room again: what is new is refused meanwhile.
    DiskLow(bool),
    /// No new requests from now on; what is in flight is finished.
    Drain,
}

/// A frame that could not be read; holds nothing of its bytes but their hash.
#[derive(Clone, Debug)]
pub struct UnreadableFrame {
    /// How many bytes.
    pub length: u32,
    /// The first 16 bytes of their SHA-256.
    pub hash: [u8; 16],
    /// What was wrong, with field and byte.
    pub what: Text<120>,
}

impl UnreadableFrame {
    /// What may be known of a frame.
    #[must_use]
    pub fn of(frame: &[u8], error: &ParseError) -> Self {
        let mut hash = [0; 16];
        hash.iter_mut()
            .zip(Sha256::digest(frame))
            .for_each(|(slot, byte)| *slot = byte);
        Self {
            length: u32::try_from(frame.len()).unwrap_or(u32::MAX),
            hash,
            what: fault_text(error),
        }
    }
}

/// What is wrong with bytes, and where; as much of it as there is room for.
pub(super) fn fault_text(error: &ParseError) -> Text<120> {
    Text::clipped(&error.to_string())
}
