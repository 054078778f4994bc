//! A blind case played, and what is printed of it at each tier held against its label.

use super::counterfactual;
use super::look::ByReading;
use super::stage::Stage;
use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{Record, TxId};
use crate::engine::seam::{Mono, Wall, Zone};
use crate::engine::trace::{Keep, Stories, Verdict, View, subject};
use crate::lab::blind::{BlindCase, CaseBooks, CaseMark, TIERS, mark};
use crate::lab::judge::{AttemptFacts, Finding, tells_of};
use crate::lab::sim::machine::read_all;
use serde_json::Value;
use std::collections::BTreeSet;

/// Plays a case to its end and marks the verdict on it. What else a judge finds in its world comes
/// beside the mark.
pub fn play_blind(case: &BlindCase) -> (CaseMark, Vec<Finding>) {
    let mut looker = ByReading::default();
    let mut stage = match Stage::new(&case.plan, &mut looker) {
        Ok(stage) => stage,
        Err(what) => {
            let mark = CaseMark {
                wrong: Some(what),
                ..CaseMark::default()
            };
            return (mark, Vec::new());
        }
    };
    let clock = (stage.now.mono, stage.now.wall);
    stage.run_to_its_end();
    let books = stage.books(clock);
    let records = stage.readable().map(|disk| read_all(&disk));
    let records = records.unwrap_or_default();
    let findings = stage.judge.findings().to_vec();
    let mut stories = Stories::new(Keep::Everything);
    records.iter().for_each(|record| stories.fold(record));
    let facts = books.attempt(case.label.n);
    let Some(tx) = facts.and_then(|facts| told_of(facts, &stories)) else {
        return (mark(case, &books, &[]), findings);
    };
    let mut printed = Vec::new();
    for tier in TIERS {
        let evidence = books.evidence(case, tier);
        let index = EvidenceIndex::of(&evidence);
        if let Some(view) = view(&stories, tx, &index) {
            printed.push((tier, view));
        }
    }
    let mut mark = mark(case, &books, &printed);
    let mut unsafe_before = findings.iter().filter(|own| own.rule == "unsafe");
    if let Some(finding) = unsafe_before.next() {
        mark.unsafe_at
            .entry("E0")
            .or_insert_with(|| finding.what.clone());
    }
    // As `explain` does: its own records, and those of the others that it turns on.
    let others = stories.story(tx).map(|story| stories.others(story));
    let mut related: BTreeSet<TxId> = others.iter().flatten().map(|other| other.tx).collect();
    related.insert(tx);
    let related: Vec<Record> = records
        .into_iter()
        .filter(|record| subject(record).is_some_and(|tx| related.contains(&tx)))
        .collect();
    mark.proof = counterfactual::breach(&related, tx);
    (mark, findings)
}

/// The transaction that tells of an attempt's request: that of its first arrival, if several do.
fn told_of(facts: &AttemptFacts, stories: &Stories) -> Option<TxId> {
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let views = stories.iter().filter_map(|story| {
        let view = view(stories, story.tx, &index)?;
        tells_of(facts, &view).then_some(story.tx)
    });
    views.min()
}

fn view(stories: &Stories, tx: TxId, index: &EvidenceIndex<'_>) -> Option<Value> {
    let story = stories.story(tx)?;
    let verdict = Verdict::with(story, &stories.others(story), index);
    serde_json::to_value(View::of(story, &verdict, &Zone::CHINA)).ok()
}

impl Stage<'_> {
    fn books(&self, clock: (Mono, Wall)) -> CaseBooks {
        let slips = self.terminals.iter().flat_map(|own| own.slips().values());
        let booked = self.hosts.iter().flat_map(|host| {
            host.requests().map(|request| {
                let entry = host.ledger().entries.get(&request.n);
                let changes = entry.map(|entry| entry.changes.clone());
                (request, changes.unwrap_or_default())
            })
        });
        CaseBooks {
            attempts: self.evidence.all(),
            slips: slips.cloned().collect(),
            booked: booked.collect(),
            clock,
        }
    }
}
