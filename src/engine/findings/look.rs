//! Whether a transaction failed in a way that is nobody's own.

use crate::engine::record::State;
use crate::engine::trace::{Advice, Code, Story};
use crate::iso::spec::Purpose;

/// How a transaction went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookOutcome {
    /// As it should, or it failed for a reason of its cardholder: too little money, a wrong PIN.
    Went,
    /// It failed.
    Failed,
}

/// How it went; `None` for one that is under way, or in which no money is.
#[must_use]
pub fn look_of(story: &Story) -> Option<LookOutcome> {
    let purpose = story.purpose()?;
    if !purpose.moves_money() || purpose == Purpose::Reversal {
        return None;
    }
    Some(match story.state {
        State::Received | State::Forwarded | State::ForwardedGone | State::Approved => return None,
        State::Delivered
        | State::Confirmed
        | State::Settled
        | State::Returned
        | State::ClosedByOperator => LookOutcome::Went,
        State::Declined | State::DeclineDelivered => {
            let code = story.answer.unwrap_or_default();
            match Code::of(&code).advice {
                Advice::OtherCard
                | Advice::SmallerAmount
                | Advice::Reenter
                | Advice::CallIssuer
                | Advice::PickUp => LookOutcome::Went,
                _ => LookOutcome::Failed,
            }
        }
        _ => LookOutcome::Failed,
    })
}
