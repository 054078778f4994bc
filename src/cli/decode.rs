//! `isogate decode`: a message for people or as JSON, broken ones as far as they go.

use super::view::MessageSheet;
use super::{Exit, Lang, input};
use clap::Args;
use std::io::Write;

/// Show a message field by field
#[derive(Args, Debug)]
pub(crate) struct DecodeArgs {
    /// The dialect: a built-in name or a TOML file
    #[arg(long, default_value = "cup-pos")]
    spec: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Show card numbers, tracks and PIN blocks in clear
    #[arg(long)]
    reveal: bool,
    /// The length prefix is there [default: found out]
    #[arg(long)]
    framed: bool,
    /// Hex (white space is ignored), a file with hex or bytes, or - for standard input
    #[arg(value_name = "HEX|FILE")]
    message: String,
}

/// Prints the message; `Found` if it is broken.
pub(crate) fn run(args: &DecodeArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = input::spec(&args.spec)?;
    let view = MessageSheet::of(
        &spec,
        input::message(&args.message)?,
        args.framed,
        args.reveal,
    );
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &view.json())?;
        writeln!(out)?;
    } else {
        view.print(lang, out)?;
    }
    Ok(if view.error().is_none() {
        Exit::Done
    } else {
        Exit::Found
    })
}
