//! Rules about the house, seen from outside of it: limits that hold, cards that are not stored in
//! clear, requests with a wrong MAC that do not go on.

use super::stage::{FromNear, Stage};
use crate::engine::journal::Storage;
use crate::lab::judge::Meant;
use crate::lab::odd::names;
use crate::lab::plan::{Deed, MacIs};
use crate::lab::sim::check::leaks;
use std::collections::BTreeSet;
use std::time::Duration;

impl Stage<'_> {
    /// A request left for a host: are more under way than may be?
    pub(super) fn see_limit(&mut self) {
        let setup = &self.plan.setup;
        let Some(most) = setup.bounds.in_flight else {
            return;
        };
        let is_reload = |deed: &Deed| matches!(deed, Deed::Reload { .. });
        if self.plan.deeds.iter().any(|timed| is_reload(&timed.deed)) {
            return;
        }
        let timeout = Duration::from_secs(45) / setup.scale;
        let now = self.now.mono;
        let waits = self.evidence.all_mut().filter(|facts| {
            let answered = facts.approvals.len() + facts.declines.len() + facts.unknowns.len();
            let last = facts.sent.last().copied();
            let young = last.is_some_and(|at| now - at < timeout / 2);
            let undone = !facts.undos.is_empty() || !facts.reversals.is_empty();
            young && answered == 0 && !undone && facts.doubtful.is_empty() && facts.asker_there
        });
        let count = waits.count();
        if count > most {
            self.finds(
                "limit",
                format!("{count} requests wait for answers, {most} may"),
            );
        }
    }

    /// A reversal goes to an acquirer that had its request.
    pub(super) fn see_link(&mut self, link: u8, from: FromNear) {
        if from.about == 0 {
            return;
        }
        if !from.is_reversal {
            self.sent_over.entry(from.about).or_default().insert(link);
            return;
        }
        let had = self.sent_over.get(&from.about);
        if had.is_some_and(|had| !had.contains(&link)) {
            let n = from.about;
            self.finds(
                "link",
                format!("the reversal of {n} went to another acquirer"),
            );
        }
    }

    /// I12: no card number lies on the disk in clear.
    pub(super) fn see_leaks(&mut self) {
        let Some(disk) = self.readable() else { return };
        let cards: BTreeSet<String> = self
            .evidence
            .all_mut()
            .map(|facts| names::card(facts.purchase))
            .collect();
        let mut found = Vec::new();
        for segment in disk.segments().unwrap_or_default() {
            let bytes = disk.read(segment, 0, usize::MAX).unwrap_or_default();
            found.extend(leaks(&bytes, cards.iter().map(String::as_str)));
        }
        for leak in found.into_iter().take(1) {
            self.finds("I12", format!("the journal holds a {leak} in clear"));
        }
    }

    /// K7: a request whose MAC is wrong goes no further, where its terminal's keys are known: they
    /// were neither lost nor forgotten.
    pub(super) fn see_macs(&mut self) {
        let setup = &self.plan.setup;
        let keys_lost = |deed: &Deed| matches!(deed, Deed::Crash(crash) if crash.loses_keys);
        let forgets = setup.bounds.known_terminals.is_some()
            || self.plan.deeds.iter().any(|timed| keys_lost(&timed.deed));
        let foreign = setup.spec != "cup-pos" || setup.host_spec.is_some();
        if foreign || !setup.keys || forgets {
            return;
        }
        let facts = self.evidence.all();
        let traded = |terminal: &str, before: u32| {
            facts.iter().any(|own| {
                let told = own.told.iter().any(|told| told.means == Meant::Approved);
                own.n < before && own.terminal == terminal && told
            })
        };
        let broken: Vec<u32> = self
            .plan
            .deeds
            .iter()
            .filter_map(|timed| match &timed.deed {
                Deed::Ask(ask) if ask.mac == MacIs::Broken && !ask.drop.contains(&42) => {
                    Some(ask.n)
                }
                _ => None,
            })
            .collect();
        let went = facts.iter().find(|own| {
            broken.contains(&own.n)
                && own.reached.len() == 1
                && own.was_sent()
                && traded(&own.terminal, own.n)
        });
        if let Some(own) = went {
            let what = format!("attempt {} went on with a wrong MAC", own.n);
            self.finds("K7", what);
        }
    }
}
