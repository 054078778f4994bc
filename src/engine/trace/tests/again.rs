//! What is asked again, under its own name or another.

use super::history::{History, opened};
use super::verdicts::{C, No, S, Unproven, Yes};
use crate::engine::record::Why;
use crate::engine::trace::{Keep, Stories, Verdict};
use crate::iso::spec::Purpose;

/// A refund that comes a second time under its name, later than anything of the first.
fn refund_again(goes_on: fn(History) -> History) -> History {
    let mut again = History::new();
    again.tx.0 += 1;
    let again = again.open(opened(Purpose::Refund), S::Forwarded, Why::Plain, Some(()));
    let mut again = goes_on(again);
    again
        .records
        .iter_mut()
        .for_each(|record| record.seq.0 += 1000);
    again
}

/// Advices and inquiries may be asked again under their old name, once they are given up.
#[test]
fn what_was_asked_again_is_told_under_the_repeat() {
    let first = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let again = refund_again(History::delivered);
    for keep in [Keep::Open, Keep::Everything] {
        let mut stories = Stories::new(keep);
        first.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 1);
        again.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 0, "{keep:?}");
        if let Some(story) = stories.story(first.tx) {
            let verdict = Verdict::of(story, &[]);
            let said = format!("no answer in 45s; asked again as {}", again.tx);
            assert_eq!((verdict.verdict.en, verdict.open), (said, false));
        }
    }
}

/// An answer that is not believed leaves as much open as none, and the repeat tells what became
/// of both.
#[test]
fn a_repeat_tells_of_what_was_not_answered_or_not_believed() {
    let lost = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let doubtful = History::of(Purpose::Refund).answer("00", S::Unanswered, Why::AnswerMac);
    for first in [lost, doubtful] {
        let again = refund_again(History::delivered);
        let mut stories = Stories::new(Keep::Open);
        first.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 1);
        again.records.iter().for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), 0);
    }
}

/// The first may have been booked, and a host may decline what comes twice: one of both is listed.
#[test]
fn a_repeat_that_is_declined_tells_nothing_of_a_first_that_was_perhaps_approved() {
    let lost = History::of(Purpose::Refund)
        .after(45_000)
        .step(S::Unanswered, Why::NoAnswer);
    let doubtful = History::of(Purpose::Refund).answer("00", S::Unanswered, Why::AnswerMac);
    for (first, listed) in [(lost, 0), (doubtful, 1)] {
        let again = refund_again(|again| again.answer("12", S::Declined, Why::Plain));
        let mut stories = Stories::new(Keep::Open);
        let records = first.records.iter().chain(&again.records);
        records.for_each(|record| stories.fold(record));
        assert_eq!(stories.unconfirmed().count(), listed);
    }
}

/// S2.19: the cashier switches tills.
#[test]
fn another_attempt_forbids_what_one_alone_would_allow() {
    let first = History::sale().timed_out();
    let mut second = History::new();
    second.tx.0 += 1;
    let names = crate::engine::record::Opened {
        twin: Some(first.tx),
        ..opened(Purpose::Debit)
    };
    let second = second
        .open(names, S::Forwarded, Why::Plain, Some(()))
        .declined("51");

    let alone = second.verdict();
    assert_eq!(
        alone.safe_to_retry, Unproven,
        "the other one is not at hand"
    );
    let story = second.story();
    let beside = |first: &History| Verdict::of(&story, &[&first.story()]);
    assert_eq!(beside(&first).safe_to_retry, No);
    assert!(
        beside(&first)
            .verdict
            .en
            .ends_with(&format!("another attempt {}: TIMED-OUT", first.tx))
    );
    assert_eq!(beside(&History::sale().delivered()).safe_to_retry, Unproven);
    let reversed = first
        .clone()
        .reverses(1)
        .reversal_answered("00", S::Reversed);
    assert_eq!(beside(&reversed).safe_to_retry, Yes);

    let void = History::of(Purpose::Void).delivered();
    assert_eq!(
        beside(&void).safe_to_retry,
        Yes,
        "a void is no attempt of a sale"
    );

    let mut stories = Stories::new(Keep::Everything);
    first
        .records
        .iter()
        .chain(&second.records)
        .for_each(|record| stories.fold(record));
    let first = stories.story(first.tx).unwrap();
    assert_eq!(
        first.twins,
        [story.tx],
        "the earlier one learns of the later one"
    );
    let verdict = Verdict::of(first, &stories.others(first));
    assert!(verdict.causes.contains(&C::AnotherAttempt));
}
