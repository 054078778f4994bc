//! What stands in other people's books of a transaction: the terminal's batch, the acquirer's file,
//! the issuer's view, the pay-outs, the settings of a merchant. Rows with a form as CSV, and the
//! search for the row of a transaction.
//!
//! It judges nothing: [`trace`](super::trace) does. A row that is found by no key, or a key that
//! fits two rows, is no evidence.
//!
//! Start with [`Evidence`].

mod tier;

mod words;

mod cells;

mod sheet;

mod rows;

mod settings;

mod index;

pub use cells::{FileError, amount};
pub use index::{EvidenceIndex, FiledKeys, Matched, NamedRow};
pub use rows::{AcquirerRow, Evidence, FiledRow, IssuerRow, PayoutRow, TerminalRow, TotalsRow};
pub use settings::{
    AccountSettings, Capture, Deduction, InstantPayout, MerchantSettings, PayoutRule,
};
pub use sheet::{ColumnMap, has_columns_of, read, unread, write};
pub use tier::Tier;
pub use words::{AcquirerIs, IssuerIs, PayoutIs, PayoutMode, TerminalIs};
