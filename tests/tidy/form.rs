//! How a file looks.

use crate::source::{Line, Source, breach};

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

/// A function is seen at a glance, tests apart, but for those that are one table.
pub(crate) fn functions(source: &Source, most: usize, tables: &[(&str, &str)]) -> Vec<String> {
    let begins = source.numbered().filter_map(|(at, line)| {
        let (_, name) = line.code.split_once("fn ").filter(|_| !line.test)?;
        Some((at, name.split(['(', '<']).next().unwrap_or_default()))
    });
    let long = begins.filter_map(|(at, name)| {
        let lines = block_length(&source.lines[at..]);
        let is_table = tables.contains(&(source.path.as_str(), name));
        (lines > most && !is_table).then(|| {
            breach(
                source,
                at,
                &format!("`{name}` has {lines} lines, over {most}: part it"),
            )
        })
    });
    long.collect()
}

/// How many lines an item takes that begins here: to the end of its block, or to its semicolon.
fn block_length(lines: &[Line]) -> usize {
    let mut depth = 0_usize;
    for (at, line) in lines.iter().enumerate() {
        let count = |c: char| line.code.matches(c).count();
        let ends = count('}') > 0 || count(';') > 0;
        depth = (depth + count('{')).saturating_sub(count('}'));
        if depth == 0 && ends {
            return at + 1;
        }
    }
    lines.len()
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

#[test]
fn a_long_function_is_found_unless_it_is_a_table() {
    let text = "fn a(\n    b: u8,\n) {\n    c();\n}\ntrait D {\n    fn e();\n    fn f() {}\n}";
    let source = Source::new("src/a.rs", text);
    assert_eq!(functions(&source, 5, &[]).len(), 0);
    assert_eq!(
        functions(&source, 4, &[]),
        ["src/a.rs:1: `a` has 5 lines, over 4: part it"]
    );
    assert_eq!(functions(&source, 4, &[("src/a.rs", "a")]).len(), 0);
}
