//! The life of a transaction: one total decision table, a letter a row.
//!
//! [`decide`] says for each state and each thing that can happen what the next state is and what is
//! owed. It knows no message, no time and no policy: those are turned into [`Trigger`]s before, and
//! [`Effect`]s are carried out after. Each row is a paragraph of ARCHITECTURE.md and a test below.

use crate::engine::record::{Row, State};

/// What can happen to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// It is refused here: format, MAC, name taken, overload.
    Refuse,
    /// There is no connection to send it on.
    NoLink,
    /// It is handed to a connection of its link.
    Forward,
    /// The deadline found it unwritten and took it back: nothing left.
    Revoked,
    /// The connection that carried it was lost.
    LinkLost,
    /// An answer came that cannot be trusted: MAC, format, other amount.
    BadAnswer,
    /// No answer by the deadline.
    Deadline,
    /// As the three above, for a kind that never reverses.
    GaveUp,
    /// An approval came.
    Approval,
    /// A decline came.
    Decline,
    /// An approval came again; the first is known.
    ApprovalAgain,
    /// An approval came after another one, under another authorization code.
    OtherApproval,
    /// A decline came, though an approval was seen or a try of the reversal has left.
    DeclineInDoubt,
    /// An answer came that says that the outcome is not known, or whose code nobody knows.
    OutcomeUnknown,
    /// An answer came whose code could not be read.
    AnswerUnread,
    /// The terminal's connection closed while its answer is due.
    TerminalClosed,
    /// The terminal is back and asks the same again.
    TerminalBack,
    /// The answer was written to the terminal.
    Written,
    /// The answer was written when the time in which its terminal waits for it was over.
    WrittenLate,
    /// The answer could not be written.
    NotWritten,
    /// The connection was reset soon after the answer was written.
    Reset,
    /// The time for the terminal to come back, or to reverse by itself, is over; or the policy
    /// reverses at once.
    ReverseNow,
    /// The terminal sends a reversal for it.
    TerminalReversal,
    /// An operator wants it reversed.
    Operator,
    /// An operator knows from elsewhere where the money is, and closes it.
    OperatorCloses,
    /// A try of the reversal goes out.
    ReversalTry,
    /// The reversal is booked (00).
    ReversalAccepted,
    /// The same of a reversal that the terminal did not ask for, while it may hold the receipt.
    ReceiptReversed,
    /// The reversal is closed by an answer that proves nothing (25, 12), and no approval was seen.
    ReversalUnproven,
    /// The try brought nothing final: a retry code, no answer, a lost connection.
    ReversalRetry,
    /// The reversal is refused for good.
    ReversalRefusal,
    /// Tries or time are used up.
    Exhausted,
    /// The acquirer says that it took the transaction back.
    TakenBack,
    /// A later message proves that the terminal has the approval.
    Proof,
    /// A void or refund of it was approved.
    Returned,
    /// A refund of a part of it was approved.
    ReturnedInPart,
    /// The void of it was itself reversed.
    ReturnUndone,
    /// The gateway restarted and finds it in its journal.
    Restart,
    /// The watch for a late approval is over.
    WatchOver,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 39] = [
        Self::Refuse,
        Self::NoLink,
        Self::Forward,
        Self::Revoked,
        Self::LinkLost,
        Self::BadAnswer,
        Self::Deadline,
        Self::GaveUp,
        Self::Approval,
        Self::Decline,
        Self::ApprovalAgain,
        Self::OtherApproval,
        Self::DeclineInDoubt,
        Self::OutcomeUnknown,
        Self::AnswerUnread,
        Self::TerminalClosed,
        Self::TerminalBack,
        Self::Written,
        Self::WrittenLate,
        Self::NotWritten,
        Self::Reset,
        Self::ReverseNow,
        Self::TerminalReversal,
        Self::Operator,
        Self::OperatorCloses,
        Self::ReversalTry,
        Self::ReversalAccepted,
        Self::ReceiptReversed,
        Self::ReversalUnproven,
        Self::ReversalRetry,
        Self::ReversalRefusal,
        Self::Exhausted,
        Self::TakenBack,
        Self::Proof,
        Self::Returned,
        Self::ReturnedInPart,
        Self::ReturnUndone,
        Self::Restart,
        Self::WatchOver,
    ];
}

/// What a row owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing.
    None,
    /// Tell the terminal no, by ourselves; nothing was sent upstream.
    AnswerNo,
    /// Start the deadline of the answer.
    AwaitAnswer,
    /// Give the answer to the terminal.
    Deliver,
    /// Money may be held and nobody has the approval: reverse as the route's policy says.
    ReverseByPolicy,
    /// The same; and once that is durable, the terminal gets the answer, which ends the case for
    /// it.
    ReverseAndTell,
    /// The reversal is due: send it as soon as it may go.
    Reverse,
    /// Wait for the terminal to come back before reversing.
    Grace,
    /// Wait for the answer to the reversal.
    AwaitReversal,
    /// Try again after the next step of the ladder.
    RetryLater,
    /// Put it on the list of exceptions; go on trying slowly.
    List,
    /// The reversal is over: tell the terminal if it asked.
    Finish,
    /// As `Finish`, and watch for a late approval.
    FinishAndWatch,
    /// Tell the terminal that there is nothing to reverse.
    AnswerInvalid,
    /// Give the terminal the answer its reversal had before, or let it wait for the one to come.
    AnswerReversal,
    /// Forget the reversal that was not sent yet: nothing is held.
    Cancel,
    /// Nothing more will come: out of memory with it.
    Forget,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its letter.
    pub row: Row,
    /// The state it leads to.
    pub next: State,
    /// What it owes.
    pub effect: Effect,
}

/// The table. Total: every state and trigger has a row.
#[must_use]
pub fn decide(state: State, trigger: Trigger) -> Decision {
    use Effect as E;
    use State as S;
    use Trigger as T;
    let (letter, next, effect) = match (state, trigger) {
        // A request comes in.
        (S::Received, T::Refuse) => ('A', S::Refused, E::AnswerNo),
        (S::Received, T::NoLink) => ('B', S::NotSent, E::AnswerNo),
        (S::Received, T::Forward) => ('C', S::Forwarded, E::AwaitAnswer),

        // It waits for its answer.
        (S::Forwarded, T::Approval) => ('D', S::Approved, E::Deliver),
        (S::Forwarded, T::Decline) => ('E', S::Declined, E::Deliver),
        (
            S::Forwarded | S::ForwardedGone | S::Declined | S::DeclineDelivered | S::NotSent,
            T::BadAnswer,
        ) => ('F', S::TimedOut, E::ReverseByPolicy),
        (
            S::ForwardedGone | S::Declined | S::DeclineDelivered | S::NotSent,
            T::AnswerUnread | T::OutcomeUnknown,
        ) => ('F', S::TimedOut, E::ReverseByPolicy),
        // Whatever is answered yet, the acquirer does not stand by it.
        (S::Forwarded | S::ForwardedGone, T::TakenBack) => ('F', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::LinkLost) => ('G', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::Deadline) => ('H', S::TimedOut, E::ReverseByPolicy),
        (S::Forwarded | S::ForwardedGone, T::Revoked) => ('I', S::NotSent, E::AnswerNo),
        (S::Forwarded | S::ForwardedGone | S::Approved, T::GaveUp) => {
            ('J', S::Unanswered, E::Forget)
        }
        (S::Forwarded, T::TerminalClosed) => ('K', S::ForwardedGone, E::None),
        (S::ForwardedGone, T::TerminalBack) => ('L', S::Forwarded, E::None),
        (S::ForwardedGone, T::Approval) => ('M', S::TerminalGone, E::Grace),
        (S::ForwardedGone, T::Decline) => ('N', S::DeclineDelivered, E::Forget),
        (S::Forwarded | S::ForwardedGone, T::Restart) => ('O', S::TimedOut, E::ReverseByPolicy),

        // Its answer goes to the terminal.
        (S::Approved, T::Written) => ('P', S::Delivered, E::Forget),
        (S::Approved, T::NotWritten | T::TerminalClosed) => ('Q', S::TerminalGone, E::Grace),
        (S::Approved, T::Restart | T::WrittenLate) => ('R', S::DeliveryUnproven, E::None),
        (S::Delivered, T::Reset) => ('R', S::DeliveryUnproven, E::None),
        (
            S::Declined,
            T::Written | T::WrittenLate | T::NotWritten | T::TerminalClosed | T::Restart,
        ) => ('S', S::DeclineDelivered, E::Forget),
        (S::TerminalGone | S::Unanswered, T::TerminalBack) => ('T', S::Approved, E::Deliver),

        // The terminal asks for a reversal.
        (
            S::Forwarded
            | S::ForwardedGone
            | S::Approved
            | S::Delivered
            | S::DeliveryUnproven
            | S::TimedOut
            | S::LateApproval
            | S::TerminalGone
            | S::Confirmed
            | S::SettleMismatch
            | S::AnswerUnread
            | S::ClosedByOperator,
            T::TerminalReversal,
        ) => ('U', S::ReversalPending, E::Reverse),
        (
            S::Refused | S::Declined | S::DeclineDelivered | S::NotSent | S::Returned | S::Settled,
            T::TerminalReversal,
        ) => ('V', state, E::AnswerInvalid),
        (
            S::ReversalPending
            | S::ReversalSent
            | S::Reversed
            | S::ClosedUnproven
            | S::ReversalRefused
            | S::ReversalUndeliverable,
            T::TerminalReversal,
        ) => ('W', state, E::AnswerReversal),

        // The gateway reverses by itself.
        (S::TimedOut | S::TerminalGone | S::LateApproval, T::ReverseNow) => {
            ('X', S::ReversalPending, E::Reverse)
        }
        (
            S::Delivered
            | S::DeliveryUnproven
            | S::TimedOut
            | S::LateApproval
            | S::TerminalGone
            | S::ReversalRefused
            | S::ReversalUndeliverable
            | S::ClosedUnproven
            | S::Confirmed
            | S::SettleMismatch
            | S::AnswerUnread
            | S::ClosedByOperator,
            T::Operator,
        ) => ('Y', S::ReversalPending, E::Reverse),

        (
            S::Refused
            | S::Delivered
            | S::DeliveryUnproven
            | S::DeclineDelivered
            | S::TimedOut
            | S::Unanswered
            | S::NotSent
            | S::LateApproval
            | S::Reversed
            | S::ClosedUnproven
            | S::ReversalRefused
            | S::ReversalUndeliverable
            | S::Returned
            | S::SettleMismatch
            | S::Confirmed
            | S::AnswerUnread,
            T::OperatorCloses,
        ) => ('4', S::ClosedByOperator, E::Cancel),

        // Answers come when they should not.
        (S::TimedOut | S::ClosedByOperator, T::Approval) => {
            ('a', S::LateApproval, E::ReverseByPolicy)
        }
        (S::TimedOut | S::LateApproval, T::Restart) => ('O', state, E::ReverseByPolicy),
        (S::TimedOut, T::Decline) => ('b', S::DeclineDelivered, E::Forget),
        (S::ReversalPending, T::Decline) => ('c', S::DeclineDelivered, E::Cancel),
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::Approval) => {
            ('d', state, E::None)
        }
        (S::Unanswered, T::Approval) => ('e', state, E::None),
        (S::ClosedUnproven | S::Reversed, T::Approval | T::ApprovalAgain | T::OtherApproval) => {
            ('f', S::ReversalPending, E::Reverse)
        }
        (S::Declined | S::DeclineDelivered | S::NotSent, T::Approval) => {
            ('g', S::LateApproval, E::ReverseByPolicy)
        }
        (S::Approved, T::Decline | T::DeclineInDoubt | T::OtherApproval) => {
            ('h', S::DeliveryUnproven, E::None)
        }
        (S::Delivered, T::Decline | T::DeclineInDoubt | T::OtherApproval)
        | (S::Confirmed, T::OtherApproval) => ('i', S::DeliveryUnproven, E::None),

        // The reversal goes its way.
        (S::ReversalPending, T::ReversalTry) => ('j', S::ReversalSent, E::AwaitReversal),
        (S::ReversalUndeliverable, T::ReversalTry) => {
            ('k', S::ReversalUndeliverable, E::AwaitReversal)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalAccepted) => {
            ('l', S::Reversed, E::Finish)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReceiptReversed) => {
            ('6', S::SettleMismatch, E::Finish)
        }
        // It was not to be booked, by all that an operator had found.
        (S::ClosedByOperator, T::ReversalAccepted | T::ReceiptReversed) => {
            ('6', S::SettleMismatch, E::None)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalUnproven) => {
            ('m', S::ClosedUnproven, E::FinishAndWatch)
        }
        (S::ReversalSent, T::ReversalRetry) => ('n', S::ReversalPending, E::RetryLater),
        (S::ReversalPending, T::ReversalRetry) => ('n', S::ReversalPending, E::None),
        (S::ReversalUndeliverable, T::ReversalRetry) => {
            ('o', S::ReversalUndeliverable, E::RetryLater)
        }
        (S::ReversalPending | S::ReversalSent | S::ReversalUndeliverable, T::ReversalRefusal) => {
            ('p', S::ReversalRefused, E::Finish)
        }
        (S::ReversalPending | S::ReversalSent, T::Exhausted) => {
            ('q', S::ReversalUndeliverable, E::List)
        }
        (S::ReversalPending | S::ReversalSent, T::Restart) => ('r', S::ReversalPending, E::Reverse),
        (S::ReversalUndeliverable, T::Restart) => ('r', S::ReversalUndeliverable, E::RetryLater),
        (S::TerminalGone, T::Restart) => ('s', S::TerminalGone, E::Grace),
        (S::ClosedUnproven, T::Restart) => ('s', S::ClosedUnproven, E::FinishAndWatch),
        (S::ClosedUnproven, T::WatchOver) => ('t', S::ClosedUnproven, E::Forget),

        // A later message speaks of it.
        (S::Delivered | S::DeliveryUnproven | S::AnswerUnread, T::Proof) => {
            ('u', S::Confirmed, E::Forget)
        }
        (
            S::Delivered
            | S::DeliveryUnproven
            | S::AnswerUnread
            | S::Confirmed
            | S::TerminalGone
            | S::LateApproval,
            T::Returned,
        ) => ('v', S::Returned, E::Forget),
        (
            S::Delivered | S::DeliveryUnproven | S::AnswerUnread | S::Confirmed | S::TerminalGone,
            T::ReturnedInPart,
        ) => ('2', S::Confirmed, E::Forget),
        (
            S::Approved
            | S::Delivered
            | S::DeliveryUnproven
            | S::AnswerUnread
            | S::Confirmed
            | S::Settled
            | S::Returned
            | S::ClosedByOperator,
            T::TakenBack,
        ) => ('3', S::SettleMismatch, E::None),
        (
            S::LateApproval
            | S::TerminalGone
            | S::ReversalPending
            | S::ReversalSent
            | S::ReversalUndeliverable
            | S::ReversalRefused
            | S::ClosedUnproven,
            T::TakenBack,
        ) => ('5', S::Reversed, E::Finish),
        (S::Returned, T::ReturnUndone) => ('w', S::Confirmed, E::Forget),

        // An answer does not say what it says.
        (S::Forwarded, T::AnswerUnread) => ('x', S::AnswerUnread, E::Deliver),
        (S::AnswerUnread, T::Approval) => ('y', S::DeliveryUnproven, E::None),
        (S::Forwarded, T::OutcomeUnknown) => ('1', S::TimedOut, E::ReverseAndTell),

        // Everything else changes nothing; that it happened is still recorded.
        _ => ('z', state, E::None),
    };
    Decision {
        row: Row(letter),
        next,
        effect,
    }
}

/// What a recorded row tells of its transaction, besides the state: what recovery reads from it.
impl Row {
    /// An approval was seen.
    pub(super) const fn tells_approval(self) -> bool {
        matches!(self.0, 'D' | 'M' | 'a' | 'd' | 'e' | 'f' | 'g' | 'y')
    }

    /// The reversal starts anew. An approval that comes `again` uses up the tries of the old one.
    pub(super) const fn starts_anew(self, again: bool) -> bool {
        matches!(self.0, 'Y') || (matches!(self.0, 'f') && !again)
    }

    /// An answer came that could not be believed, or that left the outcome open.
    pub(super) const fn tells_doubt(self) -> bool {
        matches!(self.0, 'F' | '1')
    }

    /// The answer of its record came in time, and is the one that the terminal is told.
    pub(super) const fn tells_answer(self) -> bool {
        matches!(self.0, 'D' | 'E' | 'M' | 'N' | 'x' | '1')
    }

    /// The answer of its record ended the reversal.
    pub(super) const fn tells_end_of_reversal(self) -> bool {
        matches!(self.0, 'l' | 'm' | 'p' | '6')
    }
}

#[cfg(test)]
mod tests;
