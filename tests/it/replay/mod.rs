//! Captured traffic played against a live host: the same host gives no difference, another one
//! exactly those that it makes.

mod again;

mod tap;

use crate::rig::{Running, isogate, json_lines, ports};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use tap::Tap;

/// What a terminal does while it is tapped.
const SCRIPT: &[u8] =
    b"sale 8880\nsale_void of last\nsale 500\nrefund 500 of last\nbalance\nsale 700\n";
/// The sign-in before it, and each of them.
const REQUESTS: u64 = 7;

/// A mock acquirer.
struct Acquirer {
    address: String,
    _host: Running,
}

impl Acquirer {
    fn start(folder: &Path, options: &[&str]) -> Self {
        // What an earlier one wrote must not be taken for what this one will write.
        let _absent = fs::remove_file(folder.join("host.json"));
        let listen = ["host", "--listen", "127.0.0.1:0", "--ports", "host.json"];
        let host = Running::start(folder, &[&listen, options].concat());
        let address = &ports(folder, "host.json")["host"]["address"];
        Self {
            address: address.as_str().unwrap().to_owned(),
            _host: host,
        }
    }
}

/// Trades with a fresh host, and writes what went over the wire to `day.pcap`.
fn capture(folder: &Path) {
    let host = Acquirer::start(folder, &[]);
    let tap = Tap::start(&host.address, 6583);
    trade(folder, tap.address());
    fs::write(folder.join("day.pcap"), tap.pcap()).unwrap();
}

/// A terminal trades as the script says.
fn trade(folder: &Path, to: &str) {
    let slips = speak(folder, to, &[], SCRIPT);
    assert_eq!(slips.matches("slip: approved 00  ").count(), 6, "{slips}");
}

/// What a terminal prints that plays a script.
fn speak(folder: &Path, to: &str, options: &[&str], script: &[u8]) -> String {
    let arguments = [&["term", "--to", to, "--brief"], options].concat();
    let mut term = isogate(folder, &arguments);
    let mut term = term
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    term.stdin.take().unwrap().write_all(script).unwrap();
    let output = term.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A gateway before an acquirer at this address.
fn gateway(folder: &Path, acquirer: &str) -> (String, Running) {
    let _absent = fs::remove_file(folder.join("gateway.json"));
    let config = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
         [[link]]\naddress = \"{acquirer}\"\nconnections = 1\n"
    );
    fs::write(folder.join("gateway.toml"), config).unwrap();
    let serve = Running::start(folder, &["serve", "--ports", "gateway.json"]);
    let address = &ports(folder, "gateway.json")["listeners"][0]["address"];
    (address.as_str().unwrap().to_owned(), serve)
}

#[test]
fn both_ends_are_played_around_a_gateway() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let host = Acquirer::start(folder, &[]);
    let upstream = Tap::start(&host.address, 6583);
    let (to, before) = gateway(folder, upstream.address());
    let terminals = upstream.and(&to, 5583);
    trade(folder, terminals.address());
    fs::write(folder.join("day.pcap"), upstream.pcap()).unwrap();
    drop((before, host));
    fs::remove_dir_all(folder.join("journal")).unwrap();

    // Where the captured acquirer will listen must be known before it does.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let (to, _gateway) = gateway(folder, &listen);
    let arguments = [
        "replay",
        "day.pcap",
        "--json",
        "--play",
        "both",
        "--to",
        &to,
        "--port",
        "5583",
        "--listen",
        &listen,
        "--acquirer-port",
        "6583",
    ];
    let output = isogate(folder, &arguments).output().unwrap();
    let told = json_lines(&output);
    let sum = told.last().unwrap();
    assert_eq!(output.status.code(), Some(0), "{told:?}");
    // The terminal's, each of them once more at the acquirer, and the gateway's own sign-on.
    assert_eq!(sum["same"], 2 * REQUESTS + 1, "{sum}");
    assert_eq!(sum["requests"], 2 * REQUESTS + 1, "{sum}");
}

/// Plays it against a host with these options; the command's exit code, and what it says of each
/// request and in the end.
fn replay(folder: &Path, host: &[&str], options: &[&str]) -> (i32, Vec<Value>) {
    let host = Acquirer::start(folder, host);
    let arguments = ["replay", "day.pcap", "--json", "--to", &host.address];
    let output = isogate(folder, &[&arguments, options].concat()).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), json_lines(&output))
}

/// What differs, as `KIND WHAT xTIMES`.
fn differences(sum: &Value) -> Vec<String> {
    let all = sum["differences"].as_array().unwrap().iter();
    let text = |one: &Value| {
        let [kind, what] = ["kind", "what"].map(|key| one[key].as_str().unwrap());
        format!("{kind} {what} x{}", one["times"])
    };
    all.map(text).collect()
}

#[test]
fn the_same_host_answers_alike_and_another_one_differs_where_it_does() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    capture(folder);

    for options in [
        [].as_slice(),
        &["--pace", "x10", "--fresh", "stan,time,rrn"],
        &["--order", "terminal", "--connections", "2"],
    ] {
        let (code, told) = replay(folder, &[], options);
        let sum = told.last().unwrap();
        assert_eq!(code, 0, "{options:?}: {sum}");
        assert_eq!(sum["requests"], REQUESTS);
        assert_eq!(sum["same"], REQUESTS, "{options:?}: {sum}");
        assert_eq!(told.len() as u64, REQUESTS + 1);
    }

    let rule = "[[rule]]\nmatch = { kind = \"sale\", amount = \"600..8000\" }\ncode = \"51\"\n";
    fs::write(folder.join("rules.toml"), rule).unwrap();
    let (code, told) = replay(folder, &["--rules", "rules.toml"], &[]);
    assert_eq!(code, 1);
    let found = differences(told.last().unwrap());
    assert_eq!(found, ["sale 38 x1", "sale 39 x1"]);
    let differs: Vec<&Value> = told
        .iter()
        .filter(|one| one["result"] == "differs")
        .collect();
    assert_eq!(differs.len(), 1);
    assert_eq!(differs[0]["captured_code"], "00");
    assert_eq!(differs[0]["code"], "51");
}

#[test]
fn what_differs_anyway_is_learned_and_an_answer_that_does_not_come_is_told() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    capture(folder);
    // Another balance is what these two hosts never have in common.
    let other = ["--balance", "123456"];
    let (code, told) = replay(folder, &other, &["--learn", "noise.toml"]);
    assert_eq!(differences(told.last().unwrap()), ["balance 54.5 x1"]);
    assert_eq!(code, 0);
    let noise = fs::read_to_string(folder.join("noise.toml")).unwrap();
    assert!(
        noise.contains("[types.0210]\n\"54.5\" = \"any\""),
        "{noise}"
    );
    let compare = ["--compare", "noise.toml"];
    assert_eq!(replay(folder, &other, &compare).0, 0);

    let rule = "[[rule]]\nmatch = { kind = \"balance\" }\nfault = \"F01\"\n";
    fs::write(folder.join("rules.toml"), rule).unwrap();
    let silent = ["--balance", "123456", "--rules", "rules.toml"];
    let (code, told) = replay(
        folder,
        &silent,
        &["--compare", "noise.toml", "--timeout", "300ms"],
    );
    assert_eq!(code, 1, "{told:?}");
    assert_eq!(differences(told.last().unwrap()), ["balance missing x1"]);

    let wrong = "[fields]\n39 = \"same\"\n";
    fs::write(folder.join("wrong.toml"), wrong).unwrap();
    let told = refused(folder, &["--compare", "wrong.toml"]);
    assert!(
        told.contains("wrong.toml (--compare): [fields] 39 = \"same\""),
        "{told}"
    );
    // Nobody listens there.
    let told = refused(folder, &[]);
    assert!(told.contains("is it listening there?"), "{told}");
}

/// What the command says when it cannot be played.
fn refused(folder: &Path, options: &[&str]) -> String {
    // Free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let free = free.unwrap().to_string();
    let arguments = ["replay", "day.pcap", "--to", &free];
    let output: Output = isogate(folder, &[&arguments, options].concat())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn reports_are_whole_and_show_no_card() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    capture(folder);
    let rule = "[[rule]]\nmatch = { kind = \"sale\" }\ncode = \"14\"\n";
    fs::write(folder.join("rules.toml"), rule).unwrap();
    let host = Acquirer::start(folder, &["--rules", "rules.toml"]);
    let arguments = [
        "replay",
        "day.pcap",
        "--to",
        &host.address,
        "--html",
        "page.html",
        "--junit",
        "junit.xml",
    ];
    let output = isogate(folder, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("39 Response code (equal)"), "{said}");
    let read = |file| fs::read_to_string(folder.join(file)).unwrap();
    let (page, junit) = (read("page.html"), read("junit.xml"));
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(
        junit.contains("<testcase classname=\"cup-pos\" name=\"sale\""),
        "{junit}"
    );
    assert!(junit.contains("3 of 3 answers differ"), "{junit}");
    // A card of the deck has no zero in its middle: sixteen digits in a row are a card or a number
    // of a merchant, which has fifteen.
    for text in [&said, &page, &junit] {
        let runs = text.split(|c: char| !c.is_ascii_digit());
        assert!(runs.map(str::len).max() < Some(16), "{text}");
    }
}

#[test]
fn macs_are_verified_under_the_keys_that_captured_sign_ons_brought() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    for (file, digit) in [("keys.toml", "4"), ("other.toml", "5")] {
        let text = format!("default_tmk = \"{}\"\n", digit.repeat(32));
        fs::write(folder.join(file), text).unwrap();
        fs::set_permissions(folder.join(file), PermissionsExt::from_mode(0o600)).unwrap();
    }
    let rule = "[[rule]]\nmatch = { kind = \"balance\" }\nfault = \"F11\"\n";
    fs::write(folder.join("rules.toml"), rule).unwrap();
    let keys = ["--keys", "keys.toml"];
    let host = Acquirer::start(folder, &[&keys[..], &["--rules", "rules.toml"]].concat());
    let tap = Tap::start(&host.address, 6583);
    let script = b"sale 8880\nbalance\nsale 500\n";
    let slips = speak(folder, tap.address(), &keys, script);
    assert_eq!(slips.matches("slip: approved 00  ").count(), 2, "{slips}");
    fs::write(folder.join("day.pcap"), tap.pcap()).unwrap();

    let macs = |keys: &str| {
        let arguments = ["capture", "day.pcap", "--json", "--keys", keys];
        let output = isogate(folder, &arguments).output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["macs"].clone()
    };
    let told = macs("keys.toml");
    assert_eq!(
        (&told["right"], &told["unverified"]),
        (&5.into(), &0.into()),
        "{told}"
    );
    let wrong = told["wrong"].as_array().unwrap();
    assert_eq!(
        (wrong.len(), &wrong[0]["mti"]),
        (1, &"0210".into()),
        "{told}"
    );
    assert_eq!(wrong[0]["from"], "server");
    let told = macs("other.toml");
    assert_eq!(
        (&told["right"], &told["unverified"]),
        (&0.into(), &6.into()),
        "{told}"
    );

    // Folded under the right keys, the answer with the wrong MAC is none.
    let causes = |keys: &[&str], journal: &str| {
        let fold = ["capture", "day.pcap", "--json", "--journal", journal];
        let output = isogate(folder, &[&fold[..], keys].concat())
            .output()
            .unwrap();
        let folded: Value = serde_json::from_slice(&output.stdout).unwrap();
        let trace = ["trace", "--json", "--journal", journal, "~kind balance"];
        let all = json_lines(&isogate(folder, &trace).output().unwrap());
        let [balance] = all.as_slice() else {
            panic!("{all:?}");
        };
        (folded["macs"]["wrong"].clone(), balance["state"].clone())
    };
    let believed = causes(&[], "believed");
    assert_eq!(believed, (Value::Null, "DELIVERED-APPROVED".into()));
    let (wrong, state) = causes(&["--keys", "keys.toml"], "verified");
    assert_eq!((wrong, state), (1.into(), "UNANSWERED".into()));
}
