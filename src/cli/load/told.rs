//! A run in words.

use super::figure::{self, say};
use super::kept::{KeptFigures, KeptRun};
use crate::cli::{Lang, table};
use std::io::{self, Write};

/// Prints it.
pub(super) fn print(run: &KeptRun, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    table::print(figures(run, lang).into_iter(), out)?;
    if run.stretches.len() > 1 {
        writeln!(out)?;
        table::print(stretches(run, lang).into_iter(), out)?;
    }
    if run.kinds.len() > 1 {
        writeln!(out)?;
        table::print(kinds(run, lang).into_iter(), out)?;
    }
    if run.settings.get("find").is_some() {
        writeln!(out, "\n{}", found(run, lang))?;
    }
    if !run.thresholds.is_empty() {
        writeln!(out)?;
        table::print(thresholds(run, lang).into_iter(), out)?;
    }
    Ok(())
}

/// The whole, a name and a value a row.
pub(super) fn figures(run: &KeptRun, lang: Lang) -> Vec<[String; 2]> {
    let total = &run.total;
    let rate = |count: u64, rate: f64| {
        let rate = figure::mean(rate);
        match lang {
            Lang::En => format!("{count}  ({rate} a second)"),
            Lang::Zh => format!("{count}  (每秒{rate})"),
        }
    };
    let latency = total.latency_us;
    let rows = [
        (say(lang, "terminals", "终端"), run.terminals.to_string()),
        (
            say(lang, "offered", "应发"),
            rate(total.offered, total.offered_tps),
        ),
        (say(lang, "sent", "已发"), total.sent.to_string()),
        (
            say(lang, "answered", "已应答"),
            rate(total.answered, total.tps),
        ),
        (say(lang, "approved", "批准"), total.approved.to_string()),
        (say(lang, "declined", "拒绝"), total.declined.to_string()),
        (say(lang, "timeouts", "超时"), total.timeouts.to_string()),
        (say(lang, "errors", "断线"), total.errors.to_string()),
        (say(lang, "dropped", "未发"), total.dropped.to_string()),
        (say(lang, "strays", "无主应答"), total.strays.to_string()),
        (
            say(lang, "latency", "时延"),
            format!(
                "p50 {}, p90 {}, p99 {}, p99.9 {}, max {}",
                figure::time(latency.p50),
                figure::time(latency.p90),
                figure::time(latency.p99),
                figure::time(latency.p999),
                figure::time(latency.max)
            ),
        ),
    ];
    rows.map(|(name, value)| [name.to_owned(), value]).into()
}

/// The stretches, under a heading.
pub(super) fn stretches(run: &KeptRun, lang: Lang) -> Vec<[String; 7]> {
    let heading = [
        say(lang, "rate", "速率"),
        say(lang, "offered/s", "应发/秒"),
        say(lang, "answered/s", "应答/秒"),
        "p50",
        "p99",
        say(lang, "max", "最长"),
        say(lang, "failed", "失败"),
    ];
    let row = |from: u32, to: u32, figures: &KeptFigures| {
        let rate = match from == to {
            true => from.to_string(),
            false => format!("{from}..{to}"),
        };
        [
            rate,
            figure::mean(figures.offered_tps),
            figure::mean(figures.tps),
            figure::time(figures.latency_us.p50),
            figure::time(figures.latency_us.p99),
            figure::time(figures.latency_us.max),
            figures.failed().to_string(),
        ]
    };
    let stretches = run.stretches.iter();
    let rows = stretches.map(|one| row(one.from, one.to, &one.figures));
    std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect()
}

/// The kinds, under a heading.
pub(super) fn kinds(run: &KeptRun, lang: Lang) -> Vec<[String; 3]> {
    let heading = [
        say(lang, "kind", "交易种类"),
        say(lang, "sent", "已发"),
        say(lang, "approved", "批准"),
    ];
    let kinds = run.kinds.iter();
    let rows = kinds.map(|kind| {
        [
            kind.kind.clone(),
            kind.sent.to_string(),
            kind.approved.to_string(),
        ]
    });
    std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect()
}

/// The thresholds, each with what came of it, under a heading.
pub(super) fn thresholds(run: &KeptRun, lang: Lang) -> Vec<[String; 3]> {
    let heading = [
        say(lang, "threshold", "阈值"),
        "",
        say(lang, "measured", "实测"),
    ];
    let thresholds = run.thresholds.iter();
    let rows = thresholds.map(|one| {
        let holds = match one.holds {
            true => say(lang, "holds", "满足"),
            false => say(lang, "failed", "不满足"),
        };
        [
            one.threshold.clone(),
            holds.to_owned(),
            one.measured.clone(),
        ]
    });
    let heading = heading.map(str::to_owned);
    std::iter::once(heading).chain(rows).collect()
}

/// What a search found.
pub(super) fn found(run: &KeptRun, lang: Lang) -> String {
    match (run.found, lang) {
        (Some(rate), Lang::En) => format!("the highest rate that holds: {rate} a second"),
        (Some(rate), Lang::Zh) => format!("满足条件的最高速率: 每秒{rate}"),
        (None, Lang::En) => "no rate holds".to_owned(),
        (None, Lang::Zh) => "没有满足条件的速率".to_owned(),
    }
}
