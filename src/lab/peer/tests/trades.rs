//! Trading when all goes well, in dialects with and without MAC.

use super::pipe::{PeerPipe, PeerPipeSetup};
use crate::iso::message::{Secret, Stan};
use crate::iso::spec::Spec;
use crate::lab::peer::{Deck, Receipt, TerminalBelief, TerminalOptions, TestCard};
use std::time::Duration;

const DIALECTS: [&str; 2] = ["cup-pos", "iso8583-1987-ascii"];

/// Every dialect that has a sale and a reversal to undo it.
fn spoken() -> impl Iterator<Item = &'static str> {
    let trades = |name: &&str| {
        let spec = Spec::builtin(name).unwrap();
        let flow = spec.flow();
        flow.reversal.is_some() && flow.kinds.iter().any(|kind| &*kind.name == "sale")
    };
    Spec::builtin_names().iter().copied().filter(trades)
}

fn pipe(spec: &str) -> PeerPipe {
    PeerPipeSetup {
        spec,
        ..PeerPipeSetup::default()
    }
    .pipe()
}

fn void_of(spec: &str) -> &'static str {
    if spec == "cup-pos" {
        "sale_void"
    } else {
        "void"
    }
}

#[track_caller]
fn assert_is(receipt: &Receipt, belief: TerminalBelief, code: &str) {
    assert_eq!(
        (receipt.belief, receipt.code.as_deref()),
        (belief, Some(code)),
        "{receipt:?}"
    );
}

#[test]
fn a_sale_is_approved_after_the_sign_in_and_both_books_hold_it() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        let receipt = pipe.trade("sale", 888, None);
        assert_is(&receipt, TerminalBelief::Approved, "00");
        assert!(receipt.rrn.is_some() && receipt.auth.is_some());
        pipe.assert_wire(&["T>A 0800", "A>T 0810 00", "T>A 0200", "A>T 0210 00"]);
        pipe.assert_net(888);
    }
}

#[test]
fn a_void_gives_all_back_and_only_once() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        let sale = pipe.trade("sale", 888, None);
        let void = pipe.trade(void_of(spec), 1, Some(sale.stan));
        assert_is(&void, TerminalBelief::Approved, "00");
        assert_eq!(void.amount, sale.amount);
        pipe.assert_net(0);
        assert!(pipe.order(void_of(spec), 888, Some(sale.stan)).is_err());
    }
}

#[test]
fn refunds_give_back_a_part() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        let sale = pipe.trade("sale", 888, None);
        assert_is(
            &pipe.trade("refund", 300, Some(sale.stan)),
            TerminalBelief::Approved,
            "00",
        );
        pipe.assert_net(588);
    }
}

#[test]
fn no_more_is_refunded_than_was_taken() {
    let mut pipe = pipe("cup-pos");
    let sale = pipe.trade("sale", 888, None);
    assert_is(
        &pipe.trade("refund", 889, Some(sale.stan)),
        TerminalBelief::Declined,
        "12",
    );
    pipe.assert_net(888);
}

#[test]
fn a_completion_takes_the_place_of_its_hold() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        let hold = pipe.trade("preauth", 1000, None);
        pipe.assert_net(1000);
        assert_is(
            &pipe.trade("completion", 900, Some(hold.stan)),
            TerminalBelief::Approved,
            "00",
        );
        pipe.assert_net(900);
    }
}

#[test]
fn a_hold_is_given_back_by_its_void() {
    let mut pipe = pipe("cup-pos");
    let hold = pipe.trade("preauth", 1000, None);
    assert_is(
        &pipe.trade("preauth_void", 0, Some(hold.stan)),
        TerminalBelief::Approved,
        "00",
    );
    pipe.assert_net(0);
}

#[test]
fn an_inquiry_moves_nothing() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        assert_is(
            &pipe.trade("balance", 0, None),
            TerminalBelief::Approved,
            "00",
        );
        pipe.assert_net(0);
    }
}

/// The terminal's cards, their PINs typed wrong.
fn mistype(options: &mut TerminalOptions) {
    let wrong = |card: &TestCard| TestCard {
        pin: Some(Secret::new(b"0000".to_vec())),
        ..card.clone()
    };
    options.workload.cards = options
        .workload
        .cards
        .cards()
        .iter()
        .map(wrong)
        .collect::<Deck>();
}

#[test]
fn a_right_pin_passes_and_a_wrong_one_is_declined() {
    assert_is(
        &pipe("cup-pos").trade_with("sale", 888, None, 0),
        TerminalBelief::Approved,
        "00",
    );
    let mut pipe = PeerPipeSetup {
        tweak: mistype,
        ..PeerPipeSetup::default()
    }
    .pipe();
    assert_is(
        &pipe.trade_with("sale", 888, None, 0),
        TerminalBelief::Declined,
        "55",
    );
    pipe.assert_net(0);
}

#[test]
fn every_card_of_the_deck_is_read() {
    let mut pipe = pipe("cup-pos");
    for card in 0..8 {
        assert_is(
            &pipe.trade_with("sale", 1, None, card),
            TerminalBelief::Approved,
            "00",
        );
    }
    pipe.assert_net(8);
}

#[test]
fn a_rule_answers_as_it_says() {
    let rules = "[[rule]]\nmatch = { kind = \"sale\", amount = \"100..200\" }\ncode = \"61\"";
    let mut pipe = PeerPipeSetup {
        rules,
        ..PeerPipeSetup::default()
    }
    .pipe();
    assert_is(
        &pipe.trade("sale", 150, None),
        TerminalBelief::Declined,
        "61",
    );
    assert_is(
        &pipe.trade("sale", 201, None),
        TerminalBelief::Approved,
        "00",
    );
    pipe.assert_net(201);
}

#[test]
fn a_terminal_that_stays_connected_signs_in_once() {
    let tweak = |options: &mut TerminalOptions| options.stays_connected = true;
    let mut pipe = PeerPipeSetup {
        tweak,
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 1, None);
    pipe.trade("sale", 2, None);
    assert_eq!(
        pipe.wire.iter().filter(|line| *line == "T>A 0800").count(),
        1
    );
    pipe.assert_net(3);
}

#[test]
fn a_settlement_of_what_both_count_begins_the_next_batch() {
    for spec in DIALECTS {
        let mut pipe = pipe(spec);
        let sale = pipe.trade("sale", 888, None);
        pipe.trade("sale", 100, None);
        pipe.trade(void_of(spec), 0, Some(sale.stan));
        pipe.trade("preauth", 5000, None);
        let first = pipe.trade("settlement", 0, None);
        assert_is(&first, TerminalBelief::Approved, "00");
        let next = pipe.trade("sale", 1, None);
        let batches = if spec == "cup-pos" {
            ("000001", "000002")
        } else {
            ("", "")
        };
        assert_eq!((&*first.batch, &*next.batch), batches);
    }
}

#[test]
fn a_settlement_finds_what_only_one_side_counts() {
    let faults = &["F01:nth=1", "F29:nth=1"];
    let mut pipe = PeerPipeSetup {
        faults,
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    let settlement = pipe.trade("settlement", 0, None);
    assert_is(&settlement, TerminalBelief::Declined, "00");
    // Its records are uploaded; then the difference is known, and the next batch begins.
    let found = pipe.acquirer.batch_differences();
    let amounts: Vec<_> = found
        .iter()
        .map(|one| (one.at_terminal, one.at_acquirer))
        .collect();
    assert_eq!(amounts, [(None, Some(500))]);
    assert_eq!(&*pipe.trade("sale", 1, None).batch, "000002");
}

#[test]
fn after_a_sign_off_the_next_sale_signs_in_again() {
    let mut pipe = pipe("cup-pos");
    pipe.trade("sale", 1, None);
    pipe.trade("sign_off", 0, None);
    assert_is(&pipe.trade("echo", 0, None), TerminalBelief::Approved, "00");
    let trading = [
        "T>A 0820",
        "A>T 0830 00",
        "T>A 0800",
        "A>T 0810 00",
        "T>A 0820",
        "A>T 0830 00",
    ];
    assert_eq!(pipe.wire[4..], trading);
}

#[test]
fn an_order_that_cannot_be_says_what_can() {
    let mut pipe = pipe("iso8583-1987-ascii");
    let wrong = pipe.order("sale_void", 1, None).unwrap_err().to_string();
    assert!(
        wrong.contains("`sale_void` is nothing to order in iso8583-1987-ascii; there is: "),
        "{wrong}"
    );
    assert!(pipe.order("void", 1, Some(Stan(1))).is_err());
}

#[test]
fn a_busy_shop_of_five_terminals_balances() {
    for spec in spoken() {
        let setup = PeerPipeSetup {
            spec,
            terminals: 5,
            trades: Some(60),
            ..PeerPipeSetup::default()
        };
        let mut pipe = setup.pipe();
        pipe.run(Duration::from_secs(30));
        let kinds = |pipe: &PeerPipe| {
            let all = pipe
                .terminals
                .iter()
                .flat_map(|terminal| terminal.receipts().list());
            let mut kinds: Vec<String> = all.map(|receipt| receipt.kind.to_string()).collect();
            kinds.sort();
            kinds.dedup();
            kinds.len()
        };
        assert!(
            pipe.terminals
                .iter()
                .all(super::super::TestTerminal::is_idle)
        );
        assert_eq!(pipe.slips.len(), 300);
        let failed = pipe
            .slips
            .iter()
            .map(|slip| &slip.receipt)
            .find(|receipt| receipt.belief != TerminalBelief::Approved);
        assert!(failed.is_none(), "{spec}: {failed:?}");
        assert!(kinds(&pipe) >= 6, "{}", kinds(&pipe));
        assert!(
            pipe.nets()
                .iter()
                .all(|(terminal, acquirer)| terminal == acquirer && *terminal > 0)
        );
    }
}
