//! One message at a time: `send` against a real acquirer, with and without a gateway between, and
//! `diff` of what went and came.

use crate::rig::{isogate, json};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};

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

/// What a terminal at a prompt says to these lines.
fn typed(folder: &Path, to: &str, lines: &str, options: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["term", "--to", to, "--prompt", "--scale", "50"], options].concat();
    let mut term = isogate(folder, &arguments);
    let term = term.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut term = term.unwrap();
    let mut input = term.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let output = term.wait_with_output().unwrap();
    (output.status.code(), text(&output.stdout))
}

#[test]
fn a_person_trades_at_a_prompt_through_the_gateway() {
    let home = tempfile::tempdir().unwrap();
    let lab = super::ends::Ends::start(home.path());
    let lines = "sale 100.00\nvoid\nsale 5.00 card 3\nreverse\nreverse\nbalance\nset 25=15\n\
                 sale 1.00\nshow 1\nnonsense\nsettle\nlist\nquit\nsale 9.99\n";
    let (code, said) = typed(home.path(), &lab.gateway, lines, &["--stan", "100"]);
    assert_eq!(
        code,
        Some(2),
        "a second reverse and nonsense failed: {said}"
    );
    let heads = [
        "sign-in 00 approved",
        "approved 00  sale 100.00  STAN 000101",
        "approved 00  sale_void 100.00  STAN 000102",
        "approved 00  sale 5.00  STAN 000103",
        "reversal 0400 06 of 000103 sent",
        "reversed 00  sale 5.00  STAN 000103",
        "error: there is no approved transaction to reverse",
        "balance 9999999999.99",
        "approved 00  balance  STAN 000104",
        "approved 00  sale 1.00  STAN 000105",
        "T>G 0200  Sale  (cup-pos, ",
        "error: `nonsense` is nothing to order in cup-pos; there is: ",
        "approved 00  settlement  STAN 000106",
        "approved 00  sale 100.00  STAN 000101",
    ];
    let mut lines = said.lines();
    for head in heads {
        assert!(
            lines.any(|line| line.starts_with(head)),
            "`{head}` in its place in\n{said}"
        );
    }
    let shown = said.lines().find(|line| line.contains("  25  ")).unwrap();
    assert!(shown.ends_with("15"), "a field that was set: {shown}");
    assert!(
        !said.contains("9.99  STAN"),
        "nothing is done after the end"
    );

    let (_, said) = typed(home.path(), &lab.acquirer, "sale 1.00\n", &["--lang", "zh"]);
    assert!(said.contains("交易成功 00  消费 1.00  凭证号 "), "{said}");
}

#[test]
fn a_prompt_comes_back_when_nothing_can_be_done() {
    let home = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = nobody.local_addr().unwrap().to_string();
    let (code, said) = typed(home.path(), &to, "sign-in\nlist\n", &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no usable answer to the sign-in"), "{said}");
    drop(nobody);
    let (code, said) = typed(home.path(), &to, "sale 1.00\nlist\n", &[]);
    assert_eq!(code, Some(2), "nothing was sold, and that is told: {said}");
    assert!(said.contains("nothing was sent"), "{said}");
    let lab = super::ends::Ends::start(home.path());
    let (_, said) = typed(home.path(), &lab.acquirer, "sale 1.00\n", &["--seed", "2"]);
    assert!(said.contains("sign-in"), "{said}");
    assert!(
        !said.contains("approved 00  sale"),
        "keys of another seed: {said}"
    );
}
