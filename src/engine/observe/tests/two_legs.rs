//! A gateway stands between: what came in, what went on, what was said back.

use super::{A, CLIENT, CaptureStage, HOSTS, SERVER, T, answer, reversal, sale, with};
use crate::engine::record::{Fact, Hop, Known, Row, State, Why};
use crate::iso::stream::{FlowEnd, FlowId};

#[test]
fn a_request_that_goes_on_as_it_came_has_one_record() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.answers(&answer(&sale, "00"));
    assert_eq!(stage.rows(), "CDP");
    assert_eq!(stage.transactions(), 1);
}

#[test]
fn a_request_under_another_number_has_two_and_its_answers_are_found_by_both() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    let there = with(&sale, &[("11", "000777"), ("7", "1122021113")]);
    stage.says(T, CLIENT, &sale);
    stage.says(A, CLIENT, &there);
    stage.says(A, SERVER, &answer(&there, "00"));
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.rows(), "CzDP");
    assert_eq!(stage.transactions(), 1);
}

#[test]
fn two_that_look_alike_are_not_told_apart_by_a_guess() {
    let mut stage = CaptureStage::two();
    let (one, other) = (sale("000001"), sale("000002"));
    let there = with(&one, &[("11", "000777"), ("7", "1122021113")]);
    stage.says(T, CLIENT, &one);
    stage.says(T, CLIENT, &other);
    stage.says(A, CLIENT, &there);
    stage.says(A, SERVER, &answer(&there, "00"));
    stage.finish();
    assert_eq!(stage.transactions(), 3);
    assert!(
        stage
            .steps()
            .iter()
            .all(|(_, state, _)| *state != State::Delivered)
    );
}

#[test]
fn no_request_goes_on_over_the_connection_that_it_came_over() {
    let mut stage = CaptureStage::two();
    stage.says(T, CLIENT, &sale("000001"));
    stage.opened(T, HOSTS, false);
    stage.says(T, CLIENT, &sale("000002"));
    stage.finish();
    assert_eq!(stage.transactions(), 2);
}

#[test]
fn a_gateway_that_says_no_by_itself_has_sent_nothing_on() {
    for (code, row, state) in [("96", 'A', State::Refused), ("91", 'B', State::NotSent)] {
        let mut stage = CaptureStage::two();
        let sale = sale("000001");
        stage.says(T, CLIENT, &sale);
        stage.says(T, SERVER, &own(&sale, code));
        assert_eq!(stage.rows(), format!("{row}z"));
        assert_eq!(stage.state(), state);
    }
}

/// An answer that a gateway makes by itself: no host gave it a reference number.
fn own(request: &crate::iso::codec::Message, code: &str) -> crate::iso::codec::Message {
    let mut own = answer(request, code);
    own.remove(crate::iso::message::FieldId::of(37));
    own
}

#[test]
fn a_no_that_only_a_host_gives_came_from_one_that_was_not_captured() {
    for (code, named) in [("51", false), ("96", true)] {
        let mut stage = CaptureStage::two();
        let sale = sale("000001");
        stage.says(T, CLIENT, &sale);
        let no = if named {
            answer(&sale, code)
        } else {
            own(&sale, code)
        };
        stage.says(T, SERVER, &no);
        assert_eq!((stage.state(), stage.why()), (State::TimedOut, Why::Unseen));
    }
}

#[test]
fn where_what_went_on_may_have_been_missed_a_no_of_the_gateway_proves_nothing() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.gap(A, CLIENT);
    stage.says(T, SERVER, &own(&sale, "96"));
    assert_eq!((stage.state(), stage.why()), (State::TimedOut, Why::Unseen));
}

#[test]
fn a_reversal_that_no_terminal_asked_for_is_the_gateways_own() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    let undo = reversal(&sale, "000900");
    stage.asks(&sale);
    stage.says(A, CLIENT, &undo);
    stage.says(A, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.rows(), "CHXjl");
    assert_eq!(stage.transactions(), 1);
}

#[test]
fn a_terminals_reversal_is_its_wish_and_the_gateways_message_the_try() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    let asked = reversal(&sale, "000002");
    stage.asks(&sale);
    stage.says(T, CLIENT, &asked);
    stage.says(A, CLIENT, &reversal(&sale, "000900"));
    stage.says(A, SERVER, &answer(&reversal(&sale, "000900"), "00"));
    stage.says(T, SERVER, &answer(&asked, "00"));
    assert_eq!(stage.rows(), "CUjlz");
    assert_eq!(stage.state(), State::Reversed);
}

#[test]
fn a_receipt_that_a_gateway_reverses_is_listed_though_the_reversal_was_accepted() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    let undo = reversal(&sale, "000900");
    stage.asks(&sale);
    stage.answers(&answer(&sale, "00"));
    stage.says(A, CLIENT, &undo);
    stage.says(A, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.rows(), "CDPYj6");
    assert_eq!(stage.state(), State::SettleMismatch);
}

#[test]
fn an_approval_that_the_terminal_is_not_given_is_not_delivered() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.says(A, SERVER, &answer(&sale, "00"));
    stage.says(T, SERVER, &answer(&sale, "68"));
    assert_eq!(stage.rows(), "CDQ");
    assert_eq!(stage.state(), State::TerminalGone);
}

#[test]
fn a_terminal_that_is_told_yes_for_a_no_holds_something_open() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.says(A, SERVER, &answer(&sale, "51"));
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.why(), Why::AnswersDisagree);
    assert_eq!(stage.state().meaning().known, Known::Doubt);
}

#[test]
fn a_terminal_that_hung_up_gets_nothing() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.ends(T, FlowEnd::Closed);
    stage.says(A, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.rows(), "CKM");

    let mut stage = CaptureStage::two();
    stage.says(T, CLIENT, &sale);
    stage.ends(T, FlowEnd::Closed);
    stage.says(A, CLIENT, &sale);
    assert_eq!(stage.rows(), "CK");
}

#[test]
fn what_only_the_hosts_side_shows_is_never_delivered() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.says(A, CLIENT, &sale);
    stage.says(A, SERVER, &answer(&sale, "00"));
    stage.finish();
    assert_eq!((stage.rows().as_str(), stage.why()), ("CDR", Why::Unseen));
    let first = stage.records.iter().find_map(|record| match &record.fact {
        Fact::Step(step) => step.message.as_ref().map(|own| own.hop),
        _ => None,
    });
    assert_eq!(first, Some(Hop::GatewayToAcquirer));
}

#[test]
fn a_host_that_takes_back_what_a_terminal_was_given_is_told() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.asks(&sale);
    stage.answers(&answer(&sale, "00"));
    stage.says(A, SERVER, &reversal(&sale, "000500"));
    assert_eq!(stage.rows(), "CDP3");
    assert_eq!(stage.state(), State::SettleMismatch);
}

#[test]
fn what_a_gateway_and_its_host_say_to_each_other_is_a_session() {
    let mut stage = CaptureStage::two();
    let echo = crate::iso::codec::Message::new(&super::spec(), "0800".parse().unwrap());
    let echo = with(
        &echo,
        &[("7", "1122021112"), ("11", "000001"), ("70", "301")],
    );
    stage.says(A, CLIENT, &echo);
    stage.says(A, SERVER, &with(&echo.answer().unwrap(), &[("39", "00")]));
    assert_eq!(stage.transactions(), 0);
    assert_eq!(stage.count(|fact| matches!(fact, Fact::Session(_))), 2);
}

#[test]
fn a_gap_that_is_told_later_casts_doubt_on_a_no_of_the_gateway_within_it() {
    let mut stage = CaptureStage::two();
    let (one, other) = (sale("000001"), sale("000002"));
    stage.asks(&one);
    stage.says(T, CLIENT, &other);
    stage.says(T, SERVER, &own(&other, "96"));
    assert_eq!((stage.state(), stage.why()), (State::Refused, Why::Plain));
    stage.gap(A, CLIENT);
    assert_eq!((stage.state(), stage.why()), (State::Refused, Why::Unseen));
}

#[test]
fn a_no_proves_that_nothing_went_on_only_where_the_leg_to_a_host_was_watched() {
    type Before = fn(&mut CaptureStage);
    let unwatched: [Before; 3] = [
        // None is open.
        |stage| stage.ends(A, FlowEnd::Closed),
        // One side of another was not seen.
        |stage| stage.opened(FlowId(7), HOSTS, true),
        // The same money went out in another name.
        |stage| stage.says(A, CLIENT, &with(&sale("000777"), &[("41", "GATEWAY1")])),
    ];
    for before in unwatched {
        let mut stage = CaptureStage::two();
        before(&mut stage);
        let sale = with(&sale("000001"), &[("2", "4000009876543210")]);
        stage.says(T, CLIENT, &sale);
        stage.says(T, SERVER, &own(&sale, "91"));
        assert_eq!((stage.state(), stage.why()), (State::TimedOut, Why::Unseen));
    }
}

#[test]
fn a_request_that_goes_out_in_another_name_casts_doubt_on_a_no_before_it() {
    let mut stage = CaptureStage::two();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &own(&sale, "91"));
    assert_eq!((stage.state(), stage.why()), (State::NotSent, Why::Plain));
    let there = with(&sale, &[("11", "000777"), ("41", "GATEWAY1")]);
    stage.says(A, CLIENT, &there);
    let steps = stage.steps();
    assert!(steps.contains(&(Row('z'), State::NotSent, Why::Unseen)));
}
