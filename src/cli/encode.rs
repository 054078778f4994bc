//! `isogate encode`: the document that `decode` prints, back to hex.

use super::document::Document;
use super::{Exit, input};
use crate::iso::codec::Framer;
use bytes::BytesMut;
use clap::Args;
use serde_json::json;
use std::io::Write;

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
    /// A file with the document, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    document: String,
}

/// Prints the message as hex.
pub(crate) fn run(args: &EncodeArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let text = input::text(&args.document)?;
    let document = Document::read(&args.document, &text)?;
    let name = args.spec.as_ref().or(document.spec.as_ref());
    let spec = input::spec(name.map_or("cup-pos", String::as_str))?;
    let frame = document.message(&spec)?.build()?;
    let mut bytes = BytesMut::new();
    if args.framed || document.is_framed() {
        Framer::new(&spec, usize::from(u16::MAX)).wrap(&frame, &mut bytes)?;
    } else {
        bytes.extend_from_slice(&frame);
    }
    let hex = input::to_hex(&bytes);
    if args.json {
        serde_json::to_writer(&mut *out, &json!({ "spec": spec.name(), "hex": hex }))?;
        writeln!(out)?;
    } else {
        writeln!(out, "{hex}")?;
    }
    Ok(Exit::Done)
}
