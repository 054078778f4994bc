//! How each field of an answer is compared.

use super::file::CompareFile;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Part};
use crate::iso::spec::{Purpose, Spec};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What is asked of a field of an answer, beside the one that was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// The value that was captured.
    Equal,
    /// A value of its own, as long as the captured one: reference numbers, dates.
    New,
    /// What its request says, where the captured answer repeated its own request; otherwise the
    /// value that was captured.
    Echo,
    /// A value that follows from others, as a MAC does: it must be there, and right where that can
    /// be found out.
    Recomputed,
    /// Any value, but one.
    Any,
    /// Nothing: it may be there or not.
    Free,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::New,
        Self::Echo,
        Self::Recomputed,
        Self::Any,
        Self::Free,
    ];

    /// As a file writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::New => "new",
            Self::Echo => "echo",
            Self::Recomputed => "recomputed",
            Self::Any => "any",
            Self::Free => "free",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How answers of a dialect are compared.
#[derive(Clone, Debug)]
pub struct CompareRules {
    spec: Arc<Spec>,
    file: CompareFile,
}

/// The reference number and the authorization code: whoever answers makes them.
const MADE: [FieldId; 2] = [FieldId::of(37), FieldId::of(38)];
/// What the answer says.
const CODE: FieldId = FieldId::of(39);
/// The PIN block, which follows from PIN, card and keys.
const PIN: FieldId = FieldId::of(52);
/// Chip data, and in it the issuer's cryptogram, which follows from that of the card.
const CHIP: FieldId = FieldId::of(55);

impl CompareRules {
    /// Those of a dialect, and before them those of a file.
    #[must_use]
    pub const fn new(spec: Arc<Spec>, file: CompareFile) -> Self {
        Self { spec, file }
    }

    /// Whether answers that come in another order than was captured count as different.
    #[must_use]
    pub const fn minds_order(&self) -> bool {
        self.file.order_counts()
    }

    /// How a field or part of this answer is compared.
    #[must_use]
    pub fn of(&self, answer: &Message, path: FieldPath) -> Comparison {
        let told = self.file.of(answer.mti(), path);
        told.unwrap_or_else(|| self.usual(answer, path))
    }

    /// What the dialect says.
    fn usual(&self, answer: &Message, path: FieldPath) -> Comparison {
        let flow = self.spec.flow();
        let field = path.field;
        let is_mac = flow.mac.is_some_and(|rule| rule.field == field);
        let is_keys = flow.keys.as_ref().is_some_and(|rule| rule.field == field)
            && answer.kind().map(|kind| kind.purpose) == Some(Purpose::SignOn);
        let is_cryptogram = field == CHIP && path.part == Part::new("91");
        let is_pin = flow.keys.is_some() && field == PIN;
        if is_mac || is_keys || is_cryptogram || is_pin {
            Comparison::Recomputed
        } else if field == CODE {
            Comparison::Equal
        } else if MADE.contains(&field) || self.is_new_moment(field) {
            Comparison::New
        } else {
            Comparison::Echo
        }
    }

    /// Whether a field holds a moment that answers do not take over from their requests.
    fn is_new_moment(&self, field: FieldId) -> bool {
        let flow = self.spec.flow();
        flow.stamp(field).is_some() && !flow.answer.copy.contains(&field)
    }

    /// Whether whoever answers makes the value of a field, if it does not repeat it.
    pub(super) fn is_made(&self, field: FieldId) -> bool {
        MADE.contains(&field) || self.spec.flow().stamp(field).is_some()
    }
}
