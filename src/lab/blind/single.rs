//! Single faults, each by the words of the closed list that must be told of it.

use super::case::{BESIDE, CASE, CasePart, DEADLINE, Family, Making, PATIENCE};
use crate::lab::plan::{
    Ask, Bounds, Crash, Deed, Form, IssuerUndo, MacIs, Power, Reaction, ReversedBy, Say, Trade,
};

/// What silence may be called, by what its reversal tells.
pub(super) const SILENCE: &[&str] = &[
    "no_answer",
    "answer_lost",
    "request_lost_or_unknown",
    // Where one of these came first, nobody waited for an answer any more.
    "link_lost",
    "restart",
];
/// An answer that comes after its request was repeated answers the repeat.
const LATE: &[&str] = &["answer_late", "another_attempt"];
const MISMATCH: &[&str] = &["answer_mismatch"];

const ALL: &[(&str, CasePart)] = &[
    ("request lost", request_lost),
    ("answer lost", answer_lost),
    ("answer late", answer_late),
    ("answer with a wrong MAC", wrong_mac),
    ("answer with bytes behind its end", broken_tail),
    ("answer of another amount", other_amount),
    ("answer of another card", other_card),
    ("answer of another currency", other_currency),
    ("declined", declined),
    ("outcome unknown upstream", unknown),
    ("two answers that disagree", disagree),
    ("no link", no_link),
    ("link cut while the answer is awaited", link_cut),
    ("terminal gone before the answer", terminal_gone),
    ("terminal reset while the answer is under way", reset_after),
    ("gateway killed while the answer is awaited", killed_before),
    ("gateway killed after the answer", killed_after),
    ("terminal reverses", terminal_reverses),
    ("issuer takes it back", issuer_undo),
    ("voided", voided),
    ("refunded", refunded),
    ("authorized, never completed", hold),
    ("request with a wrong MAC", request_mac),
    ("number used by another sale", duplicate),
    ("approved in part", in_part),
    ("too much in flight", overload),
    ("gateway going down", draining),
    ("swiped again while the first waits", swiped),
];

/// Makes one of them.
pub(super) fn put(making: &mut Making) {
    let (name, build) = making.dice.pick(ALL).copied().unwrap_or(ALL[0]);
    making.called(Family::Single, name);
    build(making);
}

/// No book has it: the request never got as far.
pub(super) fn request_lost(making: &mut Making) {
    making.host(20, Say::Nothing, Some(false));
    making.takes_undo(&Say::Code("25".to_owned()), Some(false));
    making.label.also.push("request_lost_or_unknown");
    making.must_tell(SILENCE);
}

/// It is booked, and its answer never comes.
pub(super) fn answer_lost(making: &mut Making) {
    let after = making.dice.between(5, 400);
    making.host(after, Say::Nothing, Some(true));
    making.must_tell(SILENCE);
}

fn answer_late(making: &mut Making) {
    let after = match making.dice.below(3) {
        0 => DEADLINE + making.dice.between(30, 200),
        1 => PATIENCE + making.dice.between(30, 2_000),
        _ => PATIENCE + making.dice.between(2_000, 20_000),
    };
    making.host(after, Say::Yes, None);
    // If the terminal's reversal comes first, an honest host refuses the request behind it.
    making.must_tell(&["answer_late", "no_answer", "answer_lost"]);
}

pub(super) fn answers_as(making: &mut Making, form: Form) {
    let after = making.dice.between(5, 400);
    making.ask.host.push(Reaction {
        after,
        form,
        ..Reaction::default()
    });
}

fn wrong_mac(making: &mut Making) {
    making.setup.spec = "cup-pos".to_owned();
    making.setup.host_spec = None;
    answers_as(
        making,
        Form {
            broken_mac: true,
            ..Form::default()
        },
    );
    making.label.also.push("answer_mac_wrong");
    making.must_tell(&["answer_mac_wrong"]);
}

fn broken_tail(making: &mut Making) {
    making.must_sell();
    answers_as(
        making,
        Form {
            broken_tail: true,
            ..Form::default()
        },
    );
    making
        .label
        .also
        .extend(["answer_unreadable", "outside_log"]);
    // What can be read of it may be believed, and what cannot is told.
    making.must_tell(&["answer_unreadable", "outside_log"]);
}

fn other_amount(making: &mut Making) {
    let amount = making.ask.amount + 100;
    answers_as(
        making,
        Form {
            amount: Some(amount),
            ..Form::default()
        },
    );
    making.label.also.extend(MISMATCH);
    making.must_tell(MISMATCH);
}

fn other_card(making: &mut Making) {
    answers_as(
        making,
        Form {
            other_card: true,
            ..Form::default()
        },
    );
    making.label.also.extend(MISMATCH);
    making.must_tell(MISMATCH);
}

fn other_currency(making: &mut Making) {
    answers_as(
        making,
        Form {
            currency: "840".to_owned(),
            ..Form::default()
        },
    );
    making.label.also.extend(MISMATCH);
    making.must_tell(MISMATCH);
}

fn declined(making: &mut Making) {
    const CODES: [&str; 9] = ["51", "54", "14", "61", "05", "55", "57", "62", "75"];
    let code = making.dice.pick(&CODES).copied().unwrap_or("05");
    let after = making.dice.between(5, 600);
    making.host(after, Say::Code(code.to_owned()), Some(false));
    making.must_tell(&["declined"]);
}

pub(super) fn unknown(making: &mut Making) {
    let code = making.dice.pick(&["98", "68"]).copied().unwrap_or("98");
    let (after, books) = (making.dice.between(5, 600), making.dice.chance(1, 2));
    making.host(after, Say::Code(code.to_owned()), Some(books));
    making.must_tell(&["outcome_unknown_upstream"]);
}

fn disagree(making: &mut Making) {
    let (first, second) = (making.dice.between(5, 200), making.dice.between(300, 700));
    let (yes, no) = (Say::Yes, Say::Code("51".to_owned()));
    let books = making.dice.chance(1, 2);
    if making.dice.chance(1, 2) {
        making.host(first, yes, Some(books));
        making.host(second, no, Some(false));
    } else {
        making.host(first, no, Some(false));
        making.host(second, yes, Some(books));
    }
    making.must_tell(&["answers_disagree"]);
}

fn no_link(making: &mut Making) {
    let lasts = making.dice.between(1_500, 4_000);
    let down = Deed::LinkDown { link: 0, lasts };
    making.at(super::case::BEGINS - 200, down);
    making.label.also.push("link_down");
    making.must_tell(&["link_down"]);
}

/// Cuts all connections of the link.
pub(super) fn cut_all(making: &mut Making, after: u64) {
    for _ in 0..making.setup.connections {
        making.after(after, Deed::Cut { link: 0, line: 0 });
    }
    making.label.also.push("link_lost");
}

fn link_cut(making: &mut Making) {
    let books = making.dice.chance(1, 2);
    making.host(20, Say::Nothing, Some(books));
    if !books {
        making.takes_undo(&Say::Code("25".to_owned()), Some(false));
        making.label.also.push("request_lost_or_unknown");
    }
    let after = making.dice.between(40, 600);
    cut_all(making, after);
    making.must_tell(&["link_lost"]);
}

pub(super) fn hangs_up(making: &mut Making, after: u64, reset: bool) {
    let deed = Deed::HangUp {
        t: 0,
        line: 0,
        reset,
        quiet: false,
    };
    making.after(after, deed);
}

fn terminal_gone(making: &mut Making) {
    making.setup.forgetful = true;
    let answered = making.dice.between(300, 700);
    making.host(answered, Say::Yes, None);
    let (gone, reset) = (making.dice.between(50, 200), making.dice.chance(1, 2));
    hangs_up(making, gone, reset);
    making.label.also.push("terminal_gone");
    making.must_tell(&["terminal_gone"]);
}

fn reset_after(making: &mut Making) {
    making.setup.forgetful = true;
    making.setup.latency = 3_000;
    let answered = making.dice.between(50, 400);
    making.host(answered, Say::Yes, None);
    // The answer is on its way to the terminal, and the terminal is gone.
    let gone = answered + 3 * 3 + making.setup.sync / 1_000 + 1;
    hangs_up(making, gone, true);
    making
        .label
        .also
        .extend(["terminal_gone", "delivery_unproven"]);
    making.must_tell(&["terminal_gone", "delivery_unproven", "outside_log"]);
}

pub(super) fn killed(making: &mut Making, after: u64) {
    let crash = Crash {
        down: making.dice.between(50, 2_000),
        power: Power::Stays,
        ..Crash::default()
    };
    making.after(after, Deed::Crash(crash));
    making.label.also.push("restart");
}

fn killed_before(making: &mut Making) {
    let answered = making.dice.between(300, 800);
    let books = making.dice.chance(1, 2);
    making.host(answered, Say::Nothing, Some(books));
    let at = making.dice.between(60, 250);
    killed(making, at);
    making.must_tell(&["restart", "terminal_reversed"]);
}

fn killed_after(making: &mut Making) {
    let answered = making.dice.between(50, 200);
    making.host(answered, Say::Yes, None);
    let at = answered + making.dice.between(30, 200);
    killed(making, at);
    making.label.also.push("delivery_unproven");
    // The terminal may have shown before that it read its answer.
    making.must_tell(&[
        "delivery_unproven",
        "restart",
        "terminal_reversed",
        "outside_log",
    ]);
}

fn terminal_reverses(making: &mut Making) {
    let answered = making.dice.between(5, 300);
    making.host(answered, Say::Yes, None);
    let at = answered + making.dice.between(100, 20_000);
    making.undoes(at);
    making.must_tell(&["terminal_reversed"]);
}

fn issuer_undo(making: &mut Making) {
    making.must_sell();
    let undo = IssuerUndo {
        n: CASE,
        ..IssuerUndo::default()
    };
    let at = making.dice.between(2_000, 20_000);
    making.after(at, Deed::IssuerUndo(undo));
    making.must_tell(&["acquirer_reversed"]);
}

fn back(making: &mut Making, trade: Trade, amount: u64) {
    let ask = Ask {
        n: BESIDE,
        trade,
        of: CASE,
        purchase: CASE,
        amount,
        ..Ask::default()
    };
    let after = making.dice.between(1_000, 10_000);
    making.also_asks(after, ask);
}

fn voided(making: &mut Making) {
    making.must_sell();
    let amount = making.ask.amount;
    back(making, Trade::Void, amount);
    making.label.also.push("voided");
    making.must_tell(&["voided"]);
}

fn refunded(making: &mut Making) {
    making.must_sell();
    let amount = making.ask.amount;
    back(making, Trade::Refund, amount);
    making.label.also.push("voided");
    making.must_tell(&["voided"]);
}

fn hold(making: &mut Making) {
    making.must_sell();
    making.ask.trade = Trade::Hold;
    making.label.also.push("completion_missing");
    making.must_tell(&["completion_missing"]);
}

fn request_mac(making: &mut Making) {
    making.setup.spec = "cup-pos".to_owned();
    making.setup.host_spec = None;
    making.ask.mac = MacIs::Broken;
    making.label.also.push("refused_mac");
    making.must_tell(&["refused_mac"]);
}

fn duplicate(making: &mut Making) {
    making.must_sell();
    making.ask.stan = 900;
    let first = Ask {
        n: BESIDE,
        purchase: BESIDE,
        amount: making.ask.amount + 300,
        stan: 900,
        ..Ask::default()
    };
    making.at(super::case::BEGINS - 900, Deed::Ask(Box::new(first)));
    making
        .label
        .also
        .extend(["refused_duplicate", "outside_log"]);
    // Where a name has a moment (DE 7) it is another one.
    making.must_tell(&[
        "refused_duplicate",
        "outside_log",
        "outcome_unknown_upstream",
    ]);
}

fn in_part(making: &mut Making) {
    making.must_sell();
    let part = making.ask.amount / 2 + 1;
    making.host(20, Say::Part(part), None);
    making.must_tell(&["outside_log"]);
}

fn overload(making: &mut Making) {
    making.setup.bounds = Bounds {
        in_flight: Some(1),
        ..Bounds::default()
    };
    let other = Ask {
        n: BESIDE,
        t: 1,
        purchase: BESIDE,
        host: vec![Reaction {
            after: 500,
            ..Reaction::default()
        }],
        ..Ask::default()
    };
    making.at(super::case::BEGINS - 200, Deed::Ask(Box::new(other)));
    making.label.also.push("refused_overload");
    making.must_tell(&["refused_overload"]);
}

fn draining(making: &mut Making) {
    let restart = Deed::Restart {
        drain: 600,
        down: 500,
        reorder_links: false,
    };
    making.at(super::case::BEGINS - 100, restart);
    making.label.also.push("refused_draining");
    making.must_tell(&["refused_draining"]);
}

fn swiped(making: &mut Making) {
    making.must_sell();
    answer_lost(making);
    if making.setup.by == ReversedBy::Terminal {
        making.setup.forgetful = false;
    }
    let next = Ask {
        n: BESIDE,
        t: 1,
        purchase: CASE,
        amount: making.ask.amount,
        ..Ask::default()
    };
    let after = making.dice.between(950, 1_500);
    making.also_asks(after, next);
    making.label.also.push("another_attempt");
    making.must_tell(&["another_attempt"]);
}

/// An approval that comes too late, and is booked whatever reversal came first.
pub(super) fn late_for_sure(making: &mut Making) {
    let after = PATIENCE + making.dice.between(30, 4_000);
    making.host(after, Say::Code("00".to_owned()), None);
    making.must_tell(LATE);
}
