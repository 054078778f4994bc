//! What a terminal sends is what its host gets.

use super::{CLIENT, CaptureStage, SERVER, T, answer, reversal, sale, with};
use crate::engine::observe::{MacFound, MacJudge};
use crate::engine::record::{Fact, Hop, Known, Note, State, Why};
use crate::iso::codec::Message;
use crate::iso::stream::{FlowEnd, SeenFrame};

#[test]
fn an_approval_that_was_seen_whole_is_delivered() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.rows(), "CDP");
    assert_eq!(stage.state(), State::Delivered);
    let hops = stage
        .records
        .iter()
        .filter_map(|record| match &record.fact {
            Fact::Step(step) => step.message.as_ref(),
            _ => None,
        });
    let hops: Vec<_> = hops.map(|own| (own.hop, own.relayed.is_some())).collect();
    assert_eq!(
        hops,
        [
            (Hop::TerminalToGateway, true),
            (Hop::AcquirerToGateway, true)
        ]
    );
}

#[test]
fn a_decline_takes_nothing() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "51"));
    assert_eq!(stage.rows(), "CES");
}

#[test]
fn an_answer_of_another_amount_is_none() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    let other = with(&answer(&sale, "00"), &[("4", "000000009900")]);
    stage.says(T, SERVER, &other);
    assert_eq!(
        (stage.rows().as_str(), stage.why()),
        ("CF", Why::AnswerMismatch)
    );
}

#[test]
fn an_approval_behind_a_long_silence_is_unproven_until_its_terminal_trades_on() {
    let mut stage = CaptureStage::whole();
    let first = sale("000001");
    stage.says(T, CLIENT, &first);
    stage.pass(60);
    stage.says(T, SERVER, &answer(&first, "00"));
    assert_eq!(stage.rows(), "CDPR");
    assert_eq!(stage.state(), State::DeliveryUnproven);
    stage.says(T, CLIENT, &sale("000002"));
    assert_eq!(stage.rows(), "CDPRCu");
}

#[test]
fn what_a_terminal_does_next_tells_that_no_answer_came() {
    let mut stage = CaptureStage::whole();
    let first = sale("000001");
    stage.says(T, CLIENT, &first);
    stage.pass(60);
    stage.says(T, CLIENT, &reversal(&first, "000002"));
    assert_eq!(stage.rows(), "CHUj");
    let mut stage = CaptureStage::whole();
    stage.says(T, CLIENT, &first);
    stage.pass(60);
    stage.says(T, CLIENT, &sale("000002"));
    assert_eq!(stage.rows(), "CCH");
    assert_eq!(stage.why(), Why::NoAnswer);
}

#[test]
fn an_answer_that_was_never_acknowledged_is_unproven() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    let since = stage.now();
    stage.says(T, SERVER, &answer(&sale, "00"));
    stage.unheard(T, SERVER, since);
    assert_eq!(stage.rows(), "CDPR");
    // What was acknowledged before is delivered.
    let mut stage = CaptureStage::whole();
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "00"));
    let since = stage.now();
    stage.unheard(T, SERVER, since);
    assert_eq!(stage.rows(), "CDP");
}

#[test]
fn an_approval_whose_request_was_not_captured_is_a_transaction() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!((stage.transactions(), stage.rows().as_str()), (1, "CDP"));
    assert!(stage.steps().iter().any(|(.., why)| *why == Why::Unseen));
    stage.ends(T, FlowEnd::Reset);
    assert_eq!(stage.state(), State::DeliveryUnproven);
    // Its request comes behind it, where clocks differ: it is no other one.
    let mut stage = CaptureStage::whole();
    stage.says(T, SERVER, &answer(&sale, "00"));
    stage.says(T, CLIENT, &sale);
    assert_eq!(stage.transactions(), 1);
}

#[test]
fn an_answer_to_a_reversal_that_was_not_captured_moves_its_original() {
    for (code, state) in [("00", State::Reversed), ("58", State::ReversalRefused)] {
        let mut stage = CaptureStage::whole();
        let sale = sale("000001");
        stage.says(T, CLIENT, &sale);
        stage.says(T, SERVER, &answer(&sale, "00"));
        let undone = answer(&reversal(&sale, "000001"), code);
        stage.says(T, SERVER, &undone);
        assert_eq!((stage.state(), stage.transactions()), (state, 1), "{code}");
        assert!(stage.steps().iter().any(|(.., why)| *why == Why::Unseen));
    }
}

#[test]
fn a_copy_of_an_approval_opens_nothing_again() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    let undo = reversal(&sale, "000002");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "00"));
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "00"));
    stage.says(T, SERVER, &answer(&sale, "00"));
    assert_eq!(stage.state(), State::Reversed);
    // Under another authorization code it is no copy.
    let other = with(&answer(&sale, "00"), &[("38", "Z9Z9Z9")]);
    stage.says(T, SERVER, &other);
    assert_ne!(stage.rows().chars().last(), Some('l'));
}

#[test]
fn a_void_that_was_approved_shows_that_its_sale_was() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.gap(T, SERVER);
    let original = "020000000111220211120000000000000000000000";
    let void = with(
        &sale,
        &[("3", "200000"), ("11", "000002"), ("90", original)],
    );
    stage.says(T, CLIENT, &void);
    stage.says(T, SERVER, &answer(&void, "00"));
    let rows = stage.rows();
    assert!(rows.ends_with("DPv"), "{rows}");
}

#[test]
fn a_reversal_of_the_terminal_is_a_try_and_its_answer_ends_it() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    let undo = reversal(&sale, "000002");
    stage.says(T, CLIENT, &sale);
    stage.says(T, CLIENT, &undo);
    // Asked once more before it is answered: the first try brought nothing.
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.rows(), "CUjWnjl");
    assert_eq!(stage.state(), State::Reversed);
    assert_eq!(stage.transactions(), 1);
    let tries = stage
        .records
        .iter()
        .filter_map(|record| match &record.fact {
            Fact::Step(step) => match step.note {
                Note::Try(n) => Some(n),
                _ => None,
            },
            _ => None,
        });
    assert_eq!(tries.collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_yes_to_a_reversal_that_an_approval_overtook_counts_as_a_try() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    let undo = reversal(&sale, "000002");
    stage.says(T, CLIENT, &sale);
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&sale, "00"));
    stage.says(T, SERVER, &answer(&undo, "00"));
    assert_eq!(
        (stage.rows().as_str(), stage.why()),
        ("CUjdn", Why::LateApproval)
    );
}

#[test]
fn a_reversal_of_what_was_not_seen_is_told_alone() {
    let mut stage = CaptureStage::whole();
    let undo = reversal(&sale("000001"), "000002");
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.rows(), "CDP");
    assert_eq!(stage.transactions(), 1);
}

#[test]
fn a_reversal_of_what_was_declined_goes_to_the_host_as_a_message_of_its_own() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    let undo = reversal(&sale, "000002");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "51"));
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "25"));
    assert_eq!(stage.rows(), "CESVCES");
    assert_eq!(stage.transactions(), 2);
}

#[test]
fn a_repeat_is_no_second_transaction_and_its_other_approval_is_listed() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "00"));
    let second = with(&answer(&sale, "00"), &[("38", "ZZZZZZ")]);
    stage.says(T, SERVER, &second);
    assert_eq!(stage.rows(), "CzDPi");
    assert_eq!(stage.transactions(), 1);
    assert_eq!(stage.state(), State::DeliveryUnproven);
}

#[test]
fn a_number_that_was_declined_may_be_used_again() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    for code in ["51", "00"] {
        stage.says(T, CLIENT, &sale);
        stage.says(T, SERVER, &answer(&sale, code));
    }
    assert_eq!(stage.rows(), "CESCDP");
    assert_eq!(stage.transactions(), 2);
}

#[test]
fn a_reset_behind_an_approval_leaves_it_unproven_unless_its_terminal_traded_on() {
    for (trades_on, rows) in [(false, "CDPR"), (true, "CDPCG")] {
        let mut stage = CaptureStage::whole();
        let first = sale("000001");
        stage.says(T, CLIENT, &first);
        stage.says(T, SERVER, &answer(&first, "00"));
        if trades_on {
            stage.says(T, CLIENT, &with(&sale("000002"), &[("4", "000000002000")]));
        }
        stage.ends(T, FlowEnd::Reset);
        assert_eq!(stage.rows(), rows);
    }
}

#[test]
fn a_connection_that_ends_takes_the_answer_with_it() {
    let mut stage = CaptureStage::whole();
    stage.says(T, CLIENT, &sale("000001"));
    stage.ends(T, FlowEnd::Closed);
    assert_eq!((stage.rows().as_str(), stage.why()), ("CG", Why::LinkLost));
}

#[test]
fn a_void_that_is_approved_returns_its_sale() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "00"));
    let void = with(
        &sale,
        &[("3", "020000"), ("11", "000002"), ("37", "600012345678")],
    );
    stage.says(T, CLIENT, &void);
    stage.says(T, SERVER, &answer(&void, "00"));
    // Its sale: delivery proven, then returned.
    assert_eq!(stage.rows(), "CDPCuDPv");
    assert_eq!(stage.state(), State::Returned);
}

#[test]
fn a_reversal_that_names_the_time_of_another_sale_is_none_of_the_first() {
    let mut stage = CaptureStage::whole();
    let first = sale("000001");
    let other = with(&first, &[("7", "1122031112")]);
    let mut undo = reversal(&other, "000002");
    undo.set(
        super::path("90"),
        "020000000111220311120000000000000000000000",
    )
    .unwrap();
    stage.says(T, CLIENT, &first);
    stage.pass(60);
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.rows(), "CCDP");
    assert_eq!(stage.transactions(), 2);
}

#[test]
fn a_reversal_without_a_time_proves_something_soon_only() {
    for (pause, why) in [(60, Why::Plain), (3600, Why::Unseen)] {
        let mut stage = CaptureStage::whole();
        let sale = sale("000001");
        let mut undo = reversal(&sale, "000002");
        undo.set(
            super::path("90"),
            "020000000100000000000000000000000000000000",
        )
        .unwrap();
        stage.says(T, CLIENT, &sale);
        stage.pass(pause);
        stage.says(T, CLIENT, &undo);
        stage.says(T, SERVER, &answer(&undo, "00"));
        assert_eq!(stage.state(), State::Reversed);
        let unseen = stage.steps().iter().any(|(_, _, own)| *own == Why::Unseen);
        assert_eq!(unseen, why == Why::Unseen);
    }
}

#[test]
fn a_no_after_a_second_sending_says_nothing_of_the_first() {
    for ends in [true, false] {
        let mut stage = CaptureStage::whole();
        let sale = sale("000001");
        stage.says(T, CLIENT, &sale);
        if ends {
            stage.ends(T, FlowEnd::Reset);
            stage.opened(T, super::TERMINALS, false);
        }
        stage.says(T, CLIENT, &sale);
        stage.says(T, SERVER, &answer(&sale, "51"));
        assert_eq!(stage.transactions(), 1);
        assert_ne!(stage.state().meaning().known, Known::NotHeld);
    }
}

#[test]
fn the_same_number_a_day_later_is_another_sale() {
    let mut stage = CaptureStage::whole();
    let sale = sale("000001");
    stage.says(T, CLIENT, &sale);
    stage.pass(86_400);
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &answer(&sale, "51"));
    assert_eq!(stage.rows(), "CCHES");
    assert_eq!(stage.transactions(), 2);
}

#[test]
fn what_a_gateway_may_say_by_itself_is_not_the_word_of_a_host_that_was_not_captured() {
    let sale = sale("000001");
    let undo = reversal(&sale, "000002");
    let unseen = |all: &[(&Message, &str)]| {
        let mut stage = CaptureStage::half();
        for (request, code) in all {
            stage.says(T, CLIENT, request);
            stage.says(T, SERVER, &answer(request, code));
        }
        stage.why() == Why::Unseen
    };
    assert!(unseen(&[(&sale, "91")]));
    assert!(unseen(&[(&sale, "00"), (&undo, "00")]));
    assert!(!unseen(&[(&sale, "51")]));
}

/// Finds the MACs wrong of all that has a certain reference number.
#[derive(Debug)]
struct ForgedNumber;

const FORGED: &str = "666666666666";

impl MacJudge for ForgedNumber {
    fn judge(&mut self, _frame: &SeenFrame, message: &Message) -> MacFound {
        match message.rrn().as_deref() {
            Some(FORGED) => MacFound::Wrong,
            _ => MacFound::Absent,
        }
    }
}

#[test]
fn an_answer_with_a_wrong_mac_is_none() {
    let verified = || {
        let mut stage = CaptureStage::whole();
        stage.observer.verify_macs(Box::new(ForgedNumber));
        stage
    };
    let forged = |answer: Message| with(&answer, &[("37", FORGED)]);
    let (sale, mut stage) = (sale("000001"), verified());
    stage.says(T, CLIENT, &sale);
    stage.says(T, SERVER, &forged(answer(&sale, "00")));
    assert_eq!((&*stage.rows(), stage.why()), ("CF", Why::AnswerMac));
    let undo = reversal(&sale, "000002");
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &forged(answer(&undo, "00")));
    assert_eq!(stage.why(), Why::AnswerMac);
    assert_ne!(stage.state(), State::Reversed);
    stage.says(T, CLIENT, &undo);
    stage.says(T, SERVER, &answer(&undo, "00"));
    assert_eq!(stage.state(), State::Reversed);
    assert_eq!(stage.observer.counts().wrong_macs, 2);

    let mut stage = verified();
    stage.says(T, SERVER, &forged(answer(&sale, "00")));
    assert_eq!(
        stage.transactions(),
        0,
        "nobody vouches for what it repeats"
    );
}
