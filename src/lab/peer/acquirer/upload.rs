//! Batch upload: the records of a batch whose totals differ, held against the book.

use super::brain::Acquirer;
use super::reply::Reply;
use super::session::{Owner, owner};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, MerchantId, Stan, TerminalId, Text};
use crate::iso::spec::{Kind, Purpose};
use crate::lab::peer::names::{batch_path, next_batch};

/// One record of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UploadedRecord {
    stan: Stan,
    amount: u64,
}

/// What terminal and acquirer do not both have, or not alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchDifference {
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 41.
    pub terminal: TerminalId,
    /// The batch.
    pub batch: Text<6>,
    /// DE 11 of the transaction.
    pub stan: Stan,
    /// Its amount in the upload, if it is there.
    pub at_terminal: Option<u64>,
    /// Its amount in the book, if it is there.
    pub at_acquirer: Option<u64>,
}

/// So many differences are kept.
const KEPT: usize = 10_000;

impl Acquirer {
    /// Takes records, or the end of them: then the batch is over, whatever it differs in. Records
    /// that came before are the same ones, sent again.
    pub(super) fn upload(&mut self, now: Now, request: &Message, kind: &Kind) -> Reply {
        let answer = self.options.spec.flow().answer.clone();
        let accepted = answer.approval(Purpose::BatchUpload);
        let text = request.text(FieldId::of(48)).unwrap_or_default();
        let Some(owner) = owner(request) else {
            return Reply::plain(accepted, now.wall);
        };
        if !kind.name.starts_with("batch_end") {
            let known = self.uploads.entry(owner).or_default();
            for record in records(&text) {
                if !known.iter().any(|one| one.stan == record.stan) {
                    known.push(record);
                }
            }
            return Reply::plain(accepted, now.wall);
        }
        let uploaded = self.uploads.remove(&owner).unwrap_or_default();
        if text.parse() != Ok(uploaded.len()) {
            // Some are missing: all shall come again.
            return Reply::plain(answer.invalid, now.wall);
        }
        self.compare(owner, request, &uploaded);
        Reply::plain(accepted, now.wall)
    }

    fn compare(&mut self, owner: Owner, request: &Message, uploaded: &[UploadedRecord]) {
        let (merchant, terminal) = owner;
        let batch = batch_path(self.options.spec.flow()).and_then(|path| request.text(path));
        let batch = batch
            .and_then(|batch| Text::new(&batch))
            .unwrap_or_default();
        let theirs = |stan| uploaded.iter().find(|record| record.stan == stan);
        let of_batch = self.book.entries().iter().filter(|entry| {
            let counts = matches!(
                entry.purpose,
                Purpose::Debit | Purpose::Void | Purpose::Refund
            );
            counts && entry.is_of(terminal, batch) && entry.is_effective()
        });
        let ours: Vec<(Stan, u64)> = of_batch.map(|entry| (entry.stan, entry.amount)).collect();
        let mut found = Vec::new();
        let mut differ = |stan, at_terminal, at_acquirer| {
            found.push(BatchDifference {
                merchant,
                terminal,
                batch,
                stan,
                at_terminal,
                at_acquirer,
            });
        };
        for (stan, amount) in &ours {
            let told = theirs(*stan).map(|record| record.amount);
            if told != Some(*amount) {
                differ(*stan, told, Some(*amount));
            }
        }
        for record in uploaded {
            if !ours.iter().any(|(stan, _)| *stan == record.stan) {
                differ(record.stan, Some(record.amount), None);
            }
        }
        self.differences.extend(found);
        let over = self.differences.len().saturating_sub(KEPT);
        self.differences.drain(..over);
        if let Some(session) = self.sessions.get_mut(&owner)
            && session.batch == batch
        {
            session.batch = next_batch(batch);
        }
    }
}

/// The records of DE 48: their count, then of each the sort of card, trace number, card number and
/// amount (`cup-pos.md` §6.2).
fn records(text: &str) -> impl Iterator<Item = UploadedRecord> {
    let rows = text.as_bytes().get(2..).unwrap_or_default();
    rows.chunks_exact(40).filter_map(|row| {
        let number = |from: usize, to: usize| {
            let digits = std::str::from_utf8(row.get(from..to)?).ok()?;
            digits.parse::<u64>().ok()
        };
        Some(UploadedRecord {
            stan: Stan(number(2, 8)?),
            amount: number(28, 40)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_broken_ones_passed_over() {
        let one = format!("00000007{:0>20}{:012}", "6216261000000000018", 500);
        let text = format!("02{one}00x00008{:0>32}", 1);
        let read: Vec<UploadedRecord> = records(&text).collect();
        let record = UploadedRecord {
            stan: Stan(7),
            amount: 500,
        };
        assert_eq!(read, [record]);
        assert_eq!(records("").count() + records("0").count(), 0);
    }
}
