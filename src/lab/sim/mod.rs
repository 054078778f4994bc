//! A world in virtual time: terminals, the gateway, an acquirer, a network and a disk, all on one
//! thread and all from one seed, so that what went wrong once goes wrong again.
//!
//! [`simulate`] runs a day or an hour of trading with faults, cut connections and crashes of the
//! gateway between any two of its steps; then everything is healed and drained, and the invariants
//! of [`Violation`] must hold. A [`Bug`] may be planted on purpose: a world that cannot catch it
//! proves nothing.
//!
//! The gateway of a world is a [`Machine`]: the core, the driver and the journal's owner of the
//! real process. It is deliberately not the real rim: sockets, files and threads have tests of
//! their own.

mod chances;

mod house;

mod plug;

mod machine;

mod wire;

mod tape;

mod staging;

mod check;

mod world;

mod ends;

mod judge;

mod planned;

pub use crate::engine::seam::planted::Bug;
pub use chances::{Chances, SCALE};
pub use check::Violation;
pub use machine::{Ended, Left, Machine, MachineOptions, Out, Takes, read_all};
pub use planned::{
    ByReading, CORNERS, DECLARED, Looker, Played, Printed, calls_of, counters, cut_power,
    fail_call, flip_bits, play, play_blind,
};
pub use staging::Staging;
pub use tape::Passage;
pub use world::{Outcome, World, simulate};

#[cfg(test)]
mod tests;
