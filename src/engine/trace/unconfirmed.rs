//! The classes of unconfirmed authorizations: the log cannot prove that both ends agree.

use super::story::{Seen, Story};
use crate::engine::record::State;
use crate::iso::spec::Purpose;

/// U1 to U9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unconfirmed {
    /// U1: no answer.
    NoAnswer,
    /// U2: approved, not delivered.
    NotDelivered,
    /// U3: approved too late.
    Late,
    /// U4: delivered, not settled. Normal waiting, so not *open*.
    NotSettled,
    /// U5: the reversal is pending.
    ReversalPending,
    /// U6: the reversal is refused or undeliverable.
    ReversalFailed,
    /// U7: the batch totals differ.
    SettleMismatch,
    /// U8: delivery is not proven.
    DeliveryUnproven,
    /// U9: the reversal is closed, and it is not proven that no money is held.
    ReversalUnproven,
}

impl Unconfirmed {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::NoAnswer,
        Self::NotDelivered,
        Self::Late,
        Self::NotSettled,
        Self::ReversalPending,
        Self::ReversalFailed,
        Self::SettleMismatch,
        Self::DeliveryUnproven,
        Self::ReversalUnproven,
    ];

    /// The class of a story; `None` if both ends agree, or no money is in it.
    #[must_use]
    pub fn of(story: &Story) -> Option<Self> {
        if story.state == State::Reversed && story.is_money() {
            return is_unproven(story).then_some(Self::ReversalUnproven);
        }
        let class = Self::at(story.state).filter(|_| story.is_money())?;
        match (story.state, story.seen) {
            // Whatever became of it is told under the other name.
            (State::Unanswered, _) if story.again.is_some() => None,
            // An answer that came after all settles it, though nobody waits for it any more.
            (State::Unanswered, Seen::Decline) => None,
            (State::Unanswered, Seen::Approval | Seen::ApprovalAfterReversal) => Some(Self::Late),
            _ if class == Self::NotSettled && !waits(story) => None,
            _ => Some(class),
        }
    }

    /// The class of a state, if money is in it.
    #[must_use]
    pub const fn at(state: State) -> Option<Self> {
        match state {
            State::Forwarded | State::ForwardedGone | State::TimedOut | State::Unanswered => {
                Some(Self::NoAnswer)
            }
            State::Approved | State::TerminalGone => Some(Self::NotDelivered),
            State::LateApproval => Some(Self::Late),
            State::Delivered | State::Confirmed => Some(Self::NotSettled),
            State::ReversalPending | State::ReversalSent => Some(Self::ReversalPending),
            State::ReversalRefused | State::ReversalUndeliverable => Some(Self::ReversalFailed),
            State::SettleMismatch => Some(Self::SettleMismatch),
            State::DeliveryUnproven | State::AnswerUnread => Some(Self::DeliveryUnproven),
            State::ClosedUnproven => Some(Self::ReversalUnproven),
            State::Received
            | State::Refused
            | State::Declined
            | State::DeclineDelivered
            | State::NotSent
            | State::Reversed
            | State::Returned
            | State::Settled => None,
        }
    }

    /// `U1` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAnswer => "U1",
            Self::NotDelivered => "U2",
            Self::Late => "U3",
            Self::NotSettled => "U4",
            Self::ReversalPending => "U5",
            Self::ReversalFailed => "U6",
            Self::SettleMismatch => "U7",
            Self::DeliveryUnproven => "U8",
            Self::ReversalUnproven => "U9",
        }
    }

    /// Whether `isogate open` lists it without being asked for normal waiting.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::NotSettled)
    }
}

/// Whether an approval came after its reversal was accepted: which of them the acquirer booked last
/// is not known.
fn is_unproven(story: &Story) -> bool {
    story.seen == Seen::ApprovalAfterReversal
}

/// Whether a settlement is still to come: for what takes or reserves money.
fn waits(story: &Story) -> bool {
    story
        .purpose()
        .is_none_or(|purpose| matches!(purpose, Purpose::Debit | Purpose::Hold))
}
