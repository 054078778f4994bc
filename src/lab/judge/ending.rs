//! When all is healed: each purchase is charged at most once and returned at most once, and nothing
//! is left that only time would solve.

use super::facts::AttemptFacts;
use super::hearing::Hearing;
use super::traffic::Breach;
use crate::engine::seam::Mono;

/// All breaches of one attempt, with the attempts whose hosts may excuse them.
pub(super) fn judge<'a>(hearing: &Hearing<'a>, attempt: &'a AttemptFacts) -> Vec<(Breach, u32)> {
    let mut breaches = Vec::new();
    if !hearing.probe.healed {
        return breaches;
    }
    breaches.extend(twice(hearing, attempt));
    breaches.extend(returned_twice(hearing, attempt).map(|breach| (breach, attempt.n)));
    breaches.extend(pending(hearing, attempt).map(|breach| (breach, attempt.n)));
    breaches
}

/// A cashier was told that it might try again, and the customer paid twice.
fn twice(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<(Breach, u32)> {
    if attempt.allowed_by == 0 || !hearing.is_payer(attempt) {
        return None;
    }
    let told = hearing.attempt(attempt.allowed_by)?;
    // What came later, the verdict could not know of; nor whose it is, if no name says so (D0).
    let began = attempt.began()?;
    let mut others = hearing.purchase(attempt).filter(|other| {
        other.n != attempt.n && went_before(other, began) && hearing.can_be_linked(told, other)
    });
    // A lie that nothing had contradicted yet, nobody could see through.
    let seen = |other: &&AttemptFacts| !other.was_excused(attempt.allowed_at);
    let other = others.find(|other| hearing.is_payer(other) && seen(other))?;
    let (by, first) = (attempt.allowed_by, other.n);
    let what = format!("charged twice, also by attempt {first}; attempt {by} allowed it");
    Some((("twice", what), first))
}

/// Whether it left for a host by what its terminal had sent before a moment: no repeat of a request
/// that never left, which the terminal sends later by itself, is foreseen by anybody.
fn went_before(attempt: &AttemptFacts, moment: Mono) -> bool {
    let asked = |sent: Mono| {
        let came = attempt.reached.iter().map(|came| came.now.mono);
        came.filter(|came| *came <= sent).max()
    };
    let mut sent = attempt.sent.iter();
    sent.any(|sent| asked(*sent).is_some_and(|came| came < moment))
}

/// More is given back than was taken.
fn returned_twice(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let takes = attempt.is_money() && !attempt.gives_back();
    let standing = hearing.standing(attempt);
    let mut returns = hearing.returns_of(attempt);
    let listed = hearing.is_listed(attempt) || returns.any(|back| hearing.is_listed(back));
    // What a host gives back that it never took is its own doing.
    let own = |back: &AttemptFacts| back.is_excused() || back.overgiven;
    let excused = hearing.returns_of(attempt).any(own);
    // A terminal that asks for more than it was given does so by itself.
    let taken = hearing.returns_of(attempt).filter(|back| back.held != 0);
    let by_itself = attempt.held > 0 && taken.count() == 1;
    let wrong = takes && standing < 0 && !listed && !excused && !by_itself;
    wrong.then(|| {
        (
            "returned-twice",
            format!("{} too much is given back", -standing),
        )
    })
}

/// Where the gateway reverses, only what no reversal can solve is left on the list.
fn pending(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let reverses = hearing.terms.reverses && !attempt.notice && attempt.is_money();
    let mut printed = hearing.printed_of(attempt).iter();
    let stuck = printed.find(|printed| matches!(printed.text("class"), "U2" | "U3" | "U5"))?;
    let class = stuck.text("class");
    let what = format!("all is well again, and it is still {class}");
    // Without its card number a reversal waits for the keys of the journal, or for people.
    // So does one of a request that could not all be read, or is of no kind that its dialect names:
    // nothing is made of what was not understood. It stands on the list for people (R14).
    let waits = attempt.keys_lost || attempt.partly_read || attempt.no_kind;
    (reverses && !attempt.blurred && !waits).then_some(("pending-at-end", what))
}
