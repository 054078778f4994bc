//! Looking: what is printed now, held against what is true now.

use super::look::Printed;
use super::stage::Stage;
use crate::engine::journal::Memory;
use crate::lab::judge::{self, AttemptFacts, CashierMove, HostAnswer, SlipSays};
use crate::lab::odd::SlipBelief;
use crate::lab::plan::Words;
use crate::lab::sim::machine::Machine;
use serde_json::Value;
use std::rc::Rc;

impl Stage<'_> {
    /// A request leaves: has a segment begun since others did, which are still under way?
    pub(super) fn see_segments(&mut self) {
        let Some(machine) = &self.machine else { return };
        let newest = machine.disk().contents().last().map(|(number, _)| number);
        let begun = self.newest.is_some() && newest > self.newest;
        if begun && machine.counts().in_flight > 1 {
            self.corner("a segment begins in flight");
        }
        self.newest = newest;
    }

    /// What is printed of it now.
    fn look(&mut self) -> Option<Printed> {
        let running = self.machine.as_ref().map(Machine::disk);
        let disk = running.or_else(|| self.left.as_ref().map(|left| &left.disk))?;
        Some(self.looker.look(disk))
    }

    /// A copy of it, whose calls do not fail.
    pub(super) fn readable(&self) -> Option<Memory> {
        let running = self.machine.as_ref().map(Machine::disk);
        let mut disk = running
            .or_else(|| self.left.as_ref().map(|left| &left.disk))
            .cloned()?;
        disk.mend();
        Some(disk)
    }

    /// Holds all that is printed against the books.
    pub(super) fn probe(&mut self, last: bool) {
        self.refresh();
        let Some(printed) = self.look() else {
            return;
        };
        self.count(&printed);
        let facts = self.evidence.all();
        let healed = last && self.healed && self.machine.is_some();
        self.judge.probe(&judge::Probe {
            now: self.now,
            attempts: &facts,
            printed: &refs(&printed.all),
            open: &refs(&printed.open),
            gateway_up: self.machine.is_some(),
            settled: self.machine.as_ref().is_some_and(Machine::is_settled),
            healed,
        });
    }

    /// What was reached, by what is printed: this only counts, and judges nothing.
    fn count(&mut self, printed: &Printed) {
        self.played.reached.extend(printed.rows.iter().cloned());
        for view in &printed.all {
            let causes = view.get("causes").and_then(Value::as_array);
            let causes = causes.into_iter().flatten().filter_map(Value::as_str);
            let causes = causes.map(|cause| format!("cause {cause}"));
            self.played.reached.extend(causes);
            for key in ["state", "cause", "class"] {
                if let Some(value) = view.get(key).and_then(Value::as_str) {
                    self.played.reached.insert(format!("{key} {value}"));
                }
            }
        }
    }

    /// Brings the facts of all attempts up to now, from ledgers, slips and wires.
    fn refresh(&mut self) {
        let syncing = self.machine.as_ref().is_some_and(|own| !own.is_settled());
        for facts in self.evidence.all_mut() {
            let n = facts.n;
            let slips = self.terminals.iter();
            let slip = slips.filter_map(|terminal| terminal.slips().get(&n)).next();
            let waits = slip.is_some_and(|slip| {
                facts.batch.clone_from(&slip.batch);
                facts.stan = slip.stan;
                facts.slip = says(&slip.belief);
                matches!(slip.belief, SlipBelief::Waiting | SlipBelief::Undoing)
            });
            let mut busy = false;
            facts.held = 0;
            facts.went_to = None;
            facts.may_still = false;
            for host in &self.hosts {
                let ledger = host.ledger();
                facts.held += ledger.own(n);
                facts.may_still |= ledger.may_still_book(n);
                let entry = ledger.entries.get(&n).filter(|entry| entry.effect != 0);
                facts.overbooked |= entry.is_some_and(|entry| entry.overbooked);
                facts.overgiven |= entry.is_some_and(|entry| entry.overgiven);
                facts.went_to = facts.went_to.or_else(|| entry?.of);
                busy |= host.is_busy_with(n);
                if let Some((since, _)) = ledger.lied(n) {
                    facts.lied(since);
                }
            }
            // An approval contradicts the lie of a decline, before it or after.
            if let Some(lie) = facts.lied_since {
                let first = |answers: &[HostAnswer]| answers.first().map(|answer| answer.at);
                let both = first(&facts.declines).zip(first(&facts.approvals));
                let since = both.map(|(no, yes)| no.max(yes));
                let since = since.filter(|since| *since >= lie);
                facts.contradicted = facts.contradicted.or(since);
            }
            see_undone(facts, &self.hosts);
            facts.in_flight = busy || waits || syncing || self.pipes.is_flying(n);
        }
    }

    /// Whether the words that a cashier reads tell to try once more.
    pub(super) fn tells_to_try(&mut self, n: u32, reads: Words) -> bool {
        self.refresh();
        let Some(facts) = self.evidence.of(n).cloned() else {
            return false;
        };
        let Some(printed) = self.look() else {
            return false;
        };
        let Some(view) = printed
            .all
            .iter()
            .find(|view| judge::tells_of(&facts, view))
        else {
            return false;
        };
        let text = |key: &str| view.get(key).and_then(Value::as_str).unwrap_or_default();
        let next = match reads {
            Words::En => text("next_step"),
            Words::Zh => text("next_step_zh"),
        };
        let moved = judge::obedient(next, text("safe_to_retry"));
        matches!(
            moved,
            CashierMove::TriesAgain | CashierMove::PaysOtherwise | CashierMove::CollectsAgain
        )
    }
}

fn refs(printed: &[Rc<Value>]) -> Vec<&Value> {
    printed.iter().map(Rc::as_ref).collect()
}

const fn says(belief: &SlipBelief) -> SlipSays {
    match belief {
        SlipBelief::NotSent => SlipSays::NotSent,
        SlipBelief::Waiting => SlipSays::Waiting,
        SlipBelief::Approved(amount) => SlipSays::Approved(*amount),
        SlipBelief::Declined => SlipSays::Declined,
        SlipBelief::Unanswered => SlipSays::Unanswered,
        SlipBelief::Undoing => SlipSays::Undoing,
        SlipBelief::Undone => SlipSays::Undone,
        SlipBelief::UndoGivenUp => SlipSays::UndoGivenUp,
    }
}

/// Which of the reversals that arrived undid something.
fn see_undone(facts: &mut AttemptFacts, hosts: &[crate::lab::odd::OddHost]) {
    let undone: Vec<_> = hosts
        .iter()
        .flat_map(|host| host.ledger().undone_at(facts.n))
        .collect();
    let arrivals: Vec<_> = facts.reversals.iter().map(|own| own.at_host).collect();
    for (at, reversal) in facts.reversals.iter_mut().enumerate() {
        let Some(came) = reversal.at_host else {
            continue;
        };
        let next = arrivals.iter().skip(at + 1).flatten().next().copied();
        reversal.undid = undone
            .iter()
            .any(|when| *when >= came && next.is_none_or(|next| *when < next));
    }
}
