//! The state machine: events in, actions out.

use super::AcquirerOptions;
use super::book::HostBook;
use super::entry::{EntryId, HostEntry};
use super::issuer::Issuer;
use super::session::{HostSession, Owner};
use super::upload::{BatchDifference, UploadedRecord};
use crate::engine::record::ConnId;
use crate::engine::seam::{Dice, KeyedMap, Mono, Now, Zone};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, Rrn, Stan, TerminalId};
use crate::lab::fault::{Armed, Fate, FaultSide, Faults};
use crate::lab::office::{Office, OfficeTerms};
use crate::lab::peer::Totals;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Something happened at the acquirer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcquirerEvent {
    /// A connection came in.
    Connected(ConnId),
    /// A connection ended from the other side.
    Closed(ConnId),
    /// A frame came, without length prefix.
    Frame(ConnId, Bytes),
    /// Time passed. Every other event does that too.
    Wake,
}

/// Something to be done for the acquirer, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcquirerAction {
    /// Write a frame, without length prefix.
    Send {
        /// Where to.
        conn: ConnId,
        /// The frame.
        frame: Bytes,
    },
    /// Close a connection; what comes from it afterwards is not delivered.
    Close {
        /// Which.
        conn: ConnId,
        /// By a reset, so that what was written last may be lost.
        reset: bool,
    },
    /// Refuse new connections (`false`), or take them again. It begins taking them.
    Listen(bool),
    /// Nothing: a fault lost this frame on the wire, be it a request that came or an answer.
    Lost(Bytes),
}

/// What came and went, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcquirerCounts {
    /// Frames that came.
    pub requests: u64,
    /// Approved money and inquiries, repeats included.
    pub approved: u64,
    /// The same, declined.
    pub declined: u64,
    /// Reversals, repeats included.
    pub reversals: u64,
    /// Messages that came before.
    pub repeats: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Messages whose MAC was wrong or missing.
    pub bad_macs: u64,
}

/// An acquirer with the issuer behind it.
#[derive(Debug)]
pub struct Acquirer {
    pub(super) options: AcquirerOptions,
    pub(super) dice: Dice,
    pub(super) issuer: Issuer,
    pub(super) book: HostBook,
    pub(super) office: Option<Office>,
    pub(super) sessions: KeyedMap<Owner, HostSession>,
    pub(super) counts: AcquirerCounts,
    pub(super) conns: BTreeSet<ConnId>,
    /// When the queue before it is empty.
    pub(super) busy_until: Mono,
    /// Payments whose outcome is known then, and whether they are paid.
    pub(super) unclear: Vec<(Mono, EntryId, bool)>,
    /// What terminals uploaded of their batches.
    pub(super) uploads: BTreeMap<Owner, Vec<UploadedRecord>>,
    pub(super) differences: Vec<BatchDifference>,
    /// Answers not sent yet, by their time; the number keeps their order.
    pub(super) later: BTreeMap<(Mono, u64), (ConnId, Bytes)>,
    /// Requests that wait for their reversal to overtake them.
    pub(super) held: Vec<HeldRequest>,
    is_down: bool,
    pub(super) gone_until: Option<Mono>,
    outage_change: Option<Mono>,
    pub(super) serial: u64,
    actions: VecDeque<AcquirerAction>,
}

/// A request that waits for its reversal.
#[derive(Debug)]
pub(super) struct HeldRequest {
    pub name: String,
    pub until: Mono,
    pub conn: ConnId,
    pub request: Message,
    pub fate: Fate,
}

impl Acquirer {
    /// An acquirer that listens. A fault of the back office opens one.
    #[must_use]
    pub fn new(options: AcquirerOptions, mut dice: Dice) -> Self {
        Self {
            issuer: Issuer::new(&options, &mut dice),
            book: HostBook::new(&mut dice),
            office: office(&options),
            sessions: KeyedMap::new(dice.number()),
            busy_until: Mono(0),
            unclear: Vec::new(),
            uploads: BTreeMap::new(),
            differences: Vec::new(),
            options,
            dice,
            counts: AcquirerCounts::default(),
            conns: BTreeSet::new(),
            later: BTreeMap::new(),
            held: Vec::new(),
            is_down: false,
            gone_until: None,
            outage_change: None,
            serial: 0,
            actions: VecDeque::new(),
        }
    }

    /// Takes one event in.
    pub fn handle(&mut self, now: Now, event: AcquirerEvent) {
        self.tick(now);
        match event {
            AcquirerEvent::Connected(conn) if self.is_down => {
                self.actions
                    .push_back(AcquirerAction::Close { conn, reset: true });
            }
            AcquirerEvent::Connected(conn) => {
                self.conns.insert(conn);
            }
            AcquirerEvent::Closed(conn) => {
                self.conns.remove(&conn);
            }
            AcquirerEvent::Frame(conn, frame) if self.conns.contains(&conn) => {
                self.receive(now, conn, frame);
            }
            AcquirerEvent::Frame(..) | AcquirerEvent::Wake => {}
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll_action(&mut self) -> Option<AcquirerAction> {
        self.actions.pop_front()
    }

    /// When to wake it at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let answer = self.later.keys().next().map(|(at, _)| *at);
        let held = self.held.iter().map(|held| held.until).min();
        let known = self.unclear.iter().map(|(at, ..)| *at).min();
        [answer, held, known, self.gone_until, self.outage_change]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether no answer is still to leave.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.later.is_empty() && self.held.is_empty()
    }

    fn tick(&mut self, now: Now) {
        self.gone_until.take_if(|until| *until <= now.mono);
        let outage = self.options.faults.outage(now);
        self.outage_change = outage.change;
        let down = outage.down || self.gone_until.is_some();
        if down != self.is_down {
            self.switch(down);
        }
        while let Some(first) = self.later.first_entry()
            && first.key().0 <= now.mono
        {
            let (conn, frame) = first.remove();
            self.send(conn, frame);
        }
        self.conclude_due(now);
        let due = self
            .held
            .extract_if(.., |held| held.until <= now.mono)
            .collect();
        self.release(now, due);
    }

    /// Goes down, with all its connections and what it was about to say, or comes back.
    pub(super) fn switch(&mut self, down: bool) {
        self.is_down = down;
        self.actions.push_back(AcquirerAction::Listen(!down));
        if down {
            self.later.clear();
            while let Some(conn) = self.conns.pop_first() {
                self.actions
                    .push_back(AcquirerAction::Close { conn, reset: true });
            }
        }
    }

    pub(super) fn send(&mut self, conn: ConnId, frame: Bytes) {
        if self.conns.contains(&conn) {
            self.actions.push_back(AcquirerAction::Send { conn, frame });
        }
    }

    pub(super) fn lose(&mut self, frame: Bytes) {
        self.actions.push_back(AcquirerAction::Lost(frame));
    }

    pub(super) fn reset(&mut self, conn: ConnId) {
        if self.conns.remove(&conn) {
            self.actions
                .push_back(AcquirerAction::Close { conn, reset: true });
        }
    }

    /// DE 37: the day, then a number unique in this run.
    pub(super) fn next_rrn(&mut self, now: Now) -> Rrn {
        self.serial += 1;
        Rrn::new(&format!(
            "{}{:08}",
            now.wall.mmdd(&Zone::CHINA),
            self.serial % 100_000_000
        ))
        .unwrap_or_default()
    }

    /// DE 38.
    pub(super) fn next_auth(&mut self) -> AuthCode {
        self.serial += 1;
        AuthCode::new(&format!("{:06}", self.serial % 1_000_000)).unwrap_or_default()
    }

    /// Nothing goes wrong any more; if it was down, it is up again.
    pub fn heal(&mut self, now: Now) {
        self.options.faults.heal();
        self.gone_until = None;
        self.tick(now);
    }

    /// From now on this may go wrong, too.
    pub fn switch_on(&mut self, now: Now, armed: Armed) {
        self.options.faults.add(armed);
        self.tick(now);
    }

    /// The fault of this number strikes no more; what it put out of reach is back.
    pub fn switch_off(&mut self, now: Now, id: u32) {
        if self.options.faults.switch_off(id) {
            self.gone_until = None;
            self.tick(now);
        }
    }

    /// Nothing is to go wrong any more; all is back, and what waited goes on its way.
    pub fn mend(&mut self, now: Now) {
        self.options.faults.clear();
        self.gone_until = None;
        for held in &mut self.held {
            held.until = now.mono;
        }
        self.tick(now);
    }

    /// From now on requests and card numbers are looked at closely: see
    /// [`AcquirerOptions::strict`].
    pub const fn be_strict(&mut self) {
        self.options.strict = true;
        self.issuer.be_strict();
    }

    /// What goes wrong here.
    pub const fn faults(&mut self) -> &mut Faults {
        &mut self.options.faults
    }

    /// The back office, if there is one.
    #[must_use]
    pub const fn office(&self) -> Option<&Office> {
        self.office.as_ref()
    }

    /// What came and went.
    #[must_use]
    pub const fn counts(&self) -> AcquirerCounts {
        self.counts
    }

    /// The book's sums.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.book.totals(None)
    }

    /// What batches were found to differ in, when their records were uploaded: the last ones.
    #[must_use]
    pub fn batch_differences(&self) -> &[BatchDifference] {
        &self.differences
    }

    /// What is held of a cardholder's money, in minor units, by the transaction of this number;
    /// less than nothing, if it gave back.
    #[must_use]
    pub fn holds(&self, terminal: TerminalId, batch: &str, stan: Stan) -> i64 {
        let named = |entry: &&HostEntry| {
            entry.terminal == terminal && entry.stan == stan && *entry.batch == *batch
        };
        let entries = self.book.entries().iter().filter(named);
        entries.map(HostEntry::holds).sum()
    }

    /// The book's sums of one terminal.
    #[must_use]
    pub fn totals_of(&self, terminal: TerminalId) -> Totals {
        self.book.totals(Some(terminal))
    }
}

fn office(options: &AcquirerOptions) -> Option<Office> {
    let mut faults = options.faults.list().iter();
    let armed = faults.any(|armed| armed.fault.place() == FaultSide::Office);
    let needed = armed || options.rules.need_office();
    let terms = options.office.clone();
    terms
        .or_else(|| needed.then(OfficeTerms::default))
        .map(Office::new)
}
