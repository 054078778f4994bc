//! A second process looks into a journal while the first one writes it.

use crate::rig::{Home, Trade, isogate, json, json_lines};
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
