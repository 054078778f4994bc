//! Traffic as somebody beside the wire sees it: connections, frames with their times, and gaps
//! where bytes are missing.
//!
//! What a capture holds becomes a row of [`Sighting`]s in the order of their times, whatever file
//! it came from. The [`Reassembler`] puts TCP connections together again, however their packets
//! were shuffled, repeated or lost, and cuts their bytes into frames; all that it holds has a
//! limit. Opening files is left to [`crate::io::capture`].
//!
//! Start with [`Sighting`].

mod cutter;
mod flow;
mod half;
mod mask;
mod order;
mod reassembler;
mod segment;
mod sighting;

pub use mask::FrameMask;
pub use reassembler::Reassembler;
pub use segment::TcpSegment;
pub use sighting::{FlowEnd, FlowId, FlowSide, GapCause, SeenAt, SeenFrame, Sighting};

#[cfg(test)]
mod tests;
