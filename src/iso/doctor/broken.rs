//! One message that breaks its dialect: which small change of the dialect would let it be read.

use super::load;
use crate::iso::codec::{Message, ParseError};
use crate::iso::message::FieldId;
use crate::iso::spec::{Encoding, FieldContent, PrefixEncoding, Spec};
use bytes::Bytes;
use std::sync::Arc;

/// A change that lets a message be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// The field that it is about.
    pub field: FieldId,
    /// What is likely wrong, in words.
    pub what: String,
    /// The line of a dialect file that says so.
    pub line: String,
    /// Whether the rest is read to its end then.
    pub whole: bool,
}

/// What would let a broken message be read, the likeliest first. `text` is the file of a dialect
/// that extends `spec`, without its fields.
#[must_use]
pub fn mends(spec: &Arc<Spec>, head: &str, frame: &[u8]) -> (Option<ParseError>, Vec<Mend>) {
    let (message, error) = Message::parse_partial(spec, Bytes::copy_from_slice(frame));
    let Some(error) = error else {
        return (None, Vec::new());
    };
    let mut suspects: Vec<FieldId> = Vec::new();
    suspects.extend(error.field.map(|path| path.field));
    // The one before it may have been read with a wrong length.
    if let Some(message) = &message {
        let mut before: Vec<FieldId> = message.fields().iter().collect();
        before.reverse();
        suspects.extend(before.into_iter().take(3));
    }
    let mut all = Vec::new();
    for field in suspects {
        for (line, what) in changes(spec, field) {
            let Some(changed) = load(&format!("{head}\n[fields]\n{line}\n")) else {
                continue;
            };
            let (_, after) = Message::parse_partial(&changed, Bytes::copy_from_slice(frame));
            let offset = after.map_or(usize::MAX, |after| after.offset);
            if offset > error.offset {
                let said = said(spec, &changed, field, frame);
                all.push(Mend {
                    field,
                    what: format!("field {field}: {what}{said}"),
                    line,
                    whole: after.is_none(),
                });
            }
        }
    }
    let wholes = all.iter().filter(|mend| mend.whole).count();
    if wholes > 0 {
        all.retain(|mend| mend.whole);
    }
    all.truncate(5);
    (Some(error), all)
}

/// Small changes of how a field is written, each as a line of a dialect file, and in words.
fn changes(spec: &Spec, field: FieldId) -> Vec<(String, String)> {
    let Some(known) = spec.field(field) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let mut change =
        |keys: String, what: String| all.push((format!("{field} = {{ {keys} }}"), what));
    if let Some(prefix) = known.layout.prefix {
        for (encoding, word) in [
            (PrefixEncoding::Bcd, "bcd"),
            (PrefixEncoding::Binary, "binary"),
            (PrefixEncoding::Ascii, "ascii"),
        ] {
            for bytes in 1..=4u8 {
                if (encoding, bytes) == (prefix.encoding, prefix.bytes) {
                    continue;
                }
                for (counts, what) in [("units", "digits or characters"), ("bytes", "bytes")] {
                    change(
                        format!(
                            "prefix = \"{word}\", prefix_bytes = {bytes}, \
                             prefix_counts = \"{counts}\""
                        ),
                        format!("its length is {word} in {bytes} bytes, counting {what}"),
                    );
                }
            }
        }
    }
    let others: &[(Encoding, &str)] = match known.layout.content {
        FieldContent::Digits | FieldContent::SignedDigits | FieldContent::Track => {
            &[(Encoding::Ascii, "ascii"), (Encoding::Bcd, "bcd")]
        }
        FieldContent::Binary => &[(Encoding::Raw, "raw"), (Encoding::Hex, "hex")],
        FieldContent::Text(_) => &[],
    };
    for (encoding, word) in others {
        if *encoding != known.layout.encoding {
            change(
                format!("encoding = \"{word}\""),
                format!("its value is written as {word}"),
            );
        }
    }
    all
}

/// What a length says, read in the one way and in the other.
fn said(spec: &Spec, changed: &Arc<Spec>, field: FieldId, frame: &[u8]) -> String {
    let (Some(own), Some(other)) = (spec.field(field), changed.field(field)) else {
        return String::new();
    };
    if own.layout.prefix == other.layout.prefix {
        return String::new();
    }
    let (message, error) = Message::parse_partial(changed, Bytes::copy_from_slice(frame));
    let length = message.and_then(|message| Some(message.text(field)?.chars().count()));
    match (length, error) {
        (Some(length), None) => format!(" (it says {length}); so read, the rest parses"),
        (Some(length), Some(_)) => format!(" (it says {length})"),
        (None, _) => String::new(),
    }
}
