//! What is to be done, told by the gateway: imperative, closed.

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
    /// Close a connection.
    Close(ConnId),
}
