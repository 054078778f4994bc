//! The business of `UnionPay` terminals beyond cards and sales: payments by code, settlement with
//! batch upload, authorizations that are completed or not.

use super::pipe::{PeerPipe, PeerPipeSetup};
use crate::lab::peer::TerminalBelief;
use std::time::Duration;

fn pipe_of<'a>(spec: &'a str, faults: &'a [&'a str]) -> PeerPipe {
    let setup = PeerPipeSetup {
        spec,
        faults,
        ..PeerPipeSetup::default()
    };
    setup.pipe()
}

fn trading(pipe: &PeerPipe) -> Vec<&str> {
    pipe.wire.iter().map(String::as_str).skip(2).collect()
}

#[test]
fn a_payment_by_code_is_approved_voided_and_refunded_without_a_card() {
    let mut pipe = pipe_of("cup-pos", &[]);
    let paid = pipe.trade("qr_sale", 500, None);
    assert_eq!(paid.belief, TerminalBelief::Approved, "{:?}", pipe.wire);
    pipe.assert_net(500);
    pipe.trade("qr_void", 0, Some(paid.stan));
    pipe.assert_net(0);
    let paid = pipe.trade("qr_sale", 700, None);
    pipe.trade("qr_refund", 300, Some(paid.stan));
    pipe.assert_net(400);
}

#[test]
fn a_wallet_that_does_not_know_yet_is_asked_until_it_does() {
    let paid = "F35:nth=1,after=100ms";
    let mut pipe = pipe_of("lakala-pos", &[paid]);
    let slip = pipe.trade("wallet", 500, None);
    assert_eq!(slip.belief, TerminalBelief::Approved, "{:?}", pipe.wire);
    assert_eq!(slip.code.as_deref(), Some("00"));
    assert!(slip.auth.is_some());
    let wire = ["T>A 0200", "A>T 0210 09", "T>A 0200", "A>T 0210 00"];
    assert_eq!(trading(&pipe), wire);
    pipe.assert_net(500);
    let mut pipe = pipe_of("lakala-pos", &["F35:nth=1,after=100ms,final=unpaid"]);
    let slip = pipe.trade("wallet", 500, None);
    assert_eq!(slip.belief, TerminalBelief::Declined, "{:?}", pipe.wire);
    assert_eq!(trading(&pipe).last(), Some(&"A>T 0210 25"));
    pipe.assert_net(0);
}

#[test]
fn a_wallet_that_never_knows_is_reversed_and_stays_so() {
    let mut pipe = pipe_of("lakala-pos", &["F35:nth=1,after=20s"]);
    let slip = pipe.trade("wallet", 500, None);
    let proven = TerminalBelief::Reversed { proven: true };
    assert_eq!(slip.belief, proven, "{:?}", pipe.wire);
    let wire = trading(&pipe);
    assert_eq!(
        wire.iter().filter(|line| **line == "A>T 0210 09").count(),
        5
    );
    assert_eq!(wire[wire.len() - 2..], ["T>A 0400 06", "A>T 0410 00"]);
    pipe.run(Duration::from_secs(60));
    pipe.assert_net(0);
}

#[test]
fn without_a_question_an_unknown_payment_is_reversed_at_once() {
    let mut pipe = pipe_of("cup-pos", &["F35:nth=1,after=5s"]);
    pipe.trade("qr_sale", 500, None);
    let wire = ["T>A 0200", "A>T 0210 09", "T>A 0400 06", "A>T 0410 00"];
    assert_eq!(trading(&pipe), wire);
    pipe.run(Duration::from_secs(30));
    pipe.assert_net(0);
}

#[test]
fn a_lost_answer_to_a_wallet_is_asked_about_by_hand() {
    let mut pipe = pipe_of("lakala-pos", &[]);
    let paid = pipe.trade("wallet", 500, None);
    let asked = pipe.trade("wallet_inquiry", 0, Some(paid.stan));
    assert_eq!(asked.code.as_deref(), Some("00"), "{:?}", pipe.wire);
    pipe.trade("wallet_void", 0, Some(paid.stan));
    let asked = pipe.trade("wallet_inquiry", 0, Some(paid.stan));
    assert_eq!(asked.code.as_deref(), Some("25"));
    pipe.assert_net(0);
}

#[test]
fn f20_a_batch_that_is_never_settled_goes_on() {
    let mut pipe = pipe_of("cup-pos", &["F20"]);
    pipe.trade("sale", 500, None);
    pipe.trade("settlement", 0, None);
    assert!(!pipe.wire.iter().any(|line| line.contains("0500")));
    let next = pipe.trade("sale", 500, None);
    assert_eq!(&*next.batch, "000001");
}

#[test]
fn f21_a_batch_that_differs_is_uploaded_and_the_difference_is_named() {
    for (side, told, booked) in [
        ("terminal", None, Some(700)),
        ("acquirer", Some(700), Some(700)),
    ] {
        let fault = format!("F21:missing_at={side}");
        let mut pipe = pipe_of("cup-pos", &[&fault]);
        pipe.trade("sale", 500, None);
        let second = pipe.trade("sale", 700, None);
        let settled = pipe.trade("settlement", 0, None);
        assert_eq!(settled.belief, TerminalBelief::Declined);
        let wire = trading(&pipe);
        let upload = [
            "T>A 0500",
            "A>T 0510 00",
            "T>A 0320",
            "A>T 0330 00",
            "T>A 0320",
            "A>T 0330 00",
        ];
        assert_eq!(wire[wire.len() - 6..], upload);
        let found = pipe.acquirer.batch_differences();
        let differs = told != booked;
        assert_eq!(found.len(), usize::from(differs), "{side}: {found:?}");
        if let Some(found) = found.first() {
            assert_eq!(found.stan, second.stan);
            assert_eq!((found.at_terminal, found.at_acquirer), (told, booked));
        }
        let next = pipe.trade("sale", 500, None);
        assert_eq!(&*next.batch, "000002", "the next batch has begun");
    }
}

#[test]
fn f22_an_upload_goes_on_where_it_was_cut() {
    let mut pipe = pipe_of("cup-pos", &["F21", "F22:nth=1,after=2"]);
    for amount in 1..=20 {
        pipe.trade("sale", amount, None);
    }
    pipe.trade("settlement", 0, None);
    let uploads = pipe.wire.iter().filter(|line| **line == "T>A 0320").count();
    // 19 records: 2, then 8, 8 and 1, then the end.
    assert_eq!(uploads, 5);
    assert_eq!(pipe.acquirer.batch_differences().len(), 1);
}

#[test]
fn a_balanced_batch_is_over_without_an_upload() {
    let mut pipe = pipe_of("cup-pos", &[]);
    pipe.trade("sale", 500, None);
    let settled = pipe.trade("settlement", 0, None);
    assert_eq!(settled.belief, TerminalBelief::Approved);
    assert!(!pipe.wire.iter().any(|line| line.contains("0320")));
}

#[test]
fn f32_what_is_never_completed_stays_on_hold() {
    let mut pipe = pipe_of("cup-pos", &["F32"]);
    let hold = pipe.trade("preauth", 500, None);
    let completion = pipe.trade("completion", 500, Some(hold.stan));
    assert_eq!(completion.belief, TerminalBelief::Declined);
    assert!(!trading(&pipe).contains(&"T>A 0200"));
    pipe.assert_net(500);
}
