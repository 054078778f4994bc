//! What a spec file may and may not say: each error with its line and the mend.

use super::{Composite, Encoding, Spec};
use crate::iso::message::{FieldId, FieldPath, ResponseCode};
use std::sync::Arc;

/// A file that changes ISO 8583:1987 in ASCII.
fn over(text: &str) -> Result<Arc<Spec>, String> {
    let text = format!("name = \"mine\"\nextends = \"iso8583-1987-ascii\"\n{text}");
    Spec::load("mine.toml", &text, &|_| None).map_err(|error| error.to_string())
}

#[test]
fn an_overlay_changes_what_it_names_and_keeps_the_rest() {
    let mine = over(
        "remove = [\"fields.100-128\", \"kinds.void\"]\n\
         [fields]\n4 = { name = \"Sum\" }\n41 = { format = \"ans16\" }\n\
         [codes]\napproved = [\"00\"]\n",
    )
    .unwrap();
    assert_eq!(mine.name(), "mine");
    let field = |number| mine.field(FieldId::of(number));
    assert_eq!(field(4).unwrap().usual_meaning().title.en, "Sum");
    assert_eq!(field(4).unwrap().notation, "n12");
    assert_eq!(field(41).unwrap().notation, "ans16");
    assert!(field(128).is_none());
    assert!(field(99).is_some());
    assert!(mine.flow().kinds.iter().all(|kind| *kind.name != *"void"));
    assert_eq!(mine.flow().codes.approved.len(), 1);
    let too_late = ResponseCode::new("68").unwrap();
    let unknown = &mine.flow().codes.unknown;
    assert!(unknown.contains(too_late), "the other codes are the base's");
}

#[test]
fn an_overlay_of_an_overlay_is_found_through_resolve() {
    let middle = "name = \"middle\"\nextends = \"cup-pos\"\n[fields]\n22 = { align = \"right\" }\n";
    let resolve = |name: &str| (name == "middle").then(|| middle.to_owned());
    let top = "name = \"top\"\nextends = \"middle\"\n";
    let spec = Spec::load("top.toml", top, &resolve).unwrap();
    assert_eq!(spec.mti(), Encoding::Bcd);
    let twisted = |_: &str| Some("name = \"a\"\nextends = \"a\"\n".to_owned());
    let error = Spec::load("top.toml", top, &twisted).unwrap_err();
    assert!(error.what.contains("in a circle"), "{error}");
}

#[test]
fn every_error_names_the_line_and_the_mend() {
    let cases = [
        (
            "[fields]\n4 = { fromat = \"n12\" }",
            "mine.toml:4: unknown field `fromat`; did you mean `format`?",
        ),
        (
            "[codign]",
            "mine.toml:3: unknown field `codign`; did you mean `coding`?",
        ),
        (
            "[coding]\ndigits = \"bdc\"",
            "mine.toml:4: unknown variant `bdc`; did you mean `bcd`?",
        ),
        (
            "[fields]\n4 = { format = \"num12\" }",
            "mine.toml:4: fields.4.format: `num12` is no notation of the standard; \
             such are n6, n..19, ans...999, b64",
        ),
        (
            "[fields]\n129 = { format = \"b8\" }",
            "mine.toml:4: fields.129.format: \
             fields 1 and 129 announce a bitmap, they are no data",
        ),
        (
            "[fields]\n2 = { prefix_bytes = 1 }",
            "mine.toml:4: fields.2.prefix_bytes: the prefix cannot say 19",
        ),
        (
            "[fields]\n4 = { encoding = \"raw\" }",
            "mine.toml:4: fields.4.encoding: this encoding cannot write this format",
        ),
        (
            "[reversal]\ncopy = [2, 35]",
            "mine.toml:4: reversal.copy: \
             field 35 holds a track or PIN, which no reversal may carry",
        ),
        (
            "[mac]\nfield = 65",
            "mine.toml:4: mac.field: the dialect has no field 65",
        ),
        (
            "[mac]\nfield = 64",
            "mine.toml:3: mac.algorithm: is missing",
        ),
        (
            "[flow]\nidentity = [\"60.2\"]",
            "mine.toml:4: flow.identity: field 60 has no part `60.2`",
        ),
        (
            "[kinds.again]\nmti = \"0200\"\nwhen = { 3 = \"00xxxx\" }\npurpose = \"debit\"",
            "mine.toml:5: kinds.again.when: is recognised by the same fields as `sale`",
        ),
        (
            "[kinds.again]\nmti = \"0200\"\nwhen = { 3 = \"0xx0xx\" }\npurpose = \"debit\"",
            "mine.toml:5: kinds.again.when: is recognised by the same fields as `cash`",
        ),
        (
            "[codes]\nunknown = [\"68\", \"08\"]",
            "mine.toml:4: codes.unknown: `08` is among those that approve, too",
        ),
        (
            "remove = [\"kinds.salt\"]",
            "mine.toml:3: remove: the base has no `kinds.salt`",
        ),
        (
            "[echo]\nset = { 70 = \"3O1\" }",
            "mine.toml:4: echo.set: `3O1` does not fit field 70",
        ),
        (
            "[kinds.sale]\nwhen = { 3 = \"00000\" }",
            "mine.toml:4: kinds.sale.when: `00000` does not fit field 3",
        ),
        (
            "[fields.90]\nparts = [{ id = \"1\", format = \"n4\" }]",
            "mine.toml:4: fields.90.parts: the parts take 4 of 42; a fixed field is all parts",
        ),
    ];
    for (text, said) in cases {
        assert_eq!(over(text).unwrap_err(), said);
    }
}

#[test]
fn a_base_that_is_not_there_is_answered_with_the_nearest() {
    let error = Spec::load("a.toml", "name = \"a\"\nextends = \"cup-pso\"", &|_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.toml:2: extends: there is no spec `cup-pso` to extend; did you mean `cup-pos`?"
    );
}

#[test]
fn fields_cite_where_they_are_written() {
    let spec = Spec::builtin("cup-pos").unwrap();
    for field in spec.fields() {
        assert!(!field.source.is_empty(), "field {}", field.id);
    }
    let source = |number| spec.field(FieldId::of(number)).unwrap().source.as_str();
    assert!(source(60).contains("Q/CUP"));
    assert!(source(3).contains("ISO 8583:1987"));
}

#[test]
fn what_a_dialect_lets_a_journal_keep_is_listed_here() {
    // The allow-list, spelled out: a change of a spec file must change this test.
    let kept = |name: &str| {
        let spec = Spec::builtin(name).unwrap();
        let kept = spec
            .fields()
            .filter(|field| field.usual_meaning().store == super::Store::Clear);
        kept.map(|field| field.id.number()).collect::<Vec<_>>()
    };
    assert_eq!(
        kept("cup-pos"),
        [
            3, 4, 11, 12, 13, 15, 22, 23, 25, 26, 32, 37, 38, 39, 41, 42, 44, 49, 53, 54, 60, 61,
            63, 64
        ]
    );
    let ascii = kept("iso8583-1987-ascii");
    for private in (46..=48)
        .chain(55..=63)
        .chain(102..=127)
        .chain([2, 14, 34, 35, 36, 45, 52])
    {
        assert!(!ascii.contains(&private), "{private}");
    }
}

#[test]
fn no_dialect_lets_a_journal_keep_a_track_a_pin_or_a_card_number() {
    for name in Spec::builtin_names() {
        let spec = Spec::builtin(name).unwrap();
        let store = |number| {
            let field = spec.field(FieldId::of(number));
            field.map(|field| field.usual_meaning().store)
        };
        for never in [34, 35, 36, 45, 52, 96] {
            let kept = store(never).unwrap_or_default();
            assert_eq!(kept, super::Store::Length, "{name}: field {never}");
        }
        for sealed in [2, 14] {
            assert_eq!(
                store(sealed),
                Some(super::Store::Restorable),
                "{name}: field {sealed}"
            );
        }
    }
}

#[test]
fn card_data_in_chip_tags_is_known_as_such() {
    let spec = Spec::builtin("cup-pos").unwrap();
    let meaning = spec.field(FieldId::of(55)).unwrap().usual_meaning();
    assert!(matches!(meaning.composite, Some(Composite::BerTlv(_))));
    for tag in [
        "56", "57", "5A", "5F20", "5F24", "99", "9F1F", "9F20", "9F6B",
    ] {
        let path: FieldPath = format!("55.{tag}").parse().unwrap();
        let store = meaning.part(&path.part.unwrap()).unwrap().store;
        assert_eq!(store, super::Store::Length, "{tag}");
    }
}

#[test]
fn a_field_behind_the_last_bitmap_is_refused() {
    let with = |base: &str, more: &str| {
        let text = format!(
            "name = \"x\"\ntitle = \"X\"\nextends = \"{base}\"\n{more}\n\
             [fields.148]\nname = \"Y\"\nformat = \"an..10\"\n"
        );
        Spec::load("x.toml", &text, &|_| None)
    };
    let wrong = with("iso8583-1987-ascii", "").unwrap_err().to_string();
    assert!(
        wrong.contains("this dialect ends with field 128"),
        "{wrong}"
    );
    assert!(with("iso8583-1987-ascii", "[message]\nbitmaps = 3").is_ok());
    assert!(with("iso8583-2003-binary", "").is_ok());
}

#[test]
fn a_tag_that_is_no_table_is_told_what_it_should_be() {
    let text = "name = \"x\"\ntitle = \"X\"\nextends = \"iso8583-1987-ascii\"\n\
                [fields.63]\ntags = { 01 = \"Order id\" }\n";
    let wrong = Spec::load("x.toml", text, &|_| None)
        .unwrap_err()
        .to_string();
    assert!(
        wrong.contains("the keys of a part, such as { name ="),
        "{wrong}"
    );
}
