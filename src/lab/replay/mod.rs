//! Captured traffic played again, and judged: [`Replayer`] takes what a capture holds, sends the
//! requests of its terminals to a system under test, and holds each answer against the captured
//! one.
//!
//! A state machine without clock, socket or file: `handle(now, event)`, then `poll_action()` until
//! it is empty, then sleep until `next_deadline()`; while `wants_more()`, it takes the next thing
//! that the capture holds. All that it remembers is bounded, however long the capture.
//!
//! Which field of an answer must be equal is said by [`crate::iso::compare`]; sockets and clocks
//! are those of `crate::io::drive`.
//!
//! Start with [`Replayer`].

mod captured;
mod event;
mod exchange;
mod lane;
mod line;
mod options;
mod recent;
mod renamed;
mod session;
mod stand_in;

mod rewrite;

mod brain;

mod answerer;
mod hearing;
mod reading;
mod sending;

#[cfg(test)]
mod tests;

pub use answerer::{Answerer, AnswererAction, AnswererOptions};
pub use brain::Replayer;
pub use event::{
    JudgedExchange, LineId, ReplayAction, ReplayEvent, ReplaySide, ReplayVerdict, SkipCause,
    StrayFrame, UnansweredCause,
};
pub use options::{AmountScale, FreshNames, ReplayOptions, ReplayOrder, ReplayPace};
