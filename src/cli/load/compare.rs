//! Two runs side by side.

use super::figure::{self, say};
use super::kept::{KeptFigures, KeptRun};
use crate::cli::{Lang, table};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// A figure of two runs.
struct FigurePair {
    /// As the document names it.
    name: &'static str,
    told: (&'static str, &'static str),
    of: fn(&KeptFigures) -> f64,
    is_time: bool,
}

const PAIRS: [FigurePair; 9] = [
    pair(
        "tps",
        ("answers a second", "每秒应答"),
        |own| own.tps,
        false,
    ),
    pair(
        "approved_share",
        ("approved, %", "批准率 %"),
        |own| share(own, own.approved),
        false,
    ),
    pair(
        "failed_share",
        ("failed, %", "失败率 %"),
        |own| share(own, own.failed()),
        false,
    ),
    pair(
        "p50_us",
        ("p50", "p50"),
        |own| number(own.latency_us.p50),
        true,
    ),
    pair(
        "p90_us",
        ("p90", "p90"),
        |own| number(own.latency_us.p90),
        true,
    ),
    pair(
        "p99_us",
        ("p99", "p99"),
        |own| number(own.latency_us.p99),
        true,
    ),
    pair(
        "p999_us",
        ("p99.9", "p99.9"),
        |own| number(own.latency_us.p999),
        true,
    ),
    pair(
        "max_us",
        ("max", "最长"),
        |own| number(own.latency_us.max),
        true,
    ),
    pair(
        "offered_tps",
        ("offered a second", "每秒应发"),
        |own| own.offered_tps,
        false,
    ),
];

const fn pair(
    name: &'static str,
    told: (&'static str, &'static str),
    of: fn(&KeptFigures) -> f64,
    is_time: bool,
) -> FigurePair {
    FigurePair {
        name,
        told,
        of,
        is_time,
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}

/// A share of the requests that were meant to be sent, in percent.
fn share(own: &KeptFigures, part: u64) -> f64 {
    100.0 * number(part) / number(own.offered).max(1.0)
}

/// Prints them, with the change from the first to the second.
pub(super) fn print(
    runs: &[KeptRun; 2],
    as_json: bool,
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", document(runs));
    }
    table::print(rows(runs, lang).into_iter(), out)?;
    for (name, before, after) in unlike(runs) {
        match lang {
            Lang::En => writeln!(out, "asked for differently: {name}, {before} and {after}")?,
            Lang::Zh => writeln!(out, "设置不同: {name}, {before} 与 {after}")?,
        }
    }
    Ok(())
}

/// A row for each figure, under a heading.
pub(super) fn rows(runs: &[KeptRun; 2], lang: Lang) -> Vec<[String; 4]> {
    let heading = [
        "",
        say(lang, "first", "前"),
        say(lang, "second", "后"),
        say(lang, "change", "变化"),
    ];
    let rows = PAIRS.iter().map(|pair| {
        let [before, after] = [&runs[0], &runs[1]].map(|run| (pair.of)(&run.total));
        let text = |value: f64| match pair.is_time {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a latency is a whole number of microseconds"
            )]
            true => figure::time(value as u64),
            false => figure::mean(value),
        };
        let name = say(lang, pair.told.0, pair.told.1).to_owned();
        [name, text(before), text(after), change(before, after)]
    });
    std::iter::once(heading.map(str::to_owned))
        .chain(rows)
        .collect()
}

/// By how much of the first the second differs.
fn change(before: f64, after: f64) -> String {
    if before == 0.0 {
        return if after == 0.0 { "=" } else { "-" }.to_owned();
    }
    format!("{:+.1}%", 100.0 * (after - before) / before)
}

/// The settings that differ, with both values: what is compared may not be comparable.
fn unlike(runs: &[KeptRun; 2]) -> Vec<(String, String, String)> {
    let empty = Map::new();
    let [first, second] =
        [&runs[0], &runs[1]].map(|run| run.settings.as_object().unwrap_or(&empty));
    let names = first
        .keys()
        .chain(second.keys().filter(|name| !first.contains_key(*name)));
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    };
    let differ = names.filter(|name| first.get(*name) != second.get(*name));
    differ
        .map(|name| (name.clone(), text(first.get(name)), text(second.get(name))))
        .collect()
}

fn document(runs: &[KeptRun; 2]) -> Value {
    let figures = PAIRS.iter().map(|pair| {
        let [before, after] = [&runs[0], &runs[1]].map(|run| (pair.of)(&run.total));
        (
            pair.name.to_owned(),
            json!({ "first": before, "second": after }),
        )
    });
    let unlike = unlike(runs).into_iter();
    let unlike = unlike.map(|(name, first, second)| (name, json!([first, second])));
    json!({
        "figures": figures.collect::<Map<String, Value>>(),
        "asked_for_differently": unlike.collect::<Map<String, Value>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::drive::load::LoadReport;

    fn run(rate: &str, latency: u64) -> KeptRun {
        let mut report = LoadReport::default();
        report.total.offered = 100;
        report.total.approved = 99;
        report.total.errors = 1;
        report.total.micros = 1_000_000;
        report.total.latencies.record(latency, 99);
        KeptRun::new(
            json!({ "rate": rate, "spec": "cup-pos" }),
            Vec::new(),
            &report,
        )
    }

    #[test]
    fn the_second_is_told_by_its_change_from_the_first() {
        let mut printed = Vec::new();
        let runs = [run("500", 1000), run("600", 1500)];
        print(&runs, false, Lang::En, &mut printed).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        let p99 = printed.lines().find(|line| line.contains("p99 ")).unwrap();
        let words: Vec<&str> = p99.split_whitespace().collect();
        assert_eq!(words, ["p99", "1.00", "ms", "1.50", "ms", "+50.0%"]);
        assert!(
            printed.ends_with("asked for differently: rate, 500 and 600\n"),
            "{printed}"
        );
    }

    #[test]
    fn the_same_is_told_in_json() {
        let mut printed = Vec::new();
        print(
            &[run("500", 1000), run("500", 1000)],
            true,
            Lang::En,
            &mut printed,
        )
        .unwrap();
        let document: Value = serde_json::from_slice(&printed).unwrap();
        assert_eq!(
            document["figures"]["failed_share"],
            json!({ "first": 1.0, "second": 1.0 })
        );
        assert_eq!(document["asked_for_differently"], json!({}));
    }
}
