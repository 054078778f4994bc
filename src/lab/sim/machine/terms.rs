//! What a machine is started with, what leaves it, and how it ends.

use crate::engine::journal::{JournalError, JournalOptions, Memory};
use crate::engine::record::{ConnId, Seq, VaultKeys};
use bytes::Bytes;
use std::time::Duration;

/// How the process around the gateway is set up.
#[derive(Clone, Debug)]
pub struct MachineOptions {
    /// Whether nothing is sent before its record is on the disk.
    pub strict: bool,
    /// Whether data keys are kept for good.
    pub keep_keys: bool,
    /// How long sealed segments are kept.
    pub retain: Duration,
    /// When a segment is full.
    pub segment_bytes: u64,
    /// Bytes put aside for a full disk; 0 for none.
    pub reserve_bytes: u64,
    /// How many records may wait before connections are read no more.
    pub backlog: usize,
    /// Bytes that may be unwritten on a connection before it is read no more.
    pub unwritten: usize,
    /// A connection that takes nothing is cut after this.
    pub stuck: Duration,
    /// The longest frame, in bytes.
    pub frame: usize,
    /// How long a sync of the disk takes.
    pub sync: Duration,
    /// Whether records are kept for `Machine::poll_record`.
    pub watch: bool,
}

impl Default for MachineOptions {
    fn default() -> Self {
        Self {
            strict: true,
            keep_keys: false,
            retain: Duration::from_secs(90 * 24 * 3600),
            segment_bytes: JournalOptions::default().segment_bytes,
            reserve_bytes: 64 << 20,
            backlog: 100_000,
            unwritten: 64 << 10,
            stuck: Duration::from_secs(10),
            frame: 8 << 10,
            sync: Duration::from_millis(1),
            watch: false,
        }
    }
}

/// What a machine leaves behind, and the next one starts on.
#[derive(Clone, Debug)]
pub struct Left {
    /// The disk.
    pub disk: Memory,
    /// The file of the keys that seal the journal.
    pub keys: VaultKeys,
}

impl Default for Left {
    fn default() -> Self {
        Self {
            disk: Memory::default(),
            keys: VaultKeys::new(&[0x5A; 32], 1, &[0xA5; 32]),
        }
    }
}

/// What leaves the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A whole frame, without its prefix.
    Frame {
        /// Over which connection.
        conn: ConnId,
        /// The record that had to be safe first.
        after: Seq,
        /// The frame.
        frame: Bytes,
    },
    /// The gateway ended a connection.
    Closed(ConnId),
}

/// Why a machine does nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It died at the step that was asked for.
    Crashed,
    /// Its journal failed, and it ended as the process does.
    Failed(JournalError),
}
