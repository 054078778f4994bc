//! Answers whose request was not captured: what they repeat of it names the transaction.

use super::asks::AskedTwice;
use super::legs::LegRole;
use super::observer::{Observer, SeenCause, SeenMessage, key_on};
use super::watched::{CaseNo, Undoing, Watched};
use crate::engine::gateway::{Trigger, asked_for, identity, is_same};
use crate::engine::record::{Note, Opened, Why};
use crate::iso::codec::Message;
use crate::iso::message::Class;
use crate::iso::spec::Purpose;
use crate::iso::stream::FlowSide;
use std::sync::Arc;

impl Observer {
    /// A host answers what it was not seen to be asked.
    pub(super) fn was_not_asked(&mut self, role: LegRole, seen: &SeenMessage) {
        self.orphan(role, key_on(role, &seen.message));
        let asked = asked_as(&seen.message).map(|message| SeenMessage {
            message,
            ..seen.clone()
        });
        let is_sound = |asked: &SeenMessage| asked.message.fault().is_none() && !asked.forged;
        let Some(asked) = asked.filter(is_sound) else {
            return self.unmatched(role, FlowSide::Server, seen);
        };
        let opened = self.describe(&asked);
        let undoes = opened.purpose == Purpose::Reversal;
        if undoes && let Some(case) = self.original_of(&asked.message, &opened) {
            self.counts.unmatched = self.counts.unmatched.saturating_add(1);
            return self.was_undone_unseen(case, role, seen);
        }
        if opened.identity.is_empty() || !(undoes || opened.touches_money()) {
            return self.unmatched(role, FlowSide::Server, seen);
        }
        self.counts.unmatched = self.counts.unmatched.saturating_add(1);
        let case = self.begins_with_its_answer(role, &asked, opened);
        self.request_answered(case, role, seen);
    }

    fn begins_with_its_answer(
        &mut self,
        role: LegRole,
        asked: &SeenMessage,
        opened: Opened,
    ) -> CaseNo {
        let id = self.next_id(asked.at);
        let mut watched = Watched::new(id, Arc::new(opened), asked.at);
        watched.terminal = (role == LegRole::Whole).then_some(asked.flow);
        watched.host = Some(asked.flow);
        watched.mti = Some(asked.message.mti());
        watched.trade = asked_for(&asked.message);
        watched.stan = asked.message.stan().unwrap_or_default();
        (watched.unasked, watched.unseen) = (true, true);
        let case = self.open(watched, Trigger::Forward, SeenCause::why(Why::Unseen));
        self.touch(asked.flow, case);
        if let Some(key) = key_on(role, &asked.message) {
            self.table.add_key(case, key);
        }
        if let Some(name) = identity(&asked.message) {
            self.table.add_name(case, name);
        }
        case
    }

    /// The transaction of which an answer was seen before this request, where clocks differ.
    pub(super) fn answered_before(&self, asked: &AskedTwice, opened: &Opened) -> Option<CaseNo> {
        let key = key_on(LegRole::Hosts, &asked.heard()?.message)?;
        let (now, within) = (self.now(), self.same_trade());
        let mut own = self.table.keyed(&key);
        let found = own.find(|(_, own)| {
            own.unasked && now - own.began <= within && is_same(opened, &own.opened)
        });
        found.map(|(case, _)| case)
    }

    /// A request that is seen behind its answer.
    pub(super) fn comes_after_its_answer(&mut self, case: CaseNo, asked: &AskedTwice) {
        let (Some(own), Some(logged)) = (self.table.get_mut(case), asked.logged()) else {
            return;
        };
        own.unasked = false;
        own.terminal = asked.told.as_ref().map(|told| told.flow);
        self.remark(case, Note::None, logged);
        self.expect(case, asked);
        if let Some(logged) = asked.logged_there() {
            self.remark(case, Note::None, logged);
        }
    }

    /// A host answers a reversal that was not seen, of what is known.
    fn was_undone_unseen(&mut self, case: CaseNo, role: LegRole, seen: &SeenMessage) {
        self.touch(seen.flow, case);
        self.note_unseen(case);
        if role == LegRole::Whole {
            self.is_no_longer_waited_for(case);
            let asked = SeenCause::why(Why::TerminalAsked);
            self.step(case, Trigger::TerminalReversal, asked);
        }
        self.is_to_be_undone(case);
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let undoing = own.undoing.get_or_insert_with(Undoing::default);
        undoing.tries = undoing.tries.saturating_add(1);
        undoing.unanswered = undoing.unanswered.saturating_add(1);
        undoing.host = Some(seen.flow);
        let cause = SeenCause {
            why: Why::Unseen,
            note: Note::Try(undoing.tries),
            ..SeenCause::default()
        };
        self.step(case, Trigger::ReversalTry, cause);
        self.undo_answered(case, role, seen);
    }
}

/// What was asked, as far as an answer repeats it.
fn asked_as(answer: &Message) -> Option<Message> {
    let mti = answer.mti();
    if mti.class() == Class::Network {
        return None;
    }
    let mut kinds = answer.spec().flow().kinds.iter();
    let kind = kinds.find(|kind| kind.mti.answer() == Some(mti))?;
    let mut asked = answer.clone();
    asked.set_mti(kind.mti);
    Some(asked)
}
