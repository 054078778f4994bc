//! How far the reversal of a transaction went, and what the answers to it say.

use super::codes::{Code, Outcome};
use crate::engine::record::{Hop, Logged, Note, Row, Step};
use crate::iso::message::{Class, ResponseCode};

/// A transaction's reversal, as far as it went.
#[derive(Clone, Debug, Default)]
pub struct Reversal {
    /// Who began it.
    pub by: Option<By>,
    /// DE 39 of the first 0400: the cause that counts (R17).
    pub cause: Option<ResponseCode>,
    /// How often it went to the acquirer.
    pub tries: u16,
    /// DE 39 of the acquirer's last answer to it.
    pub last_code: Option<ResponseCode>,
    /// Whether the acquirer was seen to accept it.
    pub accepted: bool,
    /// Whether a refusal for good came after that: the acquirer contradicts itself.
    pub refused: bool,
    /// Whether an approval came since the last try left.
    pub overtaken: bool,
    /// Whether the terminal was told that it is done.
    pub told: bool,
    /// Whether the terminal asked for it last when it went nowhere.
    pub turned_away: bool,
}

/// Who began a reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The terminal.
    Terminal,
    /// The gateway.
    Gateway,
    /// An operator.
    Operator,
}

/// Whether the answer to a reversal says that it is done.
pub(super) fn is_done(message: &Logged) -> bool {
    message
        .code
        .is_some_and(|code| Code::of(&code).outcome() == Outcome::Approved || &*code == "400")
}

/// A reversal, or an answer to one.
pub(super) fn is_reversal(message: &Logged) -> bool {
    message.mti.class() == Class::Reversal
}

/// A reversal that is refused for good, by the tables of all dialects.
pub(super) fn is_refusal(code: Option<ResponseCode>) -> bool {
    code.is_some_and(|code| matches!(&*code, "30" | "58" | "64"))
}

/// Whether a terminal's reversal went nowhere: nothing was held, or a void or refund was under way.
pub(super) fn turns_away(step: &Step) -> bool {
    let asks = step.message.as_ref().is_some_and(|message| {
        message.hop == Hop::TerminalToGateway && is_reversal(message) && !message.mti.is_answer()
    });
    let beside = matches!(step.note, Note::Other(_)) && step.row == Row('z');
    asks && (beside || step.row == Row('V'))
}
