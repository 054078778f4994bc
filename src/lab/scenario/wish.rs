//! What a scenario wants, held against what came of it.

use super::run::{EndedStory, ScenarioRun};
use super::story::VerdictWanted;
use crate::engine::evidence::Tier;
use serde_json::Value;
use std::collections::BTreeSet;

/// All that is not as it is wanted.
pub(super) fn judge(story: &EndedStory<'_>, run: &ScenarioRun) -> Vec<String> {
    let mut misses = Vec::new();
    let wanted = story.scenario;
    let wire = run.wire();
    if let Some(wanted) = wanted.wire.as_ref().filter(|wanted| **wanted != wire) {
        misses.push(format!("wire: {wire:?}, wanted {wanted:?}"));
    }
    if let Some(money) = wanted.money {
        let books = [
            ("terminals' receipts", run.at_terminals, money.terminal),
            ("acquirer's book", run.at_acquirer, money.acquirer),
        ];
        let wrong = books
            .into_iter()
            .filter(|(_, holds, wanted)| holds != wanted);
        let paid = money.paid.filter(|paid| *paid != run.paid);
        misses.extend(
            paid.map(|wanted| format!("paid out: {}, wanted {}", yuan(run.paid), yuan(wanted))),
        );
        misses.extend(wrong.map(|(book, holds, wanted)| {
            format!("{book}: {}, wanted {}", yuan(holds), yuan(wanted))
        }));
    }
    for (at, wanted) in wanted.verdicts.iter().enumerate() {
        let (of, tier) = (wanted.of + 1, wanted.tier.name());
        let printed = match wanted.tier {
            Tier::E0 => story.printed(wanted.of, &run.explain),
            _ => run
                .filed
                .iter()
                .find(|filed| filed.wanted == at)
                .map(|filed| &filed.told),
        };
        let Some(printed) = printed else {
            misses.push(format!("{of}: the journal tells nothing of it"));
            continue;
        };
        if printed["evidence"] != tier {
            let told = &printed["evidence"];
            misses.push(format!("{of}: the verdict rests on {told}, wanted {tier}"));
        }
        let wrong = differs(printed, wanted).into_iter();
        misses.extend(wrong.map(|miss| format!("{of} ({tier}): {miss}")));
    }
    misses
}

/// Minor units as people write them.
fn yuan(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, cents) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    format!("{sign}{whole}.{cents:02}")
}

/// Where one verdict is not as it is wanted.
fn differs(printed: &Value, wanted: &VerdictWanted) -> Vec<String> {
    let text = |key: &str| printed[key].as_str().unwrap_or_default();
    let mut misses = Vec::new();
    let same = [
        ("state", &wanted.state),
        ("class", &wanted.class),
        ("cause", &wanted.cause),
        ("safe_to_retry", &wanted.safe),
    ];
    for (key, wanted) in same {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != text(key)) {
            misses.push(format!("{key} is `{}`, wanted `{wanted}`", text(key)));
        }
    }
    let parts = [
        ("verdict", &wanted.verdict),
        ("verdict_zh", &wanted.verdict_zh),
        ("next_step", &wanted.next),
        ("next_step_zh", &wanted.next_zh),
    ];
    for (key, wanted) in parts {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| !says(text(key), wanted)) {
            misses.push(format!("{key} is `{}`, wanted `{wanted}`", text(key)));
        }
    }
    if let Some(wanted) = &wanted.causes {
        let named = printed["causes"].as_array().into_iter().flatten();
        let mut told: BTreeSet<&str> = named.filter_map(Value::as_str).collect();
        told.insert(text("cause"));
        if told != wanted.iter().map(String::as_str).collect() {
            misses.push(format!("causes are {told:?}, wanted {wanted:?}"));
        }
    }
    misses
}

/// Whether a part of a text is this sentence, with anything in its places `{…}`.
fn says(text: &str, sentence: &str) -> bool {
    let mut rest = text;
    let mut pieces = Vec::new();
    let mut left = sentence;
    while let Some((piece, behind)) = left.split_once('{') {
        pieces.push(piece);
        left = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    pieces.push(left);
    pieces.into_iter().all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = rest.get(at + piece.len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn a_sentence_is_found_whatever_stands_in_its_places() {
        let text = "no answer in 45s; reversal accepted (00); any debit is returned";
        assert!(says(text, "no answer in {t}s; reversal {s}"));
        assert!(says(text, "accepted ({rc})"));
        assert!(!says(text, "reversal {s}; no answer"));
    }
}
