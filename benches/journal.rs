//! What the journal costs: appending, reading back after a crash, the index, and each question that
//! is asked of it, on a journal of as many sales as one likes.
//!
//! `cargo bench --bench journal` makes 20,000 sales in a temporary folder. For more, and to keep
//! them: `cargo bench --bench journal -- --sales 10000000 --folder DIR` (12 GB). Questions are
//! timed within one process; `isogate` itself needs some two milliseconds to start.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library"
)]

mod messages;

use isogate::cli;
use isogate::engine::journal::{Journal, JournalOptions};
use isogate::engine::record::{
    Carried, ConnId, Fact, Hop, Identity, LinkId, Logged, Note, Opened, Record, Row, Seq, State,
    Step, TxId, Vault, VaultKeys, Why,
};
use isogate::engine::seam::Wall;
use isogate::io::journal::{Files, index_folder};
use isogate::iso::codec::Message;
use isogate::iso::message::{Amount, FieldId, Stan, Text};
use isogate::iso::spec::{Purpose, Spec};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const TERMINALS: u64 = 1000;
/// Of so many sales one stays open.
const OPEN: u64 = 20_000;
/// Of so many sales all share one RRN.
const COMMON: u64 = 10;
/// Sales that are made durable together.
const BATCH: u64 = 100;
const BEGAN: i64 = 1_795_313_472_000_000;

/// Makes the records of sales.
struct Sales {
    request: Logged,
    answer: Logged,
    names: Opened,
    next: u64,
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

impl Sales {
    fn new() -> Self {
        let frame = messages::hex(messages::B);
        let spec = Spec::builtin("cup-pos").unwrap();
        let request = Message::parse(&spec, frame.into()).unwrap();
        let mut answer = request.answer().unwrap();
        answer.set(FieldId::of(39), "00").unwrap();
        Self {
            request: Logged::of(&request, Hop::TerminalToGateway, ConnId(7), Some(ConnId(1))),
            answer: Logged::of(&answer, Hop::AcquirerToGateway, ConnId(1), Some(ConnId(7))),
            names: Opened {
                spec: text("cup-pos"),
                kind: text("sale"),
                purpose: Purpose::Debit,
                reverses: true,
                merchant: text("MERCHANT0000001"),
                batch: text("000001"),
                currency: text("156"),
                link: LinkId(0),
                ..Opened::blank()
            },
            next: 1,
        }
    }

    fn record(&mut self, wall: i64, tx: Option<TxId>, prev: Option<u64>, fact: Fact) -> Record {
        self.next += 1;
        Record {
            seq: Seq(self.next - 1),
            at: Wall(BEGAN + wall),
            tx,
            prev: prev.map(Seq),
            fact,
        }
    }

    /// Request, answer, delivery.
    fn sale(&mut self, n: u64, records: &mut Vec<Record>) {
        let wall = i64::try_from(n * 100).unwrap();
        let millis = u128::try_from((BEGAN + wall) / 1000).unwrap();
        let tx = TxId(millis << 80 | u128::from(n));
        let step = |row, state, message, opened| {
            Fact::Step(Box::new(Step {
                row: Row(row),
                state,
                why: Why::Plain,
                note: Note::None,
                message,
                opened,
            }))
        };
        let (terminal, stan) = (n % TERMINALS, n / TERMINALS % 1_000_000);
        let names = Opened {
            terminal: text(&format!("T{terminal:07}")),
            stan: Stan(stan),
            amount: Amount(100 + n % 9973),
            card: text(&format!("622588******{:04}", n % 9967)),
            card_hash: (n % 99_991).to_le_bytes().repeat(2).try_into().unwrap(),
            identity: Identity::new(&format!(
                "2|MERCHANT0000001|T{terminal:07}|000001|{stan:06}"
            ))
            .unwrap(),
            ..self.names.clone()
        };
        let rrn = if n.is_multiple_of(COMMON) { 0 } else { n };
        let answer = Logged {
            rrn: Text::new(&format!("{rrn:012}")),
            auth: Text::new(&format!("{:06}", n % 1_000_000)),
            ..self.answer.clone()
        };
        let first = self.next;
        let fact = step(
            'A',
            State::Forwarded,
            Some(self.request.clone()),
            Some(names.into()),
        );
        records.push(self.record(wall, Some(tx), None, fact));
        if n.is_multiple_of(OPEN) {
            return;
        }
        let fact = step('D', State::Approved, Some(answer), None);
        records.push(self.record(wall + 20, Some(tx), Some(first), fact));
        let fact = step('E', State::Delivered, None, None);
        records.push(self.record(wall + 40, Some(tx), Some(first + 1), fact));
    }

    fn checkpoint(&mut self, n: u64) -> [Record; 3] {
        let wall = i64::try_from(n * 100).unwrap();
        let clock = Fact::Carried(Box::new(Carried::Clock(Wall(BEGAN + wall))));
        [Fact::CheckpointBegin, clock, Fact::CheckpointEnd]
            .map(|fact| self.record(wall, None, None, fact))
    }
}

fn append(folder: &Path, count: u64) {
    let files = Files::open(folder, 0).unwrap();
    let (mut journal, _) = Journal::open(files, JournalOptions::default()).unwrap();
    let mut vault = Vault::new(VaultKeys::new(&[1; 32], 1, &[2; 32]), [0; 4]);
    let mut sales = Sales::new();
    let mut records = Vec::new();
    let part = count.div_ceil(10);
    let mut began = Instant::now();
    for n in 1..=count {
        sales.sale(n, &mut records);
        if n % BATCH == 0 || n == count {
            if journal.needs_checkpoint() {
                records.extend(sales.checkpoint(n));
            }
            for record in records.drain(..) {
                journal.append(&record, &mut vault).unwrap();
            }
            journal.sync().unwrap();
        }
        if n % part == 0 {
            told(
                &format!("append, sales up to {n}, each"),
                began.elapsed(),
                part,
            );
            began = Instant::now();
        }
    }
    journal.close().unwrap();
}

fn told(what: &str, took: Duration, each: u64) {
    let micros = took.as_micros() / u128::from(each).max(1);
    let rest = took.as_micros() % u128::from(each).max(1) * 100 / u128::from(each).max(1);
    println!("{what:<44} {micros:>10}.{rest:02} us");
}

fn bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = files.map(|file| file.metadata().unwrap());
    files
        .filter(|file| file.is_file())
        .map(|file| file.len())
        .sum()
}

/// The median of five.
fn ask(folder: &Path, question: &[&str]) {
    let words = ["isogate"].iter().chain(question).map(OsString::from);
    let words: Vec<OsString> = words.chain(["--journal".into(), folder.into()]).collect();
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let began = Instant::now();
            let mut out = Vec::new();
            cli::run_into(words.clone(), &mut out).unwrap();
            assert!(!out.is_empty());
            began.elapsed()
        })
        .collect();
    times.sort();
    told(&question.join(" "), times[2], 1);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1))
    };
    let count: u64 = after("--sales").map_or(20_000, |count| count.parse().unwrap());
    let temporary = tempfile::TempDir::new().unwrap();
    let folder = after("--folder").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    if bytes_of_segments(&folder) == 0 {
        append(&folder, count);
    }
    let payload = count * (322 + 324);
    let written = bytes_of_segments(&folder);
    println!(
        "journal: {written} bytes, {} for 100 of frames",
        written * 100 / payload
    );
    let began = Instant::now();
    let (journal, history) = {
        let files = Files::open(&folder, 0).unwrap();
        Journal::open(files, JournalOptions::default()).unwrap()
    };
    let records = history.count() as u64;
    told(
        &format!("recovery, {records} records, all"),
        began.elapsed(),
        1,
    );
    drop(journal);
    let began = Instant::now();
    index_folder(&folder).unwrap();
    told("index, a sale", began.elapsed(), count);
    let index = bytes(&folder.join("index"));
    println!(
        "index: {index} bytes, {} for 100 of frames",
        index * 100 / payload
    );
    let middle = count / 2 + 1;
    let (terminal, stan) = (middle % TERMINALS, middle / TERMINALS);
    ask(&folder, &["trace", "--rrn", &format!("{middle:012}")]);
    ask(&folder, &["trace", &format!("T{terminal:07}/{stan:06}")]);
    ask(
        &folder,
        &["trace", "--rrn", "000000000000", "--limit", "50"],
    );
    ask(
        &folder,
        &["trace", &format!("T{terminal:07}"), "--limit", "50"],
    );
    ask(
        &folder,
        &["trace", "--state", "DELIVERED-APPROVED", "--limit", "50"],
    );
    ask(&folder, &["open"]);
    ask(&folder, &["journal", "stats"]);
}

fn bytes_of_segments(folder: &Path) -> u64 {
    let segments = std::fs::read_dir(folder).into_iter().flatten();
    let segments = segments.map(|file| file.unwrap());
    let segments = segments.filter(|file| file.path().extension().is_some_and(|e| e == "seg"));
    segments.map(|file| file.metadata().unwrap().len()).sum()
}
