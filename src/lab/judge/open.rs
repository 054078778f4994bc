//! The list of open transactions is exact: what the books disagree on, or the evidence leaves
//! unproven, stands there; what is proven does not.

use super::evidence::{self, Proof};
use super::facts::{AttemptFacts, Meant, SlipSays, ToldAnswer};
use super::hearing::Hearing;

/// Whether host and terminal hold different views of the money, both are done with it, and what
/// they differ by could be seen at the gateway.
pub(super) fn books_disagree(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> bool {
    let unknowable = is_unheard(attempt) || is_given_up_unseen(hearing, attempt);
    if attempt.may_still || unknowable || hearing.is_crossed(attempt) {
        return false;
    }
    let sign: i64 = if attempt.gives_back() { -1 } else { 1 };
    match attempt.slip {
        SlipSays::Waiting | SlipSays::Undoing => false,
        SlipSays::Approved(amount) => Ok(attempt.held * sign) != i64::try_from(amount),
        // Of a sale that does not count for its terminal, what was given back is not owed.
        SlipSays::NotSent
        | SlipSays::Declined
        | SlipSays::Unanswered
        | SlipSays::Undone
        | SlipSays::UndoGivenUp => attempt.held != 0 && hearing.standing(attempt) != 0,
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
    if books_disagree(hearing, attempt) && !completed {
        let (held, slip) = (attempt.held, attempt.slip);
        return Some(format!("the host holds {held}, the slip says {slip:?}"));
    }
    match evidence::of(attempt, hearing.terms) {
        Proof::Unproven(why) => Some(why.to_owned()).filter(|_| !is_returned(hearing, attempt)),
        _ => None,
    }
}

/// Whether voids and refunds that nothing is unclear about gave all of it back: all of one booking.
fn is_returned(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> bool {
    if evidence::approved_twice(attempt) {
        return false;
    }
    let is_plain = |back: &AttemptFacts| {
        let approved = !back.approvals.is_empty() && back.declines.is_empty();
        approved && back.reversals.is_empty() && back.doubtful.is_empty()
    };
    let all_plain = hearing.returns_of(attempt).filter(|back| back.held != 0);
    attempt.held > 0 && hearing.standing(attempt) == 0 && all_plain.into_iter().all(is_plain)
}

/// Whether an approval went to a terminal that was gone, and nothing told the gateway so in time.
fn is_unheard(attempt: &AttemptFacts) -> bool {
    let mut told = attempt.told.iter();
    told.any(|told| told.unheard && !told.doubted_soon)
}

/// Whether the approval came to its terminal in time, which made nothing of it, and no reversal
/// that it may have tried since came as far as the gateway.
fn is_given_up_unseen(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> bool {
    let given_up = matches!(attempt.slip, SlipSays::UndoGivenUp | SlipSays::Unanswered);
    let in_time = |at| {
        let came = attempt.reached.last();
        came.is_some_and(|came| at - came.now.mono <= hearing.terms.timeout)
    };
    let read = |told: &ToldAnswer| {
        told.means == Meant::Approved && told.delivered && !told.doubted && in_time(told.at)
    };
    given_up && attempt.undos.is_empty() && attempt.told.iter().any(read)
}

/// Why it should not stand on the list, if it does.
pub(super) fn needless(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<&'static str> {
    let doubted = attempt.told.iter().any(|told| told.doubted);
    let listed = hearing.is_listed_itself(attempt);
    if !can_tell(attempt) || !listed || attempt.misbalanced || doubted || attempt.is_excused() {
        return None;
    }
    let mistaken = hearing.may_be_mistaken(attempt);
    if books_disagree(hearing, attempt) || attempt.may_still || mistaken {
        return None;
    }
    // More was given back than there was: that its own two books agree proves little.
    let original = hearing.attempt(attempt.of);
    if original.is_some_and(|original| hearing.standing(original) < 0) {
        return None;
    }
    // How much a reversal gave back of what a refund had given back in part, nobody here can say.
    // Nor of which attempt of a purchase a refund is that names none.
    let nameless = |other: &&AttemptFacts| other.gives_back() && other.of == 0;
    let nameless = hearing.purchase(attempt).filter(nameless);
    let mut returns = hearing.returns_of(attempt).chain(nameless);
    let is_given_back = returns.any(|back| back.held != 0);
    match evidence::of(attempt, hearing.terms) {
        Proof::NeverLeft => Some("its request never left the gateway"),
        Proof::Declined => Some("it was declined"),
        Proof::Delivered => Some("it was approved and read"),
        Proof::Reversed => Some("its reversal was accepted").filter(|_| !is_given_back),
        Proof::Unproven(_) | Proof::Unclear => None,
    }
}

/// Whether anything can be asked of the list now.
const fn can_tell(attempt: &AttemptFacts) -> bool {
    attempt.is_money() && !attempt.in_flight && !attempt.blurred
}
