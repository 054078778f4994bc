//! Batch upload: when the totals of a batch differ, the terminal sends its records, then their end.

use super::brain::{Task, TestTerminal};
use super::form;
use super::receipts::BatchUpload;
use super::workload::kind_of;
use crate::engine::seam::Now;
use crate::iso::message::ResponseCode;
use crate::iso::spec::Purpose;
use std::sync::Arc;

/// The kinds of the dialect.
const RECORDS: &str = "batch_list";
const END: &str = "batch_end";
/// DE 48 has room for so many records.
const MOST: usize = 8;

impl TestTerminal {
    /// Begins, if the dialect has uploads. The batch goes on until its records are taken.
    pub(super) fn begin_upload(&mut self, now: Now) {
        let flow = self.options.spec.flow();
        if kind_of(flow, RECORDS).is_some() && kind_of(flow, END).is_some() {
            self.receipts.upload = Some(BatchUpload::default());
            self.due = now.mono;
        }
    }

    /// Sends the next records, or the end.
    pub(super) fn upload(&mut self, now: Now) {
        let spec = Arc::clone(&self.options.spec);
        let Some(upload) = self.receipts.upload else {
            return;
        };
        let all = self.receipts.records().count();
        let left = all.saturating_sub(upload.taken);
        let name = if left == 0 { END } else { RECORDS };
        let Some(kind) = kind_of(spec.flow(), name) else {
            self.receipts.upload = None;
            return;
        };
        let stamp = self.stamp(now);
        let mut request = form::request(&self.options, kind, stamp, Default::default());
        form::put_record_count(&mut request, all);
        let mut fate = self.fate(now, &request, (Purpose::BatchUpload, false), upload.tries);
        let cut = fate.upload_cut.filter(|_| left > 0);
        let most = cut.map_or(MOST, |cut| usize::try_from(cut).unwrap_or(MOST).min(MOST));
        let sent = left.min(most);
        if left > 0 {
            let cards = self.options.workload.cards.cards();
            let records = self.receipts.records().skip(upload.taken).take(sent);
            form::put_records(&mut request, records, cards);
        }
        fate.hang_up_after |= cut.is_some();
        self.receipts.upload = Some(BatchUpload {
            sent,
            tries: upload.tries + 1,
            ..upload
        });
        self.seal(&mut request);
        self.send(now, Task::Upload, request, fate);
    }

    /// The records were taken, or the end was: then the next batch begins. A refusal means that
    /// records are missing, and all are sent once more, as often as the terminal has patience.
    pub(super) fn uploaded(&mut self, now: Now, code: ResponseCode) {
        let Some(upload) = &mut self.receipts.upload else {
            return;
        };
        let accepted = self.options.spec.flow().accepts(Purpose::BatchUpload, code);
        let is_end = upload.sent == 0;
        let taken = if accepted {
            upload.taken + upload.sent
        } else {
            0
        };
        *upload = BatchUpload {
            taken,
            sent: 0,
            tries: upload.tries,
            refused: upload.refused + u32::from(!accepted),
        };
        if upload.refused >= self.options.patience.tries || (is_end && accepted) {
            self.receipts.begin_batch();
        }
        if !accepted {
            self.pause(now);
        } else {
            self.due = now.mono;
        }
    }
}
