//! What memory has forgotten is asked for in the journal, before a request is called new or the
//! original of a message unknown: it might be booked twice, or never be undone.
//!
//! The core cannot read a disk: it orders a [`Recall`], holds the message back, and goes on with it
//! when it is told what was found. Other messages of its connection wait behind it. No question is
//! asked where memory can tell by itself: of a terminal of which nothing was forgotten, and of a
//! number that it never used. Where the journal does not answer in time, the message is refused.

use super::action::Action;
use super::core::Gateway;
use super::kept_frames::unsealed;
use super::message_facts::{key_of, may_refer};
use super::names::{self, TerminalKey};
use super::originals::{OriginalNames, Referred};
use super::recover::Fold;
use super::remembered::Remembered;
use super::terminal_reversal::is_about;
use crate::engine::record::{
    Carried, ConnId, Fact, LinkId, LinkName, Note, Opened, Record, Seq, Step, TxId, Why,
};
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, Rrn, Stan, TerminalId};
use crate::iso::spec::{Purpose, Spec};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A question's name, unique in a run of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecallId(pub u64);

/// What is asked for: the transactions of a terminal that have one of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Its name.
    pub id: RecallId,
    /// The record up to which the journal is to be looked through.
    pub after: Seq,
    /// DE 41.
    pub terminal: TerminalId,
    /// Trace numbers: of the message, and of its original.
    pub stans: [Option<Stan>; 2],
    /// Whether those may be numbers at the host, which are not the terminal's on every route.
    pub of_host: bool,
    /// DE 37.
    pub rrn: Option<Rrn>,
    /// DE 38.
    pub auth: Option<AuthCode>,
    /// Whether to tell all numbers that the terminal used.
    pub numbers: bool,
}

/// What the journal says.
#[derive(Debug)]
pub struct Recalled {
    /// To which question.
    pub id: RecallId,
    /// Nothing if it cannot answer now.
    pub found: Option<FoundInJournal>,
}

/// What is found in the journal.
#[derive(Debug, Default)]
pub struct FoundInJournal {
    /// All records of what was asked for and of what those name ([`names_others`]), and the records
    /// that name links ([`names_links`]); in order, their patches opened.
    pub records: Vec<Record>,
    /// All trace numbers of the terminal, if they were asked for and are not too many.
    pub numbers: Option<Vec<Stan>>,
}

/// Transactions that are recalled for one question at most, the newest.
pub const MOST_RECALLED: usize = 8;
/// Messages that wait for the journal at most.
const MOST_HELD: usize = 1024;
/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Recall {
    /// Whether a transaction begins as one that is asked for.
    #[must_use]
    pub fn asks_for(&self, opened: &Opened) -> bool {
        opened.terminal == self.terminal && self.stans.contains(&Some(opened.stan))
    }

    /// The answer of somebody who has read the whole journal.
    #[must_use]
    pub fn answer(&self, journal: &[Record]) -> Recalled {
        let mut of_terminal = BTreeMap::new();
        let mut meant = BTreeSet::new();
        for record in journal {
            let Some(tx) = record.carried().map(|(tx, _)| tx).or(record.tx) else {
                continue;
            };
            let step = step_of(record);
            if of_terminal.contains_key(&tx) && step.is_some_and(|step| self.is_named_by(step)) {
                meant.insert(tx);
            }
            if let Some(opened) = record.opened().filter(|own| own.terminal == self.terminal) {
                of_terminal.entry(tx).or_insert(opened.stan);
                if self.asks_for(opened) {
                    meant.insert(tx);
                }
            }
        }
        let mut newest: BTreeSet<TxId> = meant.into_iter().rev().take(MOST_RECALLED).collect();
        let of_these = journal
            .iter()
            .filter(|record| record.tx.is_some_and(|tx| newest.contains(&tx)));
        let named: Vec<TxId> = of_these.flat_map(names_others).collect();
        newest.extend(named);
        let mut begun = BTreeSet::new();
        let mut told = |record: &&Record| {
            if names_links(record) {
                return true;
            }
            let carried = record.carried().map(|(tx, _)| tx);
            let own = carried.or(record.tx).filter(|tx| newest.contains(tx));
            // What a checkpoint carries was told before, if that is kept.
            own.is_some_and(|tx| begun.insert(tx) || carried.is_none())
        };
        let records = journal.iter().filter(|record| told(record)).cloned();
        let found = FoundInJournal {
            records: records.collect(),
            numbers: self.numbers.then(|| of_terminal.into_values().collect()),
        };
        Recalled {
            id: self.id,
            found: Some(found),
        }
    }

    /// Whether an answer of the acquirer bears one of the names.
    fn is_named_by(&self, step: &Step) -> bool {
        step.message.as_ref().is_some_and(|message| {
            let by_number = message.stan.is_some() && self.stans.contains(&message.stan);
            by_number && self.of_host
                || self.rrn.is_some() && message.rrn == self.rrn
                || self.auth.is_some() && message.auth == self.auth
        })
    }
}

/// Whether a record says what the numbers of links stand for behind it.
#[must_use]
pub fn names_links(record: &Record) -> bool {
    matches!(&record.fact, Fact::Started { .. })
        || matches!(&record.fact, Fact::Carried(carried) if matches!(**carried, Carried::Links(_)))
}

/// The others that a record names: what gave the money of its transaction back is to be known, too.
pub fn names_others(record: &Record) -> impl Iterator<Item = TxId> {
    let note = step_of(record).map(|step| &step.note);
    note.into_iter().flat_map(Note::named)
}

/// The step that a record tells of.
fn step_of(record: &Record) -> Option<&Step> {
    if let Fact::Step(step) = &record.fact {
        return Some(step);
    }
    None
}

/// Whether the journal was asked about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JournalAsked {
    NotYet,
    /// What it has is in memory.
    Answered,
    InVain,
}

/// What came in and waits for the journal, in order.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    all: VecDeque<Held>,
    asked: u64,
}

/// One message, or the end of its connection.
#[derive(Debug)]
struct Held {
    conn: ConnId,
    what: HeldEvent,
    held_for: HeldFor,
}

#[derive(Debug)]
enum HeldEvent {
    Said(Box<Message>),
    /// The acquirer says something, over this link.
    Heard(LinkId, Box<Message>),
    Ended {
        reset: bool,
    },
}

/// What it waits for.
#[derive(Debug)]
enum HeldFor {
    /// Those before it.
    None,
    /// The answer to this, until then.
    Asked(RecallId, Mono),
    Answered(Option<FoundInJournal>),
}

impl HeldBack {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        match self.all.front()?.held_for {
            HeldFor::Asked(_, until) => Some(until),
            HeldFor::None | HeldFor::Answered(_) => None,
        }
    }

    fn holds(&self, conn: ConnId) -> bool {
        self.all.iter().any(|held| held.conn == conn)
    }

    fn push(&mut self, conn: ConnId, what: HeldEvent, held_for: HeldFor) {
        self.all.push_back(Held {
            conn,
            what,
            held_for,
        });
    }
}

impl Gateway {
    /// A terminal says something; behind what is held back of its connection, if there is.
    pub(super) fn terminal_says(&mut self, now: Now, conn: ConnId, message: Message) {
        let behind = self.held_back.holds(conn);
        if !behind || self.held_back.len() >= MOST_HELD {
            return self.terminal_message(now, conn, message, JournalAsked::NotYet);
        }
        let held_for = self.question(now, &message, &self.describe(&message));
        let what = HeldEvent::Said(Box::new(message));
        self.held_back.push(conn, what, held_for);
    }

    /// A terminal's connection ended; behind what is held back of it.
    pub(super) fn terminal_ends(&mut self, now: Now, conn: ConnId, reset: bool) {
        if self.held_back.holds(conn) {
            let ended = HeldEvent::Ended { reset };
            return self.held_back.push(conn, ended, HeldFor::None);
        }
        self.terminal_closed(now, conn, reset);
    }

    /// Asks the journal about a message if memory may have forgotten what it speaks of; then it is
    /// held back, or has been refused.
    pub(super) fn asks_journal(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> bool {
        let Some(recall) = self.unremembered(message, opened) else {
            return false;
        };
        if self.held_back.len() >= MOST_HELD {
            self.refuse(now, conn, message, opened.clone(), Why::Unrecalled);
            return true;
        }
        let held_for = self.recall(now, recall);
        let what = HeldEvent::Said(Box::new(message.clone()));
        self.held_back.push(conn, what, held_for);
        true
    }

    /// Asks about what the acquirer says of something that is not in memory: an answer that came
    /// late, or that it took something back. Then that waits; behind too many it does not.
    pub(super) fn asks_of_acquirers(
        &mut self,
        now: Now,
        (link, conn): (LinkId, ConnId),
        message: &Message,
    ) -> bool {
        let Some(number) = message.terminal() else {
            return false;
        };
        let merchant = self.merchant_of(message);
        let key = TerminalKey { merchant, number };
        if !self.may_be_asked(&key) || self.held_back.len() >= MOST_HELD {
            return false;
        }
        let recall = Recall {
            stans: [message.stan(), names::original_stan(message)],
            of_host: true,
            rrn: message.rrn(),
            ..self.recall_of(&key)
        };
        let held_for = self.recall(now, recall);
        let what = HeldEvent::Heard(link, Box::new(message.clone()));
        self.held_back.push(conn, what, held_for);
        true
    }

    fn question(&mut self, now: Now, message: &Message, opened: &Opened) -> HeldFor {
        match self.unremembered(message, opened) {
            Some(recall) => self.recall(now, recall),
            None => HeldFor::None,
        }
    }

    fn recall(&mut self, now: Now, recall: Recall) -> HeldFor {
        self.held_back.asked += 1;
        let id = RecallId(self.held_back.asked);
        let after = self.terminals.forgotten();
        self.order(Action::Recall(Recall {
            id,
            after,
            ..recall
        }));
        HeldFor::Asked(id, now.mono + PATIENCE)
    }

    /// What a message speaks of that is not in memory, and may be in the journal.
    fn unremembered(&self, message: &Message, opened: &Opened) -> Option<Recall> {
        let key = key_of(opened);
        if !opened.touches_money() || !self.may_be_asked(&key) {
            return None;
        }
        let numbers = self.terminals.get(&key).and_then(|own| own.numbers());
        let used = |stan: &Stan| numbers.is_none_or(|numbers| numbers.has(*stan));
        let mut recall = self.recall_of(&key);
        if opened.purpose == Purpose::Reversal {
            let names = names::originals(message, &opened.merchant);
            let stan = names::original_stan(message).unwrap_or(opened.stan);
            // Its number alone may be that of a later one.
            let wholly = names::names_original_wholly(message);
            let is_meant = |own: &Opened| {
                let is_named = names.contains(&own.identity) || !wholly && own.stan == stan;
                is_named && is_about(message, opened, (own, None))
            };
            recall.stans[1] = Some(stan).filter(used);
            return (recall.stans[1].is_some() && !self.remembers(&key, is_meant))
                .then_some(recall);
        }
        let is_first = |own: &Opened| own.identity == opened.identity;
        let named = Some(opened.stan).filter(|_| !opened.identity.is_empty());
        let stan = named.filter(used);
        recall.stans[0] = stan.filter(|_| !self.remembers(&key, is_first));
        if may_refer(message, opened.purpose) {
            let told = OriginalNames::told_by(message);
            if self.meant_by(message, opened) == Referred::ToNone {
                recall.stans[1] = told.stan.filter(used);
                recall.rrn = told.rrn;
                recall.auth = told.auth;
            }
        }
        let asks = recall.stans != [None; 2] || recall.rrn.is_some() || recall.auth.is_some();
        asks.then_some(recall)
    }

    /// Whether the journal may know more of a terminal's money than memory.
    fn may_be_asked(&self, key: &TerminalKey) -> bool {
        !key.number.is_empty() && self.terminals.may_have_forgotten(key)
    }

    /// A question that asks for nothing of a terminal yet, but for its numbers if none are known.
    fn recall_of(&self, key: &TerminalKey) -> Recall {
        let terminal = self.terminals.get(key);
        Recall {
            id: RecallId(0),
            after: Seq(0),
            terminal: key.number,
            stans: [None; 2],
            of_host: false,
            rrn: None,
            auth: None,
            numbers: terminal.is_none_or(|own| own.numbers().is_none()),
        }
    }

    /// Whether a transaction of a terminal is in memory that is meant.
    fn remembers(&self, key: &TerminalKey, is_meant: impl Fn(&Opened) -> bool) -> bool {
        let done = self.terminals.get(key).into_iter();
        let mut done = done.flat_map(|own| own.done.iter());
        let live = self.live.slots().into_iter();
        let mut live = live.filter_map(|slot| self.live.get(slot));
        done.any(|own| is_meant(&own.opened))
            || live.any(|own| key_of(&own.opened) == *key && is_meant(&own.opened))
    }

    /// The journal answers.
    pub(super) fn recalled(&mut self, now: Now, recalled: Recalled) {
        let mut all = self.held_back.all.iter_mut();
        let asked =
            all.find(|held| matches!(held.held_for, HeldFor::Asked(id, _) if id == recalled.id));
        if let Some(asked) = asked {
            asked.held_for = HeldFor::Answered(recalled.found);
            self.held_due(now);
        }
    }

    /// Goes on with what waits no more.
    pub(super) fn held_due(&mut self, now: Now) {
        while let Some(mut held) = self.held_back.all.pop_front() {
            if let (HeldFor::None, HeldEvent::Said(message)) = (&held.held_for, &held.what) {
                // What it speaks of may have been forgotten since.
                let opened = self.describe(message);
                held.held_for = self.question(now, message, &opened);
            }
            if matches!(held.held_for, HeldFor::Asked(_, until) if now.mono < until) {
                return self.held_back.all.push_front(held);
            }
            let conn = held.conn;
            match held.what {
                HeldEvent::Ended { reset } => self.terminal_closed(now, conn, reset),
                HeldEvent::Said(message) => {
                    let asked = self.told(now, &message, held.held_for);
                    self.terminal_message(now, conn, *message, asked);
                }
                HeldEvent::Heard(link, message) => {
                    let asked = self.told(now, &message, held.held_for);
                    if message.mti().is_answer() {
                        self.acquirer_answers(now, (link, conn), &message, asked);
                    } else {
                        self.acquirer_reverses(now, link, conn, &message, asked);
                    }
                }
            }
        }
    }

    /// What came of the question about a message.
    fn told(&mut self, now: Now, message: &Message, held_for: HeldFor) -> JournalAsked {
        match held_for {
            HeldFor::None => JournalAsked::Answered,
            HeldFor::Answered(Some(found)) => self.remember_again(now, message, found),
            HeldFor::Asked(..) | HeldFor::Answered(None) => JournalAsked::InVain,
        }
    }

    /// Takes what was found into memory, if there is room for its terminals.
    fn remember_again(
        &mut self,
        now: Now,
        message: &Message,
        found: FoundInJournal,
    ) -> JournalAsked {
        let mut options = self.options.clone();
        options.limits.answers = usize::MAX;
        options.limits.terminals = usize::MAX;
        let past = Self::empty(options, Arc::clone(&self.vault), 0);
        let mut past = Fold::over(past, now, found.records).gateway;
        for slot in past.live.slots() {
            past.forget(slot);
        }
        let links = past.link_names();
        let mut all: Vec<Remembered> = past.terminals.into_answers();
        all.sort_by_key(|done| std::cmp::Reverse(done.id));
        for done in all {
            let id = done.id;
            let is_there = self.live.slot_of(id).is_some() || self.terminals.done(id).is_some();
            if !is_there && !self.takes_back(now, message, done, &links) {
                return JournalAsked::InVain;
            }
        }
        // Without room for it, a new request of a terminal is refused for that.
        let key = self.terminal_of(message);
        let key = key.filter(|key| self.has_room_for(now, key));
        if let (Some(key), Some(numbers)) = (key, found.numbers) {
            self.terminals.entry(key).is_told_numbers(numbers);
        }
        JournalAsked::Answered
    }

    /// Remembers one again. The key of its card may be gone by now; whoever speaks of it has that.
    fn takes_back(
        &mut self,
        now: Now,
        message: &Message,
        mut done: Remembered,
        links: &[LinkName],
    ) -> bool {
        let key = key_of(&done.opened);
        if !self.has_room_for(now, &key) {
            return false;
        }
        let opened = Arc::make_mut(&mut done.opened);
        if let Some(link) = links.get(usize::from(opened.link.0)) {
            opened.link = self.link_named(link);
        }
        let pan = message.pan();
        if let Some(pan) = pan.filter(|pan| *pan.masked() == *opened.card) {
            let (here, there) = (self.spec_named(&opened.spec), self.host_spec(opened));
            let speaks = |spec: Option<Arc<Spec>>| {
                spec.is_some_and(|spec| spec.name() == message.spec().name())
            };
            let upstream = done.upstream.as_mut().map(|own| &mut own.frame);
            let frames = [
                Some(&mut done.request).filter(|_| speaks(here)),
                upstream.filter(|_| speaks(there)),
            ];
            for frame in frames
                .into_iter()
                .flatten()
                .filter(|frame| frame.is_sealed())
            {
                *frame = unsealed(frame, message).unwrap_or_else(|| frame.clone());
                opened.card_hash = self.vault.card_hash(&pan);
            }
        }
        done.route = self.route_to(&done.opened, &done.request);
        self.terminals.remember_again(key, done);
        true
    }
}
