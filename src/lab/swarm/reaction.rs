//! How the acquirer takes a request and its reversals.

use super::draw::{DEADLINE, Draw};
use super::spice::Spice;
use crate::lab::plan::{Ask, Form, Reaction, Say, Trade};

const DECLINES: &[&str] = &[
    "51", "54", "14", "61", "05", "55", "03", "58", "91", "96", "30",
];
const AUTHS: &[&str] = &["123456", "654321"];
const TYPES: &[&str] = &["0230", "0211", "0212", "0210"];
const UNKNOWN: &[&str] = &["98", "68", "09", "08", "Z9", "7X"];

/// Throws what the acquirer does about a request, and about its reversals.
pub(super) fn put(draw: &mut Draw, ask: &mut Ask) {
    ask.host = request(draw, ask.amount);
    if matches!(ask.trade, Trade::Void | Trade::Refund | Trade::CancelHold) {
        // No host approves a return in part.
        for own in &mut ask.host {
            if matches!(own.say, Say::Part(_)) {
                own.say = Say::Yes;
            }
        }
    }
    ask.undo = reversals(draw);
}

fn soon(draw: &mut Draw) -> u64 {
    match draw.dice.below(6) {
        0 => draw.dice.between(0, 3),
        1..4 => draw.dice.between(3, 80),
        4 => draw.dice.between(80, 600),
        // Just around the deadline.
        _ => DEADLINE - 20 + draw.dice.below(25),
    }
}

fn late(draw: &mut Draw) -> u64 {
    match draw.dice.below(4) {
        0 => DEADLINE + draw.dice.below(50),
        1 | 2 => DEADLINE + draw.dice.below(2_500),
        _ => DEADLINE + draw.dice.below(30_000),
    }
}

fn code(draw: &mut Draw, codes: &[&str]) -> Say {
    Say::Code(draw.dice.pick(codes).copied().unwrap_or("05").to_owned())
}

fn request(draw: &mut Draw, amount: u64) -> Vec<Reaction> {
    let after = soon(draw);
    let books = draw.dice.chance(1, 2);
    let mut first = Reaction {
        after,
        ..Reaction::default()
    };
    if draw.strikes(Spice::Silence, 4) {
        first.say = Say::Nothing;
        first.books = Some(books);
    } else if draw.strikes(Spice::UnknownCodes, 4) {
        first.say = code(draw, UNKNOWN);
        first.books = Some(books);
    } else if draw.strikes(Spice::NoCodes, 5) {
        first.say = if draw.dice.chance(1, 2) {
            Say::NoCode
        } else {
            Say::Blanks
        };
        first.books = Some(books);
    } else if draw.strikes(Spice::PartialApprovals, 4) {
        first.say = Say::Part(amount * draw.dice.between(1, 12) / 10);
    } else if draw.dice.chance(1, 8) {
        first.say = code(draw, DECLINES);
    }
    if draw.strikes(Spice::LateAnswers, 3) {
        first.after = late(draw);
    }
    first.form = form(draw, amount);
    let mut all = vec![first];
    while draw.strikes(Spice::SeveralAnswers, 3) && all.len() < 3 {
        all.push(another(draw, amount));
    }
    all
}

fn another(draw: &mut Draw, amount: u64) -> Reaction {
    let after = if draw.dice.chance(1, 2) {
        soon(draw)
    } else {
        late(draw)
    };
    let say = match draw.dice.below(4) {
        0 | 1 => Say::Yes,
        2 => code(draw, DECLINES),
        _ => code(draw, UNKNOWN),
    };
    Reaction {
        after,
        say,
        books: None,
        form: form(draw, amount),
    }
}

fn form(draw: &mut Draw, amount: u64) -> Form {
    let mut form = Form::default();
    if draw.strikes(Spice::OmittedFields, 3) {
        form.omits.extend(draw.dice.pick(&[42_u8, 41, 37]).copied());
    }
    if draw.strikes(Spice::BrokenAnswers, 4) {
        match draw.dice.below(3) {
            0 => form.broken_mac = true,
            1 => form.amount = Some(amount + 100),
            _ => form.broken_tail = true,
        }
    }
    form.other_line = draw.strikes(Spice::OtherLines, 3);
    if draw.strikes(Spice::SameApprovals, 2) {
        form.auth = draw.dice.pick(AUTHS).copied().unwrap_or("").to_owned();
    }
    if draw.strikes(Spice::WrongTypes, 5) {
        form.mti = draw.dice.pick(TYPES).copied().unwrap_or("").to_owned();
    }
    form.echoes_rrn = draw.strikes(Spice::EchoedNumbers, 2);
    if draw.strikes(Spice::OtherMoney, 5) {
        other_money(draw, &mut form);
    }
    form
}

/// One thing in which an answer speaks of other money.
fn other_money(draw: &mut Draw, form: &mut Form) {
    match draw.dice.below(3) {
        0 => form.other_card = true,
        1 => "840".clone_into(&mut form.currency),
        _ => "200000".clone_into(&mut form.code),
    }
}

fn reversals(draw: &mut Draw) -> Vec<Reaction> {
    let mut all = Vec::new();
    while all.len() < 8 && draw.strikes(Spice::StubbornUndos, 2) {
        let say = match draw.dice.below(4) {
            0 => Say::Nothing,
            1 => Say::Code("98".to_owned()),
            _ => Say::Code("96".to_owned()),
        };
        let books = (say == Say::Nothing).then(|| draw.dice.chance(1, 2));
        let after = if draw.dice.chance(1, 4) {
            late(draw)
        } else {
            soon(draw)
        };
        all.push(Reaction {
            after,
            say,
            books,
            form: Form::default(),
        });
    }
    if draw.strikes(Spice::RefusedUndos, 3) {
        let say = code(draw, &["58", "64", "30"]);
        all.push(Reaction {
            after: 10,
            say,
            ..Reaction::default()
        });
    }
    if draw.strikes(Spice::EmptyUndos, 3) {
        let say = code(draw, &["25", "12", "00"]);
        all.push(Reaction {
            after: 10,
            say,
            books: Some(false),
            ..Reaction::default()
        });
    }
    if draw.strikes(Spice::OtherMoney, 3) {
        let mut form = Form::default();
        match draw.dice.below(3) {
            0 => form.amount = Some(1),
            1 => form.other_original = true,
            _ => other_money(draw, &mut form),
        }
        all.push(Reaction {
            after: 10,
            say: code(draw, &["00"]),
            books: Some(false),
            form,
        });
    }
    all
}
