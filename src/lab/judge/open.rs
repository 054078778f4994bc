//! The list of open transactions is exact: what the books disagree on, or the evidence leaves
//! unproven, stands there; what is proven does not.

use super::evidence::{self, Proof};
use super::facts::{AttemptFacts, SlipSays};
use super::hearing::Hearing;

/// Whether host and terminal hold different views of the money, and both are done with it.
pub(super) fn books_disagree(attempt: &AttemptFacts) -> bool {
    let sign: i64 = if attempt.gives_back() { -1 } else { 1 };
    let held = attempt.held * sign;
    if attempt.may_still {
        return false;
    }
    match attempt.slip {
        SlipSays::Waiting | SlipSays::Undoing => false,
        SlipSays::Approved(amount) => held != i64::try_from(amount).unwrap_or(i64::MAX),
        SlipSays::NotSent
        | SlipSays::Declined
        | SlipSays::Unanswered
        | SlipSays::Undone
        | SlipSays::UndoGivenUp => held != 0,
    }
}

/// What is missing on the list; `healed` also counts terminals that wait in vain.
pub(super) fn missing(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<String> {
    if !can_tell(attempt) || attempt.is_excused() || hearing.is_listed(attempt) {
        return None;
    }
    // A completion takes over what its authorization held.
    let completed = hearing
        .completions_of(attempt)
        .any(|completion| completion.is_taken());
    let silent = is_unheard(attempt);
    if books_disagree(attempt) && !completed && !silent && attempt.undone_above.is_none() {
        let (held, slip) = (attempt.held, attempt.slip);
        return Some(format!("the host holds {held}, the slip says {slip:?}"));
    }
    match evidence::of(attempt, hearing.terms) {
        Proof::Unproven(why) => Some(why.to_owned()),
        _ => None,
    }
}

/// Whether an approval went to a terminal that was gone, and nothing told the gateway so.
fn is_unheard(attempt: &AttemptFacts) -> bool {
    let mut told = attempt.told.iter();
    told.any(|told| told.unheard && !told.doubted)
}

/// Why it should not stand on the list, if it does.
pub(super) fn needless(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<&'static str> {
    let doubted = attempt.told.iter().any(|told| told.doubted);
    let listed = hearing.is_listed(attempt);
    if !can_tell(attempt) || !listed || attempt.misbalanced || doubted || attempt.is_excused() {
        return None;
    }
    if books_disagree(attempt) || attempt.may_still {
        return None;
    }
    match evidence::of(attempt, hearing.terms) {
        Proof::NeverLeft => Some("its request never left the gateway"),
        Proof::Declined => Some("it was declined"),
        Proof::Delivered => Some("it was approved and read"),
        Proof::Reversed => Some("its reversal was accepted"),
        Proof::Unproven(_) | Proof::Unclear => None,
    }
}

/// Whether anything can be asked of the list now.
const fn can_tell(attempt: &AttemptFacts) -> bool {
    attempt.is_money() && !attempt.in_flight && !attempt.blurred
}
