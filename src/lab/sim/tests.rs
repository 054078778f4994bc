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

/// Those that these rules can see; the others are for judges that see more.
#[test]
fn planted_bugs_are_caught_by_their_rules() {
    let catches = |bug: Bug, rule: &str| {
        (1..=40).any(|seed| {
            let chances = Chances {
                sabotage: Some(bug),
                ..Chances::of_seed(seed)
            };
            let found = simulate(chances).violations;
            found.iter().any(|found| found.rule == rule)
        })
    };
    let unseen: Vec<&str> = [
        (Bug::SkipSync, "I8"),
        (Bug::ReverseTwice, "I4"),
        (Bug::StorePan, "I12"),
    ]
    .into_iter()
    .filter(|(bug, rule)| !catches(*bug, rule))
    .map(|(bug, _)| bug.name())
    .collect();
    assert_eq!(unseen, [""; 0]);
}
