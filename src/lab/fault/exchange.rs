//! What a fault may look at before it strikes.

use crate::iso::message::TerminalId;
use crate::iso::spec::Purpose;

/// One message on its way, as far as a fault may know it: never card, amount or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// DE 41.
    pub terminal: TerminalId,
    /// What the message is for.
    pub purpose: Purpose,
    /// Whether its sender must reverse it when the outcome is unknown.
    pub reverses: bool,
    /// How often this very message came before: 0 the first time.
    pub tries: u32,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A first message of a purpose.
    pub(in super::super) fn exchange(purpose: Purpose) -> Exchange {
        Exchange {
            terminal: TerminalId::new("T0000001").unwrap(),
            purpose,
            reverses: purpose == Purpose::Debit,
            tries: 0,
        }
    }
}
