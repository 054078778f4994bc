//! Messages that can only be read in part: they pass as they came, and nothing is made of them.

use super::*;
use crate::engine::record::{Logged, encode};

/// The bytes of a message without its last ones, as they would come from the wire.
fn cut(message: &Message, bytes: usize) -> Message {
    let frame = message.build().unwrap();
    let left = frame.slice(..frame.len() - bytes);
    Message::read(message.spec(), left).unwrap()
}

/// The bytes of a message, and some more.
fn with_tail(message: &Message, tail: &[u8]) -> Message {
    let frame = [&message.build().unwrap(), tail].concat();
    Message::read(message.spec(), frame.into()).unwrap()
}

/// Cuts a sale, a reversal or an answer within its DE 60, so that its kind and batch are not read.
const INTO_60: usize = 8 + 4;

fn keyless(by: ReversalBy) -> Stage {
    let mut stage = Stage::recovered(options(by, false), vec![]);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: A,
    });
    stage.connect(T);
    stage
}

/// Sends a sale of which the last bytes are missing.
fn half_a_sale(stage: &mut Stage, bytes: usize) -> Message {
    let sale = cut(&stage.sale(7), bytes);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    assert_eq!(super::bytes(&sent), super::bytes(&sale), "as it came");
    sale
}

fn unreadable(stage: &Stage) -> usize {
    let facts = stage.records.iter().map(|record| &record.fact);
    facts
        .filter(|fact| matches!(fact, Fact::Unreadable(_)))
        .count()
}

#[test]
fn a_request_read_in_part_passes_as_it_came_and_its_answer_too() {
    let mut stage = keyless(ReversalBy::Both);
    let sale = half_a_sale(&mut stage, 3);
    assert!(matches!(stage.last_note(), Note::Unreadable(what) if what.contains("field 64")));
    let answer = stage.answer(&stage.sale(7), "00");
    stage.acquirer_says(answer.clone());
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    assert_eq!(stage.rows(), "CDP");
    assert!(sale.fault().is_some());
}

#[test]
fn nothing_of_what_was_not_read_is_kept() {
    let mut stage = keyless(ReversalBy::Terminal);
    let canary = b"6226090123456789";
    let sale = with_tail(&stage.sale(7), canary);
    stage.terminal_says(sale);
    stage.deliver(A);
    let mut vault = Vault::new(VaultKeys::new(&[7; 32], 1, &[9; 32]), [0; 4]);
    for record in &stage.records {
        let mut out = Vec::new();
        encode(record, &mut vault, &mut out);
        assert!(
            !out.windows(8)
                .any(|bytes| canary.windows(8).any(|c| c == bytes))
        );
    }
    let opened = stage
        .records
        .iter()
        .filter_map(step)
        .find_map(|step| step.opened.clone());
    assert!(opened.is_some_and(|opened| opened.partly && opened.card.is_empty()));
}

#[test]
fn one_whose_kind_is_not_read_counts_as_money_and_is_reversed_by_its_terminal_only() {
    let mut stage = keyless(ReversalBy::Gateway);
    half_a_sale(&mut stage, INTO_60);
    stage.pass(46);
    assert_eq!(stage.last_state(), State::TimedOut);
    stage.pass(600);
    stage.silent();
    // Its own reversal breaks off at the same place, and finds it by terminal and trace number.
    let reversal = cut(&stage.reversal(7, "98"), INTO_60);
    stage.terminal_says(reversal.clone());
    let sent = stage.deliver(A);
    assert_eq!(bytes(&sent), bytes(&reversal));
    let answer = stage.answer(&stage.reversal(7, "98"), "00");
    stage.acquirer_says(answer.clone());
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    assert_eq!(stage.rows(), "CHUjl");
}

#[test]
fn its_repeat_while_it_is_in_flight_waits_for_the_same_answer() {
    let mut stage = keyless(ReversalBy::Terminal);
    let sale = half_a_sale(&mut stage, INTO_60);
    stage.connect(ConnId(2));
    stage.happen(Event::TerminalMessage {
        conn: ConnId(2),
        message: sale,
    });
    stage.silent();
    stage.acquirer_says(stage.answer(&stage.sale(7), "00"));
    stage.deliver(T);
    stage.deliver(ConnId(2));
}

#[test]
fn an_answer_whose_code_is_read_counts_as_what_it_says() {
    for (code, rows) in [("00", "CDP"), ("51", "CES")] {
        let mut stage = keyless(ReversalBy::Both);
        stage.terminal_says(stage.sale(7));
        let sent = stage.deliver(A);
        let answer = cut(&stage.answer(&sent, code), 3);
        stage.acquirer_says(answer.clone());
        assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
        assert_eq!(stage.rows(), rows);
    }
}

/// The answer to a sale, with its DE 39 behind a field that the dialect does not have.
fn without_code(stage: &Stage, sent: &Message) -> Message {
    let answer = bytes(&stage.answer(sent, "00"));
    // MTI and bitmap stand behind the header; bit 38 is set, whose six bytes are not all there.
    let mut frame = answer.to_vec();
    let body = sent.header().len();
    frame[body + 2 + 4] |= 0b100;
    let until = stage.answer(sent, "00");
    let at = crate::iso::codec::dissect(&stage.spec, &answer)
        .into_iter()
        .find(|piece| piece.is == crate::iso::codec::PieceKind::Value(path("39")))
        .unwrap();
    assert!(until.has(FieldId::of(39)));
    frame.truncate(at.bytes.start + 2);
    // DE 41 and 11 must be known: a key of 11 alone finds the request.
    Message::read(&stage.spec, frame.into()).unwrap()
}

fn by_stan(by: ReversalBy) -> Stage {
    let mut options = options(by, false);
    options.routes[0].key = vec![path("11")];
    Stage::connected(options)
}

#[test]
fn an_answer_without_its_code_is_passed_on_and_never_undone_by_the_gateway() {
    let mut stage = by_stan(ReversalBy::Both);
    stage.terminal_says(stage.sale(7));
    let sent = stage.deliver(A);
    let answer = without_code(&stage, &sent);
    stage.acquirer_says(answer.clone());
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    assert_eq!(
        (stage.rows().as_str(), stage.last_state()),
        ("Cx", State::AnswerUnread)
    );
    stage.pass(600);
    stage.silent();
    // SessionRequest again, the same answer; reversed, it goes its way.
    stage.terminal_says(stage.sale(7));
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    stage.terminal_says(stage.reversal(7, "06"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CxUj");
}

#[test]
fn an_answer_without_its_code_for_a_terminal_that_is_gone_is_no_answer() {
    let mut stage = by_stan(ReversalBy::Terminal);
    stage.terminal_says(stage.sale(7));
    let sent = stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: false,
    });
    stage.acquirer_says(without_code(&stage, &sent));
    stage.silent();
    assert_eq!(
        (stage.rows().as_str(), stage.last_state()),
        ("CKF", State::TimedOut)
    );
}

#[test]
fn after_an_unread_answer_a_readable_approval_lists_the_delivery() {
    let mut stage = by_stan(ReversalBy::Both);
    stage.terminal_says(stage.sale(7));
    let sent = stage.deliver(A);
    stage.acquirer_says(without_code(&stage, &sent));
    stage.deliver(T);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(
        (stage.rows().as_str(), stage.last_state()),
        ("Cxy", State::DeliveryUnproven)
    );
    stage.silent();
}

#[test]
fn what_is_not_named_by_what_was_read_is_recorded_and_goes_nowhere() {
    let mut stage = keyless(ReversalBy::Both);
    let whole = stage.sale(7);
    // Into DE 41: 8 + 15 + 3 + 8 + 8 bytes stand behind it.
    let nameless = cut(&whole, 3 + 15 + 3 + 8 + 8);
    assert!(nameless.is_unread(FieldId::of(41)));
    stage.terminal_says(nameless);
    stage.silent();
    assert_eq!(unreadable(&stage), 1);
    // An answer that does not say whose it is finds nobody; the request goes on waiting.
    stage.terminal_says(whole);
    let sent = stage.deliver(A);
    stage.acquirer_says(without_code(&stage, &sent));
    stage.silent();
    assert_eq!(unreadable(&stage), 2);
    stage.pass(46);
    assert_eq!(stage.rows(), "CH");
}

#[test]
fn where_the_key_is_known_a_mac_that_was_not_read_is_no_mac() {
    let mut stage = Stage::new();
    for bytes in [3, INTO_60] {
        stage.terminal_says(cut(&stage.sale(7), bytes));
        let refusal = stage.deliver(T);
        assert_eq!(refusal.response_code().as_deref(), Some("30"));
        stage.silent();
    }
    // Bytes behind a MAC that is right are the terminal's own affair.
    stage.terminal_says(with_tail(&stage.sale(8), b"??"));
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
    // An approval whose MAC was not read is not believed, and undone.
    stage.terminal_says(stage.sale(9));
    let sent = stage.deliver(A);
    stage.acquirer_says(cut(&stage.answer(&sent, "00"), 3));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CFXj");
}

#[test]
fn an_answer_to_a_reversal_without_its_code_closes_nothing() {
    let mut stage = by_stan(ReversalBy::Terminal);
    stage.approved_sale(7);
    stage.terminal_says(stage.reversal(7, "98"));
    let sent = stage.deliver(A);
    let answer = without_code(&stage, &sent);
    stage.acquirer_says(answer.clone());
    assert_eq!(
        bytes(&stage.deliver(T)),
        bytes(&answer),
        "the terminal may read it"
    );
    assert_eq!(stage.last_state(), State::ReversalPending);
}

#[test]
fn no_reversal_is_made_of_what_was_not_understood_not_even_without_a_mac() {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let whole = sale_of(&spec, "000000");
    let told = |message: Message| {
        let mut stage = ascii(&spec);
        stage.terminal_says(message);
        stage.deliver(A);
        stage.pass(46);
        assert_eq!(
            stage
                .records
                .iter()
                .filter_map(step)
                .next_back()
                .unwrap()
                .row,
            Row('H')
        );
        stage
    };
    for strange in [with_tail(&whole, b"??"), sale_of(&spec, "990000")] {
        let mut stage = told(strange);
        stage.pass(600);
        stage.silent();
        // Nor after a restart, nor by an operator.
        let records = stage.records.clone();
        let id = records.iter().rev().find_map(|record| record.tx).unwrap();
        let mut again = Stage::recovered(ascii_options(&spec), records);
        again.happen(Event::LinkUp {
            link: LINK,
            conn: A,
        });
        again.happen(Event::Operator(Wish {
            tx: id,
            act: Act::Reverse,
            said: Text::EMPTY,
            seen: None,
        }));
        again.pass(600);
        assert!(again.sends.is_empty());
    }
    let mut stage = ascii(&spec);
    stage.terminal_says(whole);
    stage.deliver(A);
    stage.pass(46);
    assert_eq!(stage.deliver(A).mti().to_string(), "0420");
}

fn sale_of(spec: &Arc<Spec>, processing: &str) -> Message {
    let mut sale = Message::new(spec, mti("0200"));
    for (field, value) in [
        ("3", processing),
        ("4", "000000088800"),
        ("7", "1122101112"),
        ("11", "000007"),
        ("41", "10421695"),
        ("42", "874350357222471"),
        ("49", "156"),
    ] {
        sale.set(path(field), value).unwrap();
    }
    Message::parse(spec, sale.build().unwrap()).unwrap()
}

fn ascii_options(spec: &Arc<Spec>) -> Options {
    let mut options = options(ReversalBy::Gateway, false);
    options.listeners[0].spec = spec.clone();
    options.links[0].spec = spec.clone();
    options
}

fn ascii(spec: &Arc<Spec>) -> Stage {
    let mut stage = Stage::connected(ascii_options(spec));
    stage.spec = spec.clone();
    stage
}

#[test]
fn what_an_answer_hides_is_said_by_its_record() {
    let mut stage = keyless(ReversalBy::Terminal);
    stage.terminal_says(stage.sale(7));
    let sent = stage.deliver(A);
    stage.acquirer_says(cut(&stage.answer(&sent, "00"), 3));
    let noted = stage.records.iter().filter_map(step).any(|step| {
        let from = step.message.as_ref().map(|Logged { hop, .. }| *hop);
        from == Some(Hop::AcquirerToGateway)
            && matches!(&step.note, Note::Unreadable(what) if what.contains("field 64"))
    });
    assert!(noted);
}
