//! Files of other people that raise the evidence of a verdict: which are named, and their rows.

use crate::engine::evidence::{
    AccountSettings, ColumnMap, Evidence, FiledRow, TotalsRow, has_columns_of, read, unread,
};
use crate::engine::seam::Zone;
use anyhow::Context;
use clap::Args;
use encoding_rs::GB18030;
use jiff::civil::Date;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files that are read beside the journal.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FiledArgs {
    /// A terminal's batch upload as CSV (terminal, merchant, batch, stan, at, card, amount, kind,
    /// rrn, auth, is), or its totals (terminal, merchant, batch, debit_count, debit_sum,
    /// credit_count, credit_sum); several are read together
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    terminal_file: Vec<PathBuf>,
    /// The acquirer's file of transactions as CSV: at, terminal, merchant, stan, batch, rrn, auth,
    /// card, amount, currency, kind, code, is, settles_on
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    acquirer_file: Vec<PathBuf>,
    /// The pay-outs to merchants as CSV: paid_on, due_on, merchant, account_name, payer, gross,
    /// fee, deducted, reason_of_deduction, net, is, reason, covers (RRNs joined by +), mode
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    payout_file: Vec<PathBuf>,
    /// The issuer's view of its cards as CSV: at, card, rrn, auth, amount, is, reason
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
    /// Whether no file of rows is named.
    pub(super) const fn is_empty(&self) -> bool {
        self.terminal_file.is_empty()
            && self.acquirer_file.is_empty()
            && self.payout_file.is_empty()
            && self.issuer_file.is_empty()
    }

    /// The day of the question.
    pub(super) fn today(&self) -> Date {
        self.as_of.unwrap_or_else(|| jiff::Zoned::now().date())
    }

    /// The rows of all files; times without a zone are in this one.
    pub(super) fn read(&self, zone: &Zone) -> anyhow::Result<Evidence> {
        let mut files = NamedFiles {
            zone,
            map: ColumnMap::default(),
            texts: Vec::new(),
        };
        self.columns.iter().for_each(|more| files.map.extend(more));
        let mut evidence = Evidence::default();
        for file in &self.acquirer_file {
            files.add(&mut evidence.acquirer, file)?;
        }
        for file in &self.payout_file {
            files.add(&mut evidence.payout, file)?;
        }
        for file in &self.issuer_file {
            files.add(&mut evidence.issuer, file)?;
        }
        for file in &self.terminal_file {
            match has_columns_of::<TotalsRow>(&text(file)?, &files.map) {
                true => files.add(&mut evidence.totals, file)?,
                false => files.add(&mut evidence.terminal, file)?,
            }
        }
        let missing = files.map.missing_in(&files.texts);
        anyhow::ensure!(
            missing.is_empty(),
            "--columns {}: none of the files has these columns",
            missing.join(",")
        );
        if let Some(file) = &self.settings {
            let settings = AccountSettings::read(&text(file)?);
            evidence.settings = Some(settings.with_context(|| file.display().to_string())?);
        }
        Ok(evidence)
    }
}

/// The files while they are read.
struct NamedFiles<'z> {
    zone: &'z Zone,
    map: ColumnMap,
    /// Their headers.
    texts: Vec<String>,
}

impl NamedFiles<'_> {
    fn add<R: FiledRow>(&mut self, rows: &mut Option<Vec<R>>, file: &Path) -> anyhow::Result<()> {
        let text = text(file)?;
        let more = read(&text, &self.map, self.zone);
        let more = more.with_context(|| file.display().to_string())?;
        rows.get_or_insert_default().extend(more);
        let others = unread::<R>(&text, &self.map);
        if !others.is_empty() {
            let (file, others) = (file.display(), others.join(", "));
            let _closed = writeln!(
                std::io::stderr(),
                "isogate: {file}: columns that are not read: {others}"
            );
        }
        self.texts
            .push(text.lines().next().unwrap_or_default().to_owned());
        Ok(())
    }
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
