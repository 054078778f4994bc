//! What a route says about two dialects beyond what their fields share.

use crate::iso::message::{FieldPath, Text};

/// How two dialects differ. Empty: fields go over by number, kinds by name or purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// Kinds by their names: the terminal's, and the host's.
    pub kinds: Vec<(Text<24>, Text<24>)>,
    /// What changes on the way from the terminal to the host.
    pub request: Vec<Change>,
    /// What changes on the way back.
    pub answer: Vec<Change>,
}

impl Map {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.request.is_empty() && self.answer.is_empty()
    }
}

/// A change on one way. Fields are those of the message that comes, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A field or part goes to another place; what stood there is left behind.
    Move {
        /// From here.
        from: FieldPath,
        /// To here, in the other dialect.
        to: FieldPath,
    },
    /// A field is left behind on purpose.
    Drop(FieldPath),
    /// A field's values, and what they become; others stay as they are.
    Values(FieldPath, Vec<(String, String)>),
}
