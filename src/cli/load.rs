//! `isogate load`: the load generator.

mod threshold;

use super::Exit;
use super::peer::{self, PeerArgs};
use super::serve::chance;
use crate::io::drive::load::{Load, LoadOptions, LoadReport};
use crate::iso::message::{MerchantId, TerminalId, Text};
use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::time::Duration;
use threshold::Threshold;

/// Offer messages at a rate, and measure the answers
///
/// Requests are sent when they are due, whether or not earlier ones were answered; latency counts
/// from the moment a request was due.
#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    /// Where terminals call
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:5583")]
    to: String,
    #[command(flatten)]
    peer: PeerArgs,
    /// Requests a second
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// For how long, such as 30s or 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = peer::time)]
    duration: Duration,
    /// Terminals, each with a connection of its own
    #[arg(long, value_name = "N", default_value_t = 50)]
    terminals: u16,
    /// Requests that one terminal may have on their way; more are dropped
    #[arg(long, value_name = "N", default_value_t = 32)]
    in_flight: u16,
    /// How long an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = peer::time)]
    timeout: Duration,
    /// The kind of transaction, by its name in the dialect
    #[arg(long, default_value = "sale")]
    kind: String,
    /// DE 42
    #[arg(long, default_value = "874350357222471")]
    merchant: String,
    /// What must hold, such as 'p99<5ms', 'timeouts<1' or 'tps>4900'; exit code 1 if it does not
    #[arg(long = "threshold", value_name = "THRESHOLD")]
    thresholds: Vec<Threshold>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &LoadArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let options = options(args)?;
    if let Some(warning) = options.warning() {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    let load = Load::start(options)?;
    if !args.json && std::io::stderr().is_terminal() {
        watch(&load)?;
    }
    let report = load.join()?;
    if args.json {
        writeln!(out, "{}", document(args.rate, &report))?;
    } else {
        print(&report, out)?;
    }
    let mut exit = Exit::Done;
    for threshold in &args.thresholds {
        let measured = threshold.measured(&report);
        if !threshold.holds(&report) {
            writeln!(
                std::io::stderr(),
                "threshold failed: {threshold} (measured {measured})"
            )?;
            exit = Exit::Found;
        }
    }
    Ok(exit)
}

fn options(args: &LoadArgs) -> anyhow::Result<LoadOptions> {
    let spec = args.peer.spec()?;
    Ok(LoadOptions {
        to: args.to.clone(),
        wire: peer::wire(&spec),
        rate: args.rate.max(1),
        length: args.duration,
        terminals: names(args)?,
        in_flight: args.in_flight.max(1),
        timeout: args.timeout,
        kind: Text::new(&args.kind).context("--kind is too long for a kind's name")?,
        keys: args.peer.keys()?,
        cards: args.peer.cards(),
        seed: args.peer.seed,
    })
}

/// Names that no other run used: a mark of this run, then the terminal's number.
fn names(args: &LoadArgs) -> anyhow::Result<Vec<(MerchantId, TerminalId)>> {
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
        let latency = report.latency;
        writeln!(
            std::io::stderr(),
            "{} sent, {} answered, {} timeouts, {} errors; p50 {} us, p99 {} us",
            report.sent,
            report.answered,
            report.timeouts,
            report.errors,
            latency.p50,
            latency.p99
        )?;
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn document(rate: u32, report: &LoadReport) -> Value {
    let latency = report.latency;
    json!({
        "offered_tps": rate,
        "sent": report.sent,
        "answered": report.answered,
        "approved": report.approved,
        "declined": report.declined,
        "timeouts": report.timeouts,
        "errors": report.errors,
        "dropped": report.dropped,
        "tps": (report.tps * 10.0).round() / 10.0,
        "latency_us": { "p50": latency.p50, "p90": latency.p90, "p99": latency.p99,
                        "p999": latency.p999, "max": latency.max },
    })
}

fn print(report: &LoadReport, out: &mut dyn Write) -> std::io::Result<()> {
    let latency = report.latency;
    writeln!(out, "sent      {:>10}", report.sent)?;
    writeln!(
        out,
        "answered  {:>10}  ({:.1} a second)",
        report.answered, report.tps
    )?;
    writeln!(out, "approved  {:>10}", report.approved)?;
    writeln!(out, "declined  {:>10}", report.declined)?;
    writeln!(out, "timeouts  {:>10}", report.timeouts)?;
    writeln!(out, "errors    {:>10}", report.errors)?;
    writeln!(out, "dropped   {:>10}", report.dropped)?;
    writeln!(
        out,
        "latency   p50 {} us, p90 {} us, p99 {} us, p99.9 {} us, max {} us",
        latency.p50, latency.p90, latency.p99, latency.p999, latency.max
    )
}
