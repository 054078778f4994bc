//! The journal beside the files of terminal, acquirer and pay-out: what matches, what is on its
//! way, and what one side has and the other lacks.
//!
//! It judges nothing anew: each transaction comes with its [`Verdict`](super::trace::Verdict), and
//! is put into a class. What it finds it hands out at once; beside the files it keeps sums only.
//!
//! Start with [`Reconciler`].

mod batches;

mod class;

mod sums;

mod reconciler;

pub use class::ReconClass;
pub use reconciler::{ReconRow, Reconciler};
pub use sums::ReconSum;

#[cfg(test)]
mod tests;
