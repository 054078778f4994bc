//! The world around the gateway: what goes wrong, and the brains at both ends of the wire. Pure:
//! time, events and chance are handed in; the same code runs over TCP and in virtual time.
//!
//! Start reading at [`peer`].
#![deny(clippy::float_arithmetic)]

// In dependency order: a room uses only what stands above it.
pub mod office;

pub mod fault;

pub mod peer;

pub mod wire;

pub mod replay;

pub mod plan;

pub mod odd;

pub mod judge;

pub mod model;

pub mod blind;

pub mod sim;

pub mod swarm;

pub mod scenario;
