//! Answers and reversals about other money, and reversals that nobody answers.

use super::*;

fn breaks(attempt: &AttemptFacts, rule: &str) -> bool {
    rules(attempt, "no", PAID).contains(&rule)
}

#[test]
fn an_approval_of_other_money_is_no_approval() {
    let misfit = AttemptFacts {
        approvals: Vec::new(),
        misfits: vec![at(2)],
        doubtful: vec![at(2)],
        ..paid(1)
    };
    let approved_too = AttemptFacts {
        misfits: vec![at(2)],
        ..paid(1)
    };
    assert!(breaks(&misfit, "K2"));
    assert!(!breaks(&approved_too, "K2"));
}

#[test]
fn a_reversal_names_the_card_of_its_request() {
    let with = |cardless| AttemptFacts {
        reversals: vec![ReversalFacts {
            cardless,
            ..reversal(50, UndoMeant::Undone)
        }],
        ..sent(1)
    };
    assert!(breaks(&with(true), "cardless"));
    assert!(!breaks(&with(false), "cardless"));
}

#[test]
fn a_void_is_booked_on_the_sale_that_it_names() {
    let void = |went_to| AttemptFacts {
        went_to: Some(went_to),
        ..returned(3, 1, Trade::Void)
    };
    let with = |void: AttemptFacts| {
        let attempts = [paid(1), paid(2), void];
        finds(
            &Case {
                attempts: &attempts,
                ..Case::default()
            },
            "astray",
        )
    };
    assert!(with(void(2)));
    assert!(!with(void(1)));
}

#[test]
fn two_approvals_with_two_codes_stand_on_the_list() {
    let coded = |auth: &str| HostAnswer {
        auth: auth.to_owned(),
        ..answer(2, "00")
    };
    let with = |second: &str| AttemptFacts {
        approvals: vec![coded("000001"), coded(second)],
        ..paid(1)
    };
    assert!(breaks(&with("000002"), "open-missing"));
    assert!(!breaks(&with("000001"), "open-missing"));
}

#[test]
fn nobody_knows_of_a_dead_terminal_before_a_restart() {
    let gone = |doubted_soon| AttemptFacts {
        told: vec![ToldAnswer {
            delivered: false,
            unheard: true,
            doubted: true,
            doubted_soon,
            ..told(2, "00", Meant::Approved)
        }],
        slip: SlipSays::Unanswered,
        ..paid(1)
    };
    assert!(breaks(&gone(true), "open-missing"));
    assert!(!breaks(&gone(false), "open-missing"));
}

fn undo(second: u64, stan: u32) -> UndoAsked {
    UndoAsked {
        now: now(second),
        mti: "0400".to_owned(),
        stan,
        there: true,
        well: true,
        ..UndoAsked::default()
    }
}

#[test]
fn each_reversal_of_a_terminal_is_answered_under_its_number() {
    let to = |stan: u32| ToldAnswer {
        asked: "0400".to_owned(),
        mti: "0410".to_owned(),
        stan,
        ..told(12, "00", Meant::Approved)
    };
    let with = |told: Vec<ToldAnswer>| AttemptFacts {
        undos: vec![undo(8, 101), undo(9, 102)],
        undo_told: told,
        reversals: vec![reversal(8, UndoMeant::Undone)],
        held: 0,
        slip: SlipSays::Undone,
        ..paid(1)
    };
    let late = |attempt: &AttemptFacts| {
        let case = Case {
            attempts: std::slice::from_ref(attempt),
            at: 300,
            ..Case::default()
        };
        finds(&case, "unanswered")
    };
    assert!(late(&with(vec![to(101)])));
    assert!(!late(&with(vec![to(101), to(102)])));
}

#[test]
fn a_reversal_goes_out_while_its_terminal_waits() {
    let with = |reversals: Vec<ReversalFacts>| AttemptFacts {
        undos: vec![undo(8, 101)],
        reversals,
        slip: SlipSays::Undoing,
        ..paid(1)
    };
    let starves = |attempt: &AttemptFacts| {
        let case = Case {
            attempts: std::slice::from_ref(attempt),
            at: 80,
            ..Case::default()
        };
        finds(&case, "starved")
    };
    assert!(starves(&with(Vec::new())));
    assert!(starves(&with(vec![reversal(70, UndoMeant::Undone)])));
    assert!(!starves(&with(vec![reversal(9, UndoMeant::Undone)])));
}

#[test]
fn answers_under_one_number_are_told_apart_by_nobody() {
    let unlisted = |other: AttemptFacts| {
        let own = AttemptFacts {
            held: 10_000,
            ..declined(1)
        };
        let attempts = [own, other];
        let case = Case {
            attempts: &attempts,
            ..Case::default()
        };
        finds(&case, "open-missing")
    };
    // Its terminal took the answer to another, which it had under way by the same number, for one
    // to this.
    let other = AttemptFacts { stan: 1, ..paid(2) };
    let meanwhile = AttemptFacts {
        reached: paid(1).reached,
        ..other.clone()
    };
    assert!(unlisted(other));
    assert!(!unlisted(meanwhile));
    let elsewhere = AttemptFacts {
        t: 1,
        stan: 1,
        reached: paid(1).reached,
        ..paid(2)
    };
    assert!(unlisted(elsewhere));
}

#[test]
fn what_the_acquirer_took_back_is_listed() {
    let taken = AttemptFacts {
        held: 0,
        undone_above: Some(at(9)),
        ..paid(1)
    };
    let attempts = [taken];
    let case = Case {
        attempts: &attempts,
        ..Case::default()
    };
    assert!(finds(&case, "open-missing"));
}
