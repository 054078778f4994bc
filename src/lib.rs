#![doc = include_str!("ARCHITECTURE.md")]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        reason = "a test that cannot go on should stop where it stands"
    )
)]

// The wings, in dependency order: a wing uses only what stands above it. `tests/tidy.rs` holds
// this list, and the list of rooms in each wing's `mod.rs`, against the code.
pub mod iso;

#[cfg(feature = "cli")]
pub mod engine;

#[cfg(feature = "cli")]
pub mod lab;

#[cfg(feature = "cli")]
pub mod io;

#[cfg(feature = "cli")]
pub mod cli;

/// The bytes that messages are read from, and built into.
pub use bytes;
