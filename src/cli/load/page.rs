//! A page with plots, complete in itself: nothing is loaded, nothing runs.

use super::compare;
use super::figure::say;
use super::kept::{KeptRun, KeptSecond};
use super::plot::{self, Axis, Curve};
use super::told;
use crate::cli::Lang;
use crate::cli::page::{escaped, page, table};
use crate::io::drive::load::Latencies;
use std::fmt::Write;

/// The page of a run.
pub(super) fn one(run: &KeptRun, lang: Lang) -> anyhow::Result<String> {
    let mut body = String::new();
    if run.settings.get("find").is_some() {
        let found = escaped(&told::found(run, lang));
        write!(body, "<p class=verdict>{found}</p>")?;
    }
    if !run.thresholds.is_empty() {
        let holds = run.thresholds.iter().all(|one| one.holds);
        let (class, told) = match holds {
            true => ("good", say(lang, "Every threshold holds", "各项阈值均满足")),
            false => ("bad", say(lang, "A threshold failed", "有阈值未满足")),
        };
        write!(body, "<p class=\"verdict {class}\">{told}</p>")?;
        table(&mut body, None, &told::thresholds(run, lang))?;
    }
    let title = say(lang, "Figures", "结果");
    table(&mut body, Some(title), &told::figures(run, lang))?;
    over_time(&mut body, run, lang)?;
    by_share(&mut body, &[run], lang)?;
    if run.stretches.len() > 1 {
        stretches(&mut body, run, lang)?;
    }
    if run.kinds.len() > 1 {
        let title = say(lang, "Kinds of transactions", "交易种类");
        table(&mut body, Some(title), &told::kinds(run, lang))?;
    }
    let title = say(lang, "How it was asked for", "设置");
    table(&mut body, Some(title), &settings(run))?;
    Ok(page(say(lang, "Load test", "压力测试"), &body, lang))
}

/// The page of two runs side by side.
pub(super) fn compared(runs: &[KeptRun; 2], lang: Lang) -> anyhow::Result<String> {
    let mut body = String::new();
    table(&mut body, None, &compare::rows(runs, lang))?;
    by_share(&mut body, &[&runs[0], &runs[1]], lang)?;
    let titles = [
        say(lang, "The first", "前一次"),
        say(lang, "The second", "后一次"),
    ];
    for (run, title) in runs.iter().zip(titles) {
        table(&mut body, Some(title), &settings(run))?;
    }
    let title = say(lang, "Two load tests side by side", "两次压力测试对比");
    Ok(page(title, &body, lang))
}

fn settings(run: &KeptRun) -> Vec<[String; 2]> {
    let settings = run.settings.as_object().into_iter().flatten();
    let row = |(name, value): (&String, &serde_json::Value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        [name.replace('_', "-"), value]
    };
    settings.map(row).collect()
}

/// Rates and latencies, second by second.
fn over_time(body: &mut String, run: &KeptRun, lang: Lang) -> anyhow::Result<()> {
    // Behind the last second in which anything was sent come only late answers.
    let last = run.seconds.iter().rposition(|second| second.sent > 0);
    let seconds = run.seconds.get(..=last.unwrap_or(0)).unwrap_or_default();
    if seconds.len() < 2 {
        return Ok(());
    }
    let curve = |name: &str, of: fn(&KeptSecond) -> u64| {
        let values = seconds.iter().map(|second| number(of(second)));
        Curve {
            name: name.to_owned(),
            points: (1..).map(f64::from).zip(values).collect(),
        }
    };
    let rates = [
        curve(say(lang, "sent", "已发"), |second| second.sent),
        curve(say(lang, "answered", "已应答"), |second| second.answered),
        curve(say(lang, "failed", "失败"), |second| second.failed),
    ];
    let x = (Axis::Plain, say(lang, "second of the run", "第几秒"));
    let a_second = (Axis::Plain, say(lang, "a second", "每秒"));
    let svg = plot::draw(x, a_second, &rates)?;
    figure(body, say(lang, "Rate over time", "速率随时间"), &svg)?;
    let latencies = [
        curve("p50", |second| second.latency_us.p50),
        curve("p99", |second| second.latency_us.p99),
        curve(say(lang, "longest", "最长"), |second| {
            second.latency_us.max
        }),
    ];
    let latencies = latencies.map(with_values);
    let svg = plot::draw(x, (Axis::Time, say(lang, "latency", "时延")), &latencies)?;
    figure(body, say(lang, "Latency over time", "时延随时间"), &svg)
}

/// A second without an answer has no latency.
fn with_values(mut curve: Curve) -> Curve {
    curve.points.retain(|point| point.1 > 0.0);
    curve
}

/// What share of all answers took at most how long.
fn by_share(body: &mut String, runs: &[&KeptRun], lang: Lang) -> anyhow::Result<()> {
    let names = [say(lang, "first", "前"), say(lang, "second", "后")];
    let curves = runs.iter().zip(names).map(|(run, name)| Curve {
        name: match runs.len() {
            1 => say(lang, "latency", "时延").to_owned(),
            _ => name.to_owned(),
        },
        points: shares(&run.total.figures().latencies),
    });
    let x = (
        Axis::Share,
        say(lang, "share of all requests", "占全部请求的比例"),
    );
    let y = (Axis::Time, say(lang, "latency at most", "时延不超过"));
    let svg = plot::draw(x, y, &curves.collect::<Vec<_>>())?;
    figure(body, say(lang, "Latency by share", "时延分布"), &svg)
}

/// A step for each latency that came: the share of all that it does not exceed.
fn shares(latencies: &Latencies) -> Vec<(f64, f64)> {
    let all = number(latencies.count());
    let mut so_far = 0;
    let steps = latencies.values().map(|(micros, times)| {
        let before = number(so_far) / all;
        so_far += times;
        (before, number(micros))
    });
    steps.collect()
}

/// The stretches as a table, and their rates against their latencies.
fn stretches(body: &mut String, run: &KeptRun, lang: Lang) -> anyhow::Result<()> {
    let title = say(lang, "Stretches", "各阶段");
    table(body, Some(title), &told::stretches(run, lang))?;
    let mut even: Vec<_> = run
        .stretches
        .iter()
        .filter(|one| one.from == one.to)
        .collect();
    if even.len() < 3 {
        return Ok(());
    }
    even.sort_by_key(|one| one.from);
    let curve = |name: &str, of: fn(&super::kept::KeptLatency) -> u64| Curve {
        name: name.to_owned(),
        points: even
            .iter()
            .map(|one| (f64::from(one.from), number(of(&one.figures.latency_us))))
            .collect(),
    };
    let curves = [curve("p50", |one| one.p50), curve("p99", |one| one.p99)].map(with_values);
    let x = (Axis::Plain, say(lang, "requests a second", "每秒请求"));
    let svg = plot::draw(x, (Axis::Time, say(lang, "latency", "时延")), &curves)?;
    figure(body, say(lang, "Latency by rate", "时延随速率"), &svg)
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}

fn figure(body: &mut String, title: &str, svg: &str) -> anyhow::Result<()> {
    let svg = svg.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{title}\" "),
        1,
    );
    write!(
        body,
        "<figure><figcaption>{title}</figcaption>{svg}</figure>"
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::drive::load::{LoadReport, MeasuredSecond};
    use serde_json::json;

    fn run(spec: &str) -> KeptRun {
        let mut report = LoadReport::default();
        for n in 1..=1000 {
            report.total.latencies.record(n, 1);
        }
        let second = MeasuredSecond {
            sent: 5,
            ..MeasuredSecond::default()
        };
        report.seconds = vec![second; 3];
        KeptRun::new(json!({ "spec": spec }), Vec::new(), &report)
    }

    #[test]
    fn a_page_is_complete_in_itself_and_text_is_text() {
        for lang in [Lang::En, Lang::Zh] {
            let page = one(&run("<script>alert(1)</script>"), lang).unwrap();
            assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
            assert_eq!(page.matches("<svg ").count(), 3);
        }
    }

    #[test]
    fn two_runs_share_a_plot() {
        let page = compared(&[run("cup-pos"), run("cup-pos")], Lang::En).unwrap();
        assert_eq!(page.matches("<svg ").count(), 1);
        assert!(page.contains("first") && page.contains("second"));
    }

    #[test]
    fn shares_rise_to_the_whole() {
        let mut latencies = Latencies::default();
        latencies.record(100, 90);
        latencies.record(500, 10);
        assert_eq!(shares(&latencies), [(0.0, 100.0), (0.9, 500.0)]);
    }
}
