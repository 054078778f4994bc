//! The observer: sightings in, records out, and the one way to take a step.

use super::counts::{MacFound, MacJudge, ObserveCounts};
use super::doubts::Doubts;
use super::legs::{LegRole, Legs};
use super::watched::{CaseNo, WatchTable, Watched};
use crate::engine::gateway::{
    Decision, MatchKey, Trigger, Twins, decide, match_key, opened_of, unread_note,
};
use crate::engine::record::{
    ConnId, Fact, Hop, LineFact, LinkId, Logged, Note, Opened, Record, Seq, State, Step, TxId,
    Unmatched, Unreadable, Vault, Why,
};
use crate::engine::seam::{Dice, KeyedMap, Mono, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowId, FlowSide, SeenFrame, Sighting};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How a capture is followed.
#[derive(Clone, Debug)]
pub struct ObserveOptions {
    /// The dialect of terminals.
    pub spec: Arc<Spec>,
    /// The dialect of hosts, where a gateway translates.
    pub host_spec: Arc<Spec>,
    /// What its connections are for.
    pub legs: Legs,
    /// How long an answer is waited for: then silence counts as none.
    pub timeout: Duration,
    /// What names of strangers are hashed with.
    pub seed: u64,
}

/// A message that was seen, and where.
#[derive(Clone, Debug)]
pub(super) struct SeenMessage {
    pub(super) flow: FlowId,
    pub(super) at: Wall,
    pub(super) masked: bool,
    /// Whether its MAC is known to be wrong.
    pub(super) forged: bool,
    pub(super) message: Message,
}

/// A connection that is still open.
#[derive(Debug, Default)]
pub(super) struct SeenFlow {
    pub(super) role: LegRole,
    /// What was touched by its messages, and when; as long as a gap may concern it.
    pub(super) touched: VecDeque<(Wall, CaseNo)>,
    /// When its last frame came, of each side: a gap begins behind it.
    pub(super) heard: (Option<Wall>, Option<Wall>),
    /// A gateway is at its other end, whose leg to a host was not captured.
    pub(super) half: bool,
    /// Since when both of its sides are seen, as far as is known.
    pub(super) whole_since: Option<Wall>,
}

/// Merchants known by their terminals.
const MERCHANTS: usize = 65_536;

/// Follows the transactions of one capture.
#[derive(Debug)]
pub struct Observer {
    pub(super) options: ObserveOptions,
    pub(super) vault: Arc<Vault>,
    pub(super) table: WatchTable,
    pub(super) flows: BTreeMap<FlowId, SeenFlow>,
    /// Those whose end the capture does not show, in the order in which they were given up.
    pub(super) rested: VecDeque<FlowId>,
    /// Requests of terminals that were not seen to go on yet, oldest first.
    pub(super) held: VecDeque<SeenMessage>,
    /// When something that went to a host may have been missed.
    pub(super) host_unseen: Option<Wall>,
    /// What looks closed, and what may show that it is not.
    pub(super) doubts: Doubts,
    pub(super) counts: ObserveCounts,
    pub(super) twins: Twins,
    macs: Option<Box<dyn MacJudge>>,
    merchants: KeyedMap<TerminalId, Option<MerchantId>>,
    now: Wall,
    seq: Seq,
    given: u64,
    salt: u32,
    records: VecDeque<Record>,
}

/// The host's link in records.
pub(super) const HOST: LinkId = LinkId(0);
/// What keeps the keys of a terminal's answers apart from those of a host's.
const TERMINALS: LinkId = LinkId(u16::MAX);

impl Observer {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(options: ObserveOptions, vault: Arc<Vault>) -> Self {
        let mut dice = Dice::new(options.seed);
        let mut new = Self {
            vault,
            table: WatchTable::new(dice.number()),
            flows: BTreeMap::new(),
            rested: VecDeque::new(),
            held: VecDeque::new(),
            host_unseen: None,
            doubts: Doubts::default(),
            counts: ObserveCounts::default(),
            twins: Twins::new(dice.number()),
            macs: None,
            merchants: KeyedMap::new(dice.number()),
            now: Wall(0),
            seq: Seq(0),
            given: 0,
            salt: u32::try_from(dice.below(1 << 32)).unwrap_or_default(),
            records: VecDeque::new(),
            options,
        };
        new.begins();
        new
    }

    /// Has MACs verified: an answer whose MAC is wrong counts as none.
    pub fn verify_macs(&mut self, judge: Box<dyn MacJudge>) {
        self.macs = Some(judge);
    }

    /// Takes the next sighting.
    pub fn take(&mut self, sighting: &Sighting) {
        let at = match sighting {
            Sighting::Opened { at, .. }
            | Sighting::Gap { at, .. }
            | Sighting::Unheard { at, .. }
            | Sighting::Ended { at, .. }
            | Sighting::Frame(SeenFrame { at, .. }) => Wall(at.0),
        };
        self.time_is(at);
        match sighting {
            Sighting::Opened {
                flow,
                server,
                midway,
                ..
            } => {
                let role = self.options.legs.of(*server);
                self.opened(*flow, role, *midway);
                if let Some(own) = self.flows.get_mut(flow) {
                    own.half = self.options.legs.is_half(*server);
                }
            }
            Sighting::Frame(frame) => self.frame(frame),
            Sighting::Gap {
                flow,
                from,
                bytes,
                why,
                ..
            } => self.gap(*flow, *from, *bytes, *why),
            Sighting::Unheard {
                flow, from, since, ..
            } => self.unheard(*flow, *from, Wall(since.0)),
            Sighting::Ended { flow, how, .. } => self.ended(*flow, *how),
        }
        while let Some(case) = self.table.surplus() {
            self.give_up(case);
            self.doubts.forget(case);
            self.table.remove(case);
        }
    }

    /// The next record, in their order.
    pub fn poll_record(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    /// What was seen so far, in figures.
    #[must_use]
    pub const fn counts(&self) -> ObserveCounts {
        self.counts
    }

    /// The moment of the sighting that was taken last.
    pub(super) const fn now(&self) -> Wall {
        self.now
    }

    /// Time goes on; what was waited for meanwhile did not come. A capture may be out of order by a
    /// little, and time does not go back for it.
    pub(super) fn time_is(&mut self, at: Wall) {
        let until = at.max(self.now);
        self.let_go_overdue(until);
        while let Some((due, case)) = self.table.pop_due(until) {
            self.now = self.now.max(due);
            self.silence(case);
        }
        self.now = until;
    }

    fn begins(&mut self) {
        let link = self.link_name();
        let started = Fact::Started {
            gateway: link.name,
            links: vec![link],
        };
        self.record(None, None, started);
    }

    /// What stands for the gateway and for its link, and the link's dialect.
    pub(super) fn names(&self) -> (Text<24>, Text<32>) {
        let spec = Text::new(self.options.host_spec.name()).unwrap_or_default();
        (Text::new(CAPTURED).unwrap_or_default(), spec)
    }

    fn opened(&mut self, flow: FlowId, role: LegRole, midway: bool) {
        if self.flows.is_empty() && self.counts.frames == 0 {
            // The first record was made before any time was known.
            for record in &mut self.records {
                record.at = self.now;
            }
        }
        self.counts.midway = self.counts.midway.saturating_add(u64::from(midway));
        if midway {
            self.hole(role);
        }
        let known = SeenFlow {
            role,
            whole_since: (!midway).then_some(self.now),
            ..SeenFlow::default()
        };
        self.flows.insert(flow, known);
        if role != LegRole::Terminals {
            let (link, conn) = (HOST, host_conn(flow));
            self.record(None, None, Fact::Line(LineFact::Up { link, conn }));
        }
    }

    fn frame(&mut self, frame: &SeenFrame) {
        self.counts.frames = self.counts.frames.saturating_add(1);
        let now = self.now;
        let flow = self.flows.entry(frame.flow).or_default();
        let role = flow.role;
        match frame.from {
            FlowSide::Client => {
                flow.heard.0 = Some(now);
                flow.whole_since.get_or_insert(now);
            }
            FlowSide::Server => flow.heard.1 = Some(now),
        }
        let spec = match role {
            LegRole::Whole | LegRole::Terminals => &self.options.spec,
            LegRole::Hosts => &self.options.host_spec,
        };
        let message = match Message::read(spec, frame.bytes.clone()) {
            Ok(message) => message,
            Err(error) => {
                let what = Text::clipped(&error.to_string());
                self.unreadable(frame.flow, frame.from, Some(&frame.bytes), what);
                return self.may_have_missed(frame.flow, frame.from);
            }
        };
        let judge = self.macs.as_mut();
        let mac = judge.map_or(MacFound::Absent, |judge| judge.judge(frame, &message));
        self.counts.note_mac(mac);
        let seen = SeenMessage {
            flow: frame.flow,
            at: now,
            masked: frame.masked,
            forged: mac == MacFound::Wrong,
            message,
        };
        let answers = seen.message.mti().is_answer();
        match (frame.from, answers) {
            (FlowSide::Client, false) => self.asks(role, seen),
            (FlowSide::Server, true) => self.answers(role, &seen),
            (FlowSide::Server, false) => self.host_asks(role, &seen),
            // To what a host began.
            (FlowSide::Client, true) => self.session(role, FlowSide::Client, &seen),
        }
    }

    /// Records a message that belongs to nothing that was seen.
    pub(super) fn unmatched(&mut self, role: LegRole, from: FlowSide, seen: &SeenMessage) {
        self.counts.unmatched = self.counts.unmatched.saturating_add(1);
        let wanted = match_key(&seen.message, HOST, &[]).map(|key| key.values);
        let fact = Unmatched {
            message: logged(role, from, seen),
            wanted: wanted.unwrap_or_default(),
            ambiguous: false,
        };
        self.record(None, None, Fact::Unmatched(Box::new(fact)));
    }

    /// Records a message of the session between a gateway and its host.
    pub(super) fn session(&mut self, role: LegRole, from: FlowSide, seen: &SeenMessage) {
        let logged = logged(role, from, seen);
        self.record(None, None, Fact::Session(Box::new(logged)));
    }

    /// Records bytes that could not be read, or were not there.
    pub(super) fn unreadable(
        &mut self,
        flow: FlowId,
        from: FlowSide,
        bytes: Option<&[u8]>,
        what: Text<120>,
    ) {
        let role = self.flows.get(&flow).map_or(LegRole::Whole, |own| own.role);
        let (hop, conn) = hop(role, from, flow);
        if bytes.is_some() {
            self.counts.unreadable = self.counts.unreadable.saturating_add(1);
        }
        let bytes = bytes.unwrap_or_default();
        let mut hash = [0; 16];
        hash.iter_mut()
            .zip(Sha256::digest(bytes))
            .for_each(|(slot, byte)| *slot = byte);
        let fact = Unreadable {
            hop,
            conn,
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            hash,
            what,
        };
        self.record(None, None, Fact::Unreadable(Box::new(fact)));
    }

    /// The names of a message.
    pub(super) fn describe(&mut self, seen: &SeenMessage) -> Opened {
        let message = &seen.message;
        let merchant = self.merchant_of(message);
        let mut opened = opened_of(message, merchant, &self.vault);
        opened.link = HOST;
        if seen.masked {
            // What stands there is no card number.
            opened.card_hash = [0; 16];
        }
        opened
    }

    /// The merchant that a message names; of one that leaves DE 42 out, the only one who was seen
    /// to have its terminal.
    fn merchant_of(&mut self, message: &Message) -> MerchantId {
        let (terminal, told) = (message.terminal(), message.merchant());
        let Some(terminal) = terminal else {
            return told.unwrap_or_default();
        };
        let known = self.merchants.get(&terminal).copied();
        match (told, known) {
            (Some(told), None) if self.merchants.len() < MERCHANTS => {
                let _fresh = self.merchants.insert_new(terminal, Some(told));
            }
            (Some(told), Some(Some(known))) if known != told => {
                if let Some(known) = self.merchants.get_mut(&terminal) {
                    *known = None;
                }
            }
            _ => {}
        }
        told.or_else(|| known.flatten()).unwrap_or_default()
    }

    /// Begins a transaction with its first step, at the moment at which its request was seen.
    pub(super) fn open(
        &mut self,
        mut watched: Watched,
        trigger: Trigger,
        cause: SeenCause,
    ) -> CaseNo {
        self.counts.transactions = self.counts.transactions.saturating_add(1);
        let Decision { row, next, .. } = decide(State::Received, trigger);
        let (id, at) = (watched.id, watched.began);
        let SeenCause { why, note, message } = cause;
        let step = Step {
            row,
            state: next,
            why,
            note,
            message,
            opened: Some(Arc::clone(&watched.opened)),
        };
        let last = self.record_at(at, Some(id), None, Fact::Step(Box::new(step)));
        let deadline = at + self.options.timeout;
        (watched.state, watched.last) = (next, last);
        let case = self.table.insert(watched);
        if let Some(own) = self.table.get(case) {
            self.doubts.follow(case, own);
        }
        if next.awaits_answer() {
            self.table.set_deadline(case, Some(deadline));
        }
        case
    }

    /// Takes the row of the decision table, and records it. What the row owes is owed by whoever
    /// was seen; it is not done here.
    pub(super) fn step(
        &mut self,
        case: CaseNo,
        trigger: Trigger,
        cause: SeenCause,
    ) -> Option<Decision> {
        let now = self.now;
        let own = self.table.get_mut(case)?;
        let decision = decide(own.state, trigger);
        let SeenCause { why, note, message } = cause;
        let nothing = message.is_none() && matches!(why, Why::Plain);
        if decision.row.0 == 'z' && nothing {
            return Some(decision);
        }
        let before = std::mem::replace(&mut own.state, decision.next);
        own.changed = now;
        let (id, last) = (own.id, own.last);
        let step = Step {
            row: decision.row,
            state: decision.next,
            why,
            note,
            message,
            opened: None,
        };
        let seq = self.record(Some(id), Some(last), Fact::Step(Box::new(step)));
        if let Some(own) = self.table.get_mut(case) {
            own.last = seq;
            self.doubts.follow(case, own);
        }
        if before != decision.next {
            self.wait_for(case, decision.next);
        }
        Some(decision)
    }

    /// How long silence in a state is none.
    fn wait_for(&mut self, case: CaseNo, state: State) {
        let waits = matches!(
            state,
            State::Approved | State::Declined | State::ReversalSent | State::Forwarded
        );
        let until = self.now + self.options.timeout;
        let keeps = state == State::ForwardedGone;
        if !keeps {
            self.table.set_deadline(case, waits.then_some(until));
        }
    }

    /// Records a message that changes nothing.
    pub(super) fn remark(&mut self, case: CaseNo, note: Note, message: Logged) {
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        own.changed = self.now;
        let (id, last, state) = (own.id, own.last, own.state);
        let step = Step {
            row: crate::engine::record::Row('z'),
            state,
            why: Why::Plain,
            note,
            message: Some(message),
            opened: None,
        };
        let seq = self.record(Some(id), Some(last), Fact::Step(Box::new(step)));
        if let Some(own) = self.table.get_mut(case) {
            own.last = seq;
        }
    }

    /// A connection carried something of a transaction.
    pub(super) fn touch(&mut self, flow: FlowId, case: CaseNo) {
        let (now, window) = (self.now, self.options.timeout);
        let Some(own) = self.flows.get_mut(&flow) else {
            return;
        };
        own.touched.push_back((now, case));
        while let Some((then, old)) = own.touched.front().copied() {
            let live = self.table.get(old).is_some_and(|own| own.state.is_live());
            if now - then <= window || (live && own.touched.len() < 1024) {
                break;
            }
            own.touched.pop_front();
        }
    }

    pub(super) fn record(&mut self, tx: Option<TxId>, prev: Option<Seq>, fact: Fact) -> Seq {
        self.record_at(self.now, tx, prev, fact)
    }

    fn record_at(&mut self, at: Wall, tx: Option<TxId>, prev: Option<Seq>, fact: Fact) -> Seq {
        self.seq = self.seq.next();
        let seq = self.seq;
        self.records.push_back(Record {
            seq,
            at,
            tx,
            prev,
            fact,
        });
        seq
    }

    /// A new transaction's id: its time, the salt of this capture, a count.
    pub(super) fn next_id(&mut self, at: Wall) -> TxId {
        self.given = self.given.saturating_add(1);
        let millis = u128::try_from(at.0.max(0) / 1000).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
        let count = u128::from(self.given) & 0xFFFF_FFFF_FFFF;
        TxId((millis << 80) | (u128::from(self.salt) << 48) | count)
    }
}

/// What a step should say besides its row.
#[derive(Debug, Default)]
pub(super) struct SeenCause {
    pub(super) why: Why,
    pub(super) note: Note,
    pub(super) message: Option<Logged>,
}

impl SeenCause {
    pub(super) fn why(why: Why) -> Self {
        Self {
            why,
            ..Self::default()
        }
    }

    /// A message, and what of it could not be read.
    pub(super) fn of(seen: &SeenMessage, message: Logged) -> Self {
        Self {
            why: Why::Plain,
            note: unread_note(&seen.message),
            message: Some(message),
        }
    }
}

/// What stands for a gateway and for its link in such a journal. No link is configured under it, so
/// that a gateway that is started on it by mistake sends none of its reversals to anybody.
const CAPTURED: &str = "captured traffic";

/// A moment on the clock that [`Twins`] counts on.
pub(super) fn mono(at: Wall) -> Mono {
    Mono(u64::try_from(at.0).unwrap_or(0))
}

/// A connection's name in records, as that of a terminal.
pub(super) fn terminal_conn(flow: FlowId) -> ConnId {
    ConnId(u64::from(flow.0).saturating_mul(2).saturating_add(1))
}

/// The same, as that of a link.
pub(super) fn host_conn(flow: FlowId) -> ConnId {
    ConnId(u64::from(flow.0).saturating_mul(2).saturating_add(2))
}

/// Which way a frame went, and the connection's name on that side.
fn hop(role: LegRole, from: FlowSide, flow: FlowId) -> (Hop, ConnId) {
    match (role, from) {
        (LegRole::Whole | LegRole::Terminals, FlowSide::Client) => {
            (Hop::TerminalToGateway, terminal_conn(flow))
        }
        (LegRole::Hosts, FlowSide::Client) => (Hop::GatewayToAcquirer, host_conn(flow)),
        (LegRole::Whole | LegRole::Hosts, FlowSide::Server) => {
            (Hop::AcquirerToGateway, host_conn(flow))
        }
        (LegRole::Terminals, FlowSide::Server) => (Hop::GatewayToTerminal, terminal_conn(flow)),
    }
}

/// A message for its record. On the whole way, what one side sends is what the other gets.
pub(super) fn logged(role: LegRole, from: FlowSide, seen: &SeenMessage) -> Logged {
    let (hop, conn) = hop(role, from, seen.flow);
    let onward = match from {
        FlowSide::Client => host_conn(seen.flow),
        FlowSide::Server => terminal_conn(seen.flow),
    };
    let relayed = (role == LegRole::Whole).then_some(onward);
    Logged::of(&seen.message, hop, conn, relayed)
}

/// What the answer to a message on this leg carries.
pub(super) fn key_on(role: LegRole, message: &Message) -> Option<MatchKey> {
    let link = match role {
        LegRole::Terminals => TERMINALS,
        LegRole::Whole | LegRole::Hosts => HOST,
    };
    match_key(message, link, &[])
}
