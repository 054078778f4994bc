//! The commands that look back, on a journal in a folder.

use super::super::{Exit, Lang, explain, open, tail, trace};
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{HostBalance, Record, Seq, State, TxId, Why};
use crate::engine::trace::tests::{History, opened, settlement};
use crate::engine::trace::{Query, Which};
use crate::io::config::{Durability, FrameKeeping, JournalConfig};
use crate::io::journal::{JournalReader, JournalWriter, WriterOptions};
use crate::io::look::{self, FoundStories, StorySearch};
use crate::iso::message::{Stan, Text};
use crate::iso::spec::Purpose;
use clap::Parser;
use std::collections::BTreeSet;
use std::time::Duration;
use tempfile::TempDir;

#[derive(Debug, Parser)]
enum Commands {
    Trace(trace::TraceArgs),
    Open(open::OpenArgs),
    Explain(explain::ExplainArgs),
    Tail(tail::TailArgs),
}

/// A journal with these transactions, each with a STAN of its own.
fn journal(histories: Vec<History>) -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = JournalConfig {
        path: folder.path().join("journal"),
        keys: folder.path().join("journal.keys"),
        keep: FrameKeeping::Safe,
        retain: Duration::from_secs(3600),
        durability: Durability::Strict,
    };
    let writer = JournalWriter::open(&WriterOptions::from(config))
        .unwrap()
        .writer;
    let mut records: Vec<Record> = Vec::new();
    for (at, mut history) in histories.into_iter().enumerate() {
        // Far enough apart to be no attempts of one purchase.
        history.tx.0 += (at as u128 * 400_000) << 80;
        let mut prev = None;
        for mut record in history.records {
            record.seq = Seq(records.len() as u64 + 1);
            record.at = record.at + Duration::from_secs(at as u64 * 400);
            record.tx = Some(history.tx);
            record.prev = prev.replace(record.seq);
            records.push(record);
        }
    }
    writer.append(&mut records);
    writer.close().unwrap();
    folder
}

fn numbered(stan: u64) -> History {
    let names = crate::engine::record::Opened {
        stan: Stan(stan),
        ..opened(Purpose::Debit)
    };
    History::new().open(names, State::Forwarded, Why::Plain, Some(()))
}

/// A day at the counter: paid, open, declined, reversed.
fn day() -> TempDir {
    journal(vec![
        numbered(1).delivered(),
        numbered(2).timed_out(),
        numbered(3).declined("51"),
        numbered(4)
            .timed_out()
            .reverses(1)
            .reversal_answered("00", State::Reversed),
    ])
}

fn run(folder: &TempDir, line: &str) -> (Exit, String) {
    let words = std::iter::once("isogate").chain(line.split_whitespace());
    let journal = folder.path().join("journal");
    let journal = journal.to_str().unwrap();
    let arguments = words.chain(["--journal", journal]);
    let mut out = Vec::new();
    let exit = match Commands::try_parse_from(arguments).unwrap() {
        Commands::Trace(args) => trace::run(&args, Lang::En, &mut out),
        Commands::Open(args) => open::run(&args, Lang::En, &mut out),
        Commands::Explain(args) => explain::run(&args, Lang::En, &mut out),
        Commands::Tail(args) => tail::run(&args, Lang::En, &mut out),
    };
    (exit.unwrap(), String::from_utf8(out).unwrap())
}

fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn open_lists_what_is_unconfirmed_and_says_so_by_its_exit_code() {
    let folder = day();
    let (exit, text) = run(&folder, "open --json");
    let all = objects(&text);
    assert_eq!((exit, all.len()), (Exit::Found, 1));
    assert_eq!(
        (&all[0]["stan"], &all[0]["class"]),
        (&"000002".into(), &"U1".into())
    );
    let (exit, text) = run(&folder, "open --unsettled --json");
    let classes: Vec<_> = objects(&text)
        .iter()
        .map(|one| one["class"].clone())
        .collect();
    assert_eq!(
        (exit, classes),
        (Exit::Found, vec!["U4".into(), "U1".into()])
    );
    let (exit, text) = run(&journal(vec![numbered(1).declined("51")]), "open");
    assert_eq!(exit, Exit::Done);
    assert!(text.starts_with("nothing is open"), "{text}");
}

#[test]
fn trace_finds_one_in_full_and_many_as_a_table() {
    let folder = day();
    let (exit, text) = run(&folder, "trace 10421695/4");
    assert_eq!(exit, Exit::Done);
    assert!(
        text.starts_with("REVERSED  no answer in 45s; reversal accepted (00)"),
        "{text}"
    );
    assert!(text.contains("A>G  0410"), "{text}");
    let (_, text) = run(
        &folder,
        "trace --amount 888.00 --last4 0048 --from 2026-11-22",
    );
    assert_eq!(text.lines().count(), 5, "{text}");
    let (_, text) = run(&folder, "trace --limit 1");
    assert!(text.contains("\n  older ones are not shown"), "{text}");
    let (_, text) = run(&folder, "trace --state U1 --json");
    assert_eq!(objects(&text)[0]["stan"], "000002");
}

#[test]
fn trace_exits_1_when_nothing_matches() {
    let folder = day();
    assert_eq!(run(&folder, "trace 10421695/9").0, Exit::Found);
    assert_eq!(
        run(&folder, "trace --json --to 2026-11-21"),
        (Exit::Found, String::new())
    );
    assert_eq!(run(&folder, "explain 10421695/9").0, Exit::Found);
}

#[test]
fn explain_gives_one_verdict() {
    let folder = day();
    let (exit, text) = run(&folder, "explain 10421695/3 --json");
    let verdict = &objects(&text)[0];
    assert_eq!(exit, Exit::Done);
    assert_eq!(verdict["verdict_zh"], "51 余额不足, 未扣款");
    assert_eq!(
        (&verdict["safe_to_retry"], &verdict["cause"]),
        (&"yes".into(), &"declined".into())
    );
    let (_, text) = run(&folder, "explain --causes");
    assert!(text.contains("answer_lost"), "{text}");
}

#[test]
fn tail_tells_every_record() {
    let folder = day();
    let (_, text) = run(&folder, "tail --all --once");
    assert!(
        text.contains("T>G>A 0200        10421695/000001 sale 888.00 CNY  FORWARDED"),
        "{text}"
    );
    let (_, json) = run(&folder, "tail --all --once --json");
    assert_eq!(objects(&json).len(), text.lines().count());
    assert_eq!(run(&folder, "tail --once").1, "");
}

#[test]
fn a_filter_finds_what_options_and_keys_find() {
    let folder = day();
    let stans = |line: &str| {
        let (_, text) = run(&folder, line);
        let all: Vec<_> = objects(&text)
            .iter()
            .map(|one| one["stan"].clone())
            .collect();
        all
    };
    assert_eq!(stans("trace ~open --json"), ["000002"]);
    assert_eq!(stans("trace ~code 51 --json"), ["000003"]);
    assert_eq!(
        stans("trace ~mti 04xx | ~open --json"),
        ["000002", "000004"]
    );
    assert_eq!(
        stans("trace !~open & ~terminal 1042* --json --limit 2"),
        ["000003", "000004"]
    );
    assert_eq!(
        stans("trace ~stan 1 | ~stan 3 | ~state reversed --json"),
        ["000001", "000003", "000004"]
    );
    assert_eq!(stans("trace ~stan 1 | ~stan 3 --json --stan 3"), ["000003"]);
    assert_eq!(stans("open ~stan 2 --json"), ["000002"]);
    assert_eq!(run(&folder, "open ~stan 3").0, Exit::Done);
    let (exit, text) = run(&folder, "trace ~stan 9 --json");
    assert_eq!(
        (exit, &objects(&text)[0]["found"]),
        (Exit::Found, &false.into())
    );
    // A line of the journal is shown while its transaction is asked for.
    let (_, lines) = run(&folder, "tail --once --from beginning ~stan 4 & ~mti 04xx");
    assert!(
        lines.lines().count() == 2 && !lines.contains("000003"),
        "{lines}"
    );
    let later = run(&folder, "tail --once --from 2026-11-23 --json").1;
    assert_eq!(later, "");
    let all = run(&folder, "tail --once --from 2026-11-22 --json").1;
    assert_eq!(all, run(&folder, "tail --once --all --json").1);
}

#[test]
fn a_filter_that_is_none_is_wrong_usage() {
    let folder = day();
    let journal = folder.path().join("journal");
    for line in [
        "trace what?",
        "trace ~opne",
        "tail --from soon",
        "open ~class U0",
    ] {
        let words = std::iter::once("isogate").chain(line.split_whitespace());
        let words = words.chain(["--journal", journal.to_str().unwrap()]);
        let exit = super::super::run(words.map(std::ffi::OsString::from));
        assert_eq!(exit, Exit::Usage, "{line}");
    }
}

#[test]
fn a_key_that_names_nothing_is_wrong_usage() {
    for line in ["explain 123", "trace --stan 1234567890123", "explain"] {
        let words = std::iter::once("isogate").chain(line.split_whitespace());
        assert!(Commands::try_parse_from(words).is_err(), "{line}");
    }
}

#[test]
fn a_file_of_pay_outs_says_why_the_money_has_not_come() {
    let folder = journal(vec![numbered(1).delivered()]);
    let file = folder.path().join("payout.csv");
    let map = "--columns net=到账金额,covers=参考号,is=状态,reason=原因";
    let line = "到账金额,参考号,状态,原因\n888.00,203217491827,退汇,name_differs\n";
    std::fs::write(&file, line).unwrap();
    let named = format!("--payout-file {}", file.display());
    let (exit, text) = run(&folder, &format!("explain 10421695/1 --json {named} {map}"));
    let verdict = &objects(&text)[0];
    assert_eq!(exit, Exit::Done);
    assert_eq!(verdict["evidence"], "E2p");
    assert_eq!(verdict["cause"], "payout_returned");
    let said = verdict["verdict_zh"].as_str().unwrap();
    assert!(said.contains("结算款被退汇: 户名不符"), "{said}");
    let (_, text) = run(&folder, &format!("trace 10421695/1 {named} {map}"));
    assert!(text.contains("pay-out returned: name differs"), "{text}");
    // As Chinese systems write it.
    let (gbk, _, _) = encoding_rs::GB18030.encode(line);
    std::fs::write(&file, gbk).unwrap();
    let (_, text) = run(&folder, &format!("open --unsettled --json {named} {map}"));
    assert_eq!(objects(&text)[0]["evidence"], "E2p");
}

#[test]
fn pages_are_read_one_behind_the_other_and_leave_nothing_out() {
    let sale = |stan| {
        let mut sale = numbered(stan).delivered();
        // Given when its first record was written.
        sale.tx = TxId(1_795_313_472_345 << 80);
        sale
    };
    let folder = journal((1..=7).map(sale).collect());
    let reader = JournalReader::open(&folder.path().join("journal"), None).unwrap();
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let page = |before, deadline| {
        let wanted = StorySearch {
            limit: Some(3),
            before,
            deadline,
            ..StorySearch::default()
        };
        look::search(&reader, &Query::default(), wanted, &index).unwrap()
    };
    let stans = |found: &FoundStories| -> Vec<u64> {
        let stans = found.all.iter().rev();
        stans
            .map(|(story, _)| story.opened.as_ref().unwrap().stan.0)
            .collect()
    };
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let found = page(before, None);
        all.push(stans(&found));
        if !found.more {
            break;
        }
        before = found.all.first().map(|(story, _)| story.tx);
    }
    assert_eq!(all, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
    // A page of so few is looked at before the clock is.
    let found = page(None, Some(std::time::Instant::now()));
    assert_eq!((stans(&found), found.gave_up_at), (vec![7, 6, 5], None));
}

#[test]
fn whoever_runs_out_of_time_goes_on_where_it_ended() {
    let unproven = |stan| {
        let mut sold = numbered(stan).delivered();
        // Given when its first record was written.
        sold.tx = TxId(1_795_313_472_345 << 80);
        sold.step(State::DeliveryUnproven, Why::LinkLost)
    };
    let folder = journal((1..=100).map(unproven).collect());
    let reader = JournalReader::open(&folder.path().join("journal"), None).unwrap();
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let asked = |query: Query| {
        let (mut pages, mut found) = (0, BTreeSet::new());
        let mut before = None;
        loop {
            let wanted = StorySearch {
                limit: Some(500),
                before,
                deadline: Some(std::time::Instant::now()),
                ..StorySearch::default()
            };
            let page = look::search(&reader, &query, wanted, &index).unwrap();
            pages += 1;
            found.extend(page.all.iter().map(|(story, _)| story.tx));
            before = page.gave_up_at;
            if before.is_none() {
                return (pages, found.len());
            }
        }
    };
    let of_terminal = Query {
        terminal: "10421695".parse().ok(),
        ..Query::default()
    };
    let open = Query {
        which: Some(Which::Open),
        ..Query::default()
    };
    for query in [Query::default(), of_terminal, open] {
        let (pages, found) = asked(query.clone());
        assert_eq!(found, 100, "{query:?}");
        assert!(pages > 3, "{pages} pages of {query:?}");
    }
}

#[test]
fn what_both_ends_settled_is_told_though_it_was_reversed() {
    let reversed = numbered(1).timed_out().reverses(1);
    let reversed = reversed.reversal_answered("00", State::Reversed);
    let settled = settlement(HostBalance::Balanced);
    let folder = journal(vec![reversed, settled.clone(), settled]);
    for line in ["trace --stan 1 --json", "explain 10421695/000001 --json"] {
        let told = objects(&run(&folder, line).1).remove(0);
        assert_eq!(told["safe_to_retry"], "no", "{line}: {told}");
    }
}

#[test]
fn a_delivery_that_a_settlement_proves_is_open_no_more() {
    let unproven = || {
        let sold = numbered(1).delivered();
        sold.step(State::DeliveryUnproven, Why::LinkLost)
    };
    let (exit, text) = run(&journal(vec![unproven()]), "open --json");
    assert_eq!((exit, objects(&text).len()), (Exit::Found, 1));
    let settled = settlement(HostBalance::Balanced);
    let (exit, text) = run(&journal(vec![unproven(), settled]), "open --json");
    assert_eq!((exit, &*text), (Exit::Done, ""));
}

#[test]
fn what_only_a_file_raises_is_on_both_lists() {
    let folder = day();
    let file = folder.path().join("acquirer.csv");
    let row = "terminal,stan,rrn,auth,amount\n10421695,000001,203217491827,112233,1.00\n";
    std::fs::write(&file, row).unwrap();
    let file = file.display();
    for command in ["open", "trace --state open"] {
        let (_, text) = run(&folder, &format!("{command} --json --acquirer-file {file}"));
        let all = objects(&text);
        let stans: Vec<_> = all
            .iter()
            .map(|told| told["stan"].as_str().unwrap())
            .collect();
        assert!(stans.contains(&"000001"), "{command}: {stans:?}");
    }
}

fn in_second_batch(mut history: History) -> History {
    history.name_first(|opened| opened.batch = Text::clipped("000002"));
    history
}

/// The dashboard asks for classes only, `isogate open` for all that is to be said.
#[test]
fn what_is_open_has_the_same_class_whether_others_are_read_for_it_or_not() {
    let twins = |stan| {
        let mut sale = numbered(stan);
        sale.tx = TxId((1_795_313_472_345 + u128::from(stan)) << 80);
        sale
    };
    let folder = journal(vec![
        numbered(1),
        twins(2).timed_out(),
        twins(3).timed_out().reverses(1),
        numbered(4).step(State::DeliveryUnproven, Why::Restarted),
        numbered(5).step(State::Unanswered, Why::NoAnswer),
        numbered(5).delivered(),
        numbered(6).step(State::TerminalGone, Why::TerminalClosed),
        numbered(7).declined("51"),
        numbered(8).delivered(),
        in_second_batch(numbered(9).delivered()).step(State::DeliveryUnproven, Why::LinkLost),
        in_second_batch(settlement(HostBalance::Balanced)),
    ]);
    let reader = JournalReader::open(&folder.path().join("journal"), None).unwrap();
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let query = Query {
        which: Some(Which::Open),
        ..Query::default()
    };
    let classes = |only_class| {
        let wanted = StorySearch {
            only_class,
            ..StorySearch::default()
        };
        let found = look::search(&reader, &query, wanted, &index).unwrap();
        let found = found.all.into_iter();
        let told = found.map(|(story, verdict)| {
            let opened = story.opened.as_ref();
            let names = opened.map(|opened| (opened.stan, opened.amount));
            (story.tx, names, verdict.class)
        });
        told.collect::<Vec<_>>()
    };
    let all = classes(false);
    assert!(all.len() > 4, "{all:?}");
    let is_proven = |stan| {
        all.iter()
            .all(|(_, names, _)| names.unwrap().0 != Stan(stan))
    };
    assert!(is_proven(9), "by its settlement: {all:?}");
    assert!(!is_proven(4), "{all:?}");
    assert_eq!(classes(true), all);
}
