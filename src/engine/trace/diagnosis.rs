//! Which causes fit the evidence, the likeliest first.

use super::cause::Cause;
use super::codes::{Code, Outcome};
use super::reversal::By;
use super::story::{Delivery, Seen, Story};
use crate::engine::record::{State, Why};
use crate::iso::spec::{Purpose, ReversalCause};

/// All causes that fit; never empty.
pub(super) fn causes(story: &Story) -> Vec<Cause> {
    let mut causes = by_state(story);
    if !story.twins.is_empty() {
        causes.push(Cause::AnotherAttempt);
    }
    let mut seen = Vec::new();
    causes.retain(|cause| {
        !seen.contains(cause) && {
            seen.push(*cause);
            true
        }
    });
    causes
}

fn by_state(story: &Story) -> Vec<Cause> {
    match story.state {
        State::Refused | State::NotSent => vec![kept_back(story)],
        State::ClosedByOperator => vec![Cause::OperatorClosed],
        _ if story.is_out_of_balance() => vec![Cause::SettleMismatch],
        _ if story.purpose() == Some(Purpose::Reversal) => vec![match story.original() {
            Some(_) => Cause::TerminalReversed,
            None => Cause::NoOriginal,
        }],
        State::Declined | State::DeclineDelivered => vec![decline(story)],
        _ if story.taken_back && !story.reversal.accepted => behind(Cause::AcquirerReversed, story),
        State::Received | State::Forwarded | State::ForwardedGone | State::Approved => {
            vec![Cause::InProgress]
        }
        State::Unanswered if story.seen == Seen::Decline => vec![decline(story)],
        State::Delivered | State::Confirmed => delivered(story),
        State::AnswerUnread if answered_unknown(story) => vec![Cause::OutcomeUnknown],
        State::AnswerUnread => vec![Cause::AnswerUnreadable],
        State::DeliveryUnproven if story.conflict || story.second.is_some() => {
            vec![Cause::AnswersDisagree, Cause::DeliveryUnproven]
        }
        State::DeliveryUnproven => behind(Cause::DeliveryUnproven, story),
        State::TimedOut | State::Unanswered | State::LateApproval | State::TerminalGone => {
            roots(story)
        }
        State::ReversalPending | State::ReversalSent => behind(Cause::ReversalPending, story),
        State::ReversalRefused => behind(Cause::ReversalRefused, story),
        State::ReversalUndeliverable => behind(Cause::ReversalUndeliverable, story),
        State::Reversed if story.seen == Seen::ApprovalAfterReversal => {
            behind(Cause::ApprovalAfterReversal, story)
        }
        State::Reversed | State::ClosedUnproven => roots(story),
        State::Returned => vec![Cause::Voided],
        State::Settled => vec![Cause::OutsideLog],
        State::SettleMismatch if story.reversal.accepted => roots(story),
        State::SettleMismatch if story.taken_back => vec![Cause::AcquirerReversed],
        State::SettleMismatch => vec![Cause::SettleMismatch],
    }
}

fn behind(first: Cause, story: &Story) -> Vec<Cause> {
    let rest = roots(story).into_iter().filter(|c| *c != Cause::InProgress);
    std::iter::once(first).chain(rest).collect()
}

fn delivered(story: &Story) -> Vec<Cause> {
    match story.purpose() {
        Some(Purpose::Hold) => vec![Cause::CompletionMissing, Cause::OutsideLog],
        _ if story.is_money() => vec![Cause::OutsideLog],
        _ => vec![Cause::Answered],
    }
}

fn decline(story: &Story) -> Cause {
    let code = story.answer.unwrap_or_default();
    let approved = matches!(story.seen, Seen::Approval | Seen::ApprovalAfterReversal);
    match Code::of(&code).outcome() {
        _ if approved || story.conflict => Cause::AnswersDisagree,
        Outcome::Declined => Cause::Declined,
        Outcome::Unknown | Outcome::Approved => Cause::OutcomeUnknown,
    }
}

fn kept_back(story: &Story) -> Cause {
    let named = story.whys().find_map(|(_, why)| match why {
        Why::RequestMac | Why::KeyUnknown => Some(Cause::RefusedMac),
        Why::UnknownTerminal => Some(Cause::RefusedTerminal),
        Why::RequestUnread => Some(Cause::RefusedFormat),
        Why::DuplicateMismatch => Some(Cause::RefusedDuplicate),
        Why::OvertakenByReversal => Some(Cause::OvertakenByReversal),
        Why::OriginalUndoing => Some(Cause::RefusedUndoing),
        Why::Unrecalled => Some(Cause::RefusedUnrecalled),
        Why::Overload => Some(Cause::RefusedOverload),
        Why::Draining => Some(Cause::RefusedDraining),
        Why::NoRoute => Some(Cause::RefusedNoRoute),
        Why::NoLink => Some(Cause::LinkDown),
        Why::NeverWritten => Some(Cause::NeverWritten),
        _ => None,
    });
    named.unwrap_or(match story.state {
        State::NotSent => Cause::LinkDown,
        _ => Cause::RefusedFormat,
    })
}

/// Why the outcome came into doubt, or had to be undone. What happened between gateway and acquirer
/// weighs more than what happened at the terminal: there the money is.
fn roots(story: &Story) -> Vec<Cause> {
    let (mut upstream, mut terminal) = (Vec::new(), Vec::new());
    if story.conflict && matches!(story.seen, Seen::Approval | Seen::ApprovalAfterReversal) {
        upstream.push(Cause::AnswersDisagree);
    }
    if answered_unknown(story) {
        upstream.push(Cause::OutcomeUnknown);
    } else if story.seen == Seen::Decline && has_no_code(story) {
        upstream.push(Cause::AnswerUnreadable);
    }
    let mut declined = false;
    for (state, why) in story.whys() {
        declined |= matches!(state, State::Declined | State::DeclineDelivered);
        match why {
            Why::TerminalAsked => terminal.push(Cause::TerminalReversed),
            Why::Operator if state == State::ClosedByOperator => {}
            Why::Operator => terminal.push(Cause::OperatorReversed),
            Why::TerminalClosed | Why::WriteFailed if story.delivery == Delivery::Failed => {
                terminal.push(Cause::TerminalGone);
            }
            Why::Restarted if state == State::DeliveryUnproven => terminal.push(Cause::Restart),
            Why::Unseen if state == State::DeliveryUnproven => terminal.push(Cause::NotCaptured),
            // Behind a decline it contradicts, and is not late.
            Why::LateApproval if declined => {}
            // Where the terminal reversed while the answer was still on its way, the answer came
            // after that, but it was not late.
            Why::LateApproval
                if is_late(state) && (!upstream.is_empty() || terminal.is_empty()) =>
            {
                upstream.push(Cause::AnswerLate);
            }
            // What happens to the reversal's own tries tells nothing of the request.
            _ if !is_given_up(state) => {}
            Why::NoAnswer => upstream.extend(silence(story)),
            Why::AnswerUnreadable => upstream.push(Cause::AnswerUnreadable),
            Why::AnswerMac => upstream.push(Cause::AnswerMacWrong),
            Why::AnswerMismatch => upstream.push(Cause::AnswerMismatch),
            Why::AnswersDisagree => upstream.push(Cause::AnswersDisagree),
            Why::LinkLost => upstream.push(Cause::LinkLost),
            Why::Restarted if upstream.is_empty() => upstream.push(Cause::Restart),
            Why::Unseen if upstream.is_empty() => upstream.push(Cause::NotCaptured),
            _ => {}
        }
    }
    if story.delivery == Delivery::Unproven && story.state != State::DeliveryUnproven {
        // The terminal's own reversal says more than our doubt.
        let at = usize::from(story.reversal.by == Some(By::Terminal)) * terminal.len();
        terminal.insert(at, Cause::DeliveryUnproven);
    }
    // An answer that came and was not believed is not lost.
    let unheard = upstream.iter().all(|cause| tells_of_silence(*cause));
    upstream.extend(lost(story).filter(|_| unheard && !upstream.is_empty()));
    upstream.extend(terminal);
    if upstream.is_empty() {
        upstream.push(untold(story));
    }
    upstream
}

/// Whether the one answer says that the outcome is not known, by a code that was read.
fn answered_unknown(story: &Story) -> bool {
    let unknown = |code: &str| Code::of(code).outcome() == Outcome::Unknown;
    let code = story.answer.filter(|_| !has_no_code(story));
    story.seen == Seen::Decline && code.is_some_and(|code| unknown(&code))
}

/// Whether the answer has no code, or a blank one.
fn has_no_code(story: &Story) -> bool {
    story.answer.is_none_or(|code| code.trim().is_empty())
}

/// States in which nobody waits for the request's answer any more.
const fn is_given_up(state: State) -> bool {
    matches!(
        state,
        State::TimedOut | State::Unanswered | State::LateApproval
    )
}

/// States in which an approval is late: in all others it is a second copy of one that was in time.
const fn is_late(state: State) -> bool {
    matches!(
        state,
        State::LateApproval
            | State::Unanswered
            | State::ReversalPending
            | State::ReversalSent
            | State::ReversalUndeliverable
            | State::Reversed
    )
}

/// No answer: what its reversal, or its late answer, tells about why.
fn silence(story: &Story) -> Vec<Cause> {
    match lost(story) {
        Some(cause) => vec![cause],
        None if story.seen == Seen::Nothing => {
            // Request lost, answer lost, answer late: not told apart yet.
            vec![Cause::NoAnswer]
        }
        None if story.seen == Seen::Decline => vec![Cause::NoAnswer],
        None => vec![Cause::AnswerLate],
    }
}

/// Whether a cause says that no answer was heard, and nothing else of an answer.
pub(super) const fn tells_of_silence(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoAnswer | Cause::AnswerLost | Cause::RequestLost | Cause::LinkLost | Cause::Restart
    )
}

/// Where request or answer went, once the reversal is closed and no answer was ever seen.
fn lost(story: &Story) -> Option<Cause> {
    match story.state {
        _ if story.seen != Seen::Nothing => None,
        State::Reversed => Some(Cause::AnswerLost),
        State::ClosedUnproven => Some(Cause::RequestLost),
        _ => None,
    }
}

/// A story without its beginning: what a checkpoint carried, or the state itself, must do.
fn untold(story: &Story) -> Cause {
    match (story.carried_cause, story.state) {
        (Some(ReversalCause::NoAnswer), _) => lost(story).unwrap_or(Cause::NoAnswer),
        (Some(ReversalCause::Mac), _) => Cause::AnswerMacWrong,
        (Some(ReversalCause::NotDelivered), _) => Cause::TerminalGone,
        (_, State::LateApproval) => Cause::AnswerLate,
        (_, State::TerminalGone) => Cause::TerminalGone,
        // It was approved in time, and nobody was there to take that.
        (_, State::Unanswered) if story.seen == Seen::Approval => Cause::TerminalGone,
        (_, State::TimedOut | State::Unanswered) => Cause::NoAnswer,
        _ => match story.reversal.by {
            Some(By::Terminal) => Cause::TerminalReversed,
            Some(By::Operator) => Cause::OperatorReversed,
            Some(By::Gateway) | None => lost(story).unwrap_or(Cause::InProgress),
        },
    }
}
