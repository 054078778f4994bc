//! A journal read for people: transactions found and judged, messages shown field by field. The
//! commands and the HTTP API print what is found here.
//!
//! Nothing is printed here, and nothing is written: a copied journal is as good as a live one.
//!
//! Start with [`search`] and [`MessageSheet`].

mod bundle;

mod documents;

mod findings;

mod guard;

mod hex;

mod ladder;

mod packets;

mod page;

mod batches;

mod past;

mod recon;

mod sheet;

mod visible;

pub use bundle::{Bundle, BundleError};
pub use documents::{
    cause_entries, fault_document, scenario_document, scenario_entry, spec_document, spec_entry,
    store_name,
};
pub use findings::{failures, finding_said, findings_document};
pub use hex::{hex, to_hex};
pub use ladder::scenario_ladder;
pub use packets::{PacketError, onward, packets_of, write_packets};
pub use page::{escaped, page, table};
pub use past::{
    EachLooked, FoundStories, StorySearch, ToldStory, each, one, proven_records, search,
    search_asked, search_together, told_of,
};
pub use recon::{ComparedBatches, compared_batches, recon_command, recon_row, recon_sums};
pub use sheet::MessageSheet;
pub use visible::VisibleBytes;
