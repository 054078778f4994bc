//! Answers that the gateway makes itself are verdicts, too: a decline of what a host holds, and a
//! reversal closed while the money stays.

use super::facts::{AttemptFacts, Meant, ToldAnswer, UndoMeant};
use super::hearing::Hearing;
use super::traffic::Breach;
use crate::engine::seam::Mono;

/// All breaches of one attempt.
pub(super) fn judge(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Vec<Breach> {
    let unasked = attempt.in_flight || attempt.blurred || !attempt.is_money();
    if unasked || attempt.held == 0 || hearing.is_listed(attempt) || is_going_on(attempt) {
        return Vec::new();
    }
    let rules = [declined(hearing, attempt), closed(hearing, attempt)];
    rules.into_iter().flatten().collect()
}

/// Whether a reversal of it is on its way, or wants another try.
fn is_going_on(attempt: &AttemptFacts) -> bool {
    let newest = attempt.reversals.last();
    newest.is_some_and(|reversal| {
        reversal
            .answered
            .is_none_or(|(_, means)| means == UndoMeant::Again)
    })
}

/// The terminal was told no by the gateway, and by no host.
fn declined(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let came = |at| {
        let answers = attempt.declines.iter().chain(&attempt.unknowns);
        answers.map(|answer| answer.at).any(|came| came <= at)
    };
    // One that holds a receipt knows better than the answer to its repeat.
    let holds = matches!(attempt.slip, super::facts::SlipSays::Approved(_));
    let gives_back = attempt.gives_back();
    let counts = if gives_back {
        attempt.held < 0
    } else {
        hearing.standing(attempt) > 0
    };
    // A no was true if it took a repeat to send the request after all.
    let was_true = |no: Mono| {
        let sent = attempt.sent.first().copied();
        let mut repeats = attempt.reached.iter().map(|came| came.now.mono);
        sent.is_some_and(|sent| no < sent && repeats.any(|came| no <= came && came <= sent))
    };
    let is_own_no = |told: &&ToldAnswer| told.means == Meant::Declined && !came(told.at);
    let mut told = attempt.told.iter().filter(is_own_no);
    let told = told.find(|told| told.delivered && !was_true(told.at))?;
    let code = told.code.as_deref().unwrap_or("none");
    let held = attempt.held;
    let what = format!("the gateway told {code} of what the host holds ({held})");
    (counts && !holds).then_some(("own-answer", what))
}

/// The terminal's reversal was closed by an answer, and the host holds the money.
fn closed(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    const CLOSING: [&str; 4] = ["00", "25", "12", "76"];
    let told = attempt.undo_told.iter().rfind(|told| {
        let code = told.code.as_deref().unwrap_or_default();
        told.delivered && CLOSING.contains(&code)
    })?;
    let wanted = attempt
        .undos
        .last()
        .and_then(|undo| undo.stands)
        .unwrap_or(0);
    let stands = if attempt.gives_back() {
        attempt.held.unsigned_abs()
    } else {
        u64::try_from(hearing.standing(attempt)).unwrap_or(0)
    };
    let code = told.code.as_deref().unwrap_or_default();
    let what = format!("its reversal was closed by {code}, and the host holds {stands}");
    (stands > wanted).then_some(("own-answer", what))
}
