//! The pieces a field is composed of, each where it differs from the rest of a dialect.

use super::super::{Message, ParseFault, PieceKind, dissect, hex};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use bytes::Bytes;
use std::sync::Arc;

/// A dialect that changes ISO 8583:1987 in ASCII.
fn mine(changes: &str) -> Arc<Spec> {
    let text = format!("name = \"mine\"\nextends = \"iso8583-1987-ascii\"\n{changes}");
    Spec::load("mine.toml", &text, &|_| None).unwrap()
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

/// A message of these fields: its bytes after type and bitmap, and itself, read again.
fn built(spec: &Arc<Spec>, fields: &[(&str, &str)]) -> (String, Message) {
    let mut message = Message::new(spec, "0200".parse().unwrap());
    for (at, text) in fields {
        message.set(path(at), text).unwrap();
    }
    let frame = message.build().unwrap();
    let again = Message::parse(spec, frame.clone()).unwrap();
    assert_eq!(again.build().unwrap(), frame);
    let pieces = dissect(spec, &frame);
    let bitmap = pieces
        .iter()
        .find(|piece| piece.is == PieceKind::Bitmap)
        .unwrap();
    (hex::hex(&frame[bitmap.bytes.end..]), again)
}

#[test]
fn a_prefix_counts_units_or_bytes_and_perhaps_itself() {
    for (prefix, wire) in [
        ("prefix = \"bcd\"", "05"),
        ("prefix = \"bcd\", prefix_counts = \"bytes\"", "03"),
        ("prefix = \"bcd\", prefix_counts_itself = true", "06"),
        (
            "prefix = \"bcd\", prefix_counts = \"bytes\", prefix_counts_itself = true",
            "04",
        ),
        ("prefix = \"binary\", prefix_bytes = 2", "0005"),
        ("prefix = \"binary-le\", prefix_bytes = 2", "0500"),
        ("prefix = \"ebcdic\"", "F0F5"),
        ("prefix = \"ascii\", prefix_bytes = 4", "30303035"),
        ("prefix = \"hex\", prefix_bytes = 1", "35"),
    ] {
        let field = format!("33 = {{ encoding = \"bcd\", align = \"left\", {prefix} }}");
        let (found, message) = built(&mine(&format!("[fields]\n{field}")), &[("33", "54321")]);
        assert_eq!(found, format!("{wire}543210"), "{prefix}");
        // Where bytes are counted, a spare nibble cannot be told from a digit.
        let digits = message.text(path("33")).unwrap();
        assert!(digits.starts_with("54321"), "{prefix}: {digits}");
    }
}

#[test]
fn a_length_that_counts_itself_is_never_less_than_itself() {
    let spec = mine("[fields]\n33 = { prefix_counts_itself = true }");
    let frame = b"0200000000008000000001".to_vec();
    let error = Message::parse(&spec, frame.into()).unwrap_err();
    assert_eq!(error.kind, ParseFault::TooShort { length: 1, own: 2 });
    assert_eq!(
        error.to_string(),
        "field 33, byte 20: the length says 1, less than its own 2 bytes, which count"
    );
}

#[test]
fn odd_digits_stand_left_or_right_with_a_zero_or_an_f() {
    for (keys, wire) in [
        ("align = \"left\"", "0210"),
        ("align = \"right\"", "0021"),
        ("align = \"left\", fill = \"F\"", "021F"),
        ("align = \"right\", fill = \"F\"", "F021"),
    ] {
        let spec = mine(&format!("[fields]\n22 = {{ encoding = \"bcd\", {keys} }}"));
        let (found, message) = built(&spec, &[("22", "021")]);
        assert_eq!(found, wire, "{keys}");
        assert!(message.is(path("22"), "021"), "{keys}");
    }
}

#[test]
fn characters_stand_in_the_code_of_their_field() {
    for (keys, text, wire) in [
        ("encoding = \"cp037\"", "A[9", "C1BAF9"),
        ("encoding = \"cp500\"", "A[9", "C14AF9"),
        ("encoding = \"cp1047\"", "A[9", "C1ADF9"),
        ("encoding = \"gbk\"", "\u{7231}9", "B0AE39"),
        ("encoding = \"ascii\"", "A[9", "415B39"),
    ] {
        let spec = mine(&format!("[fields]\n63 = {{ prefix = \"bcd\", {keys} }}"));
        let (found, message) = built(&spec, &[("63", text)]);
        assert_eq!(found, format!("0003{wire}"), "{keys}");
        assert_eq!(message.text(path("63")).unwrap(), text, "{keys}");
        assert_eq!(message.warnings(), [""; 0], "{keys}");
    }
    for (encoding, wire) in [
        ("hex", "4146"),
        ("hex-lower", "6166"),
        ("hex-ebcdic", "C1C6"),
    ] {
        let spec = mine(&format!(
            "[fields]\n62 = {{ format = \"b.9\", encoding = \"{encoding}\" }}"
        ));
        let (found, message) = built(&spec, &[("62", "AF")]);
        assert_eq!(found, format!("31{wire}"), "{encoding}");
        assert_eq!(message.text(path("62")).unwrap(), "AF", "{encoding}");
    }
}

#[test]
fn parts_of_chinese_text_are_counted_in_bytes() {
    let spec = Spec::builtin("cup-pos").unwrap();
    let mut message = Message::new(&spec, "0210".parse().unwrap());
    message.set(path("63.2"), "\u{4ea4}\u{6613}").unwrap();
    message.set(path("63.1"), "CUP").unwrap();
    let again = Message::parse(&spec, message.build().unwrap()).unwrap();
    assert_eq!(again.text(path("63")).unwrap(), "CUP\u{4ea4}\u{6613}");
    assert_eq!(again.text(path("63.2")).unwrap(), "\u{4ea4}\u{6613}");
    assert!(
        message.set(path("41"), "\u{4ea4}").is_err(),
        "a field in ASCII"
    );
}

#[test]
fn characters_that_a_field_may_not_hold_are_warned_about_in_every_code() {
    for (changes, frame) in [
        (
            "11 = { encoding = \"cp037\" }",
            "0020000000000000F0F1F2F3F4C1",
        ),
        (
            "11 = { encoding = \"ascii\" }",
            "0020000000000000303132333441",
        ),
        ("11 = { encoding = \"bcd\" }", "002000000000000001234A"),
        (
            "37 = { encoding = \"cp500\" }",
            "0000000008000000C1C1C1C1C1C1C1C1C1C1C105",
        ),
        (
            "37 = { encoding = \"gbk\" }",
            "0000000008000000303030303030303030303081",
        ),
    ] {
        let spec = mine(&format!("[message]\nbitmap = \"raw\"\n[fields]\n{changes}"));
        let frame = hex::unhex(&format!("30323030{frame}")).unwrap();
        let message = Message::parse(&spec, frame.clone().into()).unwrap();
        let said = message.warnings();
        assert!(
            said[0].ends_with("holds characters that its format does not allow"),
            "{changes}"
        );
        assert_eq!(message.build().unwrap(), frame, "and passed on as it came");
    }
}

/// As Postilion has DE 127: a bitmap of eight bytes, then parts of all kinds.
const NESTED: &str = r#"
    [fields.127]
    format = "b....9999"
    encoding = "raw"
    composite = "bitmap"
    parts = [
      { id = "2", format = "ans..32", name = "Switch key", store = "clear" },
      { id = "3", format = "n6", encoding = "bcd" },
      { id = "64", format = "b16", encoding = "raw" },
    ]
"#;

#[test]
fn a_nested_bitmap_says_which_parts_are_there() {
    let spec = mine(NESTED);
    let parts = [("127.64", "CAFE"), ("127.2", "key"), ("127.3", "000042")];
    let (wire, message) = built(&spec, &parts);
    // Four digits of length, bits 2, 3 and 64, LLVAR, BCD, bytes.
    assert_eq!(wire, "30303138600000000000000130336B6579000042CAFE");
    for (at, text) in parts {
        assert_eq!(message.text(path(at)).as_deref(), Some(text));
    }
    assert_eq!(message.parts(FieldId::of(127)).len(), 3);
    let kept = message.redact().unwrap();
    let kept = Message::parse(&spec, kept.frame).unwrap();
    assert_eq!(kept.text(path("127.2")).unwrap(), "key");
    assert_eq!(kept.text(path("127.64")).unwrap(), "0000");
    assert_eq!(message.shown(path("127.64")).as_deref(), Some("(2 bytes)"));
}

#[test]
fn a_nested_bitmap_never_extends_by_itself() {
    let frame = |body: &str| {
        let length = format!("{:04}", body.len() / 2);
        let head: String = format!("02008000000000000000{:016X}{length}", 2);
        Bytes::from([head.into_bytes(), hex::unhex(body).unwrap()].concat())
    };
    // Bit 1 is set: it is no part here, and no second map either.
    let one = frame("80000000000000000000000000000000");
    let message = Message::parse(&mine(NESTED), one.clone()).unwrap();
    assert!(message.parts(FieldId::of(127)).is_empty());
    assert_eq!(
        message.warnings(),
        ["field 127: its tags and lengths do not close"]
    );
    assert_eq!(message.build().unwrap(), one);
    // Only where the spec says so.
    let extended = NESTED.replace("composite =", "bitmap_extends = true\ncomposite =");
    let extended = extended.replace("id = \"64\"", "id = \"66\"");
    let two = frame("80000000000000004000000000000000CAFE");
    let message = Message::parse(&mine(&extended), two).unwrap();
    assert_eq!(message.text(path("127.66")).as_deref(), Some("CAFE"));
    let (wire, _) = built(&mine(&extended), &[("127.66", "CAFE")]);
    assert_eq!(wire, "3030313880000000000000004000000000000000CAFE");
}

#[test]
fn a_third_bitmap_is_read_and_a_fourth_is_not() {
    let spec = Spec::builtin("iso8583-2003-binary").unwrap();
    let mut message = Message::new(&spec, "2200".parse().unwrap());
    message.set(path("192"), "01").unwrap();
    let frame = message.build().unwrap();
    assert_eq!(
        hex::hex(&frame),
        "2200800000000000000080000000000000000000000000000001000101"
    );
    assert_eq!(
        Message::parse(&spec, frame.clone())
            .unwrap()
            .build()
            .unwrap(),
        frame
    );
    let mut fourth = frame.to_vec();
    fourth[18] |= 0x80;
    let error = Message::parse(&spec, fourth.into()).unwrap_err();
    assert_eq!((error.offset, error.kind), (18, ParseFault::Bitmap));
}

#[test]
fn an_amount_is_its_minor_units_whatever_stands_before_them() {
    let spec = Spec::builtin("iso8583-2003-binary").unwrap();
    let mut message = Message::new(&spec, "2200".parse().unwrap());
    message.set(path("4"), "8402000000012345").unwrap();
    assert_eq!(message.amount().unwrap().0, 12345);
    message.set(path("4.3"), "77").unwrap();
    assert_eq!(message.text(path("4")).unwrap(), "8402000000000077");
}

#[test]
fn a_header_is_filled_in_and_turned_around() {
    let spec = Spec::builtin("cups").unwrap();
    let mut message = Message::new(&spec, "0820".parse().unwrap());
    let named = |to: &str, from: &str| format!("{to:<11}{from:<11}");
    let mut header = message.header().to_vec();
    header.splice(6..28, named("00010000", "14427900").into_bytes());
    message.set_header(&header);
    message.set(path("11"), "1").unwrap();
    message.set(path("70"), "301").unwrap();
    let frame = message.build().unwrap();
    assert_eq!(frame[2..6], *format!("{:04}", frame.len()).as_bytes());
    let answer = Message::parse(&spec, frame.clone())
        .unwrap()
        .answer()
        .unwrap();
    assert_eq!(
        answer.header()[6..28],
        *named("14427900", "00010000").as_bytes()
    );
    // What a peer says of its length is warned about, and passed on.
    let mut lying = frame.to_vec();
    lying[5] ^= 1;
    let lying = Message::parse(&spec, lying.into()).unwrap();
    let said = lying.warnings();
    assert!(
        said.iter().any(|said| said.starts_with("header: says")),
        "{said:?}"
    );
    assert_ne!(lying.build().unwrap(), frame);
}

#[test]
fn a_caller_number_may_stand_before_the_header_or_not() {
    let spec = Spec::builtin("lakala-pos").unwrap();
    let mut message = Message::new(&spec, "0820".parse().unwrap());
    assert_eq!(message.header().len(), 11, "none is made up");
    message.set(path("60.1"), "00").unwrap();
    let plain = message.build().unwrap();
    let mut called = plain.to_vec();
    called.splice(5..5, *b"13800138000   ");
    for frame in [plain, called.into()] {
        let read = Message::parse(&spec, frame.clone()).unwrap();
        assert_eq!(read.mti().to_string(), "0820");
        assert_eq!(read.build().unwrap(), frame);
        let answer = read.answer().unwrap();
        assert_eq!(answer.header().len(), read.header().len());
        let pieces = dissect(&spec, &frame);
        let headers = pieces
            .iter()
            .filter(|piece| matches!(piece.is, PieceKind::Header(_)));
        assert_eq!(headers.count(), if frame.len() > 30 { 3 } else { 2 });
    }
}
