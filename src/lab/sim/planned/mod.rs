//! A world that plays a plan: odd peers at both ends, the real driver, core and journal between
//! them, and a judge who sees the wires and the ledgers.
//!
//! Nothing here throws dice: a plan gives the same world twice. Start with [`play`].

mod options;

mod pipes;

mod meaning;

mod evidence;

mod look;

mod stage;

mod ends;

mod house;

mod cover;

mod corners;

mod counters;

mod probe;

mod bounds;

mod trial;

mod counterfactual;

mod blinded;

pub use blinded::play_blind;
pub use corners::CORNERS;
pub use counters::counters;
pub use cover::DECLARED;
pub use look::{ByReading, Looker, Printed};
pub use stage::{Played, play};
pub use trial::{calls_of, cut_power, fail_call, flip_bits};
