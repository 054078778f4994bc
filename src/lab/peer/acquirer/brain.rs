//! The state machine: events in, actions out.

use super::AcquirerOptions;
use super::book::Book;
use super::issuer::Issuer;
use super::reply::Reply;
use super::session::{Owner, Session, owner};
use super::settlement;
use crate::engine::record::ConnId;
use crate::engine::seam::{Dice, KeyedMap, Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, Rrn, TerminalId, Text};
use crate::iso::spec::{Kind, Purpose};
use crate::lab::fault::{Exchange, Fate, Faults, Moment};
use crate::lab::peer::Totals;
use crate::lab::peer::names::{as_original, batch_path, next_batch, original_of};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

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
    pub(super) book: Book,
    pub(super) sessions: KeyedMap<Owner, Session>,
    pub(super) counts: AcquirerCounts,
    conns: BTreeSet<ConnId>,
    /// Answers not sent yet, by their time; the number keeps their order.
    later: BTreeMap<(Mono, u64), (ConnId, Bytes)>,
    /// Requests that wait for their reversal to overtake them.
    held: Vec<Held>,
    is_down: bool,
    gone_until: Option<Mono>,
    outage_change: Option<Mono>,
    serial: u64,
    actions: VecDeque<AcquirerAction>,
}

#[derive(Debug)]
struct Held {
    name: String,
    until: Mono,
    conn: ConnId,
    request: Message,
    fate: Fate,
}

impl Acquirer {
    /// An acquirer that listens.
    #[must_use]
    pub fn new(options: AcquirerOptions, mut dice: Dice) -> Self {
        Self {
            issuer: Issuer::new(&options, &mut dice),
            book: Book::new(&mut dice),
            sessions: KeyedMap::new(dice.number()),
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
        [answer, held, self.gone_until, self.outage_change]
            .into_iter()
            .flatten()
            .min()
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
        let due = self
            .held
            .extract_if(.., |held| held.until <= now.mono)
            .collect();
        self.release(now, due);
    }

    /// Goes down, with all its connections and what it was about to say, or comes back.
    fn switch(&mut self, down: bool) {
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

    fn receive(&mut self, now: Now, conn: ConnId, frame: Bytes) {
        self.counts.requests += 1;
        let Ok(request) = Message::parse(&self.options.spec, frame) else {
            self.counts.unreadable += 1;
            return;
        };
        if request.mti().is_answer() {
            return;
        }
        let Some(kind) = request.kind() else {
            let code = self.options.spec.flow().answer.format;
            self.respond(
                now,
                conn,
                &request,
                None,
                &Reply::plain(code, now.wall),
                &Fate::default(),
            );
            return;
        };
        let fate = self.fate(now, &request, kind);
        if fate.request_lost {
            return;
        }
        let rule = self.options.spec.flow().reversal.as_ref();
        if let Some((wait, rule)) = fate.overtaken.zip(rule) {
            let name = as_original(&request, rule);
            self.held.push(Held {
                name,
                until: now.mono + wait,
                conn,
                request,
                fate,
            });
            return;
        }
        self.process(now, conn, &request, kind, &fate);
    }

    fn fate(&mut self, now: Now, request: &Message, kind: &Kind) -> Fate {
        let mut fate = Fate::default();
        if !self.options.faults.list().is_empty() {
            let exchange = Exchange {
                terminal: request.terminal().unwrap_or_default(),
                purpose: kind.purpose,
                reverses: kind.reverses,
                tries: self.tries(request, kind),
            };
            fate = self.options.faults.fate(now, &exchange);
        }
        self.options
            .rules
            .shape(kind, request, &mut fate, &mut self.dice);
        fate
    }

    /// What waited goes on its way.
    fn release(&mut self, now: Now, held: Vec<Held>) {
        for Held {
            conn,
            request,
            fate,
            ..
        } in held
        {
            if let Some(kind) = request.kind() {
                self.process(now, conn, &request, kind, &fate);
            }
        }
    }

    fn process(&mut self, now: Now, conn: ConnId, request: &Message, kind: &Kind, fate: &Fate) {
        if fate.reset == Some(Moment::Unbooked) {
            self.reset(conn);
            return;
        }
        let flow_answer = &self.options.spec.flow().answer;
        let reply = if self.is_authentic(request, kind) {
            self.reply(now, request, kind, fate)
        } else {
            self.counts.bad_macs += 1;
            Reply::plain(flow_answer.mac, now.wall)
        };
        self.respond(now, conn, request, Some(kind), &reply, fate);
        if kind.purpose == Purpose::Reversal {
            self.overtaken_by(now, request);
        }
    }

    fn reply(&mut self, now: Now, request: &Message, kind: &Kind, fate: &Fate) -> Reply {
        let approved = self.options.spec.flow().answer.approved;
        match kind.purpose {
            Purpose::Reversal => self.reversal(now, request, kind, fate),
            Purpose::SignOn => self.sign_on(now, request),
            Purpose::Settlement => self.settle(now, request),
            Purpose::Debit
            | Purpose::Hold
            | Purpose::Void
            | Purpose::Refund
            | Purpose::Advice
            | Purpose::Inquiry => self.transaction(now, request, kind, fate),
            Purpose::SignOff
            | Purpose::Echo
            | Purpose::BatchUpload
            | Purpose::Notice
            | Purpose::Administration => Reply::plain(approved, now.wall),
        }
    }

    /// Judges the totals of a batch; if both sides agree, the next batch begins.
    fn settle(&mut self, now: Now, request: &Message) -> Reply {
        let owner = owner(request).unwrap_or_default();
        let batch = batch_path(self.options.spec.flow()).and_then(|path| request.text(path));
        let batch = batch
            .and_then(|batch| Text::new(&batch))
            .unwrap_or_default();
        let (agrees, result) = settlement::judge(&self.book, request, owner.1, batch);
        if let Some(session) = self.sessions.get_mut(&owner)
            && agrees
            && session.batch == batch
        {
            session.batch = next_batch(batch);
        }
        let approved = self.options.spec.flow().answer.approved;
        Reply {
            rrn: Some(self.next_rrn(now)),
            extra: vec![result],
            ..Reply::plain(approved, now.wall)
        }
    }

    /// A reversal has gone by: the request that it overtook may follow now.
    fn overtaken_by(&mut self, now: Now, reversal: &Message) {
        let spec = Arc::clone(&self.options.spec);
        if let Some(rule) = spec
            .flow()
            .reversal
            .as_ref()
            .filter(|_| !self.held.is_empty())
        {
            let name = original_of(reversal, rule);
            let freed = self.held.extract_if(.., |held| held.name == name).collect();
            self.release(now, freed);
        }
    }

    fn respond(
        &mut self,
        now: Now,
        conn: ConnId,
        request: &Message,
        kind: Option<&Kind>,
        reply: &Reply,
        fate: &Fate,
    ) {
        let purpose = kind.map_or(Purpose::Administration, |kind| kind.purpose);
        self.tally(purpose, reply);
        let Some(mut answer) = request.answer() else {
            return;
        };
        reply.fill(&mut answer, request, purpose, &self.options.institution);
        let flow = self.options.spec.flow();
        if kind.is_some_and(|kind| kind.mac) && reply.code != flow.answer.mac {
            self.authenticate(&mut answer, fate.answer_mac);
        }
        if let Some(length) = fate.outage {
            self.gone_until = Some(now.mono + length);
            self.switch(true);
        } else if fate.reset.is_some() {
            self.reset(conn);
        } else if let Ok(frame) = answer.build()
            && !fate.answer_lost
        {
            self.emit(now, conn, &frame, fate);
        }
    }

    fn emit(&mut self, now: Now, conn: ConnId, frame: &Bytes, fate: &Fate) {
        let delay = self.options.latency.draw(&mut self.dice) + fate.answer_delay;
        for _ in 0..=fate.answer_copies {
            if delay.is_zero() {
                self.send(conn, frame.clone());
            } else {
                self.serial += 1;
                self.later
                    .insert((now.mono + delay, self.serial), (conn, frame.clone()));
            }
        }
    }

    fn send(&mut self, conn: ConnId, frame: Bytes) {
        if self.conns.contains(&conn) {
            self.actions.push_back(AcquirerAction::Send { conn, frame });
        }
    }

    fn reset(&mut self, conn: ConnId) {
        if self.conns.remove(&conn) {
            self.actions
                .push_back(AcquirerAction::Close { conn, reset: true });
        }
    }

    fn tally(&mut self, purpose: Purpose, reply: &Reply) {
        if !purpose.moves_money() && purpose != Purpose::Inquiry {
            return;
        }
        if self
            .options
            .spec
            .flow()
            .codes
            .approved
            .contains(&reply.code)
        {
            self.counts.approved += 1;
        } else {
            self.counts.declined += 1;
        }
    }

    /// DE 37: the day, then a number unique in this run.
    pub(super) fn next_rrn(&mut self, now: Now) -> Rrn {
        self.serial += 1;
        Rrn::new(&format!(
            "{}{:08}",
            now.wall.mmdd(),
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

    /// What goes wrong here.
    pub const fn faults(&mut self) -> &mut Faults {
        &mut self.options.faults
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

    /// The book's sums of one terminal.
    #[must_use]
    pub fn totals_of(&self, terminal: TerminalId) -> Totals {
        self.book.totals(Some(terminal))
    }
}
