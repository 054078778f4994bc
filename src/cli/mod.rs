//! The command line: one file a subcommand, nothing but arguments, calls and printing.
//!
//! [`run`] parses the arguments and gives the exit code: 0 done, 1 it found something, 2 it failed,
//! 64 wrong usage. An error names the thing, the place and the mend.

mod api;
mod asked;
mod capture;
mod control;
mod decode;
mod definition;
mod diff;
mod document;
mod effect;
mod encode;
mod explain;
mod fault;
mod filed;
mod findings;
mod follow;
mod help_zh;
mod host;
mod input;
mod journal;
mod lab;
mod lines;
mod load;
mod made;
mod open;
mod page;
mod past;
mod peer;
mod period;
mod ports;
mod recon;
mod replay;
mod scenario;
mod screen;
mod send;
mod serve;
mod sim;
mod spec;
mod table;
mod tail;
mod term;
mod token;
#[cfg(feature = "tui")]
mod top;
mod trace;
mod usage_zh;
mod view;
mod wish;

use crate::engine::gateway::Act;
use crate::engine::seam::Zone;
use crate::engine::trace::Lang;
use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: it found something: open authorizations, a difference, a failed threshold.
    Found,
    /// 2: it failed.
    Failed,
    /// 64: it was called wrongly.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Failed => Self::from(2),
            Exit::Usage => Self::from(64),
        }
    }
}

/// A command was called wrongly, in a way that only the command itself can tell.
#[derive(Debug)]
struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A language, as `--lang` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LangChoice {
    /// English.
    En,
    /// 中文
    Zh,
}

impl From<LangChoice> for Lang {
    fn from(choice: LangChoice) -> Self {
        match choice {
            LangChoice::En => Self::En,
            LangChoice::Zh => Self::Zh,
        }
    }
}

/// As `LANG` says.
fn lang_of_environment() -> Lang {
    let chinese = std::env::var("LANG").is_ok_and(|lang| lang.starts_with("zh"));
    if chinese { Lang::Zh } else { Lang::En }
}

/// The zone of all moments that a command shows, and of local times that it writes.
#[derive(Args, Clone, Debug, Default)]
struct ZoneArgs {
    /// Time zone of what is shown, and of local times: +08:00, UTC or a name such as Asia/Shanghai
    #[arg(
        id = "zone",
        long,
        value_name = "ZONE",
        allow_hyphen_values = true,
        value_parser = zone,
        env = "ISOGATE_ZONE",
        hide_env_values = true,
        default_value_t
    )]
    it: Zone,
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::read(text).ok_or_else(|| "wants +08:00, UTC or a name such as Asia/Shanghai".to_owned())
}

/// An ISO 8583 gateway for payment test labs: where is the money, and what is safe to do next?
#[derive(Debug, Parser)]
#[command(name = "isogate", version, max_term_width = 100)]
struct Arguments {
    /// Language of verdicts and names [default: from LANG]
    #[arg(long, global = true, value_enum)]
    lang: Option<LangChoice>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Capture(capture::CaptureArgs),
    Decode(decode::DecodeArgs),
    Diff(diff::DiffArgs),
    Encode(encode::EncodeArgs),
    Fault(fault::FaultArgs),
    Findings(findings::FindingsArgs),
    Host(host::HostArgs),
    Load(load::LoadArgs),
    Journal(journal::JournalArgs),
    Lab(lab::LabArgs),
    Recon(Box<recon::ReconArgs>),
    Replay(replay::ReplayArgs),
    Scenario(scenario::ScenarioArgs),
    Send(send::SendArgs),
    Serve(serve::ServeArgs),
    Sim(sim::SimArgs),
    Spec(spec::SpecArgs),
    Trace(trace::TraceArgs),
    Open(open::OpenArgs),
    Explain(explain::ExplainArgs),
    Tail(tail::TailArgs),
    Term(term::TermArgs),
    Completions(made::CompletionsArgs),
    Man(made::ManArgs),
    Token(token::TokenArgs),
    #[cfg(feature = "tui")]
    Top(top::TopArgs),
    /// Print the document that describes the HTTP API, in OpenAPI 3.1
    Api,
    /// Have the running gateway reverse a transaction, as an operator's decision
    Reverse(wish::WishArgs),
    /// Have the running gateway put a pending reversal on the list of exceptions
    Park(wish::WishArgs),
    /// Have the running gateway close a transaction: it was found out elsewhere where the money is
    Close(wish::WishArgs),
}

/// Runs the command that the arguments name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match parse(&words) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&words, &error),
    };
    let mut out = std::io::stdout().lock();
    match dispatch(arguments, &mut out).and_then(|exit| Ok(out.flush().map(|()| exit)?)) {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) if error.is::<UsageError>() => {
            let _closed = writeln!(std::io::stderr(), "isogate: {error}");
            Exit::Usage
        }
        Err(error) => {
            let _closed = writeln!(std::io::stderr(), "isogate: {error:#}");
            Exit::Failed
        }
    }
}

/// The arguments, by the definition with which help is printed.
fn parse(words: &[OsString]) -> Result<Arguments, clap::Error> {
    let matches = definition::command().try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// The same, printing to `out` what the command prints to standard output.
///
/// # Errors
/// The arguments are wrong, or the command failed.
pub fn run_into(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    dispatch(Arguments::try_parse_from(arguments)?, out)
}

/// Prints what is wrong with the arguments, or the help that they ask for.
fn usage(words: &[OsString], error: &clap::Error) -> Exit {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand};
    let is_help = matches!(
        error.kind(),
        DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand
    );
    // Nobody is left to tell if printing the usage fails.
    let _closed = match help_zh::lang_of(words) {
        Lang::Zh if is_help => {
            let help = help_zh::help(words).to_string();
            match error.use_stderr() {
                true => std::io::stderr().write_all(help.as_bytes()),
                false => std::io::stdout().write_all(help.as_bytes()),
            }
        }
        Lang::Zh if error.use_stderr() => {
            std::io::stderr().write_all(usage_zh::text(error).as_bytes())
        }
        _ => error.print(),
    };
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}

/// Calls the command. Each writes its results to `out`; errors come back.
fn dispatch(arguments: Arguments, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let lang = arguments.lang.map_or_else(lang_of_environment, Lang::from);
    match arguments.command {
        Command::Capture(args) => capture::run(&args, lang, out),
        Command::Decode(args) => decode::run(&args, lang, out),
        Command::Diff(args) => diff::run(&args, lang, out),
        Command::Recon(args) => recon::run(&args, lang, out),
        Command::Replay(args) => replay::run(&args, lang, out),
        Command::Scenario(args) => scenario::run(&args, lang, out),
        Command::Send(args) => send::run(&args, lang, out),
        Command::Load(args) => load::run(&args, lang, out),
        Command::Host(args) => host::run(&args, lang, out),
        Command::Term(args) => term::run(&args, lang, out),
        Command::Encode(args) => encode::run(&args, out),
        Command::Journal(args) => journal::run(&args, lang, out),
        Command::Lab(args) => lab::run(&args, lang, out),
        Command::Token(args) => token::run(&args, lang, out),
        #[cfg(feature = "tui")]
        Command::Top(args) => top::run(&args, lang, out),
        Command::Api => api::run(out),
        Command::Serve(args) => serve::run(&args, lang, out),
        Command::Sim(args) => sim::run(&args, out),
        Command::Spec(args) => spec::run(&args, lang, out),
        Command::Trace(args) => trace::run(&args, lang, out),
        Command::Open(args) => open::run(&args, lang, out),
        Command::Explain(args) => explain::run(&args, lang, out),
        Command::Findings(args) => findings::run(&args, lang, out),
        Command::Fault(args) => fault::run(&args, lang, out),
        Command::Reverse(args) => wish::run(&args, Act::Reverse, out),
        Command::Park(args) => wish::run(&args, Act::Park, out),
        Command::Close(args) => wish::run(&args, Act::Close, out),
        Command::Tail(args) => tail::run(&args, lang, out),
        Command::Completions(args) => Ok(made::completions(&args, lang, out)),
        Command::Man(args) => made::man(&args, lang, out),
    }
}

/// A reader that went away, as `| head` does, is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let plain = cause.downcast_ref::<std::io::Error>();
        let json = cause.downcast_ref::<serde_json::Error>();
        plain
            .map(std::io::Error::kind)
            .or_else(|| json?.io_error_kind())
    });
    kind == Some(std::io::ErrorKind::BrokenPipe)
}
