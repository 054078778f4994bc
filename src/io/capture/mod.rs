//! Captured traffic, from whatever file holds it, as a row of [`Sighting`]s.
//!
//! Readers stream: a capture may be larger than memory. Which bytes make a frame is said by the
//! dialect; what the frames mean is left to whoever reads them.
//!
//! Start with [`CaptureReader`].

use crate::iso::stream::Sighting;

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

/// A captured row of sightings, read one at a time, in the order of their times.
pub trait CaptureReader {
    /// The next sighting; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read any further.
    fn next(&mut self) -> Result<Option<Sighting>, CaptureError>;
}
