//! `isogate send`: one message to a live address, and its answer.

mod report;

use super::document::{self, Document};
use super::peer::{self, time};
use super::term::stan_of;
use super::view::MessageSheet;
use super::{Exit, Lang, ZoneArgs, input};
use crate::engine::seam::{Dice, Wall, Zone};
use crate::io::drive::Call;
use crate::io::serve::Clock;
use crate::iso::codec::{Message, ParseError};
use crate::iso::message::{FieldId, FieldPath, Stan};
use crate::iso::spec::Spec;
use crate::lab::peer::{Deck, TerminalOptions, TestTerminal, Workload};
use anyhow::{Context, bail};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use report::{Heard, SendReport};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Send one message to a live address, and show the answer
///
/// A message is sent byte by byte as it is given, with the length prefix of the dialect before it,
/// unless options change it. A decline is an answer: exit code 0. 1: the answer cannot be read, or
/// its MAC is wrong. 2: no answer came, or nothing could be sent.
#[derive(Args, Debug)]
pub(crate) struct SendArgs {
    /// Hex (white space is ignored), a file with hex, bytes or the JSON that decode prints, or -
    /// for standard input
    #[arg(value_name = "HEX|FILE")]
    message: String,
    /// Where it goes
    #[arg(long, value_name = "HOST:PORT")]
    to: String,
    /// The dialect: a built-in name or a TOML file [default: as the document says, else cup-pos]
    #[arg(long)]
    spec: Option<String>,
    /// Change a field or part, such as 4=100 or 60.2=000007; several times for several
    #[arg(long, value_name = "FIELD=VALUE", value_parser = change)]
    set: Vec<(FieldPath, String)>,
    /// Leave a field out; several times for several
    #[arg(long, value_name = "FIELD")]
    remove: Vec<FieldId>,
    /// A new trace number (DE 11): six digits, or auto for one from the clock
    #[arg(long, value_name = "STAN")]
    stan: Option<String>,
    /// Date and time (DE 7, 12, 13, as far as they are there) and trace number of this moment
    #[arg(long)]
    now: bool,
    /// auto: dates and MAC made anew, with keys from a sign-in before it
    #[arg(long, value_enum)]
    mac: Option<Mac>,
    /// Master keys of the terminals; without it they are derived from the seed
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Where keys come from that no file gives: the same at the other end
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long connecting may take, and then the answer
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    timeout: Duration,
    /// The length prefix is there [default: found out]
    #[arg(long)]
    framed: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Show card numbers, tracks and PIN blocks in clear
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// How a MAC comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mac {
    /// From a sign-in
    Auto,
}

fn change(text: &str) -> Result<(FieldPath, String), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or("wants FIELD=VALUE, such as 4=100")?;
    Ok((path.parse()?, value.to_owned()))
}

/// Sends, waits, prints.
pub(crate) fn run(args: &SendArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let mut draft = Draft::read(args)?;
    draft.change(args)?;
    let spec = Arc::clone(&draft.spec);
    let mut call = Call::connect(&args.to, &peer::wire(&spec), args.timeout)?;
    let terminal = match args.mac {
        Some(Mac::Auto) => Some(draft.seal(args, &mut call)?),
        None => None,
    };
    let frame = draft.frame()?;
    let began = Instant::now();
    call.send(frame.clone())?;
    let heard = Heard::wait(&mut call, &spec, &frame, began, args.timeout);
    let report = SendReport {
        to: &args.to,
        sent: MessageSheet::of_frame(&spec, frame, args.reveal),
        mac: heard
            .message(&spec)
            .and_then(|answer| terminal?.verifies(&answer)),
        reveal: args.reveal,
        heard,
        spec,
    };
    if args.json {
        report.print_json(out)?;
    } else {
        report.print(lang, out)?;
    }
    report.exit()
}

/// What is going to be sent.
struct Draft {
    spec: Arc<Spec>,
    /// As it was given, without length prefix; empty if a document was.
    frame: Bytes,
    message: Result<Message, ParseError>,
}

impl Draft {
    fn read(args: &SendArgs) -> anyhow::Result<Self> {
        let inline = args.message.trim_start().starts_with('{');
        let bytes = match inline {
            true => args.message.clone().into_bytes(),
            false => input::message(&args.message)?,
        };
        if bytes.trim_ascii_start().starts_with(b"{") {
            let name = if inline {
                "the document"
            } else {
                &args.message
            };
            let text = std::str::from_utf8(&bytes).with_context(|| format!("{name} is no text"))?;
            let document = Document::read(name, text)?;
            let spec = args.spec.as_ref().or(document.spec.as_ref());
            let spec = input::spec(spec.map_or("cup-pos", String::as_str))?;
            return Ok(Self {
                frame: Bytes::new(),
                message: Ok(document.message(&spec)?),
                spec,
            });
        }
        let spec = input::spec(args.spec.as_deref().unwrap_or("cup-pos"))?;
        let frame = MessageSheet::of(&spec, bytes, args.framed, false)
            .frame()
            .clone();
        Ok(Self {
            message: Message::parse(&spec, frame.clone()),
            frame,
            spec,
        })
    }

    /// What the options want otherwise. Without any, the bytes stay as they are.
    fn change(&mut self, args: &SendArgs) -> anyhow::Result<()> {
        let dated = args.now || args.mac.is_some();
        let stan = match args.stan.as_deref() {
            Some("auto") => Some(stan_of(Clock::new().now().wall)),
            Some(stan) => Some(
                stan.parse()
                    .map(Stan)
                    .context("--stan wants six digits, or auto")?,
            ),
            None => args.now.then(|| stan_of(Clock::new().now().wall)),
        };
        let wants = dated || stan.is_some() || !args.set.is_empty() || !args.remove.is_empty();
        if !wants {
            return Ok(());
        }
        let message = match &mut self.message {
            Ok(message) => message,
            Err(error) => bail!(
                "{error}: a message that cannot be read is sent as it is, without options that \
                 change it"
            ),
        };
        if dated {
            put_moment(message, Clock::new().now().wall, &args.zone.it)?;
        }
        if let Some(stan) = stan {
            message
                .set(FieldId::of(11), &stan.to_string())
                .context("--stan")?;
        }
        for id in &args.remove {
            message.remove(*id);
        }
        for (path, value) in &args.set {
            document::set(message, *path, value).context("--set")?;
        }
        Ok(())
    }

    /// Signs in as the terminal of the message, and makes the message's MAC.
    fn seal(&mut self, args: &SendArgs, call: &mut Call) -> anyhow::Result<TestTerminal> {
        let Ok(message) = &mut self.message else {
            bail!("--mac: the message cannot be read");
        };
        let flow = self.spec.flow();
        if flow.mac.is_none() || flow.sign_on.is_none() {
            bail!(
                "--mac auto: {} has no MAC with keys from a sign-in",
                self.spec.name()
            );
        }
        match message.kind() {
            Some(kind) if kind.mac => {}
            Some(kind) => bail!("--mac auto: a {} carries no MAC", kind.name),
            None => bail!(
                "--mac auto: this is no message that {} knows",
                self.spec.name()
            ),
        }
        let mut terminal = terminal(args, message)?;
        call.sign_in(&mut terminal)?;
        terminal.seal(message);
        Ok(terminal)
    }

    fn frame(&self) -> anyhow::Result<Bytes> {
        match &self.message {
            Ok(message) => Ok(message.build()?),
            Err(_broken) => Ok(self.frame.clone()),
        }
    }
}

/// A terminal with the names of the message.
fn terminal(args: &SendArgs, message: &Message) -> anyhow::Result<TestTerminal> {
    let merchant = message
        .merchant()
        .context("--mac auto: the message has no DE 42")?;
    let name = message
        .terminal()
        .context("--mac auto: the message has no DE 41")?;
    let workload = Workload::on_order(Deck::new(args.seed, 0));
    let mut options = TerminalOptions::new(message.spec(), merchant, name, workload);
    options.master = peer::master_keys(args.keys.as_deref(), args.seed)?.of(&merchant, &name);
    if options.master.is_none() {
        bail!("--keys has no master key for terminal {name} of merchant {merchant}");
    }
    options.patience.answer = args.timeout;
    options.stays_connected = true;
    Ok(TestTerminal::new(options, Dice::new(args.seed)))
}

/// The moment, where the message has one.
fn put_moment(message: &mut Message, at: Wall, zone: &Zone) -> anyhow::Result<()> {
    let spec = Arc::clone(message.spec());
    for (field, form) in &spec.flow().stamps {
        if message.has(*field) {
            message.set(*field, &at.stamp(form, zone))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
