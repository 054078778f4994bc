//! Answers that differ, and answers that only look as if they did.

use super::*;
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::security::{Key, seal, verify};
use crate::iso::spec::Spec;
use std::sync::Arc;

fn spec() -> Arc<Spec> {
    Spec::builtin("cup-pos").unwrap()
}

fn message(mti: &str, fields: &[(&str, &str)]) -> Message {
    let mut message = Message::new(&spec(), mti.parse().unwrap());
    for (path, value) in fields {
        message
            .set(path.parse::<FieldPath>().unwrap(), value)
            .unwrap();
    }
    message
}

const SALE: [(&str, &str); 5] = [
    ("3", "000000"),
    ("4", "500"),
    ("11", "000007"),
    ("41", "T0000001"),
    ("60", "22000001"),
];
const ANSWER: [(&str, &str); 9] = [
    ("3", "000000"),
    ("4", "500"),
    ("11", "000007"),
    ("12", "101112"),
    ("37", "203217491827"),
    ("38", "123456"),
    ("39", "00"),
    ("41", "T0000001"),
    ("60", "22000001"),
];

fn pair(messages: &[Message; 2]) -> ComparedPair<'_> {
    ComparedPair {
        request: &messages[0],
        answer: &messages[1],
    }
}

/// Where an answer differs from the captured one, as `FIELD wanted -> found`.
fn differences(rules: &str, asked: &[(&str, &str)], told: &[(&str, &str)]) -> Vec<String> {
    let change = |base: &[(&str, &str)], mti: &str, changes: &[(&str, &str)]| {
        let mut message = message(mti, base);
        for (path, value) in changes {
            let path: FieldPath = path.parse().unwrap();
            match *value {
                "-" => message.remove(path.field),
                value => message.set(path, value).unwrap(),
            }
        }
        message
    };
    let captured = [message("0200", &SALE), message("0210", &ANSWER)];
    let now = [change(&SALE, "0200", asked), change(&ANSWER, "0210", told)];
    let rules = CompareRules::new(spec(), CompareFile::read(rules).unwrap());
    let found = compare(&rules, pair(&captured), pair(&now), false, None);
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    found
        .into_iter()
        .map(|one| {
            let path = one
                .path
                .map_or_else(|| "mti".to_owned(), |path| path.to_string());
            format!(
                "{path} {} {} -> {}",
                one.comparison,
                text(one.wanted),
                text(one.found)
            )
        })
        .collect()
}

#[test]
fn what_the_host_makes_may_be_another_one_of_the_same_form() {
    let made = [("12", "235959"), ("37", "999999999999"), ("38", "A1B2C3")];
    assert!(differences("", &[], &made).is_empty());
    assert_eq!(
        differences("", &[], &[("37", "-"), ("38", "")]),
        ["37 new 203217491827 -> -", "38 new 123456 ->       "]
    );
}

#[test]
fn an_answer_code_is_the_captured_one() {
    assert_eq!(differences("", &[], &[("39", "51")]), ["39 equal 00 -> 51"]);
}

#[test]
fn what_was_echoed_is_echoed_again() {
    let asked = [("11", "000008"), ("4", "900")];
    assert!(differences("", &asked, &asked).is_empty());
    assert_eq!(
        differences("", &asked, &[("11", "000008")]),
        ["4 echo 000000000900 -> 000000000500"]
    );
}

#[test]
fn a_field_that_comes_on_top_differs_and_so_does_one_that_is_missing() {
    assert_eq!(
        differences("", &[], &[("44", "01020000   "), ("60", "-")]),
        ["44 equal - -> 01020000   ", "60 echo 22000001 -> -"]
    );
}

#[test]
fn a_difference_is_told_by_the_part_it_lies_in() {
    assert_eq!(
        differences("", &[], &[("60", "22000009")]),
        ["60.2 echo 000001 -> 000009"]
    );
    assert!(differences("[fields]\n\"60.2\" = \"free\"", &[], &[("60", "22000009")]).is_empty());
}

#[test]
fn any_value_will_do_where_one_must_be() {
    let any = "[fields]\n37 = \"any\"";
    assert!(differences(any, &[], &[("37", "1")]).is_empty());
    assert_eq!(differences(any, &[], &[("37", "-")]).len(), 1);
}

#[test]
fn a_file_says_otherwise_and_a_type_before_all_types() {
    let told = [("39", "51"), ("44", "01020000   ")];
    let free = "[fields]\n39 = \"free\"\n[types.0210]\n44 = \"free\"";
    assert!(differences(free, &[], &told).is_empty());
    let other =
        "[fields]\n39 = \"free\"\n[types.0210]\n39 = \"equal\"\n[types.0230]\n44 = \"free\"";
    assert_eq!(differences(other, &[], &told).len(), 2);
    assert_eq!(
        differences("[fields]\n37 = \"equal\"", &[], &[("37", "999999999999")]),
        ["37 equal 203217491827 -> 999999999999"]
    );
}

#[test]
fn a_wrong_mac_differs_and_another_right_one_does_not() {
    let key = Key::new(&[7; 8]).unwrap();
    let other = Key::new(&[8; 8]).unwrap();
    let request = message("0200", &SALE);
    let sealed = |key| {
        let mut answer = message("0210", &ANSWER);
        seal(&mut answer, key).unwrap();
        answer
    };
    let (old, new) = (sealed(&other), sealed(&key));
    let rules = CompareRules::new(spec(), CompareFile::default());
    let pair = |answer| ComparedPair {
        request: &request,
        answer,
    };
    let found = |key| compare(&rules, pair(&old), pair(&new), false, verify(&new, key));
    assert!(found(&key).is_empty());
    assert_eq!(found(&other).len(), 1);
}

#[test]
fn of_a_masked_capture_overwritten_fields_only_have_to_be_there() {
    let request = message("0200", &SALE);
    let [old, new] = ["6226090000000048", "6226091234560048"].map(|number| {
        let mut answer = message("0210", &ANSWER);
        answer
            .set(crate::iso::message::FieldId::of(2), number)
            .unwrap();
        answer
    });
    let rules = CompareRules::new(spec(), CompareFile::default());
    let pair = |answer| ComparedPair {
        request: &request,
        answer,
    };
    assert_eq!(
        compare(&rules, pair(&old), pair(&new), false, None).len(),
        1
    );
    assert!(compare(&rules, pair(&old), pair(&new), true, None).is_empty());
}

#[test]
fn a_file_of_comparisons_is_written_as_it_is_read() {
    let text = "\n[fields]\n\"37\" = \"new\"\n\"63.2\" = \"free\"\n\n[types.0210]\n\
                \"44\" = \"echo\"\n\n[answers]\norder = \"equal\"\n";
    let file = CompareFile::read(text).unwrap();
    assert_eq!(file.text(), text);
    assert!(CompareFile::read("").unwrap().is_empty());
}

#[test]
fn a_wrong_file_of_comparisons_says_where_and_why() {
    for (text, says) in [
        (
            "[fields]\n37 = \"now\"",
            "[fields] 37 = \"now\": it is equal, new, echo",
        ),
        ("[fields]\nrrn = \"new\"", "[fields] rrn: this is no field"),
        (
            "[types.210]\n37 = \"new\"",
            "[types.210]: a type has four digits",
        ),
        (
            "[types.0210]\n\"63.\" = \"new\"",
            "[types.0210] 63.: this is no field",
        ),
        ("[answers]\norder = \"any\"", "it is \"equal\" or \"free\""),
        ("[field]\n37 = \"new\"", "unknown field `field`"),
        ("[fields]\n37 = 5", "expected a string"),
    ] {
        let error = CompareFile::read(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
