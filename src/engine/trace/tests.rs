//! Verdicts of hand-made histories, one a class and one a state, and the rule that must never
//! break: nothing is safe to retry while any book may hold the money.

mod again;
mod any;
mod batches;
mod bound;
mod carried;
mod ends;
mod filed;
mod filed_left;
mod history;
mod holds;
mod inquiries;
mod odd_ends;
mod partly;
mod returns;
mod settled;
mod several;
mod unmatched;
mod verdicts;

pub(crate) use history::{History, opened};
pub(crate) use settled::settlement;
