//! The new names of what was captured: which trace number, reference number, authorization code
//! and moment stands for which.

use super::recent::Recent;
use crate::iso::message::FieldId;
use crate::iso::stream::SeenAt;

/// Names remembered, of each sort.
const MOST: usize = 50_000;
/// How long a trace number of a terminal names the same transaction: an hour, in microseconds.
const AGE: i64 = 3_600_000_000;

/// Old names and what stands for them.
#[derive(Debug)]
pub(super) struct Renamed {
    stans: Recent<(String, SeenAt)>,
    rrns: Recent<String>,
    codes: Recent<String>,
    moments: Recent<String>,
    batches: Recent<String>,
}

impl Renamed {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stans: Recent::new(MOST, seed),
            rrns: Recent::new(MOST, seed),
            codes: Recent::new(MOST, seed),
            moments: Recent::new(MOST, seed),
            batches: Recent::new(MOST, seed),
        }
    }

    /// The trace number that stands for one of this terminal, captured not long before.
    pub(super) fn stan(&self, terminal: &str, old: &str, at: SeenAt) -> Option<&str> {
        let (new, since) = self.stans.get(&of(terminal, old))?;
        (at.0.saturating_sub(since.0) < AGE).then_some(new)
    }

    pub(super) fn put_stan(&mut self, terminal: &str, old: &str, new: &str, at: SeenAt) {
        self.stans.put(of(terminal, old), (new.to_owned(), at));
    }

    pub(super) fn rrn(&self, old: &str) -> Option<&str> {
        self.rrns.get(old).map(String::as_str)
    }

    pub(super) fn put_rrn(&mut self, old: &str, new: &str) {
        self.rrns.put(old.to_owned(), new.to_owned());
    }

    /// The authorization code that stands for one: of this terminal, else of any.
    pub(super) fn code(&self, terminal: &str, old: &str) -> Option<&str> {
        let own = self.codes.get(&of(terminal, old));
        own.or_else(|| self.codes.get(old)).map(String::as_str)
    }

    pub(super) fn put_code(&mut self, terminal: &str, old: &str, new: &str) {
        for key in [of(terminal, old), old.to_owned()] {
            self.codes.put(key, new.to_owned());
        }
    }

    /// What stands for a moment of this terminal's field.
    pub(super) fn moment(&self, terminal: &str, field: FieldId, old: &str) -> Option<&str> {
        let key = of(terminal, &format!("{field}={old}"));
        self.moments.get(&key).map(String::as_str)
    }

    pub(super) fn put_moment(&mut self, terminal: &str, field: FieldId, old: &str, new: &str) {
        let key = of(terminal, &format!("{field}={old}"));
        self.moments.put(key, new.to_owned());
    }

    pub(super) fn batch(&self, terminal: &str, old: &str) -> Option<&str> {
        self.batches.get(&of(terminal, old)).map(String::as_str)
    }

    pub(super) fn put_batch(&mut self, terminal: &str, old: &str, new: &str) {
        self.batches.put(of(terminal, old), new.to_owned());
    }
}

fn of(terminal: &str, name: &str) -> String {
    format!("{terminal}/{name}")
}
