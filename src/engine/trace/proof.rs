//! The records that prove a verdict: those without which it would be another one.

use super::batch::BatchCounts;
use super::stories::{Keep, Stories};
use super::verdict::Verdict;
use crate::engine::evidence::EvidenceIndex;
use crate::engine::record::{Record, Seq, TxId};

/// Records that are tried one by one; of longer stories no proof is told.
const MOST: usize = 256;

/// The records, in their order, whose absence would change what is said of a transaction. They are
/// its own, and those of others that it turns on; what is counted of whole batches stands beside
/// them.
#[must_use]
pub fn proof(
    (records, counts): (&[Record], &BatchCounts),
    tx: TxId,
    index: &EvidenceIndex<'_>,
) -> Vec<Seq> {
    if records.len() > MOST {
        return Vec::new();
    }
    let judged = |without: Option<Seq>| {
        let mut stories = Stories::new(Keep::Everything);
        for record in records.iter().filter(|record| Some(record.seq) != without) {
            // That one is missing is not to be seen: else each would count.
            let unlinked = Record {
                prev: None,
                ..record.clone()
            };
            stories.fold(&unlinked);
        }
        stories.tell_batches(counts);
        let story = stories.story(tx)?;
        Some(Verdict::with(story, &stories.others(story), index))
    };
    let Some(whole) = judged(None) else {
        return Vec::new();
    };
    // What each party believes, and what of it stood, stand beside the verdict.
    let same = |other: Verdict| {
        let (beliefs, amount) = (whole.beliefs, whole.amount);
        let own = Verdict {
            beliefs,
            amount,
            ..other
        };
        own == whole
    };
    let numbers = records.iter().map(|record| record.seq);
    let proves = |seq: &Seq| !judged(Some(*seq)).is_some_and(same);
    numbers.filter(proves).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::History;
    use super::*;
    use crate::engine::evidence::Evidence;
    use crate::engine::record::State;

    fn proven_by(history: &History) -> Vec<u64> {
        let evidence = Evidence::default();
        let index = EvidenceIndex::of(&evidence);
        let proof = proof((&history.records, &BatchCounts::new()), history.tx, &index);
        proof.iter().map(|seq| seq.0).collect()
    }

    #[test]
    fn leaving_out_what_is_cited_changes_the_verdict_and_nothing_else_does() {
        let reversed = History::sale()
            .timed_out()
            .reverses(1)
            .reverses(2)
            .reversal_answered("00", State::Reversed);
        let last = reversed.records.len() as u64;
        let cited = proven_by(&reversed);
        assert!(cited.contains(&1), "the request: {cited:?}");
        assert!(cited.contains(&last), "the yes to its reversal: {cited:?}");
        let declined = History::sale().declined("51");
        assert!(proven_by(&declined).contains(&2), "the decline");
    }

    #[test]
    fn a_record_that_adds_nothing_is_not_cited() {
        let once = History::sale().delivered();
        let mut twice = once.clone();
        let mut copy = twice.records.last().unwrap().clone();
        copy.seq = Seq(copy.seq.0 + 1);
        twice.records.push(copy);
        assert!(proven_by(&twice).len() < twice.records.len());
    }
}
