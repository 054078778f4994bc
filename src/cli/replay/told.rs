//! What came of a replay, for people.

use super::sum::{AT_ACQUIRER, DifferenceGroup, DifferenceSort, Example, ReplaySum};
use crate::cli::{Lang, table};
use crate::engine::seam::Zone;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use std::io::{self, Write};

/// The widest value that is shown whole.
const COLUMN: usize = 40;

/// Prints it.
pub(super) fn print(
    sum: &ReplaySum,
    ended: bool,
    zone: &Zone,
    lang: Lang,
    out: &mut dyn Write,
) -> io::Result<()> {
    table::print(figures(sum, lang).into_iter(), out)?;
    if !sum.groups.is_empty() {
        writeln!(out)?;
        table::print(differences(sum, zone, lang).into_iter(), out)?;
    }
    let verdict = verdict(sum, ended, lang);
    writeln!(out, "\n{verdict}")
}

/// One of two texts, by the language.
pub(super) const fn say<'a>(lang: Lang, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// What it comes to, in a sentence.
pub(super) fn verdict(sum: &ReplaySum, ended: bool, lang: Lang) -> String {
    let (differ, judged, strays) = (sum.differ, sum.judged(), sum.strays);
    let stopped = match (ended, lang) {
        (true, _) => "",
        (false, Lang::En) => "stopped before its end: ",
        (false, Lang::Zh) => "中途停止: ",
    };
    let told = match (differ, strays, lang) {
        (0, 0, _) if judged == 0 => {
            say(lang, "nothing was compared", "没有可比较的应答").to_owned()
        }
        (0, 0, Lang::En) => format!("no difference in {judged} answers"),
        (0, 0, Lang::Zh) => format!("{judged} 个应答均无差异"),
        (_, 0, Lang::En) => format!("{differ} of {judged} answers differ"),
        (_, 0, Lang::Zh) => format!("{judged} 个应答中 {differ} 个不同"),
        (_, _, Lang::En) => {
            format!("{differ} of {judged} answers differ, and {strays} answer nothing")
        }
        (_, _, Lang::Zh) => format!("{judged} 个应答中 {differ} 个不同, 另有 {strays} 个无主应答"),
    };
    let unsent = match (sum.skipped_in_all(), lang) {
        (0, _) => String::new(),
        (unsent, Lang::En) => format!("; {unsent} of {} were not sent", sum.requests),
        (unsent, Lang::Zh) => format!("; {} 个请求中 {unsent} 个未发送", sum.requests),
    };
    format!("{stopped}{told}{unsent}")
}

/// The counts, a name and a value a row.
pub(super) fn figures(sum: &ReplaySum, lang: Lang) -> Vec<[String; 2]> {
    let row = |en: &str, zh: &str, value: String| [say(lang, en, zh).to_owned(), value];
    let mut rows = vec![
        row(
            "capture",
            "捕获文件",
            format!("{} ({})", sum.file, sum.spec.name()),
        ),
        row("played against", "目标", sum.to.clone()),
        row("requests", "请求", sum.requests.to_string()),
        row("same answer", "应答相同", sum.same.to_string()),
        row("other answer", "应答不同", sum.differ.to_string()),
    ];
    let counted =
        |en: &str, zh: &str, count: u64| (count > 0).then(|| row(en, zh, count.to_string()));
    rows.extend(counted("no answer, as captured", "均无应答", sum.silent));
    rows.extend(counted(
        "answer not in the capture",
        "捕获中缺应答",
        sum.unknown,
    ));
    for (cause, times) in &sum.skipped {
        rows.push(row("not sent", "未发送", format!("{times}: {cause}")));
    }
    rows.extend(counted("answers to nothing", "无主应答", sum.strays));
    rows.extend(counted("in another order", "顺序不同", sum.out_of_order));
    let times = [
        (
            "captured answer times",
            "捕获的应答时间",
            &sum.captured_times,
        ),
        ("answer times now", "本次应答时间", &sum.times),
    ];
    for (en, zh, times) in times {
        let quantiles = times.quantiles();
        let [p50, p99] = [quantiles.p50, quantiles.p99].map(crate::cli::load::figure::time);
        rows.push(row(en, zh, format!("p50 {p50}, p99 {p99}")));
    }
    rows
}

/// The differences under a heading, each with its first examples.
pub(super) fn differences(sum: &ReplaySum, zone: &Zone, lang: Lang) -> Vec<[String; 6]> {
    let heading = [
        say(lang, "kind", "交易"),
        say(lang, "what differs", "差异"),
        say(lang, "times", "次数"),
        say(lang, "captured", "捕获"),
        say(lang, "now", "本次"),
        say(lang, "terminal, trace number, time", "终端、流水号、时间"),
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    let mut groups: Vec<_> = sum.groups.iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.times));
    for ((kind, sort), group) in groups {
        rows.extend(group_rows(sum, kind, sort, group, zone, lang));
    }
    rows
}

fn group_rows(
    sum: &ReplaySum,
    kind: &str,
    sort: &DifferenceSort,
    group: &DifferenceGroup,
    zone: &Zone,
    lang: Lang,
) -> Vec<[String; 6]> {
    let examples = group.examples.iter().enumerate();
    let row = |(at, example): (usize, &Example)| {
        let [wanted, found] = [&example.wanted, &example.found].map(|value| {
            let absent = say(lang, "(absent)", "(无)");
            match sort {
                DifferenceSort::Field(..) | DifferenceSort::Type => {
                    value.as_deref().map_or_else(|| absent.to_owned(), clipped)
                }
                _ => value.clone().unwrap_or_default(),
            }
        });
        let [first, what, times] = match at {
            0 => [
                kind_title(&sum.spec, kind, lang),
                title(&sum.spec, sort, lang),
                group.times.to_string(),
            ],
            _ => [const { String::new() }; 3],
        };
        [first, what, times, wanted, found, place(example, zone)]
    };
    examples.map(row).collect()
}

/// A value that fits into a column; all of it stands in what `--json` prints.
fn clipped(value: &str) -> String {
    match value.char_indices().nth(COLUMN) {
        Some((end, _)) => format!("{}...", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// The kind of requests, as its dialect names it.
pub(super) fn kind_title(spec: &Spec, name: &str, lang: Lang) -> String {
    let (side, name) = match name.strip_prefix(AT_ACQUIRER) {
        Some(name) => (say(lang, AT_ACQUIRER, "收单侧: "), name),
        None => ("", name),
    };
    let kinds = &spec.flow().kinds;
    let known = kinds.iter().find(|kind| *kind.name == *name);
    let title = known.map_or(name, |kind| say(lang, &kind.title, &kind.title_zh));
    format!("{side}{title}")
}

/// What differs, in words.
pub(super) fn title(spec: &Spec, sort: &DifferenceSort, lang: Lang) -> String {
    let words = match sort {
        DifferenceSort::Field(path, comparison) => {
            return format!("{} ({comparison})", field_title(spec, *path, lang));
        }
        DifferenceSort::Type => ("type of the answer", "应答报文类型"),
        DifferenceSort::Missing => ("no answer", "无应答"),
        DifferenceSort::Late => ("late answer", "应答迟到"),
        DifferenceSort::Extra => ("answer where the capture has none", "捕获中没有的应答"),
        DifferenceSort::Order => ("answers in another order", "应答顺序不同"),
        DifferenceSort::Stray => ("answer to nothing", "无主应答"),
    };
    say(lang, words.0, words.1).to_owned()
}

fn field_title(spec: &Spec, path: FieldPath, lang: Lang) -> String {
    let field = spec.field(path.field);
    let meaning = field.map(crate::iso::spec::FieldSpec::usual_meaning);
    let title = meaning.map(|meaning| {
        let part = path.part.as_ref().and_then(|part| meaning.part(part));
        part.map_or(&meaning.title, |part| &part.title)
    });
    let words = title.map(|title| say(lang, &title.en, &title.zh));
    match words {
        Some(words) if !words.is_empty() => format!("{path} {words}"),
        _ => path.to_string(),
    }
}

/// Where to find an example.
pub(super) fn place(example: &Example, zone: &Zone) -> String {
    let Some(one) = &example.exchange else {
        return String::new();
    };
    let terminal = one.terminal.as_deref().unwrap_or("-");
    let stan = one
        .stan
        .map_or_else(|| "-".to_owned(), |stan| stan.to_string());
    format!("{terminal} {stan} {}", one.at.rfc3339(zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::replay::SkipCause;
    use std::sync::Arc;

    #[test]
    fn what_was_not_sent_is_told_beside_what_does_not_differ() {
        let spec: Arc<Spec> = Spec::builtin("cup-pos").unwrap();
        let mut sum = ReplaySum::new(&spec, "127.0.0.1:6583", "monday.pcap");
        (sum.requests, sum.same) = (205, 5);
        assert_eq!(verdict(&sum, true, Lang::En), "no difference in 5 answers");
        sum.skipped.insert(SkipCause::NoKeys, 200);
        assert_eq!(
            verdict(&sum, true, Lang::En),
            "no difference in 5 answers; 200 of 205 were not sent"
        );
    }
}
