//! `isogate sim --world odd`: plans of seeds, or one from a file, played by odd peers and judged.

use super::look::WithIndex;
use crate::cli::Exit;
use crate::engine::seam::planted;
use crate::lab::judge::Finding;
use crate::lab::plan::{self, Plan};
use crate::lab::sim::{Bug, ByReading, DECLARED, Looker, Played, play};
use crate::lab::swarm::{draw, shrink};
use anyhow::Context;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How odd worlds are played.
#[derive(Debug)]
pub(super) struct OddWorlds<'a> {
    pub seeds: (u64, u64),
    pub reading: Reading<'a>,
    pub keep: Option<&'a Path>,
    pub only: &'a str,
    pub looks: u32,
    pub sabotage: Option<Bug>,
    pub json: bool,
}

/// How the journals of worlds are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading<'a> {
    /// Record by record.
    Records,
    /// Through an index, as `trace` and `open` do.
    WithIndex,
    /// The same, in a folder that stays.
    Into(&'a Path),
}

/// What came of many worlds.
#[derive(Debug, Default)]
struct Sum {
    played: Played,
    /// By kind of finding: how often, and the first seed.
    kinds: BTreeMap<String, (u64, u64)>,
    findings: Vec<(u64, Finding)>,
    counters: BTreeMap<String, u64>,
    cells: BTreeSet<u16>,
}

/// Findings kept in the answer, at most.
const MOST_LISTED: usize = 1_000;

impl Sum {
    fn add(&mut self, seed: u64, played: Played) {
        self.played.passed += played.passed;
        self.played.attempts += played.attempts;
        self.played.reversals += played.reversals;
        self.played.crashes += played.crashes;
        self.played.verdicts += played.verdicts;
        self.played.excused += played.excused;
        self.cells.extend(&played.cells);
        for name in played.reached {
            *self.counters.entry(name).or_default() += 1;
        }
        for finding in played.findings {
            let kind = kind(&finding);
            let count = self.kinds.entry(kind).or_insert((0, seed));
            count.0 += 1;
            count.1 = count.1.min(seed);
            self.findings.push((seed, finding));
        }
    }
}

/// What a finding has in common with others: its rule and its words, without numbers and names.
fn kind(finding: &Finding) -> String {
    let words: String = finding
        .what
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(70)
        .collect();
    format!("{}: {}", finding.rule, words.trim())
}

/// Plays the plans of seeds, on all cores.
pub(super) fn run(worlds: &OddWorlds<'_>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let (from, to) = worlds.seeds;
    let next = AtomicU64::new(from);
    let sum = Mutex::new(Sum::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let _plot = planted::plant(worlds.sabotage);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > to {
                        break;
                    }
                    let (_, plan) = draw(seed);
                    let played = played(&plan, worlds.reading);
                    if let Ok(mut sum) = sum.lock() {
                        sum.add(seed, played);
                    }
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_default();
    sum.findings.sort_by_key(|(seed, _)| *seed);
    if let Some(folder) = worlds.keep {
        keep(&sum, worlds, folder, out)?;
    }
    print(&sum, to - from + 1, worlds.json, out)?;
    Ok(if sum.findings.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    })
}

/// Plays a plan; a gateway that panics in it is a finding like any other, in builds that unwind.
fn played(plan: &Plan, reading: Reading<'_>) -> Played {
    let world = std::panic::catch_unwind(|| looked_at(plan, reading));
    world.unwrap_or_else(|_| Played {
        findings: vec![Finding {
            rule: "panic",
            n: None,
            what: "the gateway panicked; its message stands above".to_owned(),
        }],
        ..Played::default()
    })
}

fn looked_at(plan: &Plan, reading: Reading<'_>) -> Played {
    let mut by_reading = ByReading::default();
    let mut indexed = match reading {
        Reading::Records => None,
        Reading::WithIndex => WithIndex::new().ok(),
        Reading::Into(folder) => Some(WithIndex::into_folder(folder)),
    };
    let looker: &mut dyn Looker = match &mut indexed {
        Some(indexed) => indexed,
        None => &mut by_reading,
    };
    play(plan, looker)
}

/// Shrinks the first seed of each kind, and writes it down.
fn keep(
    sum: &Sum,
    worlds: &OddWorlds<'_>,
    folder: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let wanted = |(kind, _): &(&String, _)| kind.contains(worlds.only);
    for (at, (wanted, (count, seed))) in sum.kinds.iter().filter(wanted).enumerate() {
        let (_, plan) = draw(*seed);
        let shows = |plan: &Plan| {
            let played = played(plan, worlds.reading);
            played
                .findings
                .iter()
                .any(|finding| kind(finding) == *wanted)
        };
        let short = shrink(&plan, worlds.looks, &mut { shows });
        let rule = wanted.split(':').next().unwrap_or_default();
        let name = format!("{at:03}-{rule}.plan");
        let text = format!(
            "# rule: {rule}\n# what: {wanted}\n# seed: {seed}, {count} findings of this kind\n{}",
            plan::write(&short)
        );
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(
            out,
            "{}: {} deeds, {wanted}",
            path.display(),
            short.deeds.len()
        )?;
    }
    Ok(())
}

/// Plays one plan from a file.
pub(super) fn run_plan(
    path: &Path,
    reading: Reading<'_>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the plan {}", path.display()))?;
    let plan = plan::read(&text).with_context(|| format!("in {}", path.display()))?;
    let played = played(&plan, reading);
    let mut sum = Sum::default();
    sum.add(0, played);
    print(&sum, 1, json, out)?;
    Ok(if sum.findings.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    })
}

fn minutes(passed: Duration) -> u64 {
    passed.as_secs() / 60
}

fn print(sum: &Sum, seeds: u64, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let played = &sum.played;
    if as_json {
        let listed = sum.findings.iter().take(MOST_LISTED);
        let listed: Vec<_> = listed
            .map(|(seed, finding)| {
                json!({
                    "seed": seed, "rule": finding.rule, "attempt": finding.n, "what": finding.what,
                })
            })
            .collect();
        let document = json!({
            "seeds": seeds,
            "simulated_minutes": minutes(played.passed),
            "transactions": played.attempts,
            "reversals": played.reversals,
            "crashes": played.crashes,
            "verdicts": played.verdicts,
            "excused": played.excused,
            "cells": {"reached": sum.cells.len(), "declared": DECLARED},
            "reached": sum.counters,
            "kinds": sum.kinds.iter().map(|(kind, (count, seed))| json!({
                "kind": kind, "count": count, "first_seed": seed,
            })).collect::<Vec<_>>(),
            "violations": listed,
        });
        writeln!(out, "{document}")?;
        return Ok(());
    }
    for (kind, (count, seed)) in &sum.kinds {
        writeln!(out, "{count:>6}  first seed {seed:>6}  {kind}")?;
    }
    writeln!(
        out,
        "{seeds} worlds, {} minutes, {} transactions, {} tries of reversals, {} crashes, \
         {} verdicts ({} excused by a host's lie), {} of {DECLARED} cells: {} violations of {} \
         kinds",
        minutes(played.passed),
        played.attempts,
        played.reversals,
        played.crashes,
        played.verdicts,
        played.excused,
        sum.cells.len(),
        sum.findings.len(),
        sum.kinds.len(),
    )?;
    Ok(())
}
