//! What a lab's back office leaves on disk when its days are over: the files that `explain`, `open`
//! and `recon` take.

use super::LabError;
use crate::engine::evidence::{PayoutIs, write as as_table};
use crate::engine::seam::{Wall, Zone};
use crate::lab::office::{Account, Office};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// So many days behind the last sale the office goes on: no holiday and no cycle is longer.
const DAYS: i64 = 21;

/// What became of the money behind the switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficeReport {
    /// The day until which the office went on.
    pub until: Date,
    /// How many pay-outs came to what.
    pub payouts: BTreeMap<PayoutIs, u64>,
    /// What merchants' banks credited, in minor units.
    pub credited: i64,
    /// What merchants are still owed; less than nothing if they owe it.
    pub owed: i64,
    /// The account that its papers do not explain, if there is one.
    pub unexplained: Option<String>,
    /// The folder of its files.
    pub files: PathBuf,
}

/// Lets an office live through the days behind now, and writes its files beside a journal's folder.
pub(super) fn write(mut office: Office, journal: &Path) -> Result<OfficeReport, LabError> {
    let stamp = jiff::Timestamp::now().as_microsecond();
    let today = Wall(stamp).shown(&Zone::CHINA);
    let until = today.saturating_add(DAYS.days());
    let end = Zone::CHINA.moment(until).unwrap_or(Wall(stamp));
    office.run(end);
    let evidence = office.evidence(end);
    let mut folder = journal.to_path_buf().into_os_string();
    folder.push(".files");
    let files = PathBuf::from(folder);
    let save = |name: &str, text: String| {
        let path = files.join(name);
        std::fs::write(&path, text).map_err(|error| LabError::File { path, error })
    };
    std::fs::create_dir_all(&files).map_err(|error| LabError::File {
        path: files.clone(),
        error,
    })?;
    let zone = Zone::CHINA;
    let payouts = evidence.payout.unwrap_or_default();
    save(
        "acquirer.csv",
        as_table(&evidence.acquirer.unwrap_or_default(), &zone),
    )?;
    save(
        "issuer.csv",
        as_table(&evidence.issuer.unwrap_or_default(), &zone),
    )?;
    save("payout.csv", as_table(&payouts, &zone))?;
    save("settings.toml", office.settings_text(end))?;
    let mut report = OfficeReport {
        until: until.date(),
        unexplained: office.reconcile().err().map(|wrong| wrong.to_string()),
        files,
        ..OfficeReport::default()
    };
    for row in payouts {
        *report.payouts.entry(row.is).or_default() += 1;
    }
    for merchant in office.merchants() {
        report.credited += office.ledger().balance(Account::Credited(merchant));
        report.owed += office.ledger().balance(Account::Merchant(merchant));
    }
    Ok(report)
}
