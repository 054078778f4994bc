//! Where the evidence decides, the verdict decides: "unproven" for everything would be safe, and
//! of no use. Nor does it leave out what its reader must know: the amount that stands, and a void
//! or refund in doubt.

use super::evidence::{self, Proof};
use super::facts::AttemptFacts;
use super::hearing::{Hearing, Printed};
use super::open::books_disagree;
use super::traffic::Breach;
use super::words::{Promise, Understood};

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
    let quiet = !attempt.in_flight && !attempt.may_still && hearing.probe.gateway_up;
    // Where receipt and book disagree, care is right, whatever is proven of the book.
    let quiet = quiet && !books_disagree(hearing, attempt);
    let own = quiet && !attempt.blurred && attempt.is_money();
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
        && !hearing.may_be_mistaken(attempt)
}

/// What is said to be paid is said with the amount that was.
pub(super) fn amount(
    attempt: &AttemptFacts,
    printed: &Printed<'_>,
    words: &Understood,
) -> Option<Breach> {
    let said = printed
        .value
        .get("amount")
        .and_then(serde_json::Value::as_u64)?;
    let held = attempt.held.unsigned_abs();
    let counts = words.has(Promise::Paid) && held != 0 && !attempt.in_flight;
    // The amount asked for stands beside what a reversal of a part gave back.
    let mut reversals = attempt.reversals.iter();
    let partly = reversals.any(|own| own.stands == Some(held)) && said == attempt.amount;
    let told = printed
        .text("verdict")
        .contains("goes back, the rest stands");
    let wrong =
        counts && said != held && !(partly && told) && !attempt.is_excused() && attempt.is_money();
    wrong.then(|| {
        (
            "amount",
            format!("{said} is said to be paid, {held} is held"),
        )
    })
}

/// R20: a host in trouble (91, 92, 96) says that it did not make it, and nothing of the money.
pub(super) fn too_sure(attempt: &AttemptFacts, words: &Understood) -> Option<Breach> {
    let troubled = |code: &str| ["91", "92", "96"].contains(&code);
    let declines = &attempt.declines;
    let only = !declines.is_empty() && declines.iter().all(|answer| troubled(&answer.code));
    let undone = !attempt.reversals.is_empty() || !attempt.approvals.is_empty();
    let wrong = only && !undone && words.has(Promise::NothingDebited);
    wrong.then(|| {
        let code = &declines[0].code;
        let what = format!("answered {code} alone, and it is said that nothing was debited");
        ("R20", what)
    })
}

/// A void or refund whose outcome is not proven is told of where its original is.
pub(super) fn hidden_return(
    hearing: &Hearing<'_>,
    attempt: &AttemptFacts,
    printed: &Printed<'_>,
    words: &Understood,
) -> Option<Breach> {
    let told = words.has(Promise::Paid) || words.has(Promise::Authorized);
    let verdict = printed.text("verdict");
    let mentions = |back: &AttemptFacts| {
        let mut own = hearing.printed_of(back).iter().map(|own| own.text("tx"));
        own.any(|tx| !tx.is_empty() && verdict.contains(tx))
    };
    let in_doubt = |back: &&AttemptFacts| {
        let quiet = !back.in_flight && !back.blurred && !back.is_excused();
        let proof = evidence::of(back, hearing.terms);
        quiet && matches!(proof, Proof::Unproven(_)) && !mentions(back)
    };
    let hidden = hearing
        .returns_of(attempt)
        .find(in_doubt)
        .filter(|_| told)?;
    let (n, trade) = (hidden.n, hidden.trade);
    let what = format!("its {trade:?}, attempt {n}, is in doubt, and the verdict is silent on it");
    Some(("return-hidden", what))
}
