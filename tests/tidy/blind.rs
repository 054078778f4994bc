//! What judges, models and odd peers may not know: how the gateway thinks.

use crate::rooms::{absolute, paths};
use crate::source::{Source, breach};

/// The rooms that see only wires, ledgers, and what is printed.
const BLIND: &[&str] = &["plan", "odd", "model", "judge", "blind"];

/// The modules and types that they do not use.
const HIDDEN: &[&str] = &[
    "engine::gateway",
    "engine::trace",
    "iso::translate",
    "lab::peer",
    "iso::spec::Flow",
    "iso::spec::Kind",
    "iso::spec::Purpose",
    "iso::spec::Codes",
    "iso::spec::ReversalRule",
];

/// The questions that they do not ask of a dialect or a message.
const UNASKED: &[&str] = &[".flow()", ".kind()"];

/// What a blind room sees of what is hidden from it, tests included.
pub(crate) fn sees(source: &Source) -> Vec<String> {
    let own = source.module();
    let is_blind = matches!(own.as_slice(), ["lab", room, ..] if BLIND.contains(room));
    let lines = source.numbered().filter(|_| is_blind);
    let mut breaches = Vec::new();
    for (at, line) in lines {
        let mut module = own.clone();
        if line.test && !source.is_test() {
            module.push("tests");
        }
        let used = paths(&line.code).map(|path| absolute(&module, path).join("::"));
        let used = used.filter_map(|path| HIDDEN.iter().find(|hidden| begins(&path, hidden)));
        let asked = UNASKED.iter().filter(|call| line.code.contains(**call));
        breaches.extend(used.chain(asked).map(|seen| {
            let mend = format!(
                "`{seen}` in a room that judges: decide from frames, ledgers and what is printed"
            );
            breach(source, at, &mend)
        }));
    }
    breaches
}

/// Whether a path is that of a module, a type, or of anything within.
fn begins(path: &str, with: &str) -> bool {
    let rest = path.strip_prefix(with);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn a_judge_that_asks_the_gateway_is_found() {
    let breaches = |path: &str, code: &str| sees(&Source::new(path, code)).len();
    for room in BLIND {
        let file = format!("src/lab/{room}/a.rs");
        assert_eq!(breaches(&file, "use crate::engine::gateway::decide;"), 1);
        assert_eq!(breaches(&file, "use crate::engine::trace::Story;"), 1);
        assert_eq!(breaches(&file, "use crate::iso::translate::Bridge;"), 1);
        assert_eq!(breaches(&file, "use crate::lab::peer::Deck;"), 1);
        assert_eq!(breaches(&file, "use crate::iso::spec::Purpose;"), 1);
        assert_eq!(breaches(&file, "use super::super::peer::Deck;"), 1);
        assert_eq!(breaches(&file, "let flow = spec.flow();"), 1);
        assert_eq!(breaches(&file, "message.kind()"), 1);
        let in_tests = "#[cfg(test)]\nmod tests {\n    use crate::engine::gateway::Row;\n}";
        assert_eq!(breaches(&file, in_tests), 1);
        assert_eq!(breaches(&file, "// as crate::engine::gateway does"), 0);
        assert_eq!(breaches(&file, "use crate::iso::spec::Spec;"), 0);
        assert_eq!(breaches(&file, "use crate::engine::record::ConnId;"), 0);
    }
    assert_eq!(
        breaches("src/lab/sim/a.rs", "use crate::lab::peer::Deck;"),
        0
    );
}
