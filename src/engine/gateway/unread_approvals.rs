//! Approvals that were written to terminals moments before a crash: nobody knows who read them.

use super::core::{Cause, Gateway};
use super::lifecycle::Trigger;
use super::live::Transaction;
use super::message_facts::key_of;
use super::names::TerminalKey;
use crate::engine::record::{Opened, State, TxId, Why};
use crate::engine::seam::{Now, Wall};
use std::collections::BTreeMap;
use std::time::Duration;

/// By terminal: the approvals that were written to it since its last request, and when. Of requests
/// under way together there are several.
#[derive(Debug, Default)]
pub(super) struct UnreadApprovals {
    written: BTreeMap<TerminalKey, Vec<(TxId, Wall)>>,
    /// The moment of the last record.
    ended: Wall,
}

impl UnreadApprovals {
    /// A record was read.
    pub(super) const fn read(&mut self, at: Wall) {
        self.ended = at;
    }

    /// A transaction took a step.
    pub(super) fn step(&mut self, own: &Transaction, at: Wall) {
        self.came_to(&own.opened, own.state, (own.id, at));
    }

    /// A checkpoint carries an answered transaction. When it was answered stands nowhere; `of` says
    /// when it began.
    pub(super) fn carry(&mut self, opened: &Opened, state: State, of: (TxId, Wall)) {
        self.came_to(opened, State::Forwarded, of);
        self.came_to(opened, state, of);
    }

    fn came_to(&mut self, opened: &Opened, state: State, (id, at): (TxId, Wall)) {
        if !opened.purpose.moves_money() {
            return;
        }
        let key = key_of(opened);
        if state.awaits_answer() {
            self.written.remove(&key);
            return;
        }
        if let Some(written) = self.written.get_mut(&key) {
            written.retain(|(own, _)| *own != id);
        }
        if state == State::Delivered && opened.reverses {
            self.written.entry(key).or_default().push((id, at));
        }
    }

    /// A request of the terminal was refused: it has dealt with the answer before.
    pub(super) fn traded_on(&mut self, opened: &Opened) {
        if opened.purpose.moves_money() {
            self.written.remove(&key_of(opened));
        }
    }

    /// The gateway ended in good order: what was written is on its way.
    pub(super) fn clear(&mut self) {
        self.written.clear();
    }

    /// Those so shortly before the end that their connection may have been cut off unread.
    pub(super) fn unproven(&self, within: Duration) -> Vec<TxId> {
        let all = self.written.values().flatten();
        let fresh = all.filter(|(_, at)| self.ended - *at <= within);
        fresh.map(|(id, _)| *id).collect()
    }
}

impl Gateway {
    /// The delivery of an approval that a crash followed is not proven.
    pub(super) fn unproven(&mut self, now: Now, id: TxId) {
        let done = self.terminals.done(id);
        let written = done.is_some_and(|done| done.state == State::Delivered);
        if written && let Some(slot) = self.revive(id, now) {
            self.step(now, slot, Trigger::Reset, Cause::why(Why::Restarted));
            self.reverse_unproven(now, slot, Why::Restarted);
        }
    }
}
