//! Messages that other systems built, read and built through their packagers.

use super::{DialectForm, PackagerKind, export, import, text_of};
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
        "fields:",
        "fields:\n  - 2",
        "fields:\n  2: *all",
        "fields: {2: {",
        "fields:\n\t2: x",
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
    for deep in ["[", "{a: ", "? ", "- "] {
        let text = format!("fields: {}", deep.repeat(20_000));
        assert!(import(PackagerKind::Moov, "x", &text).is_err(), "{deep}");
    }
}

/// A spec of moov as YAML, as people write it: numbers without quotes.
fn as_yaml(value: &serde_json::Value, indent: &str) -> String {
    let Some(table) = value.as_object() else {
        return format!("{value}\n");
    };
    let lines = table.iter().map(|(key, value)| {
        let rest = as_yaml(value, &format!("{indent}  "));
        format!("{indent}{key}: {rest}")
    });
    format!("\n{}", lines.collect::<String>())
}

#[test]
fn a_moov_spec_in_yaml_is_the_same_as_in_json() {
    let [.., (name, json, _)] = FILES;
    let yaml = as_yaml(&serde_json::from_str(json).unwrap(), "");
    assert_eq!(PackagerKind::of(&yaml), Some(PackagerKind::Moov));
    let [json, yaml] = [json, &yaml].map(|text| import(PackagerKind::Moov, name, text).unwrap());
    let without_lines = |text: &str| {
        let digits = |c: char| c.is_ascii_digit();
        let remark = |line: &str| match line.starts_with('#') {
            true => line.replace(digits, ""),
            false => line.to_owned(),
        };
        text.lines().map(remark).collect::<Vec<_>>()
    };
    assert_eq!(without_lines(&yaml.text), without_lines(&json.text));
    assert_eq!((yaml.fields, yaml.left_out), (json.fields, json.left_out));

    let field = "type: Own\n    length: 2\n    enc: ASCII\n    prefix: ASCII.Fixed";
    let text = format!("name: one\nfields:\n  3: &own\n    {field}\n  4:\n    {field}\n");
    let text = text.replacen("Own\n    length: 2", "Numeric\n    length: 6", 1);
    let imported = import(PackagerKind::Moov, "one", &text).unwrap();
    let told: Vec<_> = imported.left_out.iter().map(|one| one.line).collect();
    assert_eq!(told, [8], "{:?}", imported.left_out);
    let alias = text.replace("  4:\n", "  5: *own\n  4:\n");
    let error = import(PackagerKind::Moov, "one", &alias).unwrap_err();
    assert_eq!(error.line, 8);
    assert!(error.what.contains("alias"), "{error}");
}

#[test]
fn a_bitmap_that_is_never_followed_is_told_in_any_letters() {
    for key in ["disableAutoExpand", "disableautoexpand"] {
        let text = format!(
            "{{\"fields\":{{\"1\":{{\"type\":\"Bitmap\",\"length\":8,\"enc\":\"Binary\",\
             \"prefix\":\"Binary.Fixed\",\"{key}\":true}},\"3\":{{\"type\":\"Numeric\",\
             \"length\":6,\"enc\":\"ASCII\",\"prefix\":\"ASCII.Fixed\"}}}}}}"
        );
        let imported = import(PackagerKind::Moov, "one", &text).unwrap();
        let told = imported
            .decided
            .iter()
            .any(|one| one.what.contains("bit 1 may be set"));
        assert!(told, "{key}: {:?}", imported.decided);
    }
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

/// A field with a packager of its own, and the parts in it.
fn with_packager(attributes: &str, parts: &[(u8, u16, &str)]) -> String {
    let part = |(id, length, class): &(u8, u16, &str)| {
        format!("<isofield id=\"{id}\" length=\"{length}\" class=\"org.jpos.iso.{class}\"/>\n")
    };
    let parts: String = parts.iter().map(part).collect();
    packager(&format!(
        "<isofieldpackager id=\"48\" length=\"999\" class=\"org.jpos.iso.IFA_LLLCHAR\" \
         {attributes}>\n{parts}</isofieldpackager>"
    ))
}

const GENERIC: &str = "packager=\"org.jpos.iso.packager.GenericSubFieldPackager\"";

/// What stands in field 48 of a message with nothing else.
fn parts_of(text: &str, value: &[u8]) -> Vec<(String, String)> {
    let spec = dialect("one", text);
    let head = [b"0200".as_slice(), &[0, 0, 0, 0, 0, 1, 0, 0]].concat();
    let length = format!("{:03}", value.len());
    let message = Message::parse(&spec, [&head, length.as_bytes(), value].concat().into()).unwrap();
    let read = |id: u8| {
        let path: FieldPath = format!("48.{id}").parse().unwrap();
        Some((id.to_string(), message.text(path)?.to_string()))
    };
    (0..20).filter_map(read).collect()
}

#[test]
fn parts_behind_a_bitmap_of_their_own_are_read_by_its_bits() {
    let parts = [
        (0, 8, "IFB_BITMAP"),
        (1, 2, "IF_CHAR"),
        (2, 4, "IF_CHAR"),
        (3, 2, "IF_CHAR"),
    ];
    let attributes = format!("{GENERIC} emitBitmap=\"true\" bitmapField=\"0\" firstField=\"1\"");
    let value = [[0xA0, 0, 0, 0, 0, 0, 0, 0].as_slice(), b"ABYZ"].concat();
    let wanted = [("1", "AB"), ("3", "YZ")].map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(
        parts_of(&with_packager(&attributes, &parts), &value),
        wanted
    );
    // With 16 bytes the first bit says that the second half is there: it is no part.
    let long = [(0, 16, "IFB_BITMAP"), (1, 2, "IF_CHAR")];
    let imported = import(
        PackagerKind::Jpos,
        "one",
        &with_packager(&attributes, &long),
    );
    let left_out = imported.unwrap().left_out;
    let said: Vec<_> = left_out.iter().map(|note| note.line).collect();
    assert_eq!(said, [6], "{left_out:?}");
}

#[test]
fn parts_stand_in_the_order_of_their_ids() {
    let parts = [(3, 3, "IF_CHAR"), (1, 2, "IF_CHAR"), (2, 6, "IFA_NUMERIC")];
    let text = with_packager(&format!("{GENERIC} emitBitmap=\"false\""), &parts);
    let wanted = [("1", "AB"), ("2", "000123"), ("3", "XYZ")];
    let wanted = wanted.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(parts_of(&text, b"AB000123XYZ"), wanted);
}

#[test]
fn parts_of_a_moov_spec_stand_as_it_sorts_them() {
    let order = |sort: &str| {
        let part = |id: u8| {
            format!(
                "\"{id}\": {{\"type\":\"String\",\"length\":2,\"enc\":\"ASCII\",\
                 \"prefix\":\"ASCII.Fixed\"}}"
            )
        };
        let text = format!(
            "{{\"fields\":{{\"48\":{{\"type\":\"Composite\",\"length\":99,\
             \"prefix\":\"ASCII.LL\",\"tag\":{{\"sort\":\"{sort}\"}},\"subfields\":\
             {{{},{},{}}}}}}}}}",
            part(1),
            part(2),
            part(10)
        );
        let text = import(PackagerKind::Moov, "one", &text).unwrap().text;
        let ids = text.split("id = \"").skip(1);
        let ids = ids.filter_map(|rest| rest.split('"').next());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(order("StringsByInt"), ["1", "2", "10"]);
    assert_eq!(order("Strings"), ["1", "10", "2"]);
}

#[test]
fn classes_of_ones_own_are_named_and_not_guessed() {
    let own = "packager=\"com.shop.iso.LTVPackager\"";
    let text = with_packager(own, &[(1, 2, "IF_CHAR"), (2, 4, "IF_CHAR")]);
    let text = text.replace(
        "</isopackager>",
        "<isofield id=\"62\" length=\"9\" class=\"com.shop.IFA_LLCHAR\"/>\n</isopackager>",
    );
    let imported = import(PackagerKind::Jpos, "one", &text).unwrap();
    let said: Vec<_> = imported.left_out.iter().map(|note| note.line).collect();
    assert_eq!(said, [4, 8], "{:?}", imported.left_out);
    let first = imported.left_out.first().unwrap();
    assert!(first.what.contains("com.shop.iso.LTVPackager"), "{first:?}");
    let spec = Spec::load("one", &imported.text, &|_| None).unwrap();
    let field = spec.field(FieldId::of(48)).unwrap();
    assert!(field.usual_meaning().composite.is_none());
    assert!(spec.field(FieldId::of(62)).is_none());
}

#[test]
fn what_stands_for_other_text_is_refused_with_its_line() {
    let text = packager("<!-- here -->\n&more;");
    let error = import(PackagerKind::Jpos, "one", &text).unwrap_err();
    assert_eq!(error.line, 5, "{error}");
    assert!(error.what.contains("&more;"), "{error}");
    let text = packager("&#10;&amp;<isofield id=\"48\" length=\"9\" class=\"IF_CHAR\"/>");
    assert!(import(PackagerKind::Jpos, "one", &text).is_ok());
    let text = format!("<!DOCTYPE isopackager [<!ATTLIST isofield pad CDATA \"true\">]>{text}");
    assert!(import(PackagerKind::Jpos, "one", &text).is_err());
}

#[test]
fn a_field_that_is_left_out_is_not_kept_unless_the_rules_need_it() {
    let own = |id: u8| format!("<isofield id=\"{id}\" length=\"9\" class=\"com.shop.Own\"/>\n");
    let stan = "<isofield id=\"11\" length=\"6\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n";
    let text = packager(&[own(43), own(90), stan.to_owned()].concat());
    let imported = import(PackagerKind::Jpos, "one", &text).unwrap();
    let spec = Spec::load("one", &imported.text, &|_| None).unwrap();
    assert_eq!(imported.left_out.len(), 2);
    for (note, number) in imported.left_out.iter().zip([43, 90]) {
        let stays = note.what.contains("the rules need it");
        assert_eq!(spec.field(FieldId::of(number)).is_some(), stays, "{note:?}");
        assert!(imported.text.contains(&note.what), "{}", imported.text);
    }
    assert!(spec.field(FieldId::of(43)).is_none());
    assert!(spec.field(FieldId::of(90)).is_some());
}

#[test]
fn what_a_packager_says_of_type_and_bitmap_is_told() {
    let stan = "<isofield id=\"11\" length=\"6\" class=\"org.jpos.iso.IFA_NUMERIC\"/>";
    let none = format!("<isopackager>{stan}</isopackager>");
    let imported = import(PackagerKind::Jpos, "one", &none).unwrap();
    for wanted in ["no field 0", "no field 1"] {
        let mut told = imported.decided.iter();
        assert!(told.any(|note| note.what.contains(wanted)), "{imported:?}");
    }
    let odd = packager(stan)
        .replace("length=\"4\"", "length=\"3\"")
        .replace("length=\"16\"", "length=\"8\"");
    let left_out = import(PackagerKind::Jpos, "one", &odd).unwrap().left_out;
    let said: Vec<_> = left_out.iter().map(|note| note.line).collect();
    assert_eq!(said, [2, 3], "{left_out:?}");
    let guides = "<j8583-config>\n<header type=\"0200\">ISO01</header>\n<parse type=\"0200\">\
                  <field num=\"3\" type=\"NUMERIC\" length=\"6\"/></parse></j8583-config>";
    let left_out = import(PackagerKind::J8583, "one", guides).unwrap().left_out;
    let first = left_out.first().unwrap();
    assert!(first.what.contains("49534F3031"), "{first:?}");
}

#[test]
fn one_field_that_cannot_be_said_does_not_refuse_the_file() {
    let field = |id: u8, length: u16, class: &str| {
        format!("<isofield id=\"{id}\" length=\"{length}\" class=\"org.jpos.iso.{class}\"/>\n")
    };
    // Longer than a length of two digits says, and too short for its parts in the rules.
    let text = packager(&format!(
        "{}{}{}",
        field(11, 6, "IFA_NUMERIC"),
        field(48, 999, "IFA_LLCHAR"),
        field(90, 40, "IF_CHAR")
    ));
    let imported = import(PackagerKind::Jpos, "one", &text).unwrap();
    let said: Vec<_> = imported.left_out.iter().map(|note| note.line).collect();
    assert!(said.contains(&6), "{:?}", imported.left_out);
    assert!(said.iter().all(|line| [5, 6].contains(line)), "{said:?}");
    Spec::load("one", &imported.text, &|_| None).unwrap();
    // Digits written as characters are at the same places: nothing is lost.
    let text = packager(&field(90, 42, "IF_CHAR"));
    assert_eq!(
        import(PackagerKind::Jpos, "one", &text).unwrap().left_out,
        []
    );
}

#[test]
fn a_file_is_read_in_the_encoding_that_it_declares() {
    let text = |encoding: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<isopackager name=\"金额\"/>")
    };
    let gbk = encoding_rs::GBK.encode(&text("GBK")).0.into_owned();
    assert_eq!(text_of(&gbk).unwrap(), text("GBK"));
    let wide = text("UTF-16");
    let little: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(text_of(&little).unwrap(), wide);
    let big: Vec<u8> = wide.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(
        text_of(&[&[0xFE, 0xFF], big.as_slice()].concat()).unwrap(),
        wide
    );
    // What is declared so, and is not, names the line and the mend.
    let error = text_of(&encoding_rs::GBK.encode(&text("UTF-8")).0).unwrap_err();
    assert!(error.line == 2 && error.what.contains("save"), "{error}");
    assert!(text_of(text("X-NONE").as_bytes()).is_err());
}
