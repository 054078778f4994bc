//! Files of other people that raise the evidence of a verdict: which are named, and their rows.

use crate::engine::evidence::{
    AccountSettings, ColumnMap, Evidence, FileError, FiledRow, TotalsRow, has_columns_of, read,
};
use crate::engine::seam::Zone;
use anyhow::Context;
use clap::Args;
use encoding_rs::GB18030;
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// Files that are read beside the journal.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FiledArgs {
    /// A terminal's batch upload or totals as CSV; several are read together
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    terminal_file: Vec<PathBuf>,
    /// The acquirer's file of transactions as CSV
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    acquirer_file: Vec<PathBuf>,
    /// The pay-outs to merchants as CSV
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    payout_file: Vec<PathBuf>,
    /// The issuer's view of its cards as CSV
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    issuer_file: Vec<PathBuf>,
    /// What is agreed for the merchants' accounts, as TOML
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    settings: Option<PathBuf>,
    /// Names of columns in these files: OURS=THEIRS, such as rrn=参考号,at=交易日期+交易时间
    #[arg(long, value_name = "MAP", help_heading = "Evidence")]
    columns: Vec<ColumnMap>,
    /// The day of the question: what was due before it is late [default: today]
    #[arg(long, value_name = "DAY", help_heading = "Evidence")]
    as_of: Option<Date>,
}

impl FiledArgs {
    /// The day of the question.
    pub(super) fn today(&self) -> Date {
        self.as_of.unwrap_or_else(|| jiff::Zoned::now().date())
    }

    /// The rows of all files; times without a zone are in this one.
    pub(super) fn read(&self, zone: &Zone) -> anyhow::Result<Evidence> {
        let mut map = ColumnMap::default();
        self.columns.iter().for_each(|more| map.extend(more));
        let mut evidence = Evidence {
            acquirer: rows(&self.acquirer_file, &map, zone)?,
            payout: rows(&self.payout_file, &map, zone)?,
            issuer: rows(&self.issuer_file, &map, zone)?,
            ..Evidence::default()
        };
        for file in &self.terminal_file {
            let text = text(file)?;
            match has_columns_of::<TotalsRow>(&text, &map) {
                true => add(&mut evidence.totals, file, read(&text, &map, zone))?,
                false => add(&mut evidence.terminal, file, read(&text, &map, zone))?,
            }
        }
        if let Some(file) = &self.settings {
            let settings = AccountSettings::read(&text(file)?);
            evidence.settings = Some(settings.with_context(|| file.display().to_string())?);
        }
        Ok(evidence)
    }
}

fn rows<R: FiledRow>(
    files: &[PathBuf],
    map: &ColumnMap,
    zone: &Zone,
) -> anyhow::Result<Option<Vec<R>>> {
    let mut rows = None;
    for file in files {
        add(&mut rows, file, read(&text(file)?, map, zone))?;
    }
    Ok(rows)
}

fn add<R>(
    rows: &mut Option<Vec<R>>,
    file: &Path,
    more: Result<Vec<R>, FileError>,
) -> anyhow::Result<()> {
    let more = more.with_context(|| file.display().to_string())?;
    rows.get_or_insert_default().extend(more);
    Ok(())
}

/// The text of a file: UTF-8, else as Chinese systems write it.
fn text(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let (text, wrong) = GB18030.decode_without_bom_handling(error.as_bytes());
            let sound = !wrong;
            anyhow::ensure!(sound, "{}: neither UTF-8 nor GB 18030", file.display());
            Ok(text.into_owned())
        }
    }
}
