//! What counts on time that no jump of the wall clock moves, and what operators want.

use super::*;
use crate::engine::gateway::{Act, Wish};
use crate::engine::record::TxId;

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn options_of(by: ReversalBy) -> Options {
    options(by, true)
}

/// A sale that was not answered, and whose reversal is pending or on its way.
fn reversing() -> Stage {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    stage
}

#[test]
fn a_jump_of_the_wall_clock_expires_no_reversal() {
    let mut stage = reversing();
    stage.now.wall = stage.now.wall + YEAR;
    stage.pass(46);
    assert_ne!(stage.last_state(), State::ReversalUndeliverable);
    let mut again = Stage::recovered(options_of(ReversalBy::Both), stage.records);
    assert_eq!(again.last_state(), State::ReversalPending);
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    assert_eq!(again.deliver(A).mti(), mti("0400"));
}

#[test]
fn a_jump_of_the_wall_clock_ends_no_tombstone() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.reversal(7, "98"));
    stage.deliver(A);
    stage.now.wall = stage.now.wall + YEAR;
    stage.terminal_says(stage.sale(7));
    let sent: Vec<_> = stage
        .sends
        .iter()
        .filter(|(_, conn, _)| *conn == A)
        .collect();
    assert!(
        sent.is_empty(),
        "the request that its reversal overtook goes nowhere"
    );
}

#[test]
fn an_operator_reverses_what_is_older_than_a_reversal_may_be() {
    let mut stage = Stage::with(options_of(ReversalBy::Terminal));
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    assert_eq!(stage.last_state(), State::TimedOut);
    stage.pass(20 * 3600);
    let tx = stage.records.last().unwrap().tx.unwrap();
    let wish = |act| {
        Event::Operator(Wish {
            tx,
            act,
            said: Text::clipped("li: the merchant asks"),
            seen: None,
        })
    };
    stage.happen(wish(Act::Reverse));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    stage.pass(45);
    assert_eq!(stage.gateway.state_of(tx), Some(State::ReversalPending));
    stage.happen(wish(Act::Park));
    assert_eq!(
        stage.gateway.state_of(tx),
        Some(State::ReversalUndeliverable)
    );
    assert_eq!(
        stage.last_note(),
        Note::Detail(Text::clipped("li: the merchant asks"))
    );
    stage.pass(25 * 3600);
    stage.sends.clear();
    stage.happen(wish(Act::Reverse));
    assert_ne!(
        stage.gateway.state_of(tx),
        Some(State::ReversalUndeliverable)
    );
    assert_eq!(stage.last_note(), Note::Try(1), "it begins anew");
}

#[test]
fn an_operator_closes_what_is_open_and_a_late_approval_opens_it_anew() {
    let mut stage = Stage::with(options_of(ReversalBy::Terminal));
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    let tx = stage.records.last().unwrap().tx.unwrap();
    let close = || {
        Event::Operator(Wish {
            tx,
            act: Act::Close,
            said: Text::clipped("li: the acquirer's file says not paid"),
            seen: None,
        })
    };
    stage.happen(close());
    let closed = Some(State::ClosedByOperator);
    assert_eq!(stage.gateway.state_of(tx), closed);
    assert_eq!(stage.gateway.counts().live, 0);
    // Over a restart, too.
    let records = stage.records.clone();
    let stage_again = Stage::recovered(options_of(ReversalBy::Terminal), records);
    assert_eq!(stage_again.gateway.state_of(tx), closed);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.gateway.state_of(tx), Some(State::LateApproval));
    stage.happen(close());
    assert_eq!(stage.gateway.state_of(tx), closed);
}

#[test]
fn an_operator_cannot_reverse_a_sale_whose_void_is_on_its_way() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let answer = stage.answer(&sent, "00");
    stage.acquirer_says(answer.clone());
    stage.deliver(T);
    let tx = stage.records.last().unwrap().tx.unwrap();
    let mut void = stage.sale(3);
    for (field, value) in [
        ("3", "200000"),
        ("37", &*answer.text(path("37")).unwrap()),
        ("60", "23000001000"),
        ("61", "000001000002"),
    ] {
        void.set(path(field), value).unwrap();
    }
    security::seal(&mut void, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&void));
    stage.deliver(A);
    let was = stage.gateway.state_of(tx);
    let said = Text::clipped("li: the merchant asks");
    let act = Act::Reverse;
    stage.happen(Event::Operator(Wish {
        tx,
        act,
        said,
        seen: None,
    }));
    stage.silent();
    assert_eq!(stage.gateway.state_of(tx), was);
}

#[test]
fn what_went_on_since_it_was_seen_is_not_decided_about() {
    let mut stage = Stage::with(options_of(ReversalBy::Terminal));
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    let tx = stage.records.last().unwrap().tx.unwrap();
    let wish = |seen| {
        Event::Operator(Wish {
            tx,
            act: Act::Close,
            said: Text::clipped("li: not booked"),
            seen,
        })
    };
    assert_eq!(stage.gateway.state_of(tx), Some(State::TimedOut));
    stage.happen(wish(Some(State::Forwarded)));
    assert_eq!(stage.gateway.state_of(tx), Some(State::TimedOut));
    stage.happen(wish(Some(State::TimedOut)));
    assert_eq!(stage.gateway.state_of(tx), Some(State::ClosedByOperator));
}

#[test]
fn an_operator_cannot_close_what_still_waits_for_its_answer() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    let tx = stage.records.last().unwrap().tx.unwrap();
    let said = Text::clipped("li: in a hurry");
    let act = Act::Close;
    stage.happen(Event::Operator(Wish {
        tx,
        act,
        said,
        seen: None,
    }));
    assert_eq!(stage.gateway.state_of(tx), Some(State::Forwarded));
}

/// Two sales of one terminal under way together, both approved and written.
fn two_approvals_written() -> (Stage, Vec<Option<TxId>>) {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let first = stage.deliver(A);
    let sales = vec![stage.records.last().unwrap().tx];
    stage.terminal_says(stage.sale(3));
    let second = stage.deliver(A);
    let sales = [sales, vec![stage.records.last().unwrap().tx]].concat();
    assert_ne!(sales[0], sales[1]);
    for request in [first, second] {
        stage.acquirer_says(stage.answer(&request, "00"));
        stage.deliver(T);
    }
    (stage, sales)
}

fn are_unproven(stage: &Stage, sales: &[Option<TxId>]) -> Vec<bool> {
    let reached = |sale: &Option<TxId>| {
        let steps = stage.records.iter().filter(|record| record.tx == *sale);
        let mut states = steps.filter_map(|record| step(record).map(|step| step.state));
        states.any(|state| state == State::DeliveryUnproven)
    };
    sales.iter().map(reached).collect()
}

#[test]
fn of_two_approvals_written_together_a_crash_leaves_both_unproven() {
    let (stage, sales) = two_approvals_written();
    let crashed = Stage::recovered(options_of(ReversalBy::Both), stage.records);
    assert_eq!(are_unproven(&crashed, &sales), [true, true]);
}

#[test]
fn of_two_approvals_written_together_a_reset_leaves_both_unproven() {
    let (mut stage, sales) = two_approvals_written();
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: true,
    });
    assert_eq!(are_unproven(&stage, &sales), [true, true]);
}

#[test]
fn an_approval_written_moments_before_a_crash_is_unproven() {
    let delivered = || {
        let mut stage = Stage::new();
        stage.terminal_says(stage.sale(2));
        let request = stage.deliver(A);
        stage.acquirer_says(stage.answer(&request, "00"));
        stage.deliver(T);
        assert_eq!(stage.last_state(), State::Delivered);
        stage
    };
    let crashed = Stage::recovered(options_of(ReversalBy::Both), delivered().records);
    assert_eq!(crashed.last_state(), State::DeliveryUnproven);
    let mut stage = delivered();
    stage.gateway.stop(stage.now);
    stage.collect();
    let stopped = Stage::recovered(options_of(ReversalBy::Both), stage.records);
    assert_eq!(
        stopped.last_state(),
        State::Delivered,
        "it stopped in good order"
    );
    let mut stage = delivered();
    stage.terminal_says(stage.sale(3));
    let first = stage.records.iter().find_map(|record| {
        step(record)
            .filter(|step| step.state == State::Delivered)
            .and(record.tx)
    });
    let traded_on = Stage::recovered(options_of(ReversalBy::Both), stage.records);
    assert_eq!(
        traded_on.gateway.state_of(first.unwrap()),
        Some(State::Delivered)
    );
}

#[test]
fn a_low_disk_refuses_what_is_new_and_takes_reversals() {
    let mut stage = reversing();
    stage.happen(Event::DiskLow(true));
    stage.terminal_says(stage.sale(3));
    assert_eq!(&*stage.deliver(T).response_code().unwrap(), "96");
    stage.terminal_says(stage.reversal(2, "98"));
    stage.happen(Event::DiskLow(false));
    stage.terminal_says(stage.sale(4));
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn a_reversal_without_its_card_is_kept_open_and_not_sent() {
    use crate::engine::record::{self, VaultKeys};
    let stage = reversing();
    // As read from disk where the keys are others: the patches stay sealed.
    let mut vault = Vault::new(VaultKeys::new(&[7; 32], 1, &[9; 32]), [0; 4]);
    let reread = |record: &Record| {
        let mut bytes = Vec::new();
        record::encode(record, &mut vault, &mut bytes);
        record::decode(&bytes).unwrap()
    };
    let history: Vec<Record> = stage.records.iter().map(reread).collect();
    let mut again = Stage::recovered(options_of(ReversalBy::Both), history);
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    again.pass(3600);
    again.silent();
    assert_eq!(again.last_state(), State::ReversalPending);
}

/// A sale whose reversal was accepted, and whose approval was never seen; and its request.
fn reversed_unseen() -> (Stage, Message) {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(stage.last_state(), State::Reversed);
    (stage, sent)
}

/// The gateway begins anew with this history, so many seconds later.
fn restarted(stage: &Stage, history: Vec<Record>, seconds: u64) -> Stage {
    let now = Now {
        wall: stage.now.wall + Duration::from_secs(seconds),
        ..stage.now
    };
    let mut again = Stage::recovered_at(options_of(ReversalBy::Both), history, now);
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    again
}

/// The yes of a host that leaves out whose sale it was, and how much.
fn bare_yes(stage: &Stage, sent: &Message) -> Message {
    let mut bare = stage.answer(sent, "00");
    for field in [4, 42] {
        bare.remove(FieldId::of(field));
    }
    security::seal(&mut bare, &stage.mac).unwrap();
    stage.reparsed(&bare)
}

#[test]
fn an_approval_behind_an_accepted_reversal_finds_it_after_a_restart() {
    let (mut stage, sent) = reversed_unseen();
    let history = stage.records.clone();
    let checkpoint = stage.gateway.checkpoint(stage.now);
    let twice = restarted(&stage, checkpoint.clone(), 60)
        .gateway
        .checkpoint(stage.now);
    for history in [history, checkpoint, twice] {
        let mut again = restarted(&stage, history, 60);
        again.acquirer_says(bare_yes(&again, &sent));
        assert_eq!(again.deliver(A).mti(), mti("0400"));
    }
}

#[test]
fn an_accepted_reversal_is_watched_as_long_as_if_there_had_been_no_restart() {
    let (mut stage, _) = reversed_unseen();
    let watch = Ladder::scaled(1).watch.as_secs();
    stage.pass(watch / 2);
    let checkpoint = stage.gateway.checkpoint(stage.now);
    for history in [stage.records.clone(), checkpoint] {
        let mut again = restarted(&stage, history, watch / 4);
        assert_eq!(again.gateway.counts().live, 1);
        again.pass(watch / 4 - 1);
        assert_eq!(again.gateway.counts().live, 1);
        again.pass(1);
        assert_eq!(again.gateway.counts().live, 0);
    }
}

#[test]
fn an_answer_to_a_try_from_before_a_restart_ends_its_reversal() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    let mut signing_on = options_of(ReversalBy::Both);
    signing_on.links[0].sign_on = SignOn::Connection;
    let mut again = Stage::recovered(signing_on, stage.records);
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    again.acquirer_says(bare_yes(&again, &reversal));
    assert_eq!(again.last_state(), State::Reversed);
}
