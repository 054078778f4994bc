//! A host: honest by the book where a plan says nothing, and as odd as its reactions say.
//!
//! It matches by the fields of the protocol alone. DE 14 tells it which attempt a message is of, so
//! that it can look up the reactions of the plan and keep its ledger by attempt.

mod book;

mod desk;

mod lookup;

mod react;

mod reply;

pub use book::BookedRequest;

use super::ledger::{Arrival, HostLedger};
use super::slip::Sort;
use super::wire::{Speech, attempt, mac_is_right, number, stan, text};
use crate::engine::record::ConnId;
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::security::Key;
use crate::lab::plan::{Ask, Deed, Habits, Reaction, Setup};
use book::Entry;
use bytes::Bytes;
use lookup::OriginalName;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// A host that is asked nothing else answers after so long.
const USUAL_MS: u64 = 20;
/// How long a host waits for the answer to a reversal of its own, in the field.
const WAIT_MS: u64 = 45_000;

/// What a host wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddHostAction {
    /// A frame goes out.
    Send {
        /// On which connection.
        conn: ConnId,
        /// Without length prefix.
        frame: Bytes,
        /// What it says of an attempt.
        about: Option<HostSaid>,
    },
    /// A connection is ended.
    Close {
        /// Which.
        conn: ConnId,
        /// By a reset.
        reset: bool,
    },
}

/// What an answer says of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSaid {
    /// The attempt.
    pub n: u32,
    /// To what it is the answer.
    pub to: SaidTo,
    /// The type.
    pub mti: String,
    /// DE 39, if it has one that is not blank.
    pub code: Option<String>,
    /// Whether it promises what was asked for.
    pub yes: bool,
    /// DE 4.
    pub amount: Option<u64>,
    /// Whether nothing is wrong with it: its type, its MAC, its amount, its end.
    pub sound: bool,
    /// Whether it is whole, and speaks of another card, currency, kind or original.
    pub misfit: bool,
}

/// What an answer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidTo {
    /// A request, or a repeat of one.
    Request,
    /// A reversal.
    Reversal,
}

/// A host.
#[derive(Debug)]
pub struct OddHost {
    link: u8,
    speech: Speech,
    habits: Habits,
    wait: Duration,
    asks: BTreeMap<u32, Ask>,
    masters: BTreeMap<String, Key>,
    /// Working keys, by DE 41.
    keys: BTreeMap<String, Key>,
    /// Sign-ins that gave keys.
    signed: u32,
    conns: BTreeSet<ConnId>,
    down_until: Option<Mono>,
    book: Vec<Entry>,
    by_name: BTreeMap<OriginalName, usize>,
    /// Reversals of originals that never came.
    tombstones: BTreeSet<OriginalName>,
    /// How many reversals of an attempt came.
    undos: BTreeMap<u32, usize>,
    due: BTreeMap<(Mono, u64), Due>,
    scheduled: u64,
    /// Answers that wait for a connection.
    outbox: VecDeque<(Bytes, Option<HostSaid>)>,
    actions: VecDeque<OddHostAction>,
    ledger: HostLedger,
    /// Trace numbers of the host's own messages.
    stan: u32,
}

/// What is done later.
#[derive(Debug)]
enum Due {
    /// A reaction to the request of an entry.
    Request {
        at: usize,
        asked: Message,
        conn: ConnId,
        reaction: Reaction,
    },
    /// A reaction to a reversal.
    Reversal {
        original: Option<usize>,
        n: Option<u32>,
        asked: Message,
        conn: ConnId,
        reaction: Reaction,
    },
    /// An answer that is settled already.
    Reply {
        asked: Message,
        conn: ConnId,
        code: String,
        extra: Vec<(u8, String)>,
        to: Option<SaidTo>,
    },
    /// A reversal of the host's own, once more if nobody answered it.
    Own { message: Message, tries: u8 },
}

impl OddHost {
    /// The host at the end of a link, with the asks of the whole plan and the master keys of
    /// terminals, by DE 41.
    #[must_use]
    pub fn new(setup: &Setup, link: u8, asks: &[&Ask], masters: BTreeMap<String, Key>) -> Self {
        let name = setup.host_spec.as_ref().unwrap_or(&setup.spec);
        Self {
            link,
            speech: Speech::new(name),
            habits: setup.habits.clone(),
            wait: Duration::from_millis(WAIT_MS / u64::from(setup.scale.max(1))),
            asks: asks.iter().map(|ask| (ask.n, (*ask).clone())).collect(),
            masters,
            keys: BTreeMap::new(),
            signed: 0,
            conns: BTreeSet::new(),
            down_until: None,
            book: Vec::new(),
            by_name: BTreeMap::new(),
            tombstones: BTreeSet::new(),
            undos: BTreeMap::new(),
            due: BTreeMap::new(),
            scheduled: 0,
            outbox: VecDeque::new(),
            actions: VecDeque::new(),
            ledger: HostLedger::default(),
            stan: 0,
        }
    }

    /// A connection came in: what waited for one goes out.
    pub fn connected(&mut self, now: Now, conn: ConnId) {
        if !self.listens(now) {
            self.actions
                .push_back(OddHostAction::Close { conn, reset: true });
            return;
        }
        self.conns.insert(conn);
        while let Some((frame, about)) = self.outbox.pop_front() {
            self.out(now, conn, frame, about);
        }
    }

    /// A connection ended.
    pub fn closed(&mut self, _now: Now, conn: ConnId) {
        self.conns.remove(&conn);
    }

    /// A frame came in.
    pub fn frame(&mut self, now: Now, conn: ConnId, frame: Bytes) {
        let message = self.speech.read(frame);
        let Some(message) = message else {
            self.arrived(now, conn, None, Sort::Other, None);
            return;
        };
        let mti = message.mti();
        let digit = mti.digits()[1];
        if mti.is_answer() {
            self.arrived(now, conn, Some(&message), Sort::Other, None);
            self.own_answered(&message);
            return;
        }
        if matches!(digit, b'1' | b'2' | b'4' | b'6') && !self.mac_passes(&message) {
            let what = match digit {
                b'4' => Sort::Reversal,
                b'6' => Sort::Notice,
                _ => Sort::Request,
            };
            self.arrived(now, conn, Some(&message), what, None);
            self.reply(now, conn, message, "A0", Vec::new(), said_to(digit));
            return;
        }
        match digit {
            b'1' | b'2' => self.request(now, conn, message),
            b'4' => self.reversal(now, conn, message),
            _ => self.desk(now, conn, message),
        }
    }

    /// What is due is done.
    pub fn wake(&mut self, now: Now) {
        if self.down_until.is_some_and(|until| until <= now.mono) {
            self.down_until = None;
        }
        while let Some(first) = self.due.first_entry() {
            if first.key().0 > now.mono {
                return;
            }
            let due = first.remove();
            self.act(now, due);
        }
    }

    /// When [`OddHost::wake`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let due = self.due.keys().next().map(|(at, _)| *at);
        due.into_iter().chain(self.down_until).min()
    }

    /// The next thing to do outside.
    pub fn poll_action(&mut self) -> Option<OddHostAction> {
        self.actions.pop_front()
    }

    /// Does a deed, if it is one of this host's; others are ignored.
    pub fn perform(&mut self, now: Now, deed: &Deed) {
        match deed {
            Deed::IssuerUndo(undo) => self.issuer_undo(now, undo),
            Deed::LinkDown { link, lasts } if *link == self.link => {
                self.down_until = Some(now.mono + Duration::from_millis(*lasts));
                for conn in std::mem::take(&mut self.conns) {
                    self.actions
                        .push_back(OddHostAction::Close { conn, reset: true });
                }
            }
            _ => {}
        }
    }

    /// Whether it takes connections now.
    #[must_use]
    pub fn listens(&self, now: Now) -> bool {
        self.down_until.is_none_or(|until| until <= now.mono)
    }

    /// Its true book.
    #[must_use]
    pub const fn ledger(&self) -> &HostLedger {
        &self.ledger
    }

    /// Whether something about an attempt is still to be done here: booked, answered, sent.
    #[must_use]
    pub fn is_busy_with(&self, n: u32) -> bool {
        let at = |at: usize| self.book.get(at).and_then(|entry| entry.n) == Some(n);
        let due = self.due.values().any(|due| match due {
            Due::Request { at: own, .. } => at(*own),
            Due::Reversal { n: own, .. } => *own == Some(n),
            Due::Reply { .. } | Due::Own { .. } => true,
        });
        due || !self.outbox.is_empty()
    }

    /// All that was broken is well: it takes connections again.
    pub const fn heal(&mut self) {
        self.down_until = None;
    }

    /// Whether nothing is left to be done: no reaction to come, no answer that waits for a
    /// connection.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.due.is_empty() && self.outbox.is_empty() && self.actions.is_empty()
    }

    fn arrived(
        &mut self,
        now: Now,
        conn: ConnId,
        message: Option<&Message>,
        what: Sort,
        names: Option<u32>,
    ) {
        let n = message.and_then(attempt);
        let mti = message.map(|message| message.mti().to_string());
        self.ledger.arrivals.push(Arrival {
            at: now.mono,
            conn,
            n,
            what,
            mti: mti.unwrap_or_default(),
            stan: message.and_then(stan),
            terminal: message.map(|message| text(message, 41)).unwrap_or_default(),
            amount: message.and_then(|message| number(message, 4)),
            names,
            crossed: n.is_some() && names.is_some() && n != names,
        });
    }

    /// Whether the MAC of a message is right, where this host knows the terminal's keys.
    fn mac_passes(&self, message: &Message) -> bool {
        let terminal = text(message, 41);
        if !self.speech.cup || !self.masters.contains_key(&terminal) {
            return true;
        }
        let key = self.keys.get(&terminal);
        key.is_some_and(|key| mac_is_right(message, key) == Some(true))
    }

    fn later(&mut self, now: Now, after: u64, due: Due) {
        self.scheduled += 1;
        let at = now.mono + Duration::from_millis(after);
        self.due.insert((at, self.scheduled), due);
    }

    fn reply(
        &mut self,
        now: Now,
        conn: ConnId,
        asked: Message,
        code: &str,
        extra: Vec<(u8, String)>,
        to: Option<SaidTo>,
    ) {
        let code = code.to_owned();
        let due = Due::Reply {
            asked,
            conn,
            code,
            extra,
            to,
        };
        self.later(now, USUAL_MS, due);
    }
}

fn said_to(digit: u8) -> Option<SaidTo> {
    match digit {
        b'1' | b'2' => Some(SaidTo::Request),
        b'4' => Some(SaidTo::Reversal),
        _ => None,
    }
}
