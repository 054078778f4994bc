//! `isogate term`: one simulated terminal, by script or typed at a prompt.

use super::peer::{self, PeerArgs};
use super::view::View;
use super::{Exit, Lang, input};
use crate::io::drive::{Fleet, Seen};
use crate::iso::message::{Amount, MerchantId, Stan, TerminalId, Text};
use crate::iso::spec::Spec;
use crate::lab::fault::Place;
use crate::lab::peer::{Belief, Order, Patience, Slip, Terminal, TerminalOptions, Workload};
use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// Run one simulated terminal
///
/// A script has one transaction a line: `KIND [AMOUNT] [of STAN|last] [card N]`, amounts in minor
/// units; empty lines and what follows a # are passed over:
///
///   sale 8880
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
    /// Slips only, no messages
    #[arg(long)]
    brief: bool,
    /// The script; - for standard input, or a prompt if that is a terminal
    #[arg(value_name = "FILE", default_value = "-")]
    script: String,
}

/// What the terminal did, on its way to the printer.
#[derive(Debug)]
enum Line {
    Message(&'static str, Bytes),
    Slip(Box<Slip>),
}

/// `Found` if the terminal does not know of some transaction where its money is.
pub(super) fn run(args: &TermArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = args.peer.spec()?;
    let terminal = terminal(args, &spec)?;
    let (sender, lines) = mpsc::channel();
    let wire = peer::wire(&spec);
    let fleet = Fleet::start(args.to.clone(), wire, vec![terminal], move |_, seen| {
        let line = match seen {
            Seen::Sent(frame) => Line::Message("T>G", frame.clone()),
            Seen::Received(frame) => Line::Message("G>T", frame.clone()),
            Seen::Printed(slip) => Line::Slip(Box::new(slip.clone())),
        };
        // The printer outlives the terminal.
        let _gone = sender.send(line);
    })?;
    let mut printer = Printer {
        spec,
        lines,
        brief: args.brief,
        lang,
        out,
    };
    let done = play(args, &fleet, &mut printer);
    let terminals = fleet.stop();
    done?;
    let unsure = terminals
        .iter()
        .any(|t| t.receipts().unsure().next().is_some());
    Ok(if unsure { Exit::Found } else { Exit::Done })
}

fn terminal(args: &TermArgs, spec: &Arc<Spec>) -> anyhow::Result<Terminal> {
    let merchant = MerchantId::new(&args.merchant).context("--merchant is too long")?;
    let name = TerminalId::new(&args.terminal).context("--terminal is too long")?;
    let workload = Workload::on_order(args.peer.cards());
    let mut options = TerminalOptions::new(spec, merchant, name, workload);
    options.master = args.peer.keys()?.of(&merchant, &name);
    options.patience = Patience::scaled(args.scale);
    options.faults = args.peer.faults(Place::Terminal)?;
    options.stays_connected = true;
    Ok(Terminal::new(options, args.peer.dice()))
}

/// Plays the script, one transaction after the other.
fn play(args: &TermArgs, fleet: &Fleet, printer: &mut Printer<'_>) -> anyhow::Result<()> {
    let typed = args.script == "-" && std::io::stdin().is_terminal();
    if args.script == "-" {
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let played = trade(&line?, fleet, printer);
            match played {
                // Whoever types may try again.
                Err(error) if typed => writeln!(printer.out, "{error:#}")?,
                played => played.with_context(|| format!("line {}", number + 1))?,
            }
        }
        return Ok(());
    }
    for (number, line) in input::text(&args.script)?.lines().enumerate() {
        let place = || format!("{}:{}", args.script, number + 1);
        trade(line, fleet, printer).with_context(place)?;
    }
    Ok(())
}

/// One transaction to its very end, its reversal included.
fn trade(line: &str, fleet: &Fleet, printer: &mut Printer<'_>) -> anyhow::Result<()> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if line.is_empty() {
        return Ok(());
    }
    let last = fleet
        .each(|terminal, _| last_approved(terminal))
        .pop()
        .flatten();
    let order = order(line, last)?;
    let ordered = fleet.each(move |terminal, now| terminal.order(now, order.clone()));
    ordered.into_iter().collect::<Result<(), _>>()?;
    loop {
        let idle = fleet.each(|terminal, _| terminal.is_idle()) != [false];
        printer.print_all()?;
        if idle {
            return Ok(());
        }
        printer.wait(Duration::from_millis(5))?;
    }
}

fn last_approved(terminal: &Terminal) -> Option<Stan> {
    let mut receipts = terminal.receipts().list().iter().rev();
    receipts
        .find(|receipt| receipt.belief == Belief::Approved && receipt.purpose.moves_money())
        .map(|receipt| receipt.stan)
}

/// `KIND [AMOUNT] [of STAN|last] [card N]`.
fn order(line: &str, last: Option<Stan>) -> anyhow::Result<Order> {
    let mut words = line.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let mut order = Order {
        kind: Text::new(kind).with_context(|| format!("`{kind}` is no kind"))?,
        amount: Amount(0),
        card: 0,
        original: None,
    };
    while let Some(word) = words.next() {
        match word {
            "of" => {
                order.original = Some(match words.next() {
                    Some("last") => last.context("nothing is approved yet: `of last` has none")?,
                    Some(stan) => Stan(stan.parse().context("after `of`: a trace number or last")?),
                    None => bail!("after `of`: a trace number or last"),
                });
            }
            "card" => {
                let card = words.next().unwrap_or_default();
                order.card = card.parse().context("after `card`: a number from 0")?;
            }
            amount => {
                let amount = amount.parse();
                order.amount = Amount(amount.context("an amount is a number of minor units")?);
            }
        }
    }
    Ok(order)
}

/// Prints what the terminal does.
struct Printer<'a> {
    spec: Arc<Spec>,
    lines: Receiver<Line>,
    brief: bool,
    lang: Lang,
    out: &'a mut dyn Write,
}

impl Printer<'_> {
    fn print_all(&mut self) -> anyhow::Result<()> {
        while let Ok(line) = self.lines.try_recv() {
            self.print(line)?;
        }
        Ok(self.out.flush()?)
    }

    /// Waits for something to print, not for long.
    fn wait(&mut self, most: Duration) -> anyhow::Result<()> {
        match self.lines.recv_timeout(most) {
            Ok(line) => self.print(line),
            Err(_nothing_yet) => Ok(()),
        }
    }

    fn print(&mut self, line: Line) -> anyhow::Result<()> {
        match line {
            Line::Message(_, _) if self.brief => {}
            Line::Message(direction, frame) => {
                write!(self.out, "{direction} ")?;
                let view = View::of(&self.spec, frame.to_vec(), false, false);
                view.print(self.lang, self.out)?;
                writeln!(self.out)?;
            }
            Line::Slip(slip) => self.print_slip(&slip)?,
        }
        Ok(())
    }

    fn print_slip(&mut self, slip: &Slip) -> anyhow::Result<()> {
        let receipt = &slip.receipt;
        let belief = match receipt.belief {
            Belief::Open => "open",
            Belief::Approved => "approved",
            Belief::Declined => "declined",
            Belief::Reversed { proven: true } => "reversed",
            Belief::Reversed { proven: false } => "reversed, not proven",
            Belief::GivenUp => "reversal given up: call the acquirer",
            Belief::Unknown => "unknown",
        };
        write!(
            self.out,
            "slip: {} {} stan {} {belief}",
            receipt.kind, receipt.amount.0, receipt.stan
        )?;
        if let Some(code) = receipt.code {
            write!(self.out, " ({code})")?;
        }
        if let Some(rrn) = receipt.rrn {
            write!(self.out, " rrn {rrn}")?;
        }
        if let Some(auth) = receipt.auth {
            write!(self.out, " auth {auth}")?;
        }
        Ok(writeln!(self.out, " {} ms\n", slip.took.as_millis())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_script_is_an_order() {
        let sale = order("sale 8880 card 3", None).unwrap();
        assert_eq!(
            (&*sale.kind, sale.amount, sale.card),
            ("sale", Amount(8880), 3)
        );
        let void = order("sale_void of last", Some(Stan(7))).unwrap();
        assert_eq!(void.original, Some(Stan(7)));
        assert_eq!(
            order("refund 100 of 12", None).unwrap().original,
            Some(Stan(12))
        );
        for wrong in ["sale lots", "void of", "void of last", "sale card x"] {
            assert!(order(wrong, None).is_err(), "{wrong}");
        }
    }
}
