//! Reversals: asked for by a terminal or due by policy, sent until they are answered or listed.

use super::core::{Cause, Gateway};
use super::lifecycle::Trigger;
use super::live::{Reversal, Slot, Transaction};
use super::message_facts::key_of;
use super::names::{self, MatchKey};
use crate::engine::record::{State, TxId, Why};
use crate::engine::seam::planted::{self, Bug};
use crate::engine::seam::{Now, Wall};
use crate::iso::spec::ReversalCause;

impl Gateway {
    /// Calls an answered transaction back from memory, where an answer may find it again.
    pub(super) fn revive(&mut self, id: TxId, now: Now) -> Option<Slot> {
        let slot = self.call_back(id, now)?;
        self.expect_answer(slot);
        Some(slot)
    }

    /// Calls an answered transaction back from memory, to apply recorded history to it.
    pub(super) fn call_back(&mut self, id: TxId, now: Now) -> Option<Slot> {
        let Some(done) = self.terminals.take(id) else {
            return self.live.slot_of(id);
        };
        let tries = done.tries;
        let began = self.steady.at(now.mono);
        let reversal = done.reversal_answer.map(|answer| Reversal {
            answer: Some(answer),
            tries,
            ..Reversal::new(ReversalCause::Other, began)
        });
        let transaction = Transaction {
            id: done.id,
            state: done.state,
            route: done.route,
            began: now.wall,
            since: now.mono,
            last: done.last,
            request: done.request,
            upstream: done.upstream,
            answer: done.answer,
            rrn: done.rrn,
            auth: done.auth,
            approved: done.approved,
            returned: done.returned,
            cause: ReversalCause::Other,
            reversal,
            ..Transaction::of(done.opened)
        };
        Some(self.live.insert(transaction))
    }

    /// Lets an answer find a transaction that was recovered or called back: by the key under which
    /// its request went out.
    pub(super) fn expect_answer(&mut self, slot: Slot) {
        let keys = [self.key_upstream(slot), self.key_of_tries(slot)];
        for key in keys.into_iter().flatten() {
            self.live.add_key(slot, key);
        }
    }

    /// The key of the answers to the tries of a reversal that have left.
    fn key_of_tries(&self, slot: Slot) -> Option<MatchKey> {
        let own = self.live.get(slot)?;
        let _tried = own.reversal.as_ref().filter(|own| own.tries > 0)?;
        let rule = &self.options.routes.get(own.route)?.key;
        names::match_key(&self.reversal_message(slot)?, own.opened.link, rule)
    }

    /// The key of the answer to a request as it went out.
    pub(super) fn key_upstream(&self, slot: Slot) -> Option<MatchKey> {
        let own = self.live.get(slot)?;
        let rule = &self.options.routes.get(own.route)?.key;
        names::match_key(&self.upstream_of(slot)?, own.opened.link, rule)
    }

    /// Money may be held and nobody has the approval. Where the gateway may not reverse, it waits
    /// for the terminal's own reversal, and the open list shows it meanwhile.
    pub(super) fn reverse_by_policy(&mut self, now: Now, slot: Slot) {
        if self.authors_reversals(slot) && !planted::is(Bug::NoReversal) {
            self.step(now, slot, Trigger::ReverseNow, Cause::default());
        }
    }

    /// An approval was perhaps not read. Its route may say that it is then reversed. The terminal
    /// may hold the receipt all the same: once it is reversed, that is listed.
    pub(super) fn reverse_unproven(&mut self, now: Now, slot: Slot, why: Why) {
        let own = self.live.get(slot);
        let own = own.filter(|own| own.state == State::DeliveryUnproven);
        if own.is_some_and(|own| self.options.routes[own.route].reversal.unproven) {
            self.step(now, slot, Trigger::Operator, Cause::why(why));
            let own = self.live.get_mut(slot);
            if let Some(reversal) = own.and_then(|own| own.reversal.as_mut()) {
                reversal.of_receipt = true;
            }
        }
    }

    /// The terminal had its time to come back. Where the gateway may not reverse, its own reversal
    /// is waited for as long as a watch lasts.
    pub(super) fn grace_over(&mut self, now: Now, slot: Slot) {
        let watch = self.options.ladder.watch;
        let waited = self
            .live
            .get(slot)
            .map(|transaction| now.mono - transaction.since);
        let id = self.live.get(slot).map(|own| own.id);
        if id.is_some_and(|id| self.may_go_back(id)) {
            // By another door, perhaps: that is known first.
            let again = now.mono + self.options.ladder.grace;
            return self.live.set_deadline(slot, Some(again));
        }
        self.reverse_by_policy(now, slot);
        if self.live.get(slot).map(|own| own.state) != Some(State::TerminalGone) {
            return;
        }
        if waited.is_some_and(|waited| waited >= watch) {
            self.forget(slot);
        } else {
            self.live.set_deadline(slot, Some(now.mono + watch));
        }
    }

    /// Whether the route lets the gateway reverse, and the keys let it author.
    pub(super) fn authors_reversals(&self, slot: Slot) -> bool {
        let by = self
            .live
            .get(slot)
            .map(|own| self.options.routes[own.route].reversal.by);
        by.is_some_and(super::ReversalBy::gateway) && self.may_author(slot)
    }

    /// Whether a message for this transaction may be authored: it is understood, and no MAC is
    /// wanted, or its key is known.
    pub(super) fn may_author(&self, slot: Slot) -> bool {
        let Some(transaction) = self.live.get(slot) else {
            return false;
        };
        let heard = self.heard_spec(&transaction.opened, transaction.upstream.as_deref());
        let Some(spec) = heard else {
            return false;
        };
        let has_key = || {
            self.terminals
                .get(&key_of(&transaction.opened))
                .is_some_and(|terminal| terminal.keys.is_some())
        };
        transaction.opened.is_understood()
            && spec.flow().reversal.is_some()
            && (spec.flow().mac.is_none() || has_key())
    }

    /// Whether a reversal of the transaction is under way.
    pub(super) fn is_reversing(&self, slot: Slot) -> bool {
        self.live
            .get(slot)
            .is_some_and(|own| own.reversal.is_some())
    }
}

impl Reversal {
    /// It was closed, or an operator wants it again: from the first try on.
    pub(super) fn start_anew(&mut self, since: Wall) {
        self.tries = 0;
        self.since = since;
        self.answer = None;
    }

    pub(super) const fn new(cause: ReversalCause, since: Wall) -> Self {
        Self {
            cause,
            cause_code: None,
            since,
            tries: 0,
            frame: None,
            askers: Vec::new(),
            link_conn: None,
            unwritten: None,
            unanswered: 0,
            overtaken: false,
            of_receipt: false,
            queued: false,
            answer: None,
        }
    }
}
