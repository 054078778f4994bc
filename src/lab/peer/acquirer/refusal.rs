//! Why host or issuer say no, in the codes of the dialect.

use crate::iso::message::ResponseCode;
use crate::iso::spec::Flow;

/// Why host or issuer say no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    InvalidCard,
    InsufficientFunds,
    WrongPin,
    UnknownTerminal,
}

impl Refusal {
    /// Two characters in 1987, three digits in 1993 (`iso8583.md` §7), told by the length of the
    /// dialect's approval.
    pub(super) fn code(self, flow: &Flow) -> ResponseCode {
        let (of_1987, of_1993) = match self {
            Self::InvalidCard => ("14", "111"),
            Self::InsufficientFunds => ("51", "116"),
            Self::WrongPin => ("55", "117"),
            Self::UnknownTerminal => ("97", "109"),
        };
        let code = if flow.answer.approved.len() == 2 {
            of_1987
        } else {
            of_1993
        };
        ResponseCode::new(code).unwrap_or(flow.answer.invalid)
    }
}
