//! A wire between one terminal and one host: every frame arrives after a millisecond.

use crate::engine::record::ConnId;
use crate::engine::seam::{Mono, Now, Wall};
use crate::iso::security::Key;
use crate::lab::odd::{OddHost, OddHostAction, OddTerminal, OddTerminalAction, PaperSlip, names};
use crate::lab::plan::{Ask, Deed, Plan};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

const WIRE: u64 = 1_000;

enum Flies {
    Up(u64, Bytes),
    Down(u64, Bytes),
    ClosedUp(u64),
    ClosedDown(u64),
}

pub(super) struct Pipe {
    pub(super) terminal: OddTerminal,
    pub(super) host: OddHost,
    plan: Plan,
    now: u64,
    flying: BTreeMap<(u64, u64), Flies>,
    flown: u64,
    open: BTreeSet<u64>,
    /// Connections that never come about.
    pub(super) refuses: bool,
    /// Frames that left the terminal.
    pub(super) up: Vec<Bytes>,
    /// Frames that left the host.
    pub(super) down: Vec<Bytes>,
}

impl Pipe {
    pub(super) fn new(plan: &str) -> Self {
        let plan = crate::lab::plan::read(plan).unwrap();
        let master = Key::new(&[0x31; 16]).unwrap();
        let asks: Vec<&Ask> = plan
            .deeds
            .iter()
            .filter_map(|timed| match &timed.deed {
                Deed::Ask(ask) => Some(&**ask),
                _ => None,
            })
            .collect();
        let masters = BTreeMap::from([(names::terminal(0).1, master.clone())]);
        Self {
            terminal: OddTerminal::new(&plan.setup, 0, Some(master)),
            host: OddHost::new(&plan.setup, 0, &asks, masters),
            plan: plan.clone(),
            now: 0,
            flying: BTreeMap::new(),
            flown: 0,
            open: BTreeSet::new(),
            refuses: false,
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    /// Runs the whole plan, and until nothing is left to be done.
    pub(super) fn run(plan: &str) -> Self {
        let mut pipe = Self::new(plan);
        pipe.until(u64::MAX);
        pipe
    }

    pub(super) fn slip(&self, n: u32) -> &PaperSlip {
        &self.terminal.slips()[&n]
    }

    pub(super) fn net(&self, n: u32) -> i64 {
        self.host.ledger().net(n)
    }

    fn now(&self) -> Now {
        let wall = Wall(1_764_300_000_000_000 + i64::try_from(self.now).unwrap());
        Now {
            mono: Mono(self.now),
            wall,
        }
    }

    /// Runs until this millisecond.
    pub(super) fn until(&mut self, ms: u64) {
        loop {
            self.carry();
            let deed = self.plan.deeds.first().map(|timed| timed.at * 1000);
            let flying = self.flying.keys().next().map(|(at, _)| *at);
            let wakes = [self.terminal.next_deadline(), self.host.next_deadline()];
            let wakes = wakes.into_iter().flatten().map(|at| at.0).min();
            let Some(next) = [deed, flying, wakes].into_iter().flatten().min() else {
                return;
            };
            if next > ms.saturating_mul(1000) {
                return;
            }
            assert!(next < 100_000_000_000, "it goes on for ever");
            self.now = self.now.max(next);
            self.step(deed, flying);
        }
    }

    fn step(&mut self, deed: Option<u64>, flying: Option<u64>) {
        let now = self.now();
        if flying.is_some_and(|at| at <= self.now) {
            match self.flying.pop_first().unwrap().1 {
                Flies::Up(line, frame) => self.host.frame(now, ConnId(line), frame),
                Flies::Down(line, frame) if self.open.contains(&line) => {
                    self.terminal.frame(now, u8::try_from(line).unwrap(), frame);
                }
                Flies::Down(..) => {}
                Flies::ClosedUp(line) => self.host.closed(now, ConnId(line)),
                Flies::ClosedDown(line) => self.terminal.closed(now, u8::try_from(line).unwrap()),
            }
        } else if deed.is_some_and(|at| at <= self.now) {
            let deed = self.plan.deeds.remove(0).deed;
            self.terminal.perform(now, &deed);
            self.host.perform(now, &deed);
        } else {
            self.terminal.wake(now);
            self.host.wake(now);
        }
    }

    fn fly(&mut self, what: Flies) {
        self.flown += 1;
        self.flying.insert((self.now + WIRE, self.flown), what);
    }

    fn carry(&mut self) {
        let now = self.now();
        loop {
            if let Some(action) = self.terminal.poll_action() {
                match action {
                    OddTerminalAction::Connect { line }
                        if self.refuses || !self.host.listens(now) =>
                    {
                        self.terminal.connect_failed(now, line);
                    }
                    OddTerminalAction::Connect { line } => {
                        self.open.insert(u64::from(line));
                        self.host.connected(now, ConnId(u64::from(line)));
                        self.terminal.connected(now, line);
                    }
                    OddTerminalAction::Send { line, frame, .. } => {
                        self.up.push(frame.clone());
                        self.fly(Flies::Up(u64::from(line), frame));
                    }
                    OddTerminalAction::Close { line, .. } => {
                        self.open.remove(&u64::from(line));
                        self.fly(Flies::ClosedUp(u64::from(line)));
                    }
                }
            } else if let Some(action) = self.host.poll_action() {
                match action {
                    OddHostAction::Send { conn, frame, .. } => {
                        self.down.push(frame.clone());
                        self.fly(Flies::Down(conn.0, frame));
                    }
                    OddHostAction::Close { conn, .. } => {
                        self.open.remove(&conn.0);
                        self.fly(Flies::ClosedDown(conn.0));
                    }
                }
            } else {
                return;
            }
        }
    }
}
