//! What stands in no catalogue: hosts that lie, answers of odd forms.

use super::case::{CasePart, Family, Making};
use super::single::{SILENCE, answers_as};
use crate::lab::plan::{Deed, Form, Reaction, Say};

const ALL: &[(&str, CasePart)] = &[
    (
        "a host that says 00 to the reversal of what it never had",
        |making| {
            making.host(20, Say::Nothing, Some(false));
            making.takes_undo(&Say::Code("00".to_owned()), Some(false));
            making.label.also.push("request_lost_or_unknown");
            making.must_tell(SILENCE);
        },
    ),
    (
        "a host that says 00 to a reversal and undoes nothing",
        |making| {
            making.host(20, Say::Nothing, Some(true));
            making.takes_undo(&Say::Code("00".to_owned()), Some(false));
            making.must_tell(SILENCE);
        },
    ),
    ("a host that declines and books", |making| {
        making.host(20, Say::Code("51".to_owned()), Some(true));
        making.must_tell(&["declined"]);
    }),
    ("a host that approves and does not book", |making| {
        making.host(20, Say::Yes, Some(false));
        making.must_tell(&["outside_log"]);
    }),
    ("a host that approves more than was asked", |making| {
        let more = making.ask.amount + 500;
        making.host(20, Say::Part(more), None);
        making.label.also.push("answer_mismatch");
        making.must_tell(&["answer_mismatch"]);
    }),
    ("an answer without a code", |making| {
        let books = making.dice.chance(1, 2);
        making.host(20, Say::NoCode, Some(books));
        making.label.also.push("answer_unreadable");
        making.must_tell(&["answer_unreadable", "outcome_unknown_upstream"]);
    }),
    ("an answer with a blank code", |making| {
        let books = making.dice.chance(1, 2);
        making.host(20, Say::Blanks, Some(books));
        making.label.also.push("answer_unreadable");
        making.must_tell(&["answer_unreadable", "outcome_unknown_upstream"]);
    }),
    ("an answer with a code that nobody knows", |making| {
        let books = making.dice.chance(1, 2);
        making.host(20, Say::Code("Z9".to_owned()), Some(books));
        making.must_tell(&["outcome_unknown_upstream"]);
    }),
    ("an answer of another kind", |making| {
        answers_as(
            making,
            Form {
                code: "200000".to_owned(),
                ..Form::default()
            },
        );
        making.label.also.push("answer_mismatch");
        making.must_tell(&["answer_mismatch"]);
    }),
    ("an answer of another type", |making| {
        answers_as(
            making,
            Form {
                mti: "0230".to_owned(),
                ..Form::default()
            },
        );
        making.label.also.push("answer_mismatch");
        making.must_tell(&["answer_mismatch", "no_answer", "answer_lost"]);
    }),
    ("a second approval under another code", |making| {
        making.host(20, Say::Yes, None);
        making.ask.host.push(Reaction {
            after: 400,
            form: Form {
                auth: "654321".to_owned(),
                ..Form::default()
            },
            ..Reaction::default()
        });
        making.must_tell(&["answers_disagree"]);
    }),
    ("a terminal that dies without a word", |making| {
        making.setup.forgetful = true;
        making.host(400, Say::Yes, None);
        making.after(
            100,
            Deed::HangUp {
                t: 0,
                line: 0,
                reset: false,
                quiet: true,
            },
        );
        // Nobody at the gateway can know.
        making.label.also.push("outside_log");
        making.must_tell(&["outside_log", "delivery_unproven", "terminal_gone"]);
    }),
    ("the clock jumps while the answer is awaited", |making| {
        making.host(400, Say::Yes, None);
        let by = if making.dice.chance(1, 2) {
            86_400_000
        } else {
            -43_200_000
        };
        making.after(200, Deed::Clock { by });
        making.must_tell(&["outside_log"]);
    }),
];

/// Makes one of them.
pub(super) fn put(making: &mut Making) {
    let (name, build) = making.dice.pick(ALL).copied().unwrap_or(ALL[0]);
    making.must_sell();
    making.called(Family::Outside, name);
    build(making);
}
