//! The issuers of the cards, as far as an acquirer sees them.

use crate::iso::message::{Pan, Text};
use std::collections::BTreeSet;

/// What an issuer lets its cards do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuerTerms {
    /// For people, in English.
    pub name: String,
    /// For people, in Chinese.
    pub name_zh: String,
    /// How its card numbers begin.
    pub bins: Vec<String>,
    /// Kinds that it does not permit (57), such as `refund`.
    pub refuses: BTreeSet<Text<24>>,
    /// The most that it grants at once (61).
    pub most: Option<i64>,
    /// How often it grants a card on a day (65).
    pub count: Option<u32>,
    /// What each of its cards can spend, in minor units.
    pub balance: Option<i64>,
    /// Cards that are frozen (62), by how they end.
    pub frozen: Vec<String>,
    /// So many wrong PINs, and the card is refused (75) for the day.
    pub pin_tries: Option<u32>,
}

impl IssuerTerms {
    /// Whether a card is one of its own.
    #[must_use]
    pub fn issued(&self, pan: &Pan) -> bool {
        self.bins.iter().any(|bin| pan.begins_within(bin, bin))
    }

    /// Whether a card is frozen.
    #[must_use]
    pub fn has_frozen(&self, pan: &Pan) -> bool {
        self.frozen
            .iter()
            .any(|end| pan.masked().ends_with(end.as_str()))
    }
}
