//! Each fault of the catalogue, to the end that it must have in both books.

use super::pipe::{PeerPipe, PeerPipeSetup};
use crate::iso::message::Stan;
use crate::lab::peer::{TerminalBelief, TerminalOptions};
use std::time::Duration;

const PROVEN: TerminalBelief = TerminalBelief::Reversed { proven: true };
const UNPROVEN: TerminalBelief = TerminalBelief::Reversed { proven: false };

/// One sale of 500 with a fault, all the way to its slip.
fn sale_with(fault: &str) -> PeerPipe {
    sale_in("cup-pos", fault)
}

fn sale_in(spec: &str, fault: &str) -> PeerPipe {
    let mut pipe = PeerPipeSetup {
        spec,
        faults: &[fault],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    pipe
}

#[track_caller]
fn assert_ends(pipe: &PeerPipe, belief: TerminalBelief, net: i64, wire: &[&str]) {
    assert_eq!(pipe.believed(), [belief], "{:?}", pipe.wire);
    pipe.assert_net(net);
    let trading: Vec<&str> = pipe.wire.iter().map(String::as_str).skip(2).collect();
    assert_eq!(trading, wire);
}

#[test]
fn f01_a_lost_answer_is_reversed_for_no_answer() {
    let pipe = sale_with("F01:nth=1");
    assert_ends(
        &pipe,
        PROVEN,
        0,
        &["T>A 0200", "T>A 0400 98", "A>T 0410 00"],
    );
    let pipe = sale_in("iso8583-1987-ascii", "F01:nth=1");
    assert_ends(
        &pipe,
        PROVEN,
        0,
        &["T>A 0200", "T>A 0420 68", "A>T 0430 00"],
    );
}

#[test]
fn f01_a_lost_answer_to_a_void_leaves_the_sale_standing() {
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=2"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    let sale = pipe.trade("sale", 500, None);
    pipe.trade("sale_void", 0, Some(sale.stan));
    assert_eq!(pipe.believed(), [TerminalBelief::Approved, PROVEN]);
    pipe.assert_net(500);
    // The reversed void left the sale free to be voided.
    pipe.trade("sale_void", 0, Some(sale.stan));
    pipe.assert_net(0);
}

#[test]
fn f01_a_refund_is_repeated_until_it_is_answered() {
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=2"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    let sale = pipe.trade("sale", 500, None);
    let refund = pipe.trade("refund", 500, Some(sale.stan));
    assert_eq!(refund.belief, TerminalBelief::Approved);
    assert_eq!(pipe.wire[4..], ["T>A 0220", "T>A 0220", "A>T 0230 00"]);
    pipe.assert_net(0);
}

#[test]
fn f02_a_lost_request_is_closed_by_25() {
    let pipe = sale_with("F02:nth=1");
    assert_ends(
        &pipe,
        UNPROVEN,
        0,
        &["T>A 0200", "T>A 0400 98", "A>T 0410 25"],
    );
}

#[test]
fn f03_a_late_answer_is_reversed_and_never_believed() {
    let tweak = |options: &mut TerminalOptions| options.stays_connected = true;
    let faults = &["F03:nth=1,delay=2s"];
    let mut pipe = PeerPipeSetup {
        faults,
        tweak,
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    assert_eq!(pipe.believed(), [PROVEN]);
    assert!(pipe.wire.contains(&"A>T 0210 00".to_owned()));
    assert_eq!(pipe.terminals[0].strays(), 1);
    pipe.assert_net(0);
}

#[test]
fn f06_what_was_never_sent_is_never_reversed() {
    let mut pipe = PeerPipeSetup {
        faults: &["F06:every=1s,for=1s,until=5s"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.run(Duration::from_millis(1));
    pipe.trade("sale", 500, None);
    assert_ends(
        &pipe,
        TerminalBelief::Approved,
        500,
        &["T>A 0200", "A>T 0210 00"],
    );
}

#[test]
fn f07_a_reset_is_reversed_whether_it_was_booked_or_not() {
    let pipe = sale_with("F07:nth=1,at=booked");
    assert_ends(
        &pipe,
        PROVEN,
        0,
        &["T>A 0200", "T>A 0400 98", "A>T 0410 00"],
    );
    let pipe = sale_with("F07:nth=1,at=unbooked");
    assert_ends(
        &pipe,
        UNPROVEN,
        0,
        &["T>A 0200", "T>A 0400 98", "A>T 0410 25"],
    );
}

#[test]
fn f08_a_terminal_that_hangs_up_reverses_when_it_is_back() {
    let pipe = sale_with("F08:nth=1,after=1ms");
    assert_eq!(pipe.believed(), [PROVEN]);
    pipe.assert_net(0);
}

#[test]
fn f09_hanging_up_after_the_answer_changes_nothing() {
    let pipe = sale_with("F09:nth=1");
    assert_ends(
        &pipe,
        TerminalBelief::Approved,
        500,
        &["T>A 0200", "A>T 0210 00"],
    );
}

#[test]
fn f10_a_terminal_without_power_signs_in_and_reverses_with_06() {
    let pipe = sale_with("F10:nth=1");
    let wire = [
        "T>A 0200",
        "A>T 0210 00",
        "T>A 0800",
        "A>T 0810 00",
        "T>A 0400 06",
        "A>T 0410 00",
    ];
    assert_ends(&pipe, PROVEN, 0, &wire);
}

#[test]
fn f11_a_wrong_mac_is_reversed_with_a0() {
    let pipe = sale_with("F11:nth=1");
    let wire = ["T>A 0200", "A>T 0210 00", "T>A 0400 A0", "A>T 0410 00"];
    assert_ends(&pipe, PROVEN, 0, &wire);
    let pipe = sale_in("iso8583-1987-ascii", "F11:nth=1");
    assert_ends(
        &pipe,
        TerminalBelief::Approved,
        500,
        &["T>A 0200", "A>T 0210 00"],
    );
}

#[test]
fn f11_a_wrong_mac_never_closes_a_reversal() {
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=1", "F11:nth=2"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    let wire = [
        "T>A 0200",
        "T>A 0400 98",
        "A>T 0410 00",
        "T>A 0400 A0",
        "A>T 0410 00",
    ];
    assert_ends(&pipe, PROVEN, 0, &wire);
}

#[test]
fn f14_a_request_that_its_reversal_overtook_is_refused() {
    let pipe = sale_with("F14:nth=1");
    assert_eq!(pipe.believed(), [UNPROVEN]);
    assert_eq!(pipe.acquirer.counts().declined, 1);
    pipe.assert_net(0);
}

#[test]
fn f15_what_comes_twice_has_one_effect() {
    let pipe = sale_with("F15:nth=1,copies=2");
    assert_eq!(pipe.acquirer.counts().repeats, 2);
    assert_eq!(pipe.believed(), [TerminalBelief::Approved]);
    pipe.assert_net(500);
    let pipe = sale_with("F15:nth=1,of=answer,copies=2");
    assert_eq!(pipe.believed(), [TerminalBelief::Approved]);
    pipe.assert_net(500);
}

#[test]
fn f16_a_decline_moves_nothing() {
    let pipe = sale_with("F16:nth=1,code=62");
    assert_ends(
        &pipe,
        TerminalBelief::Declined,
        0,
        &["T>A 0200", "A>T 0210 62"],
    );
}

#[test]
fn f28_an_unanswered_reversal_is_repeated_and_booked_once() {
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=1", "F28:p=1,times=2"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    let wire = [
        "T>A 0200",
        "T>A 0400 98",
        "T>A 0400 98",
        "T>A 0400 98",
        "A>T 0410 00",
    ];
    assert_ends(&pipe, PROVEN, 0, &wire);
    let faults = &["F01:nth=1", "F28:p=1,times=1"];
    let mut pipe = PeerPipeSetup {
        spec: "iso8583-1987-ascii",
        faults,
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    let wire = ["T>A 0200", "T>A 0420 68", "T>A 0421 68", "A>T 0430 00"];
    assert_ends(&pipe, PROVEN, 0, &wire);
}

#[test]
fn f28_after_the_last_try_the_terminal_gives_up() {
    let mut pipe = PeerPipeSetup {
        faults: &["F02:nth=1", "F28:p=1,times=9"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    assert_eq!(
        pipe.wire
            .iter()
            .filter(|line| line.starts_with("T>A 0400"))
            .count(),
        4
    );
    assert_eq!(pipe.believed(), [TerminalBelief::GivenUp]);
    assert_eq!(pipe.terminals[0].receipts().unsure().count(), 1);
}

#[test]
fn f29_a_refused_reversal_leaves_the_money_and_is_listed() {
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=1", "F29:nth=1"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    assert_eq!(pipe.believed(), [TerminalBelief::GivenUp]);
    assert_eq!(pipe.nets(), [(0, 500)]);
}

#[test]
fn f30_a_reversal_outlives_its_acquirer_until_it_is_back() {
    let mut pipe = PeerPipeSetup {
        faults: &["F30:nth=1"],
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.order("sale", 500, None).unwrap();
    pipe.run(Duration::from_secs(30));
    assert_eq!(pipe.believed(), [TerminalBelief::Open]);
    assert_eq!(pipe.nets(), [(0, 500)]);
    pipe.heal_and_drain();
    assert_eq!(pipe.believed(), [PROVEN]);
    pipe.assert_net(0);
}

#[test]
fn a_terminal_that_does_not_reverse_lists_what_it_cannot_know() {
    let tweak = |options: &mut TerminalOptions| options.reverses = false;
    let mut pipe = PeerPipeSetup {
        faults: &["F01:nth=1"],
        tweak,
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.trade("sale", 500, None);
    assert_eq!(pipe.believed(), [TerminalBelief::Unknown]);
    assert_eq!(pipe.nets(), [(0, 500)]);
}

/// Every fault that leaves no exception behind, all at once, then healed and drained.
const STORM: [&str; 12] = [
    "F01:p=0.05",
    "F02:p=0.05",
    "F03:p=0.05",
    "F06:every=3s,for=300ms",
    "F07:p=0.05",
    "F08:p=0.05",
    "F09:p=0.05",
    "F10:p=0.05",
    "F11:p=0.05",
    "F14:p=0.05",
    "F15:p=0.05",
    "F28:p=0.2",
];

fn storm(spec: &str, seed: u64, stays_connected: bool) {
    let tweak = |options: &mut TerminalOptions| options.patience.tries = 100;
    let stays = |options: &mut TerminalOptions| {
        options.patience.tries = 100;
        options.stays_connected = true;
    };
    let tweak = if stays_connected { stays } else { tweak };
    let faults = &STORM;
    let setup = PeerPipeSetup {
        spec,
        seed,
        terminals: 3,
        faults,
        trades: None,
        tweak,
        ..PeerPipeSetup::default()
    };
    let mut pipe = setup.pipe();
    pipe.run(Duration::from_secs(20));
    pipe.heal_and_drain();
    for (terminal, (ours, theirs)) in pipe.terminals.iter().zip(pipe.nets()) {
        let unsure = terminal.receipts().unsure().count();
        assert!(
            terminal.is_idle() && unsure == 0,
            "{spec} {seed}: {unsure} unsure"
        );
        assert_eq!(ours, theirs, "{spec} seed {seed}");
    }
    let reversed = pipe
        .slips
        .iter()
        .filter(|slip| matches!(slip.receipt.belief, PROVEN | UNPROVEN));
    assert!(reversed.count() > 5, "{spec} {seed}");
}

#[test]
fn after_any_storm_both_books_are_equal() {
    for seed in 0..20 {
        storm("cup-pos", seed, seed % 2 == 0);
        storm("iso8583-1987-ascii", seed, seed % 2 == 1);
    }
}

#[test]
fn no_trace_number_comes_twice_even_after_a_loss_of_power() {
    let faults = &["F10:p=0.3"];
    let mut pipe = PeerPipeSetup {
        faults,
        trades: Some(50),
        ..PeerPipeSetup::default()
    }
    .pipe();
    pipe.run(Duration::from_secs(60));
    let mut stans: Vec<Stan> = pipe.terminals[0]
        .receipts()
        .list()
        .iter()
        .map(|receipt| receipt.stan)
        .collect();
    let all = stans.len();
    stans.dedup();
    assert_eq!((all, stans.len()), (50, 50));
}
