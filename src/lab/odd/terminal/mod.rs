//! A terminal that does as its deeds say, and as terminals do where they say nothing.
//!
//! It sends what it is told when it is told, several requests at once if need be; only a reversal
//! of its own, once begun, holds back what comes after it, and a sign-in that it cannot do without.

mod form;

mod hear;

mod send;

mod undo;

use super::names;
use super::slip::{PaperSlip, Regarding, Sort, StrayAnswer};
use super::wire::Speech;
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::security::Key;
use crate::lab::plan::{Ask, Deed, MacIs, Setup};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How long a terminal waits for an answer, in the field.
const WAIT_MS: u64 = 60_000;

/// So far apart are the trace numbers of terminals of one name, unless a deed says otherwise.
const FAR: u32 = 300_000;

/// What a terminal wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddTerminalAction {
    /// A connection is wanted.
    Connect {
        /// Which of the terminal's.
        line: u8,
    },
    /// A frame goes out.
    Send {
        /// On which connection.
        line: u8,
        /// Without length prefix.
        frame: Bytes,
        /// The attempt that it is about.
        about: Option<Regarding>,
    },
    /// A connection is ended.
    Close {
        /// Which.
        line: u8,
        /// By a reset.
        reset: bool,
        /// Nobody learns of it.
        quiet: bool,
    },
}

/// A terminal.
#[derive(Debug)]
pub struct OddTerminal {
    t: u8,
    merchant: String,
    id: String,
    speech: Speech,
    keys: SessionKeys,
    wait: Duration,
    forgetful: bool,
    /// The last trace number used.
    stan: u32,
    batch: u32,
    lines: BTreeMap<u8, OddLine>,
    slots: Vec<AwaitedAnswer>,
    cases: BTreeMap<u32, Case>,
    slips: BTreeMap<u32, PaperSlip>,
    strays: Vec<StrayAnswer>,
    /// Deeds that wait until a reversal is closed, or keys are there.
    held: VecDeque<Deed>,
    chatter: VecDeque<(Mono, bool)>,
    actions: VecDeque<OddTerminalAction>,
    /// The first deadline of its cases, as of the last event.
    first_wait: Option<Mono>,
}

/// The keys of a terminal.
#[derive(Debug)]
struct SessionKeys {
    /// Its master key, if it signs in for others.
    master: Option<Key>,
    current: Option<Key>,
    previous: Option<Key>,
    /// It was told to sign in again.
    doubted: bool,
    /// A sign-in is under way, until then at most.
    asked_until: Option<Mono>,
}

/// A connection: not there, on its way with what goes out first, or open.
#[derive(Debug)]
enum OddLine {
    Opening(Vec<Outgoing>),
    Open,
}

/// A message that goes out, for as long as its connection is not open.
#[derive(Clone, Debug)]
struct Outgoing {
    frame: Bytes,
    about: Option<Regarding>,
    /// How its answer will be known.
    awaits: Option<AwaitedAnswer>,
}

/// An answer that is waited for: a slot, as multiplexers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct AwaitedAnswer {
    line: u8,
    mti: String,
    stan: Option<u32>,
    /// Of which attempt; 0 for the session.
    n: u32,
    what: Sort,
}

/// An attempt under way.
#[derive(Clone, Debug)]
struct Case {
    ask: Ask,
    /// With nothing left out, without MAC.
    message: Message,
    /// `MMDD` of its request.
    date: String,
    /// Why it is undone: DE 39 of a reversal.
    cause: &'static str,
    wait_until: Option<Mono>,
    /// How often an advice is still repeated.
    repeats: u8,
    undo: Option<UndoCase>,
}

/// A reversal under way.
#[derive(Clone, Debug)]
struct UndoCase {
    line: u8,
    drop: Vec<u8>,
    mac: MacIs,
    stands: Option<u64>,
    /// For the next time that it is sent.
    message: Message,
    /// The type with which it was sent last.
    sent: String,
    /// How often it is still sent.
    tries: u8,
    wait_until: Option<Mono>,
}

/// The number behind which a terminal's count up.
fn first_number(setup: &Setup, t: u8) -> u32 {
    let listener = u32::from(t % setup.listeners.max(1));
    let own = if setup.has_twins() { listener * FAR } else { 0 };
    setup.numbers_from + own
}

impl OddTerminal {
    /// Terminal `t` of a plan. It has a master key where it signs in for working keys.
    #[must_use]
    pub fn new(setup: &Setup, t: u8, master: Option<Key>) -> Self {
        let (merchant, id) = names::terminal(setup.named(t));
        let speech = Speech::new(&setup.spec);
        let own_host = setup
            .host_spec
            .as_ref()
            .is_none_or(|host| *host == setup.spec);
        let master = master.filter(|_| speech.cup && own_host);
        Self {
            t,
            merchant,
            id,
            speech,
            keys: SessionKeys {
                master,
                current: None,
                previous: None,
                doubted: false,
                asked_until: None,
            },
            wait: Duration::from_millis(WAIT_MS / u64::from(setup.scale.max(1))),
            forgetful: setup.forgetful,
            stan: first_number(setup, t),
            batch: 1,
            lines: BTreeMap::new(),
            slots: Vec::new(),
            cases: BTreeMap::new(),
            slips: BTreeMap::new(),
            strays: Vec::new(),
            held: VecDeque::new(),
            chatter: VecDeque::new(),
            actions: VecDeque::new(),
            first_wait: None,
        }
    }

    /// Does a deed, if it is one of this terminal's; others are ignored.
    pub fn perform(&mut self, now: Now, deed: &Deed) {
        match deed {
            Deed::Ask(ask) if ask.t == self.t => self.held.push_back(deed.clone()),
            Deed::Settle { t, .. } if *t == self.t => self.held.push_back(deed.clone()),
            Deed::Again(again) => self.again(now, again),
            Deed::Undo(undo) => self.undo(now, undo),
            Deed::HangUp {
                t,
                line,
                reset,
                quiet,
            } if *t == self.t => self.hang_up(*line, *reset, *quiet),
            Deed::SignIn { t } if *t == self.t => self.sign_in(now),
            Deed::Notice { n } => self.tell(now, *n),
            Deed::Chatter {
                t,
                times,
                downloads,
            } if *t == self.t => {
                for at in 0..u64::from(*times) {
                    let at = now.mono + Duration::from_millis(at);
                    self.chatter.push_back((at, *downloads));
                }
            }
            _ => return,
        }
        self.go_on(now);
    }

    /// A connection is open.
    pub fn connected(&mut self, now: Now, line: u8) {
        let before = self.lines.insert(line, OddLine::Open);
        if let Some(OddLine::Opening(first)) = before {
            for outgoing in first {
                self.leave(now, line, outgoing);
            }
        }
        self.go_on(now);
    }

    /// A connection did not come about: what was to go out first never leaves.
    pub fn connect_failed(&mut self, now: Now, line: u8) {
        let before = self.lines.remove(&line);
        if let Some(OddLine::Opening(first)) = before {
            for outgoing in first {
                self.unsent(now, &outgoing);
            }
        }
        self.go_on(now);
    }

    /// A connection ended: what was waited for on it cannot come any more.
    pub fn closed(&mut self, now: Now, line: u8) {
        self.lines.remove(&line);
        self.slots.retain(|slot| slot.line != line);
        self.go_on(now);
    }

    /// What is due is done.
    pub fn wake(&mut self, now: Now) {
        while self.chatter.front().is_some_and(|(at, _)| *at <= now.mono) {
            let downloads = self
                .chatter
                .pop_front()
                .is_some_and(|(_, downloads)| downloads);
            self.chat(now, downloads);
        }
        if self.keys.asked_until.is_some_and(|until| until <= now.mono) {
            self.sign_in_failed();
        }
        let is_due = |at: Option<Mono>| at.is_some_and(|at| at <= now.mono);
        let due = self.cases.iter().filter(|(_, case)| {
            let undo = case.undo.as_ref().and_then(|undo| undo.wait_until);
            is_due(case.wait_until) || is_due(undo)
        });
        let due: Vec<u32> = due.map(|(n, _)| *n).collect();
        for n in due {
            self.out_of_patience(now, n);
        }
        self.go_on(now);
    }

    /// When [`OddTerminal::wake`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let chatter = self.chatter.front().map(|(at, _)| *at);
        let all = [self.first_wait, self.keys.asked_until, chatter];
        all.into_iter().flatten().min()
    }

    /// The next thing to do outside.
    pub fn poll_action(&mut self) -> Option<OddTerminalAction> {
        self.actions.pop_front()
    }

    /// What this terminal knows of each of its attempts.
    #[must_use]
    pub const fn slips(&self) -> &BTreeMap<u32, PaperSlip> {
        &self.slips
    }

    /// What it matched with nothing.
    #[must_use]
    pub fn strays(&self) -> &[StrayAnswer] {
        &self.strays
    }

    /// Whether nothing is left to be done: no wait, no deed held back, no reversal to come.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.next_deadline().is_none() && self.held.is_empty() && self.actions.is_empty()
    }

    fn hang_up(&mut self, line: u8, reset: bool, quiet: bool) {
        if self.lines.remove(&line).is_some() {
            self.slots.retain(|slot| slot.line != line);
            self.actions
                .push_back(OddTerminalAction::Close { line, reset, quiet });
        }
    }

    /// Whether a reversal or a sign-in holds back what comes next.
    fn is_held(&self) -> bool {
        let undoing = |case: &Case| {
            let undo = case.undo.as_ref();
            undo.is_some_and(|undo| undo.wait_until.is_some())
        };
        let undoing = !self.forgetful && self.cases.values().any(undoing);
        self.keys.asked_until.is_some() || undoing
    }

    /// Whether it must sign in before it can trade.
    const fn lacks_keys(&self) -> bool {
        let keys = &self.keys;
        keys.master.is_some() && (keys.current.is_none() || keys.doubted)
    }

    /// Does what was held back, and looks for the first deadline anew.
    fn go_on(&mut self, now: Now) {
        self.do_what_waits(now);
        let waits = self.cases.values().flat_map(|case| {
            let undo = case.undo.as_ref().and_then(|undo| undo.wait_until);
            [case.wait_until, undo]
        });
        self.first_wait = waits.flatten().min();
    }

    /// Does what was held back, as long as nothing holds it.
    fn do_what_waits(&mut self, now: Now) {
        while !self.held.is_empty() && !self.is_held() {
            if self.lacks_keys() {
                self.sign_in(now);
                continue;
            }
            match self.held.pop_front() {
                Some(Deed::Ask(ask)) => self.ask(now, &ask),
                Some(Deed::Settle {
                    wrong,
                    restart_numbers,
                    ..
                }) => {
                    self.settle(now, wrong, restart_numbers);
                }
                _ => {}
            }
        }
    }
}
