//! Corners that a campaign must have been in, by name: without them it proves little. They are told
//! from the wires and from what is done to the house, and are only counted.

use super::stage::Stage;
use crate::engine::seam::Mono;
use crate::lab::judge::{AttemptFacts, Meant, ReversalFacts, SlipSays, ToldAnswer};
use std::collections::BTreeMap;
use std::time::Duration;

/// All corners that are declared.
pub const CORNERS: &[&str] = &[
    "corner: answer after the reversal was sent",
    "corner: reversal before its request",
    "corner: reversal sent again, its answer lost",
    "corner: end between request and answer",
    "corner: end between answer and delivery",
    "corner: end between reversal and its answer",
    "corner: terminal gone before delivery",
    "corner: terminal's reversal beside the gateway's",
    "corner: answer twice",
    "corner: answer on another connection",
    "corner: number used again while the first is open",
    "corner: approved in part",
    "corner: declined late",
    "corner: a segment begins in flight",
    "corner: torn tail at a start",
    "corner: disk full, and free again",
    "corner: limits changed in flight",
    "corner: ended in good order, with requests in flight",
    "corner: told to end twice",
];

impl Stage<'_> {
    /// Counts a corner.
    pub(super) fn corner(&mut self, name: &str) {
        let name = format!("corner: {name}");
        debug_assert!(CORNERS.contains(&name.as_str()), "{name}");
        self.played.reached.insert(name);
    }

    /// The gateway ends: in the middle of what?
    pub(super) fn note_end(&mut self, in_good_order: bool) {
        let mut names = Vec::new();
        for facts in self.evidence.facts() {
            let answered = is_answered(facts);
            let delivered = facts.told.iter().any(|told| told.delivered);
            let waits = facts.was_sent() && facts.told.is_empty() && facts.reversals.is_empty();
            if waits && !answered {
                names.push("end between request and answer");
                names.extend(
                    in_good_order.then_some("ended in good order, with requests in flight"),
                );
            }
            if !facts.approvals.is_empty() && !delivered && facts.reversals.is_empty() {
                names.push("end between answer and delivery");
            }
            let last = facts.reversals.last();
            if last.is_some_and(|last| last.answered.is_none()) {
                names.push("end between reversal and its answer");
            }
        }
        for name in names {
            self.corner(name);
        }
    }

    /// The end of the world: which corners its attempts were in.
    pub(super) fn note_corners(&mut self) {
        let timeout = Duration::from_secs(45) / self.plan.setup.scale;
        let mut names: Vec<&str> = Vec::new();
        let mut numbers: BTreeMap<(&str, u32), Mono> = BTreeMap::new();
        for facts in self.evidence.facts() {
            names.extend(corners_of(facts, timeout));
            let Some(began) = facts.began() else { continue };
            let open_until = if is_answered(facts) {
                began
            } else {
                began + timeout
            };
            let name = (facts.terminal.as_str(), facts.stan);
            let before = numbers.insert(name, open_until);
            if before.is_some_and(|until| until > began) {
                names.push("number used again while the first is open");
            }
        }
        for name in names {
            self.corner(name);
        }
    }
}

fn is_answered(facts: &AttemptFacts) -> bool {
    let answers = facts.approvals.len() + facts.declines.len() + facts.unknowns.len();
    answers + facts.doubtful.len() > 0
}

/// The corners that one attempt was in.
fn corners_of(facts: &AttemptFacts, timeout: Duration) -> Vec<&'static str> {
    let mut answers = facts.approvals.iter().chain(&facts.declines);
    let first_try = facts.reversals.first().map(|own| own.left);
    let first_undo = facts.undos.first().map(|undo| undo.now.mono);
    let began = facts.began();
    let unheard = |told: &ToldAnswer| told.means == Meant::Approved && told.unheard;
    let lost = |own: &ReversalFacts| own.at_host.is_some() && own.answered.is_none();
    let undone_first = |undo: Mono| began.is_none_or(|began| undo < began);
    let beside = |own: &ReversalFacts| {
        let open = |undo: &Mono| own.answered.is_none_or(|(at, _)| at > *undo);
        let mut undos = facts.undos.iter().map(|undo| undo.now.mono);
        !own.wished && undos.any(|undo| undo >= own.left && open(&undo))
    };
    let again = facts.reversals.iter().rev().skip(1);
    let is_late = |at: Mono| began.is_some_and(|began| at - began > timeout);
    let told_in_time = facts.told.iter().any(|told| told.means == Meant::Approved);
    let gone = !facts.approvals.is_empty() && !told_in_time && !facts.asker_there;
    let part = |slip: SlipSays| matches!(slip, SlipSays::Approved(own) if own < facts.amount);
    let all = [
        (
            first_try.is_some_and(|left| answers.any(|answer| answer.at > left)),
            "answer after the reversal was sent",
        ),
        (
            first_undo.is_some_and(undone_first),
            "reversal before its request",
        ),
        (
            again.into_iter().any(lost),
            "reversal sent again, its answer lost",
        ),
        (
            gone || facts.told.iter().any(unheard),
            "terminal gone before delivery",
        ),
        (
            facts.reversals.iter().any(beside),
            "terminal's reversal beside the gateway's",
        ),
        (
            facts.approvals.len() > 1 || facts.declines.len() > 1,
            "answer twice",
        ),
        (part(facts.slip), "approved in part"),
        (
            facts.declines.iter().any(|answer| is_late(answer.at)),
            "declined late",
        ),
    ];
    let reached = all.into_iter().filter(|(is_in, _)| *is_in);
    reached.map(|(_, name)| name).collect()
}
