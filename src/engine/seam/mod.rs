//! The seams to the world that pure rooms need: time as a value ([`Now`]), chance from a seed
//! ([`Dice`]), and maps whose keys strangers choose ([`KeyedMap`]).
//!
//! [`planted`] holds the bugs that tests plant on purpose.
//!
//! The other two seams are the journal's `Storage`, and the network, which is events and actions.

mod dice;
mod duration;
mod keyed;
mod now;
pub mod planted;
mod steady;

pub use dice::Dice;
pub use duration::duration;
pub use keyed::{KeyDigest, KeyDigester, KeyedMap};
pub use now::{Mono, Now, Wall, Zone};
pub use steady::Steady;
