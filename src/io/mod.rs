//! Carries bytes between the pure wings and the world: sockets, files, clocks, threads. Never
//! decides: what becomes of a message is said by [`crate::engine::gateway`].
//!
//! Start reading at [`config`].

// In dependency order: a room uses only what stands above it.
pub mod system;

pub mod config;

pub mod telemetry;

pub mod journal;

pub mod capture;

pub mod look;

pub mod net;

pub mod faults;

pub mod serve;

pub mod figures;

pub mod drive;

pub mod admin;
