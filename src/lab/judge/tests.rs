//! Each rule: one account that must be found, and its neighbour that must not be.

mod books;

mod lexicon;

mod other;

mod verdicts;

mod wires;

use super::{
    Arrival, AttemptFacts, HostAnswer, Judge, Meant, Probe, ReversalFacts, SlipSays, ToldAnswer,
    UndoAsked, UndoMeant,
};
use crate::engine::record::TxId;
use crate::engine::seam::{Mono, Now, Wall};
use crate::lab::plan::{ReversedBy, Setup, Trade};
use serde_json::{Value, json};

/// Seconds since the world began.
const fn at(seconds: u64) -> Mono {
    Mono(seconds * 1_000_000)
}

fn now(seconds: u64) -> Now {
    let micros = i64::try_from(seconds).unwrap() * 1_000_000;
    Now {
        mono: at(seconds),
        wall: Wall(1_795_000_000_000_000 + micros),
    }
}

fn setup() -> Setup {
    Setup {
        scale: 1,
        ..Setup::default()
    }
}

/// A sale of 100.00 that came in second `n` and was sent on, without any answer yet.
fn sent(n: u32) -> AttemptFacts {
    AttemptFacts {
        n,
        purchase: 1,
        amount: 10_000,
        terminal: "T0000001".to_owned(),
        merchant: "M00000000000001".to_owned(),
        stan: n,
        batch: "000001".to_owned(),
        reached: vec![Arrival {
            now: now(n.into()),
            conn: None,
        }],
        sent: vec![at(n.into())],
        arrived: 1,
        asker_there: true,
        well: true,
        slip: SlipSays::Waiting,
        ..AttemptFacts::default()
    }
}

fn answer(second: u64, code: &str) -> HostAnswer {
    HostAnswer {
        at: at(second),
        code: code.to_owned(),
        amount: 10_000,
        auth: String::new(),
    }
}

fn told(second: u64, code: &str, means: Meant) -> ToldAnswer {
    ToldAnswer {
        at: at(second),
        asked: "0200".to_owned(),
        mti: "0210".to_owned(),
        code: Some(code.to_owned()),
        means,
        own_stan: true,
        own_line: true,
        delivered: true,
        doubted: false,
        doubted_soon: false,
        stan: 0,
        unheard: false,
    }
}

/// Approved within the second, and read.
fn paid(n: u32) -> AttemptFacts {
    let second = u64::from(n) + 1;
    AttemptFacts {
        held: 10_000,
        approvals: vec![answer(second, "00")],
        told: vec![told(second, "00", Meant::Approved)],
        slip: SlipSays::Approved(10_000),
        ..sent(n)
    }
}

/// Declined within the second, and read.
fn declined(n: u32) -> AttemptFacts {
    let second = u64::from(n) + 1;
    AttemptFacts {
        declines: vec![answer(second, "51")],
        told: vec![told(second, "51", Meant::Declined)],
        slip: SlipSays::Declined,
        ..sent(n)
    }
}

/// A return of attempt `of`, booked and read.
fn returned(n: u32, of: u32, trade: Trade) -> AttemptFacts {
    AttemptFacts {
        trade,
        of,
        held: -10_000,
        ..paid(n)
    }
}

/// A reversal that left in this second and was answered in the next.
fn reversal(second: u64, means: UndoMeant) -> ReversalFacts {
    ReversalFacts {
        left: at(second),
        decided: at(second),
        at_host: Some(at(second)),
        answered: Some((at(second + 1), means)),
        undid: means == UndoMeant::Undone,
        ..ReversalFacts::default()
    }
}

/// What is printed of an attempt; English and Chinese as given.
fn printed(of: &AttemptFacts, retry: &str, texts: [&str; 4]) -> Value {
    let wall = of.reached.first().unwrap().now.wall.0;
    let millis = u128::try_from(wall / 1000).unwrap();
    let [verdict, next_step, verdict_zh, next_step_zh] = texts;
    json!({
        "tx": TxId(millis << 80 | u128::from(of.n)).to_string(),
        "terminal": of.terminal,
        "stan": format!("{:06}", of.stan),
        "batch": of.batch,
        "amount": of.amount,
        "state": "ANY",
        "class": null,
        "verdict": verdict,
        "verdict_zh": verdict_zh,
        "next_step": next_step,
        "next_step_zh": next_step_zh,
        "safe_to_retry": retry,
    })
}

const DECLINED: [&str; 4] = [
    "declined 51 insufficient funds; nothing debited",
    "another card",
    "51 余额不足, 未扣款",
    "请换卡",
];
const PAID: [&str; 4] = [
    "approved 123456 after 0.9s and delivered; the pay-out is outside the message log",
    "do not swipe again; if the money has not arrived by the pay-out date, ask the acquirer with \
     the keys",
    "交易成功(授权码123456)(耗时0.9秒), 请勿重复刷卡; 到账情况在报文日志之外",
    "请勿重复刷卡; 过到账日未到账, 请凭交易要素联系收单机构",
];
const TIMED_OUT: [&str; 4] = [
    "no answer from acquirer after 45s; outcome unknown; reversal pending",
    "wait for the reversal; do not swipe again until it closes",
    "收单机构45秒无应答, 结果未知, 冲正处理中",
    "等待冲正结果, 结清前请勿重刷",
];
const REVERSED: [&str; 4] = [
    "no answer in 45s; reversal accepted (00); any debit is returned",
    "new sale allowed",
    "45秒未应答, 冲正成功(00); 如已扣款将原路退回",
    "可重新交易",
];

/// What a probe finds, by name.
#[derive(Default)]
struct Case<'a> {
    attempts: &'a [AttemptFacts],
    printed: &'a [Value],
    open: &'a [Value],
    /// In seconds; 0 for a minute and a half.
    at: u64,
    healed: bool,
    by: ReversedBy,
}

fn judged(case: &Case<'_>) -> Judge {
    let mut judge = Judge::new(&Setup {
        by: case.by,
        ..setup()
    });
    judge.probe(&Probe {
        now: now(if case.at == 0 { 90 } else { case.at }),
        attempts: case.attempts,
        printed: &case.printed.iter().collect::<Vec<_>>(),
        open: &case.open.iter().collect::<Vec<_>>(),
        gateway_up: true,
        settled: true,
        healed: case.healed,
    });
    judge
}

/// The rules that one attempt and one verdict on it break.
fn rules(attempt: &AttemptFacts, retry: &str, texts: [&str; 4]) -> Vec<&'static str> {
    let attempts = std::slice::from_ref(attempt);
    let printed = [printed(attempt, retry, texts)];
    let case = Case {
        attempts,
        printed: &printed,
        ..Case::default()
    };
    found(&judged(&case))
}

fn found(judge: &Judge) -> Vec<&'static str> {
    judge.findings().iter().map(|found| found.rule).collect()
}

/// Whether a probe finds this.
fn finds(case: &Case<'_>, rule: &str) -> bool {
    found(&judged(case)).contains(&rule)
}
