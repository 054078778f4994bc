//! The fate of what was written to either side: delivered, not delivered, not known.

use super::action::SendId;
use super::core::{Cause, Gateway, Sent};
use super::kept_frames::readdressed;
use super::lifecycle::Trigger;
use super::live::Slot;
use super::message_facts::key_of;
use crate::engine::record::{ConnId, Hop, Logged, Note, State, Why};
use crate::engine::seam::planted::{self, Bug};
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use bytes::Bytes;

/// Approvals written to a connection that a reset leaves unproven; the oldest goes first.
const DELIVERED: usize = 256;

impl Gateway {
    /// Gives the answer to everybody who waits for it: unchanged to the one who asked first, under
    /// its own header to everybody else. `relayed` says that the record of the answer speaks of the
    /// first one too.
    pub(super) fn deliver(&mut self, now: Now, slot: Slot, relayed: bool) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let waiting = std::mem::take(&mut transaction.waiting);
        if waiting.is_empty() {
            return self.undelivered(now, slot, Why::TerminalClosed);
        }
        let request = transaction.request.clone();
        let answer = transaction.answer.clone();
        let relayed = relayed && transaction.upstream.is_none();
        let spec = self.live.get(slot).and_then(|own| self.spec_of(own));
        let (Some(answer), Some(spec)) = (answer, spec) else {
            return;
        };
        for (place, waiter) in waiting.into_iter().enumerate() {
            let first = place == 0;
            if first && relayed && request.frame.starts_with(&waiter.header) {
                self.send_answer(slot, waiter.conn, answer.clone());
            } else if let Some(own) = readdressed(&spec, &waiter.header, &answer) {
                self.deliver_to(now, slot, waiter.conn, &own);
            }
        }
        if planted::is(Bug::AckBeforeWrite) {
            self.step(now, slot, Trigger::Written, Cause::default());
        }
    }

    /// Gives the answer, under its own header, to one connection of its terminal.
    pub(super) fn deliver_to(&mut self, now: Now, slot: Slot, conn: ConnId, answer: &Message) {
        if let Ok(frame) = answer.build() {
            let logged = Logged::of(answer, Hop::GatewayToTerminal, conn, None);
            self.remark_live(now, slot, Note::None, logged);
            self.send_answer(slot, conn, frame);
        }
    }

    /// One more answer is on its way.
    fn send_answer(&mut self, slot: Slot, conn: ConnId, frame: Bytes) {
        if let Some(own) = self.live.get_mut(slot) {
            own.delivering = own.delivering.saturating_add(1);
        }
        self.send(conn, frame, Some(Sent::Answer(slot, conn)));
    }

    /// One answer less is on its way. Whether it was the last.
    fn was_delivered(&mut self, slot: Slot) -> bool {
        let Some(own) = self.live.get_mut(slot) else {
            return true;
        };
        own.delivering = own.delivering.saturating_sub(1);
        own.delivering == 0
    }

    /// A send was written, whole or in part.
    pub(super) fn written(&mut self, now: Now, send: SendId) {
        match self.sends.remove(&send) {
            Some(Sent::Request(slot)) => {
                let Some(transaction) = self.live.get_mut(slot) else {
                    return;
                };
                transaction.unwritten = None;
                if std::mem::take(&mut transaction.revoking) {
                    self.no_answer(now, slot, Trigger::Deadline, Why::NoAnswer, Note::None);
                }
            }
            Some(Sent::Answer(slot, conn)) => {
                self.was_delivered(slot);
                if self.is_late(now, slot) {
                    let why = Why::WrittenLate;
                    self.step(now, slot, Trigger::WrittenLate, Cause::why(why));
                    self.reverse_unproven(now, slot, why);
                } else {
                    self.note_delivered(now, slot, conn);
                    self.step(now, slot, Trigger::Written, Cause::default());
                }
            }
            Some(Sent::Try(slot)) => self.try_left(now, slot, send),
            None => {}
        }
    }

    /// Whether the terminal may have turned away while its answer waited to be journalled or
    /// written. A terminal waits longer than a gateway; in the usual ladder a third, 60 s to 45 s.
    fn is_late(&self, now: Now, slot: Slot) -> bool {
        let own = self.live.get(slot).filter(|own| own.opened.reverses);
        own.is_some_and(|own| {
            let due = self.options.routes[own.route].timeout;
            now.mono - own.since > due + due / 3
        })
    }

    /// An approval was written to a connection: a reset that comes soon leaves it unproven.
    fn note_delivered(&mut self, now: Now, slot: Slot, conn: ConnId) {
        let Some(own) = self.live.get(slot) else {
            return;
        };
        let soon = self.options.ladder.unproven_after_reset;
        if own.state == State::Approved
            && own.opened.reverses
            && let Some(at) = self.conns.get_mut(&conn)
        {
            let key = key_of(&own.opened);
            let is_old = |(_, _, then): &(_, _, Mono)| now.mono - *then > soon;
            while at.delivered.len() >= DELIVERED || at.delivered.front().is_some_and(is_old) {
                at.delivered.pop_front();
            }
            at.delivered.retain(|(_, id, _)| *id != own.id);
            at.delivered.push_back((key, own.id, now.mono));
        }
    }

    /// A send was not written at all, and never will be.
    pub(super) fn not_written(&mut self, now: Now, send: SendId) {
        match self.sends.remove(&send) {
            Some(Sent::Request(slot)) => {
                if let Some(transaction) = self.live.get_mut(slot) {
                    transaction.unwritten = None;
                    transaction.revoking = false;
                }
                self.step(now, slot, Trigger::Revoked, Cause::why(Why::NeverWritten));
            }
            // As long as another connection may bring it, the terminal is not gone.
            Some(Sent::Answer(slot, _)) if self.was_delivered(slot) => {
                self.undelivered(now, slot, Why::WriteFailed);
            }
            Some(Sent::Answer(..)) => {}
            Some(Sent::Try(slot)) => self.try_never_left(now, slot, send),
            None => {}
        }
    }

    /// The answer reached nobody: as the table says, or given up if the kind never reverses. A
    /// repeat is told it all the same.
    fn undelivered(&mut self, now: Now, slot: Slot, why: Why) {
        let approved_for_good = self
            .live
            .get(slot)
            .is_some_and(|own| own.state == State::Approved && !own.opened.reverses);
        let trigger = if approved_for_good {
            Trigger::GaveUp
        } else {
            Trigger::NotWritten
        };
        self.step(now, slot, trigger, Cause::why(why));
    }

    /// A terminal's connection ended: who waited on it is gone, and a reset leaves the approval
    /// written last unproven.
    pub(super) fn terminal_closed(&mut self, now: Now, conn: ConnId, reset: bool) {
        let Some(closed) = self.conns.remove(&conn) else {
            return;
        };
        for slot in closed.waiting {
            let Some(transaction) = self.live.get_mut(slot) else {
                continue;
            };
            transaction.waiting.retain(|waiter| waiter.conn != conn);
            if transaction.waiting.is_empty() && transaction.opened.reverses {
                self.step(
                    now,
                    slot,
                    Trigger::TerminalClosed,
                    Cause::why(Why::TerminalClosed),
                );
            }
        }
        let soon = self.options.ladder.unproven_after_reset;
        let fresh = closed.delivered.into_iter();
        for (_, id, at) in fresh.filter(|_| reset) {
            if now.mono - at <= soon
                && let Some(slot) = self.revive(id, now)
            {
                self.step(now, slot, Trigger::Reset, Cause::why(Why::TerminalClosed));
                self.reverse_unproven(now, slot, Why::TerminalClosed);
                self.forget_if_over(slot);
            }
        }
    }
}
