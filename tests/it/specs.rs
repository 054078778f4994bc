//! Dialects from elsewhere: a packager of another system is imported and trades, and unknown bytes
//! are told.

use crate::rig::{Running, isogate, json, ports};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

const PACKAGER: &str = include_str!("../../proto-specs/vectors/foreign/jpos-iso87binary.xml");

/// Runs it to its end.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    isogate(folder, arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn an_imported_packager_trades_behind_other_frames_at_either_end() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    fs::write(folder.join("packager.xml"), PACKAGER).unwrap();
    let imported = run(
        folder,
        &["spec", "import", "packager.xml", "-o", "shop.toml"],
    );
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
    let checked = run(folder, &["spec", "check", "shop.toml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    // As the terminal speaks it: ASCIIChannel, four digits.
    let ascii = "extends = \"shop\"\n[frame]\nlength = \"ascii\"\nbytes = 4\n";
    fs::write(folder.join("pos.toml"), ascii).unwrap();

    let listen = "host --listen 127.0.0.1:0 --ports host.json --spec shop.toml";
    let host = Running::start(folder, &listen.split(' ').collect::<Vec<_>>());
    let acquirer = text(&ports(folder, "host.json")["host"]["address"]);
    let config = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
         spec = \"./shop.toml\"\nframe = {{ length = \"ascii\", bytes = 4 }}\n\
         [[link]]\naddress = \"{acquirer}\"\nspec = \"./shop.toml\"\n\
         [[route]]\nreversal = {{ by = \"gateway\" }}\n"
    );
    fs::write(folder.join("gateway.toml"), config).unwrap();
    let gateway = Running::start(folder, &["serve", "--ports", "gateway.json"]);
    let to = text(&ports(folder, "gateway.json")["listeners"][0]["address"]);
    let arguments = ["term", "--to", &to, "--spec", "pos.toml", "--brief"];
    let mut term = isogate(folder, &arguments);
    let term = term.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut term = term.unwrap();
    term.stdin
        .take()
        .unwrap()
        .write_all(b"sale 8880\n")
        .unwrap();
    let output = term.wait_with_output().unwrap();
    assert!(
        said(&output).contains("slip: approved 00  "),
        "{}",
        said(&output)
    );
    assert_eq!(gateway.end("-TERM").0, 0);
    assert_eq!(host.end("-INT").0, 0);
}

#[test]
fn a_header_of_one_end_makes_its_route_translate() {
    let home = tempfile::tempdir().unwrap();
    let check = |map: &str| {
        let text = format!(
            "[[listener]]\nspec = \"iso8583-1987-ascii\"\nheader = [{{ name = \"tpdu\", \
             default = \"6000030000\", answer = \"swap-addresses\" }}]\n\
             [[link]]\nspec = \"iso8583-1987-ascii\"\n[[route]]\n{map}"
        );
        fs::write(home.path().join("gateway.toml"), text).unwrap();
        let output = run(home.path(), &["serve", "--check"]);
        (output.status.code(), said(&output))
    };
    let (code, what) = check("");
    assert_eq!(code, Some(2), "{what}");
    assert!(what.contains("add map = { }"), "{what}");
    let (code, what) = check("map = { }\n");
    assert_eq!(code, Some(0), "{what}");
}

#[test]
fn what_a_packager_says_and_a_dialect_cannot_is_named_with_its_line() {
    let home = tempfile::tempdir().unwrap();
    let packager = "<!DOCTYPE isopackager [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n\
                    <isopackager>\n\
                    <isofield id=\"0\" length=\"4\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n\
                    <isofield id=\"1\" length=\"16\" class=\"org.jpos.iso.IFA_BITMAP\"/>\n\
                    <isofield id=\"3\" length=\"6\" class=\"org.jpos.iso.IFA_NUMERIC\"/>\n\
                    <isofield id=\"48\" length=\"99\" class=\"com.shop.Own_LLCHAR\"/>\n\
                    </isopackager>\n";
    fs::write(home.path().join("own.xml"), packager).unwrap();
    let output = run(
        home.path(),
        &["spec", "import", "own.xml", "-o", "own.toml"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("own.xml:6: left out: field 48"),
        "{}",
        said(&output)
    );
    let entity = packager.replace("id=\"3\"", "id=\"3\" name=\"&x;\"");
    fs::write(home.path().join("own.xml"), entity).unwrap();
    let output = run(home.path(), &["spec", "import", "own.xml"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("line 5"), "{}", said(&output));
}

#[test]
fn unknown_bytes_are_told_and_written_as_a_draft() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    // Two sign-ins of cup-pos, cut within the first.
    let frame = sample("cup-pos");
    let stream = format!("{}{frame}{frame}", &frame[20..]);
    fs::write(folder.join("bytes.hex"), stream).unwrap();
    let output = run(
        folder,
        &["spec", "doctor", "bytes.hex", "-o", "draft.toml", "--json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["readings"][0]["spec"], "cup-pos");
    let checked = run(folder, &["spec", "check", "draft.toml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let decoded = run(
        folder,
        &["decode", "--spec", "draft.toml", "--json", &frame],
    );
    assert_eq!(decoded.status.code(), Some(0), "{}", said(&decoded));
}

#[test]
fn a_broken_message_shows_its_fault_and_no_digit_of_a_track() {
    let home = tempfile::tempdir().unwrap();
    // Track 2 behind a length that the dialect reads as ten: it is sixteen, in binary.
    let frame = "02002000000020000000000000106226091234567890";
    let arguments = ["spec", "doctor", frame, "--spec", "iso8583-1987-binary"];
    let output = run(home.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    let what = said(&output);
    assert!(
        what.contains("likely: field 35: its length is binary"),
        "{what}"
    );
    assert!(
        what.contains("(it says 16); so read, the rest parses"),
        "{what}"
    );
    assert!(what.contains("\n  ") && what.contains("^^"), "{what}");
    assert!(!what.contains("62 26") && !what.contains("56 78"), "{what}");
}

/// The first published frame of a dialect that is sound, with its length.
fn sample(name: &str) -> String {
    let file = format!(
        "{}/proto-specs/vectors/{name}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let all: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let samples = all["sample"].as_array().unwrap();
    let sound = |one: &&toml::Value| one.get("error").is_none() && one["framed"].as_bool().unwrap();
    samples.iter().find(sound).unwrap()["hex"]
        .as_str()
        .unwrap()
        .to_owned()
}
