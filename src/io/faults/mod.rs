//! Faults that are switched on and off while everything runs.
//!
//! A [`FaultDesk`] is what an administrator talks to. It knows the [places](FaultPlace) at which
//! faults can strike in this process (terminals, an acquirer, a gateway's wire), gives each fault
//! that is on a number, and hands it to its place. What a fault does, and to whom, is not its
//! business but [`crate::lab::fault`]'s.
//!
//! Start with [`FaultDesk::new`].

mod desk;
mod place;

#[cfg(test)]
mod tests;

pub use desk::{ActiveFault, FaultDesk, FaultDeskError};
pub use place::{FaultCount, FaultPlace};
