//! Short stories of a few deeds that only make sense together: each is begun for a purchase now and
//! then, in worlds that have its oddity.

use super::draw::{Draw, PATIENCE};
use super::spice::Spice;
use crate::lab::plan::{
    Again, Ask, Crash, Deed, Form, IssuerUndo, NamesOriginal, Reaction, Say, Trade, Undo,
};

/// Terminals of a world with a sick issuer: more than reversals may be on their way at once.
pub(super) const SICK: u8 = 20;
/// Reversals that may be on their way at once, if nothing else is configured.
const WINDOW: u8 = 16;

/// Begins what may be begun for a request.
pub(super) fn add(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    fresh_repeat(draw, at, answered, ask);
    bare_undo(draw, at, answered, ask);
    stray_undo(draw, answered, ask);
    dead_line(draw, at, answered, ask);
    if ask.trade == Trade::Sale {
        other_currency(draw, answered, ask);
        voids(draw, answered, ask);
        early_undo(draw, at, ask);
        foreign_refund(draw, answered, ask);
        twin(draw, answered, ask);
        many_swipes(draw, answered, ask);
        coffees(draw, answered, ask);
    }
    if ask.trade == Trade::Hold && draw.on(Spice::SameApprovals) {
        let lies_first = draw.dice.chance(1, 2);
        same_approval(draw, at, lies_first, ask);
    }
}

fn fresh_repeat(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::FreshRepeats, 4) {
        return;
    }
    let base = if draw.dice.chance(1, 2) { at } else { answered };
    let again = Again {
        n: ask.n,
        line: ask.line,
        marked: true,
        fresh: true,
        ..Again::default()
    };
    // The moment of DE 7 counts in seconds.
    let when = base + draw.dice.between(1, 2_500);
    draw.at(when, Deed::Again(again));
}

fn bare_undo(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::BareUndos, 4) {
        return;
    }
    let base = if draw.dice.chance(1, 3) { at } else { answered };
    let names = match draw.dice.below(3) {
        0 => NamesOriginal::WithoutMoment,
        1 => NamesOriginal::ByNumber,
        _ => NamesOriginal::Fully,
    };
    let drop = if names == NamesOriginal::Fully {
        vec![90]
    } else {
        Vec::new()
    };
    let undo = Undo {
        n: ask.n,
        line: ask.line,
        same_number: draw.dice.chance(3, 4),
        names,
        drop,
        ..Undo::default()
    };
    let when = draw.near(base + 1);
    draw.at(when, Deed::Undo(undo));
}

fn stray_undo(draw: &mut Draw, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::StrayUndos, 4) {
        return;
    }
    let other_card = draw.dice.chance(1, 2);
    let undo = Undo {
        n: ask.n,
        line: draw.line(),
        other_card,
        currency: if other_card { "" } else { "840" }.to_owned(),
        ..Undo::default()
    };
    let when = draw.near(answered + 20);
    draw.at(when, Deed::Undo(undo));
}

/// The device dies before its answer comes; the gateway goes on, or is started anew.
fn dead_line(draw: &mut Draw, at: u64, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::DeadLines, 6) {
        return;
    }
    let gone = Deed::HangUp {
        t: ask.t,
        line: ask.line,
        reset: false,
        quiet: true,
    };
    let waits = answered.saturating_sub(at).max(2);
    let when = at + 1 + draw.dice.below(waits);
    draw.at(when, gone);
    if draw.dice.chance(1, 2) {
        let when = answered + draw.dice.between(100, 3_000);
        let crash = Crash {
            down: 100,
            ..Crash::default()
        };
        draw.at(when, Deed::Crash(crash));
    }
}

/// The same number, card and amount in another currency.
fn other_currency(draw: &mut Draw, answered: u64, ask: &Ask) {
    if ask.stan == 0 || !draw.strikes(Spice::Currencies, 2) {
        return;
    }
    let next = Ask {
        n: draw.next_attempt(),
        currency: "840".to_owned(),
        host: Vec::new(),
        undo: Vec::new(),
        ..ask.clone()
    };
    let when = draw.near(answered + 20);
    draw.ask(when, next);
}

/// The acquirer takes back what it has booked, all of it or a part, before its answer goes out or
/// soon after; or it speaks of another card.
fn early_undo(draw: &mut Draw, at: u64, ask: &Ask) {
    if !draw.strikes(Spice::EarlyUndos, 12) {
        return;
    }
    draw.purchases += 1;
    let books = Reaction {
        after: 20,
        say: Say::Nothing,
        books: Some(true),
        ..Reaction::default()
    };
    let answer = Reaction {
        after: draw.dice.between(100, 700),
        say: Say::Code("00".to_owned()),
        books: Some(false),
        ..Reaction::default()
    };
    let sale = Ask {
        n: draw.next_attempt(),
        t: ask.t,
        purchase: draw.purchases,
        amount: 100 * draw.dice.between(2, 5_000),
        host: vec![books, answer],
        ..Ask::default()
    };
    let undo = IssuerUndo {
        n: sale.n,
        stands: if draw.dice.chance(1, 3) {
            sale.amount / 2
        } else {
            0
        },
        other_card: draw.dice.chance(1, 5),
    };
    let when = at + PATIENCE * 2;
    draw.ask(when, sale);
    let undone = when + draw.dice.between(25, 900);
    draw.at(undone, Deed::IssuerUndo(undo));
}

/// The same card gets money back for a sale that nobody here has seen.
fn foreign_refund(draw: &mut Draw, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::ForeignRefunds, 16) {
        return;
    }
    let refund = Ask {
        n: draw.next_attempt(),
        trade: Trade::Refund,
        t: ask.t,
        purchase: ask.purchase,
        amount: ask.amount * draw.dice.between(5, 20) / 10,
        host: vec![Reaction {
            after: 20,
            say: Say::Code("00".to_owned()),
            ..Reaction::default()
        }],
        ..Ask::default()
    };
    let when = draw.near(answered + 50);
    draw.ask(when, refund);
}

/// Two terminals of one name, each at its own acquirer, send the same sale under the same number.
fn twin(draw: &mut Draw, answered: u64, ask: &Ask) {
    if !draw.setup.has_twins() || !draw.dice.chance(1, 12) {
        return;
    }
    draw.purchases += 1;
    let sale = Ask {
        t: ask.t & !1,
        purchase: draw.purchases,
        amount: ask.amount,
        stan: 700_000 + draw.attempts,
        ..Ask::default()
    };
    let when = answered + 100;
    for side in 0..2 {
        let t = (sale.t + side) % draw.setup.terminals.max(1);
        let sale = Ask {
            n: draw.next_attempt(),
            t,
            ..sale.clone()
        };
        let undo = Undo {
            n: sale.n,
            ..Undo::default()
        };
        let at = when + u64::from(side) * draw.dice.between(1, 60);
        draw.ask(at, sale);
        if draw.dice.chance(1, 3) {
            let when = at + draw.dice.between(50, 500);
            draw.at(when, Deed::Undo(undo));
        }
    }
}

/// One purchase is tried a dozen times, and the first try was booked in silence.
fn many_swipes(draw: &mut Draw, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::ManySwipes, 40) {
        return;
    }
    draw.purchases += 1;
    let sale = Ask {
        t: ask.t,
        purchase: draw.purchases,
        amount: ask.amount,
        ..Ask::default()
    };
    for place in 0..12_u64 {
        let (say, books) = if place == 0 {
            (Say::Nothing, Some(true))
        } else {
            (Say::Code("51".to_owned()), None)
        };
        let sale = Ask {
            n: draw.next_attempt(),
            host: vec![Reaction {
                after: 15,
                say,
                books,
                ..Reaction::default()
            }],
            ..sale.clone()
        };
        draw.ask(answered + 50 + place * 30, sale);
    }
    draw.at(answered + 500, Deed::Probe);
}

/// A void, its reversal, another void, and perhaps the reversal of the sale.
fn voids(draw: &mut Draw, answered: u64, ask: &Ask) {
    if !draw.strikes(Spice::EchoedNumbers, 4) {
        return;
    }
    let answer = Reaction {
        after: 20,
        form: Form {
            echoes_rrn: true,
            ..Form::default()
        },
        ..Reaction::default()
    };
    let mut when = answered + 100;
    for is_last in [false, true] {
        let void = Ask {
            n: draw.next_attempt(),
            trade: Trade::Void,
            of: ask.n,
            t: ask.t,
            purchase: ask.purchase,
            amount: ask.amount,
            host: vec![answer.clone()],
            ..Ask::default()
        };
        let undone = if is_last { ask.n } else { void.n };
        draw.ask(when, void);
        when += draw.dice.between(100, 400);
        if !is_last || draw.dice.chance(1, 2) {
            let undo = Undo {
                n: undone,
                ..Undo::default()
            };
            draw.at(when, Deed::Undo(undo));
            when += draw.dice.between(100, 400);
        }
    }
}

/// Three coffees with one card within a second, and the first is voided by its number alone.
fn coffees(draw: &mut Draw, answered: u64, ask: &Ask) {
    if ask.stan != 0 || !draw.strikes(Spice::LeanVoids, 4) {
        return;
    }
    draw.purchases += 1;
    let cup = Ask {
        t: ask.t,
        purchase: draw.purchases,
        amount: 100 * draw.dice.between(1, 500),
        ..Ask::default()
    };
    let first = draw.attempts + 1;
    // About where a gateway is that counts anew.
    let stan = first + u32::try_from(draw.dice.below(3)).unwrap_or(0);
    for place in 0..3_u32 {
        let sale = Ask {
            n: draw.next_attempt(),
            stan: stan + place,
            ..cup.clone()
        };
        draw.ask(answered + 50 + 5 * u64::from(place), sale);
    }
    let void = Ask {
        n: draw.next_attempt(),
        trade: Trade::Void,
        of: first,
        drop: vec![37, 38],
        ..cup
    };
    draw.ask(answered + 500, void);
}

/// A sale of somebody else with the authorization code that the hold has, and a completion.
fn same_approval(draw: &mut Draw, at: u64, first: bool, hold: &Ask) {
    let auth = Form {
        auth: "123456".to_owned(),
        ..Form::default()
    };
    draw.purchases += 1;
    let answer = Reaction {
        after: 20,
        say: Say::Yes,
        form: auth,
        ..Reaction::default()
    };
    let sale = Ask {
        n: draw.next_attempt(),
        t: hold.t,
        purchase: draw.purchases,
        amount: 100 * draw.dice.between(1, 5_000),
        host: vec![answer],
        ..Ask::default()
    };
    let when = if first { at + 1 } else { at + PATIENCE };
    draw.ask(when, sale);
}

/// As many reversals as may be on their way at once have no answer, and some more would have one.
pub(super) fn sick_issuer(draw: &mut Draw, at: u64) {
    let silent = Reaction {
        after: 10,
        say: Say::Nothing,
        books: Some(false),
        ..Reaction::default()
    };
    draw.setup.bounds.window = None;
    for t in 0..SICK {
        draw.purchases += 1;
        let undo = if t < WINDOW {
            vec![silent.clone(); 4]
        } else {
            Vec::new()
        };
        let ask = Ask {
            n: draw.next_attempt(),
            t,
            purchase: draw.purchases,
            undo,
            ..Ask::default()
        };
        let n = ask.n;
        let when = at + u64::from(t) * 3;
        draw.ask(when, ask);
        let undo = Undo {
            n,
            ..Undo::default()
        };
        draw.at(when + 300, Deed::Undo(undo));
    }
}
