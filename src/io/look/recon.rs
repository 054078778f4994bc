//! A reconciliation as JSON.

use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::recon::{ReconClass, ReconRow, ReconSum, Reconciler};
use crate::engine::seam::Zone;
use crate::engine::trace::Query;
use crate::io::journal::{JournalReader, ReadError};
use serde_json::{Map, Value, json};
use std::time::Instant;

/// The batches of a journal, each with what its terminal counts, its host says, and the journal
/// saw.
#[derive(Clone, Debug, Default)]
pub struct ComparedBatches {
    /// The newest, so many as were asked for.
    pub rows: Vec<ReconRow>,
    /// By class, all of them.
    pub sums: Vec<(ReconClass, ReconSum)>,
    /// Whether time ran out before the oldest.
    pub cut_short: bool,
}

/// Compares all batches, the newest first, until the time is over; the newest rows are kept, so
/// many at most.
///
/// # Errors
/// The storage's.
pub fn compared_batches(
    reader: &JournalReader,
    (most, deadline): (usize, Instant),
) -> Result<ComparedBatches, ReadError> {
    let nothing = Evidence::default();
    let index = EvidenceIndex::of(&nothing);
    let mut reconciler = Reconciler::new(&index);
    let mut compared = ComparedBatches::default();
    let within = (&index, Some(deadline));
    let looked =
        super::each::<ReadError>(reader, &Query::default(), within, &mut |story, verdict| {
            let row = reconciler.take(story, verdict);
            let row = row.filter(|_| compared.rows.len() < most);
            compared.rows.extend(row);
            Ok(())
        })?;
    compared.sums = reconciler.sums().collect();
    compared.cut_short = looked.cut_short;
    Ok(compared)
}

/// The command that tells all of a row; `None` for one that no transaction here belongs to.
#[must_use]
pub fn recon_command(row: &ReconRow) -> Option<String> {
    row.tx.map(|tx| format!("isogate explain {tx}"))
}

/// A row.
#[must_use]
pub fn recon_row(row: &ReconRow, zone: &Zone) -> Value {
    let keys = &row.keys;
    let class = row.class.text().plain();
    json!({
        "class": row.class.name(), "text": class.en, "text_zh": class.zh,
        "differs": row.class.differs(),
        "tx": row.tx.map(|tx| tx.to_string()),
        "at": keys.at.map(|at| at.rfc3339(zone)),
        "terminal": &*keys.terminal, "merchant": &*keys.merchant,
        "stan": keys.stan.map(|stan| stan.to_string()),
        "rrn": &*keys.rrn, "auth": &*keys.auth,
        "amount": row.ours.map(|amount| amount.0), "in_file": row.theirs.map(|amount| amount.0),
        "said": row.said.en, "said_zh": row.said.zh,
        "explain": recon_command(row),
    })
}

/// Counts and money by class.
#[must_use]
pub fn recon_sums(sums: &[(ReconClass, ReconSum)]) -> Map<String, Value> {
    let told = sums.iter().map(|(class, sum)| {
        let text = class.text().plain();
        let told = json!({
            "count": sum.count, "amount": sum.ours, "in_file": sum.theirs,
            "text": text.en, "text_zh": text.zh,
        });
        (class.name().to_owned(), told)
    });
    told.collect()
}
