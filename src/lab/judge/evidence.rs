//! What the frames at the gateway prove of an attempt, by the rules of the field alone.

use super::facts::{AttemptFacts, Meant, SlipSays, UndoMeant};
use super::hearing::Terms;
use crate::engine::seam::Mono;

/// What is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Its request never left the gateway.
    NeverLeft,
    /// Declined, and nothing contradicts it.
    Declined,
    /// Approved in time and read by its terminal, and nothing happened since.
    Delivered,
    /// Its reversal was accepted, and no approval came since the reversal was decided on.
    Reversed,
    /// The outcome is not proven, and nothing is being done about it.
    Unproven(&'static str),
    /// None of these.
    Unclear,
}

/// What the frames prove.
pub(super) fn of(attempt: &AttemptFacts, terms: &Terms) -> Proof {
    if !attempt.was_sent() {
        return if attempt.interrupted {
            by_reversal(attempt).unwrap_or(Proof::Unclear)
        } else {
            Proof::NeverLeft
        };
    }
    let (approved, declined) = (!attempt.approvals.is_empty(), !attempt.declines.is_empty());
    let plain = attempt.doubtful.is_empty() && attempt.undone_above.is_none();
    if let Some(why) = left_unproven(attempt) {
        return Proof::Unproven(why);
    }
    if let Some(proof) = by_reversal(attempt) {
        return if plain { proof } else { Proof::Unclear };
    }
    let untouched = attempt.reversals.is_empty() && attempt.undos.is_empty();
    match (approved, declined) {
        _ if !plain || !attempt.unknowns.is_empty() => Proof::Unclear,
        // While a reversal is under way, its answer is still to come.
        (false, true) if untouched => Proof::Declined,
        (false, true) => Proof::Unclear,
        (true, false) if untouched && is_delivered(attempt, terms) => Proof::Delivered,
        _ => Proof::Unclear,
    }
}

/// An outcome that nothing on the wire has proven, or is about to prove.
fn left_unproven(attempt: &AttemptFacts) -> Option<&'static str> {
    let (approved, declined) = (!attempt.approvals.is_empty(), !attempt.declines.is_empty());
    let answered = |meant: UndoMeant| {
        let mut reversals = attempt.reversals.iter();
        reversals.any(|reversal| reversal.answered.is_some_and(|(_, means)| means == meant))
    };
    let undone = answered(UndoMeant::Undone);
    if undone && approved_since_undone(attempt) {
        return Some("an approval came after its reversal was accepted");
    }
    if undone {
        return None;
    }
    if approved_twice(attempt) {
        return Some("two approvals of it have two codes");
    }
    if answered(UndoMeant::Closed) && !declined {
        return Some("its reversal was closed without proof");
    }
    if answered(UndoMeant::Refused) && !declined {
        return Some("its reversal was refused");
    }
    if !attempt.unknowns.is_empty() && !approved && !declined {
        return Some("its answer does not tell the outcome");
    }
    if approved && declined {
        return Some("two answers disagree");
    }
    let silent = attempt.unknowns.is_empty() && attempt.doubtful.is_empty();
    (silent && !approved && !declined).then_some("it was never answered")
}

/// Whether two approvals have different authorization codes: two bookings.
pub(super) fn approved_twice(attempt: &AttemptFacts) -> bool {
    let mut codes = attempt.approvals.iter().map(|answer| answer.auth.as_str());
    let first = codes.find(|code| !code.is_empty());
    first.is_some_and(|first| codes.any(|code| !code.is_empty() && code != first))
}

fn by_reversal(attempt: &AttemptFacts) -> Option<Proof> {
    let mut undone = attempt.reversals.iter().filter(|reversal| {
        let answer = reversal.answered;
        let accepted = answer.is_some_and(|(_, means)| means == UndoMeant::Undone);
        accepted && reversal.stands.is_none()
    });
    let newest = undone.next_back()?;
    // What was reversed in part, some hosts take the reversal of the whole for a repeat of (R9).
    let in_part = attempt.reversals.iter().any(|reversal| {
        let answer = reversal.answered;
        reversal.stands.is_some() && answer.is_some_and(|(_, means)| means == UndoMeant::Undone)
    });
    // A gateway that had decided on it cannot know that it had not left yet.
    let overtaken = news_since(attempt, newest.decided);
    let refused = attempt.reversals.iter().any(|reversal| {
        let answer = reversal.answered;
        answer.is_some_and(|(at, means)| means == UndoMeant::Refused && at >= newest.left)
    });
    Some(if overtaken || refused || in_part {
        Proof::Unclear
    } else {
        Proof::Reversed
    })
}

/// Whether an approval came when a reversal that was accepted had left.
fn approved_since_undone(attempt: &AttemptFacts) -> bool {
    let mut undone = attempt.reversals.iter().filter(|reversal| {
        let answer = reversal.answered;
        answer.is_some_and(|(_, means)| means == UndoMeant::Undone)
    });
    // R19: sent once more and accepted again, it is proven. Where records are not waited for, the
    // second leaves in the moment of the approval that asked for it.
    let newest = undone.next_back();
    let behind = newest.map(|reversal| Mono(reversal.left.0.saturating_add(1)));
    behind.is_some_and(|behind| news_since(attempt, behind))
}

/// Whether an approval came since a moment that is no copy of one before (D10).
fn news_since(attempt: &AttemptFacts, moment: Mono) -> bool {
    let before = |auth: &str| {
        let mut earlier = attempt.approvals.iter().filter(|answer| answer.at < moment);
        !auth.is_empty() && earlier.any(|answer| answer.auth == auth)
    };
    let mut since = attempt
        .approvals
        .iter()
        .filter(|answer| answer.at >= moment);
    since.any(|answer| !before(&answer.auth))
}

fn is_delivered(attempt: &AttemptFacts, terms: &Terms) -> bool {
    let in_time = |at| {
        let began = attempt.began();
        began.is_some_and(|began| at - began <= terms.timeout)
    };
    let read = attempt
        .told
        .iter()
        .any(|told| told.means == Meant::Approved && told.delivered && !told.doubted);
    let holds = matches!(attempt.slip, SlipSays::Approved(_));
    let doubted = attempt.told.iter().any(|told| told.doubted);
    read && holds && !doubted && attempt.approvals.iter().all(|answer| in_time(answer.at))
}
