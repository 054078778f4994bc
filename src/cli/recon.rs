//! `isogate recon`: the journal beside the files of terminal, acquirer and pay-out.

mod told;

use super::filed::FiledArgs;
use super::journal::FolderArgs;
use super::period::PeriodArgs;
use super::{Exit, Lang, table};
use crate::engine::evidence::EvidenceIndex;
use crate::engine::recon::{ReconRow, Reconciler};
use crate::engine::trace::Query;
use crate::io::look;
use anyhow::{Context, bail};
use clap::Args;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// The journal beside the files of terminal, acquirer and pay-out: what matches, and what one side
/// lacks; exit code 1 if anything differs, or could not be compared
#[derive(Args, Debug)]
pub(crate) struct ReconArgs {
    /// Print what matches, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    period: PeriodArgs,
    /// Print one JSON object a line, the last one with the sums
    #[arg(long)]
    json: bool,
    /// Write every row as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a page with the sums and the rows that differ
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    filed: FiledArgs,
    #[command(flatten)]
    journal: FolderArgs,
}

/// Where the rows go.
struct ReconSink<'a> {
    args: &'a ReconArgs,
    lang: Lang,
    out: &'a mut dyn Write,
    csv: Option<csv::Writer<File>>,
    page: Vec<[String; told::COLUMNS.len()]>,
    differences: u64,
}

/// Rows on a page; the sums above them count all.
const ON_A_PAGE: usize = 5_000;

impl ReconSink<'_> {
    fn take(&mut self, row: &ReconRow) -> anyhow::Result<()> {
        let zone = self.args.journal.zone();
        self.differences += u64::from(row.class.differs());
        if let Some(csv) = &mut self.csv {
            csv.write_record(told::cells(row, self.lang, zone))?;
        }
        if !self.args.all && !row.class.differs() {
            return Ok(());
        }
        if self.args.html.is_some() && self.page.len() < ON_A_PAGE {
            self.page.push(told::cells(row, self.lang, zone));
        }
        match self.args.json {
            true => writeln!(self.out, "{}", look::recon_row(row, zone))?,
            false => writeln!(self.out, "{}", told::line(row, self.lang, zone))?,
        }
        Ok(())
    }
}

/// Holds them side by side; `Found` (1) if anything differs or could not be compared, or the
/// journal is damaged.
pub(crate) fn run(args: &ReconArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
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
    let csv = match &args.csv {
        Some(file) => Some(told::table_in(file)?),
        None => None,
    };
    let mut sink = ReconSink {
        args,
        lang,
        out,
        csv,
        page: Vec::new(),
        differences: 0,
    };
    let mut reconciler = Reconciler::new(&index);
    let looked = look::each(&reader, &query, (&index, None), &mut |story, verdict| {
        let row = reconciler.take(story, verdict);
        row.iter().try_for_each(|row| sink.take(row))
    })?;
    let whole = looked.whole;
    for row in reconciler.finish() {
        sink.take(&row)?;
    }
    if args.filed.is_empty() && !reconciler.has_batches() {
        bail!(
            "nothing to hold the journal against: no settlement is in it, and no file is named \
             with --acquirer-file, --terminal-file, --payout-file or --issuer-file"
        );
    }
    let sums: Vec<_> = reconciler.sums().collect();
    let differences = sink.differences;
    if let Some(mut csv) = sink.csv {
        csv.flush()?;
    }
    if let Some(file) = &args.html {
        let page = told::page(&sums, &sink.page, lang)?;
        std::fs::write(file, page).with_context(|| file.display().to_string())?;
    }
    match args.json {
        true => writeln!(sink.out, "{}", told::json_sums(&sums, differences, whole))?,
        false => table::print(told::rows_of_sums(&sums, lang).into_iter(), sink.out)?,
    }
    Ok(match differences == 0 && whole {
        true => Exit::Done,
        false => Exit::Found,
    })
}
