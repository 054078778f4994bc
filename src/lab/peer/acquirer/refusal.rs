//! Why host or issuer say no, in the codes of the dialect.

use crate::iso::message::ResponseCode;
use crate::iso::spec::{Flow, Purpose};

/// Why host or issuer say no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostRefusal {
    InvalidCard,
    InsufficientFunds,
    WrongPin,
    UnknownTerminal,
}

impl HostRefusal {
    /// The dialect's own code for it.
    pub(super) const fn code(self, flow: &Flow) -> ResponseCode {
        match self {
            Self::InvalidCard => flow.refusal.invalid_card,
            Self::InsufficientFunds => flow.refusal.insufficient_funds,
            Self::WrongPin => flow.refusal.wrong_pin,
            Self::UnknownTerminal => flow.refusal.unknown_terminal,
        }
    }
}

/// A code that a fault or rule asks for, in the words of the dialect: one of another length comes
/// from another year of the standard, and becomes a plain no.
pub(super) fn in_dialect(code: ResponseCode, purpose: Purpose, flow: &Flow) -> ResponseCode {
    if code.len() == flow.answer.approved.len() {
        return code;
    }
    match (purpose, flow.codes.reversal_refused.first()) {
        (Purpose::Reversal, Some(refused)) => *refused,
        _ => flow.refusal.insufficient_funds,
    }
}
