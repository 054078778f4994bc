//! Who may know whom: the order of wings and rooms.

use crate::house::{Plan, modules};
use crate::source::{Source, breach};

/// A room uses only what stands above it: earlier rooms of its wing, and earlier wings.
pub(crate) fn order(source: &Source, plan: &Plan) -> Vec<String> {
    let own = source.module();
    let Some(own_place) = plan.place(&own) else {
        return Vec::new();
    };
    let mut breaches = Vec::new();
    for (at, line) in source.numbered() {
        let mut module = own.clone();
        if line.test && !source.is_test() {
            module.push("tests");
        }
        for path in paths(&line.code).map(|path| absolute(&module, path)) {
            let named = path[..path.len().min(2)].join("::");
            let mend = match plan.place(&path) {
                None => format!("`{named}` is no room: name wing and room, one `use` a room"),
                Some(place) if place > own_place => {
                    let own = own[..own.len().min(2)].join("::");
                    format!("`{own}` stands above `{named}`: have it handed in, or move it up")
                }
                Some(_) => continue,
            };
            breaches.push(breach(source, at, &mend));
        }
    }
    breaches
}

/// The paths in a line of code that do not begin where they stand.
pub(crate) fn paths(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':')))
        .filter(|path| path.starts_with("crate::") || path.starts_with("super::"))
}

/// A path as seen from the ground of the crate.
pub(crate) fn absolute<'a>(module: &[&'a str], path: &'a str) -> Vec<&'a str> {
    let mut absolute = module.to_vec();
    for part in path.split("::").filter(|part| !part.is_empty()) {
        match part {
            "crate" => absolute.clear(),
            "super" => {
                absolute.pop();
            }
            part => absolute.push(part),
        }
    }
    absolute
}

/// Every file is declared by the module it belongs to; one that is not is dead.
pub(crate) fn dead_files(files: &[Source]) -> Vec<String> {
    let declares = |parent: &[&str], name: &&str| {
        let is_parent = |source: &&Source| source.module() == parent && !source.is_root();
        let is_root = |source: &&Source| parent.is_empty() && source.is_root();
        let mut parents = files
            .iter()
            .filter(|source| is_parent(source) || is_root(source));
        parents.any(|source| modules(source).iter().any(|module| module == name))
    };
    let dead = files.iter().filter(|source| {
        let module = source.module();
        module
            .split_last()
            .is_some_and(|(name, parent)| !declares(parent, name))
    });
    dead.map(|source| {
        breach(
            source,
            0,
            "no module declares this file: declare or delete it",
        )
    })
    .collect()
}

#[test]
fn a_room_that_looks_down_is_found() {
    let plan = Plan::new(&[
        ("iso", &["message", "codec"]),
        ("engine", &["gateway"]),
        ("cli", &[]),
    ]);
    let breaches = |path: &str, code: &str| order(&Source::new(path, code), &plan).len();

    let codec = "src/iso/codec/frame.rs";
    assert_eq!(breaches(codec, "use crate::iso::message::Mti;"), 0);
    assert_eq!(breaches(codec, "use crate::iso::codec::Framer;"), 0);
    assert_eq!(breaches(codec, "use super::super::message::Mti;"), 0);
    assert_eq!(breaches(codec, "// as crate::engine::gateway does"), 0);
    assert_eq!(breaches(codec, "use crate::engine::gateway::Event;"), 1);
    assert_eq!(
        breaches(codec, "let x = f(crate::engine::gateway::decide);"),
        1
    );
    assert_eq!(
        breaches(codec, "use crate::iso::{message::Mti, codec::Framer};"),
        1
    );
    assert_eq!(breaches(codec, "use crate::{iso::message::Mti};"), 1);

    let message = "src/iso/message/mod.rs";
    assert_eq!(breaches(message, "use crate::iso::codec::Framer;"), 1);
    assert_eq!(breaches(message, "use super::codec::Framer;"), 1);
    let in_tests = "#[cfg(test)]\nmod tests {\n    use super::Mti;\n}";
    assert_eq!(breaches(message, in_tests), 0);

    assert_eq!(
        breaches("src/iso/mod.rs", "use crate::iso::codec::Framer;"),
        0
    );
    assert_eq!(breaches("src/iso/mod.rs", "use crate::cli::run;"), 1);
    assert_eq!(
        breaches("src/cli/lab.rs", "use super::Exit; use crate::cli::Lang;"),
        0
    );
    assert_eq!(
        breaches("src/cli/lab.rs", "use crate::engine::gateway::Event;"),
        0
    );
}

#[test]
fn a_file_that_nobody_declares_is_found() {
    let source = |path: &str, text: &str| Source::new(path, text);
    let files = [
        source("src/lib.rs", "pub mod iso;"),
        source("src/main.rs", "fn main() {}"),
        source("src/iso/mod.rs", "mod mti;\n#[cfg(test)]\nmod tests;"),
        source("src/iso/mti.rs", ""),
        source("src/iso/tests.rs", ""),
        source("src/iso/old.rs", ""),
    ];
    assert_eq!(
        dead_files(&files),
        ["src/iso/old.rs:1: no module declares this file: declare or delete it"]
    );
}
