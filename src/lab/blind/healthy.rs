//! Cases in which nothing is wrong, though something is odd: whoever raises an alarm is wrong.

use super::case::{
    BEGINS, BESIDE, CASE, CasePart, DEADLINE, Family, FileTwist, Making, PayoutTwist,
};
use crate::lab::plan::{Again, Ask, Deed, Form, Reaction, Say, Trade};

/// A day of the field, scaled.
const DAY: u64 = 24 * 3_600_000;

const ALL: &[(&str, CasePart)] = &[
    ("an ordinary sale", |_| {}),
    ("paid out, or about to be", paid_out),
    ("a connection for each transaction", line_each),
    ("a slow approval", slow),
    ("a host that says 00 to every reversal", |making| {
        making.setup.habits.zero_to_unknown = true;
    }),
    (
        "a host without tombstones that says 00 to every reversal",
        |making| {
            making.setup.habits.zero_to_unknown = true;
            making.setup.habits.no_tombstones = true;
        },
    ),
    ("the same trace number the next day", next_day),
    ("the approval twice", twice),
    ("the request repeated while it waits", repeated),
    ("an answer over another connection", other_line),
    ("answers without the merchant", |making| {
        making.setup.habits.omits = vec![42];
    }),
    ("an answer with the RRN of the request", echoed),
    ("the clock of the gateway is set forth", |making| {
        making.after(200, Deed::Clock { by: 3_600_000 });
    }),
    ("the clock of the gateway is set back", |making| {
        making.after(200, Deed::Clock { by: -1_800_000 });
    }),
    ("the link comes and goes between trades", |making| {
        making.after(3_000, Deed::Cut { link: 0, line: 0 });
    }),
    ("a restart between trades", |making| {
        // The terminal has traded on, so that it is known to have read its answer.
        let next = Ask {
            n: BESIDE,
            purchase: BESIDE,
            amount: 4_242,
            ..Ask::default()
        };
        making.also_asks(2_000, next);
        let restart = Deed::Restart {
            drain: 0,
            down: 100,
            reorder_links: false,
        };
        making.after(9_000, restart);
    }),
    ("the same customer buys the same again", bought_again),
    ("a balance inquiry", |making| {
        making.must_sell();
        making.ask.trade = Trade::Balance
    }),
    ("many echoes", |making| {
        let chatter = Deed::Chatter {
            t: 0,
            times: 40,
            downloads: true,
        };
        making.after(10, chatter);
    }),
    ("a slow disk", |making| making.setup.sync = 60_000),
];

/// Makes one of them.
pub(super) fn put(making: &mut Making) {
    if making.dice.chance(2, 3) {
        making.must_sell();
    }
    let (name, build) = making.dice.pick(ALL).copied().unwrap_or(ALL[0]);
    making.called(Family::Healthy, name);
    build(making);
    making.must_tell(match making.ask.trade {
        Trade::Balance => &["answered"],
        Trade::Hold => &["completion_missing"],
        _ if making.label.payout.is_some() => &[
            "outside_log",
            "paid",
            "paid_net",
            "payout_due",
            "payout_reviewed",
            "reserve_short",
            "payout_returned",
            "not_withdrawn",
        ],
        _ => &["outside_log"],
    });
}

fn paid_out(making: &mut Making) {
    making.must_sell();
    making.label.file = FileTwist::Whole;
    making.label.payout = making.dice.pick(&PayoutTwist::ALL).copied();
}

fn line_each(making: &mut Making) {
    let answered = making.dice.between(5, 400);
    making.host(answered, Say::Yes, None);
    let close = Deed::HangUp {
        t: 0,
        line: 0,
        reset: false,
        quiet: false,
    };
    let reads = making.dice.between(60, 300);
    making.after(answered + reads, close);
}

fn slow(making: &mut Making) {
    let after = making.dice.between(DEADLINE / 2, DEADLINE - 60);
    making.host(after, Say::Yes, None);
}

fn next_day(making: &mut Making) {
    making.must_sell();
    making.setup.echo = 0;
    making.ask.stan = 77;
    let settle = Deed::Settle {
        t: 0,
        wrong: false,
        restart_numbers: false,
    };
    making.after(20_000, settle);
    let next = Ask {
        n: BESIDE,
        purchase: BESIDE,
        amount: 100 * making.dice.between(1, 5_000),
        stan: 77,
        ..Ask::default()
    };
    making.at(BEGINS + DAY, Deed::Ask(Box::new(next)));
}

fn twice(making: &mut Making) {
    let first = making.dice.between(5, 300);
    making.host(first, Say::Yes, None);
    let second = first + making.dice.between(1, 2_000);
    making.host(second, Say::Yes, None);
}

fn repeated(making: &mut Making) {
    let answered = making.dice.between(200, 600);
    making.host(answered, Say::Yes, None);
    let again = Again {
        n: CASE,
        ..Again::default()
    };
    let when = making.dice.between(50, answered - 100);
    making.after(when, Deed::Again(again));
}

fn other_line(making: &mut Making) {
    making.setup.connections = 3;
    answers_as(
        making,
        Form {
            other_line: true,
            ..Form::default()
        },
    );
}

fn echoed(making: &mut Making) {
    answers_as(
        making,
        Form {
            echoes_rrn: true,
            ..Form::default()
        },
    );
}

fn answers_as(making: &mut Making, form: Form) {
    let after = making.dice.between(5, 400);
    making.ask.host.push(Reaction {
        after,
        form,
        ..Reaction::default()
    });
}

fn bought_again(making: &mut Making) {
    making.must_sell();
    let next = Ask {
        n: BESIDE,
        purchase: CASE,
        amount: making.ask.amount,
        ..Ask::default()
    };
    let when = making.dice.between(2_000, 5_000);
    making.also_asks(when, next);
    making.label.also.push("another_attempt");
}
