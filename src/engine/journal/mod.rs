//! The journal: records in segments, on something that can lose what was not synced.
//!
//! [`Journal::append`] takes records in order, [`Journal::sync`] makes them durable, and
//! [`Journal::open`] gives back every record that ever was, and never one that was not. Each
//! segment but the first begins with a checkpoint, so that recovery reads the newest one or two.
//! This room knows bytes and their order; what a record means is the gateway's, files and threads
//! are `io`'s. It deliberately keeps no watermark beside the segments: each record says whether
//! all before it was durable when it was written, and that tells a torn tail from damage.
//!
//! Start with [`Storage`], then the form of a segment in [`Segment`], then [`Journal`].
#![deny(clippy::wildcard_enum_match_arm)]

mod storage;

mod segment;

mod scan;

mod recovery;

mod log;

mod verify;

mod memory;

pub use log::{Journal, JournalError, JournalOptions};
pub use memory::{Memory, PowerCut};
pub use recovery::{Recovery, Torn};
pub use scan::{Damage, DamageKind};
pub use segment::{Framed, Header, Segment};
pub use storage::{Reserve, SegmentNo, Storage, StorageError};
pub use verify::{JournalReport, SegmentReport, verify};

#[cfg(test)]
mod tests;
