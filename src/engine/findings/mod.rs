//! What failures have in common: one card range, terminal, link, kind, or a time since which they
//! happen; and nothing where chance explains them.
//!
//! The test is stated: Fisher's exact test, one-sided, its tail bounded from above in integer
//! arithmetic, at [`ONE_IN`](significance::ONE_IN) for all groups that were tried together. What a
//! finding explains is set aside before the next one is looked for, so that a terminal is not
//! blamed for the cards that it happened to see.
//!
//! Start with [`Looks`].

pub mod significance;

mod feature;

mod look;

mod looks;

pub use feature::Feature;
pub use look::{LookOutcome, look_of};
pub use looks::{FailureFinding, Group, Looks};

#[cfg(test)]
mod tests;
