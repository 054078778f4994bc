//! Stories that begin in a checkpoint, and folds that keep only what is open.

use super::history::{History, opened};
use crate::engine::record::{
    Carried, CarriedTransaction, Fact, Record, Seq, State, StoredFrame, Why,
};
use crate::engine::seam::Wall;
use crate::engine::trace::{
    Cause, Keep, Retry, Seen, Stories, Story, Unconfirmed, Verdict, subject,
};
use crate::iso::message::Amount;
use crate::iso::spec::{Purpose, ReversalCause};

/// A history as a checkpoint carries it.
fn snapshot(history: &History, cause: ReversalCause) -> Record {
    let story = history.story();
    let carried = CarriedTransaction {
        reversal_answer: None,
        tx: history.tx,
        opened: opened(Purpose::Debit),
        state: story.state,
        began: story.began,
        last: story.last,
        request: StoredFrame::default(),
        cause: Some(cause),
        tries: story.reversal.tries,
        approved: story.seen == Seen::Approval,
        auth: story.auth,
        upstream: None,
        reversing: None,
        of_receipt: false,
        answer: None,
        rrn: None,
        doubted: false,
        returned: Amount(0),
    };
    Record {
        seq: Seq(1_000),
        at: Wall(story.changed.0 + 1),
        tx: None,
        prev: None,
        fact: Fact::Carried(Box::new(Carried::Transaction(carried))),
    }
}

#[test]
fn a_carried_story_knows_its_names_its_state_and_why() {
    let history = History::sale().timed_out().reverses(1).reverses(2);
    let carried = snapshot(&history, ReversalCause::NoAnswer);
    assert_eq!(subject(&carried), Some(history.tx));
    let story = Story::begin(&carried).unwrap();
    let verdict = Verdict::of(&story, &[]);
    assert_eq!(verdict.class, Some(Unconfirmed::ReversalPending));
    assert_eq!(verdict.causes, [Cause::ReversalPending, Cause::NoAnswer]);
    assert_eq!(
        verdict.verdict.en,
        "no answer in time; reversal pending, try 2, last result none"
    );
}

#[test]
fn what_a_checkpoint_does_not_carry_allows_nothing() {
    let history = History::sale().timed_out().reverses(1);
    let mut story = Story::begin(&snapshot(&history, ReversalCause::NoAnswer)).unwrap();
    let whole = history.reversal_answered("00", State::Reversed);
    story.fold(whole.records.last().unwrap());
    assert_eq!(
        (story.state, Retry::of(&story)),
        (State::Reversed, Retry::Unproven)
    );
    assert_eq!(Retry::of(&whole.story()), Retry::Yes);
}

#[test]
fn a_snapshot_tells_nothing_new_to_a_story_that_was_seen_to_happen() {
    let history = History::sale().timed_out().reverses(1);
    let mut stories = Stories::new(Keep::Everything);
    history
        .records
        .iter()
        .for_each(|record| stories.fold(record));
    let before = Verdict::of(stories.story(history.tx).unwrap(), &[]);
    stories.fold(&snapshot(&history, ReversalCause::Other));
    let story = stories.story(history.tx).unwrap();
    assert!(story.whole);
    assert_eq!(Verdict::of(story, &[]), before);
}

#[test]
fn only_what_is_open_is_kept_and_only_as_long() {
    let shapes = [
        (History::sale().delivered(), 0, 1),
        (History::sale().declined("51"), 0, 0),
        (History::sale().timed_out(), 1, 1),
        (History::refused(Why::RequestMac, "A0"), 0, 0),
        (
            History::sale()
                .timed_out()
                .reverses(1)
                .reversal_answered("00", State::Reversed),
            0,
            0,
        ),
    ];
    for (history, open, unsettled) in shapes {
        for (keep, left) in [(Keep::Open, open), (Keep::Unsettled, unsettled)] {
            let mut stories = Stories::new(keep);
            history
                .records
                .iter()
                .for_each(|record| stories.fold(record));
            assert_eq!(stories.len(), left, "{keep:?} {:?}", history.story().state);
            assert_eq!(stories.unconfirmed().count(), left);
        }
    }
}

/// S13u is watched for a late approval; it stays open when the watch is over (row t).
#[test]
fn a_closed_one_is_open_until_it_is_proven() {
    let mut history = History::sale()
        .timed_out()
        .reverses(1)
        .reversal_answered("25", State::ClosedUnproven);
    let mut stories = Stories::new(Keep::Open);
    history
        .records
        .iter()
        .for_each(|record| stories.fold(record));
    assert_eq!((stories.len(), stories.unconfirmed().count()), (1, 1));
    history = history.step(State::ClosedUnproven, Why::Plain);
    let mut over = history.records.pop().unwrap();
    if let Fact::Step(step) = &mut over.fact {
        step.row = crate::engine::record::Row('t');
    }
    stories.fold(&over);
    assert_eq!(
        stories.unconfirmed().count(),
        1,
        "its watch is over, its case is not"
    );
}
