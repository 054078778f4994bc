//! The lab as its users run it: one command, faults and all, and the money is where it belongs.

use crate::rig::{isogate, json, json_lines};
use isogate::engine::seam::Dice;
use isogate::lab::peer::Deck;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a lab of some seconds in a folder of its own, and gives its last line.
fn lab(home: &Path, spec: &str, more: &[&str]) -> (Value, Output) {
    let usual = [
        "lab",
        "--json",
        "--duration",
        "5s",
        "--seed",
        "7",
        "--spec",
        spec,
    ];
    let arguments: Vec<&str> = usual
        .iter()
        .chain(&["--folder", "lab-1"])
        .chain(more)
        .copied()
        .collect();
    let output = isogate(home, &arguments).output().unwrap();
    let last = json_lines(&output).pop().expect("a lab says how it ended");
    (last, output)
}

fn ask(home: &Path, arguments: &[&str]) -> Output {
    isogate(home, arguments)
        .args(["--journal", "lab-1"])
        .output()
        .unwrap()
}

#[test]
fn books_balance_between_two_dialects_with_trace_numbers_of_the_gateways() {
    holds_with(
        "cup-pos",
        &["--host-spec", "iso8583-1987-ascii", "--rewrite-stan"],
        usize::MAX,
    );
}

#[test]
fn a_lab_that_is_interrupted_says_what_it_waits_for() {
    let home = tempfile::tempdir().unwrap();
    let usual = ["lab", "--json", "--duration", "2m", "--terminals", "5"];
    let more = ["--admin", "127.0.0.1:0", "--folder", "lab-1"];
    let mut lab = isogate(home.path(), &[&usual[..], &more].concat());
    let lab = lab.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut lab = lab.unwrap();
    // It trades once it tells how it goes.
    let mut lines = BufReader::new(lab.stdout.take().unwrap()).lines();
    assert!(lines.next().is_some());
    let id = lab.id().to_string();
    let told = Command::new("kill").args(["-INT", &id]).status();
    assert!(told.unwrap().success());
    lines.for_each(drop);
    let output = lab.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("stopping: "), "{said}");
    assert!(output.status.success(), "{said}");
}

/// Whether nothing is listed but reversals that were closed without proof: their requests never
/// reached the acquirer, and only the lab knows.
fn is_only_unproven(open: &Value) -> bool {
    let open = open.as_array().unwrap();
    open.iter().all(|item| item["class"] == "U9")
}

/// Under faults on every side the books balance, nothing is open but what nobody can prove, and
/// each sale that was reversed is explained by something that did happen: as many as are asked for.
fn holds(spec: &str, explained: usize) {
    holds_with(spec, &[], explained);
}

fn holds_with(spec: &str, more: &[&str], explained: usize) {
    let home = tempfile::tempdir().unwrap();
    let (end, output) = lab(home.path(), spec, more);
    assert!(output.status.success(), "{end}");
    assert_eq!(end["balanced"], true, "{end}");
    assert!(is_only_unproven(&end["open"]), "{end}");
    let books = &end["books"];
    assert!(books["terminal"] == books["gateway"] && books["gateway"] == books["acquirer"]);
    assert!(
        books["terminal"].as_i64().is_some_and(|sum| sum > 0),
        "{end}"
    );
    assert!(end["reversals"]["sent"].as_u64() > Some(5), "{end}");
    assert_eq!(
        end["reversals"]["sent"], end["reversals"]["answered"],
        "{end}"
    );

    let reversed = json_lines(&ask(
        home.path(),
        &["trace", "--json", "--state", "REVERSED", "--limit", "0"],
    ));
    assert!(!reversed.is_empty());
    for story in reversed.iter().take(explained) {
        let told = ask(
            home.path(),
            &["explain", "--json", story["tx"].as_str().unwrap()],
        );
        let told = json(&told);
        // Reversed for good is safe to try again, unless an approval was seen afterwards.
        let safe = told["safe_to_retry"] == "yes" || told["cause"] == "approval_after_reversal";
        assert!(
            safe || told["kind"] != "sale" || told["attempts"].is_array(),
            "{told}"
        );
        let tries = told["messages"].as_array().unwrap().iter();
        let is_reversal = |m: &Value| {
            let class = m["mti"].as_str().and_then(|mti| mti.get(1..2));
            m["dir"] == "G>A" && class == Some("4")
        };
        assert!(
            tries.clone().any(is_reversal),
            "a reversed sale has its reversal on the wire: {told}"
        );
        assert!(
            told["verdict_zh"]
                .as_str()
                .is_some_and(|text| text.contains("冲正")),
            "{told}"
        );
    }
    assert_no_card_is_written(home.path(), &output);
}

/// No card of the lab's deck in any file of its journal, or in what it printed.
fn assert_no_card_is_written(home: &Path, output: &Output) {
    let mut dice = Dice::new(7);
    let _masters = dice.number();
    let deck = Deck::new(dice.number(), 200);
    let mut written = vec![output.stdout.clone(), output.stderr.clone()];
    let mut folders = vec![home.join("lab-1")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                written.push(std::fs::read(path).unwrap());
            }
        }
    }
    let all = written.concat();
    for card in deck.cards() {
        let pan = card.pan.reveal().as_bytes();
        let packed: Vec<u8> = pan
            .chunks_exact(2)
            .map(|pair| (pair[0] - b'0') << 4 | (pair[1] - b'0'))
            .collect();
        let ebcdic: Vec<u8> = pan.iter().map(|digit| digit | 0xF0).collect();
        for wanted in [pan, packed.as_slice(), ebcdic.as_slice()] {
            assert!(
                !all.windows(wanted.len()).any(|window| window == wanted),
                "{}",
                card.pan
            );
        }
    }
}

#[test]
fn the_books_balance_in_cup_pos() {
    holds("cup-pos", usize::MAX);
}

#[test]
fn the_books_balance_in_ascii() {
    holds("iso8583-1987-ascii", usize::MAX);
}

/// Two labs at a time: each takes its seconds whether the other runs or not.
fn hold_together(specs: [&str; 2]) {
    std::thread::scope(|scope| {
        for spec in specs {
            scope.spawn(move || holds(spec, 6));
        }
    });
}

#[test]
fn the_books_balance_packed_and_in_ebcdic() {
    hold_together(["iso8583-1987-binary", "iso8583-1987-ebcdic"]);
}

#[test]
fn the_books_balance_in_the_words_of_1993_and_2003() {
    hold_together(["iso8583-1993-ascii", "iso8583-2003-binary"]);
}

#[test]
fn the_books_balance_on_the_switch_and_over_http() {
    hold_together(["cups", "zhifutong-pos"]);
}

#[test]
fn a_lab_without_faults_reverses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (end, output) = lab(home.path(), "cup-pos", &["--no-faults", "--terminals", "5"]);
    assert!(output.status.success(), "{end}");
    assert_eq!(
        (&end["reversals"]["sent"], &end["faults"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn a_wrong_call_is_told_the_mend() {
    let home = tempfile::tempdir().unwrap();
    let output = isogate(home.path(), &["lab", "--spec", "cup"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("no dialect is called cup") && said.contains("cup-pos"),
        "{said}"
    );
    assert_eq!(
        isogate(home.path(), &["lab", "--fault", "F99"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(64)
    );
}
