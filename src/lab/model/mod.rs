//! An executable model of reversals: what may be known of one transaction's money, what is owed,
//! and what is forbidden, told event by event.
//!
//! Written from the rules of the field (R1 to R25, I0 to I14) and the decisions argued in
//! `ARCHITECTURE.md`, not from the gateway: no state, row, cause or kind of the gateway is used
//! here, and none that a journal records is believed. [`Known`] is the model; [`ModelCheck`] holds
//! any journal against it, from the messages in it alone. The tests search every world of two
//! transactions with a gateway that does what the model owes, to show that the rules do not
//! contradict each other.
//!
//! Start with [`Happened`], then [`Known`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::wildcard_enum_match_arm)]

mod codes;

mod known;

mod read;

mod check;

#[cfg(test)]
mod tests;

pub use check::{ModelBreach, ModelCheck, ModelReport, StillOpen};
pub use codes::{AnswerSays, CodeTable, UndoSays};
pub use known::{Broken, Effects, Happened, Known, MoneyAt, OpenAs, Policy};
