//! What is fuzzed: each target takes any bytes, does with them what the gateway would do with a
//! stranger's, and says what came out, or which promise was broken. A panic is a find as well.
//!
//! The gate (`tests/fuzz/main.rs`) and the guided campaign (`tests/fuzz/guided`) share these files.

mod capture;
mod config;
mod document;
mod framer;
mod journal;
mod message;
mod packager;
mod past;
mod record;
mod spec;

use isogate::iso::spec::Spec;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A broken promise.
#[derive(Debug)]
pub(crate) struct Find {
    /// Which promise: a short name, by which finds that are known are told from new ones.
    pub(crate) class: &'static str,
    /// Where, and how.
    pub(crate) detail: String,
}

/// What a target made of its input: a signature, short and without values, that is the same for
/// inputs that go the same way; or the promise that was broken.
pub(crate) type Outcome = Result<String, Find>;

/// One target.
pub(crate) struct Target {
    /// Its name, which is that of its corpus.
    pub(crate) name: &'static str,
    /// Runs it.
    pub(crate) run: fn(&[u8]) -> Outcome,
    /// Inputs to begin with, made from the samples of the dialects.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Whether its input is text.
    #[allow(dead_code, reason = "a guided campaign finds that out by itself")]
    pub(crate) is_text: bool,
}

/// All of them.
pub(crate) const TARGETS: [Target; 9] = [
    target("message", message::run, message::seeds, false),
    target("document", document::run, document::seeds, false),
    target("framer", framer::run, framer::seeds, false),
    target("journal", journal::run, journal::seeds, false),
    target("record", record::run, record::seeds, false),
    target("spec", spec::run, spec::seeds, true),
    target("config", config::run, config::seeds, true),
    target("capture", capture::run, capture::seeds, false),
    target("packager", packager::run, packager::seeds, true),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]) -> Outcome,
    seeds: fn() -> Vec<Vec<u8>>,
    is_text: bool,
) -> Target {
    Target {
        name,
        run,
        seeds,
        is_text,
    }
}

/// Fails with a find unless a promise holds.
fn holds(promise: bool, class: &'static str, detail: impl FnOnce() -> String) -> Result<(), Find> {
    if promise {
        return Ok(());
    }
    let detail = detail();
    Err(Find { class, detail })
}

/// The dialects, by place; an input's first byte chooses one.
fn dialects() -> &'static [Arc<Spec>] {
    static ALL: OnceLock<Vec<Arc<Spec>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let names = Spec::builtin_names().iter();
        names.map(|name| Spec::builtin(name).unwrap()).collect()
    })
}

/// The dialect that an input's first byte names, and the rest of it.
fn dialect(input: &[u8]) -> Option<(&'static Arc<Spec>, &[u8])> {
    let (first, rest) = input.split_first()?;
    let all = dialects();
    Some((all.get(usize::from(*first) % all.len())?, rest))
}

/// A text without its digits: numbers differ where the way is the same.
fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Bytes as hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Bytes from hex; spaces and lines of remarks are passed over.
fn bytes(text: &str) -> Vec<u8> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let digits: Vec<char> = lines
        .flat_map(str::chars)
        .filter(char::is_ascii_hexdigit)
        .collect();
    let value =
        |digit: &char| u8::try_from(digit.to_digit(16).unwrap_or_default()).unwrap_or_default();
    digits
        .chunks_exact(2)
        .map(|pair| value(&pair[0]) << 4 | value(&pair[1]))
        .collect()
}

/// The golden frames of every dialect and all malformed ones: place of the dialect, frame, and
/// whether its length prefix is there.
fn samples() -> Vec<(u8, Vec<u8>, bool)> {
    let top = top();
    let mut all = Vec::new();
    for (place, name) in (0..).zip(Spec::builtin_names()) {
        let path = top.join(format!("proto-specs/vectors/{name}.toml"));
        let text = std::fs::read_to_string(path).unwrap();
        let table: toml::Table = text.parse().unwrap();
        for sample in table["sample"].as_array().unwrap() {
            let framed = sample.get("framed").and_then(toml::Value::as_bool);
            let frame = bytes(sample["hex"].as_str().unwrap());
            all.push((place, frame, framed.unwrap_or_default()));
        }
    }
    all
}

/// The top of the house, from wherever this was compiled.
fn top() -> &'static Path {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders
        .find(|folder| folder.join("proto-specs").exists())
        .unwrap()
}
