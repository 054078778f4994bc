//! The verdict as JSON: the keys of the contract, in its order. What has been added since stands
//! at the end, and is left out where there is nothing to say.

use super::cause::Cause;
use super::lang::Lang;
use super::moment::Moment;
use super::notes;
use super::story::Story;
use super::verdict::Verdict;
use crate::engine::seam::{Wall, Zone};
use serde::Serialize;
use utoipa::ToSchema;

/// One transaction as `trace`, `open` and `explain` print it with `--json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct View {
    tx: String,
    terminal: String,
    merchant: String,
    stan: String,
    rrn: String,
    batch: String,
    amount: u64,
    currency: String,
    card: String,
    kind: String,
    state: &'static str,
    open: bool,
    class: Option<&'static str>,
    cause: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<&'static str>,
    verdict: String,
    verdict_zh: String,
    next_step: String,
    next_step_zh: String,
    safe_to_retry: &'static str,
    evidence: &'static str,
    beliefs: BeliefsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<MessageView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proof: Vec<u64>,
    began: String,
    changed: String,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct BeliefsView {
    terminal: BeliefView,
    gateway: BeliefView,
    acquirer: BeliefView,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct BeliefView {
    is: &'static str,
    basis: &'static str,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct MessageView {
    at: String,
    dir: &'static str,
    mti: String,
    gap_us: u64,
    note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl View {
    /// Of a story and its verdict.
    #[must_use]
    pub fn of(story: &Story, verdict: &Verdict, zone: &Zone) -> Self {
        let names = Names::of(story);
        Self {
            tx: story.tx.to_string(),
            terminal: names.terminal,
            merchant: names.merchant,
            stan: names.stan,
            rrn: story.rrn.map(|rrn| rrn.to_string()).unwrap_or_default(),
            batch: names.batch,
            amount: names.amount,
            currency: names.currency,
            card: names.card,
            kind: names.kind,
            state: verdict.state.name(),
            open: verdict.open,
            class: verdict.class.map(|class| class.name()),
            cause: verdict.cause.name(),
            causes: several(&verdict.causes),
            verdict: verdict.verdict.en.clone(),
            verdict_zh: verdict.verdict.zh.clone(),
            next_step: verdict.next_step.en.clone(),
            next_step_zh: verdict.next_step.zh.clone(),
            safe_to_retry: verdict.safe_to_retry.name(),
            evidence: verdict.evidence.name(),
            beliefs: beliefs(verdict),
            messages: Some(messages(story, zone)),
            auth: story.auth.map(|auth| auth.to_string()),
            code: story.answer.map(|code| code.to_string()),
            attempts: story.twins.iter().map(ToString::to_string).collect(),
            proof: verdict.proof.iter().map(|seq| seq.0).collect(),
            began: story.began.rfc3339(zone),
            changed: story.changed.rfc3339(zone),
        }
    }
}

impl View {
    /// As an item of a list.
    #[must_use]
    pub fn without_messages(mut self) -> Self {
        self.messages = None;
        self
    }
}

/// What names a transaction to people; empty where its first record was not seen.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// DE 41.
    pub terminal: String,
    /// DE 42.
    pub merchant: String,
    /// DE 11.
    pub stan: String,
    /// DE 60.2; empty in dialects without batches.
    pub batch: String,
    /// DE 4, in minor units.
    pub amount: u64,
    /// DE 49.
    pub currency: String,
    /// DE 2, masked.
    pub card: String,
    /// The dialect's name for what was asked.
    pub kind: String,
}

impl Names {
    /// Of the transaction of a story.
    #[must_use]
    pub fn of(story: &Story) -> Self {
        story
            .opened
            .as_ref()
            .map_or_else(Self::default, |opened| Self {
                terminal: opened.terminal.to_string(),
                merchant: opened.merchant.to_string(),
                stan: opened.stan.to_string(),
                batch: opened.batch.to_string(),
                amount: opened.amount.0,
                currency: opened.currency.to_string(),
                card: opened.card.to_string(),
                kind: opened.kind.to_string(),
            })
    }
}

fn several(causes: &[Cause]) -> Vec<&'static str> {
    match causes {
        [] | [_] => Vec::new(),
        causes => causes.iter().map(|cause| cause.name()).collect(),
    }
}

fn beliefs(verdict: &Verdict) -> BeliefsView {
    let view = |belief: super::Belief| BeliefView {
        is: belief.is.name(),
        basis: belief.basis.name(),
    };
    BeliefsView {
        terminal: view(verdict.beliefs.terminal),
        gateway: view(verdict.beliefs.gateway),
        acquirer: view(verdict.beliefs.acquirer),
    }
}

/// The messages with their gaps. What happened without a message is noted at the one before.
fn messages(story: &Story, zone: &Zone) -> Vec<MessageView> {
    let mut views: Vec<MessageView> = Vec::new();
    let mut previous = None;
    for moment in &story.moments {
        let note = notes::of(moment).in_lang(Lang::En).to_owned();
        match &moment.leg {
            Some(leg) => {
                let gap = previous.map_or(0, |at| moment.micros_after(at));
                previous = Some(moment.at);
                views.push(MessageView {
                    at: moment.at.rfc3339(zone),
                    dir: leg.hop.name(),
                    mti: leg.mti.to_string(),
                    gap_us: gap,
                    note,
                    code: leg.code.map(|code| code.to_string()),
                });
            }
            None => {
                if let Some(last) = views.last_mut().filter(|_| !note.is_empty()) {
                    let space = if last.note.is_empty() { "" } else { "; " };
                    last.note = format!("{}{space}{note}", last.note);
                }
            }
        }
    }
    views
}

impl Moment {
    /// How many microseconds it came after another moment.
    #[must_use]
    pub fn micros_after(&self, from: Wall) -> u64 {
        u64::try_from((self.at - from).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::History;
    use super::*;
    use crate::engine::record::State;

    #[test]
    fn json_has_the_keys_of_the_contract_in_its_order() {
        let history = History::sale()
            .timed_out()
            .reverses(1)
            .after(2_000)
            .reverses(2)
            .reversal_answered("00", State::Reversed);
        let view = View::of(&history.story(), &history.verdict(), &Zone::CHINA);
        insta::assert_snapshot!(serde_json::to_string_pretty(&view).unwrap());
    }
}
