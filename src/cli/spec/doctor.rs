//! `isogate spec doctor`: which dialect unknown bytes are in, and what is wrong with one message.

use super::super::{Exit, input};
use crate::iso::codec::{Framer, Message, ParseError};
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
    caret(&frame, &error, &spec, out)?;
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

/// The bytes around the fault, and a caret under it. What was read of values is not shown: only
/// what stands from the fault on, and lengths before it.
fn caret(
    frame: &[u8],
    error: &ParseError,
    spec: &Arc<Spec>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (message, _) = Message::parse_partial(spec, Bytes::copy_from_slice(frame));
    let read = message.map_or(0, |message| message.fields().len());
    let at = error.offset.min(frame.len());
    let shown = frame.get(at..).unwrap_or_default();
    let shown = input::to_hex(shown.get(..shown.len().min(4)).unwrap_or_default());
    writeln!(
        out,
        "{read} fields are read; then, at byte {at} of {}:",
        frame.len()
    )?;
    let before = format!("  … {at} bytes … ");
    let shown = if shown.is_empty() {
        "(the end)".to_owned()
    } else {
        shown
    };
    writeln!(out, "{before}{shown} …")?;
    writeln!(out, "{}^^", " ".repeat(before.chars().count()))?;
    Ok(())
}
