//! The handles of those metrics that are made of a gateway's beats, on a thread of their own.

use super::meters::Registry;
use super::names;
use crate::engine::record::{LinkId, Row, Why};
use metrics::{Counter, Gauge, Histogram, Recorder};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How many values a label may have that strangers choose; the next ones are counted as `other`.
const MOST: usize = 128;
/// What stands for them.
const OTHER: &str = "other";

/// The handles.
pub struct FigureMeters {
    recorder: Arc<dyn Recorder + Send + Sync>,
    answer_seconds: Vec<Histogram>,
    wait_seconds: Histogram,
    codes: BTreeMap<String, Counter>,
    reversals_due: BTreeMap<&'static str, Counter>,
    reversals_ended: BTreeMap<&'static str, Counter>,
    late: Counter,
    left_out: Counter,
    disk_free: Gauge,
    open: BTreeMap<(&'static str, String), [Gauge; 3]>,
}

impl FigureMeters {
    /// Registers them, for links of these names.
    pub(super) fn new(recorder: Arc<dyn Recorder + Send + Sync>, links: &[String]) -> Self {
        let registry = Registry(&*recorder);
        let link = |name: &String| {
            let label = vec![("link", name.clone())];
            registry.labelled_histogram(names::ANSWER, label)
        };
        Self {
            answer_seconds: links.iter().map(link).collect(),
            wait_seconds: registry.labelled_histogram(names::WAIT, Vec::new()),
            codes: BTreeMap::new(),
            reversals_due: BTreeMap::new(),
            reversals_ended: BTreeMap::new(),
            late: registry.counter(names::LATE, None),
            left_out: registry.counter(names::FIGURES_LEFT_OUT, None),
            disk_free: registry.gauge(names::DISK_FREE, None),
            open: BTreeMap::new(),
            recorder,
        }
    }

    /// A link answered after so long.
    pub fn answered(&self, link: LinkId, took: Duration) {
        if let Some(histogram) = self.answer_seconds.get(usize::from(link.0)) {
            histogram.record(took);
        }
    }

    /// A terminal waited so long for its answer.
    pub fn waited(&self, took: Duration) {
        self.wait_seconds.record(took);
    }

    /// An acquirer answered with this code; empty if it gave none.
    pub fn code(&mut self, code: &str) {
        let is_code =
            (1..=4).contains(&code.len()) && code.bytes().all(|c| c.is_ascii_alphanumeric());
        let code = match code {
            "" => "none",
            code if is_code && (self.codes.len() < MOST || self.codes.contains_key(code)) => code,
            _ => OTHER,
        };
        if let Some(counter) = self.codes.get(code) {
            counter.increment(1);
            return;
        }
        let label = vec![("code", code.to_owned())];
        let counter = Registry(&*self.recorder).labelled_counter(names::ANSWERS, label);
        counter.increment(1);
        self.codes.insert(code.to_owned(), counter);
    }

    /// A reversal became due by this row of the decision table, for this reason.
    pub fn reversal_due(&mut self, row: Row, why: Why) {
        let cause = match row.0 {
            'U' => "terminal_asked",
            'Y' => "operator",
            'a' | 'f' => "late_approval",
            _ => cause(why),
        };
        let counter = self.reversals_due.entry(cause).or_insert_with(|| {
            let label = Some(("cause", cause));
            Registry(&*self.recorder).counter(names::REVERSALS_DUE, label)
        });
        counter.increment(1);
    }

    /// A row of the decision table was taken: counted if it ends a reversal.
    pub fn reversal_ended(&mut self, row: Row) {
        let outcome = match row.0 {
            'c' => "cancelled",
            'l' => "booked",
            'm' => "unproven",
            'p' => "refused",
            'q' => "undeliverable",
            _ => return,
        };
        let counter = self.reversals_ended.entry(outcome).or_insert_with(|| {
            let label = Some(("outcome", outcome));
            Registry(&*self.recorder).counter(names::REVERSALS_ENDED, label)
        });
        counter.increment(1);
    }

    /// An answer came behind its deadline.
    pub fn late(&self) {
        self.late.increment(1);
    }

    /// So many steps were in no figure.
    pub fn left_out(&self, count: u64) {
        self.left_out.increment(count);
    }

    /// So many bytes are free on the journal's disk.
    pub fn disk_free(&self, bytes: u64) {
        self.disk_free.set(as_float(bytes));
    }

    /// What is open in a class and a currency: how many, how much in minor units, since when in
    /// seconds. What is named no more is zero.
    pub fn open(&mut self, all: &[(&'static str, String, [u64; 3])]) {
        for gauge in self.open.values().flatten() {
            gauge.set(0.0);
        }
        for (class, currency, values) in all {
            let known = self.open.contains_key(&(*class, currency.clone()));
            let fine = currency.len() == 3 && currency.bytes().all(|c| c.is_ascii_alphanumeric());
            let currency = match fine && (known || self.open.len() < MOST) {
                true => currency.clone(),
                false => OTHER.to_owned(),
            };
            let key = (*class, currency);
            let gauges = self.open.entry(key.clone()).or_insert_with(|| {
                let (class, currency) = key;
                [names::OPEN, names::OPEN_MONEY, names::OPEN_OLDEST].map(|name| {
                    let labels = vec![("class", class.to_owned()), ("currency", currency.clone())];
                    Registry(&*self.recorder).labelled_gauge(name, labels)
                })
            });
            for (gauge, value) in gauges.iter().zip(values) {
                gauge.set(as_float(*value));
            }
        }
    }
}

/// A number as metrics want it; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits"
)]
const fn as_float(number: u64) -> f64 {
    number as f64
}

/// Why a reversal became due, as a label.
const fn cause(why: Why) -> &'static str {
    match why {
        Why::NoAnswer => "no_answer",
        Why::LinkLost => "link_lost",
        Why::AnswerUnreadable => "answer_unreadable",
        Why::AnswerMac => "answer_mac",
        Why::AnswerMismatch => "answer_mismatch",
        Why::AnswersDisagree => "answers_disagree",
        Why::TerminalClosed => "terminal_closed",
        Why::WriteFailed => "write_failed",
        Why::Restarted => "restarted",
        Why::TerminalAsked => "terminal_asked",
        Why::LateApproval => "late_approval",
        Why::Operator => "operator",
        Why::OvertakenByReversal => "overtaken",
        Why::Draining => "draining",
        _ => "policy",
    }
}

impl fmt::Debug for FigureMeters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FigureMeters")
    }
}
