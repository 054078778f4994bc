//! The world: one heap of what is to come, and everybody's deadlines.

use super::chances::Chances;
use super::check::{Violation, Watch};
use super::machine::{Ended, Left, Machine, MachineOptions, Out};
use super::staging::{Staging, thrown};
use super::tape::{Passage, Tape};
use super::wire::{Far, Way, Wires};
use crate::engine::gateway::Options;
use crate::engine::journal::{JournalError, PowerCut};
use crate::engine::record::{ConnId, LinkId};
use crate::engine::seam::{Dice, Mono, Now, planted};
use crate::iso::codec::Message;
use crate::iso::message::Class;
use crate::iso::spec::Spec;
use crate::lab::peer::{Acquirer, AcquirerEvent, TerminalEvent, TestTerminal};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How a world ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Virtual time that passed.
    pub passed: Duration,
    /// Transactions that terminals began.
    pub transactions: u64,
    /// Tries of reversals that left the gateway.
    pub reversals: u64,
    /// Crashes of the gateway.
    pub crashes: u64,
    /// How often faults struck.
    pub faults: u64,
    /// Rules that did not hold; empty is good.
    pub violations: Vec<Violation>,
}

/// What is to come.
#[derive(Debug)]
pub(super) enum What {
    /// A terminal's connection comes in, or is refused.
    Connect(usize),
    /// A frame reaches the gateway.
    NearFrame(ConnId, Bytes),
    /// The gateway learns that a connection ended.
    NearClosed(ConnId, bool),
    /// A frame reaches a terminal or the acquirer.
    FarFrame(ConnId, Bytes),
    /// The far end learns that a connection ended.
    FarClosed(ConnId),
    /// The link wants one more connection.
    ConnectLink(u32),
    /// A connection of the link is cut.
    Cut,
    /// The gateway dies, perhaps with its power.
    Crash(bool),
    /// It starts again.
    Restart,
    /// All faults end, and trading with them.
    Heal,
}

/// A gateway between its far ends, on one clock.
#[derive(Debug)]
pub struct World {
    seed: u64,
    options: Options,
    own: MachineOptions,
    /// What the terminals speak, and what the acquirer.
    specs: (Arc<Spec>, Arc<Spec>),
    connections: usize,
    reconnect: Duration,
    sync: Duration,
    pub(super) dice: Dice,
    pub(super) now: Now,
    pub(super) heap: BTreeMap<(Mono, u64), What>,
    pub(super) serial: u64,
    pub(super) wires: Wires,
    pub(super) terminals: Vec<(TestTerminal, Option<ConnId>)>,
    pub(super) acquirer: Acquirer,
    pub(super) listening: bool,
    pub(super) machine: Option<Machine>,
    pub(super) left: Option<Left>,
    pub(super) run: u32,
    pub(super) watch: Watch,
    pub(super) tape: Tape,
    pub(super) outcome: Outcome,
    pub(super) healed: bool,
}

/// How long a healed world has to come to rest.
const REST: Duration = Duration::from_secs(400);

/// Runs the world of a seed, and tells how it ended.
#[must_use]
pub fn simulate(chances: Chances) -> Outcome {
    let _planted = planted::plant(chances.sabotage);
    let staging = thrown(&chances);
    match World::staged(staging) {
        Ok(world) => world.trade(&chances),
        Err(error) => Outcome {
            violations: vec![Violation {
                rule: "start",
                what: error.to_string(),
            }],
            ..Outcome::default()
        },
    }
}

impl World {
    /// A world that begins at `staging.begins`, with nothing done yet.
    ///
    /// # Errors
    /// The journal cannot be opened.
    pub fn staged(staging: Staging) -> Result<Self, JournalError> {
        let Staging {
            seed,
            mut dice,
            options,
            machine: own,
            connections,
            latency,
            reconnect,
            sync,
            begins: now,
            taped,
            specs,
            terminals,
            acquirer,
        } = staging;
        let timeout = options.routes.first().map(|route| route.timeout);
        let machine = Machine::start(options.clone(), &own, Left::default(), 0, seed, now)?;
        let mut world = Self {
            watch: Watch::new(timeout.unwrap_or_default()),
            tape: Tape::new(taped),
            wires: Wires::new(latency, dice.split()),
            seed,
            options,
            own,
            specs,
            connections,
            reconnect,
            sync,
            dice,
            now,
            heap: BTreeMap::new(),
            serial: 0,
            terminals: terminals.into_iter().map(|own| (own, None)).collect(),
            acquirer,
            listening: true,
            machine: Some(machine),
            left: None,
            run: 0,
            outcome: Outcome::default(),
            healed: false,
        };
        world.connect_links();
        Ok(world)
    }

    /// Throws when what goes wrong goes wrong.
    fn plan(&mut self, chances: &Chances) {
        let trading = micros(chances.trading);
        self.later(chances.trading, What::Heal);
        for _ in 0..chances.crashes {
            let at = Duration::from_micros(self.dice.below(trading));
            let power = self.dice.chance(chances.power_cuts, 100);
            self.later(at, What::Crash(power));
        }
        for _ in 0..chances.cuts {
            let at = Duration::from_micros(self.dice.below(trading));
            self.later(at, What::Cut);
        }
    }

    fn connect_links(&mut self) {
        for _ in 0..self.connections {
            self.later(Duration::from_millis(1), What::ConnectLink(self.run));
        }
    }

    pub(super) fn later(&mut self, after: Duration, what: What) {
        self.at(self.now.mono + after, what);
    }

    pub(super) fn at(&mut self, at: Mono, what: What) {
        self.serial += 1;
        self.heap.insert((at, self.serial), what);
    }

    /// Lets the terminals trade until all is healed and at rest, and judges how it ended.
    fn trade(mut self, chances: &Chances) -> Outcome {
        self.plan(chances);
        let end = self.now.mono + chances.trading + REST;
        self.begin();
        while self.now.mono < end && !(self.healed && self.at_rest()) {
            if let Err(error) = self.turn() {
                self.watch.fails("I8", error.to_string());
                break;
            }
        }
        self.judge(chances)
    }

    /// Switches everything on.
    pub fn begin(&mut self) {
        self.pump();
        for at in 0..self.terminals.len() {
            self.terminal(at, TerminalEvent::Wake);
        }
    }

    /// Does all that is to be done until a moment, at which it is then.
    ///
    /// # Errors
    /// The journal failed.
    pub fn run_until(&mut self, moment: Mono) -> Result<(), JournalError> {
        while self.next_due().is_some_and(|due| due <= moment) {
            self.turn()?;
        }
        self.advance(moment);
        Ok(())
    }

    /// Does all that is to be done until nothing has been under way for so long, and no longer than
    /// until a moment.
    ///
    /// # Errors
    /// The journal failed.
    pub fn run_to_rest(&mut self, calm: Duration, moment: Mono) -> Result<(), JournalError> {
        let mut busy = self.now.mono;
        while self.now.mono - busy < calm
            && let Some(due) = self.next_due().filter(|due| *due <= moment)
        {
            if due - busy > calm && self.at_rest() {
                return self.run_until(busy + calm);
            }
            self.turn()?;
            if !self.at_rest() {
                busy = self.now.mono;
            }
        }
        Ok(())
    }

    /// What time it is.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// What passed since the last call, if that is kept.
    pub fn passages(&mut self) -> Vec<Passage> {
        self.tape.take()
    }

    /// The rules of the wire that did not hold.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.watch.violations
    }

    /// The gateway stops in good order. What it leaves, if it runs.
    ///
    /// # Errors
    /// The journal failed.
    pub fn stop(&mut self) -> Result<Option<Left>, JournalError> {
        let Some(mut machine) = self.machine.take() else {
            return Ok(self.left.take());
        };
        machine.stop(self.now)?;
        Ok(Some(machine.crash()))
    }

    /// The gateway is killed, its power stays on, and it starts again soon.
    pub fn kill(&mut self) {
        self.crash(false);
    }

    /// A connection of the link breaks.
    pub fn cut_link(&mut self) {
        self.cut();
        self.pump();
    }

    /// When there is something to do next, if ever.
    fn next_due(&self) -> Option<Mono> {
        let terminals = self.terminals.iter().map(|(own, _)| own.next_deadline());
        let gateway = self.machine.as_ref().and_then(Machine::next_wake);
        let planned = self.heap.first_key_value().map(|((at, _), _)| *at);
        let deadlines = terminals.chain([gateway, self.acquirer.next_deadline(), planned]);
        deadlines.flatten().min()
    }

    /// Does the next thing, whatever it is.
    fn turn(&mut self) -> Result<(), JournalError> {
        let planned = self.heap.first_key_value().map(|((at, _), _)| *at);
        let next = self.next_due();
        self.advance(next.unwrap_or(self.now.mono + Duration::from_secs(1)));
        if planned.is_some_and(|at| at <= self.now.mono)
            && let Some((_, what)) = self.heap.pop_first()
        {
            self.happen(what)?;
        } else {
            self.wake();
        }
        self.pump();
        Ok(())
    }

    fn advance(&mut self, to: Mono) {
        let passed = to - self.now.mono;
        self.now = Now {
            mono: self.now.mono.max(to),
            wall: self.now.wall + passed,
        };
        self.outcome.passed += passed;
    }

    fn wake(&mut self) {
        for at in 0..self.terminals.len() {
            if self.terminals[at]
                .0
                .next_deadline()
                .is_some_and(|due| due <= self.now.mono)
            {
                self.terminal(at, TerminalEvent::Wake);
            }
        }
        if self
            .acquirer
            .next_deadline()
            .is_some_and(|due| due <= self.now.mono)
        {
            self.acquirer(AcquirerEvent::Wake);
        }
    }

    fn happen(&mut self, what: What) -> Result<(), JournalError> {
        match what {
            What::Connect(at) => self.connect_terminal(at),
            What::NearFrame(conn, frame) => self.near_frame(conn, frame),
            What::NearClosed(conn, reset) => self.near_closed(conn, reset),
            What::FarFrame(conn, frame) => self.far_frame(conn, frame),
            What::FarClosed(conn) => self.far_closed(conn),
            What::ConnectLink(run) if run == self.run => self.connect_link(),
            What::ConnectLink(_) => {}
            What::Cut => self.cut(),
            What::Crash(power) => self.crash(power),
            What::Restart => self.restart()?,
            What::Heal => self.heal(),
        }
        Ok(())
    }

    /// Lets the machine do what is due, and carries what leaves it.
    pub(super) fn pump(&mut self) {
        loop {
            let Some(machine) = &mut self.machine else {
                return;
            };
            while machine.next_wake().is_some_and(|at| at <= self.now.mono) {
                let most = micros(self.sync);
                machine.set_sync(Duration::from_micros(self.dice.between(1, most.max(1))));
                machine.turn(self.now);
            }
            let records: Vec<_> = std::iter::from_fn(|| machine.poll_record()).collect();
            self.watch.recorded(&records, &self.specs.1);
            let out: Vec<Out> = std::iter::from_fn(|| machine.poll()).collect();
            let ended = machine.ended();
            if out.is_empty() {
                if let Some(Ended::Failed(error)) = ended {
                    self.watch.fails("I8", error.to_string());
                    self.crash(false);
                }
                return;
            }
            for out in out {
                self.carry(out);
            }
        }
    }

    /// Carries what leaves the gateway.
    fn carry(&mut self, out: Out) {
        match out {
            Out::Closed(conn) => self.near_ended(conn),
            Out::Frame { conn, after, frame } => {
                if self.wires.get(conn).is_some_and(|pipe| pipe.near_open) {
                    self.watch.relies_on(after);
                    self.said(conn, &frame);
                    if let Some(far) = self.wires.get(conn).map(|pipe| pipe.far) {
                        self.tape.left(self.now, far, &frame);
                    }
                    let at = self.wires.arrival(conn, Way::Far, self.now.mono);
                    self.at(at, What::FarFrame(conn, frame));
                }
            }
        }
    }

    /// The dialect of a far end.
    pub(super) fn spoken_to(&self, far: Option<Far>) -> &Arc<Spec> {
        match far {
            Some(Far::Acquirer) => &self.specs.1,
            Some(Far::Terminal(_)) | None => &self.specs.0,
        }
    }

    /// The watch sees what the gateway says.
    fn said(&mut self, conn: ConnId, frame: &Bytes) {
        let far = self.wires.get(conn).map(|pipe| pipe.far);
        let Ok(message) = Message::read(self.spoken_to(far), frame.clone()) else {
            return;
        };
        match far {
            Some(Far::Terminal(_)) => self.watch.said_terminal(&message),
            Some(Far::Acquirer) => {
                self.watch.said_acquirer(&message);
                let is_reversal = message.mti().class() == Class::Reversal;
                self.outcome.reversals += u64::from(is_reversal);
            }
            None => {}
        }
    }

    fn near_frame(&mut self, conn: ConnId, frame: Bytes) {
        let Some(pipe) = self.wires.get(conn) else {
            return;
        };
        let far = pipe.far;
        self.tape.came(self.now, far, &frame, !pipe.near_open);
        if !pipe.near_open {
            return;
        }
        if let Ok(message) = Message::read(self.spoken_to(Some(far)), frame.clone()) {
            match far {
                Far::Terminal(_) => self.watch.heard_terminal(self.now, &message),
                Far::Acquirer => self.watch.heard_acquirer(self.now, &message),
            }
        }
        if let Some(machine) = &mut self.machine {
            machine.frame(self.now, conn, frame);
        }
    }

    /// The gateway learns that a far end closed.
    fn near_closed(&mut self, conn: ConnId, reset: bool) {
        let Some(pipe) = self.wires.get(conn).filter(|pipe| pipe.near_open) else {
            return;
        };
        let reset = reset || pipe.lost;
        if let Some(machine) = &mut self.machine {
            machine.closed(self.now, conn, reset);
        }
        self.near_ended(conn);
    }

    /// The near end of a connection is closed.
    fn near_ended(&mut self, conn: ConnId) {
        let Some(pipe) = self.wires.get_mut(conn) else {
            return;
        };
        if !std::mem::replace(&mut pipe.near_open, false) {
            return;
        }
        let far = pipe.far;
        let at = self.wires.arrival(conn, Way::Far, self.now.mono);
        self.at(at, What::FarClosed(conn));
        if far == Far::Acquirer {
            let after = Duration::from_millis(self.dice.between(4, 40));
            self.later(after, What::ConnectLink(self.run));
        }
    }

    fn connect_link(&mut self) {
        let Some(machine) = &mut self.machine else {
            return;
        };
        if !self.listening {
            self.later(self.reconnect, What::ConnectLink(self.run));
            return;
        }
        let conn = self.wires.open(Far::Acquirer);
        machine.open_link(self.now, conn, LinkId(0));
        self.acquirer(AcquirerEvent::Connected(conn));
    }

    fn cut(&mut self) {
        let open = self.wires.near_open();
        let links: Vec<ConnId> = open
            .into_iter()
            .filter(|(_, far)| *far == Far::Acquirer)
            .map(|(id, _)| id)
            .collect();
        if let Some(conn) = self.dice.pick(&links).copied() {
            let near = self.wires.arrival(conn, Way::Near, self.now.mono);
            self.at(near, What::NearClosed(conn, true));
            self.far_closed(conn);
        }
    }

    fn crash(&mut self, power: bool) {
        let Some(machine) = self.machine.take() else {
            return;
        };
        self.outcome.crashes += 1;
        let mut left = machine.crash();
        if power {
            let cut = match self.dice.below(3) {
                0 => PowerCut::Nothing,
                1 => PowerCut::First(usize::try_from(self.dice.below(4096)).unwrap_or(0)),
                _ => PowerCut::Torn(&mut self.dice),
            };
            left.disk.power_cut(cut);
        }
        self.left = Some(left);
        self.run += 1;
        for (conn, _) in self.wires.near_open() {
            if let Some(pipe) = self.wires.get_mut(conn) {
                pipe.near_open = false;
            }
            // What was written last may or may not arrive before the end of the connection.
            if self.dice.chance(1, 2) {
                self.far_closed(conn);
            } else {
                let at = self.wires.arrival(conn, Way::Far, self.now.mono);
                self.at(at, What::FarClosed(conn));
            }
        }
        let after = Duration::from_millis(self.dice.between(1, 500));
        self.later(after, What::Restart);
    }

    fn restart(&mut self) -> Result<(), JournalError> {
        let Some(left) = self.left.take() else {
            return Ok(());
        };
        let set_up = self.options.clone();
        let machine = Machine::start(set_up, &self.own, left, self.run, self.seed, self.now)?;
        self.watch.restarted(machine.durable());
        self.machine = Some(machine);
        self.connect_links();
        Ok(())
    }

    fn heal(&mut self) {
        self.healed = true;
        for (terminal, _) in &mut self.terminals {
            terminal.stop_trading();
            terminal.faults().heal();
        }
        self.acquirer.heal(self.now);
        self.acquirer(AcquirerEvent::Wake);
    }

    fn at_rest(&self) -> bool {
        let terminals = self.terminals.iter().all(|(own, _)| own.is_idle());
        let counts = self.machine.as_ref().map(Machine::counts);
        let gateway = counts.is_some_and(|counts| counts.in_flight == 0 && counts.reversals == 0);
        let pending = self
            .heap
            .values()
            .any(|what| !matches!(what, What::ConnectLink(_)));
        terminals && gateway && !pending && self.acquirer.next_deadline().is_none()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
