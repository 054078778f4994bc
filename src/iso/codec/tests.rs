//! What every built-in dialect must do: published frames read and come back the same, made-up
//! messages survive, broken bytes never panic.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that goes wrong should stop where it stands"
)]

use super::{Message, ParseFault, PieceKind, dissect, hex};
use crate::iso::message::{FieldId, FieldPath, Mti};
use crate::iso::spec::{Encoding, FieldContent, FieldSpec, Size, Spec};
use bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;

mod pieces;
mod vectors;

use vectors::vectors;

#[test]
fn a_frame_cut_off_anywhere_names_the_field_and_the_byte() {
    for (spec, sample) in vectors() {
        let frame = sample.frame(&spec);
        for end in 0..frame.len() {
            let error = Message::parse(&spec, frame.slice(..end)).unwrap_err();
            assert!(error.offset <= end, "{}: {error}", sample.title);
            let (partial, again) = Message::parse_partial(&spec, frame.slice(..end));
            assert_eq!(again, Some(error));
            let whole = Message::parse(&spec, frame.clone()).unwrap();
            for field in partial.iter().flat_map(|message| message.fields().iter()) {
                assert_eq!(partial.as_ref().unwrap().text(field), whole.text(field));
            }
        }
    }
}

#[test]
fn bytes_after_the_last_field_are_not_passed_over() {
    for (spec, sample) in vectors() {
        let mut bytes = sample.frame(&spec).to_vec();
        let end = bytes.len();
        bytes.push(0);
        let error = Message::parse(&spec, bytes.into()).unwrap_err();
        assert_eq!(
            (error.offset, error.kind),
            (end, ParseFault::Trailing { left: 1 })
        );
    }
}

/// A value that fits the field.
fn fitting(field: &FieldSpec) -> BoxedStrategy<String> {
    let (least, most) = match field.layout.size {
        Size::Fixed(units) => (units, units),
        Size::Variable { max, .. } => (0, max.min(60)),
    };
    let units = move |least: u16, class: &str, most: u16| format!("[{class}]{{{least},{most}}}");
    match field.layout.content {
        FieldContent::Digits => units(least, "0-9", most).prop_regex(),
        FieldContent::SignedDigits => format!("[CD][0-9]{{{}}}", most - 1).prop_regex(),
        FieldContent::Track => units(least, "0-9D", most).prop_regex(),
        // Two bytes a character: half as many of them, and none where the length is fixed.
        FieldContent::Text(_) if field.layout.encoding == Encoding::Gbk && least == 0 => {
            units(least, "A-Z\u{4e00}-\u{4e20}", most / 2).prop_regex()
        }
        FieldContent::Text(_) if field.layout.encoding.is_ebcdic() => {
            units(least, "A-Z0-9\\[\\]!^|{}\u{e9}", most).prop_regex()
        }
        FieldContent::Text(_) => units(least, "A-Z0-9", most).prop_regex(),
        FieldContent::Binary => format!("([0-9A-F]{{2}}){{{least},{most}}}").prop_regex(),
    }
}

trait PropRegex {
    fn prop_regex(self) -> BoxedStrategy<String>;
}

impl PropRegex for String {
    fn prop_regex(self) -> BoxedStrategy<String> {
        proptest::string::string_regex(&self).unwrap().boxed()
    }
}

/// A message of any built-in dialect with any of its fields.
fn messages() -> impl Strategy<Value = (Arc<Spec>, Vec<(FieldId, String)>)> {
    let specs = Spec::builtin_names()
        .iter()
        .map(|name| Spec::builtin(name).unwrap());
    proptest::sample::select(specs.collect::<Vec<_>>()).prop_flat_map(|spec| {
        let fields: Vec<_> = spec
            .fields()
            .map(|field| {
                let id = field.id;
                prop::option::weighted(0.3, fitting(field).prop_map(move |text| (id, text)))
            })
            .collect();
        fields.prop_map(move |all| (Arc::clone(&spec), all.into_iter().flatten().collect()))
    })
}

proptest! {
    #[test]
    fn made_up_messages_survive_build_and_parse((spec, values) in messages()) {
        let mut made = Message::new(&spec, "0200".parse().unwrap());
        for (field, text) in &values {
            made.set(*field, text).unwrap();
        }
        let built = made.build().unwrap();
        let parsed = Message::parse(&spec, built.clone()).unwrap();
        for (field, text) in &values {
            prop_assert_eq!(parsed.text(*field).unwrap(), text.as_str(), "field {}", field);
        }
        prop_assert_eq!(parsed.fields().len(), values.len());
        prop_assert_eq!(parsed.build().unwrap(), built.clone());
        // A change and its undoing write every byte anew: the same bytes.
        let mut again = parsed.clone();
        again.set_mti("0210".parse().unwrap());
        again.set_mti("0200".parse().unwrap());
        prop_assert_eq!(again.build().unwrap(), built);
    }

    #[test]
    fn random_bytes_never_panic(name in proptest::sample::select(Spec::builtin_names()),
                                bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&Spec::builtin(name).unwrap(), bytes.into());
    }

    #[test]
    fn a_published_frame_with_any_byte_changed_never_panics(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let all = vectors();
        let (spec, sample) = which.get(&all);
        let mut bytes = sample.frame(spec).to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        exercise(spec, bytes.into());
    }
}

/// Everything that may be asked of a message.
fn exercise(spec: &Arc<Spec>, bytes: Bytes) {
    let (partial, error) = Message::parse_partial(spec, bytes.clone());
    let Some(message) = partial else { return };
    for field in message.fields().iter() {
        assert!(message.text(field).is_some());
        for part in message.parts(field) {
            assert!(
                message
                    .text(FieldPath {
                        field,
                        part: Some(part)
                    })
                    .is_some()
            );
        }
    }
    let asked = (
        message.kind(),
        message.pan(),
        message.stan(),
        message.answer(),
    );
    drop((asked, message.warnings(), dissect(spec, &bytes)));
    if error.is_none() {
        assert_eq!(message.build().unwrap(), bytes);
        assert_eq!(message.redact().unwrap().frame.len(), bytes.len());
    }
}

#[test]
fn a_length_that_lies_allocates_nothing() {
    // LLVAR of 19 digits at most, and the prefix says 99: refused by the number alone.
    let spec = Spec::builtin("cup-pos").unwrap();
    let frame = hex::unhex("60000300006031003107300200400000000000000099").unwrap();
    let error = Message::parse(&spec, frame.into()).unwrap_err();
    assert_eq!(error.field, Some(FieldId::of(2).into()));
    assert_eq!(
        error.kind,
        ParseFault::TooLong {
            length: 99,
            max: 19
        }
    );
}

fn cup(mti: &str) -> Message {
    Message::new(
        &Spec::builtin("cup-pos").unwrap(),
        mti.parse::<Mti>().unwrap(),
    )
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

#[test]
fn parts_are_set_in_any_order() {
    let mut message = cup("0800");
    message.set(path("60.3"), "003").unwrap();
    message.set(path("60.2"), "7").unwrap();
    assert_eq!(message.text(FieldId::of(60)).unwrap(), "00000007003");
    message.set(path("60.1"), "22").unwrap();
    assert_eq!(message.text(FieldId::of(60)).unwrap(), "22000007003");
    assert_eq!(message.text(path("60.2")).unwrap(), "000007");
    assert_eq!(message.text(path("60.4")), None);
    message.set(path("55.9F26"), "8895BBE372271DDA").unwrap();
    message.set(path("55.95"), "0000000000").unwrap();
    message.set(path("55.9F26"), "1122").unwrap();
    assert_eq!(
        message.text(FieldId::of(55)).unwrap(),
        "9F2602112295050000000000"
    );
    message.set(path("59.A3"), "6212345678901234567").unwrap();
    assert_eq!(
        message.text(FieldId::of(59)).unwrap(),
        "A30196212345678901234567"
    );
}

#[test]
fn the_parts_of_a_fixed_field_fill_it_with_zeros() {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let mut message = Message::new(&spec, "0420".parse().unwrap());
    message.set(path("90.1"), "0200").unwrap();
    message.set(path("90.4"), "200").unwrap();
    let text = "020000000000000000000000000020000000000000";
    assert_eq!(message.text(FieldId::of(90)).unwrap(), text);
}

#[test]
fn an_answer_goes_the_way_back_and_echoes_what_the_spec_says() {
    let (spec, sale) = vectors().remove(0);
    let request = Message::parse(&spec, sale.frame(&spec)).unwrap();
    let answer = request.answer().unwrap();
    assert_eq!(answer.mti().to_string(), "0210");
    assert_eq!(hex::hex(answer.header()), "6000000003603100310730");
    assert_eq!(answer.text(FieldId::of(41)), request.text(FieldId::of(41)));
    for secret in [35, 52, 64] {
        assert!(!answer.has(FieldId::of(secret)), "{secret}");
    }
    assert!(answer.answer().is_none());
}

#[test]
fn kinds_are_told_by_the_most_specific_rule_in_request_and_answer() {
    let kind = |mti: &str, sets: &[(&str, &str)]| {
        let mut message = cup(mti);
        sets.iter()
            .for_each(|(at, text)| message.set(path(at), text).unwrap());
        message.kind().map(|kind| kind.name.to_string())
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(kind("0200", &[("60.1", "22"), ("25", "00")]), named("sale"));
    assert_eq!(kind("0210", &[("60.1", "22"), ("25", "00")]), named("sale"));
    assert_eq!(kind("0201", &[("60.1", "22")]), named("sale"));
    assert_eq!(
        kind("0200", &[("60.1", "22"), ("25", "64")]),
        named("instalment")
    );
    assert_eq!(
        kind("0400", &[("60.1", "23"), ("25", "00")]),
        named("reversal")
    );
    assert_eq!(
        kind("0800", &[("60.1", "00"), ("60.3", "003")]),
        named("sign_on_double")
    );
    assert_eq!(kind("0200", &[("60.1", "99")]), None);
}

#[test]
fn account_types_do_not_change_the_kind() {
    for (spec, mti, code, name) in [
        ("iso8583-1987-ascii", "0200", "000000", "sale"),
        ("iso8583-1987-ascii", "0200", "003000", "sale"),
        ("iso8583-1987-ascii", "0200", "002000", "sale"),
        ("iso8583-1987-ascii", "0201", "001000", "sale"),
        ("iso8583-1987-binary", "0200", "090000", "cash_back"),
        ("iso8583-1987-ebcdic", "0200", "013000", "cash"),
        ("iso8583-1987-ascii", "0200", "023000", "void"),
        ("iso8583-1987-ascii", "0210", "203000", "refund"),
        ("iso8583-1987-ascii", "0200", "313000", "balance"),
        ("iso8583-1987-ascii", "0200", "303000", "funds_inquiry"),
        ("iso8583-1987-ascii", "0100", "003000", "preauth"),
        ("iso8583-1987-ascii", "0100", "022000", "preauth_void"),
        ("iso8583-1987-ascii", "0100", "313000", "auth_balance"),
        ("iso8583-1987-ascii", "0220", "000000", "completion"),
        ("iso8583-1987-ascii", "0220", "200030", "refund_advice"),
        ("iso8583-1993-ascii", "1200", "003000", "sale"),
        ("iso8583-1993-ascii", "1220", "200000", "refund_advice"),
        ("iso8583-2003-binary", "2200", "002000", "sale"),
        ("iso8583-2003-binary", "2100", "013000", "auth_cash"),
        ("cups", "0200", "003000", "sale"),
        ("cups", "0200", "203000", "sale_void"),
        ("cups", "0100", "031000", "preauth"),
        ("cups", "0200", "010000", "cash"),
    ] {
        let spec = Spec::builtin(spec).unwrap();
        let mut message = Message::new(&spec, mti.parse().unwrap());
        message.set(path("3"), code).unwrap();
        let kind = message.kind().map(|kind| kind.name.as_str());
        assert_eq!(kind, Some(name), "{} {mti} {code}", spec.name());
    }
    // Under UnionPay's own numbers of products, which DE 60.1 has, DE 3 decides nothing.
    let mut sale = cup("0200");
    sale.set(path("60.1"), "22").unwrap();
    sale.set(path("3"), "003000").unwrap();
    assert_eq!(&*sale.kind().unwrap().name, "sale");
}

#[test]
fn what_says_more_of_its_kind_is_asked_first() {
    let text = "name = \"mine\"\nextends = \"iso8583-1987-ascii\"\n\
        [kinds.fuel]\nmti = \"0200\"\nwhen = { 3 = \"0030xx\" }\npurpose = \"debit\"\n";
    let spec = Spec::load("mine.toml", text, &|_| None).unwrap();
    for (code, name) in [("003099", "fuel"), ("003199", "sale")] {
        let mut message = Message::new(&spec, "0200".parse().unwrap());
        message.set(path("3"), code).unwrap();
        assert_eq!(&*message.kind().unwrap().name, name, "{code}");
    }
}

#[test]
fn the_mac_covers_type_to_the_field_before_it() {
    let (spec, sale) = vectors().remove(0);
    let frame = sale.frame(&spec);
    let mut message = Message::parse(&spec, frame.clone()).unwrap();
    let mac = FieldId::of(64);
    let covered = frame.slice(11..frame.len() - 8);
    assert_eq!(message.mac_input(mac).unwrap(), covered);
    message.remove(mac);
    assert_eq!(
        message.mac_input(mac).unwrap(),
        covered,
        "the bit is set though the field is not"
    );
}

#[test]
fn values_that_do_not_fit_are_refused_with_field_and_mend() {
    let mut message = cup("0200");
    let refused =
        |message: &mut Message, at, text| message.set(path(at), text).unwrap_err().to_string();
    assert_eq!(
        refused(&mut message, "4", "12x"),
        "field 4: the character at place 11 (from 0) cannot stand in this field"
    );
    assert_eq!(
        refused(&mut message, "41", "123456789"),
        "field 41: the value has 9, the field has 8 at most"
    );
    assert_eq!(
        refused(&mut message, "6", "1"),
        "field 6: the spec does not have this field"
    );
    assert_eq!(
        refused(&mut message, "60.9", "1"),
        "field 60.9: the field has no such part"
    );
    assert!(message.fields().is_empty(), "nothing was changed");
    message.set(path("41"), "1234").unwrap();
    message.set(path("4"), "5").unwrap();
    assert_eq!(message.text(path("41")).unwrap(), "1234    ");
    assert_eq!(message.text(path("4")).unwrap(), "000000000005");
}

#[test]
fn a_card_number_comes_back_and_a_track_never() {
    let mut message = cup("0200");
    message.set(path("2"), "6216261000000000018").unwrap();
    message.set(path("14"), "3012").unwrap();
    let clear = message.build().unwrap();
    let redacted = message.redact().unwrap();
    let kept = Message::parse(message.spec(), redacted.frame.clone()).unwrap();
    assert_eq!(kept.text(path("2")).unwrap(), "6216260000000000018");
    assert_eq!(kept.text(path("14")).unwrap(), "0000");
    assert_eq!(redacted.restore(), Some(clear));

    message
        .set(path("35"), "6216261000000000018D30122011234567890")
        .unwrap();
    message.set(path("52"), "C624834D367E9E9E").unwrap();
    message.set(path("59.A3"), "6212345678901234567").unwrap();
    message.set(path("55.5A"), "6216261000000000018F").unwrap();
    message.set(path("55.9F36"), "0067").unwrap();
    message
        .set(path("55.DF7F"), "6216261000000000018F")
        .unwrap();
    let redacted = message.redact().unwrap();
    assert_eq!(redacted.restore(), None);
    let kept = Message::parse(message.spec(), redacted.frame.clone()).unwrap();
    for (at, text) in [
        ("35", "0000000000000000000000000000000000000"),
        ("52", "0000000000000000"),
        ("59.A3", "0000000000000000000"),
        ("55.5A", "00000000000000000000"),
        ("55.9F36", "0067"),
        ("55.DF7F", "00000000000000000000"),
    ] {
        assert_eq!(kept.text(path(at)).unwrap(), text, "{at}");
    }
    let hidden = hex::hex(&redacted.frame);
    assert!(
        !hidden.contains("1000000000018"),
        "no card number is left anywhere"
    );
}

#[test]
fn what_may_be_kept_of_a_field_depends_on_the_message() {
    let mut totals = cup("0500");
    let digits = format!("{:012}{:03}{:032}{:015}", 11, 11, 0, 0);
    totals.set(path("48"), &digits).unwrap();
    assert!(totals.redact().unwrap().hidden.is_empty());
    let mut details = cup("0500");
    details
        .set(path("48"), "0100000001000062162610000000000180000000000100")
        .unwrap();
    let hidden = details.redact().unwrap().hidden;
    assert_eq!(hidden.len(), 1, "these are no totals");
    let mut upload = cup("0320");
    upload
        .set(path("48"), "0100000001000062162610000000000180000000000100")
        .unwrap();
    assert_eq!(upload.redact().unwrap().hidden.len(), 1);
    let mut keys = cup("0810");
    keys.set(path("62"), "00112233").unwrap();
    assert!(keys.redact().unwrap().hidden.is_empty());
}

#[test]
fn the_expressions_of_packed_fields_keep_their_side() {
    let mut message = cup("0200");
    message.set(path("22"), "021").unwrap();
    message.set(path("23"), "001").unwrap();
    let built = message.build().unwrap();
    assert_eq!(built[built.len() - 4..], [0x02, 0x10, 0x00, 0x01]);
    assert!(Spec::builtin("cup-pos").unwrap().mti() == Encoding::Bcd);
}

#[test]
fn every_byte_of_a_frame_has_a_name_broken_or_not() {
    for (spec, sample) in vectors() {
        let frame = sample.frame(&spec);
        for end in 0..=frame.len() {
            let pieces = dissect(&spec, &frame.slice(..end));
            let mut at = 0;
            for piece in &pieces {
                assert_eq!(piece.bytes.start, at, "{}", sample.title);
                at = piece.bytes.end;
            }
            assert_eq!(at, end);
            let unread = pieces.iter().any(|piece| piece.is == PieceKind::Unread);
            assert!(!unread || end < frame.len(), "{}", sample.title);
        }
    }
}

#[test]
fn what_is_shown_tells_lengths_of_secrets_and_ends_of_card_numbers() {
    let mut message = cup("0200");
    let sets = [
        ("2", "6216261000000000018", "621626*********0018"),
        ("14", "3012", "****"),
        ("35", "6216261000000000018D3012", "(24 digits)"),
        ("52", "C624834D367E9E9E", "(8 bytes)"),
        ("60", "22000001", "22000001"),
        ("60.2", "000001", "000001"),
        ("55.9F36", "0067", "0067"),
        ("55.DF7F", "0067", "(2 bytes)"),
        ("55", "9F36020067", "9F36020067"),
        ("55", "9F360200675A021234", "(9 bytes)"),
        ("55", "9F3602", "(3 bytes)"),
        ("59.A3", "6212345678901234567", "(19 characters)"),
        ("62", "00", "(1 byte)"),
    ];
    for (at, text, shown) in sets {
        message.set(path(at), text).unwrap();
        assert_eq!(message.shown(path(at)).as_deref(), Some(shown), "{at}");
    }
}

#[test]
fn a_message_begun_again_is_empty_but_for_its_header() {
    let (spec, sale) = vectors().remove(0);
    let mut message = Message::parse(&spec, sale.frame(&spec)).unwrap();
    message.set(path("4"), "1").unwrap();
    message.reset("0820".parse().unwrap());
    assert_eq!(hex::hex(message.header()), sale.header);
    assert!(message.fields().is_empty());
    message.set(path("41"), "12345678").unwrap();
    let wire = format!("{}082000000000008000003132333435363738", sale.header);
    assert_eq!(hex::hex(&message.build().unwrap()), wire);
}
