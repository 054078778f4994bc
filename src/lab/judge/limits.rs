//! What must have happened by now: an answer to who asked in vain, an exception for a reversal that
//! is too old, a line of history for whatever came, and a reversal where one is promised.

use super::facts::{AttemptFacts, SlipSays, UndoAsked, UndoMeant};
use super::hearing::Hearing;
use super::traffic::Breach;
use super::words::{Promise, Understood};
use crate::engine::seam::Mono;

/// All breaches of one attempt.
pub(super) fn judge(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Vec<Breach> {
    let rules = [
        history(hearing, attempt),
        silence(hearing, attempt),
        exception(hearing, attempt),
        starved(hearing, attempt),
        unanswered(hearing, attempt),
    ];
    rules.into_iter().flatten().collect()
}

/// I8: what reached the gateway is told as long as history is kept. What has all names of another
/// is told with that, as its repeat.
fn history(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let began = attempt.began()?;
    let age = hearing.probe.now.mono - began;
    let kept = age < hearing.terms.retain && !attempt.in_flight && !attempt.blurred;
    let told = !hearing.printed_of(attempt).is_empty() || hearing.has_namesake(attempt);
    let missing = kept && !told;
    missing.then(|| {
        (
            "history",
            "it reached the gateway, and no line tells of it".to_owned(),
        )
    })
}

/// A request that never left is answered no before its asker gives up; but for one that may be a
/// repeat of another, to which a no would be a lie.
fn silence(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let began = attempt.began()?;
    let wait = hearing.terms.timeout + hearing.terms.timeout / 2;
    let age = hearing.probe.now.mono - began;
    let silent = !attempt.was_sent()
        && attempt.told.is_empty()
        && attempt.undos.is_empty()
        && attempt.asker_there
        && !hearing.has_namesake(attempt)
        && attempt.well
        && hearing.probe.gateway_up
        && age > wait;
    let what = "its request never left the gateway, and nobody told the terminal";
    silent.then(|| ("silence", what.to_owned()))
}

/// R14: a reversal that is too old, or was sent too often, is an exception.
fn exception(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let terms = hearing.terms;
    let is_final = |means: UndoMeant| means != UndoMeant::Again;
    let answers = attempt.reversals.iter().filter_map(|r| r.answered);
    let closed = answers.map(|(_, means)| means).any(is_final);
    let over = closed || !attempt.declines.is_empty();
    let seen = hearing.probe.gateway_up && hearing.probe.settled;
    let printed = hearing.printed_of(attempt);
    if over || !seen || attempt.blurred || !attempt.was_sent() || printed.is_empty() {
        return None;
    }
    let now = hearing.probe.now.mono;
    let handed_over = attempt
        .undo_told
        .iter()
        .find(|told| told.code.as_deref() == Some("00"));
    let firsts = attempt.reversals.first().map(|reversal| reversal.left);
    let begun: Option<Mono> = firsts.into_iter().chain(handed_over.map(|t| t.at)).min();
    let begun = begun?;
    let aged = now - begun > terms.expire + terms.timeout * 4;
    let last = attempt.reversals.last().map(|reversal| reversal.left);
    let often = attempt.reversals.len() >= terms.tries.max(1)
        && last.is_some_and(|last| now - last > terms.timeout * 2);
    let listed = printed.iter().any(|printed| printed.text("class") == "U6");
    let missing = (aged || often) && !listed;
    missing.then(|| {
        let tries = attempt.reversals.len();
        let what = format!("its reversal has no answer after {tries} tries, and is not U6");
        ("U6", what)
    })
}

/// R21: each reversal of a terminal is answered under its own number, once one of them is final.
fn unanswered(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let ends = attempt.reversals.iter().filter_map(|reversal| {
        let (at, means) = reversal.answered?;
        (means != UndoMeant::Again).then_some(at)
    });
    let end = ends.min()?;
    let now = hearing.probe.now.mono;
    let waits = hearing.terms.timeout * 2;
    let waiting = |undo: &UndoAsked| {
        let mut told = attempt.undo_told.iter();
        let own = told.any(|told| told.stan == undo.stan && told.at >= undo.now.mono);
        undo.there && undo.well && !own && now - undo.now.mono.max(end) > waits
    };
    let known = hearing.probe.gateway_up && !attempt.blurred && !hearing.is_listed(attempt);
    let undo = attempt.undos.iter().find(|undo| waiting(undo))?;
    let (mti, stan) = (&undo.mti, undo.stan);
    let what = format!("its reversal is final, and the {mti} under number {stan} has no answer");
    known.then_some(("unanswered", what))
}

/// A terminal's reversal goes out while it waits, whatever becomes of others.
fn starved(hearing: &Hearing<'_>, attempt: &AttemptFacts) -> Option<Breach> {
    let first = attempt.undos.first()?;
    let now = hearing.probe.now.mono;
    let left = attempt.reversals.first().map(|reversal| reversal.left);
    let until = left.unwrap_or(now);
    let waited = until - first.now.mono;
    let delivered = attempt.told.iter().any(|told| told.delivered);
    let may_go = delivered && attempt.declines.is_empty() && attempt.unknowns.is_empty();
    let answered = attempt.undo_told.iter().any(|told| told.at < until);
    let alone = first.there && first.well && !answered;
    let sound = attempt.doubtful.is_empty() && !attempt.approvals.is_empty();
    let starves = hearing.terms.is_wide
        && may_go
        && alone
        && sound
        && hearing.probe.gateway_up
        && waited > hearing.terms.patience;
    let waited = waited.as_millis();
    let what = format!("its reversal was not sent for {waited} ms, while its terminal waits");
    starves.then_some(("starved", what))
}

/// Nobody is told to wait for a reversal that nobody will send.
pub(super) fn waits_in_vain(
    hearing: &Hearing<'_>,
    attempt: &AttemptFacts,
    words: &Understood,
) -> Option<Breach> {
    let promised = words.has(Promise::WaitReversal) || words.has(Promise::WillReturn);
    let gave_up = matches!(
        attempt.slip,
        SlipSays::Unanswered | SlipSays::Declined | SlipSays::UndoGivenUp | SlipSays::NotSent
    );
    let nobody = attempt.reversals.is_empty()
        && attempt.undos.is_empty()
        && (attempt.notice || !hearing.terms.reverses && gave_up)
        && !attempt.in_flight;
    let what = "it says to wait for a reversal, and nobody will send one";
    (promised && nobody).then(|| ("wait-in-vain", what.to_owned()))
}
