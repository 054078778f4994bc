//! A second process looks into a journal while the first one writes it.

use crate::rig::{Home, Trade, eventually, isogate, json, json_lines};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc;

/// The records that follow from now on, as `tail --json` tells them.
fn follow(mut tail: Command, count: usize) -> Vec<Value> {
    let mut tail = tail.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok).take(count) {
            // Whoever asked has given up waiting.
            let _gone = tell.send(line);
        }
    });
    let next = |_| told.recv_timeout(crate::rig::PATIENCE).unwrap();
    let records = (0..count)
        .map(next)
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect();
    tail.kill().unwrap();
    tail.wait().unwrap();
    records
}

#[test]
fn a_second_process_sees_what_a_gateway_under_load_has_made_durable() {
    let mut trade = Trade::new();
    let home = Home::new("iso8583-1987-ascii", trade.acquirer, r#"{ by = "both" }"#);
    let gateway = home.start(0);
    trade.gateway.store(gateway.port, Ordering::Relaxed);
    trade.open(4);

    // It follows: no record twice, none left out, each with a time.
    let mut tail = isogate(home.folder(), &["tail", "--json", "--journal", "journal"]);
    tail.stdin(Stdio::null()).stderr(Stdio::null());
    let records = follow(tail, 500);
    let seqs: Vec<u64> = records
        .iter()
        .map(|record| record["seq"].as_u64().unwrap())
        .collect();
    assert!(
        seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{seqs:?}"
    );

    // It finds and explains, each time what is true by then, and never fails on a half-written end.
    let mut seen = 0;
    for _ in 0..10 {
        let found = json_lines(&home.ask(&["trace", "--json", "--limit", "0"]));
        assert!(found.len() >= seen, "{} after {seen}", found.len());
        seen = found.len();
        let newest = found.last().unwrap();
        let story = home.explain(newest["tx"].as_str().unwrap());
        assert_eq!(story["stan"], newest["stan"]);
        assert!(
            story["verdict"]
                .as_str()
                .is_some_and(|verdict| !verdict.is_empty()),
            "{story}"
        );
        for open in home.open() {
            let class = open["class"].as_str();
            assert!(class.is_some_and(|class| matches!(class, "U1" | "U2" | "U3" | "U5" | "U8")));
        }
    }

    // When all is quiet it agrees with the books of both ends, to the last transaction.
    let receipts = trade.close();
    assert!(trade.unanswered.is_empty(), "{:?}", trade.unanswered);
    assert_eq!(home.open(), [] as [Value; 0]);
    let found = json_lines(&home.ask(&["trace", "--json", "--limit", "0"]));
    let delivered = found
        .iter()
        .filter(|story| story["state"] == "DELIVERED-APPROVED");
    let sum: u64 = delivered
        .clone()
        .map(|story| story["amount"].as_u64().unwrap())
        .sum();
    assert_eq!(
        (delivered.count(), sum),
        (receipts.len(), receipts.values().sum())
    );
    let verified = home.ask(&["journal", "verify", "--json"]);
    assert!(verified.status.success(), "{}", json(&verified));
    gateway.stop();
}

#[test]
fn a_second_process_looks_into_a_running_lab() {
    let folder = tempfile::TempDir::new().unwrap();
    let arguments = [
        "lab",
        "--seed",
        "7",
        "--duration",
        "6",
        "--json",
        "--folder",
        "lab-seen",
    ];
    let mut lab = isogate(folder.path(), &arguments);
    let lab = lab
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let journal = folder.path().join("lab-seen");
    // The journal is found by itself: it is the newest lab here.
    let ask = |arguments: &[&str]| isogate(folder.path(), arguments).output().unwrap();
    eventually("a lab with some trade", || {
        let output = journal
            .exists()
            .then(|| ask(&["trace", "--json", "--limit", "0"]))?;
        (json_lines(&output).len() > 100).then_some(())
    });

    let mut tail = isogate(folder.path(), &["tail", "--json"]);
    tail.stdin(Stdio::null());
    assert_eq!(follow(tail, 100).len(), 100);
    for story in json_lines(&ask(&["trace", "--json", "--limit", "5"])) {
        let explained = json(&ask(&["explain", "--json", story["tx"].as_str().unwrap()]));
        assert_eq!(explained["tx"], story["tx"]);
    }
    let open = ask(&["open", "--json"]);
    let listed = json_lines(&open);
    assert_eq!(open.status.code(), Some(i32::from(!listed.is_empty())));
    assert!(
        listed.iter().all(|item| item["class"].is_string()),
        "{listed:?}"
    );

    let lab = lab.wait_with_output().unwrap();
    let end = json_lines(&lab).pop().unwrap();
    assert_eq!(end["balanced"], true, "{end}");
    // What is left are reversals that were closed without proof.
    let left = end["open"].as_array().unwrap();
    assert!(left.iter().all(|item| item["class"] == "U9"), "{end}");
    assert!(lab.status.success());
    assert_eq!(json_lines(&ask(&["open", "--json"])).len(), left.len());
}
