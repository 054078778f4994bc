//! Worlds that hold, and worlds with a planted bug that do not.

use super::{Chances, Sabotage, simulate};

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
fn every_planted_bug_is_caught_by_its_rule() {
    for (sabotage, rule) in [
        (Sabotage::SendBeforeSync, "I8"),
        (Sabotage::DeliverLate, "I10"),
        (Sabotage::ReverseTwice, "I4"),
    ] {
        let caught = (1..=40).any(|seed| {
            let chances = Chances {
                sabotage: Some(sabotage),
                ..Chances::of_seed(seed)
            };
            simulate(chances)
                .violations
                .iter()
                .any(|violation| violation.rule == rule)
        });
        assert!(caught, "{sabotage:?} went unseen");
    }
}
