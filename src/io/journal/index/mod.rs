//! The side index: where to look for a transaction, without reading the whole journal.
//!
//! It lies in `index/` beside the segments, as runs: sorted arrays of what a stretch of the journal
//! holds. A segment that still grows has a run for each piece of it, a sealed one has one, and in
//! the end sixteen share one, so that a query asks few files, and each byte is written three times
//! at most. It holds nothing that the segments do not hold, may lag behind, be incomplete or be
//! deleted: what it does not cover is read from the segments into a run in memory, and each hit is
//! only a candidate. The gateway's [`Indexer`] keeps it up, on a thread that takes at most a fifth
//! of a core; readers use it through [`Lookup`] and never write.
//!
//! A file that is being made ends in `.live` or `.new`, and is made anew after a restart; one that
//! ends in `.run` was synced, and stays as it is.

mod key;

mod run;

mod counts;

mod rows;

mod join;

mod catalog;

mod lookup;

mod indexer;

mod search;

mod relatives;

pub use counts::JournalCounts;
pub(super) use indexer::Indexer;
pub use indexer::index_folder;
pub(super) use lookup::{IndexError, Lookup};
pub use relatives::Relatives;
pub(super) use run::{RunRow, Standing};
pub(super) use search::TransactionSearch;

#[cfg(test)]
mod tests;
