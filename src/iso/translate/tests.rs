//! A terminal of `cup-pos` and a host of `iso8583-1987-ascii` understand one another.

use super::*;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, ResponseCode, Text};
use crate::iso::spec::{Spec, StampForm, StampPart};
use std::sync::Arc;

fn cup() -> Arc<Spec> {
    Spec::builtin("cup-pos").unwrap()
}

fn ascii() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

fn message(spec: &Arc<Spec>, mti: &str, fields: &[(&str, &str)]) -> Message {
    let mut message = Message::new(spec, mti.parse().unwrap());
    for (field, value) in fields {
        message.set(path(field), value).unwrap();
    }
    Message::parse(spec, message.build().unwrap()).unwrap()
}

const SALE: [(&str, &str); 12] = [
    ("2", "6226091234560048"),
    ("3", "000000"),
    ("4", "000000088800"),
    ("11", "100175"),
    ("22", "021"),
    ("25", "00"),
    ("41", "10421695"),
    ("42", "874350357222471"),
    ("49", "156"),
    ("53", "2600000000000000"),
    ("60", "22000001000"),
    ("64", "1122334455667788"),
];

fn of_kind(mti: &str, code: &str, kind: &str) -> Message {
    let mut fields = SALE.to_vec();
    fields.push(("3", code));
    fields.push(("60", kind));
    message(&cup(), mti, &fields)
}

/// 2026-11-22 10:11:12 where the terminal stands, eight hours east.
fn moment(form: &StampForm) -> String {
    let parts = form.parts().iter();
    let digits = parts.map(|part| match part {
        StampPart::Century => "20",
        StampPart::Year => "26",
        StampPart::Month => "11",
        StampPart::Day => "22",
        StampPart::Hour if form.is_utc() => "02",
        StampPart::Hour => "10",
        StampPart::Minute => "11",
        StampPart::Second => "12",
    });
    digits.collect()
}

fn sent(from: &Message, map: &Map) -> Result<Translated, Untranslatable> {
    request(from, &ascii(), map, moment)
}

#[test]
fn each_kind_goes_by_the_name_that_the_host_has_for_it() {
    for (mti, code, kind, wanted, their_mti, their_code) in [
        ("0200", "000000", "22000001000", "sale", "0200", "000000"),
        ("0200", "200000", "23000001000", "void", "0200", "020000"),
        ("0220", "200000", "25000001000", "refund", "0200", "200000"),
        ("0100", "030000", "10000001000", "preauth", "0100", "000000"),
        (
            "0200",
            "000000",
            "20000001000",
            "completion",
            "0220",
            "000000",
        ),
        ("0200", "310000", "01000001000", "balance", "0200", "310000"),
    ] {
        let there = sent(&of_kind(mti, code, kind), &Map::default())
            .unwrap()
            .message;
        assert_eq!(&*there.kind().unwrap().name, wanted);
        assert_eq!(there.mti().to_string(), their_mti, "{wanted}");
        assert_eq!(there.text(FieldId::of(3)).unwrap(), their_code, "{wanted}");
    }
}

#[test]
fn what_the_host_has_no_name_for_is_refused_unless_the_map_names_it() {
    for kind in ["40000001000", "46000001000", "03000001000"] {
        let wrong = sent(&of_kind("0200", "600000", kind), &Map::default()).unwrap_err();
        assert!(matches!(wrong, Untranslatable::Kind(..)), "{wrong}");
    }
    let name = |text: &str| Text::new(text).unwrap();
    let map = Map {
        kinds: vec![(name("purse_load"), name("sale"))],
        ..Map::default()
    };
    let load = of_kind("0200", "600000", "40000001000");
    assert_eq!(
        &*sent(&load, &map).unwrap().message.kind().unwrap().name,
        "sale"
    );
}

#[test]
fn account_types_stay_as_they_came() {
    for (mti, code, kind, theirs) in [
        ("0200", "003000", "22000001000", "003000"),
        ("0200", "203000", "23000001000", "023000"),
        ("0100", "200030", "11000001000", "020030"),
    ] {
        let there = sent(&of_kind(mti, code, kind), &Map::default());
        let there = there.unwrap().message;
        assert_eq!(there.text(FieldId::of(3)).unwrap(), theirs, "{code}");
    }
}

#[test]
fn values_arrive_as_they_are_and_the_moment_is_the_hosts() {
    let there = sent(&message(&cup(), "0200", &SALE), &Map::default()).unwrap();
    for (field, value) in [
        ("2", "6226091234560048"),
        ("4", "000000088800"),
        ("7", "1122021112"),
        ("11", "100175"),
        ("12", "101112"),
        ("13", "1122"),
        ("22", "021"),
        ("41", "10421695"),
        ("42", "874350357222471"),
        ("49", "156"),
        ("60", "22000001000"),
    ] {
        assert_eq!(there.message.text(path(field)).unwrap(), value, "{field}");
    }
    assert!(
        !there.message.has(FieldId::of(64)),
        "a MAC is its dialect's own"
    );
    assert_eq!(there.lost_list(), "");
}

#[test]
fn a_track_keeps_its_card_whatever_its_separator() {
    let mut fields = SALE.to_vec();
    fields.remove(0);
    fields.push(("35", "6226091234560048=30121010000"));
    let there = sent(&message(&cup(), "0200", &fields), &Map::default()).unwrap();
    let track = there.message.text(FieldId::of(35)).unwrap();
    assert_eq!(track, "6226091234560048=30121010000");
}

#[test]
fn a_map_moves_drops_and_changes() {
    let map = Map {
        request: vec![
            Change::Move {
                from: path("60.2"),
                to: path("48"),
            },
            Change::Drop(path("60")),
            Change::Values(path("22"), vec![("021".into(), "901".into())]),
        ],
        ..Map::default()
    };
    let there = sent(&message(&cup(), "0200", &SALE), &map).unwrap();
    assert_eq!(there.message.text(path("48")).unwrap(), "000001");
    assert_eq!(there.message.text(path("22")).unwrap(), "901");
    assert!(!there.message.has(FieldId::of(60)));
    assert_eq!(
        there.lost_list(),
        "",
        "what was dropped on purpose is not lost"
    );
}

#[test]
fn an_amount_with_its_currency_goes_over_and_comes_back() {
    let both = Spec::builtin("iso8583-2003-binary").unwrap();
    let asked = message(&cup(), "0200", &SALE);
    let there = request(&asked, &both, &Map::default(), moment).unwrap();
    assert_eq!(there.message.text(path("4")).unwrap(), "1562000000088800");
    assert!(!there.lost.contains(FieldId::of(4)) && !there.lost.contains(FieldId::of(49)));

    let mut host = there.message.answer().unwrap();
    host.set(path("39"), "0000").unwrap();
    let whole = answer(&host, &asked, &Map::default()).unwrap().message;
    assert_eq!(whole.text(path("4")).unwrap(), "000000088800");
    host.set(path("4"), "1562000000000100").unwrap();
    let part = answer(&host, &asked, &Map::default()).unwrap().message;
    assert_eq!(part.text(path("4")).unwrap(), "000000000100");

    let back = request(&there.message, &ascii(), &Map::default(), moment).unwrap();
    assert_eq!(back.message.text(path("4")).unwrap(), "000000088800");
    assert_eq!(back.message.text(path("49")).unwrap(), "156");
}

#[test]
fn a_date_of_another_meaning_is_left_behind() {
    let fields: Vec<_> = SALE
        .into_iter()
        .filter(|(field, _)| !["53", "60", "64"].contains(field))
        .collect();
    let fields = [&fields[..], &[("12", "101112"), ("13", "1122")]].concat();
    let sale = message(&ascii(), "0200", &fields);
    for name in ["iso8583-1993-ascii", "iso8583-2003-binary"] {
        let other = Spec::builtin(name).unwrap();
        let there = request(&sale, &other, &Map::default(), moment).unwrap();
        assert!(!there.message.has(FieldId::of(13)), "{name}");
        assert!(there.lost.contains(FieldId::of(13)), "{name}");
    }
}

#[test]
fn what_does_not_fit_is_named_and_money_that_does_not_fit_stops_it() {
    let mut fields = SALE.to_vec();
    fields.push(("62", "0102"));
    let there = sent(&message(&cup(), "0200", &fields), &Map::default()).unwrap();
    assert_eq!(there.lost_list(), "62", "bytes are no text");
    for (field, number) in [("4", 4), ("49", 49), ("2", 2)] {
        let map = Map {
            request: vec![Change::Drop(path(field))],
            ..Map::default()
        };
        let wrong = sent(&message(&cup(), "0200", &SALE), &map).unwrap_err();
        assert_eq!(wrong, Untranslatable::Money(FieldId::of(number)));
    }
    let map = Map {
        request: vec![Change::Drop(path("42"))],
        ..Map::default()
    };
    let wrong = sent(&message(&cup(), "0200", &SALE), &map).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "iso8583-1987-ascii wants field 42, which the message has not"
    );
}

fn answered(code: &str, extra: &[(&str, &str)], map: &Map) -> Message {
    let asked = message(&cup(), "0200", &SALE);
    let there = sent(&asked, map).unwrap().message;
    let mut host = there.answer().unwrap();
    host.set(path("39"), code).unwrap();
    for (field, value) in extra {
        host.set(path(field), value).unwrap();
    }
    answer(&host, &asked, map).unwrap().message
}

#[test]
fn an_answer_is_the_terminals_own_with_what_the_host_says() {
    let extra = [("11", "000777"), ("37", "203217491827"), ("38", "A1B2C3")];
    let back = answered("00", &extra, &Map::default());
    for (field, value) in [
        ("3", "000000"),
        ("4", "000000088800"),
        ("11", "100175"),
        ("12", "101112"),
        ("37", "203217491827"),
        ("38", "A1B2C3"),
        ("39", "00"),
        ("60", "22000001000"),
    ] {
        assert_eq!(back.text(path(field)).unwrap(), value, "{field}");
    }
    assert_eq!(back.mti().to_string(), "0210");
    assert_eq!(back.spec().name(), "cup-pos");
    assert!(!back.has(FieldId::of(64)));
}

#[test]
fn the_reference_of_an_answer_is_the_hosts_and_not_that_of_its_original() {
    let fields = [("11", "000002"), ("37", "000000000501"), ("38", "000001")];
    let asked = message(&ascii(), "0220", &fields);
    let mut host = asked.answer().unwrap();
    for (field, value) in [("37", "000000000502"), ("38", "000002"), ("39", "00")] {
        host.set(path(field), value).unwrap();
    }
    let back = answer(&host, &asked, &Map::default()).unwrap().message;
    assert_eq!(back.text(path("37")).unwrap(), "000000000502");
    assert_eq!(back.text(path("38")).unwrap(), "000002");
}

#[test]
fn a_partial_approval_tells_its_amount() {
    let back = answered("10", &[("4", "000000000100")], &Map::default());
    assert_eq!(back.text(path("4")).unwrap(), "000000000100");
}

#[test]
fn a_code_never_crosses_the_line_between_approval_and_refusal() {
    let crossing = Map {
        answer: vec![Change::Values(
            path("39"),
            vec![("51".into(), "00".into()), ("57".into(), "58".into())],
        )],
        ..Map::default()
    };
    for (theirs, map, own) in [
        ("00", Map::default(), "00"),
        ("51", Map::default(), "51"),
        // Approved with identification: no approval in the terminal's dialect.
        ("08", Map::default(), "00"),
        // An approval of UnionPay terminals that this host does not know as one.
        ("A2", Map::default(), "98"),
        ("10", Map::default(), "10"),
        ("57", crossing.clone(), "58"),
        ("51", crossing, "96"),
    ] {
        let back = answered(theirs, &[], &map);
        assert_eq!(back.text(path("39")).unwrap(), own, "{theirs}");
    }
}

#[test]
fn an_unknown_outcome_is_told_as_one() {
    let declines = Map {
        answer: vec![Change::Values(
            path("39"),
            vec![("09".into(), "91".into()), ("51".into(), "09".into())],
        )],
        ..Map::default()
    };
    for (theirs, map, own) in [
        ("68", Map::default(), "68"),
        // No code of this host; "PIN format error" of the terminal's dialect.
        ("99", Map::default(), "98"),
        ("ZZ", Map::default(), "98"),
        ("09", declines.clone(), "98"),
        ("51", declines, "96"),
    ] {
        let back = answered(theirs, &[], &map);
        assert_eq!(back.text(path("39")).unwrap(), own, "{theirs}");
    }
}

#[test]
fn each_dialect_says_yes_in_its_own_words() {
    let between = |mti: &str, code: &str, said: &str| {
        let spec = |name| Spec::builtin(name).unwrap();
        let asked = message(
            &spec("iso8583-1993-ascii"),
            mti,
            &[("3", "000000"), ("24", "831")],
        );
        let host = message(&cup(), "0210", &[("11", "1")]);
        let map = Map::default();
        let told = answer_code(ResponseCode::new(code).unwrap(), &host, &asked, &map);
        assert_eq!(told.as_str(), said, "{mti} {code}");
    };
    between("1200", "00", "000");
    between("1200", "10", "002");
    between("1200", "51", "909");
    between("1200", "98", "911");
    between("1804", "00", "800");
    between("1420", "00", "400");
    between("1420", "25", "914");
    between("1420", "58", "120");
    between("1420", "96", "909");
}

#[test]
fn a_reversal_ends_for_the_terminal_only_if_it_ends_for_the_host() {
    let asked = of_kind("0400", "000000", "22000001000");
    let host = message(&ascii(), "0430", &[("11", "100175")]);
    let map = Map {
        answer: vec![Change::Values(path("39"), vec![("25".into(), "12".into())])],
        ..Map::default()
    };
    for (theirs, own) in [
        ("00", "00"),
        ("25", "12"),
        ("58", "58"),
        ("96", "96"),
        ("91", "91"),
    ] {
        let code = answer_code(ResponseCode::new(theirs).unwrap(), &host, &asked, &map);
        assert_eq!(code.as_str(), own, "{theirs}");
    }
    let lies = Map {
        answer: vec![Change::Values(path("39"), vec![("96".into(), "00".into())])],
        ..Map::default()
    };
    let code = answer_code(ResponseCode::new("96").unwrap(), &host, &asked, &lies);
    assert_eq!(
        code.as_str(),
        "96",
        "what is still open is not told as done"
    );
}
