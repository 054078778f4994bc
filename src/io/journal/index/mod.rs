//! The side index: where to look for a transaction, without reading the whole journal.
//!
//! It lies in `index/` beside the segments, in SQLite: a file a segment, and one for sixteen of
//! them once they are sealed (so that old rows are never written again: updating one large file at
//! random places would cost more than the journal itself). It holds nothing that the segments do
//! not hold, may lag behind, be incomplete or be deleted: what it does not cover is read from the
//! segments, and each hit is only a candidate. The gateway's [`Indexer`] keeps it up, on a thread
//! that takes at most a fifth of a core; readers use it through [`Lookup`] and never write.
//!
//! A file that is being made ends in `.live` or `.new`, and is made anew after a restart; one that
//! ends in `.idx` was synced, and stays as it is.

mod rows;

mod table;

mod catalog;

mod indexer;

mod lookup;

mod relatives;

pub(super) use indexer::Indexer;
pub(crate) use indexer::index_folder;
pub(super) use lookup::Lookup;
pub(super) use relatives::Relatives;
pub(super) use table::TransactionNames;

#[cfg(test)]
mod tests;
