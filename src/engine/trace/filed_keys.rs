//! The names under which other people's files may have a transaction.

use super::story::Story;
use crate::engine::evidence::FiledKeys;
use crate::engine::record::Note;

impl Story {
    /// The names of its transaction, as far as they are known.
    #[must_use]
    pub fn filed_keys(&self) -> FiledKeys {
        let rrn = self.rrn.unwrap_or_default();
        let Some(opened) = &self.opened else {
            return FiledKeys {
                rrn,
                ..FiledKeys::default()
            };
        };
        FiledKeys {
            rrn,
            auth: self.auth.unwrap_or_default(),
            terminal: opened.terminal,
            merchant: opened.merchant,
            stan: Some(opened.stan),
            sent_stan: self.moments.iter().find_map(|moment| match moment.note {
                Note::GoesOn { stan, .. } => Some(stan),
                _ => None,
            }),
            batch: opened.batch,
            day: None,
            alone: self.twins.is_empty() && !self.crowded && !opened.card.is_empty(),
            card: opened.card,
            amount: opened.amount,
            at: Some(self.began),
        }
    }
}
