//! Named steps of a gateway's work, at which a process stops or dies when a test asks for it. Only
//! a build with the feature `named-steps` knows them; elsewhere each call is nothing.
//!
//! `ISOGATE_STEP` is a list, parted by commas, of `STEP=DEED` or `STEP:N=DEED` for its N-th time:
//!
//! | step | reached when |
//! |---|---|
//! | `taken RECORD` | a record was handed to the journal, and nothing of it is written |
//! | `written RECORD` | its bytes were handed to the system, and are not synced |
//! | `synced RECORD` | it is durable, and nobody was told so |
//! | `segment` | a new segment was made |
//! | `sent acquirer`, `sent terminal` | a frame was handed to a socket, and nobody was told so |
//! | `ready` | the gateway listens, and its ports are told |
//!
//! A record is named by the state that it sets, such as `FORWARDED`; one that goes on under another
//! number or in another dialect is `CROSSED` as well; others are `STARTED`, `CHECKPOINT-BEGIN` and
//! `CHECKPOINT-END`. A deed is `die`, by a kill, or `stop`, until the process is told to go on.
//! `ISOGATE_SEGMENT` is the size of a segment in bytes, for checkpoints within a test.

#[cfg(all(unix, feature = "named-steps"))]
mod asked;

#[cfg(all(unix, feature = "named-steps"))]
pub use asked::{ready, segment, segment_bytes, sent, synced, taken, written};

#[cfg(not(all(unix, feature = "named-steps")))]
mod unasked {
    use crate::engine::record::Record;

    /// A record was handed to the journal.
    #[inline]
    pub const fn taken(_record: &Record) {}

    /// What was taken is written.
    #[inline]
    pub const fn written() {}

    /// What was written is durable.
    #[inline]
    pub const fn synced() {}

    /// A new segment was made.
    #[inline]
    pub const fn segment() {}

    /// So many frames were handed to a socket, of a terminal or of the acquirer.
    #[inline]
    pub const fn sent(_to_terminal: bool, _frames: usize) {}

    /// The gateway listens.
    #[inline]
    pub const fn ready() {}

    /// The size of a segment.
    #[inline]
    #[must_use]
    pub const fn segment_bytes(usual: u64) -> u64 {
        usual
    }
}

#[cfg(not(all(unix, feature = "named-steps")))]
pub use unasked::{ready, segment, segment_bytes, sent, synced, taken, written};
