//! One name, one type.

use crate::source::{Source, breach};
use std::collections::BTreeMap;

/// A type name that stands more than once, and the files it stands in.
pub(crate) type Namesakes = (&'static str, &'static [&'static str]);

/// The types of some files by name: each one's file and line.
type Types<'a> = BTreeMap<&'a str, Vec<(&'a Source, usize)>>;

/// Types that share a name and are not listed so, and listed ones that do not any more.
pub(crate) fn shared(files: &[Source], listed: &[Namesakes]) -> Vec<String> {
    let mut types = Types::new();
    for source in files {
        for (at, line) in source.numbered() {
            if let Some(name) = defined(&line.code) {
                types.entry(name).or_default().push((source, at));
            }
        }
    }
    types.retain(|_, places| places.len() > 1);
    let mut breaches = unlisted(&types, listed);
    breaches.extend(listed_in_vain(&types, listed));
    breaches
}

fn unlisted(types: &Types<'_>, listed: &[Namesakes]) -> Vec<String> {
    let is_listed = |name: &str, path: &str| {
        let mut named = listed.iter().filter(|(listed, _)| *listed == name);
        named.any(|(_, paths)| paths.contains(&path))
    };
    let mut breaches = Vec::new();
    for (name, places) in types {
        let new = places
            .iter()
            .filter(|(source, _)| !is_listed(name, &source.path));
        breaches.extend(new.map(|(source, at)| {
            let mend = format!("`{name}` names another type, too: say what this one really is");
            breach(source, *at, &mend)
        }));
    }
    breaches
}

fn listed_in_vain(types: &Types<'_>, listed: &[Namesakes]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, paths) in listed {
        let places = types.get(name).map_or(&[][..], Vec::as_slice);
        let stands = |path: &str| places.iter().any(|(source, _)| source.path == path);
        let gone = paths.iter().filter(|path| !stands(path));
        let mend = format!("`{name}` has no namesake here: strike it from the list");
        breaches.extend(gone.map(|path| format!("{path}:1: {mend}")));
    }
    breaches
}

/// The type that a line defines. Types of traits and their implementations are none: they are
/// known by those, and indented.
fn defined(code: &str) -> Option<&str> {
    let item = code.trim_start();
    let item = match item.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1.trim_start(),
        Some(rest) => rest.trim_start(),
        None => item,
    };
    let (keyword, name) = item.split_once(' ')?;
    let is_type = match keyword {
        "struct" | "enum" | "trait" | "union" => true,
        "type" => !code.starts_with(' '),
        _ => false,
    };
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &name[..end.unwrap_or(name.len())];
    (is_type && name.starts_with(char::is_uppercase)).then_some(name)
}

#[test]
fn a_line_defines_a_type_or_none() {
    assert_eq!(defined("struct Sale;"), Some("Sale"));
    assert_eq!(
        defined("    pub(in crate::io) enum Sale<'a> {"),
        Some("Sale")
    );
    assert_eq!(defined("pub trait Sale: Sized {"), Some("Sale"));
    assert_eq!(defined("pub type Sale<T> = Vec<T>;"), Some("Sale"));
    assert_eq!(defined("    type Item = u8;"), None);
    assert_eq!(defined("pub fn sale() {}"), None);
    assert_eq!(defined("    pub struct $name;"), None);
}

#[test]
fn a_name_that_stands_twice_is_found() {
    let breaches = |second: &str, listed: &[Namesakes]| {
        let files = [
            Source::new("src/a.rs", "pub struct Sale;"),
            Source::new("src/b.rs", second),
        ];
        shared(&files, listed)
    };
    assert!(breaches("struct Void;\n// struct Sale;", &[]).is_empty());
    assert_eq!(
        breaches("struct Void;\nenum Sale {}", &[]),
        [
            "src/a.rs:1: `Sale` names another type, too: say what this one really is",
            "src/b.rs:2: `Sale` names another type, too: say what this one really is",
        ]
    );
    assert_eq!(breaches("struct Void;\nstruct Void;", &[]).len(), 2);
    let both: &[Namesakes] = &[("Sale", &["src/a.rs", "src/b.rs"])];
    assert!(breaches("enum Sale {}", both).is_empty());
    assert_eq!(breaches("struct Void;", both).len(), 2);
    let three: &[Namesakes] = &[("Sale", &["src/a.rs", "src/b.rs", "src/c.rs"])];
    assert_eq!(
        breaches("enum Sale {}", three),
        ["src/c.rs:1: `Sale` has no namesake here: strike it from the list"]
    );
}
