//! A past to look things up in.

use super::super::super::files::Files;
use super::super::super::{JournalReader, JournalSnapshot};
use super::super::catalog;
use super::super::indexer::IndexWork;
use crate::engine::journal::{Journal, JournalOptions};
use crate::engine::record::{
    Carried, CarriedTransaction, Fact, Hop, Record, Seq, State, StoredFrame, TxId, samples,
};
use crate::engine::seam::Wall;
use crate::engine::trace::{Keep, Query, Stories, Story, Verdict, Which};
use crate::iso::message::{Amount, Stan, Text};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// Twenty segments of trading: a transaction has three records, the last of them far behind the
/// others, and one in ten stays open, carried by every checkpoint.
pub(super) struct Past {
    folder: TempDir,
    pub(super) records: Vec<Record>,
}

pub(super) const SEGMENTS: u64 = 20;
pub(super) const EACH: u64 = 20;

pub(super) fn tx(n: u64) -> TxId {
    TxId((1_795_313_472_000 + u128::from(n)) << 80)
}

impl Past {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let files = Files::open(folder.path(), 0).unwrap();
        let (mut journal, _) = Journal::open(files, JournalOptions::default()).unwrap();
        let mut records = Vec::new();
        let mut last: Vec<u64> = Vec::new();
        for segment in 0..SEGMENTS {
            if segment > 0 {
                carry(&mut records, &last);
            }
            for n in segment * EACH..(segment + 1) * EACH {
                let seq = records.len() as u64 + 1;
                records.push(opening(seq, n));
                records.push(answer(seq + 1, n, seq));
                last.push(seq + 1);
                // What was begun twenty before is finished, unless it stays open.
                if n >= 20 && (n - 20) % 10 != 3 {
                    let before = last[usize::try_from(n - 20).unwrap()];
                    records.push(end(seq + 2, n - 20, before));
                }
            }
        }
        for record in &records {
            journal.append(record, &mut samples::vault()).unwrap();
        }
        journal.close().unwrap();
        Self { folder, records }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn work(&self) -> IndexWork {
        IndexWork {
            journal: self.path().to_owned(),
            stop: Arc::new(AtomicBool::new(false)),
            rests: false,
        }
    }

    pub(super) fn snapshot(&self) -> JournalSnapshot {
        let reader = JournalReader::open(self.path(), None).unwrap();
        reader.snapshot().unwrap()
    }

    pub(super) fn files(&self) -> Vec<String> {
        let folder = catalog::folder(self.path());
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Whatever matches must be found, and with a key not much else.
    pub(super) fn check(&self, why: &str) {
        let mut stories = Stories::new(Keep::Everything);
        self.records.iter().for_each(|record| stories.fold(record));
        let snapshot = self.snapshot();
        for query in queries() {
            let verdict = |story: &Story| Verdict::of(story, &stories.others(story));
            let matching = stories.iter().filter(|s| query.matches(s, &verdict(s)));
            let wanted: BTreeSet<TxId> = matching.map(|story| story.tx).collect();
            let found = found(&snapshot, &query);
            let missing = wanted.difference(&found).count();
            let needless = found.difference(&wanted).count();
            assert_eq!(missing, 0, "{why}: missing of {query:?}");
            assert!(!wanted.is_empty(), "{query:?} finds nothing");
            let sharp = query.which.is_none();
            assert!(
                !sharp || needless == 0,
                "{why}: {needless} needless of {query:?}"
            );
        }
    }
}

/// All candidates.
pub(super) fn found(snapshot: &JournalSnapshot, query: &Query) -> BTreeSet<TxId> {
    let mut search = snapshot.search(query).unwrap();
    search.take(usize::MAX).unwrap()
}

pub(super) fn shape(record: &mut Record, n: u64, state: State) {
    let Fact::Step(step) = &mut record.fact else {
        panic!("a sale is a step")
    };
    record.at = Wall(1_795_313_472_000_000 + i64::try_from(n).unwrap() * 1000);
    step.state = state;
    if let Some(opened) = step.opened.as_mut().map(Arc::make_mut) {
        opened.stan = Stan(n);
        opened.terminal = Text::new(&format!("TERM{:04}", n % 7)).unwrap();
        opened.amount = Amount(n % 50 + 100);
        opened.identity = Text::new(&format!("2|{n}")).unwrap();
        opened.twin = (n % 100 == 50).then(|| tx(n - 49));
    }
    let message = step.message.as_mut().unwrap();
    if message.rrn.is_some() {
        message.hop = Hop::AcquirerToGateway;
        message.stan = Some(Stan(500_000 + n));
        message.rrn = Text::new(&format!("{n:012}"));
        message.auth = Text::new(&format!("{:06}", n % 90));
    }
}

pub(super) fn opening(seq: u64, n: u64) -> Record {
    let mut record = samples::sale(seq, tx(n), None);
    shape(&mut record, n, State::Forwarded);
    record
}

fn answer(seq: u64, n: u64, prev: u64) -> Record {
    let mut record = samples::sale(seq, tx(n), Some(prev));
    shape(&mut record, n, State::TimedOut);
    record
}

fn end(seq: u64, n: u64, prev: u64) -> Record {
    let mut record = samples::sale(seq, tx(n), Some(prev));
    let states = [State::Reversed, State::Delivered, State::SettleMismatch];
    shape(&mut record, n, states[usize::try_from(n % 3).unwrap()]);
    let Fact::Step(step) = &mut record.fact else {
        panic!("a sale is a step")
    };
    step.message.as_mut().unwrap().rrn = None;
    record
}

/// A checkpoint of all that is not at its end.
fn carry(records: &mut Vec<Record>, last: &[u64]) {
    let plain = |seq: usize, fact| Record {
        fact,
        ..samples::plain(seq as u64 + 1)
    };
    records.push(plain(records.len(), Fact::CheckpointBegin));
    let count = last.len() as u64;
    for n in (0..count).filter(|n| *n + 20 >= count || n % 10 == 3) {
        let Fact::Step(step) = opening(1, n).fact else {
            panic!("a sale is a step")
        };
        let carried = Carried::Transaction(CarriedTransaction {
            tx: tx(n),
            opened: (*step.opened.unwrap()).clone(),
            state: State::TimedOut,
            began: opening(1, n).at,
            last: Seq(last[usize::try_from(n).unwrap()]),
            request: StoredFrame::default(),
            cause: None,
            tries: 0,
            approved: false,
            auth: None,
            upstream: None,
            reversal_answer: None,
            reversing: None,
            of_receipt: false,
            answer: None,
            rrn: None,
            doubted: false,
            returned: Amount(0),
        });
        records.push(plain(records.len(), Fact::Carried(Box::new(carried))));
    }
    records.push(plain(records.len(), Fact::CheckpointEnd));
}

pub(super) fn queries() -> Vec<Query> {
    let q = Query::default;
    let at = |n: i64| Some(Wall(1_795_313_472_000_000 + n * 1000));
    vec![
        Query {
            tx: Some(tx(17)),
            ..q()
        },
        Query {
            rrn: "000000000233".parse().ok(),
            ..q()
        },
        Query {
            auth: "000045".parse().ok(),
            ..q()
        },
        Query {
            terminal: "TERM0003".parse().ok(),
            stan: Some(Stan(10)),
            ..q()
        },
        Query {
            terminal: "TERM0003".parse().ok(),
            ..q()
        },
        Query {
            stan: Some(Stan(399)),
            ..q()
        },
        Query {
            other_stan: Some(Stan(500_045)),
            ..q()
        },
        Query {
            amount: Some(Amount(107)),
            from: at(100),
            until: at(400),
            ..q()
        },
        Query {
            from: at(390),
            ..q()
        },
        Query {
            last4: "0048".parse().ok(),
            until: at(10),
            ..q()
        },
        Query {
            which: Some(Which::Open),
            ..q()
        },
        Query {
            which: Some("U7".parse().unwrap()),
            ..q()
        },
        Query {
            which: Some(Which::State(State::Reversed)),
            ..q()
        },
        Query {
            which: Some(Which::State(State::TimedOut)),
            ..q()
        },
    ]
}
