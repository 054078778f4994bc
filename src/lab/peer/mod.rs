//! The brains at both ends of the wire: [`TestTerminal`] and [`Acquirer`].
//!
//! Both are state machines without clock, socket or thread: `handle(now, event)`, then
//! `poll_action()` until it is empty, then sleep until `next_deadline()`. Frames come and go
//! without length prefix. All that differs between dialects is read from
//! [`crate::iso::spec::Flow`].
//!
//! They are no gateway: nothing here forwards, journals to disk, or proves anything. They keep
//! honest books ([`Totals`]) that a lab compares with those of the gateway in between.
//!
//! Start reading at [`TestTerminal`].

mod card;
mod filling;
mod keys;
mod names;
mod spoil;
mod totals;

mod terminal;

mod acquirer;

pub use acquirer::{
    Acquirer, AcquirerAction, AcquirerCounts, AcquirerEvent, AcquirerOptions, BatchDifference,
    Rules, RulesError,
};
pub use card::{CardEntry, Deck, TEST_BIN, TestCard};
pub use keys::MasterKeys;
pub use names::{as_original, original_of};
pub use spoil::{change, spoil_mac, wrecked};
pub use terminal::{
    Earlier, Mix, MixedKind, Order, OrderError, Patience, Receipt, Receipts, Slip, Stencil,
    TerminalAction, TerminalBelief, TerminalEvent, TerminalOptions, TestTerminal, Workload,
};
pub use totals::Totals;

#[cfg(test)]
mod tests;
