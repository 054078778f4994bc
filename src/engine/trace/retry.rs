//! Is it safe to try again? An unsafe answer is the worst fault this program can have, so the
//! question is decided here alone, from the evidence, and never from the wording of a verdict.
//!
//! *Yes* only after a decline, after a request that never left the gateway, or after a reversal
//! that was accepted with no approval seen since. Everything else is *no* while it may still come
//! to a good end by itself, and *unproven* where the log cannot tell.

use super::codes::{Code, Outcome};
use super::moment::Leg;
use super::story::{Seen, Story};
use crate::engine::record::{Hop, State, Why};
use crate::iso::spec::Purpose;

/// Whether a new transaction in place of this one is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retry {
    /// Money is held, or may be: a new one would be a second one.
    No,
    /// The log does not tell.
    Unproven,
    /// No book holds money for this one.
    Yes,
}

impl Retry {
    /// As in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unproven => "unproven",
            Self::Yes => "yes",
        }
    }

    /// Of one story by itself; other attempts of the same purchase may forbid what it allows.
    #[must_use]
    pub fn of(story: &Story) -> Self {
        let by_state = Self::by_state(story);
        // Nobody knows what an answer without code said.
        let by_state = match by_state {
            Self::No if story.uncoded && is_answered(story.state) => Self::Unproven,
            other => other,
        };
        // What came before the first record that was seen, or between, or where captured traffic
        // has a gap, might say otherwise; a
        // checkpoint carries that an approval was seen, but not one that could not be trusted. An
        // answer whose code was not read may have been an approval.
        let unread = story.unread_answer && story.is_money();
        let known = if story.whole && !story.gap && !story.unseen && !unread {
            Self::Yes
        } else {
            Self::Unproven
        };
        by_state.min(known)
    }

    fn by_state(story: &Story) -> Self {
        match story.state {
            // A reversal that stands alone tells nothing of the request it belongs to.
            _ if story.purpose() == Some(Purpose::Reversal) => Self::Unproven,
            State::Refused => {
                yes_if(!was_sent(story) && !names_another(story) && !may_repeat(story))
            }
            // The intent was recorded; that no byte was written is what this state says.
            State::NotSent => yes_if(!was_answered(story)),
            State::Declined | State::DeclineDelivered => yes_if(is_declined(story)),
            State::Reversed => yes_if(is_reversed(story)),
            State::SettleMismatch if story.reversal.accepted => {
                yes_if(is_reversed(story) && !was_closed(story))
            }
            State::Unanswered
            | State::AnswerUnread
            | State::TimedOut
            | State::LateApproval
            | State::TerminalGone
                if !story.is_money() =>
            {
                Self::Yes
            }
            State::Unanswered if story.seen == Seen::Decline => yes_if(is_declined(story)),
            State::Unanswered => Self::No,
            State::ClosedUnproven | State::DeliveryUnproven | State::AnswerUnread => Self::Unproven,
            State::Received
            | State::Forwarded
            | State::ForwardedGone
            | State::Approved
            | State::Delivered
            | State::TimedOut
            | State::LateApproval
            | State::TerminalGone
            | State::ReversalPending
            | State::ReversalSent
            | State::ReversalRefused
            | State::ReversalUndeliverable
            | State::Returned
            | State::Settled
            | State::SettleMismatch
            | State::Confirmed
            | State::ClosedByOperator => Self::No,
        }
    }

    /// What another attempt of the same purchase leaves of it: nothing while that one is open, and
    /// doubt if that one was paid or is not known.
    #[must_use]
    pub fn beside(self, other: Option<&Story>) -> Self {
        let limit = match other {
            None => Self::Unproven,
            Some(story) => match (Self::of(story), story.state) {
                (Self::Yes, _) => Self::Yes,
                (
                    Self::No,
                    State::Delivered | State::Confirmed | State::Settled | State::Returned,
                ) => Self::Unproven,
                (limit, _) => limit,
            },
        };
        self.min(limit)
    }
}

const fn yes_if(safe: bool) -> Retry {
    if safe { Retry::Yes } else { Retry::Unproven }
}

/// Whether nothing but its answer says where it stands.
const fn is_answered(state: State) -> bool {
    matches!(state, State::Delivered | State::Confirmed)
}

/// Whether anything of the request went upstream, or came back from there.
pub(super) fn was_sent(story: &Story) -> bool {
    let mut legs = story.moments.iter().filter_map(|moment| moment.leg);
    story.seen != Seen::Nothing || legs.any(Leg::is_upstream)
}

/// Whether the acquirer answered the request, believed or not.
pub(super) fn was_answered(story: &Story) -> bool {
    let mut legs = story.moments.iter().filter_map(|moment| moment.leg);
    let answers = |leg: Leg| leg.hop == Hop::AcquirerToGateway && !leg.is_reversal();
    story.seen != Seen::Nothing || legs.any(answers)
}

/// Whether its code says that it was refused because of another transaction, which may hold the
/// money, and no reason was recorded that says otherwise.
fn names_another(story: &Story) -> bool {
    let by_code = story
        .answer
        .is_some_and(|code| Code::of(&code).outcome() == Outcome::Unknown);
    by_code && story.whys().all(|(_, why)| why == Why::Plain)
}

/// Whether an operator had closed it: what was found then, its reversal contradicts.
fn was_closed(story: &Story) -> bool {
    let mut moments = story.moments.iter();
    moments.any(|moment| moment.state == State::ClosedByOperator)
}

/// Whether it was refused since nobody could tell in time whether it repeats another one.
fn may_repeat(story: &Story) -> bool {
    story.whys().any(|(_, why)| why == Why::Unrecalled)
}

/// Whether the one answer that was seen is a decline that proves that no money was taken.
fn is_declined(story: &Story) -> bool {
    let declines = |code: &str| Code::of(code).outcome() == Outcome::Declined;
    let clear = !story.conflict || !story.is_money();
    // What the acquirer takes back, it had booked.
    clear
        && !story.taken_back
        && matches!(story.seen, Seen::Nothing | Seen::Decline)
        && story.answer.is_some_and(|code| declines(&code))
}

/// Whether the acquirer undid it, and nothing since says otherwise.
pub(super) const fn is_reversed(story: &Story) -> bool {
    let contradicted =
        matches!(story.seen, Seen::ApprovalAfterReversal) || story.reversal.contradicted;
    // One that the acquirer sent by itself needs no answer.
    let undone = story.reversal.accepted || story.taken_back && !story.taken_back_in_part;
    undone && !contradicted
}
