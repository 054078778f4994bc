//! `isogate term`: one simulated terminal, by script or typed at a prompt.

mod prompt;
mod script;
mod slip;

use super::peer::{self, PeerArgs};
use super::{Exit, Lang};
use crate::engine::seam::Wall;
use crate::io::drive::{Fleet, TerminalSight};
use crate::io::serve::Clock;
use crate::iso::message::{MerchantId, Stan, TerminalId};
use crate::iso::spec::Spec;
use crate::lab::fault::{FaultSide, FaultTally};
use crate::lab::peer::{Patience, Slip, TerminalOptions, TestTerminal, Workload};
use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use slip::Printer;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

/// Run one simulated terminal
///
/// Typed at a prompt when standard input is a terminal: `help` there says what can be typed.
/// Otherwise a script has one transaction a line: `KIND [AMOUNT] [of STAN|last] [card N]`, amounts
/// as 88.80 or in minor units; empty lines and what follows a # are passed over:
///
///   sale 88.80
///   sale_void of last
///   balance card 3
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct TermArgs {
    /// Where it calls
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:5583")]
    to: String,
    #[command(flatten)]
    peer: PeerArgs,
    /// DE 42
    #[arg(long, default_value = "874350357222471")]
    merchant: String,
    /// DE 41
    #[arg(long, default_value = "T0000001")]
    terminal: String,
    /// Divides all waiting times: 60 s for an answer at 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    scale: u32,
    /// How long a script waits for a connection before it fails
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = peer::time)]
    wait: Duration,
    /// Slips only, no messages
    #[arg(long)]
    brief: bool,
    /// Take commands as at a prompt, though standard input is no terminal
    #[arg(long)]
    prompt: bool,
    /// Trace numbers begin here [default: 1 for a script, from the clock at a prompt]
    #[arg(long, value_name = "STAN")]
    stan: Option<u64>,
    /// Show card numbers, tracks and PIN blocks in clear
    #[arg(long)]
    reveal: bool,
    /// The script; - for standard input, or a prompt if that is a terminal
    #[arg(value_name = "FILE", default_value = "-")]
    script: String,
}

/// What the terminal did, on its way to the printer.
#[derive(Debug)]
enum TermLine {
    Message(&'static str, Bytes),
    Slip(Box<Slip>),
    Unconnected(String),
}

/// `Found` if the terminal does not know of some transaction where its money is; `Failed` if a
/// command of a prompt that nobody sits at was not carried out.
pub(super) fn run(args: &TermArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let typed = args.script == "-" && (args.prompt || std::io::stdin().is_terminal());
    let spec = args.peer.spec()?;
    let terminal = terminal(args, &spec, typed)?;
    let (sender, lines) = mpsc::channel();
    let wire = peer::wire(&spec);
    let to = args.to.clone();
    let fleet = Fleet::start(to, wire, vec![terminal], move |_, seen| {
        tell(&sender, &seen)
    })?;
    let mut printer = Printer {
        spec,
        lines,
        brief: args.brief,
        reveal: args.reveal,
        lang,
        to: &args.to,
        patience: args.wait,
        refused: None,
        sign_ins: 0,
        stopped: None,
        out,
    };
    let done = match typed {
        true => prompt::talk(args, &fleet, printer),
        false => script::play(args, &fleet, &mut printer).map(|()| true),
    };
    let mut terminals = fleet.stop();
    let all_done = done?;
    for terminal in &mut terminals {
        let tallies: Vec<FaultTally> = terminal.faults().tallies().collect();
        peer::tell_struck(&tallies, lang, out)?;
        peer::warn_of_unstruck(&tallies, lang);
    }
    let unsure = terminals
        .iter()
        .any(|t| t.receipts().unsure().next().is_some());
    Ok(match (all_done, unsure) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Found,
        (true, false) => Exit::Done,
    })
}

fn tell(sender: &Sender<TermLine>, seen: &TerminalSight<'_>) {
    let line = match *seen {
        TerminalSight::Sent(frame) => TermLine::Message("T>G", frame.clone()),
        TerminalSight::Received(frame) => TermLine::Message("G>T", frame.clone()),
        TerminalSight::Printed(slip) => TermLine::Slip(Box::new(slip.clone())),
        TerminalSight::Unconnected(error) => TermLine::Unconnected(error.to_string()),
    };
    // The printer outlives the terminal.
    let _gone = sender.send(line);
}

fn terminal(args: &TermArgs, spec: &Arc<Spec>, typed: bool) -> anyhow::Result<TestTerminal> {
    let merchant = MerchantId::new(&args.merchant).context("--merchant is too long")?;
    let name = TerminalId::new(&args.terminal).context("--terminal is too long")?;
    let workload = Workload::on_order(args.peer.cards());
    let mut options = TerminalOptions::new(spec, merchant, name, workload);
    options.master = args.peer.keys()?.of(&merchant, &name);
    options.patience = Patience::scaled(args.scale);
    options.faults = args.peer.faults(FaultSide::Terminal)?;
    options.stays_connected = true;
    let mut terminal = TestTerminal::new(options, args.peer.dice());
    let first = match args.stan {
        Some(stan) => stan,
        // One who types begins anew and anew, and must not repeat what an earlier run sent.
        None if typed => stan_of(Clock::new().now().wall).0,
        None => 1,
    };
    terminal.number_after(Stan(first.saturating_sub(1)));
    Ok(terminal)
}

/// A trace number that a moment later would be another one: tenths of seconds, over a day.
pub(super) fn stan_of(at: Wall) -> Stan {
    let tenths = (at.0 / 100_000).rem_euclid(999_999);
    Stan(u64::try_from(tenths).unwrap_or(0) + 1)
}
