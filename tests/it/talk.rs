//! One message at a time: `send` against a real acquirer, with and without a gateway between, and
//! `diff` of what went and came.

use crate::rig::{isogate, json};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

/// A keyed sale of a lab's first card, as a document. DE 41 and 42 are those of the terminal.
const SALE: &str = r#"{"spec":"cup-pos","mti":"0200",
    "fields":{"3":"000000","4":"000000008880","11":"000001","22":"012","25":"00","41":"T0000001",
    "42":"874350357222471","49":"156"},
    "subfields":{"60.1":"22","60.2":"000001","60.3":"000"}}"#;

fn ask(folder: &Path, arguments: &[&str]) -> (Option<i32>, Output) {
    let output = isogate(folder, arguments).output().unwrap();
    (output.status.code(), output)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_message_is_signed_in_sent_and_its_answer_shown() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let lab = super::ends::Ends::start(folder);
    fs::write(folder.join("sale.json"), SALE).unwrap();
    for to in [&lab.acquirer, &lab.gateway] {
        let sale = [
            "send",
            "sale.json",
            "--to",
            to,
            "--mac",
            "auto",
            "--stan",
            "auto",
        ];
        let (code, output) = ask(folder, &[&sale[..], &["--json"]].concat());
        let said = json(&output);
        assert_eq!(code, Some(0), "a decline is an answer: {said}");
        assert_eq!(said["answer"]["mti"], "0210", "{said}");
        // The issuer knows no card in this message; what counts is that the MAC was right.
        assert_eq!(said["answer"]["fields"]["39"], "14", "{said}");
        assert_eq!(said["sent"]["fields"]["11"], said["answer"]["fields"]["11"]);
    }
    let unsigned = ["send", "sale.json", "--to", &lab.acquirer];
    let (code, output) = ask(folder, &unsigned);
    let said = text(&output.stdout);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("answered   A0 MAC failure: sign in again"),
        "{said}"
    );
}

#[test]
fn without_an_answer_it_is_said_why() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    fs::write(folder.join("sale.json"), SALE).unwrap();
    let send = |to: &str| {
        let (code, output) = ask(
            folder,
            &["send", "sale.json", "--to", to, "--timeout", "300ms"],
        );
        (code, text(&output.stderr))
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let (code, said) = send(&to);
    assert_eq!(code, Some(2));
    let wanted = "within 300ms; the message was sent, and may have been acted on";
    assert!(said.contains(wanted), "{said}");

    let hangs_up = std::thread::spawn(move || {
        // The first connection is the one that got no answer.
        let _first = listener.accept().unwrap();
        let (mut second, _) = listener.accept().unwrap();
        let mut prefix = [0; 2];
        second.read_exact(&mut prefix).unwrap();
        let mut frame = vec![0; usize::from(u16::from_be_bytes(prefix))];
        second.read_exact(&mut frame).unwrap();
        frame
    });
    let (code, said) = send(&to);
    assert_eq!(code, Some(2));
    assert!(said.contains("the peer closed the connection"), "{said}");
    let frame = hangs_up.join().unwrap();
    assert_eq!(
        frame[11..13],
        [0x02, 0x00],
        "it was sent whole, with its prefix"
    );

    let (code, said) = send(&to);
    assert_eq!(code, Some(2), "nobody listens any more");
    assert!(said.contains("cannot connect to"), "{said}");
}

#[test]
fn bytes_go_as_they_are_and_an_answer_that_cannot_be_read_is_found() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut framed = [0; 6];
        stream.read_exact(&mut framed).unwrap();
        stream.write_all(&framed).unwrap();
        framed
    });
    let (code, output) = ask(home.path(), &["send", "DEADBEEF", "--to", &to, "--json"]);
    assert_eq!(echo.join().unwrap(), [0, 4, 0xDE, 0xAD, 0xBE, 0xEF]);
    assert_eq!(code, Some(1), "{}", text(&output.stderr));
    let fault = &json(&output)["answer"]["error"];
    assert_eq!(
        fault["offset"], 4,
        "the frame ends within the header: {fault}"
    );
}

#[test]
fn files_of_messages_are_compared_in_pairs() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let hex = |stan: &str| {
        let document = SALE.replace("\"11\":\"000001\"", &format!("\"11\":\"{stan}\""));
        fs::write(folder.join("one.json"), document).unwrap();
        text(&ask(folder, &["encode", "one.json"]).1.stdout)
    };
    let (first, second, third) = (hex("000001"), hex("000002"), hex("000003"));
    fs::write(folder.join("a"), format!("{first}{second}")).unwrap();
    fs::write(folder.join("b"), format!("{first}{third}")).unwrap();
    let (code, output) = ask(folder, &["diff", "a", "b", "--json"]);
    let said: Value = json(&output);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said["pairs"][0]["identical"], true);
    let difference = &said["pairs"][1]["differences"][0];
    assert_eq!(
        (&difference["field"], &difference["at"]),
        (&"11".into(), &5.into()),
        "{said}"
    );
    assert_eq!(
        ask(folder, &["diff", "a", "b", "--ignore", "11"]).0,
        Some(0)
    );
    assert_eq!(
        ask(folder, &["diff", "a", first.trim()]).0,
        Some(2),
        "two are no pair of one"
    );
    assert_eq!(
        ask(folder, &["diff", first.trim(), first.trim()]).0,
        Some(0)
    );
}
