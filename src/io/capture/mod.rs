//! Captured traffic, from whatever file holds it, as a row of [`Sighting`]s.
//!
//! Readers stream: a capture may be larger than memory. Which bytes make a frame is said by the
//! dialect; what the frames mean is left to whoever reads them.
//!
//! Start with [`open()`].

mod binlog;
mod documents;
mod draft;
mod fold;
mod headers;
mod hex_lines;
mod jpos_log;
mod lines;
mod log;
mod macs;
mod moment;
mod open;
mod own_journal;
mod packet_text;
mod packets;
mod pcapng_out;
mod traffic;

use crate::iso::stream::Sighting;

pub use fold::{FoldError, FoldOptions, FoldReport, fold_into};
pub use macs::CapturedKeys;
pub use open::{CaptureForm, CaptureOptions, DialectFound, OpenedCapture, open, open_stream};
pub use pcapng_out::PcapngWriter;

/// Why a capture cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("cannot read the capture: {0}")]
    Io(#[from] std::io::Error),
    /// The file is of no known form, or is damaged at a place.
    #[error("at byte {at}: {fault}")]
    Format {
        /// Offset in the file, in bytes.
        at: u64,
        /// What is wrong, and what would mend it.
        fault: String,
    },
}

/// What a capture held, and what of it could not be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureTally {
    /// Packets, or records of a log.
    pub packets: u64,
    /// Those that are no TCP, or no message.
    pub other: u64,
    /// Those that are pieces of a packet, of which others are missing.
    pub fragments: u64,
    /// Those that are damaged, or cut off by the capture.
    pub unreadable: u64,
    /// Those of which the capture has only the first bytes.
    pub cut: u64,
    /// Those that begin with a header of a kind that is not known here.
    pub unknown_link: u64,
    /// Whether the file ends within a packet or a record.
    pub cut_short: bool,
}

/// A captured row of sightings, read one at a time, in the order of their times.
pub trait CaptureReader {
    /// The next sighting; `None` at the end. After an error, which tells what stopped the reading,
    /// nothing comes any more; all that stands before it was given.
    ///
    /// # Errors
    /// The file cannot be read any further.
    fn next(&mut self) -> Result<Option<Sighting>, CaptureError>;

    /// What was read so far, and what of it could not be used.
    fn tally(&self) -> CaptureTally;
}
