//! What came of many odd worlds.

use crate::lab::judge::Finding;
use crate::lab::sim::{CORNERS, DECLARED, Played, counters};
use crate::lab::swarm::Origin;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// What came of them; sums can be added, and written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) worlds: u64,
    seconds: u64,
    transactions: u64,
    reversals: u64,
    crashes: u64,
    verdicts: u64,
    excused: u64,
    /// By kind of finding: how often, and the first world.
    pub(super) kinds: BTreeMap<String, (u64, Origin)>,
    pub(super) violations: Vec<WorldViolation>,
    /// By name: in how many worlds it was reached.
    reached: BTreeMap<String, u64>,
    /// The same for the cells of the declared state space.
    cells: BTreeMap<u16, u64>,
}

/// A finding and its world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WorldViolation {
    #[serde(flatten)]
    world: Origin,
    rule: String,
    attempt: Option<u32>,
    what: String,
}

/// Violations kept in the answer, at most.
const MOST_LISTED: usize = 1_000;

/// What a finding has in common with others: its rule and its words, without numbers and names.
pub(super) fn kind(finding: &Finding) -> String {
    let words: String = finding
        .what
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(70)
        .collect();
    format!("{}: {}", finding.rule, words.trim())
}

impl Sum {
    /// Of one world.
    pub(super) fn of(world: &Origin, played: Played) -> Self {
        let mut sum = Self {
            worlds: 1,
            seconds: played.passed.as_secs(),
            transactions: played.attempts,
            reversals: played.reversals,
            crashes: played.crashes,
            verdicts: played.verdicts,
            excused: played.excused,
            reached: played.reached.into_iter().map(|name| (name, 1)).collect(),
            cells: played.cells.into_keys().map(|cell| (cell, 1)).collect(),
            ..Self::default()
        };
        for finding in played.findings {
            let count = sum.kinds.entry(kind(&finding));
            count.or_insert_with(|| (0, world.clone())).0 += 1;
            sum.violations.push(WorldViolation {
                world: world.clone(),
                rule: finding.rule.to_owned(),
                attempt: finding.n,
                what: finding.what,
            });
        }
        sum
    }

    /// Adds another one.
    pub(super) fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.seconds += other.seconds;
        self.transactions += other.transactions;
        self.reversals += other.reversals;
        self.crashes += other.crashes;
        self.verdicts += other.verdicts;
        self.excused += other.excused;
        for (kind, (count, first)) in other.kinds {
            let known = self.kinds.entry(kind);
            let known = known.or_insert_with(|| (0, first.clone()));
            known.0 += count;
            if first < known.1 {
                known.1 = first;
            }
        }
        for (name, count) in other.reached {
            *self.reached.entry(name).or_default() += count;
        }
        for (cell, count) in other.cells {
            *self.cells.entry(cell).or_default() += count;
        }
        self.violations.extend(other.violations);
        self.violations
            .sort_by(|one, other| one.world.cmp(&other.world));
        self.violations.truncate(MOST_LISTED);
    }

    /// Each declared counter, with the number of worlds that reached it: the rarest first.
    fn counted(&self) -> Vec<(u64, String)> {
        let times = |name: &String| self.reached.get(name).copied().unwrap_or(0);
        let mut counted: Vec<_> = counters()
            .into_iter()
            .map(|name| (times(&name), name))
            .collect();
        counted.sort();
        counted
    }

    /// The counters that fewer worlds reached.
    pub(super) fn fewer(&self, at_least: u64) -> Vec<String> {
        let counted = self.counted().into_iter();
        let fewer = counted.filter(|(times, _)| *times < at_least);
        fewer.map(|(_, name)| name).collect()
    }

    /// Whether a rule was broken.
    pub(super) fn is_broken(&self) -> bool {
        !self.kinds.is_empty()
    }

    fn missed(&self) -> Vec<&'static str> {
        let corners = CORNERS.iter().copied();
        corners
            .filter(|name| !self.reached.contains_key(*name))
            .collect()
    }

    fn document(&self, at_least: Option<u64>) -> Value {
        let kinds = self.kinds.iter().map(|(kind, (count, first))| {
            let mut kind = json!({"kind": kind, "count": count, "first_seed": first.seed});
            if !first.forks.is_empty() {
                let forks = first.forks.iter().map(ToString::to_string);
                kind["forks"] = json!(forks.collect::<Vec<_>>());
            }
            kind
        });
        let mut document = json!({
            "seeds": self.worlds,
            "simulated_minutes": self.seconds / 60,
            "transactions": self.transactions,
            "reversals": self.reversals,
            "crashes": self.crashes,
            "verdicts": self.verdicts,
            "excused": self.excused,
            "cells": {
                "reached": self.cells.len(), "declared": DECLARED, "worlds": self.cells,
            },
            "reached": self.reached,
            "missed": self.missed(),
            "kinds": kinds.collect::<Vec<_>>(),
            "violations": self.violations,
        });
        if let Some(at_least) = at_least {
            document["fewer"] = json!(self.fewer(at_least));
        }
        document
    }

    /// Prints it; with the counters, if each is to be reached in so many worlds.
    pub(super) fn print(
        &self,
        at_least: Option<u64>,
        as_json: bool,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        if as_json {
            writeln!(out, "{}", self.document(at_least))?;
            return Ok(());
        }
        if let Some(at_least) = at_least {
            for (times, name) in self.counted() {
                writeln!(out, "{times:>6} worlds  {name}")?;
            }
            for name in self.fewer(at_least) {
                writeln!(out, "in fewer than {at_least} worlds: {name}")?;
            }
        }
        for (kind, (count, first)) in &self.kinds {
            writeln!(out, "{count:>6}  first seed {first:>6}  {kind}")?;
        }
        let missed = self.missed();
        if self.worlds > 1 && !missed.is_empty() {
            writeln!(out, "never reached: {}", missed.join("; "))?;
        }
        let found: u64 = self.kinds.values().map(|(count, _)| count).sum();
        writeln!(
            out,
            "{} worlds, {} minutes, {} transactions, {} tries of reversals, {} crashes, {} \
             verdicts ({} excused by a host's lie), {} of {DECLARED} cells: {found} violations of \
             {} kinds",
            self.worlds,
            self.seconds / 60,
            self.transactions,
            self.reversals,
            self.crashes,
            self.verdicts,
            self.excused,
            self.cells.len(),
            self.kinds.len(),
        )?;
        Ok(())
    }
}
