//! Traffic as somebody beside the wire sees it: connections, frames with their times, and gaps
//! where bytes are missing.
//!
//! What a capture holds becomes a row of [`Sighting`]s in the order of their times, whatever file
//! it came from. Opening files is left to [`crate::io::capture`].
//!
//! Start with [`Sighting`].

mod sighting;

pub use sighting::{FlowEnd, FlowId, FlowSide, GapCause, SeenAt, SeenFrame, Sighting};
