//! `isogate load`: the load generator.

mod asked;
mod compare;
pub(super) mod figure;
mod kept;
mod page;
mod plot;
mod threshold;
mod told;

use super::peer::{self, PeerArgs};
use super::serve::chance;
use super::{Exit, Lang};
use crate::io::drive::load::{Course, Load, LoadOptions, RateCriterion, RateSearch, Stretch};
use crate::iso::message::{MerchantId, TerminalId};
use anyhow::{Context, ensure};
use asked::{MixArg, RateArg};
use clap::{Args, Subcommand};
use kept::{KeptRun, LoadSettings};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;
use threshold::Threshold;

/// Offer messages at a rate, and measure the answers
///
/// Requests are sent when they are due, whether or not earlier ones were answered; latency counts
/// from the moment a request was due. A request that is not answered in time counts with all the
/// time that it was waited for.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct LoadArgs {
    #[command(subcommand)]
    kept: Option<KeptCommand>,
    #[command(flatten)]
    offer: OfferArgs,
}

/// What is done with runs that were kept.
#[derive(Debug, Subcommand)]
enum KeptCommand {
    /// Show kept runs as one, as if one generator had made them
    Show {
        /// Files that `--save` wrote
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        print: PrintArgs,
    },
    /// Two kept runs side by side
    Compare {
        /// The run before
        first: PathBuf,
        /// The run after
        second: PathBuf,
        #[command(flatten)]
        print: PrintArgs,
    },
}

/// Where results go.
#[derive(Debug, Args)]
struct PrintArgs {
    /// Write a page with plots to FILE, which needs nothing else to be shown
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct OfferArgs {
    /// Where terminals call
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:5583")]
    to: String,
    #[command(flatten)]
    peer: PeerArgs,
    /// Requests a second: 500, or 500..20000 to change evenly, or 500..20000/60s to do so within
    /// a minute and stay there
    #[arg(long, default_value = "100")]
    rate: RateArg,
    /// Rates one after another, each for --duration, such as 500,1000,2000
    #[arg(
        long,
        value_name = "RATE",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with = "rate"
    )]
    steps: Vec<u32>,
    /// Search for the highest rate at which this holds, such as 'p99<20ms,failed<1%'; it begins
    /// at --rate, and tries each for --duration
    #[arg(
        long,
        value_name = "THRESHOLD",
        value_delimiter = ',',
        conflicts_with = "steps"
    )]
    find: Vec<Threshold>,
    /// Send as fast as answers come: each terminal keeps --in-flight on their way
    #[arg(long, conflicts_with_all = ["rate", "steps", "find"])]
    closed: bool,
    /// For how long, such as 30s or 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = peer::time)]
    duration: Duration,
    /// Terminals, each with a connection of its own
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    terminals: u16,
    /// Requests that one terminal may have on their way [default: 32, with --closed 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    in_flight: Option<u16>,
    /// How long an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = peer::time)]
    timeout: Duration,
    /// Kinds of transactions by their names in the dialect, with weights, such as
    /// sale=70,sale_void=6,balance=5; `shop` is the everyday mix of one
    #[arg(
        long,
        value_name = "KIND=WEIGHT",
        value_delimiter = ',',
        default_value = "sale"
    )]
    mix: Vec<MixArg>,
    /// DE 42
    #[arg(long, default_value = "874350357222471")]
    merchant: String,
    /// What must hold, such as 'p99<5ms', 'failed<1%' or 'tps>4900'; exit code 1 if it does not
    #[arg(
        long = "threshold",
        value_name = "THRESHOLD",
        value_delimiter = ',',
        conflicts_with = "find"
    )]
    thresholds: Vec<Threshold>,
    /// Keep the run in FILE, for `load show` and `load compare`
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    print: PrintArgs,
}

pub(super) fn run(args: &LoadArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match &args.kept {
        None => offer(&args.offer, lang, out),
        Some(KeptCommand::Show { files, print }) => {
            let run = KeptRun::read_all(files)?;
            tell(&run, print, lang, out)
        }
        Some(KeptCommand::Compare {
            first,
            second,
            print,
        }) => {
            let runs = [KeptRun::read(first)?, KeptRun::read(second)?];
            if let Some(file) = &print.html {
                write_page(file, &page::compared(&runs, lang)?)?;
            }
            compare::print(&runs, print.json, lang, out)?;
            Ok(Exit::Done)
        }
    }
}

/// Offers what is asked for, and tells what came of it.
fn offer(args: &OfferArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let options = options(args)?;
    if let Some(warning) = options.warning() {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    let load = Load::start(options)?;
    if !args.print.json && std::io::stderr().is_terminal() {
        watch(&load)?;
    }
    let report = load.join()?;
    let judged = args.thresholds.iter().map(|one| one.judge(&report.total));
    let run = KeptRun::new(settings(args), judged.collect(), &report);
    if let Some(file) = &args.save {
        run.write(file)?;
    }
    let missed = u16::try_from(report.terminals).is_ok_and(|there| there < args.terminals);
    if missed {
        let (there, wanted) = (report.terminals, args.terminals);
        let told = format!("warning: only {there} of {wanted} terminals could sign on");
        writeln!(std::io::stderr(), "{told}")?;
    }
    let exit = tell(&run, &args.print, lang, out)?;
    let is_found = args.find.is_empty() || report.found.is_some();
    Ok(if is_found { exit } else { Exit::Found })
}

/// Prints a run, and writes its page.
fn tell(run: &KeptRun, print: &PrintArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if let Some(file) = &print.html {
        write_page(file, &page::one(run, lang)?)?;
    }
    if print.json {
        writeln!(out, "{}", run.document())?;
    } else {
        told::print(run, lang, out)?;
    }
    let holds = run.thresholds.iter().all(|one| one.holds);
    Ok(if holds { Exit::Done } else { Exit::Found })
}

fn write_page(file: &PathBuf, page: &str) -> anyhow::Result<()> {
    std::fs::write(file, page).with_context(|| format!("cannot write {} (--html)", file.display()))
}

fn options(args: &OfferArgs) -> anyhow::Result<LoadOptions> {
    ensure!(
        !args.peer.has_faults(),
        "a load has no faults of its own: arm them at the host, with `isogate host --fault`"
    );
    let spec = args.peer.spec()?;
    Ok(LoadOptions {
        to: args.to.clone(),
        wire: peer::wire(&spec),
        course: course(args),
        terminals: names(args)?,
        in_flight: args.in_flight().max(1),
        timeout: args.timeout,
        mix: asked::mix(&spec, &args.mix)?,
        keys: args.peer.keys()?,
        cards: args.peer.cards(),
        seed: args.peer.seed,
    })
}

impl OfferArgs {
    fn in_flight(&self) -> u16 {
        self.in_flight.unwrap_or(if self.closed { 1 } else { 32 })
    }
}

fn course(args: &OfferArgs) -> Course {
    if args.closed {
        return Course::Closed(args.duration);
    }
    if !args.find.is_empty() {
        let wanted = args.find.clone();
        let holds =
            RateCriterion::new(move |figures| wanted.iter().all(|one| one.judge(figures).holds));
        return Course::Search(RateSearch::new(args.rate.first(), args.duration, holds));
    }
    if !args.steps.is_empty() {
        let steps = args.steps.iter();
        return Course::Open(
            steps
                .map(|rate| Stretch::even(*rate, args.duration))
                .collect(),
        );
    }
    Course::Open(args.rate.stretches(args.duration))
}

/// How it was asked for, so that a kept run can be made again.
fn settings(args: &OfferArgs) -> LoadSettings {
    let listed = |parts: Vec<String>| parts.join(",");
    let mut settings = json!({
        "to": args.to,
        "spec": args.peer.spec_name(),
        "duration": asked::time_text(args.duration),
        "terminals": args.terminals,
        "in_flight": args.in_flight(),
        "timeout": asked::time_text(args.timeout),
        "mix": listed(args.mix.iter().map(ToString::to_string).collect()),
        "seed": args.peer.seed,
    });
    let (name, value) = if args.closed {
        ("closed", json!(true))
    } else if !args.steps.is_empty() {
        let steps = args.steps.iter().map(ToString::to_string);
        ("steps", json!(listed(steps.collect())))
    } else {
        ("rate", json!(args.rate.to_string()))
    };
    settings[name] = value;
    if !args.find.is_empty() {
        let wanted = args.find.iter().map(ToString::to_string);
        settings["find"] = json!(listed(wanted.collect()));
    }
    settings
}

/// Names that no other run used: a mark of this run, then the terminal's number.
fn names(args: &OfferArgs) -> anyhow::Result<Vec<(MerchantId, TerminalId)>> {
    let listed = args.peer.listed()?;
    if !listed.is_empty() {
        return Ok(listed
            .into_iter()
            .take(usize::from(args.terminals))
            .collect());
    }
    let merchant = MerchantId::new(&args.merchant).context("--merchant is too long")?;
    let mark = base36(chance()? % 36_u64.pow(3), 3);
    let name = |number| TerminalId::new(&format!("L{mark}{}", base36(number, 4)));
    let names = (1..=u64::from(args.terminals.max(1))).filter_map(name);
    Ok(names.map(|name| (merchant, name)).collect())
}

fn base36(mut number: u64, digits: usize) -> String {
    let mut text = vec!['0'; digits];
    for slot in text.iter_mut().rev() {
        let digit = u32::try_from(number % 36).ok();
        *slot = digit
            .and_then(|digit| char::from_digit(digit, 36))
            .unwrap_or('0');
        number /= 36;
    }
    text.into_iter().collect::<String>().to_ascii_uppercase()
}

/// A line a second for whoever watches.
fn watch(load: &Load) -> anyhow::Result<()> {
    while let Some(report) = load.so_far() {
        if let Some(second) = report.seconds.last() {
            writeln!(
                std::io::stderr(),
                "{:>5} s  {} sent, {} answered, {} failed; p50 {}, p99 {}",
                report.seconds.len(),
                second.sent,
                second.answered,
                second.failed,
                figure::time(second.latency.p50),
                figure::time(second.latency.p99)
            )?;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
