//! From one dialect into another: a terminal's request as its host wants it, and the host's answer
//! as the terminal expects it.
//!
//! Fields go over by number and value, a [`Map`] says what is different, and the kind of the
//! message, looked up by its name or its purpose, says what the other dialect calls it. What does
//! not fit is left behind, and named; what moves money arrives as it was, or the message is not
//! translated at all. Deliberately not here: reversals, which are made in the host's dialect from
//! the translated original; trace numbers and MACs, which belong to whoever sends.
//!
//! Start with [`request()`].

mod map;

mod kinds;

mod carry;

mod money;

mod request;

mod answer;

pub use answer::{answer, answer_code};
pub use map::{Change, Map};
pub use request::{Translated, Untranslatable, request};

#[cfg(test)]
mod tests;
