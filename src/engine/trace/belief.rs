//! What each party believes, and whether a message shows it or only the course of things does.

use super::codes::{Code, Outcome};
use super::story::{Delivery, Seen, Story};
use crate::engine::record::{Hop, State};

/// What the three parties believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beliefs {
    /// The terminal.
    pub terminal: Belief,
    /// The gateway.
    pub gateway: Belief,
    /// The acquirer.
    pub acquirer: Belief,
}

/// One party's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// What it believes.
    pub is: Is,
    /// How we know.
    pub basis: Basis,
}

/// What a party can believe of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// It knows of none.
    Nothing,
    /// It waits.
    Waiting,
    /// It cannot know.
    Unknown,
    /// Approved.
    Approved,
    /// Declined.
    Declined,
    /// Not done, as far as it knows.
    Failed,
    /// Reversed.
    Reversed,
    /// Voided or refunded.
    Returned,
    /// Settled.
    Settled,
}

/// How a belief is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A message of that party says so, or the gateway's own record.
    Observed,
    /// It follows from the course of things.
    Inferred,
    /// A file of that party says so.
    File,
}

impl Is {
    /// As in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Waiting => "waiting",
            Self::Unknown => "unknown",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
            Self::Returned => "returned",
            Self::Settled => "settled",
        }
    }
}

impl Basis {
    /// As in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::File => "file",
        }
    }
}

const fn observed(is: Is) -> Belief {
    Belief {
        is,
        basis: Basis::Observed,
    }
}

const fn inferred(is: Is) -> Belief {
    Belief {
        is,
        basis: Basis::Inferred,
    }
}

impl Beliefs {
    /// As the story shows them.
    #[must_use]
    pub fn of(story: &Story) -> Self {
        Self {
            terminal: terminal(story),
            gateway: observed(gateway(story.state)),
            acquirer: acquirer(story),
        }
    }
}

fn terminal(story: &Story) -> Belief {
    let asked = story.moments.iter().any(|moment| {
        moment
            .leg
            .is_some_and(|leg| leg.hop == Hop::TerminalToGateway && leg.is_reversal())
    });
    match (story.state, story.delivery) {
        (State::Settled, _) => observed(Is::Settled),
        (State::Returned, _) => observed(Is::Returned),
        _ if asked && story.reversal.told => inferred(Is::Reversed),
        _ if asked => observed(Is::Failed),
        (_, Delivery::Proven) => observed(Is::Approved),
        (_, Delivery::Unproven) => inferred(Is::Unknown),
        (_, Delivery::Written) => inferred(Is::Approved),
        (State::Received | State::Forwarded | State::Approved | State::Declined, _) => {
            inferred(Is::Waiting)
        }
        (State::Refused | State::DeclineDelivered | State::NotSent, _) => inferred(Is::Declined),
        (State::SettleMismatch | State::AnswerUnread, _) => inferred(Is::Unknown),
        _ => inferred(Is::Failed),
    }
}

const fn gateway(state: State) -> Is {
    match state {
        State::Received => Is::Waiting,
        State::Refused | State::Declined | State::DeclineDelivered => Is::Declined,
        State::NotSent => Is::Failed,
        State::Forwarded
        | State::ForwardedGone
        | State::TimedOut
        | State::Unanswered
        | State::ReversalPending
        | State::ReversalSent
        | State::ClosedUnproven
        | State::ReversalRefused
        | State::ReversalUndeliverable
        | State::SettleMismatch
        | State::AnswerUnread
        | State::ClosedByOperator => Is::Unknown,
        State::Approved
        | State::Delivered
        | State::DeliveryUnproven
        | State::LateApproval
        | State::TerminalGone
        | State::Confirmed => Is::Approved,
        State::Reversed => Is::Reversed,
        State::Returned => Is::Returned,
        State::Settled => Is::Settled,
    }
}

fn acquirer(story: &Story) -> Belief {
    match (story.state, story.seen) {
        (State::Received | State::Refused | State::NotSent, Seen::Nothing) => observed(Is::Nothing),
        (State::Settled, _) => observed(Is::Settled),
        (State::Returned, _) => observed(Is::Returned),
        (_, Seen::ApprovalAfterReversal) => observed(Is::Unknown),
        (State::Reversed, _) => observed(Is::Reversed),
        // It denies what it approved, or never showed that it had it.
        (State::ClosedUnproven, Seen::Approval) => inferred(Is::Unknown),
        (State::ClosedUnproven, _) => observed(Is::Nothing),
        (State::SettleMismatch, _) => inferred(Is::Unknown),
        (_, Seen::Approval) => observed(Is::Approved),
        (_, Seen::Decline) => refusal(story),
        (State::Forwarded | State::ForwardedGone, Seen::Nothing) => inferred(Is::Waiting),
        (_, Seen::Nothing) => inferred(Is::Unknown),
    }
}

fn refusal(story: &Story) -> Belief {
    let code = story.answer.unwrap_or_default();
    match Code::of(&code).outcome() {
        Outcome::Unknown => observed(Is::Unknown),
        Outcome::Approved | Outcome::Declined => observed(Is::Declined),
    }
}
