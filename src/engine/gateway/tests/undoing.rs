//! What undoes a transaction: in part or as a whole, answered once or twice, asked for by whom.

use super::*;
use crate::iso::message::Amount;

const SALE: [(&str, &str); 8] = [
    ("2", "6226091234560048"),
    ("3", "000000"),
    ("4", "000000010000"),
    ("7", "1122101112"),
    ("12", "181112"),
    ("13", "1122"),
    ("22", "021"),
    ("49", "156"),
];
/// DE 90: the original data elements of a sale.
const ORIGINAL: &str = "0000000000000000000000";

pub(super) fn dialect(name: &str, by: ReversalBy) -> Options {
    let mut options = options(by, false);
    let spec = Spec::builtin(name).unwrap();
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec;
    options
}

pub(super) fn ascii(by: ReversalBy) -> Stage {
    Stage::connected(dialect("iso8583-1987-ascii", by))
}

/// A sale of 100.00.
pub(super) fn sale(stage: &Stage, stan: &str) -> Message {
    let mut message = stage.message("0200");
    for (field, value) in SALE.into_iter().chain([("11", stan)]) {
        message.set(path(field), value).unwrap();
    }
    stage.reparsed(&message)
}

/// The terminal's reversal of such a sale, with more fields.
pub(super) fn reversal(stage: &Stage, stan: &str, fields: &[(&str, &str)]) -> Message {
    let mut message = sale(stage, stan);
    message.set_mti(mti("0400"));
    let original = format!("0200{stan}1122101112{ORIGINAL}");
    for (field, value) in [("90", original.as_str())].iter().chain(fields) {
        message.set(path(field), value).unwrap();
    }
    stage.reparsed(&message)
}

/// DE 95: what is to stand, in minor units.
pub(super) fn stands(amount: u64) -> String {
    format!("{amount:012}{}", "0".repeat(30))
}

pub(super) fn answer(stage: &Stage, request: &Message, fields: &[(&str, &str)]) -> Message {
    let mut answer = request.answer().unwrap();
    for (field, value) in fields {
        answer.set(path(field), value).unwrap();
    }
    stage.reparsed(&answer)
}

/// Lets the last thing that went to the acquirer be answered.
pub(super) fn answered(stage: &mut Stage, sent: &Message, fields: &[(&str, &str)]) {
    let answer = answer(stage, sent, fields);
    stage.acquirer_says(answer);
}

/// A sale that is approved and delivered.
pub(super) fn sold(stage: &mut Stage, stan: &str) {
    stage.terminal_says(sale(stage, stan));
    let sent = stage.deliver(A);
    let rrn = format!("R{stan}00000");
    answered(
        stage,
        &sent,
        &[("39", "00"), ("37", &rrn), ("38", "A1B2C3")],
    );
    stage.deliver(T);
}

/// A second later: what begins then has names of its own.
pub(super) fn later(now: Now) -> Now {
    Now {
        mono: now.mono + Duration::from_secs(1),
        wall: Wall(now.wall.0 + 1_000_000),
    }
}

/// The same gateway after a restart.
pub(super) fn restarted(stage: Stage, options: Options) -> Stage {
    let mut again = Stage::recovered_at(options, stage.records, later(stage.now));
    again.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    again.connect(T);
    again
}

pub(super) fn code(message: &Message) -> String {
    message.response_code().unwrap().to_string()
}

/// The one sale of a stage.
fn state_of_sale(stage: &Stage) -> State {
    let first = stage.records.iter().find_map(|record| record.tx).unwrap();
    stage.gateway.state_of(first).unwrap()
}

#[test]
fn a_yes_to_a_part_of_what_was_to_be_undone_proves_nothing() {
    for by in [ReversalBy::Terminal, ReversalBy::Both] {
        let mut stage = ascii(by);
        sold(&mut stage, "000002");
        stage.terminal_says(reversal(&stage, "000002", &[]));
        let sent = stage.deliver(A);
        answered(&mut stage, &sent, &[("39", "00"), ("95", &stands(4000))]);
        assert_eq!(code(&stage.deliver(T)), "00", "as it came");
        assert_eq!(stage.last_state(), State::ClosedUnproven);
    }
}

/// An operator wants the last transaction reversed.
fn operator_reverses(stage: &mut Stage) {
    let tx = stage.records.iter().find_map(|record| record.tx).unwrap();
    stage.happen(Event::Operator(Wish {
        tx,
        act: Act::Reverse,
        said: Text::EMPTY,
        seen: None,
    }));
}

#[test]
fn after_a_yes_to_a_part_a_yes_to_the_whole_may_repeat_that() {
    for restarts in [false, true] {
        let mut stage = ascii(ReversalBy::Gateway);
        stage.terminal_says(sale(&stage, "000002"));
        let sent = stage.deliver(A);
        stage.pass(46);
        let undo = stage.deliver(A);
        answered(&mut stage, &undo, &[("39", "00"), ("95", &stands(4000))]);
        if restarts {
            let options = dialect("iso8583-1987-ascii", ReversalBy::Gateway);
            stage = restarted(stage, options);
        }
        answered(&mut stage, &sent, &[("39", "00"), ("38", "A1B2C3")]);
        let again = stage.deliver(A);
        answered(&mut stage, &again, &[("39", "00")]);
        assert_eq!(stage.last_state(), State::ClosedUnproven, "{restarts}");
    }
}

/// A sale as terminals have sent it since 1993.
fn sale_of_1993(stage: &Stage) -> Message {
    let mut sale = stage.message("1200");
    for (field, value) in [
        ("2", "6226091234560048"),
        ("3", "000000"),
        ("4", "000000010000"),
        ("11", "000002"),
        ("12", "261122101112"),
        ("49", "156"),
    ] {
        sale.set(path(field), value).unwrap();
    }
    sale
}

#[test]
fn the_data_of_a_card_issuer_are_no_amount() {
    let name = "iso8583-1993-ascii";
    let mut stage = Stage::connected(dialect(name, ReversalBy::Gateway));
    let sale = sale_of_1993(&stage);
    stage.terminal_says(stage.reparsed(&sale));
    stage.deliver(A);
    stage.pass(46);
    let sent = stage.deliver(A);
    let issuer = ("95", "000000004000");
    answered(&mut stage, &sent, &[("39", "400"), issuer]);
    assert_eq!(stage.last_state(), State::Reversed);
}

#[test]
fn a_yes_to_another_part_than_was_given_back_is_no_yes_to_it() {
    let mut stage = ascii(ReversalBy::Terminal);
    sold(&mut stage, "000002");
    let part = stands(6000);
    stage.terminal_says(reversal(&stage, "000002", &[("95", &part)]));
    let sent = stage.deliver(A);
    answered(&mut stage, &sent, &[("39", "00"), ("95", &stands(8000))]);
    assert_ne!(stage.last_state(), State::Confirmed);
}

#[test]
fn a_second_answer_to_the_reversal_of_a_terminal_finds_it() {
    for restarts in [false, true] {
        for fields in [&["90"][..], &["7", "12", "13"], &[]] {
            let mut stage = ascii(ReversalBy::Terminal);
            sold(&mut stage, "000002");
            stage.terminal_says(reversal(&stage, "000002", &[]));
            let sent = stage.deliver(A);
            answered(&mut stage, &sent, &[("39", "00")]);
            stage.deliver(T);
            let first = stage.records.iter().find_map(|record| record.tx);
            let mut second = answer(&stage, &sent, &[("39", "58")]);
            for field in fields {
                second.remove(path(field).field);
            }
            if restarts {
                let options = dialect("iso8583-1987-ascii", ReversalBy::Terminal);
                stage = restarted(stage, options);
            }
            stage.acquirer_says(stage.reparsed(&second));
            let last = stage.records.last().unwrap();
            assert_eq!(last.tx, first, "{restarts} {fields:?}");
            // Whoever asks again hears what was said first.
            stage.terminal_says(reversal(&stage, "000002", &[]));
            assert_eq!(code(&stage.deliver(T)), "00", "{restarts} {fields:?}");
        }
    }
}

#[test]
fn a_reversal_of_a_part_is_not_answered_by_one_of_the_whole() {
    for done in [false, true] {
        for by in [ReversalBy::Terminal, ReversalBy::Gateway] {
            let mut stage = ascii(by);
            sold(&mut stage, "000002");
            operator_reverses(&mut stage);
            let whole = stage.deliver(A);
            if done {
                answered(&mut stage, &whole, &[("39", "00")]);
            }
            stage.terminal_says(reversal(&stage, "000002", &[("95", &stands(6000))]));
            assert_eq!(code(&stage.deliver(T)), "94", "{done} {by:?}");
            if !done {
                answered(&mut stage, &whole, &[("39", "00")]);
            }
            stage.silent();
            assert_eq!(state_of_sale(&stage), State::Reversed);
        }
    }
}

/// A reversal of the acquirer's own, under a number of its own.
fn taken_back(stage: &Stage, fields: &[(&str, &str)]) -> Message {
    let mut message = Message::new(&stage.spec, mti("0420"));
    let own = [
        ("3", "000000"),
        ("4", "000000010000"),
        ("7", "1122101500"),
        ("11", "900001"),
        ("49", "156"),
    ];
    for (field, value) in own.iter().chain(fields) {
        message.set(path(field), value).unwrap();
    }
    stage.reparsed(&message)
}

#[test]
fn an_acquirer_that_names_no_terminal_names_the_sale_all_the_same() {
    let original = format!("02000000021122101112{ORIGINAL}");
    for named in [("90", original.as_str()), ("37", "R00000200000")] {
        let mut stage = ascii(ReversalBy::Gateway);
        sold(&mut stage, "000002");
        let message = taken_back(&stage, &[named]);
        stage.acquirer_says(message);
        assert_eq!(code(&stage.deliver(A)), "00", "{named:?}");
        assert_eq!(state_of_sale(&stage), State::SettleMismatch, "{named:?}");
    }
}

#[test]
fn an_acquirer_that_takes_back_what_is_not_known_is_told_so() {
    let other = format!("02000000031122101112{ORIGINAL}");
    for named in [("90", other.as_str()), ("37", "R00000300000")] {
        let mut stage = ascii(ReversalBy::Gateway);
        sold(&mut stage, "000002");
        let message = taken_back(&stage, &[named]);
        stage.acquirer_says(message);
        assert_eq!(code(&stage.deliver(A)), "25", "{named:?}");
        assert_eq!(state_of_sale(&stage), State::Delivered, "{named:?}");
    }
}

/// The terminal's sale of a later batch, under the number that one had whose reversal was answered
/// by this code. Gives what went out for each.
fn next_batch(by: ReversalBy, told: &str) -> (Stage, Message, Message) {
    let mut stage = Stage::with(options(by, true));
    stage.terminal_says(stage.sale(2));
    let first = stage.deliver(A);
    stage.pass(46);
    if by == ReversalBy::Terminal {
        stage.terminal_says(stage.reversal(2, "98"));
    }
    let undo = stage.deliver(A);
    stage.acquirer_says(stage.answer(&undo, told));
    if by == ReversalBy::Terminal {
        stage.deliver(T);
    }
    let mut sale = stage.sale(2);
    sale.set(path("60"), "22000002000").unwrap();
    security::seal(&mut sale, &stage.mac).unwrap();
    stage.terminal_says(stage.reparsed(&sale));
    let second = stage.deliver(A);
    (stage, first, second)
}

/// An approval that does not tell the batch.
fn without_batch(stage: &Stage, sent: &Message) -> Message {
    let mut answer = stage.answer(sent, "00");
    answer.remove(FieldId::of(60));
    security::seal(&mut answer, &stage.mac).unwrap();
    stage.reparsed(&answer)
}

#[test]
fn an_approval_that_may_be_of_the_batch_before_is_not_delivered() {
    for (by, told) in [
        (ReversalBy::Terminal, "25"),
        (ReversalBy::Terminal, "00"),
        (ReversalBy::Gateway, "25"),
        (ReversalBy::Gateway, "00"),
    ] {
        for restarts in [false, true] {
            let (mut stage, first, _) = next_batch(by, told);
            let late = without_batch(&stage, &first);
            if restarts {
                stage = restarted(stage, options(by, true));
                stage.sends.clear();
            }
            stage.acquirer_says(late);
            let sent = stage.sends.iter().any(|(_, conn, _)| *conn == T);
            assert!(!sent, "{by:?} {told} {restarts}");
            let last = &stage.records.last().unwrap().fact;
            let held = matches!(last, Fact::Unmatched(own) if own.ambiguous);
            assert!(held, "{by:?} {told} {restarts}: {last:?}");
        }
    }
}

#[test]
fn an_approval_that_tells_its_batch_finds_its_own_sale() {
    let (mut stage, first, second) = next_batch(ReversalBy::Terminal, "25");
    stage.acquirer_says(stage.answer(&first, "00"));
    stage.deliver(A);
    assert_eq!(stage.last_state(), State::ReversalSent);
    stage.acquirer_says(stage.answer(&second, "00"));
    assert_eq!(code(&stage.deliver(T)), "00");
}

#[test]
fn a_reversal_whose_part_cannot_be_read_goes_nowhere() {
    for by in [ReversalBy::Terminal, ReversalBy::Both] {
        let mut stage = ascii(by);
        sold(&mut stage, "000002");
        let garbled = format!("40.00{}", " ".repeat(37));
        stage.terminal_says(reversal(&stage, "000002", &[("95", &garbled)]));
        assert_eq!(code(&stage.deliver(T)), "30");
        stage.silent();
        assert_eq!(state_of_sale(&stage), State::Delivered);
        // Blanks tell nothing.
        let blanks = " ".repeat(42);
        stage.terminal_says(reversal(&stage, "000002", &[("95", &blanks)]));
        let whole = stage.deliver(A).mti();
        assert!([mti("0400"), mti("0420")].contains(&whole));
        assert_eq!(state_of_sale(&stage), State::ReversalSent);
    }
}

/// A sale of 100.00 of which 40.00 are approved.
fn sold_in_part(stage: &mut Stage) {
    stage.terminal_says(sale(stage, "000002"));
    let sent = stage.deliver(A);
    let part = [("39", "10"), ("4", "000000004000"), ("38", "A1B2C3")];
    answered(stage, &sent, &part);
    stage.deliver(T);
}

#[test]
fn a_part_is_given_back_of_what_was_approved() {
    for amount in ["000000004000", "000000010000"] {
        for restarts in [false, true] {
            let mut stage = ascii(ReversalBy::Terminal);
            sold_in_part(&mut stage);
            if restarts {
                stage = restarted(stage, dialect("iso8583-1987-ascii", ReversalBy::Terminal));
            }
            let part = [("4", amount), ("95", &*stands(1_000))];
            stage.terminal_says(reversal(&stage, "000002", &part));
            let sent = stage.deliver(A);
            let mut steps = stage.records.iter().rev().filter_map(step);
            let opened = steps.find_map(|step| step.opened.as_ref()).unwrap();
            assert_eq!(opened.amount, Amount(3_000), "{amount} {restarts}");
            answered(&mut stage, &sent, &[("39", "00")]);
            assert_eq!(code(&stage.deliver(T)), "00", "{amount} {restarts}");
            let state = state_of_sale(&stage);
            assert_eq!(state, State::Confirmed, "{amount} {restarts}");
        }
    }
}

#[test]
fn no_more_may_stand_than_was_approved() {
    let mut stage = ascii(ReversalBy::Terminal);
    sold_in_part(&mut stage);
    let part = [("4", "000000010000"), ("95", &*stands(5_000))];
    stage.terminal_says(reversal(&stage, "000002", &part));
    assert_eq!(code(&stage.deliver(T)), "94");
    stage.silent();
}

#[test]
fn a_reversal_that_tells_another_amount_of_its_original_goes_nowhere() {
    let name = "iso8583-1993-ascii";
    // In 2003 they hold a currency as well, and stand elsewhere.
    let zeros = "000000000000";
    for (told, expected) in [
        ("000000020000", Some("913")),
        ("000000004000", Some("913")),
        ("00000001000X", Some("904")),
        ("000000010000", None),
        (zeros, None),
    ] {
        let mut stage = Stage::connected(dialect(name, ReversalBy::Terminal));
        let sale = sale_of_1993(&stage);
        stage.terminal_says(stage.reparsed(&sale));
        let sent = stage.deliver(A);
        answered(&mut stage, &sent, &[("39", "000"), ("38", "A1B2C3")]);
        stage.deliver(T);
        let mut undo = sale.clone();
        undo.set_mti(mti("1420"));
        let original = "1200000002261122101112";
        let stands_in = "777777777777";
        let amounts = format!("{stands_in}{zeros}");
        for (field, value) in [("24", "400"), ("56", original), ("30", &amounts)] {
            undo.set(path(field), value).unwrap();
        }
        let frame = String::from_utf8(undo.build().unwrap().to_vec()).unwrap();
        let frame = frame.replace(stands_in, told).into_bytes();
        stage.terminal_says(Message::parse(undo.spec(), frame.into()).unwrap());
        match expected {
            Some(refused) => {
                assert_eq!(code(&stage.deliver(T)), refused, "{told}");
                stage.silent();
            }
            None => drop(stage.deliver(A)),
        }
    }
}

#[test]
fn while_a_void_is_undone_no_other_void_or_refund_of_its_sale_goes_out() {
    let rrn = ("37", "R00000200000");
    for kind in ["020000", "200000"] {
        for restarts in [false, true] {
            let mut stage = ascii(ReversalBy::Terminal);
            sold(&mut stage, "000002");
            let void = |stage: &Stage, stan: &str, kind: &str| {
                let mut void = sale(stage, stan);
                for (field, value) in [("3", kind), rrn] {
                    void.set(path(field), value).unwrap();
                }
                stage.reparsed(&void)
            };
            stage.terminal_says(void(&stage, "000003", "020000"));
            let sent = stage.deliver(A);
            answered(&mut stage, &sent, &[("39", "00"), ("37", "R00000300000")]);
            stage.deliver(T);
            stage.terminal_says(reversal(&stage, "000003", &[("3", "020000")]));
            let undo = stage.deliver(A);
            if restarts {
                let options = dialect("iso8583-1987-ascii", ReversalBy::Terminal);
                stage = restarted(stage, options);
                stage.sends.clear();
            }
            stage.terminal_says(void(&stage, "000004", kind));
            assert_eq!(code(&stage.deliver(T)), "96", "{kind} {restarts}");
            stage.silent();
            // When that is over, it may.
            answered(&mut stage, &undo, &[("39", "00")]);
            stage.sends.clear();
            stage.terminal_says(void(&stage, "000005", kind));
            assert_eq!(stage.deliver(A).mti(), mti("0200"), "{kind} {restarts}");
        }
    }
}

#[test]
fn while_a_sale_is_undone_no_refund_of_it_goes_out_for_another_merchant() {
    for (card, expected) in [("6226091234560048", None), ("6226091234560055", Some(()))] {
        let mut stage = ascii(ReversalBy::Terminal);
        sold(&mut stage, "000002");
        stage.terminal_says(reversal(&stage, "000002", &[]));
        stage.deliver(A);
        let mut refund = sale(&stage, "000003");
        let of_sale = ("37", "R00000200000");
        for (field, value) in [
            ("3", "200000"),
            of_sale,
            ("2", card),
            ("42", "MERCHANT0000009"),
        ] {
            refund.set(path(field), value).unwrap();
        }
        stage.terminal_says(stage.reparsed(&refund));
        match expected {
            Some(()) => assert_eq!(stage.deliver(A).mti(), mti("0200"), "of another card"),
            None => assert_eq!(code(&stage.deliver(T)), "96"),
        }
    }
}

#[test]
fn a_late_yes_to_a_reversal_that_an_operator_closed_is_listed() {
    for (voids, restarts) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut stage = ascii(ReversalBy::Terminal);
        sold(&mut stage, "000002");
        let tx = stage.records.iter().find_map(|record| record.tx).unwrap();
        stage.terminal_says(reversal(&stage, "000002", &[]));
        let undo = stage.deliver(A);
        stage.pass(46);
        for act in [Act::Park, Act::Close] {
            stage.happen(Event::Operator(Wish {
                tx,
                act,
                said: Text::EMPTY,
                seen: None,
            }));
        }
        assert_eq!(state_of_sale(&stage), State::ClosedByOperator);
        if voids {
            let mut void = sale(&stage, "000003");
            for (field, value) in [("3", "020000"), ("37", "R00000200000")] {
                void.set(path(field), value).unwrap();
            }
            stage.terminal_says(stage.reparsed(&void));
            let sent = stage.deliver(A);
            answered(&mut stage, &sent, &[("39", "00")]);
            stage.deliver(T);
        }
        if restarts {
            let options = dialect("iso8583-1987-ascii", ReversalBy::Terminal);
            stage = restarted(stage, options);
        }
        answered(&mut stage, &undo, &[("39", "00")]);
        assert_eq!(
            state_of_sale(&stage),
            State::SettleMismatch,
            "{voids} {restarts}"
        );
    }
}
