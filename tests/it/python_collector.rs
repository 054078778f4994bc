//! Transactions as traces, at a collector by other people (`tests/python/collector.py`, with the
//! classes that OpenTelemetry makes from its definition of the protocol). As `python`, they need
//! the environment that `tests/run.sh` makes.

use crate::rig::{isogate, json_lines};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Collector {
    child: Child,
    address: String,
    lines: Receiver<Value>,
}

impl Collector {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new(root.join("target/python/bin/python"))
            .arg(root.join("tests/python/collector.py"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in printed.lines() {
                let line = serde_json::from_str(&line.unwrap()).unwrap();
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        let address: Value = lines.recv().unwrap();
        Self {
            child,
            address: address.as_str().unwrap().to_owned(),
            lines,
        }
    }

    /// So many spans.
    fn spans(&self, count: usize) -> Vec<Value> {
        let next = || self.lines.recv_timeout(Duration::from_mins(1)).unwrap();
        std::iter::repeat_with(next).take(count).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn text<'a>(span: &'a Value, name: &str) -> &'a str {
    span[name].as_str().unwrap()
}

fn lab(folder: &Path) {
    let usual = ["lab", "--json", "--duration", "5s", "--seed", "7"];
    let more = ["--terminals", "10", "--folder", "lab-1"];
    let lab = isogate(folder, &usual).args(more).output().unwrap();
    assert!(lab.status.success());
}

fn send(folder: &Path, to: &str) -> usize {
    let send = ["journal", "traces", "--once", "--from", "beginning"];
    let sent = isogate(folder, &send).args(["--to", to]).output().unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let said = String::from_utf8(sent.stdout).unwrap();
    said.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs Python: tests/run.sh makes its environment and runs it"]
fn each_transaction_is_a_trace_and_reversals_are_linked_to_what_they_reverse() {
    let home = tempfile::tempdir().unwrap();
    lab(home.path());
    let collector = Collector::start();
    let spans = collector.spans(send(home.path(), &collector.address));
    let exported = isogate(home.path(), &["journal", "export", "--jsonl"]).output();
    let exported = json_lines(&exported.unwrap());
    let messages = exported.iter().filter(|line| line["tx"].is_string());
    let transactions: BTreeSet<&str> = messages.map(|line| text(line, "tx")).collect();
    let mut traces: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for span in &spans {
        assert_eq!(span["service"], "isogate");
        traces.entry(text(span, "trace")).or_default().push(span);
    }
    let (mut told, mut linked) = (BTreeSet::new(), 0);
    for spans in traces.values() {
        let is_root = |span: &&&Value| text(span, "parent").is_empty();
        let [root] = *spans.iter().filter(is_root).copied().collect::<Vec<_>>() else {
            panic!("{spans:?}");
        };
        told.insert(text(&root["attributes"], "isogate.transaction"));
        let ids: BTreeSet<&str> = spans.iter().map(|span| text(span, "span")).collect();
        assert_eq!(ids.len(), spans.len(), "{spans:?}");
        for span in spans.iter().filter(|span| !is_root(span)) {
            assert_eq!(span["parent"], root["span"]);
            assert!(root["from"].as_u64() <= span["from"].as_u64());
            assert!(span["until"].as_u64() <= root["until"].as_u64());
            let reverses = text(span, "name").ends_with("reversal");
            let links = span["links"].as_array().unwrap();
            assert_eq!(links.len(), usize::from(reverses), "{span}");
            for link in links {
                assert_eq!(link[0], root["trace"]);
                let named = spans.iter().find(|span| span["span"] == link[1]).unwrap();
                assert!(text(named, "name").starts_with("acquirer 0"), "{named}");
                linked += 1;
            }
        }
    }
    let with_messages = |tx: &&&str| transactions.contains(**tx);
    assert_eq!(
        told.iter().filter(with_messages).count(),
        transactions.len()
    );
    let reverses = |line: &&Value| line["dir"] == "G>A" && text(line, "mti").starts_with("04");
    let asked = exported.iter().filter(reverses);
    let asked = asked.filter(|line| !text(line, "mti").ends_with("10"));
    assert_eq!(linked, asked.count());
    assert!(linked > 5, "{linked}");
}

#[test]
#[ignore = "needs Python: tests/run.sh makes its environment and runs it"]
fn what_is_sent_twice_is_the_same_and_names_no_card() {
    let home = tempfile::tempdir().unwrap();
    lab(home.path());
    let collector = Collector::start();
    let once = collector.spans(send(home.path(), &collector.address));
    let twice = collector.spans(send(home.path(), &collector.address));
    assert_eq!(once, twice);
    let cards = isogate(home.path(), &["journal", "export", "--jsonl"]).output();
    let cards: BTreeSet<String> = json_lines(&cards.unwrap())
        .iter()
        .filter_map(|line| line["card"].as_str().map(str::to_owned))
        .filter(|card| !card.is_empty())
        .collect();
    assert!(!cards.is_empty());
    let all = Value::from(once).to_string();
    assert!(!cards.iter().any(|card| all.contains(card)));
}
