//! What the terminal does, printed as it happens.

use super::TermLine;
use crate::cli::Lang;
use crate::cli::view::MessageSheet;
use crate::iso::spec::Spec;
use crate::lab::peer::{Slip, TerminalBelief};
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Prints what the terminal does.
pub(super) struct Printer<'a> {
    pub spec: Arc<Spec>,
    pub lines: Receiver<TermLine>,
    /// Slips only.
    pub brief: bool,
    pub reveal: bool,
    pub lang: Lang,
    pub out: &'a mut dyn Write,
}

impl Printer<'_> {
    pub(super) fn print_all(&mut self) -> anyhow::Result<()> {
        while let Ok(line) = self.lines.try_recv() {
            self.print(line)?;
        }
        Ok(self.out.flush()?)
    }

    /// Waits for something to print, not for long.
    pub(super) fn wait(&mut self, most: Duration) -> anyhow::Result<()> {
        match self.lines.recv_timeout(most) {
            Ok(line) => self.print(line),
            Err(_nothing_yet) => Ok(()),
        }
    }

    fn print(&mut self, line: TermLine) -> anyhow::Result<()> {
        match line {
            TermLine::Message(_, _) if self.brief => {}
            TermLine::Message(direction, frame) => {
                write!(self.out, "{direction} ")?;
                let view = MessageSheet::of(&self.spec, frame.to_vec(), false, self.reveal);
                view.print(self.lang, self.out)?;
                writeln!(self.out)?;
            }
            TermLine::Slip(slip) => self.print_slip(&slip)?,
            TermLine::Unconnected(error) => {
                // The script goes on when somebody is there.
                writeln!(std::io::stderr(), "isogate: {error}; trying again")?;
            }
        }
        Ok(())
    }

    fn print_slip(&mut self, slip: &Slip) -> anyhow::Result<()> {
        let receipt = &slip.receipt;
        let belief = match receipt.belief {
            TerminalBelief::Open => "open",
            TerminalBelief::Approved => "approved",
            TerminalBelief::Declined => "declined",
            TerminalBelief::Reversed { proven: true } => "reversed",
            TerminalBelief::Reversed { proven: false } => "reversed, not proven",
            TerminalBelief::GivenUp => "reversal given up: call the acquirer",
            TerminalBelief::Unknown => "unknown",
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
