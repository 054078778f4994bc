//! What nobody saw is said, and never counts as silence.

use super::{A, CLIENT, CaptureStage, HOSTS, SERVER, T, TERMINALS, answer, reversal, sale};
use crate::engine::observe::holes::RESTED;
use crate::engine::record::{Fact, State, Why};
use crate::iso::stream::{FlowEnd, FlowId};

#[test]
fn silence_behind_a_gap_is_no_silence() {
    let mut stage = CaptureStage::whole();
    stage.says(T, CLIENT, &sale("000001"));
    stage.gap(T, SERVER);
    stage.pass(100);
    stage.finish();
    assert_eq!((stage.state(), stage.why()), (State::TimedOut, Why::Unseen));
    assert_eq!(stage.count(|fact| matches!(fact, Fact::Unreadable(_))), 1);
}

#[test]
fn what_is_under_way_when_the_capture_ends_has_no_known_end() {
    let mut stage = CaptureStage::whole();
    stage.says(T, CLIENT, &sale("000001"));
    stage.ends(T, FlowEnd::CaptureEnded);
    stage.finish();
    assert_eq!((stage.rows().as_str(), stage.why()), ("CO", Why::Unseen));
}

#[test]
fn a_gap_marks_what_is_under_way_and_what_ended_before_it_and_nothing_that_begins_later() {
    let unseen = |pause: i64| {
        let mut stage = CaptureStage::whole();
        let first = sale("000001");
        stage.says(T, CLIENT, &first);
        stage.says(T, SERVER, &answer(&first, "51"));
        stage.pass(pause);
        let second = sale("000002");
        stage.says(T, CLIENT, &second);
        stage.says(T, SERVER, &answer(&second, "51"));
        stage.says(T, CLIENT, &sale("000003"));
        stage.gap(T, SERVER);
        let fourth = sale("000004");
        stage.says(T, CLIENT, &fourth);
        stage.says(T, SERVER, &answer(&fourth, "51"));
        let marked = stage.steps();
        marked
            .iter()
            .filter(|(_, _, why)| *why == Why::Unseen)
            .count()
    };
    assert_eq!(unseen(0), 3);
    assert_eq!(unseen(3600), 3);
}

#[test]
fn a_gap_on_another_connection_is_no_concern() {
    let mut stage = CaptureStage::two();
    stage.says(T, CLIENT, &sale("000001"));
    stage.says(A, CLIENT, &sale("000001"));
    let other = FlowId(7);
    stage.opened(other, TERMINALS, true);
    stage.gap(other, SERVER);
    assert_eq!(stage.rows(), "C");
}

#[test]
fn an_answer_of_which_nothing_names_its_transaction_is_told_and_begins_nothing() {
    let mut stage = CaptureStage::whole();
    let mut unnamed = answer(&sale("000001"), "00");
    unnamed.remove(crate::iso::message::FieldId::of(11));
    stage.says(T, SERVER, &unnamed);
    assert_eq!(stage.transactions(), 0);
    assert_eq!(stage.count(|fact| matches!(fact, Fact::Unmatched(_))), 1);
}

#[test]
fn a_request_that_was_not_seen_to_go_on_is_in_doubt() {
    let mut stage = CaptureStage::two();
    stage.says(T, CLIENT, &sale("000001"));
    stage.pass(100);
    stage.says(T, CLIENT, &sale("000002"));
    assert_eq!((stage.rows().as_str(), stage.why()), ("CH", Why::NoAnswer));
}

#[test]
fn an_answer_that_a_terminal_was_given_and_no_host_was_seen_to_give_counts_for_what_it_says() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.gap(A, SERVER);
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.state(), State::Delivered);
    assert!(stage.steps().iter().any(|(_, _, why)| *why == Why::Unseen));
}

#[test]
fn what_was_undone_before_a_hole_of_its_leg_is_unproven() {
    type Hole = fn(&mut CaptureStage);
    let holes: [Hole; 4] = [
        |stage| stage.gap(T, SERVER),
        |stage| stage.opened(FlowId(7), HOSTS, true),
        |stage| stage.says_bytes(T, SERVER, b"0210 that nobody can read"),
        |stage| stage.says(T, SERVER, &answer(&sale("000077"), "00")),
    ];
    for hole in holes {
        let mut stage = CaptureStage::whole();
        let sale = sale("000001");
        let undo = reversal(&sale, "000002");
        stage.says(T, CLIENT, &sale);
        stage.pass(50);
        stage.says(T, CLIENT, &undo);
        stage.says(T, SERVER, &answer(&undo, "00"));
        stage.pass(3600);
        assert_eq!((stage.state(), stage.why()), (State::Reversed, Why::Plain));
        hole(&mut stage);
        let mut steps = stage.steps().into_iter();
        assert!(steps.any(|(_, state, why)| (state, why) == (State::Reversed, Why::Unseen)));
    }
}

#[test]
fn an_answer_that_a_clock_put_before_its_request_leaves_it_unproven() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, SERVER, &answer(&sale, "00"));
    stage.says(T, CLIENT, &sale);
    assert_eq!(stage.transactions(), 1);
    assert!(stage.steps().iter().any(|(.., why)| *why == Why::Unseen));
}

#[test]
fn connections_that_only_rest_are_let_go_in_the_end() {
    let mut stage = CaptureStage::whole();
    for number in 1..=2 * u32::try_from(RESTED).unwrap() {
        let flow = FlowId(number);
        stage.opened(flow, TERMINALS, false);
        stage.ends(flow, FlowEnd::CaptureEnded);
    }
    assert_eq!(stage.observer.flows.len(), RESTED + 1);
    // The first, which never ended, is not among them.
    assert!(stage.observer.flows.contains_key(&T));
}
