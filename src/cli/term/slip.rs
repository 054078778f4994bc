//! What the terminal does, printed as it happens.

use super::TermLine;
use super::prompt::PromptWords;
use crate::cli::Lang;
use crate::cli::view::MessageSheet;
use crate::iso::codec::Message;
use crate::iso::spec::{Purpose, Spec};
use crate::lab::peer::{Receipt, Slip};
use bytes::Bytes;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Prints what the terminal does.
pub(super) struct Printer<'a> {
    pub spec: Arc<Spec>,
    pub lines: Receiver<TermLine>,
    /// Slips only.
    pub brief: bool,
    pub reveal: bool,
    pub lang: Lang,
    /// Where it calls, and how long it is tried to reach somebody there.
    pub to: &'a str,
    pub patience: Duration,
    /// Since when nobody could be reached.
    pub refused: Option<Instant>,
    /// Sign-ins sent since the last one that was approved.
    pub sign_ins: u32,
    /// Why a script cannot go on.
    pub stopped: Option<String>,
    pub out: &'a mut dyn Write,
}

/// How often a sign-in is sent before it is given up.
pub(super) const SIGN_INS: u32 = 2;

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
            TermLine::Message(direction, frame) => {
                self.refused = None;
                self.hear(&frame);
                if !self.brief {
                    write!(self.out, "{direction} ")?;
                    let view = MessageSheet::of(&self.spec, frame.to_vec(), false, self.reveal);
                    view.print(self.lang, self.out)?;
                    writeln!(self.out)?;
                }
            }
            TermLine::Slip(slip) => self.print_slip(&slip)?,
            TermLine::Unconnected(error) => self.unconnected(&error)?,
        }
        Ok(())
    }

    /// The script goes on if somebody is there soon; it is told once that nobody is.
    fn unconnected(&mut self, error: &str) -> anyhow::Result<()> {
        let words = PromptWords(self.lang);
        let Some(since) = self.refused else {
            self.refused = Some(Instant::now());
            let line = words.waiting(self.to, error, self.patience);
            return Ok(writeln!(std::io::stderr(), "isogate: {line}")?);
        };
        if since.elapsed() >= self.patience {
            self.stopped = Some(words.unconnected(self.to, error));
        }
        Ok(())
    }

    /// Without a session nothing is sold: a script that gets none ends, and says why.
    fn hear(&mut self, frame: &Bytes) {
        let Ok(message) = Message::parse(&self.spec, frame.clone()) else {
            return;
        };
        if message.kind().map(|kind| kind.purpose) != Some(Purpose::SignOn) {
            return;
        }
        let words = PromptWords(self.lang);
        if !message.mti().is_answer() {
            self.sign_ins += 1;
            if self.sign_ins > SIGN_INS {
                self.stopped = Some(words.sign_in_failed().to_owned());
            }
            return;
        }
        let code = message.response_code().unwrap_or_default();
        if self.spec.flow().codes.approved.contains(&code) {
            return;
        }
        let title = self.code_title(&code);
        self.stopped = Some(words.sign_in_refused(&format!("{code} {title}")));
    }

    fn print_slip(&mut self, slip: &Slip) -> anyhow::Result<()> {
        self.sign_ins = 0;
        let title = PromptWords(self.lang).slip();
        let line = self.slip(slip);
        Ok(writeln!(self.out, "{title}: {line}\n")?)
    }

    /// A receipt, and how long its transaction took.
    pub(super) fn slip(&self, slip: &Slip) -> String {
        format!(
            "{}  {} ms",
            self.receipt(&slip.receipt),
            slip.took.as_millis()
        )
    }

    /// `approved 00  sale 100.00  STAN 000002  RRN 203217491827  auth 010498`
    pub(super) fn receipt(&self, receipt: &Receipt) -> String {
        let code = receipt.code.unwrap_or_default();
        let kinds = &self.spec.flow().kinds;
        let kind = kinds.iter().find(|kind| kind.name == receipt.kind);
        let title = kind.map_or(receipt.kind.as_str(), |kind| match self.lang {
            Lang::En => kind.name.as_str(),
            Lang::Zh => &kind.title_zh,
        });
        PromptWords(self.lang).receipt(receipt, title, &self.code_title(&code))
    }

    pub(super) fn code_title(&self, code: &str) -> String {
        let title = self.spec.response_title(code);
        let chinese = self.lang == Lang::Zh;
        title.map_or_else(String::new, |title| title.of(chinese).to_owned())
    }
}
