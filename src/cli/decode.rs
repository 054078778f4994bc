//! `isogate decode`: a message for people or as JSON, broken ones as far as they go.

use super::lines::{LineAnswer, Lines, answer_each};
use super::view::MessageSheet;
use super::{Exit, Lang, input};
use crate::iso::spec::Spec;
use clap::Args;
use std::io::Write;
use std::sync::Arc;

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
    /// Each line is a message in hex; print one JSON document a line
    #[arg(long)]
    lines: bool,
    /// Hex (white space is ignored), a file with hex or bytes, or - for standard input
    #[arg(value_name = "HEX|FILE")]
    message: String,
}

/// Prints the message; `Found` if it is broken.
pub(crate) fn run(args: &DecodeArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = input::spec(&args.spec)?;
    if args.lines {
        let mut lines = Lines::open(&args.message)?;
        let answer = |number, line: &Vec<u8>| decode_line(args, &spec, (number, line));
        let fine = answer_each(|| lines.next(), Vec::len, answer, out)?;
        return Ok(if fine { Exit::Done } else { Exit::Found });
    }
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

fn decode_line(
    args: &DecodeArgs,
    spec: &Arc<Spec>,
    (number, line): (usize, &[u8]),
) -> anyhow::Result<LineAnswer> {
    let Some(bytes) = input::hex(line) else {
        return Ok(LineAnswer::fault(
            number,
            "no hex: a message a line is wanted",
        ));
    };
    let sheet = MessageSheet::of(spec, bytes, args.framed, args.reveal);
    Ok(LineAnswer {
        text: serde_json::to_vec(&sheet)?,
        fine: sheet.error().is_none(),
    })
}
