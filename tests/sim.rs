//! Many worlds, none of which may break a rule.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

use isogate::lab::sim::{Chances, Outcome, simulate};
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds `1..=SEEDS`. More of them, by hand: `isogate sim --seeds A..B`.
const SEEDS: u64 = 500;

/// The same between dialects, and under trace numbers of the gateway's.
const CROSSING: u64 = 60;

/// The world of a seed, and what to type after it.
type Way = fn(u64) -> (Chances, &'static str);

fn plain(seed: u64) -> (Chances, &'static str) {
    (Chances::of_seed(seed), "")
}

fn crossing(seed: u64) -> (Chances, &'static str) {
    const HOST: &str = "iso8583-1987-ascii";
    let chances = Chances::of_seed(seed);
    match seed % 3 {
        0 => (chances.rewriting(true), " --rewrite-stan"),
        1 => (chances.across(HOST), " --host-spec iso8583-1987-ascii"),
        _ => (
            chances.across(HOST).rewriting(true),
            " --host-spec iso8583-1987-ascii --rewrite-stan",
        ),
    }
}

/// Runs worlds until the seeds are used up; sums, and what was broken.
fn worlds(next: &AtomicU64, last: u64, way: Way) -> (Outcome, Vec<String>) {
    let (mut sum, mut broken) = (Outcome::default(), Vec::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed > last {
            return (sum, broken);
        }
        let (chances, more) = way(seed);
        let outcome = simulate(chances.clone());
        sum.transactions += outcome.transactions;
        sum.crashes += outcome.crashes;
        sum.reversals += outcome.reversals;
        for violation in outcome.violations {
            broken.push(format!(
                "{violation}\n    {chances}\n    isogate sim --seeds {seed}{more}"
            ));
        }
    }
}

#[test]
fn no_seed_breaks_a_rule() {
    hold(SEEDS, plain);
}

#[test]
fn no_seed_breaks_a_rule_between_dialects_or_under_other_numbers() {
    hold(CROSSING, crossing);
}

fn hold(last: u64, way: Way) {
    let next = AtomicU64::new(1);
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| worlds(&next, last, way)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    let broken: Vec<&str> = done
        .iter()
        .flat_map(|(_, broken)| broken.iter().map(String::as_str))
        .collect();
    assert!(
        broken.is_empty(),
        "{} rules broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
    // Worlds in which nothing happens prove nothing.
    let sum = |of: fn(&Outcome) -> u64| done.iter().map(|(outcome, _)| of(outcome)).sum::<u64>();
    assert!(sum(|world| world.transactions) > 100 * last);
    assert!(sum(|world| world.crashes) > last && sum(|world| world.reversals) > 10 * last);
}
