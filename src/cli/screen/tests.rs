//! What people see.

use super::*;
use crate::engine::record::{Note, State, Why};
use crate::engine::trace::tests::History;
use crate::engine::trace::{Keep, Stories};

fn complaint() -> History {
    History::sale()
        .timed_out()
        .reverses(1)
        .after(2_000)
        .reverses(2)
        .reversal_answered("00", State::Reversed)
}

static CHINA: Zone = Zone::CHINA;

fn look(lang: Lang) -> Look<'static> {
    Look {
        lang,
        zone: &CHINA,
        colour: false,
        width: None,
    }
}

fn screen(history: &History, lang: Lang) -> String {
    full(&history.story(), &history.verdict(), look(lang))
}

#[test]
fn moments_are_told_in_the_zone_that_is_asked_for() {
    let (history, berlin) = (complaint(), Zone::read("Europe/Berlin").unwrap());
    let told = Look {
        zone: &berlin,
        ..look(Lang::En)
    };
    let text = full(&history.story(), &history.verdict(), told);
    assert!(text.contains("2026-11-22T03:11:12.345678+01:00"), "{text}");
    assert!(text.contains("  03:11:12.345678 "), "{text}");
}

#[test]
fn a_verdict_reads_in_english() {
    insta::assert_snapshot!(screen(&complaint(), Lang::En));
}

#[test]
fn a_verdict_reads_in_chinese() {
    insta::assert_snapshot!(screen(&complaint(), Lang::Zh));
}

#[test]
fn an_open_one_reads_with_its_dispute_keys() {
    let history = History::sale()
        .answer("00", State::Approved, Why::Plain)
        .after(3)
        .step(State::TerminalGone, Why::WriteFailed)
        .after(10_000)
        .reverses(1)
        .note(Note::Try(1))
        .reversal_answered("58", State::ReversalRefused);
    insta::assert_snapshot!(screen(&history, Lang::En));
}

#[test]
fn many_stand_in_one_table() {
    let mut stories = Stories::new(Keep::Everything);
    let mut next = History::sale().timed_out();
    let three = [
        History::sale().delivered(),
        complaint(),
        History::sale().declined("51"),
    ];
    for (card, mut history) in (1..).zip(three) {
        next.tx.0 += 400_000 << 80;
        history.name_first(|opened| opened.card_hash = [card; 16]);
        for mut record in history.records {
            record.tx = Some(next.tx);
            stories.fold(&record);
        }
    }
    let judged: Vec<_> = stories.iter().map(|s| (s, Verdict::of(s, &[]))).collect();
    let rows = judged.iter().map(|(story, verdict)| (*story, verdict));
    insta::assert_snapshot!(table(rows, look(Lang::En)));
}

#[test]
fn a_narrow_terminal_shortens_the_verdict_and_no_key() {
    let history = complaint();
    let (story, verdict) = (history.story(), history.verdict());
    let narrow = Look {
        width: Some(80),
        ..look(Lang::Zh)
    };
    let text = table([(&story, &verdict)], narrow);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.contains(" 10421695/100175 "), "{text}");
    insta::assert_snapshot!(text);
}
