//! What went over the wires.

use super::*;

fn breaks(attempt: &AttemptFacts, rule: &str) -> bool {
    rules(attempt, "no", PAID).contains(&rule)
}

#[test]
fn a_receipt_needs_an_approval_of_its_amount() {
    let more = AttemptFacts {
        slip: SlipSays::Approved(12_000),
        ..paid(1)
    };
    let none = AttemptFacts {
        approvals: Vec::new(),
        ..paid(1)
    };
    let not_read = AttemptFacts {
        doubtful: vec![at(2)],
        ..none.clone()
    };
    assert!(breaks(&more, "K2"));
    assert!(breaks(&none, "K2") && breaks(&none, "I13"));
    assert!(!breaks(&not_read, "K2") && !breaks(&not_read, "I13"));
    assert!(!breaks(&paid(1), "K2") && !breaks(&paid(1), "I13"));
}

#[test]
fn a_request_reaches_a_host_once() {
    let twice = AttemptFacts {
        arrived: 2,
        ..paid(1)
    };
    let notice = AttemptFacts {
        notice: true,
        ..twice.clone()
    };
    assert!(breaks(&twice, "K5"));
    assert!(!breaks(&notice, "K5"));
}

#[test]
fn no_host_holds_more_than_was_asked_for() {
    let twice = AttemptFacts {
        held: 20_000,
        ..paid(1)
    };
    let by_host = AttemptFacts {
        overbooked: true,
        ..twice.clone()
    };
    assert!(breaks(&twice, "I4"));
    assert!(!breaks(&by_host, "I4"));
    assert!(!breaks(&paid(1), "I4"));
}

#[test]
fn a_late_approval_is_not_delivered() {
    let late = |second| AttemptFacts {
        approvals: vec![answer(second, "00")],
        told: vec![told(second, "00", Meant::Approved)],
        ..paid(1)
    };
    assert!(breaks(&late(47), "I10"));
    assert!(!breaks(&late(46), "I10"));
    let not_read = |second| AttemptFacts {
        doubtful: vec![at(second)],
        ..late(60)
    };
    assert!(breaks(&not_read(50), "I10"));
    assert!(!breaks(&not_read(5), "I10"));
}

#[test]
fn no_approval_is_told_behind_its_reversal() {
    let reversed = |second| AttemptFacts {
        reversals: vec![reversal(second, UndoMeant::Undone)],
        held: 0,
        ..paid(2)
    };
    assert!(breaks(&reversed(1), "I3"));
    assert!(!breaks(&reversed(9), "I3"));
}

#[test]
fn a_receipt_that_is_held_is_not_reversed() {
    let reversed = |wished: bool, doubted: bool| {
        let mut attempt = AttemptFacts {
            reversals: vec![ReversalFacts {
                wished,
                ..reversal(9, UndoMeant::Undone)
            }],
            ..paid(1)
        };
        attempt.told[0].doubted = doubted;
        attempt
    };
    assert!(breaks(&reversed(false, false), "K4"));
    assert!(!breaks(&reversed(true, false), "K4"));
    // Where delivery was in doubt, it must be shown.
    assert!(breaks(&reversed(false, true), "K4"));
    let shown = [
        "answer written, delivery not proven; reversal accepted (00); any debit is returned; the \
         terminal may show success",
        REVERSED[1],
        REVERSED[2],
        REVERSED[3],
    ];
    assert!(!rules(&reversed(false, true), "no", shown).contains(&"K4"));
}

#[test]
fn an_answer_fits_what_was_asked() {
    let answered = |change: fn(&mut ToldAnswer)| {
        let mut attempt = paid(1);
        attempt.told.iter_mut().for_each(change);
        breaks(&attempt, "R21")
    };
    assert!(!answered(|_| {}));
    assert!(answered(|told| told.mti = "0230".to_owned()));
    assert!(answered(|told| told.own_stan = false));
    assert!(answered(|told| told.own_line = false));
    let reversed = AttemptFacts {
        undo_told: vec![ToldAnswer {
            asked: "0400".to_owned(),
            mti: "0430".to_owned(),
            ..told(9, "00", Meant::Approved)
        }],
        ..paid(1)
    };
    assert!(breaks(&reversed, "R21"));
}

#[test]
fn what_was_accepted_is_not_reversed_again_uncalled_for() {
    let again = AttemptFacts {
        reversals: vec![
            reversal(47, UndoMeant::Undone),
            reversal(60, UndoMeant::Undone),
        ],
        ..sent(1)
    };
    let approved = |second| AttemptFacts {
        approvals: vec![answer(second, "00")],
        ..again.clone()
    };
    assert!(breaks(&again, "R9"));
    assert!(breaks(&approved(2), "R9"));
    // It was decided on before it left, and an approval came behind that.
    assert!(breaks(&approved(46), "R9"));
    let mut waited = approved(46);
    waited.reversals[0].decided = at(45);
    assert!(!breaks(&waited, "R9"));
    let asked_again = AttemptFacts {
        sent: vec![at(1), at(50)],
        ..again
    };
    assert!(!breaks(&asked_again, "R9"));
}
