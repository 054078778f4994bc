//! `isogate spec doctor`: which dialect unknown bytes are in, and what is wrong with one message.

use super::super::{Exit, input};
use crate::iso::codec::{Framer, Message, ParseError, ParseFault, PieceKind, dissect};
use crate::iso::doctor::{self, Mend, PossibleReading};
use crate::iso::spec::Spec;
use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Bytes: a file (a stream, or hex, a message a line), hex, or - for standard input
    #[arg(value_name = "FILE|HEX", default_value = "-")]
    input: String,
    /// One broken message in this dialect: what is likely wrong with it
    #[arg(long, value_name = "NAME")]
    spec: Option<String>,
    /// Write the likeliest dialect to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "spec")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Show the bytes of values, too
    #[arg(long, requires = "spec")]
    reveal: bool,
}

/// Says what the bytes are; `Found` if they can be read in no way, or if the message is broken.
pub(super) fn run(args: &DoctorArgs, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let pieces = input::messages(&args.input)?;
    if let Some(name) = &args.spec {
        let [frame] = pieces.as_slice() else {
            bail!("--spec looks into one message; {} were given", pieces.len());
        };
        return broken(args, name, frame, out);
    }
    let readings = doctor::examine(&pieces);
    if let (Some(file), Some(best)) = (&args.out, readings.first()) {
        std::fs::write(file, &best.draft)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        let all: Vec<Value> = readings.iter().map(reading_json).collect();
        serde_json::to_writer_pretty(&mut *out, &json!({ "readings": all }))?;
        writeln!(out)?;
    } else {
        for reading in &readings {
            let (percent, dialect) = (reading.confidence, &reading.dialect);
            writeln!(out, "{percent:>3} %  {dialect}: {}", reading.reason)?;
        }
        if readings.is_empty() {
            writeln!(
                out,
                "no known dialect, behind no usual length, reads any of it"
            )?;
        }
        if let (Some(file), false) = (&args.out, readings.is_empty()) {
            writeln!(out, "the first is written to {}", file.display())?;
        }
    }
    Ok(if readings.is_empty() {
        Exit::Found
    } else {
        Exit::Done
    })
}

fn reading_json(reading: &PossibleReading) -> Value {
    json!({ "spec": reading.dialect, "confidence": reading.confidence,
            "frames": reading.frames, "skipped": reading.skipped, "reason": reading.reason,
            "frame": reading.framing.map(|framing| json!({
                "length": framing.encoding, "bytes": framing.bytes,
                "counts_itself": framing.counts_itself })),
            "draft": reading.draft })
}

fn broken(
    args: &DoctorArgs,
    name: &str,
    bytes: &[u8],
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let spec = input::spec(name)?;
    let frame = unframed(&spec, bytes);
    let head = match Spec::builtin(name) {
        Some(_) => format!("name = \"draft\"\nextends = \"{name}\""),
        None => input::text(name)?,
    };
    let (error, mends) = doctor::mends(&spec, &head, &frame);
    let Some(error) = error else {
        let sound = "the message is read to its end";
        if args.json {
            writeln!(out, "{}", json!({ "spec": spec.name(), "error": null }))?;
        } else {
            writeln!(out, "{sound}")?;
        }
        return Ok(Exit::Done);
    };
    if args.json {
        let all: Vec<Value> = mends.iter().map(mend_json).collect();
        let field = error.field.map(|path| path.to_string());
        let error = json!({ "field": field, "offset": error.offset, "message": error.to_string(),
                            "hint": error.hint() });
        serde_json::to_writer_pretty(
            &mut *out,
            &json!({ "spec": spec.name(), "error": error, "mends": all }),
        )?;
        writeln!(out)?;
        return Ok(Exit::Found);
    }
    caret(args, &frame, &error, &spec, out)?;
    writeln!(out, "{error}")?;
    for mend in &mends {
        writeln!(out, "likely: {}", mend.what)?;
        writeln!(out, "        [fields] {}", mend.line)?;
    }
    if mends.is_empty() {
        writeln!(out, "{}", error.hint())?;
    }
    Ok(Exit::Found)
}

/// The frame without a length before it, if that says how long it is.
fn unframed(spec: &Arc<Spec>, bytes: &[u8]) -> Vec<u8> {
    let framer = Framer::new(spec, usize::from(u16::MAX));
    let place = framer.place(bytes).ok().flatten();
    let inner = place.filter(|place| place.end == bytes.len());
    let frame = inner.and_then(|place| bytes.get(place)).unwrap_or(bytes);
    frame.to_vec()
}

fn mend_json(mend: &Mend) -> Value {
    json!({ "field": mend.field.to_string(), "message": mend.what, "line": mend.line,
            "whole": mend.whole })
}

/// Bytes shown before the fault, and behind it.
const AROUND: (usize, usize) = (12, 4);

/// The bytes around the fault, and a caret under it. Values are not shown, nor what was not read:
/// either may be a card number.
fn caret(
    args: &DoctorArgs,
    frame: &[u8],
    error: &ParseError,
    spec: &Arc<Spec>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let bytes = Bytes::copy_from_slice(frame);
    let (message, _) = Message::parse_partial(spec, bytes.clone());
    let read = message.map_or(0, |message| message.fields().len());
    let at = error.offset.min(frame.len());
    let length = length_at(error, spec);
    let pieces = dissect(spec, &bytes);
    let is_plain = |place: usize| {
        let piece = pieces.iter().find(|piece| piece.bytes.contains(&place));
        let framing = |kind: &PieceKind| !matches!(kind, PieceKind::Value(_) | PieceKind::Unread);
        args.reveal
            || (at..at + length).contains(&place)
            || piece.is_some_and(|piece| framing(&piece.is))
    };
    let from = at.saturating_sub(AROUND.0);
    let until = frame.len().min(at + AROUND.1.max(length));
    let shown = frame.iter().enumerate().take(until).skip(from);
    let shown = shown.map(|(place, byte)| match is_plain(place) {
        true => format!("{byte:02X}"),
        false => "..".to_owned(),
    });
    let mut shown: Vec<String> = shown.collect();
    if at == frame.len() {
        shown.push("(the end)".to_owned());
    }
    let total = frame.len();
    writeln!(out, "fields read: {read}; then, at byte {at} of {total}:")?;
    writeln!(out, "  {}", shown.join(" "))?;
    writeln!(out, "  {}^^", " ".repeat((at - from) * 3))?;
    Ok(())
}

/// How many bytes at the fault are a length, and so may be shown.
fn length_at(error: &ParseError, spec: &Spec) -> usize {
    let is_length = matches!(
        error.kind,
        ParseFault::Length | ParseFault::TooLong { .. } | ParseFault::TooShort { .. }
    );
    let field = error.field.filter(|_| is_length);
    let layout = field.and_then(|path| Some(spec.field(path.field)?.layout));
    layout
        .and_then(|layout| layout.prefix)
        .map_or(0, |prefix| usize::from(prefix.bytes))
}
