//! The machine that the gateway runs on, in virtual time: the core, the driver and the journal's
//! owner of the real process, between connections that take what they are told to take and a disk
//! in memory.

mod bay;
mod reading;
mod terms;

pub use super::plug::Takes;
pub use reading::read_all;
pub(super) use reading::read_from;
pub use terms::{Ended, Left, MachineOptions, Out};

use super::plug::{Carried, Pace, Plug};
use crate::engine::driver::{
    CommitRules, Committer, Disk, Driver, Next, Outbound, Progress, Received, Side, Trouble, Woken,
};
use crate::engine::gateway::{Counts, Event, Gateway, Limits, Options, UnreadableFrame};
use crate::engine::journal::{Journal, JournalError, JournalOptions, Memory};
use crate::engine::record::{ConnId, LinkId, ListenerId, Record, Seq, Vault, VaultKeys};
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::codec::{Framer, Message};
use crate::iso::spec::Spec;
use bay::{Bay, Ring};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The machine.
#[derive(Debug)]
pub struct Machine {
    driver: Driver<Bay>,
    committer: Committer<Memory, Ring>,
    work: Work,
    sync: Duration,
    stuck: Duration,
    frame: usize,
    specs: (Vec<Arc<Spec>>, Vec<Arc<Spec>>),
    conns: BTreeMap<ConnId, Peer>,
    pace: Rc<Pace>,
    out: VecDeque<Out>,
    failed: Option<JournalError>,
    run: u32,
}

/// What the journal's owner does.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// It waits for records, and looks around then.
    Waits(Mono),
    /// It is at work until then: it syncs, or waits for room.
    Busy { until: Mono, syncs: bool },
}

impl Work {
    const fn busy(until: Mono) -> Self {
        Self::Busy {
            until,
            syncs: false,
        }
    }
}

/// A connection, as the machine's sockets know it.
#[derive(Debug)]
struct Peer {
    spec: Arc<Spec>,
    side: Side,
    /// What came in and was not read yet.
    inbox: VecDeque<Came>,
    /// Cuts frames from what went out.
    cutter: Framer,
    cut: BytesMut,
    /// It is full, and is ended then.
    stuck_at: Option<Mono>,
}

#[derive(Debug)]
enum Came {
    Frame(Bytes),
    End { reset: bool },
}

impl Machine {
    /// Starts on what another left, or on nothing. `run` counts the starts.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub fn start(
        options: Options,
        own: &MachineOptions,
        left: Left,
        run: u32,
        seed: u64,
        now: Now,
    ) -> Result<Self, JournalError> {
        let Left { mut disk, keys } = left;
        disk.set_reserve(own.reserve_bytes);
        let seed = seed ^ (u64::from(run) << 32);
        let mut dice = Dice::new(seed);
        let journal_options = JournalOptions {
            segment_bytes: own.segment_bytes,
            salvage: false,
            seed: dice.number(),
        };
        let (journal, recovery) = Journal::open(disk, journal_options)?;
        let vault = || Vault::new(keys.clone(), run.to_be_bytes());
        let reader = vault();
        let history = recovery.map(|mut record: Record| {
            record.open_patches(&reader);
            record
        });
        let specs = (
            options.listeners.iter().map(|at| at.spec.clone()).collect(),
            options.links.iter().map(|at| at.spec.clone()).collect(),
        );
        let core = Gateway::recover(options, Arc::new(vault()), dice.number(), now, history);
        let rules = CommitRules {
            strict: own.strict,
            keep_keys: own.keep_keys,
            retain: own.retain,
        };
        let sealing = vault();
        let ring = Ring { keys, dice };
        let committer = Committer::new(journal, (sealing, ring), rules, now);
        let pace = Rc::new(Pace::default());
        let bay = Bay {
            queue: Vec::new(),
            backlog: own.backlog,
            progress: committer.progress().clone(),
            checkpoint_due: false,
            woken: true,
            watch: own.watch,
            records: VecDeque::new(),
            ordered: BTreeMap::new(),
            pace: Rc::clone(&pace),
            asked: VecDeque::new(),
        };
        Ok(Self {
            driver: Driver::new(core, bay, now, own.unwritten),
            committer,
            work: Work::busy(now.mono),
            sync: own.sync,
            stuck: own.stuck,
            frame: own.frame,
            specs,
            conns: BTreeMap::new(),
            pace,
            out: VecDeque::new(),
            failed: None,
            run,
        })
    }

    /// A terminal connects. A connection is named by its world, once in the life of a machine.
    pub fn open_terminal(&mut self, now: Now, conn: ConnId, listener: ListenerId) {
        let spec = self.specs.0.get(usize::from(listener.0)).cloned();
        if let Some((plug, spec)) = self.plug(conn, spec, Side::Terminal) {
            let out = Outbound::new(plug, Framer::new(&spec, self.frame)).answering();
            self.driver.terminal(now, (conn, listener), out, conn);
        }
        self.settle();
    }

    /// A connection of a link is up.
    pub fn open_link(&mut self, now: Now, conn: ConnId, link: LinkId) {
        let spec = self.specs.1.get(usize::from(link.0)).cloned();
        if let Some((plug, spec)) = self.plug(conn, spec, Side::Link(link)) {
            let out = Outbound::new(plug, Framer::new(&spec, self.frame));
            self.driver.link_up(now, (conn, link), out, conn);
        }
        self.settle();
    }

    fn plug(
        &mut self,
        conn: ConnId,
        spec: Option<Arc<Spec>>,
        side: Side,
    ) -> Option<(Plug, Arc<Spec>)> {
        let spec = spec.filter(|_| self.step())?;
        let peer = Peer {
            cutter: Framer::new(&spec, self.frame),
            spec: Arc::clone(&spec),
            side,
            inbox: VecDeque::new(),
            cut: BytesMut::new(),
            stuck_at: None,
        };
        self.conns.insert(conn, peer);
        Some((Plug::new(conn, Rc::clone(&self.pace)), spec))
    }

    /// A whole frame came in, without its prefix. It waits while its connection may not be read.
    pub fn frame(&mut self, now: Now, conn: ConnId, frame: Bytes) {
        self.came(now, conn, Came::Frame(frame));
    }

    /// The far end ended a connection.
    pub fn closed(&mut self, now: Now, conn: ConnId, reset: bool) {
        self.came(now, conn, Came::End { reset });
    }

    fn came(&mut self, now: Now, conn: ConnId, came: Came) {
        let alive = self.is_alive();
        if let Some(peer) = self.conns.get_mut(&conn).filter(|_| alive) {
            peer.inbox.push_back(came);
            self.read(now, conn);
        }
        self.settle();
    }

    /// Reads what waits on a connection, for as long as it may be read.
    fn read(&mut self, now: Now, conn: ConnId) {
        while self.driver.crowded(conn).is_none() {
            let Some(peer) = self.conns.get_mut(&conn) else {
                return;
            };
            let Some(came) = peer.inbox.pop_front() else {
                return;
            };
            let (spec, side) = (Arc::clone(&peer.spec), peer.side);
            if !self.step() {
                return;
            }
            match came {
                Came::Frame(frame) => {
                    let received = match Message::read(&spec, frame.clone()) {
                        Ok(message) => Received::Message(message),
                        Err(error) => Received::Unreadable(UnreadableFrame::of(&frame, &error)),
                    };
                    self.driver.at(now);
                    let _listens = match side {
                        Side::Terminal => self.driver.take_from_terminal(conn, received),
                        Side::Link(_) => self.driver.take_from_acquirer(conn, received),
                    };
                }
                Came::End { reset } if self.driver.listens(conn) => {
                    self.driver.lost(now, conn, reset);
                    // Its far end knows.
                    self.pace.forget_end(conn);
                    self.driver.rim_mut().ordered.remove(&conn);
                    self.conns.remove(&conn);
                }
                // One that is about to be closed is read no more: writing meets the end.
                Came::End { .. } => self.line(now, conn, Takes::Broken),
            }
        }
    }

    /// Something happened that no connection told: [`Event::Drain`], [`Event::Operator`].
    pub fn tell(&mut self, now: Now, event: Event) {
        if self.step() {
            self.driver.told(now, event);
        }
        self.settle();
    }

    /// Other limits, from now on.
    pub const fn limit(&mut self, limits: Limits, unwritten: usize) {
        self.driver.limit(limits, unwritten);
    }

    /// How much a connection takes from now on; all, unless told.
    pub fn line(&mut self, now: Now, conn: ConnId, takes: Takes) {
        self.driver.at(now);
        let Some(out) = self.driver.out(conn) else {
            return;
        };
        out.sink().set(takes);
        let full = self.conns.get_mut(&conn);
        let full = full.and_then(|peer| peer.stuck_at.take());
        if full.is_some() && takes != Takes::Bytes(0) {
            self.driver.writable(conn);
        }
    }

    /// Does what is due now, one turn of each: the journal's owner, and the loop. To be called for
    /// as long as [`next_wake`](Self::next_wake) is not later than now.
    pub fn turn(&mut self, now: Now) {
        if !self.is_alive() {
            return;
        }
        self.commit(now);
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now.mono);
        if self.driver.rim().woken || due(self.driver.deadline()) {
            self.driver.rim_mut().woken = false;
            let troubles = self.driver.turn(now);
            self.settle();
            for (conn, trouble) in troubles {
                self.look_after(now, conn, trouble);
            }
            if let Disk::Failed(error) = &self.driver.rim().progress.disk {
                self.failed = Some(error.clone());
            }
            self.read_all_inboxes(now);
            self.recall(now);
        }
        let stuck: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, peer)| due(peer.stuck_at))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in stuck {
            self.driver.lost(now, conn, true);
        }
        self.settle();
    }

    fn read_all_inboxes(&mut self, now: Now) {
        let waits = self.conns.iter().filter(|(_, peer)| !peer.inbox.is_empty());
        let waits: Vec<ConnId> = waits.map(|(conn, _)| *conn).collect();
        for conn in waits {
            self.read(now, conn);
        }
    }

    fn look_after(&mut self, now: Now, conn: ConnId, trouble: Trouble) {
        match trouble {
            Trouble::Broken => self.driver.lost(now, conn, true),
            Trouble::Finished => self.driver.lost(now, conn, false),
            Trouble::Full => {
                if let Some(peer) = self.conns.get_mut(&conn) {
                    peer.stuck_at = Some(now.mono + self.stuck);
                }
            }
        }
    }

    /// The journal's owner goes on, if it is time.
    fn commit(&mut self, now: Now) {
        match self.work {
            Work::Waits(until) => {
                let queue = &mut self.driver.rim_mut().queue;
                let woken = if !queue.is_empty() {
                    std::mem::swap(queue, self.committer.batch());
                    Woken::Records
                } else if until <= now.mono {
                    Woken::Time
                } else {
                    return;
                };
                self.committer.begin(woken);
                self.go_on(now);
            }
            Work::Busy { until, .. } if until <= now.mono => self.go_on(now),
            Work::Busy { .. } => {}
        }
    }

    fn go_on(&mut self, now: Now) {
        if !self.step() {
            return;
        }
        let next = match self.committer.go_on(now) {
            Ok(Next::Full) => self
                .committer
                .wait_for_room(Duration::ZERO)
                .map(|pause| Work::busy(now.mono + pause)),
            Ok(Next::Wait(most)) => Ok(Work::Waits(now.mono + most)),
            Ok(Next::Sync) => Ok(Work::Busy {
                until: now.mono + self.sync,
                syncs: true,
            }),
            Ok(Next::Synced) => Ok(Work::busy(now.mono)),
            Err(error) => Err(error),
        };
        // One that failed does nothing more; the loop is told below, and ends.
        self.work = next.unwrap_or(Work::busy(Mono(u64::MAX)));
        let bay = self.driver.rim_mut();
        bay.checkpoint_due |= self.committer.take_checkpoint_due();
        if self.committer.take_news() {
            bay.progress = self.committer.progress().clone();
            bay.woken = true;
        }
    }

    /// Cuts what left into frames.
    fn settle(&mut self) {
        while let Some(carried) = self.pace.next() {
            match carried {
                Carried::Bytes(conn, bytes) => self.cut(conn, &bytes),
                Carried::End(conn) => {
                    self.conns.remove(&conn);
                    self.driver.rim_mut().ordered.remove(&conn);
                    self.out.push_back(Out::Closed(conn));
                }
            }
        }
    }

    fn cut(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(peer) = self.conns.get_mut(&conn) else {
            return;
        };
        peer.cut.extend_from_slice(bytes);
        // What the gateway cannot have written ends the connection's frames.
        while let Ok(Some(frame)) = peer.cutter.next(&mut peer.cut) {
            let bay = self.driver.rim_mut();
            let ordered = bay.ordered.get_mut(&conn).and_then(VecDeque::pop_front);
            let after = ordered.map_or(Seq(0), |(_, after)| after);
            self.out.push_back(Out::Frame { conn, after, frame });
        }
    }

    /// What left, in its order.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// What was recorded, in its order, if that is watched.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.driver.rim_mut().records.pop_front()
    }

    /// When to [`turn`](Self::turn) at the latest; zero for at once, none for never.
    #[must_use]
    pub fn next_wake(&self) -> Option<Mono> {
        if !self.is_alive() {
            return None;
        }
        let queued = !self.driver.rim().queue.is_empty();
        let owner = match self.work {
            Work::Waits(_) if queued => Mono(0),
            Work::Waits(until) | Work::Busy { until, .. } => until,
        };
        if self.driver.rim().woken || owner == Mono(0) {
            return Some(Mono(0));
        }
        let stuck = self.conns.values().filter_map(|peer| peer.stuck_at);
        stuck.chain(self.driver.deadline()).chain([owner]).min()
    }

    /// The disk.
    #[must_use]
    pub const fn disk(&self) -> &Memory {
        self.committer.journal().storage()
    }

    /// The file of the keys that seal the journal.
    #[must_use]
    pub const fn keys(&self) -> &VaultKeys {
        &self.committer.ring().keys
    }

    /// The disk, to be filled, emptied, or broken.
    pub const fn disk_mut(&mut self) -> &mut Memory {
        self.committer.storage_mut()
    }

    /// How long a sync takes, from the next one on.
    pub const fn set_sync(&mut self, takes: Duration) {
        self.sync = takes;
    }

    /// Until when a sync is under way, if one is.
    #[must_use]
    pub const fn syncing(&self) -> Option<Mono> {
        match self.work {
            Work::Busy { until, syncs: true } => Some(until),
            Work::Busy { .. } | Work::Waits(_) => None,
        }
    }

    /// The last record that is on the disk for certain.
    #[must_use]
    pub const fn durable(&self) -> Seq {
        self.committer.journal().durable()
    }

    /// How far the journal is, as the loop knows.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.driver.rim().progress
    }

    /// Which start of the gateway this is.
    #[must_use]
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// How many steps were done: events that were handled, writes to connections, steps of the
    /// journal's owner.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.pace.steps()
    }

    /// Lets it die just before that step, counted as [`steps`](Self::steps) does.
    pub fn crash_at(&mut self, step: u64) {
        self.pace.die_at(step);
    }

    fn step(&self) -> bool {
        self.failed.is_none() && self.pace.step()
    }

    fn is_alive(&self) -> bool {
        self.failed.is_none() && self.pace.is_alive()
    }

    /// Why it does nothing any more, if so.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        let crashed = (!self.pace.is_alive()).then_some(Ended::Crashed);
        crashed.or_else(|| self.failed.clone().map(Ended::Failed))
    }

    /// The process is gone. What was written is there; whether the power goes too, is up to the
    /// caller.
    #[must_use]
    pub fn crash(self) -> Left {
        let keys = self.committer.ring().keys.clone();
        let mut disk = self.committer.into_storage();
        disk.set_reserve(0);
        Left { disk, keys }
    }

    /// Stops in good order: all that is recorded is on the disk. Then it is to be taken away as
    /// after a [crash](Self::crash).
    ///
    /// # Errors
    /// The disk failed, or is full: the process ends with what is written.
    pub fn stop(&mut self, now: Now) -> Result<(), JournalError> {
        self.driver.stop(now);
        self.driver.hand_over();
        loop {
            match self.committer.go_on(now)? {
                Next::Wait(_) if self.driver.rim().queue.is_empty() => break,
                Next::Wait(_) => {
                    let queue = &mut self.driver.rim_mut().queue;
                    std::mem::swap(queue, self.committer.batch());
                    self.committer.begin(Woken::Records);
                }
                Next::Sync | Next::Synced => {}
                Next::Full => drop(self.committer.wait_for_room(Duration::MAX)?),
            }
        }
        self.committer.begin(Woken::Closed);
        while !matches!(self.committer.go_on(now)?, Next::Wait(_)) {}
        self.committer.end().map(drop)
    }

    /// What can be counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.driver.counts()
    }

    /// Whether all that is recorded is on disk, as far as it must be.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.driver.is_settled()
    }

    /// Whether all is done that was begun, and on disk.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.driver.is_idle()
    }
}

#[cfg(test)]
mod tests;
