//! Records that are cited as the proof of a verdict, tried one by one: without each of them it must
//! be another verdict, or a less certain one; without any other it must stay as it is; and a gap
//! that can be seen must never make it safer.

use crate::engine::evidence::{Evidence, EvidenceIndex};
use crate::engine::record::{Record, Seq, TxId};
use crate::engine::trace::{BatchCounts, Keep, Retry, Stories, Verdict, proof, subject};
use std::collections::BTreeSet;

/// What a verdict tells its reader.
type ToldVerdict = (
    [String; 4],
    &'static str,
    Option<&'static str>,
    Vec<&'static str>,
    Retry,
);

/// What does not hold of the proof of a verdict on the journal alone.
pub(super) fn breach(records: &[Record], tx: TxId) -> Option<String> {
    let evidence = Evidence::default();
    let index = EvidenceIndex::of(&evidence);
    let cited: BTreeSet<Seq> = proof((records, &BatchCounts::new()), tx, &index)
        .into_iter()
        .collect();
    if cited.is_empty() {
        return Some("no record is cited".to_owned());
    }
    let whole = said(records, None, tx, false)?;
    let mut decides = false;
    for record in records {
        let seq = record.seq;
        let without = said(records, Some(seq), tx, false);
        let changes = without.as_ref() != Some(&whole);
        decides |= without.is_none_or(|(.., retry)| retry < whole.4);
        match (cited.contains(&seq), changes) {
            (true, false) => return Some(format!("record {} is cited for nothing", seq.0)),
            (false, true) => return Some(format!("record {} is not cited", seq.0)),
            _ => {}
        }
        // Behind the last record of a transaction nothing shows that one is missing.
        let own = |other: &Record| subject(other) == Some(tx);
        let shows = own(record) && records.iter().any(|other| own(other) && other.seq > seq);
        let gap = said(records, Some(seq), tx, true).filter(|_| shows);
        if gap.is_some_and(|(.., retry)| retry == Retry::Yes && whole.4 != Retry::Yes) {
            return Some(format!("a gap at record {} makes it safer", seq.0));
        }
    }
    let yes = whole.4 == Retry::Yes;
    (yes && !decides).then(|| "no record decides that it is safe".to_owned())
}

/// What is said without a record; `linked` has its absence seen.
fn said(records: &[Record], without: Option<Seq>, tx: TxId, linked: bool) -> Option<ToldVerdict> {
    let mut stories = Stories::new(Keep::Everything);
    for record in records.iter().filter(|own| Some(own.seq) != without) {
        let mut own = record.clone();
        own.prev = own.prev.filter(|_| linked);
        stories.fold(&own);
    }
    let story = stories.story(tx)?;
    let verdict = Verdict::of(story, &stories.others(story));
    let words = [verdict.verdict, verdict.next_step].map(|said| [said.en, said.zh]);
    let [[en, zh], [next, next_zh]] = words;
    let causes = verdict.causes.iter().map(|cause| cause.name()).collect();
    Some((
        [en, zh, next, next_zh],
        verdict.state.name(),
        verdict.class.map(|class| class.name()),
        causes,
        verdict.safe_to_retry,
    ))
}
