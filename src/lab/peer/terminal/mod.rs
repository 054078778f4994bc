//! The terminal's brain: signs in, trades, reverses what stays unknown, keeps its receipts.

mod receipts;

mod workload;

mod options;

mod form;

mod judge;

mod brain;

mod next;

mod outcome;

pub use brain::{Terminal, TerminalAction, TerminalEvent};
pub use options::{Patience, TerminalOptions};
pub use receipts::{Belief, Receipt, Receipts, Slip};
pub use workload::{Order, OrderError, Workload};
