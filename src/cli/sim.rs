//! `isogate sim`: worlds in virtual time, by their seeds.

mod blind;

mod ledger;

mod look;

mod odd;

mod sum;

use super::Exit;
use crate::engine::seam::planted;
use crate::iso::spec::Spec;
use crate::lab::sim::{Bug, Chances, Outcome, simulate};
use crate::lab::swarm::Fork;
use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Simulate worlds of faults and crashes in virtual time; exit code 1 if one breaks a rule
#[derive(Args, Debug)]
pub(crate) struct SimArgs {
    /// Seeds, both ends included
    #[arg(long, value_name = "A..B", default_value = "1..100", value_parser = seeds)]
    seeds: (u64, u64),
    /// Hold verdicts against the truth of cases drawn by these seeds: classes, causes, false
    /// alarms, unsafe ones; exit code 1 if one is unsafe
    #[arg(
        long,
        value_name = "A..B",
        value_parser = seeds,
        conflicts_with_all = ["seeds", "plan"]
    )]
    blind: Option<(u64, u64)>,
    /// Print every case that was not told right
    #[arg(long, requires = "blind")]
    wrong: bool,
    /// Which worlds: odd peers of every kind, or polite ones with faults on their wires
    #[arg(long, value_enum, default_value_t = Worlds::Odd)]
    world: Worlds,
    /// Fork the plan of each seed at these moments by these seeds, one after the other, as a guided
    /// campaign does
    #[arg(
        long,
        value_name = "SEED@MS",
        value_delimiter = ',',
        conflicts_with = "guided"
    )]
    forks: Vec<Fork>,
    /// Play as many odd worlds, every second one a fork of a world that reached what is rare
    #[arg(long)]
    guided: bool,
    /// Print how many worlds reached each declared class, state, row, cause and corner; exit code 1
    /// if one was reached in fewer
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    at_least: Option<u64>,
    /// Write a line for each block of seeds, and leave out the blocks that stand there already
    #[arg(long, value_name = "FILE", conflicts_with_all = ["guided", "forks", "sabotage", "plan"])]
    ledger: Option<PathBuf>,
    /// Play one odd world from a file instead
    #[arg(long, value_name = "FILE", conflicts_with = "seeds")]
    plan: Option<PathBuf>,
    /// Leave that world's journal in this folder, for `trace` and `explain`
    #[arg(long, value_name = "DIR", requires = "plan")]
    journal: Option<PathBuf>,
    /// Read each journal through its index, as `trace` and `open` do, and not only record by record
    #[arg(long)]
    with_index: bool,
    /// Shrink the first world of each kind of violation, and write its plan into this folder
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Of those, only the kinds whose line holds this text
    #[arg(long, value_name = "TEXT", requires = "keep")]
    only: Option<String>,
    /// Worlds that are played at most to shrink one
    #[arg(long, value_name = "N", default_value_t = 400)]
    looks: u32,
    /// The acquirer's dialect; the terminals speak cup-pos then [default: the terminals']
    #[arg(long, value_name = "SPEC")]
    host_spec: Option<String>,
    /// The gateway gives trace numbers of its own
    #[arg(long)]
    rewrite_stan: bool,
    /// Plant a bug on purpose, to see it caught; in builds that have them
    #[arg(long, value_name = "BUG", value_parser = bug)]
    sabotage: Option<Bug>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Worlds {
    /// Terminals and acquirers as odd as the field's, judged by wires and ledgers
    Odd,
    /// The lab's terminals and acquirer, with faults
    Polite,
}

/// A bug by its name, where one can be planted.
fn bug(name: &str) -> Result<Bug, String> {
    if !planted::CAN {
        return Err("this build has no bugs to plant: build with --features planted".to_owned());
    }
    let found = Bug::ALL.into_iter().find(|bug| bug.name() == name);
    found.ok_or_else(|| format!("there are {}", Bug::ALL.map(Bug::name).join(", ")))
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let wrong = || "seeds are written A..B, such as 1..100, or one alone".to_owned();
    let number = |text: &str| text.parse::<u64>().map_err(|_not_a_number| wrong());
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (number(from)?, number(to)?);
    if from <= to {
        Ok((from, to))
    } else {
        Err(wrong())
    }
}

fn host(name: &str) -> anyhow::Result<&'static str> {
    let known = Spec::builtin_names();
    let found = known.iter().find(|known| **known == name).copied();
    found.with_context(|| {
        let known = known.join(", ");
        format!("no dialect is called {name} (--host-spec); there are {known}")
    })
}

/// How the journals are to be read.
fn reading(args: &SimArgs) -> odd::Reading<'_> {
    match &args.journal {
        Some(folder) => odd::Reading::Into(folder),
        None if args.with_index => odd::Reading::WithIndex,
        None => odd::Reading::Records,
    }
}

/// Runs them one after the other; `Found` if a rule was broken.
pub(crate) fn run(args: &SimArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if let Some(seeds) = args.blind {
        let shown = (args.json, args.wrong);
        return blind::run(seeds, shown, args.keep.as_deref(), out);
    }
    if let Some(path) = &args.plan {
        return odd::run_plan(path, reading(args), args.json, out);
    }
    let is_polite = args.host_spec.is_some() || args.rewrite_stan;
    if args.world == Worlds::Odd && !is_polite {
        return odd::run(
            &odd::OddWorlds {
                seeds: args.seeds,
                forks: &args.forks,
                guided: args.guided,
                ledger: args.ledger.as_deref(),
                reading: reading(args),
                keep: args.keep.as_deref(),
                only: args.only.as_deref().unwrap_or_default(),
                looks: args.looks,
                sabotage: args.sabotage,
                at_least: args.at_least,
                json: args.json,
            },
            out,
        );
    }
    run_polite(args, out)
}

/// Runs the lab's own peers, seed by seed.
fn run_polite(args: &SimArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let (from, to) = args.seeds;
    let mut sum = Outcome::default();
    let mut broken = Vec::new();
    let host_spec = args.host_spec.as_deref().map(host).transpose()?;
    let mut again = String::new();
    if let Some(host) = host_spec {
        again.push_str(&format!(" --host-spec {host}"));
    }
    if args.rewrite_stan {
        again.push_str(" --rewrite-stan");
    }
    for seed in from..=to {
        let chances = Chances {
            sabotage: args.sabotage,
            ..Chances::of_seed(seed).rewriting(args.rewrite_stan)
        };
        let chances = match host_spec {
            Some(host) => chances.across(host),
            None => chances,
        };
        if from == to || seed == from {
            let _closed = writeln!(std::io::stderr(), "{chances}");
        }
        let outcome = simulate(chances.clone());
        sum.passed += outcome.passed;
        sum.transactions += outcome.transactions;
        sum.reversals += outcome.reversals;
        sum.crashes += outcome.crashes;
        sum.faults += outcome.faults;
        for violation in outcome.violations {
            if !args.json {
                writeln!(
                    out,
                    "{violation}\n  {chances}\n  isogate sim --seeds {seed}{again}"
                )?;
            }
            broken.push(json!({
                "seed": seed, "rule": violation.rule, "what": violation.what,
            }));
        }
    }
    print_sum(to - from + 1, &sum, &broken, args.json, out)?;
    Ok(if broken.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    })
}

fn print_sum(
    seeds: u64,
    sum: &Outcome,
    broken: &[serde_json::Value],
    as_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let minutes = sum.passed.as_secs() / 60;
    if as_json {
        let document = json!({
            "seeds": seeds,
            "simulated_minutes": minutes,
            "transactions": sum.transactions,
            "reversals": sum.reversals,
            "crashes": sum.crashes,
            "faults": sum.faults,
            "violations": broken,
        });
        writeln!(out, "{document}")?;
    } else {
        writeln!(
            out,
            "{seeds} worlds, {minutes} minutes, {} transactions, {} tries of reversals, \
             {} crashes, {} faults: {} violations",
            sum.transactions,
            sum.reversals,
            sum.crashes,
            sum.faults,
            broken.len()
        )?;
    }
    Ok(())
}
