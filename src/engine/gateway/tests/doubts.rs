//! What takes a certainty away again, and what is told of whom.

use super::*;

/// A sale that was declined, and told so.
fn declined_sale(by: ReversalBy, stan: u32) -> (Stage, Message) {
    let mut stage = Stage::with(options(by, true));
    stage.terminal_says(stage.sale(stan));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    (stage, sent)
}

#[test]
fn an_unknown_outcome_behind_a_decline_is_reversed() {
    let (mut stage, sent) = declined_sale(ReversalBy::Both, 2);
    stage.acquirer_says(stage.answer(&sent, "98"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CESFXj");
}

#[test]
fn an_unknown_outcome_behind_a_decline_is_open_and_its_reversal_goes_up() {
    let (mut stage, sent) = declined_sale(ReversalBy::Terminal, 2);
    stage.acquirer_says(stage.answer(&sent, "98"));
    stage.silent();
    assert_eq!(stage.last_state(), State::TimedOut);
    stage.terminal_says(stage.reversal(2, "98"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn a_decline_behind_an_answer_that_does_not_fit_settles_nothing() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, true));
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let mut other = stage.answer(&sent, "00");
    other.set(path("4"), "000000000001").unwrap();
    security::seal(&mut other, &stage.mac).unwrap();
    let other = stage.reparsed(&other);
    stage.acquirer_says(other);
    stage.acquirer_says(stage.answer(&sent, "51"));
    assert_eq!(stage.last_state(), State::TimedOut);
}

#[test]
fn an_answer_of_another_batch_is_not_this_requests() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let mut older = stage.answer(&sent, "00");
    older.set(path("60"), "22000009000").unwrap();
    security::seal(&mut older, &stage.mac).unwrap();
    let older = stage.reparsed(&older);
    stage.acquirer_says(older);
    stage.silent();
    assert_eq!(stage.last_state(), State::Forwarded);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("00"));
}

#[test]
fn a_reversal_of_the_acquirer_is_answered_and_its_sale_listed() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    let mut own = stage.reversal(2, "06");
    own.set_mti(mti("0420"));
    let own = stage.reparsed(&own);
    stage.acquirer_says(own);
    let answer = stage.deliver(A);
    assert_eq!(answer.mti(), mti("0430"));
    assert_eq!(answer.response_code().as_deref(), Some("00"));
    assert_eq!(stage.last_state(), State::SettleMismatch);
    // The terminal may undo it all the same.
    stage.terminal_says(stage.reversal(2, "96"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn what_the_acquirer_takes_back_under_a_token_of_the_card_is_listed() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    let mut own = stage.reversal(2, "06");
    own.set_mti(mti("0420"));
    own.set(path("2"), "9999991234560042").unwrap();
    stage.acquirer_says(stage.reparsed(&own));
    assert_eq!(stage.deliver(A).mti(), mti("0430"));
    assert_eq!(stage.last_state(), State::SettleMismatch);
}

#[test]
fn what_the_acquirer_takes_back_of_other_money_is_not_this_sale() {
    for (field, value) in [("4", "000000088900"), ("49", "840")] {
        let mut stage = Stage::new();
        stage.approved_sale(2);
        let mut own = stage.reversal(2, "06");
        own.set_mti(mti("0420"));
        own.set(path(field), value).unwrap();
        stage.acquirer_says(stage.reparsed(&own));
        let answer = stage.deliver(A);
        assert_eq!(answer.response_code().as_deref(), Some("25"), "{field}");
        let sale = stage.records.iter().rev().find_map(|record| record.tx);
        let state = stage.gateway.state_of(sale.unwrap());
        assert_eq!(state, Some(State::Delivered), "{field}");
    }
}

#[test]
fn a_part_that_the_acquirer_took_back_before_leaves_the_whole_unproven() {
    for restarts in [false, true] {
        let mut stage = Stage::new();
        stage.approved_sale(2);
        stage.terminal_says(stage.reversal(2, "96"));
        let reversal = stage.deliver(A);
        let mut part = stage.reversal(2, "06");
        part.set_mti(mti("0420"));
        part.set(path("4"), "000000000800").unwrap();
        stage.acquirer_says(stage.reparsed(&part));
        assert_eq!(stage.deliver(A).mti(), mti("0430"));
        let answer = stage.answer(&reversal, "00");
        if restarts {
            stage = Stage::recovered(options(ReversalBy::Both, true), stage.records);
            stage.happen(Event::LinkUp {
                link: LINK,
                conn: A,
            });
        }
        stage.acquirer_says(answer);
        assert_eq!(stage.last_state(), State::ClosedUnproven, "{restarts}");
    }
}

#[test]
fn a_not_found_for_a_seen_approval_is_told_once_and_again() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.terminal_says(stage.reversal(2, "96"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "25"));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("25"));
    assert_eq!(stage.last_state(), State::ReversalPending);
    stage.terminal_says(stage.reversal(2, "96"));
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("25"));
}

#[test]
fn an_answer_for_another_amount_to_a_reversal_of_nothing_known_is_none() {
    for (amount, state) in [
        (None, State::Delivered),
        (Some("000000000000"), State::Delivered),
        (Some("000000000001"), State::Unanswered),
    ] {
        let mut stage = Stage::new();
        stage.terminal_says(stage.reversal(2, "96"));
        let sent = stage.deliver(A);
        let mut answer = stage.answer(&sent, "00");
        if let Some(amount) = amount {
            answer.set(path("4"), amount).unwrap();
            security::seal(&mut answer, &stage.mac).unwrap();
        }
        stage.acquirer_says(stage.reparsed(&answer));
        if state == State::Delivered {
            stage.deliver(T);
        }
        assert_eq!(stage.last_state(), state, "{amount:?}");
    }
}

#[test]
fn a_try_that_was_not_written_is_taken_back() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.terminal_says(stage.reversal(2, "96"));
    let (send, _, _) = stage.take(A);
    stage.pass(61);
    assert_eq!(stage.last_state(), State::ReversalSent);
    stage.happen(Event::NotWritten(send));
    assert_eq!(stage.last_state(), State::ReversalPending);
}

#[test]
fn a_reversal_that_a_late_approval_asks_for_is_tried_again_though_its_terminal_was_answered() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, true));
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    stage.terminal_says(stage.reversal(2, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(&*stage.deliver(T).response_code().unwrap(), "00");
    stage.acquirer_says(stage.answer(&sent, "00"));
    let again = stage.deliver(A);
    let mut answer = stage.answer(&again, "00");
    answer.set(path("64"), "3030303030303030").unwrap();
    stage.acquirer_says(answer);
    assert_eq!(stage.last_state(), State::ReversalPending);
    // The terminal was told that its reversal is over: nobody but the gateway goes on.
    stage.pass(3);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn an_approval_under_another_code_behind_one_that_was_undone_is_undone() {
    let approval = |stage: &Stage, sent: &Message, code: &str| {
        let mut approval = stage.answer(sent, "00");
        approval.set(path("38"), code).unwrap();
        security::seal(&mut approval, &stage.mac).unwrap();
        stage.reparsed(&approval)
    };
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.acquirer_says(approval(&stage, &sent, "A1B2C3"));
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let again = stage.deliver(A);
    stage.acquirer_says(stage.answer(&again, "00"));
    assert_eq!(stage.last_state(), State::Reversed);
    stage.acquirer_says(approval(&stage, &sent, "D4E5F6"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn a_reversal_that_is_refused_names_the_sale_that_its_terminal_does_not_hold() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    let mut forged = stage.reversal(2, "98");
    forged.set(path("39"), "06").unwrap();
    let mut unread = undoing::ascii(ReversalBy::Terminal);
    undoing::sold(&mut unread, "000002");
    let part = format!("00000000600X{}", "0".repeat(30));
    let in_part = undoing::reversal(&unread, "000002", &[("95", &part)]);
    for (mut stage, reversal) in [(stage, forged), (unread, in_part)] {
        let first = |record: &Record| step(record).is_some_and(|step| step.row == Row('P'));
        let sale = stage
            .records
            .iter()
            .rfind(|record| first(record))
            .unwrap()
            .tx;
        stage.terminal_says(stage.reparsed(&reversal));
        assert_ne!(undoing::code(&stage.deliver(T)), "00");
        stage.silent();
        let opened = stage
            .records
            .iter()
            .rev()
            .find_map(|record| step(record)?.opened.clone());
        assert_eq!(opened.unwrap().original, sale);
    }
}

#[test]
fn a_reversal_that_cannot_be_kept_in_mind_is_refused_and_none_is_forgotten_for_it() {
    let mut options = undoing::dialect("iso8583-1987-ascii", ReversalBy::Terminal);
    options.limits.tombstones = 2;
    let mut stage = Stage::connected(options);
    let early = ["000002", "000003", "000002", "000004"];
    for stan in early {
        stage.terminal_says(undoing::reversal(&stage, stan, &[]));
        if stan == "000004" {
            assert_eq!(undoing::code(&stage.deliver(T)), "96");
            let refused = stage.records.iter().rev();
            let refused = refused.filter_map(|record| step(record)?.opened.clone());
            let name = refused.map(|opened| opened.identity).next().unwrap();
            assert!(name.starts_with("2|"), "that of the sale: {name}");
            continue;
        }
        let sent = stage.deliver(A);
        undoing::answered(&mut stage, &sent, &[("39", "91")]);
        stage.deliver(T);
    }
    stage.silent();
    stage.terminal_says(undoing::sale(&stage, "000002"));
    assert_eq!(undoing::code(&stage.deliver(T)), "12");
    stage.silent();
    // Asked again it is refused again, until its sale is there.
    stage.terminal_says(undoing::reversal(&stage, "000004", &[]));
    assert_eq!(undoing::code(&stage.deliver(T)), "96");
    undoing::sold(&mut stage, "000004");
    stage.terminal_says(undoing::reversal(&stage, "000004", &[]));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}
