//! How far the reversal of a transaction went, and what the answers to it say.

use super::codes::{Code, Outcome};
use crate::engine::record::{Hop, Logged, Note, Row, State, Step, Why};
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
    /// Answers of the acquirer to it.
    pub answers: u16,
    /// Whether an answer came after that which says otherwise: the acquirer contradicts itself.
    pub contradicted: bool,
    /// Whether an approval came since the last try left.
    pub overtaken: bool,
    /// Whether the terminal was told that it is done.
    pub told: bool,
    /// Whether the terminal asked for it last when it went nowhere.
    pub turned_away: bool,
}

impl Reversal {
    /// Takes an answer of the acquirer to it, and the state `before`; whether it undid what it was
    /// to undo.
    pub(super) fn answered(&mut self, message: &Logged, (before, step): (State, &Step)) -> bool {
        let done = is_done(message);
        let waits = self.answers < self.tries;
        self.answers = self.answers.saturating_add(1);
        let again = before == State::Reversed && step.state == before;
        let plain = !again || is_plain_again(message, step.why, waits);
        // One that was undone anew is judged anew.
        self.contradicted &= before == State::Reversed;
        self.contradicted |= !plain;
        // What came behind a refusal moves nothing, nor does one that does not find what was
        // reversed already.
        let told = match before {
            State::ReversalRefused => step.state == before && self.last_code.is_some(),
            State::Reversed => !done && again && plain,
            _ => false,
        };
        if !told {
            self.last_code = message.code;
        }
        self.told |= message.relayed.is_some() && done;
        // A receipt that was reversed unseen is an exception: its terminal may hold it.
        let undone = match step.state {
            State::Reversed => before != step.state || done && plain,
            State::SettleMismatch => done,
            _ => false,
        };
        self.accepted |= undone;
        undone
    }
}

/// Whether an answer behind one that accepted says nothing else: the same again; that it does not
/// find what is undone by now; or, where another try still waits for its answer, that this one was
/// not dealt with (R8). Whatever else comes contradicts the first.
fn is_plain_again(message: &Logged, why: Why, waits: bool) -> bool {
    let code = message.code.unwrap_or_default();
    let ends = matches!(&*code, "12" | "902" | "9102") || is_refusal(message.code);
    let said = match &*code {
        "25" | "914" | "9114" => true,
        _ => is_done(message) || waits && !ends,
    };
    said && matches!(why, Why::Plain | Why::LateApproval)
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
