//! An answer held against another one to the same request: field by field, each as its kind of
//! value asks for.
//!
//! [`CompareRules`] says how a field is compared, from the dialect and from a file that people may
//! write; [`compare`] says where two answers differ. Which answers belong together, and what came
//! too late or not at all, is left to [`crate::lab::replay`].
//!
//! Start with [`Comparison`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod answers;
mod file;
mod rules;

#[cfg(test)]
mod tests;

pub use answers::{ComparedPair, FieldDifference, compare};
pub use file::{CompareError, CompareFile};
pub use rules::{CompareRules, Comparison};
