//! Another codec, by other people, in another language (`tests/python/peer.py`): it must find in
//! our frames what we put there, we in its frames what it put there, and it must be able to trade.
//!
//! Needs the Python environment that `tests/run.sh` makes, which is why these tests run only there,
//! or with `cargo test --test it -- --ignored python`. More messages by hand:
//! `ISOGATE_PYTHON_MESSAGES=100000`.

use crate::rig::{Running, isogate, json, ports};
use bytes::Bytes;
use isogate::iso::codec::Message;
use isogate::iso::message::{FieldId, FieldPath, Mti};
use isogate::iso::spec::Spec;
use serde_json::{Map, Value};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const DIALECTS: [&str; 3] = [
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-ebcdic",
];

/// How many messages of a dialect are compared.
fn messages() -> usize {
    std::env::var("ISOGATE_PYTHON_MESSAGES").map_or(2_000, |count| count.parse().unwrap())
}

/// The fields of a dialect and their formats, as `spec show` tells them.
fn formats(dialect: &str) -> Map<String, Value> {
    let folder = std::env::temp_dir();
    let shown = isogate(&folder, &["spec", "show", dialect, "--json"]).output();
    let shown = json(&shown.unwrap());
    let fields = shown["fields"].as_object().unwrap();
    let format = |(number, field): (&String, &Value)| (number.clone(), field["format"].clone());
    fields.iter().map(format).collect()
}

/// Runs the peer, tells it the formats and then `lines`, and gives what it printed, line by line.
fn peer(arguments: &[&str], lines: Vec<String>) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(
        python.exists(),
        "no {}: run tests/run.sh, which makes it",
        python.display()
    );
    let mut child = Command::new(python)
        .arg(root.join("tests/python/peer.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let formats = Value::Object(formats(arguments[1])).to_string();
    let told = std::thread::spawn(move || {
        for line in std::iter::once(formats).chain(lines) {
            writeln!(stdin, "{line}").unwrap();
        }
    });
    let printed = BufReader::new(child.stdout.take().unwrap());
    let parse = |line: std::io::Result<String>| serde_json::from_str(&line.unwrap()).unwrap();
    let printed = printed.lines().map(parse).collect();
    told.join().unwrap();
    assert!(child.wait().unwrap().success(), "the peer failed");
    printed
}

/// What a message says, field by field, in the peer's words.
fn said(message: &Message) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("t".to_owned(), message.mti().to_string().into());
    for field in message.fields().iter() {
        let text = message.text(field).unwrap().into_owned();
        fields.insert(field.to_string(), text.replace('=', "D").into());
    }
    fields
}

fn read(spec: &Arc<Spec>, hex: &str) -> Message {
    let bytes = Bytes::from(unhex(hex));
    Message::parse(spec, bytes).unwrap_or_else(|error| panic!("{error} in {hex}"))
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same message, made here from its values.
fn rebuilt(spec: &Arc<Spec>, fields: &Map<String, Value>) -> String {
    let mti: Mti = fields["t"].as_str().unwrap().parse().unwrap();
    let mut message = Message::new(spec, mti);
    for (number, value) in fields.iter().filter(|(number, _)| *number != "t") {
        let field: FieldId = number.parse().unwrap();
        let set = message.set(FieldPath::from(field), value.as_str().unwrap());
        set.unwrap_or_else(|error| panic!("field {number}: {error}"));
    }
    hex(&message.build().unwrap())
}

#[test]
#[ignore = "needs Python: tests/run.sh makes its environment and runs it"]
fn what_the_other_codec_writes_reads_the_same_here_and_is_written_the_same() {
    let count = messages();
    for dialect in DIALECTS {
        let spec = Spec::builtin(dialect).unwrap();
        let made = peer(&["make", dialect, &count.to_string(), "8583"], Vec::new());
        assert_eq!(made.len(), count);
        for theirs in made {
            let (frame, fields) = (theirs["hex"].as_str().unwrap(), &theirs["fields"]);
            let fields = fields.as_object().unwrap();
            assert_eq!(&said(&read(&spec, frame)), fields, "{dialect} {frame}");
            assert_eq!(rebuilt(&spec, fields), frame, "{dialect} {fields:?}");
        }
    }
}

#[test]
#[ignore = "needs Python: tests/run.sh makes its environment and runs it"]
fn what_is_written_here_reads_the_same_in_the_other_codec() {
    for dialect in DIALECTS {
        let spec = Spec::builtin(dialect).unwrap();
        let made = peer(&["make", dialect, "500", "1987"], Vec::new());
        // Ours differ from theirs: every number one higher, every text reversed, one field less.
        let ours: Vec<Message> = made
            .iter()
            .map(|theirs| varied(&read(&spec, theirs["hex"].as_str().unwrap())))
            .collect();
        let frames = ours.iter().map(|message| hex(&message.build().unwrap()));
        let seen = peer(&["read", dialect], frames.collect());
        assert_eq!(seen.len(), ours.len());
        for (seen, ours) in seen.iter().zip(&ours) {
            assert_eq!(seen.as_object().unwrap(), &said(ours), "{dialect}");
        }
    }
}

/// A message like another: its first field is gone, its plain texts and numbers stand backwards.
fn varied(message: &Message) -> Message {
    let mut other = message.clone();
    let fields: Vec<FieldId> = message.fields().iter().collect();
    for field in &fields {
        let text = message.text(*field).unwrap();
        let plain = text.chars().all(|c| c.is_ascii_digit());
        if plain {
            let backwards: String = text.chars().rev().collect();
            other.set(FieldPath::from(*field), &backwards).unwrap();
        }
    }
    if let [first, _, ..] = fields.as_slice() {
        other.remove(*first);
    }
    other
}

#[test]
#[ignore = "needs Python: tests/run.sh makes its environment and runs it"]
fn a_terminal_in_python_trades_through_the_gateway() {
    for dialect in DIALECTS {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        let listen = ["host", "--spec", dialect, "--listen", "127.0.0.1:0"];
        let to_file = ["--ports", "host.json", "--json"];
        let host = Running::start(folder, &[&listen[..], &to_file[..]].concat());
        let acquirer = ports(folder, "host.json")["host"]["address"].clone();
        let text = format!(
            "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
             spec = \"{dialect}\"\n[[link]]\naddress = {acquirer}\nspec = \"{dialect}\"\n"
        );
        std::fs::write(folder.join("gateway.toml"), text).unwrap();
        let gateway = Running::start(folder, &["serve", "--ports", "gateway.json"]);
        let port = ports(folder, "gateway.json")["listeners"][0]["port"].to_string();

        let answers = peer(&["trade", dialect, "127.0.0.1", &port], Vec::new());
        let told: Vec<(&str, &str, &str)> = answers
            .iter()
            .map(|answer| {
                let text = |field: &str| answer[field].as_str().unwrap_or_default();
                (text("t"), text("11"), text("39"))
            })
            .collect();
        let expected = [
            ("0810", "000001", "00"),
            ("0210", "000002", "00"),
            ("0410", "000003", "00"),
        ];
        assert_eq!(told, expected, "{dialect}");
        assert_eq!(answers[1]["4"], "000000012345");

        assert_eq!(gateway.end("-TERM").0, 0);
        let (_, printed) = host.end("-INT");
        let books: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(books["books"]["reversed"], 12345, "{books}");
        let trace = isogate(folder, &["trace", "--json", "--stan", "000002"]).output();
        let sale = json(&trace.unwrap());
        assert_eq!(sale["state"], "REVERSED", "{sale}");
        // The number on the slip finds the sale; that of its reversal's answer is another one.
        let on_slip = answers[1]["37"].as_str().unwrap();
        assert_ne!(answers[2]["37"], on_slip);
        let trace = isogate(folder, &["trace", "--json", "--rrn", on_slip]).output();
        assert_eq!(json(&trace.unwrap())["rrn"], on_slip);
    }
}
