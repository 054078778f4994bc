//! `isogate findings`: what failures have in common.

use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::period::PeriodArgs;
use super::{Exit, Lang};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::findings::{FailureFinding, Looks};
use crate::engine::seam::Zone;
use crate::engine::trace::{Phrase, Query, Said};
use crate::io::look;
use clap::Args;
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
    let (looks, _looked) = look::failures(&reader, &query, (&index, None))?;
    let findings = looks.findings();
    match args.json {
        true => writeln!(out, "{}", look::findings_document(&looks, &findings, zone))?,
        false => print(&looks, &findings, (lang, zone), out)?,
    }
    Ok(match findings.is_empty() {
        true => Exit::Done,
        false => Exit::Found,
    })
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
        writeln!(out, "{}", look::finding_said(finding, zone).in_lang(lang))?;
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
