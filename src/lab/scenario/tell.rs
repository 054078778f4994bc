//! What is said of a story: by the journal alone, and with the files of others.

use crate::engine::evidence::{Evidence, EvidenceIndex, Tier};
use crate::engine::record::Record;
use crate::engine::seam::{Wall, Zone};
use crate::engine::trace::{Keep, Stories, Story, Verdict, View};
use serde_json::Value;
use std::sync::Arc;

/// The stories of a journal.
pub(super) struct Teller(Stories);

impl Teller {
    /// Reads a journal.
    pub(super) fn of(records: &[Record]) -> Self {
        let mut stories = Stories::new(Keep::Everything);
        records.iter().for_each(|record| stories.fold(record));
        Self(stories)
    }

    /// Every transaction since a moment, as `explain --json` prints it.
    pub(super) fn all(&self, since: Wall) -> Vec<Arc<Value>> {
        let recent = self.0.iter().filter(|story| story.began >= since);
        recent
            .map(|story| Arc::new(self.view(story, None)))
            .collect()
    }

    /// One of them, beside the files that a tier has, as they are at a moment.
    pub(super) fn with(&self, tx: &str, evidence: &Evidence, on: Wall) -> Option<Value> {
        let story = self.0.iter().find(|story| story.tx.to_string() == tx)?;
        let index = EvidenceIndex::of(evidence).on(on.date(&Zone::CHINA));
        Some(self.view(story, Some(&index)))
    }

    fn view(&self, story: &Story, index: Option<&EvidenceIndex<'_>>) -> Value {
        let others = self.0.others(story);
        let verdict = match index {
            Some(index) => Verdict::with(story, &others, index),
            None => Verdict::of(story, &others),
        };
        serde_json::to_value(View::of(story, &verdict, &Zone::CHINA)).unwrap_or_default()
    }
}

/// The files that somebody has who sees this far.
pub(super) fn files(all: Evidence, tier: Tier) -> Evidence {
    let none = Evidence::default();
    match tier {
        Tier::E0 => none,
        Tier::E1 => Evidence {
            terminal: all.terminal,
            totals: all.totals,
            ..none
        },
        Tier::E2s | Tier::E2w => Evidence {
            settings: all.settings,
            ..none
        },
        Tier::E2 => Evidence {
            acquirer: all.acquirer,
            ..none
        },
        Tier::E2p => Evidence {
            payout: all.payout,
            settings: all.settings,
            ..none
        },
        Tier::E3 => Evidence {
            issuer: all.issuer,
            ..none
        },
    }
}
