//! Many worlds, none of which may break a rule.

use isogate::lab::sim::{Chances, simulate};

/// Seeds `1..=SEEDS`, or `SIM_SEEDS=A..B` for a campaign by hand.
const SEEDS: u64 = 500;

#[test]
fn no_seed_breaks_a_rule() {
    let range = std::env::var("SIM_SEEDS").ok();
    let range = range.as_deref().and_then(|text| text.split_once(".."));
    let (from, to) = range.map_or((1, SEEDS), |(from, to)| {
        (
            from.parse().expect("SIM_SEEDS=A..B"),
            to.parse().expect("SIM_SEEDS=A..B"),
        )
    });
    let mut broken = Vec::new();
    let (mut transactions, mut crashes) = (0, 0);
    for seed in from..=to {
        let chances = Chances::of_seed(seed);
        let outcome = simulate(chances.clone());
        transactions += outcome.transactions;
        crashes += outcome.crashes;
        if !outcome.violations.is_empty() {
            let what: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
            broken.push(format!("{chances}\n    {}", what.join("\n    ")));
        }
    }
    assert!(
        broken.is_empty(),
        "{} seeds broke a rule:\n{}",
        broken.len(),
        broken.join("\n")
    );
    // A world in which nothing happens proves nothing.
    assert!(transactions > 50 * (to - from + 1) && (crashes > 0 || from == to));
}
