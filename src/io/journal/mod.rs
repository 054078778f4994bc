//! The journal in files: what `engine/journal` says about bytes, and `engine/driver` about when,
//! done with a folder, a thread and the keys that seal it.
//!
//! [`JournalWriter`] belongs to the gateway that owns the folder: it gathers records, appends and
//! syncs them in batches on a thread of its own, and tells how far the disk is.
//! [`JournalReader`] is for anybody else: a copied folder is enough, and nothing is ever written
//! to it. Readers need no watermark beside the segments: a record that is torn or only half written
//! fails its check sum, so they stop there. They may see a record some microseconds before it is
//! durable, and only a power cut could take it back, which would take them, too.
//!
//! Deliberately not here: what records mean, when a checkpoint is made (the gateway's driver is
//! asked for one), and what an answer to a query looks like.
//!
//! Start with [`JournalWriter::open`].

mod files;

mod keys;

mod queue;

mod commit;

mod cursor;

mod index;

mod writer;

mod reader;

mod snapshot;

mod recall;

pub use crate::engine::driver::{Disk, Progress};
pub use cursor::{Cursor, RecordPosition};
pub(crate) use files::write_segment;
pub use files::{Files, FolderError};
pub use index::{JournalCounts, Relatives, index_folder};
pub use keys::{KeyFile, KeyFileError};
pub use reader::{JournalReader, ReadError, RecordReader};
pub use recall::JournalRecaller;
pub use snapshot::{FoundTransactions, JournalSnapshot, TransactionRecords};
pub use writer::{JournalWriter, OpenedJournal, WriterError, WriterOptions};

#[cfg(test)]
mod tests;
