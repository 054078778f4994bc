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

pub mod engine;

pub mod lab;

pub mod io;

pub mod cli;
