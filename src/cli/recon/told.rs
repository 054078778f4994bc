//! How the rows and sums of a reconciliation are told: as lines, JSON, CSV and a page.

use crate::cli::Lang;
use crate::cli::page::{page as whole_page, table};
use crate::engine::recon::{ReconClass, ReconRow, ReconSum};
use crate::engine::seam::Zone;
use crate::engine::trace::{Phrase, money};
use crate::io::look::{recon_command, recon_sums};
use anyhow::Context;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;

/// The columns of a table in a file.
pub(super) const COLUMNS: [&str; 11] = [
    "class", "at", "terminal", "merchant", "stan", "rrn", "auth", "amount", "in_file", "said",
    "explain",
];

type Sums = [(ReconClass, ReconSum)];

/// A table in a file, its header written.
pub(super) fn table_in(file: &Path) -> anyhow::Result<csv::Writer<File>> {
    let mut writer = csv::Writer::from_path(file).with_context(|| file.display().to_string())?;
    writer.write_record(COLUMNS)?;
    Ok(writer)
}

pub(super) fn cells(row: &ReconRow, lang: Lang, zone: &Zone) -> [String; COLUMNS.len()] {
    let keys = &row.keys;
    let amount = |amount: Option<crate::iso::message::Amount>| {
        amount.map(|amount| money(amount.0, "")).unwrap_or_default()
    };
    [
        row.class.name().to_owned(),
        keys.at.map(|at| at.rfc3339(zone)).unwrap_or_default(),
        keys.terminal.to_string(),
        keys.merchant.to_string(),
        keys.stan.map(|stan| stan.to_string()).unwrap_or_default(),
        keys.rrn.to_string(),
        keys.auth.to_string(),
        amount(row.ours),
        amount(row.theirs),
        row.said.in_lang(lang).to_owned(),
        recon_command(row).unwrap_or_default(),
    ]
}

pub(super) fn line(row: &ReconRow, lang: Lang, zone: &Zone) -> String {
    let [
        _,
        at,
        terminal,
        merchant,
        stan,
        rrn,
        _,
        ours,
        theirs,
        said,
        command,
    ] = cells(row, lang, zone);
    let name = match (&*terminal, &*rrn) {
        ("", "") => merchant,
        ("", rrn) => rrn.to_owned(),
        (terminal, _) => format!("{terminal}/{stan}"),
    };
    let at = at.get(..19).unwrap_or(&at);
    let amounts = match (&*ours, &*theirs) {
        (ours, "") => ours.to_owned(),
        ("", theirs) => format!("- / {theirs}"),
        (ours, theirs) => format!("{ours} / {theirs}"),
    };
    let class = row.class.text();
    let class = class.plain();
    let class = class.in_lang(lang);
    let first = format!("{at} {name} {amounts}");
    match &*command {
        "" => format!("{class}: {}\n    {said}", first.trim()),
        command => format!("{class}: {}\n    {said}\n    {command}", first.trim()),
    }
}

pub(super) fn json_sums(sums: &Sums, differences: u64, whole: bool) -> Value {
    let sums = recon_sums(sums);
    json!({ "sums": sums, "differences": differences, "journal_whole": whole })
}

/// The sums, a heading above them.
pub(super) fn rows_of_sums(sums: &Sums, lang: Lang) -> Vec<[String; 4]> {
    let say = |en, zh| Phrase::new(en, zh).plain().in_lang(lang).to_owned();
    let mut rows = vec![[
        say("class", "类别"),
        say("count", "笔数"),
        say("in the messages", "报文金额"),
        say("in the files", "文件金额"),
    ]];
    rows.extend(sums.iter().map(|(class, sum)| {
        [
            class.text().plain().in_lang(lang).to_owned(),
            sum.count.to_string(),
            money(sum.ours, ""),
            money(sum.theirs, ""),
        ]
    }));
    rows
}

pub(super) fn page(
    sums: &Sums,
    rows: &[[String; COLUMNS.len()]],
    lang: Lang,
) -> anyhow::Result<String> {
    let title = match lang {
        Lang::En => "Reconciliation",
        Lang::Zh => "对账",
    };
    let mut body = String::new();
    table(&mut body, None, &rows_of_sums(sums, lang))?;
    let header = [COLUMNS.map(str::to_owned)];
    let rows: Vec<_> = header.into_iter().chain(rows.iter().cloned()).collect();
    table(&mut body, None, &rows)?;
    Ok(whole_page(title, &body, lang))
}
