//! The wire between a gateway and its two ends, when it is broken on purpose.
//!
//! A [`FaultyWire`] is asked about every frame that leaves the gateway or arrives at it, on both
//! [legs](crate::lab::fault::WireLeg), and says what becomes of it: it passes, is lost, comes
//! later, twice, or altered; its connection ends. So faults strike between a real terminal and a
//! real host, and the gateway sees of them what it would see of a wire: a lost frame was written.
//!
//! It holds no socket and no clock, and knows no key; what happens inside an end is left to
//! [`super::peer`].
//!
//! Start reading at [`FaultyWire::passes`].

mod asked;
mod faulty;

#[cfg(test)]
mod tests;

pub use faulty::{FaultyWire, Heading, LineEnd, LinePassage, WireDeed, WireLine};
