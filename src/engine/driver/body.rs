//! The driver: what happened goes into the core, what it orders comes out and is carried out.

use super::outbox::{Outbox, Side, Trouble};
use super::rim::Rim;
use crate::engine::gateway::{Action, Counts, Event, Gateway, SendId};
use crate::engine::record::{ConnId, Record, Seq, State, TxId};
use crate::engine::seam::planted::{self, Bug};
use crate::engine::seam::{Mono, Now};
use std::collections::VecDeque;
use std::time::Duration;

/// How long records that no send waits for may wait for one that a send waits for: one sync then
/// serves both. That an answer was written is such a record; a crash makes a delivery that was not
/// recorded yet an open question, in this time as in that of the sync itself.
const MAY_WAIT: Duration = Duration::from_millis(5);
/// So many are handed over at once, whatever waits for them.
const ENOUGH: usize = 1024;

/// Owner of the core and of all connections.
#[derive(Debug)]
pub struct Driver<R: Rim> {
    pub(super) core: Gateway,
    pub(super) now: Now,
    pub(super) rim: R,
    /// Whether the journal keeps up, so that more may be read.
    pub(super) has_room: bool,
    /// Records that the journal was not handed yet.
    batch: Vec<Record>,
    /// Until when they may wait for one that a send waits for.
    batch_due: Option<Mono>,
    /// The last record that it was handed.
    handed: Seq,
    /// The record up to which the journal was last asked.
    asked: Seq,
    pub(super) outbox: Outbox<R>,
    /// What happened while an order was carried out.
    pub(super) follow_ups: VecDeque<Event>,
    written: Vec<SendId>,
    /// Bytes that may be unwritten on a connection before it is read no more.
    pub(super) unwritten: usize,
    asleep: bool,
    /// The core was told that the disk is low.
    low: bool,
}

impl<R: Rim> Driver<R> {
    /// With a core that has just recovered: what recovery ordered is carried out.
    pub fn new(core: Gateway, rim: R, now: Now, unwritten: usize) -> Self {
        let mut driver = Self {
            core,
            now,
            has_room: true,
            batch: Vec::new(),
            batch_due: None,
            handed: rim.released(),
            asked: Seq(0),
            rim,
            outbox: Outbox::new(),
            follow_ups: VecDeque::new(),
            written: Vec::new(),
            unwritten,
            asleep: false,
            low: false,
        };
        driver.carry_out_all();
        driver
    }

    /// Those around it.
    pub const fn rim(&self) -> &R {
        &self.rim
    }

    /// Those around it, to be changed.
    pub const fn rim_mut(&mut self) -> &mut R {
        &mut self.rim
    }

    /// What happens next happens now.
    pub const fn at(&mut self, now: Now) {
        self.now = now;
    }

    /// The moment of what happens.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// Something happened that no connection told.
    pub fn told(&mut self, now: Now, event: Event) {
        self.at(now);
        self.happened(event);
    }

    /// Tells the core what happened, and carries out what it orders.
    pub fn happened(&mut self, event: Event) {
        self.core.handle(self.now, event);
        self.carry_out_all();
    }

    pub(super) fn carry_out_all(&mut self) {
        loop {
            while let Some(action) = self.core.poll_action() {
                self.carry_out(action);
            }
            match self.follow_ups.pop_front() {
                Some(event) => self.core.handle(self.now, event),
                None => break,
            }
        }
        self.wake_up();
    }

    /// There is something to do for the loop.
    pub(super) fn wake_up(&mut self) {
        if std::mem::take(&mut self.asleep) && !planted::is(Bug::LostWakeUp) {
            self.rim.wake();
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Append(record) => {
                self.rim.recorded(self.now.mono, &record);
                self.batch.push(record);
            }
            Action::Send {
                id,
                after,
                conn,
                frame,
            } => match self.outbox.push(id, after, conn, frame) {
                Some(frame) => self.rim.ordered(conn, id, after, frame),
                None => self.follow_ups.push_back(Event::NotWritten(id)),
            },
            Action::Revoke(id) => self.revoke(id),
            Action::Recall(recall) => {
                self.asked = recall.after;
                self.rim.recalls(recall);
            }
            Action::Close(conn, reason) => {
                self.rim.closes(conn, reason);
                if self.outbox.close(conn) {
                    self.closed(conn, false);
                }
            }
        }
    }

    fn revoke(&mut self, id: SendId) {
        if self.outbox.revoke(id) {
            self.rim.revoked(id);
            self.follow_ups.push_back(Event::NotWritten(id));
        } else if !self.written.contains(&id) {
            // Not told yet only if it was written in the flush that is being told.
            self.follow_ups.push_back(Event::Written(id));
        }
    }

    /// A connection is over: first what of its sends was not written, then that it is closed.
    pub(super) fn closed(&mut self, conn: ConnId, reset: bool) {
        let Some((side, beside, unwritten)) = self.outbox.remove(conn) else {
            return;
        };
        self.follow_ups.extend(unwritten.map(Event::NotWritten));
        self.follow_ups.push_back(match side {
            Side::Terminal => Event::TerminalClosed { conn, reset },
            Side::Link(link) => Event::LinkDown { link, conn },
        });
        self.rim.closed(side, beside);
    }

    /// One turn of the loop: what is durable is sent, what is due is done, what is new is handed to
    /// the journal. Gives the connections that are in trouble.
    pub fn turn(&mut self, now: Now) -> Vec<(ConnId, Trouble)> {
        self.at(now);
        let released = self.rim.released();
        self.rim.turns(released);
        self.look_for_room();
        self.look_at_disk();
        let troubles = self.send(released);
        if self
            .core
            .next_deadline()
            .is_some_and(|due| due <= self.now.mono)
        {
            self.happened(Event::Tick);
        }
        self.hand_over_in_time();
        let waiting = self.outbox.waiting();
        self.rim.turned(self.core.counts(), released, waiting);
        self.asleep = true;
        troubles
    }

    /// Writes each connection once, with all that may go.
    fn send(&mut self, released: Seq) -> Vec<(ConnId, Trouble)> {
        self.outbox.release(released);
        let mut written = std::mem::take(&mut self.written);
        let troubles = self.outbox.flush(&mut written, &mut self.rim);
        self.written = written;
        for at in 0..self.written.len() {
            if let Some(id) = self.written.get(at) {
                self.happened(Event::Written(*id));
            }
        }
        self.written.clear();
        troubles
    }

    /// Hands what is recorded over to the journal, once a send waits for it or it has waited
    /// enough.
    fn hand_over_in_time(&mut self) {
        if self.rim.take_checkpoint_due() {
            self.batch.extend(self.core.checkpoint(self.now));
        }
        if self.batch.is_empty() {
            return;
        }
        let due = *self.batch_due.get_or_insert(self.now.mono + MAY_WAIT);
        let awaited = self.outbox.awaited().max(self.asked) > self.handed;
        if awaited || due <= self.now.mono || self.batch.len() >= ENOUGH {
            self.hand_over();
        }
    }

    /// Hands what is recorded over to the journal.
    pub fn hand_over(&mut self) {
        self.batch_due = None;
        if let Some(last) = self.batch.last() {
            self.handed = last.seq;
            self.rim.hands_over(self.handed, self.batch.len());
            self.has_room = self.rim.append(&mut self.batch);
        }
    }

    fn look_at_disk(&mut self) {
        let low = self.rim.is_low();
        if std::mem::replace(&mut self.low, low) != low {
            self.happened(Event::DiskLow(low));
        }
    }

    fn look_for_room(&mut self) {
        if !self.has_room && self.rim.has_room() {
            self.has_room = true;
            self.rim.has_caught_up();
        }
    }

    /// When the loop is to turn at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let core = self.core.next_deadline();
        core.into_iter().chain(self.batch_due).min()
    }

    /// The state of a transaction that is in memory.
    #[must_use]
    pub fn state_of(&self, tx: TxId) -> Option<State> {
        self.core.state_of(tx)
    }

    /// What can be counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.core.counts()
    }

    /// The last record so far, on disk or not.
    #[must_use]
    pub fn last_recorded(&self) -> Seq {
        self.batch.last().map_or(self.handed, |record| record.seq)
    }

    /// The last record that the journal was handed.
    #[must_use]
    pub const fn last_handed(&self) -> Seq {
        self.handed
    }

    /// Whether all is done that was begun, and on disk.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_settled() && self.core.counts().in_flight == 0 && self.outbox.is_empty()
    }

    /// Whether all that is recorded is on disk, as far as it must be.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.batch.is_empty() && self.rim.released() == self.handed
    }

    /// It ends in good order.
    pub fn stop(&mut self, now: Now) {
        self.at(now);
        self.core.stop(now);
        self.carry_out_all();
    }

    /// The journal of those around it is to be closed: all that is recorded is handed over.
    pub fn into_rim(mut self) -> R {
        self.hand_over();
        self.rim
    }
}
