//! A shadow: copies of a link's requests go to a second host, whose answers are compared.

use crate::rig::{Running, isogate, json_lines, ports};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn host(folder: &Path, file: &str, more: &[&str]) -> (Running, String) {
    let usual = [
        "host",
        "--spec",
        "iso8583-1987-ascii",
        "--listen",
        "127.0.0.1:0",
        "--ports",
    ];
    let arguments = [&usual, [file].as_slice(), more].concat();
    let host = Running::start(folder, &arguments);
    let address = ports(folder, file)["host"]["address"]
        .as_str()
        .unwrap()
        .to_owned();
    (host, address)
}

/// Trades by a script, from a terminal that did not trade before; the codes on the slips.
fn trade(folder: &Path, to: &str, terminal: &str, script: &str) -> Vec<String> {
    let arguments = [
        "term",
        "--spec",
        "iso8583-1987-ascii",
        "--to",
        to,
        "--terminal",
        terminal,
        "--brief",
        "--scale",
        "50",
    ];
    let mut term = isogate(folder, &arguments);
    let mut term = term
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    term.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = term.wait_with_output().unwrap();
    let slips = String::from_utf8(output.stdout).unwrap();
    // `slip: declined 51 not enough money  sale 1.00  …`
    let is_code = |word: &&str| word.len() == 2 && word.bytes().all(|c| c.is_ascii_digit());
    let slip = |line: &str| {
        line.strip_prefix("slip: ")?
            .split(' ')
            .find(is_code)
            .map(str::to_owned)
    };
    slips.lines().filter_map(slip).collect()
}

/// What the journal holds of the shadow, once there are so many.
fn shadows(folder: &Path, wanted: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let tail = ["tail", "--all", "--once", "--json", "--journal", "journal"];
        let mut records = json_lines(&isogate(folder, &tail).output().unwrap());
        records.retain(|record| record["fact"] == "shadow");
        if records.len() >= wanted || began.elapsed() > Duration::from_secs(20) {
            return records;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The report, once so many answers are told to be compared.
fn report_with(folder: &Path, compared: u64) -> Output {
    let began = Instant::now();
    loop {
        let report = ["journal", "shadow", "--json", "--journal", "journal"];
        let report = isogate(folder, &report).output().unwrap();
        let sum = json_lines(&report).pop().unwrap_or_default();
        let count = |name: &str| sum[name].as_u64().unwrap_or(0);
        let enough = count("same") + count("different") >= compared;
        if enough || began.elapsed() > Duration::from_secs(20) {
            return report;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn without_a_shadow_nothing_is_said_to_be_the_same() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let lab = ["lab", "--duration", "1s", "--folder", "journal", "--json"];
    isogate(folder, &lab).output().unwrap();
    let report = ["journal", "shadow", "--journal", "journal"];
    let report = isogate(folder, &report).output().unwrap();
    assert_eq!(report.status.code(), Some(2));
    let said = String::from_utf8_lossy(&report.stderr).into_owned();
    assert!(said.contains("nothing was compared"), "{said}");
}

#[test]
fn a_shadow_is_compared_and_never_heard_and_costs_nothing_when_it_is_dead() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let rules = "[[rule]]\nmatch = { amount = \"3000..999999\" }\ncode = \"51\"\n";
    fs::write(folder.join("rules.toml"), rules).unwrap();
    let (_host, acquirer) = host(folder, "host.json", &[]);
    let (shadow, copies) = host(folder, "shadow.json", &["--rules", "rules.toml"]);
    let config = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
         spec = \"iso8583-1987-ascii\"\n[[link]]\naddress = \"{acquirer}\"\nsign_on = false\n\
         spec = \"iso8583-1987-ascii\"\nshadow = {{ address = \"{copies}\", wait = \"1s\" }}\n"
    );
    fs::write(folder.join("gateway.toml"), config).unwrap();
    let gateway = Running::start(folder, &["serve", "--ports", "gateway.json"]);
    let document = ports(folder, "gateway.json");
    let to = document["listeners"][0]["address"].as_str().unwrap();

    // Until the shadow is connected, requests are not copied.
    let mut tried = 0;
    while shadows(folder, 0).is_empty() {
        tried += 1;
        assert!(tried < 20, "the shadow is never told anything");
        assert_eq!(
            trade(folder, to, &format!("T00001{tried:02}"), "sale 5000\n"),
            ["00"]
        );
    }
    let before = shadows(folder, 0).len();
    let script = "sale 1000\nsale 4000\nsale 2000\nsale 3500\n";
    assert_eq!(trade(folder, to, "T0000201", script), ["00"; 4]);
    let found = shadows(folder, before + 2);
    assert_eq!(found.len(), before + 2, "{found:?}");
    for record in &found {
        let note = record["note"].as_str().unwrap();
        assert!(
            note.contains("0200: acquirer 00, shadow 51: DE 39"),
            "{note}"
        );
    }

    let report = report_with(folder, 5);
    assert_eq!(report.status.code(), Some(1));
    let lines = json_lines(&report);
    let (sum, kinds) = lines.split_last().unwrap();
    assert_eq!(
        (kinds.len(), &kinds[0]["count"]),
        (1, &Value::from(found.len()))
    );
    assert_eq!(sum["different"], found.len());
    assert!(sum["same"].as_u64() >= Some(2), "{sum}");

    drop(shadow);
    assert_eq!(
        trade(folder, to, "T0000202", "sale 4000\nsale 1000\n"),
        ["00"; 2]
    );
    let _ended = gateway.end("-TERM");
    let open = isogate(folder, &["open", "--journal", "journal"])
        .output()
        .unwrap();
    assert_eq!(open.status.code(), Some(0), "{open:?}");
}

/// What somebody does with a connection.
type Does = fn(TcpStream);

/// A shadow that is no host.
fn stranger(does: Does) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || does(stream));
        }
    });
    address
}

/// Takes what comes, and says nothing to it.
fn listens(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(1..) = stream.read(&mut bytes) {}
}

/// Lets everything lie.
fn sleeps(stream: TcpStream) {
    thread::sleep(Duration::from_secs(600));
    drop(stream);
}

/// Says what is no frame, and frames that answer nothing, as fast as it can.
fn babbles(mut stream: TcpStream) {
    let frame = [&[0, 20], &b"0210nobody asked so."[..]].concat();
    while stream.write_all(&frame).is_ok() && stream.write_all(&[0xFF; 99]).is_ok() {}
}

#[test]
fn a_shadow_that_is_silent_asleep_gone_or_mad_is_not_felt() {
    let home = tempfile::tempdir().unwrap();
    let (_host, acquirer) = host(home.path(), "host.json", &[]);
    let shadows: [(&str, Does); 4] = [
        ("silent", listens),
        ("asleep", sleeps),
        ("gone", drop),
        ("mad", babbles),
    ];
    for (terminal, (name, does)) in (1..).zip(shadows) {
        let folder = home.path().join(name);
        fs::create_dir(&folder).unwrap();
        let config = format!(
            "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
             spec = \"iso8583-1987-ascii\"\n[[link]]\naddress = \"{acquirer}\"\n\
             spec = \"iso8583-1987-ascii\"\nsign_on = false\n\
             shadow = {{ address = \"{}\", wait = \"1s\" }}\n",
            stranger(does)
        );
        fs::write(folder.join("gateway.toml"), config).unwrap();
        let gateway = Running::start(&folder, &["serve", "--ports", "gateway.json"]);
        let document = ports(&folder, "gateway.json");
        let to = document["listeners"][0]["address"].as_str().unwrap();
        let script: String = (0..20)
            .map(|sale| format!("sale {}\n", 1000 + sale))
            .collect();
        let codes = trade(&folder, to, &format!("T000000{terminal}"), &script);
        assert_eq!(codes, ["00"; 20], "{name}");
        assert_eq!(gateway.end("-TERM").0, 0, "{name}");
        let open = isogate(&folder, &["open", "--journal", "journal"]).output();
        assert_eq!(open.unwrap().status.code(), Some(0), "{name}");
    }
}
