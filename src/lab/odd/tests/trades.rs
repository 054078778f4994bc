//! Sales and what follows them, in every dialect.

use super::pipe::Pipe;
use crate::lab::odd::SlipBelief::{Approved, Declined, Undone};
use crate::lab::odd::wire::{Speech, number, piece};
use crate::lab::odd::{SlipBelief, Sort};

const DIALECTS: [&str; 4] = [
    "cup-pos",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-ebcdic",
];

const SALE: &str = r#"{"at":0,"do":"ask","n":1,"purchase":1,"amount":700}"#;

/// What is believed and what stands of an attempt.
pub(super) type Outcome = (u32, SlipBelief, i64);

/// Plays these deeds in a world of each dialect.
fn each(deeds: &[&str], outcomes: &[Outcome]) -> Vec<Pipe> {
    let worlds = DIALECTS.map(|spec| {
        let world = Pipe::run(&format!("{{\"spec\":\"{spec}\"}}\n{}", deeds.join("\n")));
        for (n, belief, net) in outcomes {
            assert_eq!(world.slip(*n).belief, *belief, "{spec} {n}");
            assert_eq!(world.net(*n), *net, "{spec} {n}");
            assert_eq!(world.host.ledger().lied(*n), None, "{spec} {n}");
        }
        assert!(world.terminal.strays().is_empty(), "{spec}");
        assert!(world.terminal.is_idle() && world.host.is_idle(), "{spec}");
        world
    });
    worlds.into_iter().collect()
}

#[test]
fn a_sale_is_approved_and_booked() {
    for world in each(&[SALE], &[(1, Approved(700), 700)]) {
        assert!(world.slip(1).rrn.is_some() && world.slip(1).auth.is_some());
    }
}

#[test]
fn a_reversal_takes_back_what_was_booked_and_once_only() {
    let undo = r#"{"at":500,"do":"undo","n":1}"#;
    let more = r#"{"at":800,"do":"undo","n":1}"#;
    for world in each(&[SALE, undo, more], &[(1, Undone, 0)]) {
        assert_eq!(world.slip(1).undos.len(), 2);
        let codes: Vec<_> = world
            .slip(1)
            .undo_answers
            .iter()
            .map(|a| a.code.clone())
            .collect();
        assert_eq!(codes, [Some("00".to_owned()), Some("00".to_owned())]);
        assert_eq!(world.host.ledger().entries[&1].undone, 700);
    }
}

#[test]
fn a_refused_sale_is_not_booked() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"host":[{"after":20,"say":{"code":"51"}}]}"#;
    each(&[ask], &[(1, Declined, 0)]);
}

#[test]
fn a_lost_answer_is_undone_by_itself() {
    let ask = r#"{"at":0,"do":"ask","n":1,"purchase":1,"amount":700,
        "host":[{"after":20,"say":"nothing","books":true}]}"#;
    let ask = ask.replace('\n', "");
    for world in each(&[&ask], &[(1, Undone, 0)]) {
        assert_eq!(world.slip(1).undos.len(), 1);
        let entry = &world.host.ledger().entries[&1];
        let changes: Vec<_> = entry
            .changes
            .iter()
            .map(|(_, by, why)| (*by, *why))
            .collect();
        assert_eq!(changes, [(700, "booked"), (-700, "reversed")]);
    }
}

#[test]
fn a_repeat_is_answered_as_the_first_and_booked_once() {
    let again = r#"{"at":500,"do":"again","n":1,"marked":true}"#;
    for world in each(&[SALE, again], &[(1, Approved(700), 700)]) {
        assert_eq!(world.slip(1).answers.len(), 2);
        let arrivals = &world.host.ledger().arrivals;
        let repeats = arrivals
            .iter()
            .filter(|arrival| arrival.what == Sort::Repeat);
        let repeats: Vec<_> = repeats.map(|arrival| (arrival.n, arrival.names)).collect();
        assert_eq!(repeats, [(Some(1), Some(1))]);
    }
}

#[test]
fn a_void_gives_all_back_and_its_reversal_charges_again() {
    let void = r#"{"at":500,"do":"ask","n":2,"of":1,"purchase":1,"amount":700,"trade":"void"}"#;
    let outcomes = [(1, Approved(700), 0), (2, Approved(700), -700)];
    each(&[SALE, void], &outcomes);
    let twice = r#"{"at":900,"do":"ask","n":3,"of":1,"purchase":1,"amount":700,"trade":"void"}"#;
    each(
        &[SALE, void, twice],
        &[outcomes[0], outcomes[1], (3, Declined, 0)],
    );
    let undo = r#"{"at":900,"do":"undo","n":2}"#;
    each(
        &[SALE, void, undo],
        &[(1, Approved(700), 700), (2, Undone, 0)],
    );
}

#[test]
fn refunds_add_up_and_never_give_back_more_than_was_paid() {
    let refund = |n, at, amount| {
        format!(
            "{{\"at\":{at},\"do\":\"ask\",\"n\":{n},\"of\":1,\"purchase\":1,\"amount\":{amount},\
             \"trade\":\"refund\"}}"
        )
    };
    let [some, more, rest] = [
        refund(2, 300, 200),
        refund(3, 600, 600),
        refund(4, 900, 500),
    ];
    let outcomes = [
        (1, Approved(700), 0),
        (2, Approved(200), -200),
        (3, Declined, 0),
        (4, Approved(500), -500),
    ];
    each(&[SALE, &some, &more, &rest], &outcomes);
}

#[test]
fn a_completion_turns_a_hold_into_a_charge() {
    let hold = r#"{"at":0,"do":"ask","n":1,"purchase":1,"amount":700,"trade":"hold"}"#;
    let complete =
        r#"{"at":500,"do":"ask","n":2,"of":1,"purchase":1,"amount":600,"trade":"completion"}"#;
    each(
        &[hold, complete],
        &[(1, Approved(700), 0), (2, Approved(600), 600)],
    );
    let undo = r#"{"at":900,"do":"undo","n":2}"#;
    each(
        &[hold, complete, undo],
        &[(1, Approved(700), 700), (2, Undone, 0)],
    );
    let cancel =
        r#"{"at":500,"do":"ask","n":2,"of":1,"purchase":1,"amount":700,"trade":"cancel-hold"}"#;
    each(
        &[hold, cancel],
        &[(1, Approved(700), 0), (2, Approved(700), -700)],
    );
}

#[test]
fn a_void_of_what_nobody_sent_is_left_out() {
    let void = r#"{"at":500,"do":"ask","n":2,"of":7,"purchase":1,"amount":700,"trade":"void"}"#;
    for world in each(&[SALE, void], &[(1, Approved(700), 700)]) {
        assert!(!world.terminal.slips().contains_key(&2));
    }
}

#[test]
fn a_settlement_balances_unless_it_is_wrong() {
    for (wrong, result) in [(false, "1"), (true, "2")] {
        let settle = format!("{{\"at\":500,\"do\":\"settle\",\"t\":0,\"wrong\":{wrong}}}");
        let next = r#"{"at":900,"do":"ask","n":2,"purchase":2,"amount":100}"#;
        let outcomes = [(1, Approved(700), 700), (2, Approved(100), 100)];
        let worlds = each(&[SALE, &settle, next], &outcomes);
        for (world, spec) in worlds.iter().zip(DIALECTS) {
            let speech = Speech::new(spec);
            let answers = world
                .down
                .iter()
                .filter_map(|frame| speech.read(frame.clone()));
            let answer = answers
                .into_iter()
                .find(|a| a.mti().to_string() == "0510")
                .unwrap();
            let told = if speech.cup {
                piece(&answer, 48, 30, 31)
            } else {
                number(&answer, 66).unwrap().to_string()
            };
            assert_eq!(told, result, "{spec}");
            assert_ne!(world.slip(1).batch, world.slip(2).batch);
        }
    }
}
