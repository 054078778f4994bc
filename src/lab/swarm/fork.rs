//! A plan that reached something rare is forked: it stays up to the moment at which it did, and
//! another seed goes on from there, with a few oddities more.

use super::around;
use super::draw::{Draw, draw, fill};
use super::spice::{Spice, Taste};
use crate::engine::seam::Dice;
use crate::lab::plan::{Plan, Timed};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A fork of a plan, written `SEED@MS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fork {
    /// The seed by which it goes on.
    pub seed: u64,
    /// So many virtual milliseconds of the plan stay.
    pub at: u64,
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.seed, self.at)
    }
}

impl FromStr for Fork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a fork is written SEED@MS, such as 12@3400".to_owned();
        let number = |text: &str| text.parse::<u64>().map_err(|_not_a_number| wrong());
        let (seed, at) = text.split_once('@').ok_or_else(wrong)?;
        let (seed, at) = (number(seed)?, number(at)?);
        Ok(Self { seed, at })
    }
}

/// Where a world comes from: its seed, and the forks of its plan one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Its seed.
    pub seed: u64,
    /// Its forks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
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
    pub fn forked(&self, by: Fork) -> Self {
        let mut own = self.clone();
        own.forks.push(by);
        own
    }

    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let drawn = draw(self.seed);
        let forks = self.forks.iter();
        let (_, plan) = forks.fold(drawn, |(taste, plan), by| fork(taste, &plan, *by));
        plan
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        let forks: Vec<String> = self.forks.iter().map(Fork::to_string).collect();
        if forks.is_empty() {
            return Ok(());
        }
        write!(f, " --forks {}", forks.join(","))
    }
}

/// The plan that begins as `plan` and goes on by a fork.
fn fork(taste: Taste, plan: &Plan, by: Fork) -> (Taste, Plan) {
    let mut dice = Dice::new(by.seed ^ 0xF0_4CED);
    let mut taste = taste;
    for _ in 0..dice.between(1, 4) {
        if let Some(spice) = dice.pick(Spice::ALL) {
            taste = taste.with(*spice);
        }
    }
    let stays = plan.deeds.iter().filter(|timed| timed.at <= by.at);
    let deeds: Vec<Timed> = stays.cloned().collect();
    let asks = || deeds.iter().filter_map(|timed| timed.deed.request());
    let draw = Draw {
        attempts: asks().map(|ask| ask.n).max().unwrap_or(0),
        purchases: asks().map(|ask| ask.purchase).max().unwrap_or(0),
        clock: by.at,
        focus: Some(by.at),
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
