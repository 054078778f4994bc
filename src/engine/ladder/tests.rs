//! What a ladder shows.

use super::*;
use crate::engine::record::{Hop, Note, State, Why};
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::Lang;
use crate::engine::trace::tests::History;

fn drawn(history: &History, lang: Lang) -> String {
    LadderChart::of(&history.story()).svg(lang, &Zone::CHINA)
}

/// The steps of a picture, each from its class on.
fn steps(svg: &str) -> Vec<&str> {
    svg.split("<g class=\"rung").skip(1).collect()
}

fn request(at: i64, mti: &str) -> LadderMessage<'_> {
    LadderMessage {
        at: Wall(at),
        hop: Hop::TerminalToGateway,
        mti,
        code: "",
        passing: Passing::Arrived,
        note: "",
    }
}

fn complaint() -> History {
    History::sale()
        .timed_out()
        .reverses(1)
        .after(2_000)
        .reverses(2)
        .reversal_answered("00", State::Reversed)
}

#[test]
fn the_first_failure_is_marked_and_only_the_first() {
    let svg = drawn(&complaint(), Lang::En);
    assert_eq!(svg.matches("first failure").count(), 1, "{svg}");
    let steps = steps(&svg);
    let first = steps.iter().find(|step| step.contains("first failure"));
    assert!(
        first.unwrap().contains("no answer by the deadline"),
        "{svg}"
    );
    assert!(!drawn(&History::sale().delivered(), Lang::En).contains("first failure"));
}

#[test]
fn a_gap_is_drawn_as_one_and_told() {
    let svg = drawn(&complaint(), Lang::En);
    assert!(
        svg.contains(">45.0 s later<") && svg.contains(">2.0 s later<"),
        "{svg}"
    );
    assert!(drawn(&complaint(), Lang::Zh).contains(">45.0 s后<"));
}

#[test]
fn a_repeat_a_late_answer_and_one_that_never_came_look_different() {
    let svg = drawn(&complaint(), Lang::En);
    let repeats = steps(&svg)
        .into_iter()
        .filter(|step| step.starts_with(" repeat"));
    assert_eq!(repeats.count(), 1, "the second try: {svg}");
    assert!(
        steps(&svg).iter().any(|step| step.starts_with(" lost")),
        "{svg}"
    );
    let late = History::sale()
        .timed_out()
        .after(900)
        .late_approval(900, State::LateApproval);
    let svg = drawn(&late, Lang::En);
    assert!(
        steps(&svg).iter().any(|step| step.starts_with(" late")),
        "{svg}"
    );
}

#[test]
fn an_approval_that_could_not_be_written_ends_in_a_cross() {
    let history = History::sale()
        .delivered()
        .after(3)
        .step(State::TerminalGone, Why::WriteFailed);
    let svg = drawn(&history, Lang::En);
    let lost: Vec<_> = steps(&svg)
        .into_iter()
        .filter(|step| step.starts_with(" lost"))
        .collect();
    assert_eq!(lost.len(), 1, "{svg}");
    assert!(lost[0].contains("gateway to terminal"), "{svg}");
}

#[test]
fn each_message_carries_its_place_among_the_messages() {
    let history = complaint();
    let legs = history
        .story()
        .moments
        .iter()
        .filter(|moment| moment.leg.is_some())
        .count();
    let svg = drawn(&history, Lang::En);
    for index in 0..legs {
        assert!(
            svg.contains(&format!("data-index=\"{index}\"")),
            "{index}: {svg}"
        );
    }
    assert_eq!(svg.matches("data-index=\"").count(), legs);
}

#[test]
fn timers_end_with_their_answer_or_in_vain_or_not_at_all() {
    let count = |svg: &str, class: &str| svg.matches(&format!("class=\"{class}\"")).count();
    let answered = drawn(&History::sale().delivered(), Lang::En);
    assert_eq!(count(&answered, "timer"), 1, "{answered}");
    let svg = drawn(&complaint(), Lang::En);
    assert_eq!(
        (count(&svg, "timer vain"), count(&svg, "timer")),
        (2, 1),
        "{svg}"
    );
    let waiting = drawn(&History::sale(), Lang::En);
    assert_eq!(count(&waiting, "timer runs"), 1, "{waiting}");
}

#[test]
fn side_traffic_is_shown_when_it_is_asked_for() {
    let (sale, echo) = (complaint(), History::sale());
    let chart = LadderChart::of(&sale.story());
    assert!(!chart.svg(Lang::En, &Zone::CHINA).contains(" side\""));
    let both = chart.beside([&echo.story()]);
    assert!(both.svg(Lang::En, &Zone::CHINA).contains(" side\""));
}

#[test]
fn texts_of_strangers_are_texts() {
    let wrong = "<script>\u{202e}\u{1}\u{7f}&\"";
    let history = History::sale()
        .after(5)
        .step(State::TimedOut, Why::AnswerUnreadable)
        .note(Note::Detail(crate::iso::message::Text::clipped(wrong)));
    let mut chart = LadderChart::of(&history.story());
    chart.pass(&LadderMessage {
        code: wrong,
        passing: Passing::Lost,
        note: wrong,
        ..request(1, wrong)
    });
    let svg = chart.svg(Lang::En, &Zone::CHINA);
    assert!(
        !svg.contains("<script") && svg.contains("&lt;script&gt;"),
        "{svg}"
    );
    assert!(!svg.contains(['\u{202e}', '\u{1}', '\u{7f}']), "{svg}");
    assert!(svg.contains("⟨202E⟩⟨01⟩⟨7F⟩"), "{svg}");
}

#[test]
fn a_story_without_end_is_drawn_in_part() {
    let mut chart = LadderChart::default();
    for at in 0..5_000 {
        chart.pass(&request(at, "0200"));
    }
    let svg = chart.svg(Lang::En, &Zone::CHINA);
    assert!(svg.contains("some steps are not shown"));
    assert!(svg.len() < 300_000, "{}", svg.len());
}

#[test]
fn a_complaint_as_it_is_drawn() {
    let svg = drawn(&complaint(), Lang::En).replace(LADDER_STYLE, "");
    insta::assert_snapshot!(svg.replace("<g", "\n<g"));
}
