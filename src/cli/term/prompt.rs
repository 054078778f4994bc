//! A terminal in the hands of a person: a command a line, a line for what came of it.

mod command;
mod words;

use super::slip::{Printer, SIGN_INS};
use super::{TermArgs, TermLine, script};
use crate::cli::peer;
use crate::cli::view::MessageSheet;
use crate::io::drive::{Call, Fleet};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Stan};
use crate::iso::spec::Purpose;
use crate::lab::peer::{Receipt, Slip, TestTerminal};
use anyhow::{Context, bail};
use bytes::Bytes;
use command::PromptCommand;
use std::collections::VecDeque;
use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};
pub(super) use words::PromptWords;

/// Messages kept for `show`.
const KEPT: usize = 64;
/// How long the answer to raw bytes is waited for, at scale 1.
const RAW: Duration = Duration::from_secs(10);

/// Takes commands until the input ends or says so; whether all of them were carried out, which
/// nobody asks who types them.
pub(super) fn talk(args: &TermArgs, fleet: &Fleet, printer: Printer<'_>) -> anyhow::Result<bool> {
    let mut prompt = Prompt {
        args,
        fleet,
        words: PromptWords(printer.lang),
        printer,
        kept: VecDeque::new(),
        is_typed: std::io::stdin().is_terminal(),
        sign_ins: 0,
        stopped: false,
        failed: false,
    };
    prompt.greet()?;
    for line in std::io::stdin().lock().lines() {
        if !prompt.obey(&line?)? {
            break;
        }
        prompt.ask()?;
    }
    Ok(prompt.is_typed || !prompt.failed)
}

/// The conversation.
struct Prompt<'a, 'b> {
    args: &'a TermArgs,
    fleet: &'a Fleet,
    printer: Printer<'b>,
    words: PromptWords,
    /// What went and came, the newest last.
    kept: VecDeque<(&'static str, Bytes)>,
    is_typed: bool,
    /// Sign-ins sent for the command under way.
    sign_ins: u32,
    /// What was ordered cannot be done, and is given up.
    stopped: bool,
    /// Whether any command was not carried out.
    failed: bool,
}

impl Prompt<'_, '_> {
    fn greet(&mut self) -> anyhow::Result<()> {
        if self.is_typed {
            let (to, spec) = (&self.args.to, self.printer.spec.name());
            let line = self.words.greeting(&self.args.terminal, to, spec);
            writeln!(self.printer.out, "{line}")?;
        }
        self.ask()
    }

    fn ask(&mut self) -> anyhow::Result<()> {
        if self.is_typed {
            write!(self.printer.out, "> ")?;
        }
        Ok(self.printer.out.flush()?)
    }

    /// False when it is the last. What is wrong with a command is told, and the next one taken.
    fn obey(&mut self, line: &str) -> anyhow::Result<bool> {
        // What happened since the last command: a late answer, a reversal at last.
        self.follow()?;
        let line = line.split('#').next().unwrap_or_default().trim();
        let done = match PromptCommand::read(line) {
            Ok(None) => Ok(()),
            Ok(Some(PromptCommand::Quit)) => return Ok(false),
            Ok(Some(command)) => self.carry_out(command),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.failed = true;
            writeln!(self.printer.out, "{}: {error:#}", self.words.error())?;
        }
        Ok(true)
    }

    fn carry_out(&mut self, command: PromptCommand) -> anyhow::Result<()> {
        match command {
            PromptCommand::Quit => Ok(()),
            PromptCommand::Help => self.help(),
            PromptCommand::Trade(line) => self.trade(&line),
            PromptCommand::SignIn => {
                self.with(|terminal, now| terminal.sign_in(now))?;
                self.wait()?;
                match self.stopped || self.with(|terminal, _| terminal.is_signed_in())? {
                    true => Ok(()),
                    false => self.give_up(self.words.sign_in_failed()),
                }
            }
            PromptCommand::Reverse => {
                self.with(TestTerminal::reverse_last)??;
                self.wait()
            }
            PromptCommand::Set(path, value) => {
                let set =
                    move |terminal: &mut TestTerminal, _| terminal.overrule(path, value.as_deref());
                Ok(self.with(set)??)
            }
            PromptCommand::Show(which) => self.show(which),
            PromptCommand::List => self.list(),
            PromptCommand::Raw(frame) => self.raw(frame),
        }
    }

    /// Asks the one terminal, or changes something about it.
    fn with<T: Send + 'static>(
        &self,
        ask: impl FnMut(&mut TestTerminal, crate::engine::seam::Now) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        self.fleet.each(ask).pop().context("the terminal has ended")
    }

    fn trade(&mut self, line: &str) -> anyhow::Result<()> {
        let last = self.with(|terminal, _| last_receipt(terminal))?;
        let spec = &self.printer.spec;
        let line = command::in_words_of(spec, line, last.as_ref());
        let order = script::order(&line, last.map(|receipt| receipt.stan))?;
        self.with(move |terminal, now| terminal.order(now, order.clone()))??;
        self.wait()
    }

    /// Until the terminal has nothing left to do, or cannot do it.
    fn wait(&mut self) -> anyhow::Result<()> {
        (self.sign_ins, self.stopped) = (0, false);
        loop {
            let is_idle = self.with(|terminal, _| terminal.is_idle())?;
            self.follow()?;
            if is_idle || self.stopped {
                return Ok(());
            }
            if let Ok(line) = self.printer.lines.recv_timeout(Duration::from_millis(5)) {
                self.happened(line)?;
            }
        }
    }

    /// Tells all that has happened until now.
    fn follow(&mut self) -> anyhow::Result<()> {
        while let Ok(line) = self.printer.lines.try_recv() {
            self.happened(line)?;
        }
        Ok(self.printer.out.flush()?)
    }

    fn happened(&mut self, line: TermLine) -> anyhow::Result<()> {
        match line {
            TermLine::Slip(slip) => self.slip(&slip),
            TermLine::Unconnected(error) => {
                let line = self.words.unconnected(&self.args.to, &error);
                self.give_up(&line)
            }
            TermLine::Message(way, frame) => {
                self.keep(way, frame.clone());
                match Message::parse(&self.printer.spec, frame) {
                    Ok(message) => self.passed(&message),
                    Err(error) => {
                        writeln!(self.printer.out, "{way} {error}")?;
                        Ok(())
                    }
                }
            }
        }
    }

    fn keep(&mut self, way: &'static str, frame: Bytes) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((way, frame));
    }

    /// What a person wants to know of a message besides its slip.
    fn passed(&mut self, message: &Message) -> anyhow::Result<()> {
        let purpose = message.kind().map(|kind| kind.purpose);
        let is_answer = message.mti().is_answer();
        match purpose {
            Some(Purpose::SignOn) if !is_answer => {
                self.sign_ins += 1;
                if self.sign_ins > SIGN_INS {
                    let line = self.words.sign_in_failed();
                    return self.give_up(line);
                }
            }
            Some(Purpose::SignOn) => self.signed_in(message)?,
            Some(Purpose::Reversal) if !is_answer => {
                let line = self.words.reversing(message);
                writeln!(self.printer.out, "{line}")?;
            }
            Some(Purpose::Inquiry) if is_answer => {
                if let Some(text) = message.text(FieldId::of(54)) {
                    writeln!(self.printer.out, "{}", self.words.balance(&text))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn signed_in(&mut self, answer: &Message) -> anyhow::Result<()> {
        let code = answer.response_code().unwrap_or_default();
        let title = self.printer.code_title(&code);
        writeln!(self.printer.out, "{} {code} {title}", self.words.sign_in())?;
        let approved = &self.printer.spec.flow().codes.approved;
        match approved.contains(&code) {
            true => Ok(()),
            false => self.give_up(self.words.not_sent()),
        }
    }

    /// What is ordered is not tried any longer; what is begun is finished in the background.
    fn give_up(&mut self, why: &str) -> anyhow::Result<()> {
        if !self.stopped {
            writeln!(self.printer.out, "{why}")?;
        }
        self.stopped = true;
        self.failed = true;
        self.with(|terminal, _| terminal.cancel_orders())
    }

    fn slip(&mut self, slip: &Slip) -> anyhow::Result<()> {
        self.sign_ins = 0;
        let line = self.printer.slip(slip);
        Ok(writeln!(self.printer.out, "{line}")?)
    }

    fn help(&mut self) -> anyhow::Result<()> {
        let help = self.words.help(&self.printer.spec);
        Ok(write!(self.printer.out, "{help}")?)
    }

    /// The message so many before the last one, whole.
    fn show(&mut self, back: usize) -> anyhow::Result<()> {
        let count = self.kept.len();
        let Some((way, frame)) = count.checked_sub(back + 1).and_then(|at| self.kept.get(at))
        else {
            bail!("{}", self.words.nothing_to_show(count));
        };
        let view = MessageSheet::of_frame(&self.printer.spec, frame.clone(), self.printer.reveal);
        write!(self.printer.out, "{way} ")?;
        Ok(view.print(self.printer.lang, self.printer.out)?)
    }

    fn list(&mut self) -> anyhow::Result<()> {
        let receipts = self.with(|terminal, _| terminal.receipts().list().to_vec())?;
        for receipt in &receipts {
            let line = self.printer.receipt(receipt);
            writeln!(self.printer.out, "{line}")?;
        }
        Ok(())
    }

    /// Bytes as they are, over a connection of their own.
    fn raw(&mut self, frame: Bytes) -> anyhow::Result<()> {
        let patience = RAW / self.args.scale.max(1);
        let wire = peer::wire(&self.printer.spec);
        let mut call = Call::connect(&self.args.to, &wire, patience)?;
        call.send(frame.clone())?;
        self.keep("T>G", frame);
        let answer = call.receive(Instant::now() + patience)?;
        self.keep("G>T", answer.clone());
        let view = MessageSheet::of_frame(&self.printer.spec, answer, self.printer.reveal);
        let code = view.message().and_then(Message::response_code);
        let code = code.unwrap_or_default();
        let (name, title) = (view.name(self.printer.lang), self.printer.code_title(&code));
        Ok(writeln!(self.printer.out, "{name}  {code} {title}")?)
    }
}

fn last_receipt(terminal: &TestTerminal) -> Option<Receipt> {
    let stan: Stan = script::last_approved(terminal)?;
    let list = terminal.receipts().list();
    list.iter()
        .rev()
        .find(|receipt| receipt.stan == stan)
        .cloned()
}
