//! How a file looks.

use crate::source::{Source, breach};

/// A file begins by saying what it is for.
pub(crate) fn module_doc(source: &Source) -> Vec<String> {
    let first = source.lines.first().map_or("", |line| line.text.as_str());
    let says = first.starts_with("//! ") || first.starts_with("#![doc = include_str!(");
    let mend = "begin with `//!`: what the file is for, and what it leaves to others";
    (!says)
        .then(|| breach(source, 0, mend))
        .into_iter()
        .collect()
}

/// A line fits on a page.
pub(crate) fn columns(source: &Source, most: usize) -> Vec<String> {
    let long = source
        .numbered()
        .filter(|(_, line)| line.text.chars().count() > most);
    long.map(|(at, _)| breach(source, at, &format!("over {most} columns: break the line")))
        .collect()
}

/// A file holds one concern: tests apart, no more lines than `most`. A file on the ratchet may have
/// as many as stand there, and leaves it as soon as it can.
pub(crate) fn length(source: &Source, most: usize, ratchet: &[(&str, usize)]) -> Vec<String> {
    let lines = source.lines.iter().filter(|line| !line.test).count();
    let held = ratchet.iter().find(|(path, _)| *path == source.path);
    let mend = match held {
        None if lines > most => format!("{lines} lines, over {most}: split it by concern"),
        Some((_, held)) if lines > *held => format!("grew from {held} to {lines} lines: split it"),
        Some((_, held)) if lines < *held => {
            format!("shrank to {lines} lines: write that on the ratchet, or strike it")
        }
        _ => return Vec::new(),
    };
    vec![breach(source, 0, &mend)]
}

/// The top of the house holds what people and tools look for there, and nothing else.
pub(crate) fn top(names: &[String], allowed: &[&str]) -> Vec<String> {
    let strange = names
        .iter()
        .filter(|name| !allowed.contains(&name.as_str()));
    strange
        .map(|name| format!("{name}:1: not of the top level: move it into a folder, or delete it"))
        .collect()
}

#[test]
fn a_file_without_a_word_on_itself_is_found() {
    let breaches = |text: &str| module_doc(&Source::new("src/a.rs", text)).len();
    assert_eq!(breaches("//! What it is for.\nuse a;"), 0);
    assert_eq!(breaches("#![doc = include_str!(\"A.md\")]"), 0);
    assert_eq!(breaches("use a;"), 1);
    assert_eq!(breaches(""), 1);
}

#[test]
fn a_long_line_is_found_by_its_characters() {
    let source = Source::new("src/a.rs", "12345\n123456\n中文中文中");
    assert_eq!(
        columns(&source, 5),
        ["src/a.rs:2: over 5 columns: break the line"]
    );
}

#[test]
fn a_file_that_grew_too_long_is_found_and_a_ratchet_holds() {
    let source = Source::new(
        "src/a.rs",
        "a\nb\nc\n#[cfg(test)]\nmod tests {\n    d();\n}",
    );
    let breaches = |most, ratchet: &[(&str, usize)]| length(&source, most, ratchet).len();
    assert_eq!(breaches(3, &[]), 0);
    assert_eq!(breaches(2, &[]), 1);
    assert_eq!(breaches(2, &[("src/a.rs", 3)]), 0);
    assert_eq!(breaches(2, &[("src/a.rs", 2)]), 1);
    assert_eq!(breaches(2, &[("src/a.rs", 4)]), 1);
}

#[test]
fn a_stranger_at_the_top_is_found() {
    let names = ["src".to_owned(), "notes.txt".to_owned()];
    let breaches = top(&names, &["src"]);
    assert_eq!(breaches.len(), 1);
    assert!(breaches[0].starts_with("notes.txt:1:"));
}
