//! The terminal's brain: signs in, trades, reverses what stays unknown, keeps its receipts.

mod receipts;

mod workload;

mod options;

mod form;

mod judge;

mod brain;

mod next;

mod outcome;

mod mishaps;

mod ask;

mod upload;

mod mix;

mod stencil;

pub use brain::{TerminalAction, TerminalEvent, TestTerminal};
pub use mix::{Mix, MixedKind};
pub use options::{Patience, TerminalOptions};
pub use receipts::{Receipt, Receipts, Slip, TerminalBelief};
pub use stencil::{Earlier, Stencil};
pub use workload::{Order, OrderError, Workload};
