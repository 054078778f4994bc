//! How far the reversal of a transaction went, and what the answers to it say.

use super::codes::{Code, Outcome};
use crate::engine::record::Logged;
use crate::iso::message::ResponseCode;

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

/// A reversal that is refused for good, by the tables of all dialects.
pub(super) fn is_refusal(message: &Logged) -> bool {
    message
        .code
        .is_some_and(|code| matches!(&*code, "30" | "58" | "64"))
}
