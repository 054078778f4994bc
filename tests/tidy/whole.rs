//! What must not be left out: a vector of each dialect, a test and a paragraph of each row, each
//! room on the map.

use crate::house::Plan;
use crate::source::{Source, breach};
use isogate::engine::gateway::{Trigger, decide};
use isogate::engine::record::State;
use std::collections::BTreeSet;

/// A dialect's files.
pub(crate) struct Dialect {
    /// Its name.
    pub(crate) name: String,
    /// Why it does not load, if so.
    pub(crate) fault: Option<String>,
    /// Whether it is built in.
    pub(crate) built_in: bool,
    /// Whether others extend it.
    pub(crate) is_base: bool,
    /// Its golden frames, if any.
    pub(crate) vectors: Option<Source>,
}

/// A dialect loads, is built in, and has golden frames that the codec's tests read. A base is
/// proven by those that extend it.
pub(crate) fn dialect(dialect: &Dialect, codec_tests: &Source) -> Vec<String> {
    let path = format!("proto-specs/{}.toml", dialect.name);
    let vectors = format!("proto-specs/vectors/{}.toml", dialect.name);
    let has_sample = |source: &Source| source.lines.iter().any(|line| line.text == "[[sample]]");
    let read = codec_tests
        .lines
        .iter()
        .any(|line| line.text.contains(&vectors));
    let mut mends = Vec::new();
    if let Some(fault) = &dialect.fault {
        mends.push(fault.clone());
    }
    if !dialect.is_base && !dialect.built_in {
        mends.push("not built in: name it in src/iso/spec/builtin.rs".to_owned());
    }
    if !dialect.is_base && !dialect.vectors.as_ref().is_some_and(has_sample) {
        mends.push(format!("no golden frame: add a [[sample]] to {vectors}"));
    } else if !dialect.is_base && !read {
        mends.push(format!(
            "{vectors} is read by no test: name it in {}",
            codec_tests.path
        ));
    }
    mends
        .into_iter()
        .map(|mend| format!("{path}:1: {mend}"))
        .collect()
}

/// The letters of the decision table, as it decides.
pub(crate) fn letters() -> BTreeSet<char> {
    let pairs = State::ALL
        .iter()
        .flat_map(|state| Trigger::ALL.map(|trigger| (*state, trigger)));
    pairs
        .map(|(state, trigger)| decide(state, trigger).row.0)
        .collect()
}

/// Each letter has a test of its name, `row_a` or `row_upper_a`.
pub(crate) fn tested(letters: &BTreeSet<char>, table: &Source) -> Vec<String> {
    let is_tested = |letter: &char| {
        let upper = if letter.is_uppercase() { "upper_" } else { "" };
        let letter = letter.to_ascii_lowercase();
        let names = [
            format!("row_{upper}{letter} '"),
            format!("fn row_{upper}{letter}_"),
        ];
        let mut lines = table.lines.iter().filter(|line| line.test);
        lines.any(|line| names.iter().any(|name| line.text.contains(name)))
    };
    let untested = letters.iter().filter(|letter| !is_tested(letter));
    untested
        .map(|letter| {
            breach(
                table,
                0,
                &format!("row {letter} has no test: name one after it"),
            )
        })
        .collect()
}

/// Each letter has a paragraph that begins with it, and each such paragraph has its letter; both
/// in the order of the alphabet, upper case first.
pub(crate) fn told(letters: &BTreeSet<char>, manual: &Source) -> Vec<String> {
    let letter_of = |text: &str| {
        let (letter, _) = text
            .trim_start_matches("- ")
            .strip_prefix("**")?
            .split_once("**")?;
        let mut letters = letter.chars();
        letters.next().filter(|_| letters.next().is_none())
    };
    let paragraphs = manual
        .numbered()
        .filter_map(|(at, line)| Some((at, letter_of(&line.text)?)));
    let paragraphs: Vec<(usize, char)> = paragraphs.collect();
    let mut breaches = Vec::new();
    for letter in letters {
        let count = paragraphs.iter().filter(|(_, told)| told == letter).count();
        if count != 1 {
            let mend =
                format!("row {letter} has {count} paragraphs: give it one, `**{letter}** …`");
            breaches.push(breach(manual, 0, &mend));
        }
    }
    for pair in paragraphs.windows(2) {
        if let [(_, before), (at, letter)] = pair
            && (before.is_ascii_digit(), before) >= (letter.is_ascii_digit(), letter)
        {
            breaches.push(breach(
                manual,
                *at,
                &format!("row {letter} stands after row {before}"),
            ));
        }
    }
    let strange = paragraphs
        .iter()
        .filter(|(_, letter)| !letters.contains(letter));
    breaches.extend(strange.map(|(at, letter)| {
        breach(
            manual,
            *at,
            &format!("the table has no row {letter}: strike the paragraph"),
        )
    }));
    breaches
}

/// The map, the manual's first block of text, names every wing and room in order, and no other.
pub(crate) fn mapped(plan: &Plan, manual: &Source) -> Vec<String> {
    let standing: Vec<&str> = plan
        .0
        .iter()
        .flat_map(|(wing, rooms)| std::iter::once(wing).chain(rooms).map(String::as_str))
        .collect();
    let map = manual
        .numbered()
        .skip_while(|(_, line)| line.text != "```text")
        .skip(1);
    let drawn = map
        .take_while(|(_, line)| line.text != "```")
        .filter_map(|(at, line)| {
            let name = line.text.split_whitespace().next()?.strip_suffix('/')?;
            Some((at, name))
        });
    let drawn: Vec<(usize, &str)> = drawn.collect();
    let wrong = drawn
        .iter()
        .zip(&standing)
        .find(|((_, drawn), standing)| drawn != *standing);
    let mend = match wrong {
        Some(((at, drawn), standing)) => (*at, format!("`{drawn}/` where `{standing}/` stands")),
        None if drawn.len() == standing.len() => return Vec::new(),
        None => (
            0,
            format!(
                "draw {} wings and rooms, not {}",
                standing.len(),
                drawn.len()
            ),
        ),
    };
    vec![breach(
        manual,
        mend.0,
        &format!("the map is not the house: {}", mend.1),
    )]
}

#[test]
fn a_dialect_without_proof_is_found() {
    let tests = Source::new(
        "src/iso/codec/tests.rs",
        "read(\"proto-specs/vectors/a.toml\")",
    );
    let sound = || Dialect {
        name: "a".to_owned(),
        fault: None,
        built_in: true,
        is_base: false,
        vectors: Some(Source::new("a.toml", "[[sample]]\nhex = \"\"")),
    };
    let breaches = |spec: Dialect| dialect(&spec, &tests).len();
    assert_eq!(breaches(sound()), 0);
    assert_eq!(
        breaches(Dialect {
            fault: Some("no field 3".to_owned()),
            ..sound()
        }),
        1
    );
    assert_eq!(
        breaches(Dialect {
            built_in: false,
            ..sound()
        }),
        1
    );
    assert_eq!(
        breaches(Dialect {
            vectors: None,
            ..sound()
        }),
        1
    );
    assert_eq!(
        breaches(Dialect {
            vectors: Some(Source::new("a.toml", "")),
            ..sound()
        }),
        1
    );
    assert_eq!(
        breaches(Dialect {
            name: "b".to_owned(),
            ..sound()
        }),
        1
    );
    let base = Dialect {
        is_base: true,
        built_in: false,
        vectors: None,
        ..sound()
    };
    assert_eq!(breaches(base), 0);
}

#[test]
fn a_row_without_test_is_found() {
    let letters = BTreeSet::from(['A', 'a', 'z']);
    let breaches = |tests: &str| {
        tested(
            &letters,
            &Source::new(
                "src/t.rs",
                &format!("#[cfg(test)]\nmod tests {{\n{tests}\n}}"),
            ),
        )
    };
    assert!(breaches("row_upper_a 'A',\nrow_a 'a',\nfn row_z_changes_nothing() {}").is_empty());
    assert_eq!(
        breaches("row_a 'a',\nfn row_z_x() {}"),
        ["src/t.rs:1: row A has no test: name one after it"]
    );
    let letters = BTreeSet::from(['a']);
    assert_eq!(
        tested(&letters, &Source::new("src/t.rs", "// row_a 'a'")).len(),
        1
    );
}

#[test]
fn a_row_without_paragraph_or_a_paragraph_without_row_is_found() {
    let letters = BTreeSet::from(['A', 'b']);
    let breaches = |text: &str| told(&letters, &Source::new("A.md", text)).len();
    assert_eq!(
        breaches("**A** It begins.\n\n**b** It ends, **not** late."),
        0
    );
    assert_eq!(breaches("**A** It begins."), 1);
    assert_eq!(breaches("**A** It begins.\n**b** It ends.\n**c** More."), 1);
    assert_eq!(breaches("**b** It ends.\n**A** It begins."), 1);
    assert_eq!(
        breaches("**A** It begins.\n**A** It begins.\n**b** It ends."),
        2
    );
}

#[test]
fn a_map_that_is_not_the_house_is_found() {
    let plan = Plan::new(&[("iso", &["message", "codec"]), ("cli", &[])]);
    let breaches = |map: &str| {
        mapped(
            &plan,
            &Source::new("A.md", &format!("# A\n\n```text\n{map}\n```\n")),
        )
        .len()
    };
    assert_eq!(
        breaches("iso/  what\n  message/  words\n  codec/ bytes\ncli/"),
        0
    );
    assert_eq!(breaches("iso/\n  codec/\n  message/\ncli/"), 1);
    assert_eq!(breaches("iso/\n  message/\n  codec/"), 1);
    assert_eq!(breaches("iso/\n  message/\n  codec/\ncli/\nlab/"), 1);
}
