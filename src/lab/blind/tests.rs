//! A marker that cannot be fooled: what is wrong is called wrong, what is unsafe unsafe.

use super::*;
use crate::engine::evidence::Tier;
use crate::engine::seam::{Mono, Now, Wall};
use crate::lab::judge::{Arrival, AttemptFacts, HostAnswer, ReversalFacts, UndoMeant};
use crate::lab::plan;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The first case of this name.
fn case(name: &str) -> BlindCase {
    let mut cases = (1..5_000).map(draw_case);
    let case = cases.find(|case| {
        let trade = case.plan.deeds.iter().find_map(|timed| {
            let ask = timed.deed.request()?;
            (ask.n == case.label.n).then_some(ask.trade)
        });
        case.label.name == name && trade == Some(plan::Trade::Sale)
    });
    case.unwrap()
}

/// A sale of which nobody was heard to answer, and a reversal that was answered so.
fn silent(answered: UndoMeant, held: i64) -> CaseBooks {
    let now = Now {
        mono: Mono(5_000_000),
        wall: Wall(1_795_313_476_000_000),
    };
    let facts = AttemptFacts {
        n: 1,
        purchase: 1,
        amount: 100,
        reached: vec![Arrival { now, conn: None }],
        sent: vec![now.mono],
        arrived: 1,
        held,
        reversals: vec![ReversalFacts {
            answered: Some((Mono(7_000_000), answered)),
            ..ReversalFacts::default()
        }],
        ..AttemptFacts::default()
    };
    CaseBooks {
        attempts: vec![facts],
        ..CaseBooks::default()
    }
}

fn verdict(cause: &str, retry: &str) -> Value {
    json!({
        "cause": cause, "safe_to_retry": retry, "state": "REVERSED", "open": false,
        "verdict": "", "verdict_zh": "", "next_step": "", "next_step_zh": "",
    })
}

#[test]
fn a_seed_gives_the_same_case_twice_and_every_kind_of_case_is_drawn() {
    let names: BTreeSet<String> = (1..3_000).map(|seed| draw_case(seed).label.name).collect();
    assert_eq!(draw_case(7).plan, draw_case(7).plan);
    assert!(names.len() > 80, "{} kinds", names.len());
    for family in Family::ALL {
        assert!((1..60).any(|seed| draw_case(seed).label.family == family));
    }
}

#[test]
fn a_word_that_is_not_so_is_wrong_and_so_is_a_fault_that_is_left_out() {
    let (case, books) = (case("answer lost"), silent(UndoMeant::Undone, 0));
    let marked = |cause| mark(&case, &books, &[(Tier::E0, verdict(cause, "no"))]);
    assert_eq!(marked("answer_lost").wrong, None);
    assert!(marked("declined").wrong.is_some(), "nobody declined");
    assert!(
        marked("terminal_reversed").wrong.is_some(),
        "no terminal did"
    );
    let nothing = mark(&case, &books, &[]);
    assert!(nothing.wrong.is_some(), "nothing was printed");
}

#[test]
fn a_guess_that_the_messages_do_not_prove_is_wrong_though_it_is_so() {
    let (case, books) = (case("answer lost"), silent(UndoMeant::Again, 100));
    let marked = |cause| mark(&case, &books, &[(Tier::E0, verdict(cause, "no"))]);
    assert!(marked("answer_lost").wrong.is_some());
    assert_eq!(marked("no_answer").wrong, None);
    assert!(marked("no_answer").abstains);
}

#[test]
fn what_allows_another_sale_while_a_book_holds_this_one_is_unsafe() {
    let (case, books) = (case("answer lost"), silent(UndoMeant::Closed, 100));
    let unsafe_at = |view: Value| {
        !mark(&case, &books, &[(Tier::E0, view)])
            .unsafe_at
            .is_empty()
    };
    assert!(unsafe_at(verdict("no_answer", "yes")));
    assert!(!unsafe_at(verdict("no_answer", "unproven")));
    for (key, words) in [
        ("next_step", "new sale allowed"),
        ("verdict_zh", "51 余额不足, 未扣款"),
    ] {
        let mut view = verdict("no_answer", "no");
        view[key] = json!(words);
        assert!(unsafe_at(view), "{words}");
    }
    let free = silent(UndoMeant::Undone, 0);
    let marked = mark(&case, &free, &[(Tier::E0, verdict("answer_lost", "yes"))]);
    assert!(marked.unsafe_at.is_empty() && marked.lied_at.is_empty());
}

#[test]
fn a_host_that_lied_excuses_the_messages_and_not_the_file_that_shows_it() {
    let case = case("answer lost");
    let mut books = silent(UndoMeant::Undone, 100);
    books.attempts[0].lied_since = Some(Mono(7_000_000));
    let view = || verdict("answer_lost", "yes");
    let printed = [(Tier::E0, view()), (Tier::E2, view())];
    let marked = mark(&case, &books, &printed);
    assert!(marked.lied_at.contains_key("E0"), "{marked:?}");
    assert_eq!(
        marked.unsafe_at.contains_key("E2"),
        case.label.file.shows_bookings()
    );
}

#[test]
fn an_alarm_about_what_is_well_is_false() {
    let case = case("an ordinary sale");
    let answer = HostAnswer {
        at: Mono(5_100_000),
        amount: 100,
        ..HostAnswer::default()
    };
    let mut books = silent(UndoMeant::Undone, 100);
    books.attempts[0].reversals.clear();
    books.attempts[0].approvals = vec![answer];
    books.attempts[0].told = vec![crate::lab::judge::ToldAnswer {
        means: crate::lab::judge::Meant::Approved,
        delivered: true,
        ..crate::lab::judge::ToldAnswer::default()
    }];
    let marked = |view| mark(&case, &books, &[(Tier::E0, view)]);
    assert!(!marked(verdict("outside_log", "no")).false_alarm);
    assert!(marked(verdict("terminal_gone", "no")).false_alarm);
    let mut listed = verdict("outside_log", "no");
    listed["open"] = json!(true);
    assert!(marked(listed).false_alarm, "it is on the list of open ones");
}

#[test]
fn sums_of_halves_are_the_sum_of_all() {
    let (case, books) = (case("answer lost"), silent(UndoMeant::Undone, 0));
    let one = mark(&case, &books, &[(Tier::E0, verdict("answer_lost", "no"))]);
    let other = mark(&case, &books, &[(Tier::E0, verdict("declined", "yes"))]);
    let (mut all, mut half, mut rest) = (
        BlindScore::default(),
        BlindScore::default(),
        BlindScore::default(),
    );
    all.add(&one);
    all.add(&other);
    half.add(&one);
    rest.add(&other);
    half.join(&rest);
    assert_eq!(all, half);
    assert_eq!(all.class_right.shown(), "50.0 %");
}
