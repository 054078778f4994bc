//! The names under which other people's files may have a transaction.

use super::story::Story;
use crate::engine::evidence::FiledKeys;

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
            card: opened.card,
            amount: opened.amount,
            at: Some(self.began),
        }
    }
}
