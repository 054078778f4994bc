//! What is to be done, told by the gateway: imperative, closed.

use super::recall::Recall;
use crate::engine::record::{ConnId, Record, Seq};
use bytes::Bytes;

/// A send's name, unique in a run of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub u64);

/// Something to be done, in the order given.
#[derive(Debug)]
pub enum Action {
    /// Append to the journal.
    Append(Record),
    /// Write a frame to a connection once the journal is durable up to `after`. Answer with
    /// `Written` or `NotWritten`.
    Send {
        /// Its name.
        id: SendId,
        /// The record that explains it.
        after: Seq,
        /// Where it goes.
        conn: ConnId,
        /// The frame, without length prefix.
        frame: Bytes,
    },
    /// Take a send back if it is not written yet. Answer with `Written` or `NotWritten` in any
    /// case.
    Revoke(SendId),
    /// Look in the journal, once it is durable so far, for what memory forgot. Answer with
    /// `Recalled`, in the order in which it was asked.
    Recall(Recall),
    /// Close a connection, for this reason.
    Close(ConnId, CloseReason),
}

/// Why the gateway closes a connection of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Its sign-on was not answered in time.
    SignOnUnanswered,
    /// Its sign-on was refused.
    SignOnRefused,
    /// Its echoes were not answered.
    EchoUnanswered,
}

impl CloseReason {
    /// What happened, and the mend.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::SignOnUnanswered => {
                "its sign-on was not answered: if this host wants none, say sign_on = false in \
                 its [[link]]"
            }
            Self::SignOnRefused => "its sign-on was refused",
            Self::EchoUnanswered => {
                "its echoes were not answered: if this host answers none, say \
                 echo_interval = \"0s\" in its [[link]]"
            }
        }
    }
}
