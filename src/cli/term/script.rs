//! A script: one transaction a line, each to its very end.

use super::TermArgs;
use super::slip::Printer;
use crate::cli::input;
use crate::engine::trace::amount;
use crate::io::drive::Fleet;
use crate::iso::message::{Amount, Stan, Text};
use crate::lab::peer::{Order, TerminalBelief, TestTerminal};
use anyhow::{Context, bail};
use std::io::BufRead;
use std::time::Duration;

/// Plays the script, one transaction after the other.
pub(super) fn play(
    args: &TermArgs,
    fleet: &Fleet,
    printer: &mut Printer<'_>,
) -> anyhow::Result<()> {
    if args.script == "-" {
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let played = trade(&line?, fleet, printer);
            played.with_context(|| format!("line {}", number + 1))?;
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
        if let Some(why) = printer.stopped.take() {
            bail!(why);
        }
        printer.wait(Duration::from_millis(5))?;
    }
}

pub(super) fn last_approved(terminal: &TestTerminal) -> Option<Stan> {
    let mut receipts = terminal.receipts().list().iter().rev();
    receipts
        .find(|receipt| receipt.belief == TerminalBelief::Approved && receipt.purpose.moves_money())
        .map(|receipt| receipt.stan)
}

/// `KIND [AMOUNT] [of STAN|last] [card N]`.
pub(super) fn order(line: &str, last: Option<Stan>) -> anyhow::Result<Order> {
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
            text => order.amount = amount(text)?,
        }
    }
    Ok(order)
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
        assert_eq!(order("sale 88.80 card 3", None).unwrap(), sale);
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
