//! What happens to a transaction. Pure: time, events and chance are handed in; orders and records
//! come out. Nothing here waits, reads a clock, or touches a socket or file.
//!
//! Start reading at [`gateway`]: its table of decisions is the heart of the house.
#![deny(clippy::float_arithmetic)]

// In dependency order: a room uses only what stands above it.
pub mod seam;

pub mod record;

pub mod journal;

pub mod gateway;

pub mod driver;

pub mod observe;

pub mod evidence;

pub mod trace;

pub mod ladder;

pub mod recon;

pub mod findings;
