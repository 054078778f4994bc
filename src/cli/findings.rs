//! `isogate findings`: what failures have in common.

use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::past;
use super::period::PeriodArgs;
use super::{Exit, Lang};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::findings::significance::ONE_IN;
use crate::engine::findings::{FailureFinding, Group, Looks};
use crate::engine::record::Fact;
use crate::engine::seam::Zone;
use crate::engine::trace::{Phrase, Query, Said};
use crate::io::journal::JournalReader;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;

/// What failures have in common: only this BIN, terminal, link, channel or merchant, or since a
/// time; exit code 1 if there is anything
#[derive(Args, Debug)]
#[command(
    after_help = "Fisher's exact test, one-sided, at 1 in 100000 for all groups that are tried \
                  together; what a finding explains is set aside before the next one is looked \
                  for. What a cardholder got wrong (too little money, a wrong PIN) is no failure."
)]
pub(crate) struct FindingsArgs {
    #[command(flatten)]
    period: PeriodArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filed: FiledArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Looks for them; `Found` (1) if there are any.
pub(crate) fn run(args: &FindingsArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let zone = args.journal.zone();
    let reader = args.journal.reader()?;
    let evidence = args.filed.read(zone)?;
    let index = EvidenceIndex::of(&evidence).on(args.filed.today());
    let (from, until) = args.period.moments(zone)?;
    let query = Query {
        from,
        until,
        ..Query::default()
    };
    let links = links(&reader)?;
    let mut looks = Looks::default();
    past::each(&reader, &query, &index, &mut |story, verdict| {
        let link = story
            .opened
            .as_ref()
            .map(|opened| usize::from(opened.link.0));
        let link = link.and_then(|link| links.get(link));
        looks.take(story, verdict, link.map_or("", String::as_str));
        Ok(())
    })?;
    let findings = looks.findings();
    match args.json {
        true => writeln!(out, "{}", document(&looks, &findings, zone))?,
        false => print(&looks, &findings, (lang, zone), out)?,
    }
    Ok(match findings.is_empty() {
        true => Exit::Done,
        false => Exit::Found,
    })
}

/// The names of the links, as the newest run that is found first calls them.
fn links(reader: &JournalReader) -> anyhow::Result<Vec<String>> {
    for record in reader.records() {
        if let Fact::Started { links, .. } = record?.fact {
            return Ok(links.iter().map(|link| link.name.to_string()).collect());
        }
    }
    Ok(Vec::new())
}

fn said_of_group(group: &Group, zone: &Zone) -> Said {
    let since = group.since.map(|since| since.rfc3339(zone));
    let value = since.as_deref().and_then(|since| since.get(..16));
    group.feature.said(value.unwrap_or(&group.value))
}

/// `only BIN 622609 failing: 12 of 12; of the others 3 of 240`.
fn said(finding: &FailureFinding, zone: &Zone) -> Said {
    let groups: Vec<Said> = finding
        .groups
        .iter()
        .map(|group| said_of_group(group, zone))
        .collect();
    let join = |of: fn(&Said) -> &str, by: &str| groups.iter().map(of).collect::<Vec<_>>().join(by);
    let group = Said {
        en: join(|said| &said.en, ", "),
        zh: join(|said| &said.zh, ", "),
    };
    let number = |number: u64| Said::same(number.to_string());
    Phrase::new(
        "only {group} failing: {n} of {m}; of the others {k} of {o}",
        "仅{group}失败{n}/{m}; 其余失败{k}/{o}",
    )
    .fill(&[
        ("group", group),
        ("n", number(finding.share.failed)),
        ("m", number(finding.share.of)),
        ("k", number(finding.rest.failed)),
        ("o", number(finding.rest.of)),
    ])
}

fn print(
    looks: &Looks,
    findings: &[FailureFinding],
    (lang, zone): (Lang, &Zone),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let all = looks.share();
    let number = |number: u64| Said::same(number.to_string());
    let counts = [("k", number(all.failed)), ("n", number(all.of))];
    if findings.is_empty() {
        let nothing = Phrase::new(
            "{k} of {n} failed; nothing that they have in common is more than chance explains",
            "{n}笔中失败{k}笔; 未见超出偶然的共同点",
        );
        writeln!(out, "{}", nothing.fill(&counts).in_lang(lang))?;
    }
    for finding in findings {
        writeln!(out, "{}", said(finding, zone).in_lang(lang))?;
        let odds = Phrase::new(
            "    by chance less than 1 in 2^{bits}; {tried} groups tried; most often: {cause}",
            "    偶然出现的概率低于2的{bits}次方分之一; 共检验{tried}组; 最常见原因: {cause}",
        );
        let cause = finding.cause.map(|cause| cause.about().text.plain());
        let values = [
            ("bits", number(finding.bits)),
            ("tried", number(finding.tried)),
            ("cause", cause.unwrap_or_default()),
        ];
        writeln!(out, "{}", odds.fill(&values).in_lang(lang))?;
    }
    if looks.left_out() > 0 {
        let left = Phrase::new(
            "{v} older transactions were left out: narrow it with --from and --to",
            "较早的{v}笔未计入: 请用 --from 与 --to 缩小范围",
        );
        let left = left.fill(&[("v", number(looks.left_out()))]);
        writeln!(out, "{}", left.in_lang(lang))?;
    }
    Ok(())
}

fn document(looks: &Looks, findings: &[FailureFinding], zone: &Zone) -> Value {
    let groups = |finding: &FailureFinding| -> Vec<Value> {
        let group = |group: &Group| {
            let since = group.since.map(|since| since.rfc3339(zone));
            let value = since.unwrap_or_else(|| group.value.clone());
            json!({ "feature": group.feature.name(), "value": value })
        };
        finding.groups.iter().map(group).collect()
    };
    let findings = findings.iter().map(|finding| {
        let said = said(finding, zone);
        json!({
            "groups": groups(finding),
            "failed": finding.share.failed, "of": finding.share.of,
            "others_failed": finding.rest.failed, "others": finding.rest.of,
            "bits": finding.bits, "tried": finding.tried,
            "cause": finding.cause.map(|cause| cause.name()),
            "text": said.en, "text_zh": said.zh,
        })
    });
    let all = looks.share();
    json!({
        "transactions": all.of, "failed": all.failed, "left_out": looks.left_out(),
        "one_in": ONE_IN, "findings": findings.collect::<Vec<_>>(),
    })
}
