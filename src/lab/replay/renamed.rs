//! The new names of what was captured: which trace number, reference number, authorization code
//! and moment stands for which.

use super::recent::Recent;
use crate::iso::message::FieldId;
use crate::iso::stream::SeenAt;

/// Names remembered, of each sort.
const MOST: usize = 50_000;
/// How long a trace number of a terminal names the same transaction: an hour, in microseconds.
const AGE: i64 = 3_600_000_000;

/// What stands for a name that a captured answer gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GivenName {
    /// The new answer to the request of this number tells, unless it gives none.
    ToCome(u64),
    /// This.
    Is(String),
}

impl GivenName {
    /// The new name, if it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Is(name) => Some(name),
            Self::ToCome(_) => None,
        }
    }
}

/// Old names and what stands for them.
#[derive(Debug)]
pub(super) struct Renamed {
    stans: Recent<(String, SeenAt)>,
    rrns: Recent<GivenName>,
    codes: Recent<GivenName>,
    moments: Recent<String>,
    batches: Recent<String>,
    /// Requests that were not sent, as their reversals call them.
    unsent: Recent<()>,
}

impl Renamed {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stans: Recent::new(MOST, seed),
            rrns: Recent::new(MOST, seed),
            codes: Recent::new(MOST, seed),
            moments: Recent::new(MOST, seed),
            batches: Recent::new(MOST, seed),
            unsent: Recent::new(MOST, seed),
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

    pub(super) fn rrn(&self, old: &str) -> Option<&GivenName> {
        self.rrns.get(old)
    }

    pub(super) fn put_rrn(&mut self, old: &str, new: GivenName) {
        give(&mut self.rrns, old.to_owned(), new);
    }

    /// The authorization code that stands for one: of this terminal, else of any.
    pub(super) fn code(&self, terminal: &str, old: &str) -> Option<&GivenName> {
        let own = self.codes.get(&of(terminal, old));
        own.or_else(|| self.codes.get(old))
    }

    pub(super) fn put_code(&mut self, terminal: &str, old: &str, new: GivenName) {
        give(&mut self.codes, of(terminal, old), new.clone());
        give(&mut self.codes, old.to_owned(), new);
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

    pub(super) fn is_unsent(&self, original: &str) -> bool {
        self.unsent.get(original).is_some()
    }

    pub(super) fn put_unsent(&mut self, original: String) {
        self.unsent.put(original, ());
    }

    pub(super) fn batch(&self, terminal: &str, old: &str) -> Option<&str> {
        self.batches.get(&of(terminal, old)).map(String::as_str)
    }

    pub(super) fn put_batch(&mut self, terminal: &str, old: &str, new: &str) {
        self.batches.put(of(terminal, old), new.to_owned());
    }
}

/// Remembers a name; one that is still to come takes the place of none.
fn give(names: &mut Recent<GivenName>, old: String, new: GivenName) {
    if new.known().is_some() || names.get(&old).is_none() {
        names.put(old, new);
    }
}

fn of(terminal: &str, name: &str) -> String {
    format!("{terminal}/{name}")
}
