//! The faults of operators, software, queues and issuers, to the end that each must have in both
//! books.

use super::pipe::{PeerPipe, PeerPipeSetup};
use crate::lab::peer::{TerminalBelief, TerminalOptions};
use std::time::Duration;

const APPROVED: TerminalBelief = TerminalBelief::Approved;
const DECLINED: TerminalBelief = TerminalBelief::Declined;
const PROVEN: TerminalBelief = TerminalBelief::Reversed { proven: true };

fn pipe(faults: &[&str]) -> PeerPipe {
    let setup = PeerPipeSetup {
        faults,
        ..PeerPipeSetup::default()
    };
    setup.pipe()
}

/// One sale of 500 with faults, all the way to its slip.
fn sale(faults: &[&str]) -> PeerPipe {
    let mut pipe = pipe(faults);
    pipe.trade("sale", 500, None);
    pipe
}

/// What was traded, without the sign-in before it.
#[track_caller]
fn assert_ends(pipe: &PeerPipe, beliefs: &[TerminalBelief], net: i64, wire: &[&str]) {
    assert_eq!(pipe.believed(), beliefs, "{:?}", pipe.wire);
    pipe.assert_net(net);
    let trading: Vec<&str> = pipe.wire.iter().map(String::as_str).skip(2).collect();
    assert_eq!(trading, wire);
}

#[test]
fn f04_a_slow_answer_in_time_is_taken() {
    let pipe = sale(&["F04:nth=1,delay=500ms"]);
    assert_ends(&pipe, &[APPROVED], 500, &["T>A 0200", "A>T 0210 00"]);
    assert!(pipe.slips[0].took >= Duration::from_millis(500));
}

#[test]
fn f05_the_queue_delays_and_refuses_whom_it_has_no_place_for() {
    let crowd = |fault: &str| {
        let setup = PeerPipeSetup {
            faults: &[fault],
            terminals: 6,
            trades: Some(3),
            ..PeerPipeSetup::default()
        };
        let mut pipe = setup.pipe();
        pipe.run(Duration::from_secs(20));
        pipe
    };
    let slow = crowd("F05:service=100ms,capacity=20");
    assert!(
        slow.slips
            .iter()
            .any(|slip| slip.took >= Duration::from_millis(300))
    );
    let full = crowd("F05:service=100ms,capacity=2");
    let refused = |pipe: &PeerPipe| {
        pipe.wire
            .iter()
            .filter(|line| line.ends_with(" 91"))
            .count()
    };
    assert_eq!(refused(&slow), 0);
    assert!(refused(&full) > 0);
    for (ours, theirs) in full.nets() {
        assert_eq!(ours, theirs, "{:?}", full.wire);
    }
    let silent = crowd("F05:service=100ms,capacity=2,overflow=silence");
    assert_eq!(refused(&silent), 0);
    assert!(
        silent
            .wire
            .iter()
            .any(|line| line.starts_with("T>A 0400 98"))
    );
}

#[test]
fn f12_a_stale_key_is_refused_and_the_terminal_signs_in_again() {
    let mut pipe = sale(&["F12:nth=1"]);
    pipe.trade("sale", 500, None);
    let wire = [
        "T>A 0200",
        "A>T 0210 A0",
        "T>A 0800",
        "A>T 0810 00",
        "T>A 0200",
        "A>T 0210 00",
    ];
    assert_ends(&pipe, &[DECLINED, APPROVED], 500, &wire);
}

#[test]
fn f13_a_broken_answer_is_reversed_and_a_broken_request_never_booked() {
    let cut = sale(&["F13:nth=1,mode=cut"]);
    let wire = ["T>A 0200", "A>T unreadable", "T>A 0400 06", "A>T 0410 00"];
    assert_ends(&cut, &[PROVEN], 0, &wire);
    for mode in ["bits", "cut"] {
        let broken = sale(&[&format!("F13:nth=1,of=request,mode={mode}")]);
        assert_ne!(broken.believed(), [APPROVED]);
        broken.assert_net(0);
    }
    let bits = sale(&["F13:nth=1,mode=bits"]);
    assert_ne!(bits.believed(), [APPROVED]);
    bits.assert_net(0);
}

#[test]
fn f17_the_last_wrong_pin_has_its_own_code() {
    let mut pipe = sale(&["F17:p=1,times=3,last=75"]);
    pipe.trade("sale", 500, None);
    pipe.trade("sale", 500, None);
    let codes: Vec<&str> = pipe
        .wire
        .iter()
        .filter_map(|line| line.strip_prefix("A>T 0210 "))
        .collect();
    assert_eq!(codes, ["55", "55", "75"]);
    pipe.assert_net(0);
}

#[test]
fn f25_and_f26_refuse_while_they_last() {
    for (fault, code) in [("F25:every=1s,for=1s", "90"), ("F26:every=1s,for=1s", "91")] {
        let pipe = sale(&[fault]);
        let answer = format!("A>T 0210 {code}");
        assert_ends(&pipe, &[DECLINED], 0, &["T>A 0200", &answer]);
    }
}

#[test]
fn f26_an_issuer_that_debited_and_did_not_say_so_leaves_the_books_apart() {
    let pipe = sale(&["F26:every=1s,for=1s,code=98,debited=yes"]);
    assert_eq!(
        pipe.believed(),
        [DECLINED],
        "a terminal takes 98 for a no (R16)"
    );
    assert_eq!(pipe.nets(), [(0, 500)]);
}

#[test]
fn f27_what_a_restart_forgot_is_not_found_by_its_reversal() {
    let pipe = sale(&["F27:nth=1,for=100ms"]);
    let wire = ["T>A 0200", "T>A 0400 98", "A>T 0410 25"];
    let unproven = TerminalBelief::Reversed { proven: false };
    assert_ends(&pipe, &[unproven], 0, &wire);
}

#[test]
fn f27_an_answer_that_was_not_sent_yet_is_forgotten_too() {
    let setup = PeerPipeSetup {
        faults: &[
            "F04:p=1,delay=400ms,terminal=T0000001",
            "F27:nth=1,for=100ms,terminal=T0000002",
        ],
        terminals: 2,
        trades: Some(1),
        ..PeerPipeSetup::default()
    };
    let mut pipe = setup.pipe();
    pipe.run(Duration::from_secs(20));
    assert_eq!(pipe.nets(), [(0, 0), (0, 0)], "{:?}", pipe.wire);
}

#[test]
fn f34_a_refused_refund_gives_nothing_back() {
    let mut pipe = pipe(&["F34:p=1,code=64"]);
    let sold = pipe.trade("sale", 500, None);
    let refund = pipe.trade("refund", 500, Some(sold.stan));
    assert_eq!(refund.belief, DECLINED);
    pipe.assert_net(500);
}

#[test]
fn f36_only_one_bin_is_cut_off() {
    for (bin, belief) in [("621626", DECLINED), ("6225..6229", APPROVED)] {
        let pipe = sale(&[&format!("F36:bin={bin}")]);
        assert_eq!(pipe.believed(), [belief], "{bin}");
    }
}

#[test]
fn f37_what_was_typed_wrong_is_what_both_books_hold() {
    assert_ends(
        &sale(&["F37:nth=1"]),
        &[APPROVED],
        5000,
        &["T>A 0200", "A>T 0210 00"],
    );
    assert_ends(
        &sale(&["F37:nth=1,what=number"]),
        &[DECLINED],
        0,
        &["T>A 0200", "A>T 0210 14"],
    );
    assert_ends(&sale(&["F37:nth=1,what=code"]), &[DECLINED], 0, &[]);
    let other = sale(&["F37:nth=1,what=card"]);
    assert_eq!(other.slips[0].receipt.card, 1);
}

#[test]
fn f38_the_operator_makes_a_failed_sale_once_more() {
    let pipe = sale(&["F01:nth=1", "F38:p=1,gap=10ms"]);
    let wire = [
        "T>A 0200",
        "T>A 0400 98",
        "A>T 0410 00",
        "T>A 0200",
        "A>T 0210 00",
    ];
    assert_ends(&pipe, &[PROVEN, APPROVED], 500, &wire);
    let same = sale(&["F16:nth=1", "F38:p=1,gap=10ms,trace=same"]);
    let receipts = same.terminals[0].receipts().list();
    assert_eq!(receipts[0].stan, receipts[1].stan);
    assert_eq!(
        same.believed(),
        [DECLINED, DECLINED],
        "a repeat hears the same"
    );
    let any = sale(&["F38:p=1,gap=10ms,after=any"]);
    assert_eq!(any.believed(), [APPROVED, APPROVED], "and no third time");
    any.assert_net(1000);
}

#[test]
fn f39_without_a_session_nothing_is_approved() {
    let unsigned = sale(&["F39:nth=1"]);
    assert_ends(&unsigned, &[DECLINED], 0, &["T>A 0200", "A>T 0210 A0"]);
    let batch = sale(&["F39:nth=1,state=batch"]);
    assert_ends(&batch, &[DECLINED], 0, &["T>A 0200", "A>T 0210 77"]);
    let mut unknown = pipe(&["F39:p=1,state=unknown"]);
    unknown.order("sale", 500, None).unwrap();
    unknown.run(Duration::from_secs(1));
    assert_eq!(unknown.wire[..2], ["T>A 0800", "A>T 0810 97"]);
    unknown.assert_net(0);
}

#[test]
fn f40_a_message_that_lacks_a_field_is_refused() {
    let missing = sale(&["F40"]);
    assert_ends(&missing, &[DECLINED], 0, &["T>A 0200", "A>T 0210 30"]);
    let other = sale(&["F40:set=22:051,header=613100"]);
    assert_ends(&other, &[APPROVED], 500, &["T>A 0200", "A>T 0210 00"]);
}

#[test]
fn f41_an_answer_that_is_read_too_late_is_reversed() {
    let late = sale(&["F41:nth=1,delay=5s"]);
    let wire = ["T>A 0200", "A>T 0210 00", "T>A 0400 98", "A>T 0410 00"];
    assert_ends(&late, &[PROVEN], 0, &wire);
    let slow = sale(&["F41:nth=1,delay=100ms"]);
    assert_ends(&slow, &[APPROVED], 500, &["T>A 0200", "A>T 0210 00"]);
    assert!(slow.slips[0].took >= Duration::from_millis(100));
}

#[test]
fn f44_another_amount_is_not_believed_and_a_change_without_a_mac_is_seen() {
    let amount = sale(&["F44:nth=1"]);
    let wire = ["T>A 0200", "A>T 0210 00", "T>A 0400 06", "A>T 0410 00"];
    assert_ends(&amount, &[PROVEN], 0, &wire);
    let unsealed = sale(&["F44:nth=1,set=38:999999,mac=wrong"]);
    let wire = ["T>A 0200", "A>T 0210 00", "T>A 0400 A0", "A>T 0410 00"];
    assert_ends(&unsealed, &[PROVEN], 0, &wire);
    let request = sale(&["F44:nth=1,of=request,delete=49,mac=wrong"]);
    assert_ne!(request.believed(), [APPROVED]);
    request.assert_net(0);
}

#[test]
fn all_that_a_terminal_gets_wrong_leaves_equal_books() {
    let faults = &[
        "F12:p=0.05",
        "F13:p=0.05,of=request",
        "F13:p=0.05",
        "F37:p=0.1",
        "F38:p=0.5",
        "F39:p=0.05",
        "F41:p=0.1",
        "F44:p=0.05",
        "F27:p=0.02",
        "F04:p=0.2",
        "F01:p=0.05",
        "F17:p=0.05",
        "F34:p=0.2",
    ];
    for seed in 0..10 {
        let tweak = |options: &mut TerminalOptions| options.patience.tries = 100;
        let setup = PeerPipeSetup {
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
        let struck = |at: usize| pipe.slips.get(at).is_some();
        assert!(struck(50), "{} slips", pipe.slips.len());
        for (terminal, (ours, theirs)) in pipe.terminals.iter().zip(pipe.nets()) {
            assert!(terminal.is_idle(), "seed {seed}");
            assert_eq!(ours, theirs, "seed {seed}");
        }
    }
}
