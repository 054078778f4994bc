//! Why host or issuer say no, in the codes of the dialect.

use crate::iso::message::ResponseCode;
use crate::iso::spec::{Flow, Purpose};
use crate::lab::office::OfficeRefusal;

/// Why host or issuer say no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostRefusal {
    InvalidCard,
    InsufficientFunds,
    WrongPin,
    TooManyPins,
    Frozen,
    NotPermittedToCard,
    OverLimit,
    TooOften,
    UnknownTerminal,
    Office(OfficeRefusal),
}

impl HostRefusal {
    /// The dialect's own code for it.
    pub(super) fn code(self, flow: &Flow) -> ResponseCode {
        match self {
            Self::InvalidCard => flow.refusal.invalid_card,
            Self::InsufficientFunds => flow.refusal.insufficient_funds,
            Self::WrongPin => flow.refusal.wrong_pin,
            Self::UnknownTerminal | Self::Office(OfficeRefusal::NoTerminal) => {
                flow.refusal.unknown_terminal
            }
            Self::Office(OfficeRefusal::NoMerchant) => of_the_year_1987("03", flow),
            Self::Office(OfficeRefusal::NotPermitted) => of_the_year_1987("58", flow),
            Self::TooManyPins => of_the_year_1987("75", flow),
            Self::Frozen => of_the_year_1987("62", flow),
            Self::NotPermittedToCard => of_the_year_1987("57", flow),
            Self::TooOften => of_the_year_1987("65", flow),
            Self::OverLimit | Self::Office(OfficeRefusal::OverLimit) => {
                of_the_year_1987("61", flow)
            }
        }
    }
}

/// A code of 1987, where the dialect has such codes.
fn of_the_year_1987(code: &str, flow: &Flow) -> ResponseCode {
    let code = ResponseCode::new(code).unwrap_or_default();
    in_dialect(code, Purpose::Debit, flow)
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
