//! The list of open ones, history, and what must have happened by now.

use super::*;

fn missing(attempt: &AttemptFacts) -> bool {
    let case = Case {
        attempts: std::slice::from_ref(attempt),
        ..Case::default()
    };
    finds(&case, "open-missing")
}

fn needless(attempt: &AttemptFacts) -> bool {
    let open = [printed(attempt, "no", TIMED_OUT)];
    let case = Case {
        attempts: std::slice::from_ref(attempt),
        open: &open,
        ..Case::default()
    };
    assert!(!finds(&case, "open-missing"));
    finds(&case, "open-proven")
}

/// Whether an attempt was missed on the list.
fn misses(judge: &Judge, n: u32) -> bool {
    let mut found = judge.findings().iter();
    found.any(|found| found.n == Some(n) && found.rule == "open-missing")
}

#[test]
fn what_the_books_disagree_on_is_listed() {
    let held = AttemptFacts {
        held: 10_000,
        ..declined(1)
    };
    let gone = AttemptFacts { held: 0, ..paid(1) };
    let in_part = AttemptFacts {
        held: 6_000,
        ..paid(1)
    };
    for wrong in [held, gone, in_part] {
        assert!(missing(&wrong));
        assert!(!needless(&wrong));
        let moving = AttemptFacts {
            in_flight: true,
            ..wrong
        };
        assert!(!missing(&moving));
    }
    assert!(!missing(&paid(1)));
    assert!(!missing(&declined(1)));
}

#[test]
fn what_was_given_back_of_an_undone_sale_is_not_owed() {
    let undone = AttemptFacts {
        slip: SlipSays::Undone,
        ..paid(1)
    };
    let finds = |back: i64| {
        let void = AttemptFacts {
            held: -back,
            ..returned(2, 1, Trade::Void)
        };
        let case = Case {
            attempts: &[undone.clone(), void],
            ..Case::default()
        };
        misses(&judged(&case), 1)
    };
    assert!(!finds(10_000));
    assert!(finds(3_000));
}

#[test]
fn what_was_voided_is_proven_whatever_closed_its_reversal() {
    let closed = AttemptFacts {
        undos: vec![UndoAsked::default()],
        reversals: vec![reversal(46, UndoMeant::Closed)],
        slip: SlipSays::Undone,
        ..paid(1)
    };
    let finds = |sale: AttemptFacts, void: AttemptFacts| {
        let case = Case {
            attempts: &[sale, void],
            ..Case::default()
        };
        misses(&judged(&case), 1)
    };
    let void = returned(2, 1, Trade::Void);
    let undone = AttemptFacts {
        reversals: vec![reversal(50, UndoMeant::Again)],
        ..void.clone()
    };
    assert!(!finds(closed.clone(), void.clone()));
    assert!(finds(closed.clone(), undone));
    let coded = |auth: &str| HostAnswer {
        auth: auth.to_owned(),
        ..answer(2, "00")
    };
    let booked_twice = AttemptFacts {
        approvals: vec![coded("000001"), coded("000002")],
        ..closed
    };
    assert!(finds(booked_twice, void));
}

#[test]
fn a_reversal_beside_a_refund_may_stand_on_the_list() {
    let reversed = AttemptFacts {
        held: 1_000,
        undos: vec![UndoAsked::default()],
        reversals: vec![reversal(46, UndoMeant::Undone)],
        slip: SlipSays::Undone,
        ..paid(1)
    };
    let finds = |back: i64| {
        let refund = AttemptFacts {
            held: -back,
            ..returned(2, 1, Trade::Refund)
        };
        let sale = AttemptFacts {
            held: back,
            ..reversed.clone()
        };
        let open = [printed(&sale, "unproven", TIMED_OUT)];
        let attempts = [sale, refund];
        let case = Case {
            attempts: &attempts,
            open: &open,
            ..Case::default()
        };
        finds(&case, "open-proven")
    };
    assert!(!finds(1_000));
    assert!(finds(0));
}

#[test]
fn a_reversal_that_never_came_is_seen_by_nobody() {
    let given_up = AttemptFacts {
        slip: SlipSays::UndoGivenUp,
        ..paid(1)
    };
    assert!(!missing(&given_up));
    let came = AttemptFacts {
        undos: vec![UndoAsked::default()],
        ..given_up.clone()
    };
    assert!(missing(&came));
    let mut doubted = given_up;
    doubted.told[0].doubted = true;
    assert!(missing(&doubted));
}

#[test]
fn what_is_not_proven_is_listed() {
    let closed = AttemptFacts {
        reversals: vec![reversal(46, UndoMeant::Closed)],
        slip: SlipSays::Undone,
        ..sent(1)
    };
    let refused = AttemptFacts {
        reversals: vec![reversal(46, UndoMeant::Refused)],
        ..closed.clone()
    };
    let approved_since = AttemptFacts {
        reversals: vec![reversal(46, UndoMeant::Undone)],
        approvals: vec![answer(60, "00")],
        ..closed.clone()
    };
    let unknown = AttemptFacts {
        unknowns: vec![answer(2, "98")],
        slip: SlipSays::Declined,
        ..sent(1)
    };
    let silent = AttemptFacts {
        slip: SlipSays::Unanswered,
        ..sent(1)
    };
    let disagree = AttemptFacts {
        declines: vec![answer(3, "51")],
        ..paid(1)
    };
    for unproven in [
        &closed,
        &refused,
        &approved_since,
        &unknown,
        &silent,
        &disagree,
    ] {
        assert!(missing(unproven), "{unproven:?}");
        assert!(!needless(unproven), "{unproven:?}");
    }
    // The same with a decline, and with the reversal sent once more.
    let was_declined = AttemptFacts {
        declines: vec![answer(2, "51")],
        ..closed
    };
    assert!(!missing(&was_declined));
    let mut sent_again = approved_since;
    sent_again.reversals.push(reversal(61, UndoMeant::Undone));
    assert!(!missing(&sent_again));
}

#[test]
fn what_is_proven_is_not_listed() {
    let reversed = AttemptFacts {
        approvals: vec![answer(2, "00")],
        reversals: vec![reversal(46, UndoMeant::Undone)],
        slip: SlipSays::Undone,
        ..sent(1)
    };
    let never = AttemptFacts {
        sent: Vec::new(),
        arrived: 0,
        slip: SlipSays::Declined,
        ..sent(1)
    };
    let coded = |second| HostAnswer {
        auth: "000001".to_owned(),
        ..answer(second, "00")
    };
    // A copy of an approval is no news.
    let copied = AttemptFacts {
        approvals: vec![coded(2), coded(60)],
        ..reversed.clone()
    };
    for proven in [&paid(1), &declined(1), &reversed, &copied, &never] {
        assert!(needless(proven), "{proven:?}");
        assert!(!missing(proven), "{proven:?}");
    }
    // Of one that an end of the gateway cut off, nobody knows whether it left.
    let mut interrupted = AttemptFacts {
        interrupted: true,
        ..never
    };
    assert!(!needless(&interrupted));
    interrupted.reversals = vec![reversal(46, UndoMeant::Undone)];
    assert!(needless(&interrupted));
    let mut doubted = paid(1);
    doubted.told[0].doubted = true;
    assert!(!needless(&doubted));
    // An approval that came when the reversal was decided on, or a refusal beside its 00.
    let mut overtaken = reversed.clone();
    overtaken.approvals = vec![answer(45, "00")];
    assert!(needless(&overtaken));
    overtaken.reversals[0].decided = at(44);
    assert!(!needless(&overtaken));
    let mut refused = reversed;
    refused.reversals.push(reversal(46, UndoMeant::Refused));
    assert!(!needless(&refused));
    let settled = AttemptFacts {
        misbalanced: true,
        ..paid(1)
    };
    assert!(!needless(&settled));
}

#[test]
fn what_came_is_told_as_long_as_it_is_kept() {
    let attempts = [paid(1)];
    let case = |second| Case {
        attempts: &attempts,
        at: second,
        ..Case::default()
    };
    assert!(finds(&case(90), "history"));
    assert!(!finds(&case(91 * 24 * 3600), "history"));
    assert!(!rules(&paid(1), "no", PAID).contains(&"history"));
}

#[test]
fn a_request_that_never_left_is_answered() {
    let silent = AttemptFacts {
        sent: Vec::new(),
        arrived: 0,
        ..sent(1)
    };
    assert!(rules(&silent, "yes", DECLINED).contains(&"silence"));
    let gone = AttemptFacts {
        asker_there: false,
        ..silent.clone()
    };
    assert!(!rules(&gone, "yes", DECLINED).contains(&"silence"));
    let on_a_sick_disk = AttemptFacts {
        well: false,
        ..silent.clone()
    };
    assert!(!rules(&on_a_sick_disk, "yes", DECLINED).contains(&"silence"));
    let answered = AttemptFacts {
        told: vec![told(2, "91", Meant::Declined)],
        ..silent
    };
    assert!(!rules(&answered, "yes", DECLINED).contains(&"silence"));
}

#[test]
fn a_reversal_that_is_too_old_is_an_exception() {
    let pending = AttemptFacts {
        reversals: vec![reversal(46, UndoMeant::Again)],
        ..sent(1)
    };
    let class = |name: &str| {
        let mut value = printed(&pending, "no", TIMED_OUT);
        value["class"] = name.into();
        [value]
    };
    let (waits, listed) = (class("U5"), class("U6"));
    let expired = setup().expire / 1000 + 300;
    let case = |printed, second| Case {
        attempts: std::slice::from_ref(&pending),
        printed,
        at: second,
        ..Case::default()
    };
    assert!(finds(&case(&waits, expired), "U6"));
    assert!(!finds(&case(&waits, 90), "U6"));
    assert!(!finds(&case(&listed, expired), "U6"));
}

#[test]
fn a_reversal_that_was_tried_too_often_is_an_exception() {
    let tries = |count: u64| AttemptFacts {
        reversals: (0..count)
            .map(|second| reversal(50 + second, UndoMeant::Again))
            .collect(),
        ..sent(1)
    };
    let found = |count| {
        let attempt = tries(count);
        let printed = [printed(&attempt, "no", TIMED_OUT)];
        let case = Case {
            attempts: std::slice::from_ref(&attempt),
            printed: &printed,
            at: 200,
            ..Case::default()
        };
        finds(&case, "U6")
    };
    assert!(found(6));
    assert!(!found(5));
}

#[test]
fn an_answer_of_the_gateways_own_is_a_verdict() {
    let held = AttemptFacts {
        held: 10_000,
        told: vec![told(3, "A0", Meant::Declined)],
        slip: SlipSays::Declined,
        ..sent(1)
    };
    let rule = "own-answer";
    assert!(rules(&held, "no", TIMED_OUT).contains(&rule));
    let from_host = AttemptFacts {
        declines: vec![answer(2, "A0")],
        ..held.clone()
    };
    assert!(!rules(&from_host, "no", TIMED_OUT).contains(&rule));
    // It was told no before anything left: true, if it asked again before that.
    let sent_later = |repeat: u64| AttemptFacts {
        sent: vec![at(8)],
        reached: [1, repeat]
            .map(|second| Arrival {
                now: now(second),
                conn: None,
            })
            .to_vec(),
        ..held.clone()
    };
    assert!(!rules(&sent_later(7), "no", TIMED_OUT).contains(&rule));
    assert!(rules(&sent_later(2), "no", TIMED_OUT).contains(&rule));
    let going_on = AttemptFacts {
        reversals: vec![reversal(4, UndoMeant::Again)],
        ..held
    };
    assert!(!rules(&going_on, "no", TIMED_OUT).contains(&rule));
}

#[test]
fn a_reversal_is_not_closed_while_the_host_holds() {
    let closed = |code: &str, stands: Option<u64>| AttemptFacts {
        undos: vec![UndoAsked {
            now: now(9),
            mti: "0400".to_owned(),
            stands,
            ..UndoAsked::default()
        }],
        undo_told: vec![ToldAnswer {
            asked: "0400".to_owned(),
            mti: "0410".to_owned(),
            ..told(10, code, Meant::Declined)
        }],
        slip: SlipSays::Undone,
        held: 6_000,
        ..paid(1)
    };
    let rule = "own-answer";
    for code in ["00", "25", "12"] {
        assert!(rules(&closed(code, None), "no", TIMED_OUT).contains(&rule));
        let in_part = closed(code, Some(6_000));
        assert!(!rules(&in_part, "no", TIMED_OUT).contains(&rule));
    }
    assert!(!rules(&closed("96", None), "no", TIMED_OUT).contains(&rule));
}

#[test]
fn at_the_end_nobody_paid_twice_or_got_too_much_back() {
    let end = |attempts: &[AttemptFacts], rule: &str| {
        let case = Case {
            attempts,
            healed: true,
            ..Case::default()
        };
        finds(&case, rule)
    };
    let allowed = AttemptFacts {
        allowed_by: 1,
        ..paid(2)
    };
    assert!(end(&[paid(1), allowed.clone()], "twice"));
    // What its terminal sent by itself later, no verdict foresaw; nor a lie that nothing
    // contradicted.
    let mut repeated = paid(1);
    repeated.sent = vec![at(9)];
    assert!(end(&[repeated.clone(), allowed.clone()], "twice"));
    let mut again = repeated.reached[0];
    again.now = now(9);
    repeated.reached.push(again);
    assert!(!end(&[repeated, allowed.clone()], "twice"));
    let lied = AttemptFacts {
        lied_since: Some(at(2)),
        contradicted: Some(at(50)),
        ..paid(1)
    };
    let asked = AttemptFacts {
        allowed_at: at(60),
        ..allowed.clone()
    };
    assert!(end(&[lied.clone(), asked], "twice"));
    assert!(!end(&[lied, allowed.clone()], "twice"));
    assert!(!end(&[declined(1), allowed.clone()], "twice"));
    // A swipe that came later, or is of another amount: no verdict could know of it.
    assert!(!end(&[declined(1), allowed.clone(), paid(3)], "twice"));
    let of_another_amount = AttemptFacts {
        amount: 2_000,
        ..paid(1)
    };
    let third = AttemptFacts {
        allowed_by: 2,
        ..paid(3)
    };
    assert!(!end(&[of_another_amount, declined(2), third], "twice"));
    assert!(!end(&[paid(1), paid(2)], "twice"));
    let void = returned(2, 1, Trade::Void);
    let refund = returned(3, 1, Trade::Refund);
    assert!(!end(&[paid(1), void.clone()], "returned-twice"));
    // A terminal that asks for more than it was given does so by itself.
    let more = AttemptFacts {
        held: -20_000,
        ..void.clone()
    };
    assert!(!end(&[paid(1), more.clone()], "returned-twice"));
    let undone = AttemptFacts { held: 0, ..paid(1) };
    assert!(end(&[undone.clone(), more.clone()], "returned-twice"));
    let gift = AttemptFacts {
        overgiven: true,
        ..more
    };
    assert!(!end(&[undone, gift], "returned-twice"));
    assert!(end(&[paid(1), void, refund], "returned-twice"));
}

#[test]
fn at_the_end_no_reversal_is_pending() {
    let pending = AttemptFacts {
        reversals: vec![reversal(46, UndoMeant::Again)],
        ..sent(1)
    };
    let mut value = printed(&pending, "no", TIMED_OUT);
    value["class"] = "U5".into();
    let printed = [value];
    let case = |healed| Case {
        attempts: std::slice::from_ref(&pending),
        printed: &printed,
        healed,
        ..Case::default()
    };
    assert!(finds(&case(true), "pending-at-end"));
    assert!(!finds(&case(false), "pending-at-end"));
    let not_understood = [
        AttemptFacts {
            partly_read: true,
            ..pending.clone()
        },
        AttemptFacts {
            no_kind: true,
            ..pending.clone()
        },
    ];
    for own in &not_understood {
        let case = Case {
            attempts: std::slice::from_ref(own),
            printed: &printed,
            healed: true,
            ..Case::default()
        };
        assert!(!finds(&case, "pending-at-end"));
    }
}
