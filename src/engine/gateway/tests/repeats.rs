//! What comes again under a number that was used before, and what is owed to those who ask twice.

use super::*;

impl Stage {
    /// A session message of its own contents, unsealed.
    fn session(&self, kind: &str, fields: &[(&str, &str)]) -> Message {
        let mut message = self.message(kind);
        for (field, value) in fields {
            message.set(path(field), value).unwrap();
        }
        self.reparsed(&message)
    }

    fn of_terminal(&self, message: &Message, terminal: &str) -> Message {
        let mut own = message.clone();
        own.set(path("41"), terminal).unwrap();
        self.reparsed(&own)
    }
}

#[test]
fn a_sign_in_is_never_answered_from_memory_since_its_keys_may_be_old() {
    let mut stage = Stage::new();
    stage.sign_in();
    stage.sign_in();
    assert_eq!(stage.rows(), "CDP");
}

#[test]
fn an_echo_with_a_used_number_goes_to_the_acquirer() {
    let mut stage = Stage::new();
    let echo = stage.session("0820", &[("11", "000900"), ("60", "00000001301")]);
    for _ in 0..2 {
        stage.terminal_says(echo.clone());
        let sent = stage.deliver(A);
        stage.acquirer_says(stage.reparsed(&answered(&sent)));
        stage.deliver(T);
    }
}

#[test]
fn parts_of_a_batch_upload_under_one_number_all_reach_the_acquirer() {
    let mut stage = Stage::new();
    for details in ["0100000100000000010000", "0100000200000000010000"] {
        let upload = stage.session(
            "0320",
            &[("11", "000903"), ("48", details), ("60", "00000001201")],
        );
        stage.terminal_says(upload);
        let sent = stage.deliver(A);
        assert_eq!(sent.text(path("48")).unwrap(), details);
        stage.acquirer_says(stage.reparsed(&answered(&sent)));
        assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "00");
    }
}

#[test]
fn another_part_under_the_number_of_one_in_flight_is_refused_and_the_same_one_waits_for_its_answer()
{
    let mut stage = Stage::new();
    let fields = [("11", "000903"), ("60", "00000001201")];
    let upload = |stage: &Stage, details| {
        let all = [fields[0], ("48", details), fields[1]];
        stage.session("0320", &all)
    };
    let first = upload(&stage, "0100000100000000010000");
    stage.terminal_says(first.clone());
    let sent = stage.deliver(A);
    stage.terminal_says(upload(&stage, "0100000200000000010000"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "94");
    stage.terminal_says(first);
    stage.silent();
    stage.acquirer_says(stage.reparsed(&answered(&sent)));
    stage.deliver(T);
    stage.deliver(T);
    stage.silent();
}

fn answered(request: &Message) -> Message {
    let mut answer = request.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    answer
}

#[test]
fn a_reversal_that_the_host_does_not_know_is_answered_so_and_tried_on() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    let asked = stage.reversal(2, "98");
    stage.terminal_says(asked.clone());
    let mut tries = 0;
    while stage.last_state() != State::ReversalUndeliverable {
        let reversal = stage.deliver(A);
        stage.acquirer_says(stage.answer(&reversal, "25"));
        if tries == 0 {
            assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "25");
        }
        tries += 1;
        stage.pass(400);
    }
    assert!(tries > 1);
    stage.silent();
    // Whoever asks again hears the same.
    stage.terminal_says(asked);
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "25");
    assert_eq!(stage.last_state(), State::ReversalUndeliverable);
}

#[test]
fn what_the_acquirer_took_back_while_it_was_in_flight_is_not_delivered_as_approved() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, false));
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.reversal(2, "06"));
    assert_eq!(stage.deliver(A).mti(), mti("0410"));
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.silent();
    assert_eq!(stage.last_state(), State::LateApproval);
}

#[test]
fn an_approval_that_the_acquirer_took_back_is_not_told_to_a_repeat() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, false));
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    stage.acquirer_says(stage.reversal(2, "06"));
    stage.deliver(A);
    assert_eq!(stage.last_state(), State::SettleMismatch);
    stage.terminal_says(sale);
    let told = stage.sends.iter().find(|(_, conn, _)| *conn == T);
    let code = told.and_then(|(_, _, told)| told.text(path("39")).map(|code| code.into_owned()));
    assert_ne!(code.as_deref(), Some("00"));
    assert!(
        !stage.sends.iter().any(|(_, conn, _)| *conn == A),
        "nor sent again"
    );
}

/// A sale of the dialect in which terminals name the moment.
fn ascii_sale(stage: &Stage, stan: &str, time: &str) -> Message {
    stage.session(
        "0200",
        &[
            ("2", "6226091234560048"),
            ("3", "000000"),
            ("4", "8880"),
            ("7", "1122021112"),
            ("11", stan),
            ("12", time),
            ("13", "1122"),
        ],
    )
}

#[test]
fn a_reversal_of_a_sale_that_never_came_undoes_no_other_that_looks_the_same() {
    for (time, undone) in [("101112", true), ("101119", false)] {
        let mut options = options(ReversalBy::Both, false);
        let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
        options.listeners[0].spec = spec.clone();
        options.links[0].spec = spec;
        let mut stage = Stage::connected(options);
        stage.terminal_says(ascii_sale(&stage, "000001", "101112"));
        let sent = stage.deliver(A);
        stage.acquirer_says(stage.reparsed(&answered(&sent)));
        stage.deliver(T);
        let sale = stage.records.last().unwrap().tx.unwrap();
        let mut reversal = ascii_sale(&stage, "000002", time);
        reversal.set_mti(mti("0400"));
        stage.terminal_says(stage.reparsed(&reversal));
        let there = stage.deliver(A);
        let reverses = stage.gateway.state_of(sale) == Some(State::ReversalSent);
        assert_eq!(reverses, undone, "{time}");
        let number = if undone { "000001" } else { "000002" };
        assert_eq!(there.text(path("11")).unwrap(), number);
    }
}

#[test]
fn an_approval_that_is_written_when_its_terminal_may_wait_no_more_is_unproven() {
    for (stalls, state) in [(50, State::Delivered), (61, State::DeliveryUnproven)] {
        let mut stage = Stage::connected(options(ReversalBy::Terminal, false));
        let sale = stage.sale(2);
        stage.terminal_says(sale);
        let sent = stage.deliver(A);
        stage.acquirer_says(stage.answer(&sent, "00"));
        stage.pass(stalls);
        stage.deliver(T);
        let last = stage.records.iter().filter_map(step).next_back();
        assert_eq!(last.map(|step| step.state), Some(state), "{stalls} s");
    }
}

#[test]
fn a_reset_leaves_unproven_what_each_terminal_of_the_connection_was_told_last() {
    let mut options = options(ReversalBy::Terminal, false);
    options.keys.default = None;
    let mut stage = Stage::connected(options);
    let terminals = ["10421691", "10421692", "10421693"];
    for terminal in terminals {
        let sale = stage.of_terminal(&stage.sale(2), terminal);
        stage.terminal_says(sale);
        let sent = stage.deliver(A);
        stage.acquirer_says(stage.answer(&sent, "00"));
        stage.deliver(T);
    }
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: true,
    });
    let unproven = stage.records.iter().filter_map(step);
    let unproven = unproven.filter(|step| step.state == State::DeliveryUnproven);
    assert_eq!(unproven.count(), terminals.len());
}

#[test]
fn an_advice_that_was_reversed_unanswered_is_not_sent_again() {
    let mut stage = Stage::new();
    let mut refund = stage.sale(2);
    refund.set_mti(mti("0220"));
    refund.set(path("60"), "25000001000").unwrap();
    security::seal(&mut refund, &stage.mac).unwrap();
    let refund = stage.reparsed(&refund);
    stage.terminal_says(refund.clone());
    stage.deliver(A);
    stage.pass(46);
    stage.terminal_says(stage.reversal(2, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    stage.deliver(T);
    // Its first may be booked, so that no no is told either.
    stage.terminal_says(refund);
    stage.silent();
}

#[test]
fn of_two_requests_with_one_key_an_answer_is_to_the_one_that_it_names() {
    let mut options = options(ReversalBy::Gateway, true);
    options.routes[0].key = vec![path("11")];
    let mut stage = Stage::with(options);
    stage.terminal_says(stage.sale(5));
    let first = stage.deliver(A);
    stage.pass(46);
    let undo = stage.deliver(A);
    stage.acquirer_says(stage.answer(&undo, "00"));
    stage.sends.clear();
    stage.terminal_says(stage.of_terminal(&stage.sale(5), "10421696"));
    let second = stage.deliver(A);
    stage.acquirer_says(stage.answer(&second, "00"));
    let told = stage.deliver(T);
    assert_eq!(told.text(path("41")).as_deref(), Some("10421696"));
    stage.acquirer_says(stage.answer(&first, "00"));
    let to_neither = |record: &Record| matches!(record.fact, Fact::Unmatched(_));
    assert!(!stage.records.iter().any(to_neither));
}
