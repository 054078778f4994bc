//! Files of other people beside a journal, as those who reconcile use them.

use crate::rig::{isogate, json_lines};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::Output;

fn ask(home: &Path, arguments: &[&str]) -> Output {
    isogate(home, arguments)
        .args(["--journal", "lab-1"])
        .output()
        .unwrap()
}

/// A lab of some seconds without faults; its delivered sales, and its accepted refunds.
fn traded(home: &Path) -> (Vec<Value>, Vec<Value>) {
    let arguments = "lab --json --duration 2s --seed 7 --no-faults --folder lab-1";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let lab = isogate(home, &arguments).output().unwrap();
    assert!(
        lab.status.success(),
        "{}",
        String::from_utf8_lossy(&lab.stderr)
    );
    let all = json_lines(&ask(home, &["trace", "--json"]));
    let refunded = |one: &&Value| one["kind"] == "refund" && one["code"] == "00";
    let refunds = all.iter().filter(refunded).cloned().collect();
    let sold = |one: &Value| one["class"] == "U4";
    (all.into_iter().filter(sold).collect(), refunds)
}

/// The acquirer's file of these transactions.
fn file_of(sales: &[Value]) -> String {
    let mut text = "交易时间,终端号,凭证号,参考号,交易金额,状态\n".to_owned();
    for sale in sales {
        let is = if sale["kind"] == "refund" {
            "已退货"
        } else {
            "成功"
        };
        let name = |key: &str| sale[key].as_str().unwrap().to_owned();
        let amount = sale["amount"].as_u64().unwrap();
        let at = sale["messages"][0]["at"].as_str().unwrap();
        let (terminal, stan, rrn) = (name("terminal"), name("stan"), name("rrn"));
        let (yuan, cents) = (amount / 100, amount % 100);
        writeln!(text, "{at},{terminal},{stan},{rrn},{yuan}.{cents:02},{is}").unwrap();
    }
    text
}

const MAP: &str = "at=交易时间,terminal=终端号,stan=凭证号,rrn=参考号,amount=交易金额,is=状态";

#[test]
fn a_day_is_reconciled_and_each_row_leads_to_its_verdict() {
    let home = tempfile::tempdir().unwrap();
    let (sales, refunds) = traded(home.path());
    assert!(sales.len() > 10, "{}", sales.len());
    let recon = |more: &[&str]| {
        let usual = [
            "recon",
            "--json",
            "--acquirer-file",
            "a.csv",
            "--columns",
            MAP,
        ];
        let arguments: Vec<&str> = usual.iter().chain(more).copied().collect();
        let output = ask(home.path(), &arguments);
        (output.status.code(), json_lines(&output))
    };
    let write = |sales: &[Value]| {
        let rows = file_of(&[sales, &refunds].concat());
        std::fs::write(home.path().join("a.csv"), rows).unwrap();
    };
    write(&sales);
    let (code, lines) = recon(&[]);
    let end = lines.last().unwrap();
    assert_eq!(code, Some(0), "{lines:?}");
    let both = sales.len() + refunds.len();
    assert_eq!(end["sums"]["matched"]["count"], both, "{end}");

    // One that the acquirer lacks, between others that it has, is missing.
    let mut fewer = sales.clone();
    let lacking = fewer.remove(5)["tx"].clone();
    write(&fewer);
    let (code, lines) = recon(&[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        (&lines[0]["class"], &lines[0]["tx"]),
        (&"short".into(), &lacking)
    );
    let nothing = ask(home.path(), &["recon"]);
    assert_eq!(nothing.status.code(), Some(2));

    // A sale booked for another amount is named, told, and explained.
    let mut wrong = sales.clone();
    let (asked, middle) = (sales[5]["amount"].as_u64().unwrap(), sales[5]["tx"].clone());
    wrong[5]["amount"] = (asked + 100).into();
    write(&wrong);
    let (code, lines) = recon(&["--csv", "out.csv", "--html", "out.html"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        (&lines[0]["class"], &lines[0]["tx"]),
        (&"other_amount".into(), &middle)
    );
    let command = lines[0]["explain"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let more = ["--json", "--acquirer-file", "a.csv", "--columns", MAP];
    let words: Vec<&str> = words.into_iter().chain(more).collect();
    let verdict = &json_lines(&ask(home.path(), &words))[0];
    assert_eq!(
        (&verdict["evidence"], &verdict["cause"]),
        (&"E2".into(), &"other_amount".into())
    );
    assert_eq!(verdict["beliefs"]["acquirer"]["basis"], "file");
    let read = |name| std::fs::read_to_string(home.path().join(name)).unwrap();
    assert!(read("out.csv").lines().count() > sales.len());
    assert!(read("out.html").contains(middle.as_str().unwrap()));
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_file_line_and_column() {
    let home = tempfile::tempdir().unwrap();
    traded(home.path());
    std::fs::write(home.path().join("p.csv"), "net,is\n8.00,paid\nmuch,paid\n").unwrap();
    let output = ask(home.path(), &["open", "--payout-file", "p.csv"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("p.csv: line 3, column `net`: `much` is no amount"),
        "{said}"
    );
}

#[test]
fn a_bundle_can_be_handed_in_and_verifies_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let (sales, _) = traded(home.path());
    let tx = sales[3]["tx"].as_str().unwrap();
    let explain = ask(
        home.path(),
        &["explain", tx, "--json", "--bundle", "case.zip"],
    );
    let verdict = &json_lines(&explain)[0];
    let proof = verdict["proof"].as_array().unwrap();
    assert!(!proof.is_empty(), "{verdict}");
    let case = std::fs::File::open(home.path().join("case.zip")).unwrap();
    zip::ZipArchive::new(case)
        .unwrap()
        .extract(home.path().join("case"))
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(home.path().join("case").join(name)).unwrap();
    for name in [
        "verdict.json",
        "page.html",
        "messages.jsonl",
        "SHA256SUMS",
        "README.txt",
    ] {
        assert!(!read(name).is_empty(), "{name}");
    }
    let told: Value = serde_json::from_str(&read("verdict.json")).unwrap();
    assert_eq!(&told["verdict"], &verdict["verdict"]);
    let page = read("page.html");
    assert!(
        page.contains("交易成功") && page.contains("approved"),
        "{page}"
    );
    let excerpt = |words: &[&str]| {
        let all = words.iter().chain(&["--journal", "case/journal"]);
        isogate(home.path(), &all.copied().collect::<Vec<_>>())
            .output()
            .unwrap()
    };
    assert_eq!(excerpt(&["journal", "verify"]).status.code(), Some(0));
    let again = &json_lines(&excerpt(&["explain", tx, "--json"]))[0];
    assert_eq!(&again["verdict"], &verdict["verdict"]);
    assert_eq!(&again["safe_to_retry"], &verdict["safe_to_retry"]);
}

#[test]
fn findings_of_a_healthy_lab_are_none() {
    let home = tempfile::tempdir().unwrap();
    traded(home.path());
    let output = ask(home.path(), &["findings", "--json"]);
    let told = &json_lines(&output)[0];
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told["transactions"].as_u64() > Some(10), "{told}");
    assert_eq!(told["findings"], serde_json::json!([]));
}

/// The commands that a page of remedies names, by its lines.
fn remedies(page: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let lines = page.lines().filter(|line| line.starts_with("| S"));
    lines
        .map(|line| {
            let id = line.split('|').nth(1).unwrap().trim().to_owned();
            let code = line.split('`').skip(1).step_by(2);
            let commands = code.filter_map(|code| code.strip_prefix("isogate "));
            let words = |command: &str| command.split(' ').map(str::to_owned).collect();
            (id, commands.map(words).collect())
        })
        .collect()
}

#[test]
fn each_remedy_has_its_line_and_each_command_it_names_exists() {
    let home = tempfile::tempdir().unwrap();
    let english = remedies(include_str!("../../docs/remedies.md"));
    let chinese = remedies(include_str!("../../docs/remedies.zh-CN.md"));
    assert_eq!(english.len(), 54);
    assert_eq!(english, chinese, "both pages name the same commands");
    for (id, commands) in english {
        for command in commands {
            let is_word = |word: &&String| word.bytes().all(|c| c.is_ascii_lowercase());
            let verbs = command.iter().take_while(is_word).map(String::as_str);
            let arguments: Vec<&str> = verbs.chain(["--help"]).collect();
            let output = isogate(home.path(), &arguments).output().unwrap();
            let help = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{id}: {command:?}");
            for option in command.iter().filter(|word| word.starts_with("--")) {
                assert!(
                    help.contains(option.as_str()),
                    "{id}: {option} of {command:?}"
                );
            }
        }
    }
}
