//! `isogate lab --profile`: a system that people name, and what is paid out behind the switch.

use crate::rig::{isogate, json_lines};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// Plays a profile for two seconds with nothing going wrong, but for what is asked for.
fn play(home: &Path, profile: &str, more: &[&str]) -> Output {
    let usual = [
        "lab",
        "--json",
        "--duration",
        "2s",
        "--seed",
        "7",
        "--folder",
        "lab-1",
    ];
    let mut command = isogate(home, &usual);
    command
        .args(["--terminals", "12", "--profile", profile])
        .args(more);
    command.output().unwrap()
}

fn office(output: &Output) -> Value {
    json_lines(output).pop().expect("a lab says how it ended")["office"].clone()
}

#[test]
fn a_profile_pays_out_and_its_files_tell_what_became_of_a_sale() {
    let home = tempfile::tempdir().unwrap();
    let output = play(home.path(), "lakala-qr", &["--fault", "F24:p=1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let office = office(&output);
    assert!(office["unexplained"].is_null(), "{office}");
    assert!(office["payouts"]["returned"].as_u64() > Some(0), "{office}");
    let acquirer = std::fs::read_to_string(home.path().join("lab-1.files/acquirer.csv")).unwrap();
    let sale = acquirer
        .lines()
        .find(|line| line.contains(",wallet,00,booked,"))
        .unwrap();
    let rrn = sale.split(',').nth(5).unwrap();
    let mut explain = isogate(
        home.path(),
        &["explain", rrn, "--json", "--journal", "lab-1"],
    );
    let explained = explain
        .args(["--payout-file", "lab-1.files/payout.csv"])
        .output()
        .unwrap();
    let said = json_lines(&explained).pop().unwrap();
    assert_eq!(said["evidence"], "E2p", "{said}");
    assert!(
        said["verdict"]
            .as_str()
            .unwrap()
            .contains("pay-out returned"),
        "{said}"
    );
}

#[test]
fn the_files_of_a_lab_hold_no_card_in_clear() {
    let home = tempfile::tempdir().unwrap();
    let output = play(home.path(), "icbc", &["--no-faults"]);
    assert!(office(&output)["unexplained"].is_null(), "{output:?}");
    for file in ["acquirer.csv", "issuer.csv", "payout.csv", "settings.toml"] {
        let text = std::fs::read_to_string(home.path().join("lab-1.files").join(file)).unwrap();
        assert!(!text.is_empty(), "{file}");
        let longest = text
            .split(|c: char| !c.is_ascii_digit())
            .map(str::len)
            .max();
        assert!(longest < Some(16), "{file}");
    }
}

#[test]
fn a_profile_that_is_not_there_names_those_that_are() {
    let home = tempfile::tempdir().unwrap();
    let output = play(home.path(), "lakalla", &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("no profile `lakalla`") && said.contains("unionpay-returns"),
        "{said}"
    );
}
