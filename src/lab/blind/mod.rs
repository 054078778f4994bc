//! The blind test of verdicts: cases drawn by seed, of peers that are not the lab's own, each with
//! a label of what really happened that stays apart from what a verdict is made of.
//!
//! [`draw_case`] gives a plan and its label. Whoever plays the plan hands in the true books of both
//! ends ([`CaseBooks`]) and what is printed of the case at each tier of evidence;
//! [`CaseBooks::evidence`] writes the files of those tiers from the same books, and [`mark()`] says
//! what was right. [`BlindScore`] adds up. Nothing here knows how a verdict comes about: causes are
//! words, and each has its own condition here ([`true_words`]).

mod case;

mod healthy;

mod single;

mod double;

mod outside;

mod books;

mod truth;

mod mark;

mod score;

pub use books::{BookedChanges, CaseBooks};
pub use case::{BlindCase, CaseLabel, Family, FileTwist, PayoutTwist, draw_case};
pub use mark::{CaseMark, FiledMark, TIERS, mark};
pub use score::{BlindScore, HitRate};
pub use truth::{filed_word, true_words};

#[cfg(test)]
mod tests;
