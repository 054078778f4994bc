//! The commands that play the ends of the wire, and the gateway between them, each a process.

use crate::rig::{Running, eventually, isogate, json, ports};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

/// An acquirer and a gateway before it, each a process of its own.
pub(crate) struct Ends {
    pub(crate) acquirer: String,
    pub(crate) gateway: String,
    pub(crate) admin: String,
    _host: Running,
    _serve: Running,
}

impl Ends {
    pub(crate) fn start(folder: &Path) -> Self {
        let host = ["host", "--listen", "127.0.0.1:0", "--ports", "host.json"];
        let host = Running::start(folder, &host);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let acquirer = text(&ports(folder, "host.json")["host"]["address"]);
        let config = format!(
            "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"\n\
             [[link]]\naddress = \"{acquirer}\"\n"
        );
        fs::write(folder.join("gateway.toml"), config).unwrap();
        let serve = Running::start(folder, &["serve", "--ports", "gateway.json"]);
        let document = ports(folder, "gateway.json");
        let gateway = text(&document["listeners"][0]["address"]);
        let admin = text(&document["admin"]["address"]);
        is_ready(&admin);
        Self {
            acquirer,
            gateway,
            admin,
            _host: host,
            _serve: serve,
        }
    }
}

/// Waits until a gateway can pass requests on: before its link is up it answers a sign-in 91.
fn is_ready(admin: &str) {
    eventually("the link of the gateway", || {
        let mut stream = TcpStream::connect(admin).ok()?;
        let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    });
}

#[test]
fn a_terminal_a_gateway_and_an_acquirer_trade_and_a_load_is_measured() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let listen = [
        "host",
        "--listen",
        "127.0.0.1:0",
        "--ports",
        "host.json",
        "--json",
    ];
    let host = Running::start(folder, &listen);
    let acquirer = ports(folder, "host.json")["host"]["address"].clone();
    let text = format!(
        "[admin]\naddress = \"127.0.0.1:0\"\n[[listener]]\nname = \"pos\"\n\
         address = \"127.0.0.1:0\"\n[[link]]\naddress = {acquirer}\n"
    );
    fs::write(folder.join("gateway.toml"), text).unwrap();
    let gateway = Running::start(folder, &["serve", "--ports", "gateway.json"]);
    let document = ports(folder, "gateway.json");
    assert_eq!(document["listeners"][0]["name"], "pos");
    is_ready(document["admin"]["address"].as_str().unwrap());
    let to = document["listeners"][0]["address"]
        .as_str()
        .unwrap()
        .to_owned();

    let mut term = isogate(folder, &["term", "--to", &to, "--brief", "--scale", "50"]);
    let term = term.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut term = term.unwrap();
    let script = b"sale 8880\nsale_void of last # given back\nsale 500\n";
    term.stdin.take().unwrap().write_all(script).unwrap();
    let output = term.wait_with_output().unwrap();
    let slips = String::from_utf8(output.stdout).unwrap();
    assert_eq!(slips.matches("slip: approved 00  ").count(), 3, "{slips}");
    assert_eq!(output.status.code(), Some(0));

    let arguments = [
        "load",
        "--to",
        &to,
        "--rate",
        "200",
        "--duration",
        "500ms",
        "--terminals",
        "5",
        "--json",
        "--threshold",
        "errors<1%,p50<1us",
    ];
    let output = isogate(folder, &arguments).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "no answer takes less than a microsecond"
    );
    let report = json(&output);
    assert_eq!(report["approved"], 100, "{report}");
    assert_eq!(report["settings"]["rate"], "200");
    assert_eq!(report["thresholds"][0]["measured"], "0.00%");
    assert_eq!(report["thresholds"][0]["holds"], true);
    assert_eq!(report["thresholds"][1]["holds"], false);

    assert_eq!(gateway.end("-TERM").0, 0);
    let (code, printed) = host.end("-INT");
    let books: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(code, 0);
    assert_eq!(books["books"]["taken"], 8880 + 500 + 100 * 100);
    assert_eq!(books["books"]["returned"], 8880);
}

#[test]
fn a_configuration_is_checked_without_starting_anything() {
    let home = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        fs::write(home.path().join("gateway.toml"), text).unwrap();
        let mut command = isogate(home.path(), &["serve", "--check"]);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let fine = "gateway.toml: fine; listeners 1, links 1, routes 1\n".to_owned();
    assert_eq!(check(""), (Some(0), fine));
    let wrong = "isogate: gateway.toml:2: limits.frme: unknown key; did you mean \"frame\"?\n";
    assert_eq!(check("[limits]\nfrme = 1"), (Some(2), wrong.to_owned()));
    assert!(!home.path().join("journal").exists());
}

#[test]
fn two_gateways_do_not_share_an_address() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let text = format!("[[listener]]\naddress = \"{address}\"");
    fs::write(home.path().join("gateway.toml"), text).unwrap();
    let output = isogate(home.path(), &["serve"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains(&format!("cannot listen on {address} (listener-1)")),
        "{said}"
    );
}
