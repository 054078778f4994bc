//! Whether what is said is safe, by the true books: whatever a scenario wants.

use super::run::{EndedStory, ScenarioRun};
use crate::iso::spec::Purpose;
use crate::lab::judge::{Promise, understand};
use serde_json::Value;

/// All that is said and is not safe.
pub(super) fn judge(story: &EndedStory<'_>, run: &ScenarioRun) -> Vec<String> {
    let mut misses = Vec::new();
    for at in 0..story.scenario.happenings.len() {
        if let Some(verdict) = story.printed(at, &run.explain) {
            misses.extend(unsafe_claims(story, at, verdict));
        }
    }
    for filed in &run.filed {
        let of = story
            .scenario
            .verdicts
            .get(filed.wanted)
            .map(|wanted| wanted.of);
        misses.extend(
            of.into_iter()
                .flat_map(|of| unsafe_claims(story, of, &filed.told)),
        );
    }
    misses
}

fn unsafe_claims(story: &EndedStory<'_>, at: usize, verdict: &Value) -> Vec<String> {
    let text = |key: &str| verdict[key].as_str().unwrap_or_default();
    let held = held(story, at);
    let claims = claims(verdict).into_iter().filter(|_| held != 0);
    let told = claims.map(|claim| {
        let (state, tier, verdict) = (text("state"), text("evidence"), text("verdict"));
        let at = at + 1;
        format!("{at} ({tier}): unsafe: {claim} while {held} is held; {state}: {verdict}")
    });
    told.collect()
}

/// What the acquirer holds of a happening; of a void or refund, what it gave back.
fn held(story: &EndedStory<'_>, happening: usize) -> i64 {
    let Some((receipt, terminal)) = story.receipt(happening).zip(story.terminal(happening)) else {
        return 0;
    };
    match receipt.purpose {
        Purpose::Debit | Purpose::Hold | Purpose::Refund => {
            story
                .end
                .acquirer
                .holds(terminal, &receipt.batch, receipt.stan)
        }
        _ => 0,
    }
}

/// All that a verdict says which must not be said while money is held.
fn claims(verdict: &Value) -> Vec<String> {
    let text = |key: &str| verdict[key].as_str().unwrap_or_default();
    let mut claims = Vec::new();
    if text("safe_to_retry") == "yes" {
        claims.push("safe_to_retry = yes".to_owned());
    }
    for key in ["verdict", "verdict_zh", "next_step", "next_step_zh"] {
        let promises = understand(text(key)).promises.into_iter();
        let loose = promises.filter(|promise| frees(*promise));
        claims.extend(loose.map(|promise| format!("{promise:?} in {key}")));
        if text(key).contains("未扣款") {
            claims.push(format!("未扣款 in {key}"));
        }
    }
    claims
}

/// Whether it says that the money is free.
const fn frees(promise: Promise) -> bool {
    matches!(
        promise,
        Promise::Again
            | Promise::NewSale
            | Promise::PayOtherwise
            | Promise::CollectAgain
            | Promise::NothingLeft
            | Promise::NothingDebited
            | Promise::NotAccepted
            | Promise::DebitReturned
            | Promise::NoMoney
    )
}
