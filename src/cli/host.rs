//! `isogate host`: the mock acquirer alone.

use super::peer::{self, PeerArgs, yuan};
use super::ports::{ListeningPorts, listens};
use super::serve::LogArgs;
use super::{Exit, Lang, ZoneArgs, input};
use crate::io::drive::Host;
use crate::lab::fault::{FaultSide, FaultTally, Span};
use crate::lab::peer::{Acquirer, AcquirerOptions, Rules};
use anyhow::Context;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the mock acquirer alone
#[derive(Debug, Args)]
pub(super) struct HostArgs {
    /// Where it listens; port 0 for any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:6583")]
    listen: SocketAddr,
    #[command(flatten)]
    peer: PeerArgs,
    /// Particular answers to particular requests, as TOML; docs/host-rules.md describes the file
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// How long an answer takes, such as 20ms or 20ms..50ms
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    latency: Span,
    /// Refuse requests that lack a field which the dialect says they must have (30), and card
    /// numbers whose check digit is wrong (14)
    #[arg(long)]
    strict: bool,
    /// What each card can spend, in minor units
    #[arg(long, value_name = "AMOUNT")]
    balance: Option<u64>,
    /// Write the address that was chosen to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    ports: Option<PathBuf>,
    /// Print the books at the end as one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    zone: ZoneArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) fn run(args: &HostArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    args.log.start(None, &args.zone.it)?;
    let spec = args.peer.spec()?;
    let mut options = AcquirerOptions::new(&spec, args.peer.keys()?, args.peer.cards());
    options.latency = args.latency;
    options.strict = args.strict;
    options.faults = args.peer.faults(FaultSide::Acquirer)?;
    options.balance = args.balance.unwrap_or(options.balance);
    if let Some(file) = &args.rules {
        let name = file.display().to_string();
        options.rules = Rules::read(&input::text(&name)?).with_context(|| name)?;
    }
    let acquirer = Acquirer::new(options, args.peer.dice());
    let host = Host::start(args.listen, peer::wire(&spec), acquirer)
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let ports = ListeningPorts {
        listeners: vec![("host".to_owned(), host.address())],
        host: Some(host.address()),
        admin: None,
    };
    ports.write(args.ports.as_deref())?;
    if !args.json {
        let (address, spec, listens) = (host.address(), spec.name(), listens(lang));
        let name = match lang {
            Lang::En => "acquirer",
            Lang::Zh => "模拟收单机构",
        };
        writeln!(out, "{name} {listens} {address} ({spec})")?;
    }
    peer::wait_until_told(out)?;
    let mut acquirer = host.stop().context("the acquirer ended by a bug")?;
    let tallies: Vec<FaultTally> = acquirer.faults().tallies().collect();
    report(&acquirer, &tallies, (args.json, lang), out)?;
    peer::warn_of_unstruck(&tallies, lang);
    Ok(Exit::Done)
}

fn report(
    acquirer: &Acquirer,
    tallies: &[FaultTally],
    (as_json, lang): (bool, Lang),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (counts, totals) = (acquirer.counts(), acquirer.totals());
    if as_json {
        let document = json!({
            "requests": counts.requests, "approved": counts.approved, "declined": counts.declined,
            "reversals": counts.reversals, "repeats": counts.repeats,
            "unreadable": counts.unreadable, "bad_macs": counts.bad_macs,
            "books": { "taken": totals.taken, "reversed": totals.reversed,
                       "returned": totals.returned, "net": totals.net() },
            "struck": peer::struck_json(tallies),
        });
        writeln!(out, "{document}")?;
        return Ok(());
    }
    let (requests, approved, declined) = (counts.requests, counts.approved, counts.declined);
    let (reversals, repeats) = (counts.reversals, counts.repeats);
    let (unreadable, bad) = (counts.unreadable, counts.bad_macs);
    let [taken, reversed, returned] =
        [totals.taken, totals.reversed, totals.returned].map(|sum| yuan(sum.cast_signed()));
    let held = yuan(totals.net());
    match lang {
        Lang::En => writeln!(
            out,
            "{requests} requests: {approved} approved, {declined} declined; {reversals} reversals, \
             {repeats} repeats"
        )?,
        Lang::Zh => writeln!(
            out,
            "请求{requests}笔: 批准{approved}, 拒绝{declined}; 冲正{reversals}, 重发{repeats}"
        )?,
    }
    if unreadable + bad > 0 {
        match lang {
            Lang::En => {
                writeln!(out, "{unreadable} could not be read, {bad} had a wrong MAC")?;
            }
            Lang::Zh => writeln!(out, "无法解析{unreadable}笔, MAC错{bad}笔")?,
        }
    }
    match lang {
        Lang::En => writeln!(
            out,
            "books: {taken} taken, {reversed} reversed, {returned} returned; {held} held"
        )?,
        Lang::Zh => writeln!(
            out,
            "账目: 入账{taken}, 冲正{reversed}, 退回{returned}; 净额{held}"
        )?,
    }
    peer::tell_struck(tallies, lang, out)?;
    Ok(())
}
