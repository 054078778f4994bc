//! `isogate spec export`: a dialect in the words of another system.

use super::super::{Exit, input};
use crate::iso::foreign::{self, DialectForm};
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct SpecExportArgs {
    /// A built-in name or a TOML file
    name: String,
    /// What it is written as
    #[arg(long, value_enum)]
    to: DialectFormChoice,
    /// Write it to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A form, as `--to` names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectFormChoice {
    /// jPOS GenericPackager, XML
    Jpos,
    /// moov-io iso8583, JSON
    Moov,
    /// A dissector for Wireshark and tshark, Lua
    Lua,
    /// A page for people, Markdown
    Md,
}

impl From<DialectFormChoice> for DialectForm {
    fn from(choice: DialectFormChoice) -> Self {
        match choice {
            DialectFormChoice::Jpos => Self::Jpos,
            DialectFormChoice::Moov => Self::Moov,
            DialectFormChoice::Lua => Self::Lua,
            DialectFormChoice::Md => Self::Page,
        }
    }
}

/// Writes it, and says on standard error what the other form cannot say.
pub(super) fn run(args: &SpecExportArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = input::spec(&args.name)?;
    let exported = foreign::export(&spec, args.to.into());
    match &args.out {
        None => out.write_all(exported.text.as_bytes())?,
        Some(file) => {
            std::fs::write(file, &exported.text)
                .with_context(|| format!("cannot write {}", file.display()))?;
            writeln!(out, "{} is written to {}", spec.name(), file.display())?;
        }
    }
    for what in &exported.cannot {
        // The file may go to standard output: what is said of it does not.
        let _closed = writeln!(std::io::stderr(), "not said: {what}");
    }
    Ok(Exit::Done)
}
