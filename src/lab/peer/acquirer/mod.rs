//! The acquirer's brain: keys, issuer and book.

mod options;

mod rules;

mod refusal;

mod issuer;

mod entry;

mod book;

mod reply;

mod settlement;

mod back_office;

mod session;

mod decide;

mod brain;

mod serve;

mod mishaps;

mod upload;

#[cfg(test)]
mod tests;

pub use brain::{Acquirer, AcquirerAction, AcquirerCounts, AcquirerEvent};
pub use options::AcquirerOptions;
pub use rules::{Rules, RulesError};
pub use upload::BatchDifference;
