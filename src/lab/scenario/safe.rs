//! Whether what is said is safe, by the true books: whatever a scenario wants.

use super::run::Playing;
use super::story::Happening;
use crate::iso::spec::Purpose;
use crate::lab::judge::{Promise, understand};
use serde_json::Value;
use std::rc::Rc;

/// All that is said and is not safe.
pub(super) fn judge(playing: &Playing<'_>, printed: &[Rc<Value>]) -> Vec<String> {
    let mut misses = Vec::new();
    for (at, happens) in playing.scenario.happenings.iter().enumerate() {
        let Happening::Trade { .. } = happens.what else {
            continue;
        };
        let Some(verdict) = playing.printed(at, printed) else {
            continue;
        };
        let said = |key: &str| verdict[key].as_str().unwrap_or_default().to_owned();
        let held = held(playing, at);
        let claims = claims(verdict);
        misses.extend(claims.into_iter().filter(|_| held != 0).map(|claim| {
            let (state, verdict) = (said("state"), said("verdict"));
            format!(
                "{}: unsafe: {claim} while {held} is held; {state}: {verdict}",
                at + 1
            )
        }));
    }
    misses
}

/// What the acquirer holds of a happening; of a void or refund, what it gave back.
fn held(playing: &Playing<'_>, happening: usize) -> i64 {
    let Some((receipt, terminal)) = playing.receipt(happening).zip(playing.terminal(happening))
    else {
        return 0;
    };
    match receipt.purpose {
        Purpose::Debit | Purpose::Hold | Purpose::Refund => {
            playing
                .world
                .host()
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
