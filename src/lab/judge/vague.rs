//! Where the evidence decides, the verdict decides: "unproven" for everything would be safe, and
//! of no use.

use super::evidence::{self, Proof};
use super::facts::AttemptFacts;
use super::hearing::{Hearing, Printed};

/// What the verdict should have said.
pub(super) fn judge(
    hearing: &Hearing<'_>,
    attempt: &AttemptFacts,
    printed: &Printed<'_>,
) -> Option<String> {
    if !printed.of_request || !printed.is_first || !is_plain(hearing, attempt) {
        return None;
    }
    let proof = evidence::of(attempt, hearing.terms);
    let wanted = match proof {
        Proof::NeverLeft | Proof::Declined | Proof::Reversed => "yes",
        Proof::Delivered => "no",
        Proof::Unproven(_) | Proof::Unclear => return None,
    };
    let said = printed.text("safe_to_retry");
    let differs = said != wanted;
    differs.then(|| format!("{proof:?} is proven, and safe_to_retry is {said}"))
}

/// Whether nothing but the attempt's own evidence counts.
fn is_plain(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> bool {
    let own = !attempt.in_flight && !attempt.blurred && !attempt.may_still && attempt.is_money();
    let true_to_books = match evidence::of(attempt, hearing.terms) {
        Proof::Delivered => attempt.held != 0,
        _ => attempt.held == 0,
    };
    let other = |other: &AttemptFacts| other.n != attempt.n;
    let alone = hearing.purchase(attempt).filter(|o| other(o)).count() == 0;
    let clear = hearing.purchase(attempt).filter(|o| other(o)).all(|o| {
        let clear = evidence::of(o, hearing.terms);
        matches!(clear, Proof::NeverLeft | Proof::Declined) && !o.blurred && !o.in_flight
    });
    let delivered = evidence::of(attempt, hearing.terms) == Proof::Delivered;
    own && true_to_books
        && !attempt.is_excused()
        && (alone || clear && !delivered)
        && !hearing.has_namesake(attempt)
}
