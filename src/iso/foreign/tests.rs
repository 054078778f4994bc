//! Messages that other systems built, read and built through their packagers.

use super::{DialectForm, PackagerKind, export, import};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

const FILES: [(&str, &str, &str); 3] = [
    (
        "jpos-iso87ascii",
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87ascii.xml"),
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87ascii.tsv"),
    ),
    (
        "jpos-iso87binary",
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87binary.xml"),
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87binary.tsv"),
    ),
    (
        "moov-spec87ascii",
        include_str!("../../../proto-specs/vectors/foreign/moov-spec87ascii.json"),
        include_str!("../../../proto-specs/vectors/foreign/moov-spec87ascii.tsv"),
    ),
];

/// What was put into a message.
#[derive(Deserialize)]
struct PutIn {
    mti: String,
    fields: BTreeMap<String, String>,
}

fn dialect(name: &str, text: &str) -> Arc<Spec> {
    let imported = import(PackagerKind::of(text).unwrap(), name, text).unwrap();
    assert_eq!(imported.left_out, []);
    Spec::load(name, &imported.text, &|_| None).unwrap()
}

/// How a message of theirs differs from ours, in fields and in bytes.
fn differs(spec: &Arc<Spec>, line: &str) -> Option<String> {
    let (hex, json) = line.split_once('\t')?;
    let frame: Bytes = unhex(hex).into();
    let put: PutIn = serde_json::from_str(json).ok()?;
    let value = |text: &String| text.strip_prefix("hex:").unwrap_or(text).to_owned();
    let message = match Message::parse(spec, frame.clone()) {
        Ok(message) => message,
        Err(error) => return Some(error.to_string()),
    };
    let mut made = Message::new(spec, put.mti.parse().ok()?);
    for (path, text) in &put.fields {
        let path: FieldPath = path.parse().ok()?;
        let text = value(text);
        let read = message.text(path).unwrap_or_default();
        // Packed track code has D for the separator.
        if read != text && read != text.replace('=', "D") {
            return Some(format!("field {path}"));
        }
        if let Err(error) = made.set(path, &text) {
            return Some(error.to_string());
        }
    }
    let count = message.fields().len() == put.fields.len();
    let same = made.build().is_ok_and(|bytes| bytes == frame);
    match (count, same) {
        (true, true) => None,
        (false, _) => Some("other fields".to_owned()),
        (_, false) => Some("other bytes".to_owned()),
    }
}

#[test]
fn messages_that_other_systems_built_are_read_and_built_alike() {
    for (name, packager, lines) in FILES {
        let spec = dialect(name, packager);
        let wrong: Vec<_> = lines
            .lines()
            .filter_map(|line| differs(&spec, line))
            .collect();
        let (all, bad) = (lines.lines().count(), wrong.len());
        assert_eq!(
            bad,
            0,
            "{name}: {bad} of {all} differ: {:?}",
            wrong.get(..20.min(bad))
        );
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

/// Class, length, `pad`, a value, and its bytes, packed by hand.
const CLASSES: &[(&str, u16, bool, &str, &str)] = &[
    ("IFA_NUMERIC", 6, false, "000012", "303030303132"),
    ("IFA_LLNUM", 19, false, "12345", "30353132333435"),
    ("IFA_LLLNUM", 104, false, "12", "3030323132"),
    ("IF_CHAR", 4, false, "AB  ", "41422020"),
    ("IFA_LCHAR", 9, false, "AB", "324142"),
    ("IFA_LLCHAR", 99, false, "AB", "30324142"),
    ("IFA_LLLCHAR", 999, false, "AB", "3030324142"),
    ("IFA_LLLLCHAR", 9999, false, "AB", "303030324142"),
    ("IFA_LLLLLCHAR", 60000, false, "AB", "30303030324142"),
    ("IFA_LLLLLLCHAR", 60000, false, "AB", "3030303030324142"),
    ("IFA_AMOUNT", 9, false, "D00000012", "443030303030303132"),
    ("IFA_BINARY", 2, false, "0A0B", "30413042"),
    ("IFA_LLBINARY", 99, false, "0A0B", "30320A0B"),
    ("IFA_LLLBINARY", 999, false, "0A0B", "3030320A0B"),
    ("IFA_LLABINARY", 99, false, "0A0B", "303230413042"),
    ("IFA_LLBNUM", 19, true, "1234", "30341234"),
    ("IFB_NUMERIC", 3, false, "123", "1230"),
    ("IFB_NUMERIC", 3, true, "123", "0123"),
    ("IFB_FNUMERIC", 3, false, "123", "123F"),
    ("IFB_LLNUM", 19, false, "123", "031230"),
    ("IFB_LLNUM", 19, true, "123", "030123"),
    ("IFB_FLLNUM", 19, false, "123", "03123F"),
    (
        "IFB_LLHNUM",
        19,
        false,
        "1234567890123456",
        "101234567890123456",
    ),
    ("IFB_LLLNUM", 104, false, "123", "00031230"),
    ("IFB_LLLHNUM", 104, false, "123", "00031230"),
    ("IFB_AMOUNT", 9, false, "C00000012", "4300000012"),
    ("IFB_BINARY", 2, false, "0A0B", "0A0B"),
    ("IFB_LLBINARY", 99, false, "0A0B", "020A0B"),
    ("IFB_LLHBINARY", 255, false, "0A0B", "020A0B"),
    ("IFB_LLLBINARY", 999, false, "0A0B", "00020A0B"),
    ("IFB_LLLHBINARY", 999, false, "0A0B", "00020A0B"),
    ("IFB_LLLLBINARY", 9999, false, "0A0B", "00020A0B"),
    ("IFB_LLCHAR", 99, false, "AB", "024142"),
    ("IFB_LLHCHAR", 255, false, "AB", "024142"),
    ("IFB_LLLCHAR", 999, false, "AB", "00024142"),
    ("IFB_LLLHCHAR", 999, false, "AB", "00024142"),
    ("IFB_LLHECHAR", 255, false, "AB", "02C1C2"),
    ("IFB_HEX", 4, true, "0A1B", "0A1B"),
    ("IFE_NUMERIC", 3, false, "012", "F0F1F2"),
    ("IFE_CHAR", 3, false, "AB ", "C1C240"),
    ("IFE_LLNUM", 19, false, "12", "F0F2F1F2"),
    ("IFE_LLCHAR", 99, false, "AB", "F0F2C1C2"),
    ("IFE_LLLCHAR", 999, false, "AB", "F0F0F2C1C2"),
    ("IFE_AMOUNT", 3, false, "D12", "C4F1F2"),
    ("IFE_BINARY", 2, false, "0A0B", "F0C1F0C2"),
    ("IFE_LLLBINARY", 999, false, "0A0B", "F0F0F20A0B"),
    ("IFEA_LLCHAR", 99, false, "AB", "F0F24142"),
    ("IFEA_LLNUM", 99, false, "12", "F0F23132"),
];

/// A packager with one field besides type and bitmap.
fn packager(field: &str) -> String {
    format!(
        "<isopackager>\n\
         <isofield id=\"0\" length=\"4\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n\
         <isofield id=\"1\" length=\"16\" class=\"org.jpos.iso.IFB_BITMAP\"/>\n\
         {field}\n</isopackager>"
    )
}

#[test]
fn every_class_is_written_as_it_is_by_its_own_system() {
    for (class, length, pad, value, bytes) in CLASSES {
        let field = format!(
            "<isofield id=\"48\" length=\"{length}\" class=\"org.jpos.iso.{class}\" pad=\"{pad}\"/>"
        );
        let spec = dialect("one", &packager(&field));
        let mut message = Message::new(&spec, "0200".parse().unwrap());
        message.set(FieldId::of(48), value).unwrap();
        let built = message.build().unwrap();
        let wanted = unhex(&format!("303230300000000000010000{bytes}"));
        assert_eq!(built, wanted, "{class}");
        let read = Message::parse(&spec, built).unwrap();
        assert_eq!(
            read.text(FieldId::of(48)).as_deref(),
            Some(*value),
            "{class}"
        );
        assert_eq!(read.warnings(), [""; 0], "{class}");
    }
}

#[test]
fn a_class_that_cannot_be_said_is_named_and_left_out() {
    for class in [
        "IFEB_LLNUM",
        "IFEP_LLCHAR",
        "IFMC_LLCHAR",
        "IFA_TTLLCHAR",
        "IFA_FLLCHAR",
        "IFB_LLHFBINARY",
        "IFB_AMOUNT2003",
        "IFB_LLHEX",
        "Own",
    ] {
        let field = format!(
            "<isofield id=\"4\" length=\"12\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n\
             <isofield id=\"48\" length=\"99\" class=\"com.shop.{class}\"/>"
        );
        let imported = import(PackagerKind::Jpos, "one", &packager(&field)).unwrap();
        let first = imported.left_out.first().unwrap();
        assert_eq!(first.line, 5, "{class}");
        assert!(
            first.what.contains("field 48") && first.what.contains(class),
            "{first:?}"
        );
        let spec = Spec::load("one", &imported.text, &|_| None).unwrap();
        assert!(spec.field(FieldId::of(48)).is_none(), "{class}");
    }
}

#[test]
fn parts_are_taken_over_where_a_dialect_can_say_them() {
    let part = |id: u8, length: u8| {
        format!("<isofield id=\"{id}\" length=\"{length}\" class=\"org.jpos.iso.IF_CHAR\"/>")
    };
    let positions = format!(
        "<isofieldpackager id=\"48\" length=\"6\" class=\"org.jpos.iso.IFA_LLLCHAR\" \
         packager=\"org.jpos.iso.packager.GenericSubFieldPackager\">{}{}</isofieldpackager>",
        part(1, 2),
        part(2, 4)
    );
    let chip = "<isofieldpackager id=\"55\" length=\"255\" class=\"org.jpos.iso.IFA_LLLBINARY\" \
                packager=\"org.jpos.tlv.packager.bertlv.BERTLVBinaryPackager\"/>";
    let nested = format!(
        "<isofieldpackager id=\"127\" length=\"9999\" class=\"org.jpos.iso.IFA_LLLLLLBINARY\" \
         packager=\"org.jpos.iso.packager.GenericPackager\" emitBitmap=\"true\">\
         <isofield id=\"1\" length=\"8\" class=\"org.jpos.iso.IFB_BITMAP\"/>\
         <isofield id=\"2\" length=\"32\" class=\"org.jpos.iso.IFA_LLCHAR\"/>{}\
         </isofieldpackager>",
        part(3, 4)
    );
    let spec = dialect("one", &packager(&format!("{positions}{chip}{nested}")));
    let mut message = Message::new(&spec, "0200".parse().unwrap());
    for (path, text) in [
        ("48", "abcdef"),
        ("55", "9F2601AA"),
        ("127.2", "key"),
        ("127.3", "four"),
    ] {
        message
            .set(path.parse::<FieldPath>().unwrap(), text)
            .unwrap();
    }
    let read = Message::parse(&spec, message.build().unwrap()).unwrap();
    for (path, text) in [
        ("48.2", "cdef"),
        ("55.9F26", "AA"),
        ("127.2", "key"),
        ("127.3", "four"),
    ] {
        let found = read.text(path.parse::<FieldPath>().unwrap());
        assert_eq!(found.as_deref(), Some(text), "{path}");
    }
}

#[test]
fn what_is_exported_and_imported_again_writes_the_same_bytes() {
    for name in [
        "iso8583-1987-ascii",
        "iso8583-1987-binary",
        "iso8583-1987-ebcdic",
    ] {
        let own = Spec::builtin(name).unwrap();
        let text = export(&own, DialectForm::Jpos).text;
        let back = import(PackagerKind::Jpos, "back", &text).unwrap();
        assert_eq!(back.left_out, [], "{name}");
        let back = Spec::load("back", &back.text, &|_| None).unwrap();
        let mut messages = [&own, &back].map(|spec| Message::new(spec, "0200".parse().unwrap()));
        for message in &mut messages {
            for (path, text) in [
                ("3", "000000"),
                ("11", "000001"),
                ("32", "12345"),
                ("41", "T1"),
            ] {
                message
                    .set(path.parse::<FieldPath>().unwrap(), text)
                    .unwrap();
            }
        }
        let [one, other] = messages.map(|message| message.build().unwrap());
        assert_eq!(one, other, "{name}");
    }
}

#[test]
fn no_text_makes_a_reader_panic() {
    let texts = [
        "",
        "<",
        "<isopackager",
        "<isopackager/>",
        "<isopackager><isofield/></isopackager>",
        "{}",
        "{\"fields\":[]}",
        "{\"fields\":{\"2\":3}}",
        "<j8583-config><parse><field/></parse>",
    ];
    for text in texts {
        for kind in [PackagerKind::Jpos, PackagerKind::Moov, PackagerKind::J8583] {
            assert!(import(kind, "x", text).is_err(), "{text}");
        }
    }
    let deep = "<a>".repeat(100_000);
    assert!(
        import(PackagerKind::Jpos, "x", &deep)
            .unwrap_err()
            .what
            .contains("deeper")
    );
}

#[test]
fn parse_guides_make_a_dialect_of_characters() {
    let guides = "<j8583-config>\n<parse type=\"0210\">\n<field num=\"3\" type=\"NUMERIC\" \
                  length=\"6\"/>\n<field num=\"4\" type=\"AMOUNT\"/>\n<field num=\"41\" \
                  type=\"ALPHA\" length=\"8\"/>\n<field num=\"35\" type=\"LLVAR\"/>\n\
                  <field num=\"52\" type=\"ALPHA\" length=\"16\"/>\n</parse>\n</j8583-config>";
    let imported = import(PackagerKind::J8583, "guides", guides).unwrap();
    assert_eq!((imported.fields, imported.left_out.len()), (5, 0));
    let spec = Spec::load("guides", &imported.text, &|_| None).unwrap();
    assert_eq!(spec.field(FieldId::of(52)).unwrap().notation, "ans16");
    assert!(spec.field(FieldId::of(48)).is_none());
}

#[test]
fn digits_on_the_other_side_are_warned_about() {
    let field = |pad: bool| {
        let class = "org.jpos.iso.IFB_LLNUM";
        format!("<isofield id=\"48\" length=\"19\" class=\"{class}\" pad=\"{pad}\"/>")
    };
    let [left, right] = [false, true].map(|pad| dialect("one", &packager(&field(pad))));
    let mut message = Message::new(&left, "0200".parse().unwrap());
    message.set(FieldId::of(48), "123").unwrap();
    let built = message.build().unwrap();
    assert_eq!(
        Message::parse(&left, built.clone()).unwrap().warnings(),
        [""; 0]
    );
    let warnings = Message::parse(&right, built).unwrap().warnings();
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("spare nibble")),
        "{warnings:?}"
    );
}
