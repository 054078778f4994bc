//! One purchase: its first request, how the acquirer takes it, and what people and terminals do
//! afterwards.

use super::draw::{DEADLINE, Draw, PATIENCE};
use super::spice::Spice;
use super::{odd, reaction};
use crate::lab::plan::{Again, Ask, Cashier, Deed, MacIs, Trade, Undo, Words};

/// Begins the next purchase at the clock of the plan.
pub(super) fn begin(draw: &mut Draw) {
    draw.purchases += 1;
    let purchase = draw.purchases;
    let trade = if draw.strikes(Spice::Holds, 2) {
        Trade::Hold
    } else if draw.dice.chance(1, 40) {
        Trade::Balance
    } else {
        Trade::Sale
    };
    let first = Ask {
        n: draw.next_attempt(),
        t: draw.terminal(),
        trade,
        purchase,
        amount: 100 * draw.dice.between(1, 5_000),
        ..Ask::default()
    };
    let at = draw.clock;
    send(draw, at, first, 0);
}

/// Sends a request and all that follows from it.
fn send(draw: &mut Draw, at: u64, mut ask: Ask, depth: u8) {
    ask.line = draw.line();
    // Two swipes of one purchase under one number would be one request.
    let swiped = draw.on(Spice::Swipes) || draw.on(Spice::Cashiers);
    if !swiped && draw.strikes(Spice::SameNumbers, 6) {
        ask.stan = u32::try_from(draw.dice.between(1, 5)).unwrap_or(1);
    }
    if draw.strikes(Spice::AccountTypes, 2) && ask.trade == Trade::Sale {
        let codes = ["003000", "002000", "001000", "090000"];
        ask.code = draw
            .dice
            .pick(&codes)
            .map_or_else(String::new, |code| (*code).to_owned());
    }
    if draw.strikes(Spice::OddKinds, 6) && ask.trade == Trade::Sale {
        let codes = ["990000", "400000", "210000"];
        ask.code = draw
            .dice
            .pick(&codes)
            .map_or_else(String::new, |code| (*code).to_owned());
    }
    if draw.strikes(Spice::BrokenMacs, 8) {
        ask.mac = broken_mac(draw);
    }
    ask.broken_tail = draw.strikes(Spice::BrokenTails, 5);
    if draw.strikes(Spice::BrokenTails, 5) {
        ask.drop = vec![42];
    }
    let refers = ask.of != 0 && ask.trade != Trade::Completion;
    if refers && draw.strikes(Spice::LeanVoids, 2) {
        ask.drop = vec![37, 38];
    }
    if ask.trade == Trade::Completion && draw.strikes(Spice::SameApprovals, 2) {
        ask.drop = vec![61];
    }
    reaction::put(draw, &mut ask);
    let answered = at
        + ask
            .host
            .iter()
            .map(|reaction| reaction.after)
            .max()
            .unwrap_or(20);
    draw.ask(at, ask.clone());
    repeat(draw, at, answered, &ask);
    leave(draw, at, answered, &ask);
    undo(draw, at, answered, &ask);
    notice(draw, answered, &ask);
    race(draw, at, answered, &ask);
    odd::add(draw, at, answered, &ask);
    cashier(draw, answered, &ask, depth);
    if depth < 2 {
        follow(draw, answered, &ask, depth);
        swipe(draw, at, answered, &ask, depth);
    }
}

fn broken_mac(draw: &mut Draw) -> MacIs {
    match draw.dice.below(3) {
        0 => MacIs::Broken,
        1 => MacIs::Stale,
        _ => MacIs::Missing,
    }
}

/// A moment of interest in the life of a request.
fn moment(draw: &mut Draw, at: u64, answered: u64) -> u64 {
    let base = match draw.dice.below(5) {
        0 => at,
        1 | 2 => answered,
        3 => at + DEADLINE,
        _ => at + PATIENCE,
    };
    draw.near(base)
}

fn repeat(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    let mut chances = 3;
    while draw.strikes(Spice::Repeats, chances) {
        let when = moment(draw, at, answered);
        let line = draw.line();
        let mac = if draw.strikes(Spice::BrokenMacs, 2) {
            broken_mac(draw)
        } else {
            MacIs::Right
        };
        let again = Again {
            n: ask.n,
            line,
            mac,
            marked: draw.dice.chance(1, 4),
            fresh: false,
            if_unanswered: draw.dice.chance(1, 3),
        };
        draw.at(when, Deed::Again(again));
        chances += 1;
    }
}

fn leave(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    if draw.strikes(Spice::HangUps, 3) {
        let when = moment(draw, at, answered);
        let reset = draw.dice.chance(1, 2);
        draw.at(
            when,
            Deed::HangUp {
                t: ask.t,
                line: ask.line,
                reset,
                quiet: false,
            },
        );
    }
}

fn undo(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    let mut chances = 4;
    while draw.strikes(Spice::Undos, chances) {
        let when = moment(draw, at, answered);
        let mut undo = Undo {
            n: ask.n,
            line: draw.line(),
            if_unanswered: draw.dice.chance(1, 3),
            ..Undo::default()
        };
        if draw.strikes(Spice::PartialUndos, 2) {
            undo.stands = Some(ask.amount * draw.dice.between(1, 9) / 10);
        }
        if draw.strikes(Spice::UndoForms, 2) {
            let types = ["0400", "0401", "0420", "0421"];
            let mti = draw.dice.pick(&types).copied().unwrap_or_default();
            undo.mti = mti.to_owned();
            if draw.dice.chance(1, 3) {
                undo.drop = vec![4];
            }
        }
        if draw.strikes(Spice::BrokenMacs, 5) {
            undo.mac = broken_mac(draw);
        }
        draw.at(when, Deed::Undo(undo));
        chances += 1;
    }
}

/// Where things nearly meet: a repeat on another line while the answer is under way, and the first
/// line reset just then; or a repeat after the answer, a restart, and the terminal's reversal.
fn race(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    if draw.on(Spice::TwoLines) && draw.strikes(Spice::Repeats, 3) {
        let again = Again {
            n: ask.n,
            line: 1 - ask.line.min(1),
            ..Again::default()
        };
        let waits = answered.saturating_sub(at).max(1);
        let when = at + draw.dice.below(waits);
        draw.at(when, Deed::Again(again));
        let sync = draw.setup.sync / 1_000 + 2;
        let when = answered + draw.dice.below(sync);
        draw.at(
            when,
            Deed::HangUp {
                t: ask.t,
                line: ask.line,
                reset: true,
                quiet: false,
            },
        );
    }
    if draw.on(Spice::OmittedFields) && draw.strikes(Spice::Restarts, 4) {
        let again = Again {
            n: ask.n,
            line: ask.line,
            ..Again::default()
        };
        draw.at(answered + 50, Deed::Again(again));
        let restart = Deed::Restart {
            drain: 0,
            down: 50,
            reorder_links: false,
        };
        draw.at(answered + 200, restart);
        let undo = Undo {
            n: ask.n,
            ..Undo::default()
        };
        draw.at(answered + 600, Deed::Undo(undo));
    }
}

fn notice(draw: &mut Draw, answered: u64, ask: &Ask) {
    if draw.strikes(Spice::Notices, 4) {
        let when = draw.near(answered + 1);
        draw.at(when, Deed::Notice { n: ask.n });
    }
}

/// A cashier asks where the money is, perhaps again, and perhaps tries once more.
fn cashier(draw: &mut Draw, answered: u64, ask: &Ask, depth: u8) {
    if depth > 1 || !draw.strikes(Spice::Cashiers, 2) {
        return;
    }
    let reads = if draw.dice.chance(1, 2) {
        Words::En
    } else {
        Words::Zh
    };
    let mut when = answered;
    for _ in 0..draw.dice.between(1, 3) {
        when = draw.near(when + PATIENCE);
        let mut retry = Ask {
            n: draw.next_attempt(),
            host: Vec::new(),
            undo: Vec::new(),
            stan: 0,
            mac: MacIs::Right,
            broken_tail: false,
            ..ask.clone()
        };
        reaction::put(draw, &mut retry);
        let look = Cashier {
            n: ask.n,
            reads,
            then: Some(Box::new(retry)),
        };
        draw.at(when, Deed::Cashier(look));
    }
}

/// What refers to it: voids, refunds, completions, cancellations.
fn follow(draw: &mut Draw, answered: u64, ask: &Ask, depth: u8) {
    let trades: &[Trade] = match ask.trade {
        Trade::Hold => &[Trade::Completion, Trade::CancelHold],
        Trade::Completion => &[Trade::Refund],
        Trade::Sale => &[Trade::Void, Trade::Refund, Trade::Refund],
        Trade::Void | Trade::Refund | Trade::CancelHold | Trade::Balance => &[],
    };
    for trade in trades {
        let strikes = match trade {
            Trade::Void => draw.strikes(Spice::Voids, 3),
            Trade::Refund => draw.strikes(Spice::Refunds, 4),
            _ => draw.dice.chance(1, 2),
        };
        if !strikes {
            continue;
        }
        let is_part = *trade == Trade::Refund && draw.dice.chance(1, 2);
        let amount = if is_part {
            ask.amount * draw.dice.between(1, 9) / 10
        } else {
            ask.amount
        };
        let next = Ask {
            n: draw.next_attempt(),
            t: ask.t,
            trade: *trade,
            of: ask.n,
            purchase: ask.purchase,
            amount,
            ..Ask::default()
        };
        let when = draw.near(answered + 5);
        send(draw, when, next, depth + 1);
    }
}

/// The customer's card once more, for the same purchase.
fn swipe(draw: &mut Draw, at: u64, answered: u64, ask: &Ask, depth: u8) {
    if ask.trade != Trade::Sale || !draw.strikes(Spice::Swipes, 2) {
        return;
    }
    let elsewhere = draw.dice.chance(1, 3);
    let next = Ask {
        n: draw.next_attempt(),
        t: if elsewhere { draw.terminal() } else { ask.t },
        trade: ask.trade,
        purchase: ask.purchase,
        amount: ask.amount,
        ..Ask::default()
    };
    let when = moment(draw, at, answered).max(at + 1);
    send(draw, when, next, depth);
}
