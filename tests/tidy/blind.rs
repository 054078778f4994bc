//! What judges, models and odd peers may not know: how the gateway thinks.

use crate::source::{Source, breach};

/// The rooms that see only wires, ledgers, and what is printed.
const BLIND: &[&str] = &["plan", "odd", "model", "judge"];

/// What they do not use, matched as a path; and the calls that ask a dialect for its flow.
const HIDDEN: &[&str] = &[
    "crate::engine::gateway",
    "crate::engine::trace",
    "crate::iso::translate",
    "crate::lab::peer",
    "iso::spec::Flow",
    "iso::spec::Kind",
    "iso::spec::Purpose",
    "iso::spec::Codes",
    "iso::spec::ReversalRule",
    ".flow()",
    ".kind()",
];

/// What a blind room sees of what is hidden from it, tests included.
pub(crate) fn sees(source: &Source) -> Vec<String> {
    let is_blind = match source.module().as_slice() {
        ["lab", room, ..] => BLIND.contains(room),
        _ => false,
    };
    let lines = source.numbered().filter(|_| is_blind);
    let seen = lines.flat_map(|(at, line)| {
        let code = &line.code;
        // `super` above the room, which could reach around this law, is no way of writing here.
        let hidden = HIDDEN.iter().filter(move |hidden| code.contains(**hidden));
        hidden.map(move |hidden| (at, *hidden))
    });
    seen.map(|(at, hidden)| {
        let mend = format!(
            "`{hidden}` in a room that judges: decide from frames, ledgers and what is printed"
        );
        breach(source, at, &mend)
    })
    .collect()
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
