//! Worlds that hold, and worlds with a planted bug that do not.

use super::{Bug, Chances, simulate};

#[test]
fn a_seed_gives_the_same_world_twice() {
    let tell = |seed| {
        let outcome = simulate(Chances::of_seed(seed));
        (
            outcome.transactions,
            outcome.reversals,
            outcome.passed,
            outcome.faults,
        )
    };
    assert_eq!(tell(3), tell(3));
    assert_ne!(tell(3), tell(4));
}

#[test]
fn planted_bugs_are_caught_by_their_rules() {
    for (bug, rule) in [
        (Bug::SkipSync, "I8"),
        (Bug::NoReversal, "I3"),
        (Bug::ReverseTwice, "I4"),
        (Bug::StorePan, "I12"),
    ] {
        let caught = (1..=40).any(|seed| {
            let chances = Chances {
                sabotage: Some(bug),
                ..Chances::of_seed(seed)
            };
            let outcome = simulate(chances);
            outcome.violations.iter().any(|found| found.rule == rule)
        });
        assert!(caught, "{} went unseen", bug.name());
    }
}
