//! Words that must not stand where they stand.

use crate::source::{Source, breach};

/// A word that a pure room does not say, and what it says instead.
pub(crate) struct Banned {
    /// The word, matched whole.
    pub(crate) word: &'static str,
    /// What to use instead.
    pub(crate) instead: &'static str,
    /// The one file that may say it, since it is the seam to it.
    pub(crate) except: Option<&'static str>,
}

/// The banned words in the code of a file, tests included: a test of a pure room is pure.
pub(crate) fn banned(source: &Source, words: &[Banned]) -> Vec<String> {
    let words = words
        .iter()
        .filter(|banned| banned.except != Some(source.path.as_str()));
    let found = words.flat_map(|banned| {
        let lines = source
            .numbered()
            .filter(|(_, line)| says(&line.code, banned.word));
        lines.map(|(at, _)| {
            let mend = format!("`{}` in a pure room: use {}", banned.word, banned.instead);
            breach(source, at, &mend)
        })
    });
    found.collect()
}

/// Groups that would hide a banned word from this law.
pub(crate) fn hidden(source: &Source) -> Vec<String> {
    let groups = ["use std::{", "use {", "/*"];
    let found = source.numbered().filter(|(_, line)| {
        groups
            .iter()
            .any(|group| line.code.trim_start().starts_with(group))
    });
    found
        .map(|(at, _)| {
            breach(
                source,
                at,
                "one `use` a module, comments by `//`: the law reads lines",
            )
        })
        .collect()
}

/// What is shown in clear outside the files that may.
pub(crate) fn revealed(source: &Source, allowed: &[(&str, &str)]) -> Vec<String> {
    if allowed.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    let found = source
        .numbered()
        .filter(|(_, line)| !line.test && reveals(&line.code));
    found
        .map(|(at, _)| {
            breach(
                source,
                at,
                "pass the secret on closed; `reveal()` only where bytes are built",
            )
        })
        .collect()
}

/// Files that are allowed to reveal, and do not.
pub(crate) fn allowed_in_vain(files: &[Source], allowed: &[(&str, &str)]) -> Vec<String> {
    let reveals = |path: &str| {
        let mut named = files.iter().filter(|source| source.path == path);
        named.any(|source| {
            source
                .lines
                .iter()
                .any(|line| !line.test && reveals(&line.code))
        })
    };
    let vain = allowed.iter().filter(|(path, _)| !reveals(path));
    vain.map(|(path, _)| format!("{path}:1: reveals nothing: strike it from the list"))
        .collect()
}

fn reveals(code: &str) -> bool {
    code.contains(".reveal(") || code.contains(".reveal_hex(") || code.contains("::reveal")
}

/// Any of the words in the text of a file, comments and literals too.
pub(crate) fn written(source: &Source, words: &[String], mend: &str) -> Vec<String> {
    let found = source.numbered().flat_map(|(at, line)| {
        let said = words.iter().filter(|word| says(&line.text, word));
        said.map(move |word| breach(source, at, &format!("`{word}`: {mend}")))
    });
    found.collect()
}

/// Whether a text says a word whole: no letter, digit or `_` goes on where the word itself ends.
fn says(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        !(word.starts_with(goes_on) && before.ends_with(goes_on)
            || word.ends_with(goes_on) && behind.starts_with(goes_on))
    })
}

#[test]
fn a_banned_word_is_found_whole_and_only_in_code() {
    let words = [Banned {
        word: "HashMap",
        instead: "a `BTreeMap`",
        except: Some("src/iso/seam.rs"),
    }];
    let breaches = |path: &str, text: &str| banned(&Source::new(path, text), &words);
    assert_eq!(
        breaches(
            "src/iso/a.rs",
            "fn f() {\n    let x: HashMap<u8, u8> = x();"
        ),
        ["src/iso/a.rs:2: `HashMap` in a pure room: use a `BTreeMap`"]
    );
    assert!(
        breaches(
            "src/iso/a.rs",
            "// a HashMap\nf(\"HashMap\"); MyHashMap; HashMapped"
        )
        .is_empty()
    );
    assert!(breaches("src/iso/seam.rs", "HashMap").is_empty());
}

#[test]
fn a_group_or_block_comment_is_found() {
    let breaches = |text: &str| hidden(&Source::new("src/iso/a.rs", text)).len();
    assert_eq!(breaches("use std::{fs, net};"), 1);
    assert_eq!(breaches("    /* fs */"), 1);
    assert_eq!(breaches("use std::collections::{BTreeMap, BTreeSet};"), 0);
}

#[test]
fn a_reveal_outside_the_list_and_a_name_too_many_on_it_are_found() {
    let allowed = [
        ("src/iso/pin.rs", "builds the block"),
        ("src/iso/mac.rs", "hashes"),
    ];
    let files = [
        Source::new("src/iso/pin.rs", "let digits = pan.reveal();"),
        Source::new(
            "src/iso/mac.rs",
            "#[cfg(test)]\nmod tests {\n    key.reveal();\n}",
        ),
        Source::new("src/io/log.rs", "log(reveal);\nlog(pan.reveal());"),
    ];
    let revealed: Vec<String> = files
        .iter()
        .flat_map(|source| revealed(source, &allowed))
        .collect();
    assert_eq!(revealed.len(), 1);
    assert!(revealed[0].starts_with("src/io/log.rs:2:"));
    let vain = allowed_in_vain(&files, &allowed);
    assert_eq!(
        vain,
        ["src/iso/mac.rs:1: reveals nothing: strike it from the list"]
    );
}

#[test]
fn a_written_word_is_found_in_comments_too() {
    let words = [["TO", "DO"].concat()];
    let text = format!("// {}: later\n// {}S", words[0], words[0]);
    let breaches = written(&Source::new("src/a.rs", &text), &words, "do it now");
    assert_eq!(breaches.len(), 1);
    assert!(breaches[0].starts_with("src/a.rs:1:"));
}
