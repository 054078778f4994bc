//! Messages that other systems built, read and built through their packagers.

use super::{PackagerKind, import};
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

const FILES: [(&str, &str, &str); 3] = [
    (
        "jpos-iso87ascii",
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87ascii.xml"),
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87ascii.tsv"),
    ),
    (
        "jpos-iso87binary",
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87binary.xml"),
        include_str!("../../../proto-specs/vectors/foreign/jpos-iso87binary.tsv"),
    ),
    (
        "moov-spec87ascii",
        include_str!("../../../proto-specs/vectors/foreign/moov-spec87ascii.json"),
        include_str!("../../../proto-specs/vectors/foreign/moov-spec87ascii.tsv"),
    ),
];

/// What was put into a message.
#[derive(Deserialize)]
struct PutIn {
    mti: String,
    fields: BTreeMap<String, String>,
}

fn dialect(name: &str, text: &str) -> Arc<Spec> {
    let imported = import(PackagerKind::of(text).unwrap(), name, text).unwrap();
    assert_eq!(imported.left_out, []);
    Spec::load(name, &imported.text, &|_| None).unwrap()
}

/// How a message of theirs differs from ours, in fields and in bytes.
fn differs(spec: &Arc<Spec>, line: &str) -> Option<String> {
    let (hex, json) = line.split_once('\t')?;
    let frame: Bytes = unhex(hex).into();
    let put: PutIn = serde_json::from_str(json).ok()?;
    let value = |text: &String| text.strip_prefix("hex:").unwrap_or(text).to_owned();
    let message = match Message::parse(spec, frame.clone()) {
        Ok(message) => message,
        Err(error) => return Some(error.to_string()),
    };
    let mut made = Message::new(spec, put.mti.parse().ok()?);
    for (path, text) in &put.fields {
        let path: FieldPath = path.parse().ok()?;
        let text = value(text);
        let read = message.text(path).unwrap_or_default();
        // Packed track code has D for the separator.
        if read != text && read != text.replace('=', "D") {
            return Some(format!("field {path}"));
        }
        if let Err(error) = made.set(path, &text) {
            return Some(error.to_string());
        }
    }
    let count = message.fields().len() == put.fields.len();
    let same = made.build().is_ok_and(|bytes| bytes == frame);
    match (count, same) {
        (true, true) => None,
        (false, _) => Some("other fields".to_owned()),
        (_, false) => Some("other bytes".to_owned()),
    }
}

#[test]
fn messages_that_other_systems_built_are_read_and_built_alike() {
    for (name, packager, lines) in FILES {
        let spec = dialect(name, packager);
        let wrong: Vec<_> = lines
            .lines()
            .filter_map(|line| differs(&spec, line))
            .collect();
        let (all, bad) = (lines.lines().count(), wrong.len());
        assert_eq!(
            bad,
            0,
            "{name}: {bad} of {all} differ: {:?}",
            wrong.get(..20.min(bad))
        );
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}
