//! Two faults at once: one of the request, one of what is done about it.

use super::case::{CasePart, Family, Making};
use super::single::{answer_lost, cut_all, killed, late_for_sure, request_lost, unknown};
use crate::lab::plan::{ReversedBy, Say};

const FIRST: &[(&str, CasePart)] = &[
    ("request lost", request_lost),
    ("answer lost", answer_lost),
    ("answer late", late_for_sure),
    ("outcome unknown upstream", unknown),
    ("terminal reverses", |making| {
        making.host(20, Say::Yes, None);
        making.undoes(2_000);
        making.must_tell(&["terminal_reversed"]);
    }),
];

const SECOND: &[(&str, CasePart)] = &[
    ("reversal refused", |making| {
        making.takes_undo(&Say::Code("58".to_owned()), Some(false));
        reversed(making);
        making.must_tell(&["reversal_refused"]);
    }),
    ("reversal never answered", |making| {
        let books = making.dice.chance(1, 2);
        making.takes_undo(&Say::Nothing, Some(books));
        reversed(making);
        making.must_tell(&["reversal_undeliverable", "reversal_pending"]);
    }),
    ("reversal answered only the third time", |making| {
        let last = std::mem::take(&mut making.ask.undo);
        making.takes_undo(&Say::Code("96".to_owned()), Some(false));
        making.ask.undo.truncate(2);
        making.ask.undo.extend(last);
        reversed(making);
    }),
    ("original not found, though it is booked", |making| {
        making.takes_undo(&Say::Code("25".to_owned()), Some(false));
        reversed(making);
    }),
    ("link cut", |making| {
        let after = making.dice.between(30, 500);
        cut_all(making, after);
    }),
    ("gateway killed", |making| {
        let after = making.dice.between(30, 2_500);
        killed(making, after);
    }),
];

/// Makes one of each, and now and then a third.
pub(super) fn put(making: &mut Making) {
    let (first, build) = making.dice.pick(FIRST).copied().unwrap_or(FIRST[0]);
    making.called(Family::Double, first);
    build(making);
    let more = 1 + u8::from(making.dice.chance(1, 4));
    for _ in 0..more {
        let (second, build) = making.dice.pick(SECOND).copied().unwrap_or(SECOND[0]);
        making.called(Family::Double, second);
        build(making);
    }
}

/// Somebody reverses.
fn reversed(making: &mut Making) {
    if making.setup.by == ReversedBy::Terminal {
        making.setup.forgetful = false;
    }
}
