//! `decode --json --reveal` and `encode` undo each other: a message becomes a document, and the
//! document the same message; a document from a stranger is refused, or becomes a message that
//! becomes the same document again.
//!
//! The first byte chooses the dialect; its high bit says that a document follows, and not a frame.

use super::{Outcome, dialects, hex, holds, without_digits};
use bytes::Bytes;
use isogate::cli::{Exit, run_into};
use isogate::iso::codec::Message;
use serde_json::Value;
use std::ffi::OsString;
use std::sync::OnceLock;
use tempfile::TempDir;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (place, frame, _) in super::samples() {
        let spec = dialects()[usize::from(place)].name();
        if let Ok((_, text)) =
            called(&["decode", "--json", "--reveal", "--spec", spec, &hex(&frame)])
        {
            all.push([&[place | 0x80], text.as_bytes()].concat());
        }
        all.push([&[place], frame.as_slice()].concat());
    }
    all
}

/// Runs a command, and gives what it printed.
fn called(arguments: &[&str]) -> Result<(Exit, String), String> {
    let words = std::iter::once("isogate").chain(arguments.iter().copied());
    let mut out = Vec::new();
    match run_into(words.map(OsString::from), &mut out) {
        Ok(exit) => Ok((
            exit,
            String::from_utf8(out).map_err(|error| error.to_string())?,
        )),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// What `encode` makes of a document, as hex.
fn encoded(spec: &str, document: &[u8]) -> Result<String, String> {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    let thread = format!("{:?}", std::thread::current().id());
    let path = folder.join(thread.replace(['(', ')'], "-"));
    std::fs::write(&path, document).unwrap();
    let (_, text) = called(&["encode", "--spec", spec, path.to_str().unwrap()])?;
    Ok(text.trim().to_owned())
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let Some((first, rest)) = input.split_first() else {
        return Ok("nothing".to_owned());
    };
    let spec = &dialects()[usize::from(first & 0x7F) % dialects().len()];
    if first & 0x80 == 0 {
        return of_frame(spec.name(), rest);
    }
    match encoded(spec.name(), rest) {
        Err(refused) => {
            // The path of the file is another in each run.
            let why = refused
                .split_once(" is no message document")
                .map_or("", |(_, why)| why);
            let refused = if why.is_empty() { &refused } else { why };
            let refused: String = without_digits(refused).chars().take(60).collect();
            Ok(format!("{} refused {refused}", spec.name()))
        }
        Ok(made) => {
            let framed: Result<Value, _> = serde_json::from_slice(rest);
            let framed = framed.is_ok_and(|value| !value["header"]["length"].is_null());
            let sound = Message::parse(spec, Bytes::from(super::bytes(&made)));
            let warned = sound
                .as_ref()
                .map_or(true, |message| !message.warnings().is_empty());
            if framed || warned {
                return Ok(format!("{} made {framed} {warned}", spec.name()));
            }
            of_frame(spec.name(), &super::bytes(&made)).map(|way| format!("{way} from a document"))
        }
    }
}

/// A frame becomes a document, and that the same frame, unless it is broken or warned about.
fn of_frame(spec: &str, frame: &[u8]) -> Outcome {
    if frame.is_empty() {
        return Ok("nothing".to_owned());
    }
    let came = hex(frame);
    let (exit, text) = match called(&["decode", "--json", "--reveal", "--spec", spec, &came]) {
        Ok(shown) => shown,
        Err(error) => {
            holds(false, "decode-fails", || format!("{spec} {came}: {error}"))?;
            return Ok(String::new());
        }
    };
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    holds(document.is_object(), "decode-prints-no-document", || {
        format!("{spec} {came}")
    })?;
    let mti = document["mti"].as_str().unwrap_or_default().to_owned();
    let warned = document["warnings"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    if exit != Exit::Done || warned {
        let kind = document["error"]["kind"].to_string();
        return Ok(format!(
            "{spec} {mti} broken {} {warned}",
            without_digits(&kind)
        ));
    }
    match encoded(spec, text.as_bytes()) {
        Err(error) => {
            let starred = document.to_string().contains("**");
            let class = if starred {
                "document-taken-for-masked"
            } else {
                "document-refused"
            };
            holds(false, class, || format!("{spec} {came}: {error}"))?;
        }
        Ok(made) => {
            let class = if canonical(spec, frame, &made) {
                "document-makes-another-form"
            } else {
                "document-differs"
            };
            let same = body(&super::bytes(&made)) == body(frame);
            holds(same, class, || format!("{spec} {made} of {came}"))?;
        }
    }
    Ok(format!("{spec} {mti} whole"))
}

/// A frame without its HTTP head: each peer writes its own host, fields that mean nothing here, and
/// ends of lines with or without their carriage return.
fn body(frame: &[u8]) -> &[u8] {
    if !frame.starts_with(b"POST ") && !frame.starts_with(b"HTTP/") {
        return frame;
    }
    let ends = [&b"\n\r\n"[..], b"\n\n"];
    let after = |end: &[u8]| {
        let at = frame.windows(end.len()).position(|bytes| bytes == end);
        at.map(|at| at + end.len())
    };
    let head = ends.into_iter().filter_map(after).min();
    head.map_or(frame, |head| frame.split_at(head).1)
}

/// Whether two frames say the same, in forms that differ.
fn canonical(spec: &str, frame: &[u8], made: &str) -> bool {
    let show = |hex: &str| {
        let shown = called(&["decode", "--json", "--reveal", "--spec", spec, hex]).ok()?;
        let document: Value = serde_json::from_str(&shown.1).ok()?;
        Some((
            document["mti"].clone(),
            document["fields"].clone(),
            document["subfields"].clone(),
        ))
    };
    show(made).is_some() && show(made) == show(&hex(frame))
}
