//! The malformed corpus: `tests/malformed/CLASS/NNN.hex`, each a frame behind its length, broken in
//! one way, with its error in the first line. What the error must be follows from the standard:
//! the maker of the files computes it from where it put the break, and asks isogate nothing.
//!
//! `ISOGATE_CORPUS=write cargo test --test it malformed` writes the files anew after a change of
//! the maker; without it the test fails where a file and its maker disagree.

mod classes;
mod dialect;

use crate::rig::{files_under, isogate, json};
use bytes::BytesMut;
use classes::{Broken, CLASSES};
use dialect::DIALECTS;
use isogate::iso::codec::{Framer, Message, dissect};
use isogate::iso::spec::Spec;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of one class and dialect at most: enough for each field and each end, no more.
const EACH: usize = 7;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed")
}

/// The corpus as its maker has it: path within the folder, and text.
fn made() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for class in CLASSES {
        let mut number = 0;
        for dialect in DIALECTS {
            let frames = dialect.messages();
            let cases: Vec<Broken> = frames
                .iter()
                .flat_map(|f| (class.cases)(dialect, f))
                .collect();
            // Spread over all messages and fields, rather than the first few.
            let step = cases.len().div_ceil(EACH).max(1);
            for case in cases.iter().step_by(step) {
                number += 1;
                let text = written(class.name, class.rule, dialect.name, case);
                files.insert(format!("{}/{number:03}.hex", class.name), text);
            }
        }
    }
    files
}

/// Bytes of the length before each frame.
const PREFIX: usize = 2;

fn written(class: &str, rule: &str, spec: &str, case: &Broken) -> String {
    let length = u16::try_from(case.bytes.len()).unwrap().to_be_bytes();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    let lines: Vec<String> = case.bytes.chunks(32).map(hex).collect();
    let field = case
        .field
        .map_or_else(|| "-".to_owned(), |field| field.to_string());
    format!(
        "# {spec}; {class}; field {field}; byte {}; {}\n# {rule}\n{}\n{}\n",
        case.at + PREFIX,
        case.message,
        hex(&length),
        lines.join("\n")
    )
}

/// The files of the corpus.
fn broken() -> Vec<PathBuf> {
    let mut paths = files_under(&folder());
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "hex"));
    paths
}

/// A file as a test reads it: dialect, error, bytes.
struct File {
    name: String,
    spec: String,
    field: Option<String>,
    byte: usize,
    message: String,
    bytes: Vec<u8>,
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    for path in broken() {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap().trim_start_matches("# ");
        let parts: Vec<&str> = first.splitn(5, "; ").collect();
        let [spec, _, field, byte, message] = parts[..] else {
            panic!("{first}");
        };
        let hex: String = text.lines().filter(|line| !line.starts_with('#')).collect();
        let byte_at = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        files.push(File {
            name: path.display().to_string(),
            spec: spec.to_owned(),
            field: Some(field.trim_start_matches("field ").to_owned()).filter(|f| f != "-"),
            byte: byte.trim_start_matches("byte ").parse().unwrap(),
            message: message.to_owned(),
            bytes: (0..hex.len()).step_by(2).map(byte_at).collect(),
        });
    }
    assert!(files.len() >= 500, "{} files", files.len());
    files
}

#[test]
fn the_corpus_is_what_its_maker_makes() {
    let made = made();
    if std::env::var("ISOGATE_CORPUS").is_ok_and(|value| value == "write") {
        let _none_yet = fs::remove_dir_all(folder());
        for (name, text) in &made {
            let path = folder().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let mut there = BTreeMap::new();
    for path in broken() {
        let name = path.strip_prefix(folder()).unwrap().display().to_string();
        there.insert(name, fs::read_to_string(path).unwrap());
    }
    let classes: std::collections::BTreeSet<_> = made
        .keys()
        .filter_map(|name| name.split('/').next())
        .collect();
    assert!(classes.len() >= 30, "{} classes", classes.len());
    assert!(made.len() >= 500, "{} files", made.len());
    assert!(
        made == there,
        "write the corpus anew, and look at what changed"
    );
}

#[test]
fn every_broken_frame_ends_where_and_as_the_standard_says() {
    let mut wrong = Vec::new();
    for file in files() {
        let spec = Spec::builtin(&file.spec).unwrap();
        let mut stream = BytesMut::from(&file.bytes[..]);
        let frame = Framer::new(&spec, 8 << 10)
            .next(&mut stream)
            .unwrap()
            .unwrap();
        assert!(stream.is_empty(), "{}", file.name);
        let error = Message::parse(&spec, frame.clone()).unwrap_err();
        let field = error.field.map(|field| field.to_string());
        let found = (field, error.offset + PREFIX, error.kind.to_string());
        if found != (file.field.clone(), file.byte, file.message.clone()) {
            wrong.push(format!(
                "{}: found {found:?}, should be {}",
                file.name, file.message
            ));
        }
        // What serve takes in: read in part it comes back as it came, or it is not taken at all.
        if let Ok(message) = Message::read(&spec, frame.clone()) {
            assert_eq!(message.fault(), Some(&error), "{}", file.name);
            assert_eq!(message.build().unwrap(), frame, "{}", file.name);
            assert!(message.redact().unwrap().frame.len() <= frame.len());
            let _any_kind = message.kind();
        }
        // Every byte of it has a name, if only that of what was not read.
        let pieces = dissect(&spec, &frame);
        let end = pieces.last().map_or(0, |piece| piece.bytes.end);
        assert_eq!(end, frame.len(), "{}", file.name);
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn decode_shows_each_with_its_error_and_ends_with_one() {
    for file in files() {
        let arguments = [
            "decode", "--spec", &file.spec, "--framed", "--json", &file.name,
        ];
        let output = isogate(&folder(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", file.name);
        let error = &json(&output)["error"];
        let field: Option<u64> = file.field.as_ref().map(|field| field.parse().unwrap());
        assert_eq!(error["field"].as_u64(), field, "{}: {error}", file.name);
        assert_eq!(
            error["offset"].as_u64(),
            Some(file.byte as u64),
            "{}",
            file.name
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with(&file.message), "{}: {message}", file.name);
    }
}
