//! `isogate sim`: worlds in virtual time, by their seeds.

use super::Exit;
use crate::lab::sim::{Chances, Outcome, Sabotage, simulate};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::Write;

/// Simulate worlds of faults and crashes in virtual time; exit code 1 if one breaks a rule
#[derive(Args, Debug)]
pub(crate) struct SimArgs {
    /// Seeds, both ends included
    #[arg(long, value_name = "A..B", default_value = "1..100", value_parser = seeds)]
    seeds: (u64, u64),
    /// Plant a bug on purpose, to see it caught
    #[arg(long, value_enum)]
    sabotage: Option<Bug>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bug {
    /// Sends leave before their record is on the disk
    SendBeforeSync,
    /// Late approvals reach the terminal
    DeliverLate,
    /// Booked reversals are sent again
    ReverseTwice,
}

impl From<Bug> for Sabotage {
    fn from(bug: Bug) -> Self {
        match bug {
            Bug::SendBeforeSync => Self::SendBeforeSync,
            Bug::DeliverLate => Self::DeliverLate,
            Bug::ReverseTwice => Self::ReverseTwice,
        }
    }
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

/// Runs them one after the other; `Found` if a rule was broken.
pub(crate) fn run(args: &SimArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let (from, to) = args.seeds;
    let mut sum = Outcome::default();
    let mut broken = Vec::new();
    for seed in from..=to {
        let chances = Chances {
            sabotage: args.sabotage.map(Sabotage::from),
            ..Chances::of_seed(seed)
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
                    "{violation}\n  {chances}\n  isogate sim --seeds {seed}"
                )?;
            }
            broken.push(json!({
                "seed": seed, "rule": violation.rule, "what": violation.what,
            }));
        }
    }
    let seeds = to - from + 1;
    let minutes = sum.passed.as_secs() / 60;
    if args.json {
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
    Ok(if broken.is_empty() {
        Exit::Done
    } else {
        Exit::Found
    })
}
