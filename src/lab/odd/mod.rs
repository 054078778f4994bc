//! Odd terminals and odd hosts: pure brains that play the deeds of a plan, as terminals and hosts
//! of the field behave, and not as a gateway hopes.
//!
//! They know the wire and nothing else: fields by their numbers, types by their digits. An attempt
//! of a plan travels in DE 14 ([`names::tag`]), for the books of a judge alone; whatever a real
//! peer would match, it matches by the fields of the protocol. No dice: all that happens is in the
//! plan. Time is handed in; nothing is carried here, that is the world's.
//!
//! Start reading at [`OddTerminal`] and [`OddHost`].

pub mod names;

mod wire;

mod slip;

mod terminal;

mod ledger;

mod host;

pub use host::{BookedRequest, HostSaid, OddHost, OddHostAction, SaidTo};
pub use ledger::{Arrival, GivenAnswer, HostLedger, LedgerEntry};
pub use slip::{HeardAnswer, PaperSlip, Regarding, SentUndo, SlipBelief, Sort, StrayAnswer};
pub use terminal::{OddTerminal, OddTerminalAction};

#[cfg(test)]
mod tests;
