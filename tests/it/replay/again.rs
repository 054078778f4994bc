//! A replay that is replayed in its turn: what a host with faults was asked tells two hosts without
//! any apart by nothing but what they do otherwise.

use super::{Acquirer, replay, speak};
use crate::replay::tap::Tap;
use crate::rig::{isogate, json_lines};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

/// What each terminal does: seven sales, two of them between 60.00 and 80.00.
const SCRIPT: &[u8] = b"sale 1111\nsale 6500\nsale_void of last\nsale 2222\nrefund 100 of last\n\
    sale 7500\nbalance\nsale 3333\nsale_void of last\nsale 4444\nsale 5555\n";
const TERMINALS: usize = 4;
const RULED: std::ops::RangeInclusive<u64> = 6_000..=8_000;
const RULE: &str =
    "[[rule]]\nmatch = { kind = \"sale\", amount = \"6000..8000\" }\ncode = \"51\"\n";

/// Terminals trade at once with a host that loses answers and declines.
fn trade(folder: &Path) {
    let faults = ["--fault", "F01:p=0.1", "--fault", "F16:p=0.1"];
    let host = Acquirer::start(folder, &faults);
    let tap = Tap::start(&host.address, 6583);
    thread::scope(|scope| {
        for number in 0..TERMINALS {
            let to = tap.address();
            scope.spawn(move || {
                let name = format!("TERM000{number}");
                let options = ["--terminal", &name, "--scale", "50"];
                speak(folder, to, &options, SCRIPT)
            });
        }
    });
    fs::write(folder.join("day.pcap"), tap.pcap()).unwrap();
}

/// How many sales that the rule is about were asked for: on a busy machine a terminal may still be
/// reversing the one before, and keep one to itself.
fn ruled_sales(folder: &Path) -> usize {
    let told = |command: &[&str]| isogate(folder, command).output().unwrap();
    let fold = told(&["capture", "day.pcap", "--journal", "folded"]);
    assert!(fold.status.success(), "{fold:?}");
    let trace = told(&["trace", "--json", "--limit", "0", "--journal", "folded"]);
    let stories = json_lines(&trace);
    let ruled = |one: &&Value| {
        let amount = one["amount"].as_u64();
        one["kind"] == "sale" && amount.is_some_and(|amount| RULED.contains(&amount))
    };
    stories.iter().filter(ruled).count()
}

/// What a request has in common with its reversal: terminal and trace number.
fn name(told: &Value) -> String {
    format!("{}/{}", told["terminal"], told["stan"])
}

#[test]
fn the_same_host_differs_in_nothing_and_one_with_another_rule_in_that() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    trade(folder);
    let single = ["--order", "single"];
    let first = [&single[..], &["--out", "first.pcapng"]].concat();
    let (_faulty, told) = replay(folder, &[], &first);
    assert_eq!(told.last().unwrap()["skipped"].as_array().unwrap().len(), 0);

    fs::rename(folder.join("first.pcapng"), folder.join("day.pcap")).unwrap();
    for _ in 0..2 {
        let (code, told) = replay(folder, &[], &single);
        let sum = told.last().unwrap();
        assert_eq!((code, &sum["same"]), (0, &sum["requests"]), "{sum}");
    }

    let ruled = ruled_sales(folder);
    assert!(ruled >= TERMINALS, "{ruled}");
    fs::write(folder.join("rules.toml"), RULE).unwrap();
    let (code, told) = replay(folder, &["--rules", "rules.toml"], &single);
    assert_eq!(code, 1);
    // What is left on a card is less, too.
    let differs = |one: &&Value| one["result"] == "differs" && one["kind"] != "balance";
    let differing: Vec<&Value> = told.iter().filter(differs).collect();
    let sales = differing.iter().filter(|one| one["kind"] == "sale");
    assert_eq!(sales.count(), ruled, "{differing:?}");
    // Only a reversal of such a sale is answered otherwise; what is about it has no name for it.
    let names: BTreeSet<String> = differing.iter().copied().map(name).collect();
    assert_eq!(names.len(), ruled, "{differing:?}");
    let follows = |one: &Value| {
        let why = one["why"].as_str().unwrap();
        why.contains("came with an answer") || why == "what it reverses was not sent"
    };
    let mut skipped = told.iter().filter(|one| one["result"] == "skipped");
    assert!(skipped.all(follows), "{told:?}");
}
