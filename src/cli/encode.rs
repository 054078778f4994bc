//! `isogate encode`: the document that `decode` prints, back to hex.

use super::document::Document;
use super::lines::{LineAnswer, Lines, answer_each};
use super::{Exit, input};
use crate::iso::codec::Framer;
use crate::iso::spec::Spec;
use bytes::BytesMut;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::sync::Arc;

/// Build a message from the JSON that decode prints
#[derive(Args, Debug)]
pub(crate) struct EncodeArgs {
    /// The dialect: a built-in name or a TOML file [default: as the document says]
    #[arg(long)]
    spec: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Put the length prefix before it [default: if the document has a length]
    #[arg(long)]
    framed: bool,
    /// Each line is a document; print one message a line
    #[arg(long)]
    lines: bool,
    /// A file with the document, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    document: String,
}

/// Prints the message as hex.
pub(crate) fn run(args: &EncodeArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let chosen = args.spec.as_deref().map(input::spec).transpose()?;
    if args.lines {
        let made = |line: &[u8]| -> anyhow::Result<String> {
            let document = Document::read("the line", std::str::from_utf8(line)?)?;
            encode(args, chosen.as_ref(), &document)
        };
        let answer = |number, line: &Vec<u8>| {
            Ok(match made(line) {
                Ok(text) => LineAnswer {
                    text: text.into_bytes(),
                    fine: true,
                },
                Err(error) => LineAnswer::fault(number, &format!("{error:#}")),
            })
        };
        let mut lines = Lines::open(&args.document)?;
        let fine = answer_each(|| lines.next(), Vec::len, answer, out)?;
        return Ok(if fine { Exit::Done } else { Exit::Found });
    } else {
        let text = input::text(&args.document)?;
        let document = Document::read(&args.document, &text)?;
        writeln!(out, "{}", encode(args, chosen.as_ref(), &document)?)?;
    }
    Ok(Exit::Done)
}

/// The message of a document as it is printed; without a chosen dialect, by that which the document
/// names.
fn encode(
    args: &EncodeArgs,
    chosen: Option<&Arc<Spec>>,
    document: &Document,
) -> anyhow::Result<String> {
    let spec = match chosen {
        Some(spec) => Arc::clone(spec),
        None => input::spec(document.spec.as_deref().unwrap_or("cup-pos"))?,
    };
    let frame = document.message(&spec)?.build()?;
    let mut bytes = BytesMut::new();
    if args.framed || document.is_framed() {
        Framer::new(&spec, usize::from(u16::MAX)).wrap(&frame, &mut bytes)?;
    } else {
        bytes.extend_from_slice(&frame);
    }
    let hex = input::to_hex(&bytes);
    Ok(match args.json {
        true => json!({ "spec": spec.name(), "hex": hex }).to_string(),
        false => hex,
    })
}
