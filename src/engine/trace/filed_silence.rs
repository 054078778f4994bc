//! What the acquirer's file tells of a request that nobody was heard to answer.

use super::cause::Cause;
use super::diagnosis::tells_of_silence;
use super::retry;
use super::story::{Seen, Story};
use super::verdict::Verdict;
use crate::engine::evidence::{EvidenceIndex, Matched};

/// Where no answer was heard, the acquirer's file tells whether it had the request.
pub(super) fn settle(verdict: &mut Verdict, story: &Story, index: &EvidenceIndex<'_>) {
    let own = verdict.causes.iter().filter(|cause| !cause.is_filed());
    let silent = own.clone().any(|cause| tells_of_silence(*cause));
    let answered = own.copied().any(tells_of_an_answer);
    if !silent || answered || story.seen != Seen::Nothing || !retry::was_sent(story) {
        return;
    }
    let keys = story.filed_keys();
    let told = match index.acquirer(&keys) {
        Matched::Rows(_) => Cause::AnswerLost,
        Matched::Nothing if index.acquirer_covers(&keys) => Cause::RequestLost,
        Matched::NoFile | Matched::Nothing | Matched::Ambiguous(_) | Matched::Other(_) => return,
    };
    let open = [Cause::NoAnswer, Cause::AnswerLost, Cause::RequestLost];
    let place = verdict.causes.iter().position(|cause| open.contains(cause));
    let place = place.unwrap_or(verdict.causes.len());
    verdict.causes.retain(|cause| !open.contains(cause));
    verdict.causes.insert(place.min(verdict.causes.len()), told);
    verdict.cause = verdict.causes.first().copied().unwrap_or(told);
}

/// Whether a cause says that an answer came, whatever it was worth.
const fn tells_of_an_answer(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::AnswerLate
            | Cause::AnswerMacWrong
            | Cause::AnswerUnreadable
            | Cause::AnswerMismatch
            | Cause::AnswersDisagree
            | Cause::OutcomeUnknown
    )
}
