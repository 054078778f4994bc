//! A plan that reached something new is forked: its beginning stays, and another seed goes on from
//! a moment in it, with a few oddities more or fewer.

use super::around;
use super::draw::{Draw, draw, fill};
use super::spice::{Spice, Taste};
use crate::engine::seam::Dice;
use crate::lab::plan::Plan;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a world comes from: its seed, and the seeds by which its plan was forked one after the
/// other.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Its seed.
    pub seed: u64,
    /// The seeds of its forks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<u64>,
}

impl Origin {
    /// The world of a seed, as it is drawn.
    #[must_use]
    pub const fn seed(seed: u64) -> Self {
        Self {
            seed,
            forks: Vec::new(),
        }
    }

    /// A fork of this world.
    #[must_use]
    pub fn forked(&self, seed: u64) -> Self {
        let mut own = self.clone();
        own.forks.push(seed);
        own
    }

    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let drawn = draw(self.seed);
        let forks = self.forks.iter();
        let (_, plan) = forks.fold(drawn, |(taste, plan), seed| fork(taste, &plan, *seed));
        plan
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        let forks: Vec<String> = self.forks.iter().map(u64::to_string).collect();
        if forks.is_empty() {
            return Ok(());
        }
        write!(f, " --forks {}", forks.join(","))
    }
}

/// The plan that begins as `plan` and goes on by `seed`.
fn fork(taste: Taste, plan: &Plan, seed: u64) -> (Taste, Plan) {
    let mut dice = Dice::new(seed ^ 0xF0_4CED);
    let mut taste = taste;
    for _ in 0..dice.between(1, 4) {
        if let Some(spice) = dice.pick(Spice::ALL) {
            taste = taste.with(*spice);
        }
    }
    let most = plan.deeds.len() as u64;
    let kept = usize::try_from(dice.below(most.max(1))).unwrap_or(0);
    let deeds = plan.deeds.get(..kept).unwrap_or_default().to_vec();
    let asks = || deeds.iter().filter_map(|timed| timed.deed.request());
    let draw = Draw {
        attempts: asks().map(|ask| ask.n).max().unwrap_or(0),
        purchases: asks().map(|ask| ask.purchase).max().unwrap_or(0),
        clock: deeds.last().map_or(50, |timed| timed.at),
        setup: plan.setup.clone(),
        deeds,
        dice,
        taste,
    };
    (taste, go_on(draw))
}

fn go_on(mut draw: Draw) -> Plan {
    let purchases = draw.dice.between(5, 40);
    fill(&mut draw, purchases);
    around::add(&mut draw);
    draw.into_plan()
}
