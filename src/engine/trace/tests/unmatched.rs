//! Answers that find no request, and what would make them find it.

use super::history::text;
use crate::engine::record::{
    ConnId, Fact, Hop, Identity, LineFact, LinkId, LinkName, Logged, Note, Record, Row, Seq, State,
    Step, TxId, Unmatched, Why,
};
use crate::engine::seam::Wall;
use crate::engine::trace::{UnmatchedAnswer, UnmatchedFinder};
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;

fn message(mti: &str, terminal: &str, stan: &str) -> Message {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let mut message = Message::new(&spec, mti.parse().unwrap());
    let fields = [
        ("3", "000000"),
        ("4", "000000088800"),
        ("7", "1122101112"),
        ("11", stan),
        ("41", terminal),
        ("42", "874350357222471"),
    ];
    for (path, value) in fields {
        message
            .set(path.parse::<FieldPath>().unwrap(), value)
            .unwrap();
    }
    message
}

/// Requests that go out one after another, and then an answer that matches none of them.
fn asked(requests: &[Message], answered: &[bool], answer: &Message) -> UnmatchedAnswer {
    let links = vec![LinkName {
        name: text("acquirer-a"),
        spec: text("iso8583-1987-ascii"),
    }];
    let mut finder = UnmatchedFinder::default();
    let mut seq = 0;
    let mut hear = |tx: Option<u128>, fact: Fact| {
        seq += 1;
        let record = Record {
            seq: Seq(seq),
            at: Wall(1_795_313_472_345_678),
            tx: tx.map(TxId),
            prev: None,
            fact,
        };
        finder.hear(&record, &Spec::builtin)
    };
    let gateway = text("gw-1");
    assert!(hear(None, Fact::Started { gateway, links }).is_none());
    let (link, conn) = (LinkId(0), ConnId(9));
    assert!(hear(None, Fact::Line(LineFact::Up { link, conn })).is_none());
    let step = |message: &Message, hop| {
        Fact::Step(Box::new(Step {
            row: Row('C'),
            state: State::Forwarded,
            why: Why::Plain,
            note: Note::None,
            message: Some(Logged::of(message, hop, conn, None)),
            opened: None,
        }))
    };
    for (number, request) in (1..).zip(requests) {
        assert!(hear(Some(number), step(request, Hop::GatewayToAcquirer)).is_none());
        if answered.get(number as usize - 1) == Some(&true) {
            let answer = message("0210", "10421695", "100175");
            assert!(hear(Some(number), step(&answer, Hop::AcquirerToGateway)).is_none());
        }
    }
    let unmatched = Unmatched {
        message: Logged::of(answer, Hop::AcquirerToGateway, conn, None),
        wanted: Identity::EMPTY,
        ambiguous: false,
    };
    hear(None, Fact::Unmatched(Box::new(unmatched))).expect("it is one that matched nothing")
}

fn lines(answer: &UnmatchedAnswer) -> String {
    let said = answer.said();
    said.iter().map(|line| format!("{}\n", line.en)).collect()
}

#[test]
fn a_terminal_that_is_written_otherwise_is_named_with_the_key_that_would_match() {
    let requests = [
        message("0200", "TERM0001", "100175"),
        message("0200", "TERM0002", "100176"),
    ];
    let told = asked(&requests, &[], &message("0210", "TERM1", "100175"));
    assert_eq!(told.near[0].tx, Some(TxId(1)));
    let text = lines(&told);
    assert!(
        text.contains("DE 41 differs: `TERM0001` asked, `TERM1` answered"),
        "{text}"
    );
    assert!(text.contains("over acquirer-a was looked up by"), "{text}");
    let key = told
        .mend
        .as_ref()
        .map(|key| key.iter().map(ToString::to_string).collect::<Vec<_>>());
    let key = key.expect("a key without the terminal finds it");
    assert!(
        key.contains(&"11".to_owned()) && !key.contains(&"41".to_owned()),
        "{key:?}"
    );
    assert!(
        text.contains("set key = [") && text.contains("] on its route"),
        "{text}"
    );
}

#[test]
fn a_key_that_would_fit_two_is_not_proposed() {
    let requests = [
        message("0200", "TERM0001", "100175"),
        message("0200", "TERM0002", "100175"),
    ];
    let told = asked(&requests, &[], &message("0210", "TERM1", "100175"));
    assert_eq!(told.mend, None);
    assert_eq!(told.near.len(), 2);
}

#[test]
fn a_second_answer_is_told_as_one() {
    let requests = [message("0200", "10421695", "100175")];
    let told = asked(&requests, &[true], &message("0210", "10421695", "100175"));
    let text = lines(&told);
    assert!(
        text.contains("but it was answered before (record 4)"),
        "{text}"
    );
    assert_eq!(told.mend, None);
}

#[test]
fn an_answer_to_nothing_is_told_as_that() {
    let told = asked(&[], &[], &message("0410", "10421695", "100175"));
    assert!(lines(&told).contains("no request of this type was on its way"));
}
