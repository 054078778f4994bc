//! Which words of the closed list of causes are true of a case: by wires and books alone, each
//! under its own condition.

use super::books::CaseBooks;
use super::case::{BlindCase, DEADLINE, FileTwist};
use crate::engine::seam::Mono;
use crate::lab::judge::{AttemptFacts, Meant, UndoMeant};
use crate::lab::plan::Trade;
use std::collections::BTreeSet;
use std::time::Duration;

/// Every word that is true of a case, so far as the gateway could know it. A verdict that says
/// another one is wrong, by luck or not.
#[must_use]
pub fn true_words(case: &BlindCase, books: &CaseBooks) -> BTreeSet<&'static str> {
    let label = &case.label;
    let mut words: BTreeSet<&'static str> = label.also.iter().copied().collect();
    let Some(facts) = books.attempt(label.n) else {
        return words;
    };
    let seen = WireFacts::of(facts);
    let mut add = |word: &'static str, holds: bool| {
        if holds {
            words.insert(word);
        }
    };
    add("no_answer", seen.silent);
    add(
        "answer_lost",
        seen.silent && facts.arrived > 0 && seen.undone,
    );
    add("request_lost_or_unknown", seen.silent && seen.closed);
    add("answer_late", seen.late);
    add("answers_disagree", seen.disagree);
    add("outcome_unknown_upstream", !facts.unknowns.is_empty());
    add("declined", !facts.declines.is_empty());
    add("answer_mismatch", !facts.misfits.is_empty());
    add("terminal_reversed", !facts.undos.is_empty());
    add("acquirer_reversed", facts.undone_above.is_some());
    add("reversal_refused", seen.refused);
    add("reversal_undeliverable", seen.tried_in_vain);
    add("approval_after_reversal", seen.overtaken);
    // Where answers disagree, nobody knows which of them the terminal holds.
    add(
        "delivery_unproven",
        seen.told && (!seen.proven || seen.disagree),
    );
    add("terminal_gone", !facts.approvals.is_empty() && !seen.read);
    add("restart", facts.interrupted);
    add("outside_log", seen.told && seen.in_time);
    add("another_attempt", facts.reached.len() > 1);
    // Where the trace number alone is the key, another terminal may use the same one just then.
    let by_number = case.plan.setup.match_fields == [11];
    add("refused_duplicate", by_number && facts.sent.is_empty());
    // Its terminal has it in no batch, or as undone.
    add("settle_mismatch", seen.told && !seen.read);
    add("answered", facts.trade == Trade::Balance);
    add("completion_missing", facts.trade == Trade::Hold);
    for word in &label.never {
        words.remove(word);
    }
    words
}

/// What the gateway could see of an attempt.
#[derive(Clone, Copy, Debug)]
struct WireFacts {
    /// No answer of any kind came in time.
    silent: bool,
    /// An approval came in time.
    in_time: bool,
    /// One came too late.
    late: bool,
    /// Two answers contradict each other.
    disagree: bool,
    /// A reversal was answered: undone.
    undone: bool,
    /// One was answered: not found.
    closed: bool,
    /// One was refused for good.
    refused: bool,
    /// There were some, and none was answered for good.
    tried_in_vain: bool,
    /// An approval came after one was answered: undone.
    overtaken: bool,
    /// An approval was written to the terminal.
    told: bool,
    /// The terminal read it.
    read: bool,
    /// And nothing casts doubt on that.
    proven: bool,
}

impl WireFacts {
    fn of(facts: &AttemptFacts) -> Self {
        let deadline = facts.began().unwrap_or_default() + Duration::from_millis(DEADLINE);
        let answers = [&facts.approvals, &facts.declines, &facts.unknowns];
        let times = || answers.into_iter().flatten().map(|answer| answer.at);
        let doubted = || facts.doubtful.iter().chain(&facts.misfits).copied();
        let any_in_time = times().chain(doubted()).any(|at| at <= deadline);
        let auths: BTreeSet<&str> = facts
            .approvals
            .iter()
            .map(|yes| yes.auth.as_str())
            .collect();
        let kinds = answers.into_iter().filter(|own| !own.is_empty()).count();
        let undo = |meant: UndoMeant| {
            let mut answered = facts.reversals.iter().filter_map(|own| own.answered);
            answered.find(|(_, own)| *own == meant).map(|(at, _)| at)
        };
        let undone: Option<Mono> = undo(UndoMeant::Undone);
        let final_word = undone.is_some()
            // What was approved cannot be unknown: that answer ends nothing.
            || undo(UndoMeant::Closed).is_some() && facts.approvals.is_empty()
            || undo(UndoMeant::Refused).is_some();
        let yes = || {
            facts
                .told
                .iter()
                .filter(|told| told.means == Meant::Approved)
        };
        let approved =
            |holds: &dyn Fn(Mono) -> bool| facts.approvals.iter().any(|own| holds(own.at));
        Self {
            silent: facts.was_sent() && !any_in_time,
            in_time: approved(&|at| at <= deadline),
            late: approved(&|at| at > deadline),
            disagree: kinds > 1 || auths.len() > 1,
            undone: undone.is_some(),
            closed: undo(UndoMeant::Closed).is_some(),
            refused: undo(UndoMeant::Refused).is_some(),
            tried_in_vain: !facts.reversals.is_empty() && !final_word,
            overtaken: undone.is_some_and(|undone| approved(&|at| at > undone)),
            told: yes().next().is_some(),
            read: yes().any(|told| told.delivered),
            proven: yes().any(|told| told.delivered && !told.doubted),
        }
    }
}

/// The word that must be told once the files of both ends are at hand; `None`
/// where these files cannot tell more than the messages do.
///
/// They can tell: silence, by whether the acquirer's book had it; what is booked though the
/// messages prove nothing; what is not booked, or for another amount, though they approve; what
/// was taken back unheard; and what became of the pay-out.
#[must_use]
pub fn filed_word(case: &BlindCase, books: &CaseBooks) -> Option<&'static str> {
    let facts = books.attempt(case.label.n)?;
    let file = case.label.file;
    if !file.tells() {
        return None;
    }
    if facts.sent.is_empty() || facts.trade != Trade::Sale {
        return None;
    }
    let seen = WireFacts::of(facts);
    // Nothing was heard that names it as this file does.
    if file == FileTwist::NoTerminal && seen.silent {
        return None;
    }
    let lost = file == FileTwist::Lost;
    let booked = books.request(facts.n).is_some_and(|request| request.booked) && !lost;
    let twice = file == FileTwist::Twice;
    let returned = case.label.also.contains(&"voided");
    let doubted = !facts.doubtful.is_empty() || !facts.misfits.is_empty();
    let answered = !facts.approvals.is_empty();
    let other = !facts.declines.is_empty() || !facts.unknowns.is_empty();
    let undone = seen.undone || facts.undone_above.is_some() || !facts.undos.is_empty();
    let reversed = !facts.reversals.is_empty();
    let stands = seen.told && !undone && !reversed && !other && !doubted && !returned;
    let asked = facts
        .approvals
        .first()
        .map_or(facts.amount, |yes| yes.amount);
    let held = match facts.held.unsigned_abs() {
        _ if lost => 0,
        held if twice && booked => held + asked,
        held => held,
    };
    Some(match (booked, held) {
        (false, _) if stands => "missing_at_acquirer",
        (true, 0) if stands => "returned_later",
        (true, _) if twice && held == 2 * asked => "booked_twice",
        (true, _) if stands && held != asked => "other_amount",
        (true, _) if stands => case.label.payout?.word(),
        (true, 1..) if !answered && !doubted => "booked_at_acquirer",
        (true, 0) if !answered && !other && !doubted && seen.undone => "answer_lost",
        (false, _) if !answered && !other && !doubted && reversed => "request_lost_or_unknown",
        _ => return None,
    })
}
