//! The stage: one heap of what is to come, and everybody's deadlines.

use super::cover::{Around, Cells};
use super::evidence::{OnItsWay, WorldEvidence};
use super::look::Looker;
use super::options::{Dialects, options};
use super::pipes::Peer;
use super::pipes::Pipes;
use super::trial::Trial;
use crate::engine::journal::{JournalError, SegmentNo};
use crate::engine::record::{ConnId, Seq, VaultKeys};
use crate::engine::seam::{Mono, Now, Wall};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::lab::judge::{Finding, Judge};
use crate::lab::odd::{OddHost, OddTerminal, names};
use crate::lab::plan::{Ask, Crash, Plan, Setup};
use crate::lab::sim::machine::{Left, Machine, MachineOptions};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a plan went.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Virtual time that passed.
    pub passed: Duration,
    /// Attempts whose requests reached the gateway.
    pub attempts: u64,
    /// Reversals that left the gateway, each try.
    pub reversals: u64,
    /// Crashes, power cuts and ends of the gateway by its disk.
    pub crashes: u64,
    /// Verdicts that were held against the books.
    pub verdicts: u64,
    /// Verdicts that a host's lie excused.
    pub excused: u64,
    /// What broke a rule; empty is good.
    pub findings: Vec<Finding>,
    /// What was reached, by name: rows taken, causes printed, corners.
    pub reached: BTreeSet<String>,
    /// Cells of the declared state space that were reached, each with the moment of the first time,
    /// in virtual milliseconds.
    pub cells: BTreeMap<u16, u64>,
}

/// What is to come.
#[derive(Debug)]
pub(super) enum Coming {
    /// A deed of the plan, by its place.
    Deed(usize),
    /// A terminal's connection comes in, or is refused.
    Connect(u8, u8),
    /// The gateway tries to connect a link, in this life.
    ConnectLink(u32, u8),
    /// A frame reaches the gateway.
    Near(ConnId, Bytes, FromFar),
    /// A frame reaches a far end.
    Far(ConnId, Bytes, FromNear),
    /// The gateway learns that a connection ended.
    NearClosed(ConnId, bool),
    /// A far end learns that a connection ended.
    FarClosed(ConnId),
    /// The gateway ends in good order, in this life: how long it is away, and whether its links
    /// stand in another order then.
    Stop(u32, u64, bool),
    /// The gateway starts again.
    Start,
    /// A spell of bad luck ends.
    DiskWell,
    /// A link's acquirer is there again: nothing but a moment to look.
    Wake,
}

/// What is known of a frame that a far end sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FromFar {
    /// The attempt that it is about; 0 for none.
    pub about: u32,
    /// It answers a reversal.
    pub to_undo: bool,
    /// Nothing is wrong with it.
    pub sound: bool,
    /// It is whole, and speaks of another card, currency, kind or original.
    pub misfit: bool,
}

/// What is known of a frame that the gateway sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FromNear {
    pub about: u32,
    pub left: Mono,
    pub is_reversal: bool,
    /// A notice or the like: about a transaction, and no request of it.
    pub is_notice: bool,
    pub told: Option<OnItsWay>,
}

pub(super) struct Stage<'a> {
    pub plan: &'a Plan,
    pub looker: &'a mut dyn Looker,
    pub dialects: Dialects,
    pub now: Now,
    pub heap: BTreeMap<(Mono, u64), Coming>,
    serial: u64,
    pub pipes: Pipes,
    pub lines: BTreeMap<(u8, u8), ConnId>,
    pub terminals: Vec<OddTerminal>,
    pub hosts: Vec<OddHost>,
    pub machine: Option<Machine>,
    pub left: Option<Left>,
    pub reordered: bool,
    pub run: u32,
    /// How the gateway is to die when its step comes.
    pub dying: Option<Crash>,
    /// How the disk is to come back after its failure.
    pub disk_trouble: Option<Mono>,
    pub trouble_over: bool,
    /// The newest segment when the last request left.
    pub newest: Option<SegmentNo>,
    /// Whether it is full.
    pub filled: bool,
    /// By attempt: what a cashier tried in its place last.
    pub retried: BTreeMap<u32, u32>,
    pub evidence: WorldEvidence,
    pub judge: Judge,
    pub played: Played,
    pub cells: Cells,
    /// The newest record that a frame which left relied on, in all lives so far.
    pub relied: Seq,
    pub trial: Trial,
    /// By attempt: the acquirers that its request went to.
    pub sent_over: BTreeMap<u32, BTreeSet<u8>>,
    /// By terminal: the acquirer that gave out its newest keys, where several do.
    pub keys_of: BTreeMap<String, u8>,
    /// By attempt: the connection that its request went out on last.
    pub asked_over: BTreeMap<u32, ConnId>,
    pub healed: bool,
    /// Keys of the journal that are not there at a start.
    pub lost_keys: Option<VaultKeys>,
}

/// When a world begins.
const BEGIN: Mono = Mono(1_000_000);
/// Bytes of the disk that are put aside for when it is full.
pub(super) const RESERVE: u64 = 16 << 10;
/// How long a healed world has to come to rest, in virtual time.
const REST: Duration = Duration::from_secs(400);
/// How long it is looked at without a plan before it is called endless: turns.
const MOST_TURNS: u64 = 3_000_000;

/// Plays a plan to its end, and tells how it went.
pub fn play(plan: &Plan, looker: &mut dyn Looker) -> Played {
    match Stage::new(plan, looker) {
        Ok(stage) => stage.run_and_count().0,
        Err(what) => Played::broken(what),
    }
}

impl Played {
    /// It did not begin.
    pub(super) fn broken(what: String) -> Self {
        Self {
            findings: vec![Finding {
                rule: "start",
                n: None,
                what,
            }],
            ..Self::default()
        }
    }
}

/// The master key of a terminal.
fn master(t: u8) -> Option<Key> {
    let mix = |at: u8| (at * 16).wrapping_add(t.wrapping_mul(2)) | 1;
    let bytes: Vec<u8> = (0..16).map(mix).collect();
    Key::new(&bytes).ok()
}

/// The master keys of all terminals, with merchant and terminal.
fn keys_of(setup: &Setup) -> Vec<(String, String, Key)> {
    let terminals = (0..setup.terminals).map(|t| setup.named(t));
    let keys = terminals.filter_map(|named| {
        let (merchant, terminal) = names::terminal(named);
        Some((merchant, terminal, master(named)?))
    });
    keys.collect()
}

impl<'a> Stage<'a> {
    pub(super) fn new(plan: &'a Plan, looker: &'a mut dyn Looker) -> Result<Self, String> {
        let setup = &plan.setup;
        let spec =
            |name: &str| Spec::builtin(name).ok_or_else(|| format!("no dialect is called {name}"));
        let keys = keys_of(setup);
        let asks: Vec<&Ask> = plan
            .deeds
            .iter()
            .filter_map(|timed| timed.deed.request())
            .collect();
        let theirs: BTreeMap<String, Key> = keys
            .iter()
            .map(|(_, terminal, key)| (terminal.clone(), key.clone()))
            .collect();
        let hosts = (0..setup.links).map(|link| OddHost::new(setup, link, &asks, theirs.clone()));
        let mut stage = Self {
            plan,
            looker,
            now: Now {
                mono: BEGIN,
                wall: Wall(1_795_313_472_000_000),
            },
            dialects: Dialects {
                terminals: spec(&setup.spec)?,
                hosts: spec(setup.host_spec.as_ref().unwrap_or(&setup.spec))?,
                keys: keys.clone(),
            },
            heap: BTreeMap::new(),
            serial: 0,
            pipes: Pipes::default(),
            lines: BTreeMap::new(),
            hosts: hosts.collect(),
            terminals: (0..setup.terminals)
                .map(|t| OddTerminal::new(setup, t, master(setup.named(t))))
                .collect(),
            machine: None,
            left: Some(Left::default()),
            reordered: false,
            run: 0,
            dying: None,
            disk_trouble: None,
            trouble_over: false,
            newest: None,
            filled: false,
            retried: BTreeMap::new(),
            evidence: WorldEvidence::of_world(
                Duration::from_secs(60) / setup.scale.max(1),
                3 * setup.sync + 1_000,
            ),
            judge: Judge::new(setup),
            played: Played::default(),
            cells: Cells::default(),
            relied: Seq(0),
            trial: Trial::default(),
            sent_over: BTreeMap::new(),
            keys_of: BTreeMap::new(),
            asked_over: BTreeMap::new(),
            healed: false,
            lost_keys: None,
        };
        for (at, timed) in plan.deeds.iter().enumerate() {
            stage.later(Duration::from_millis(timed.at + 1), Coming::Deed(at));
        }
        stage.start().map_err(|error| error.to_string())?;
        Ok(stage)
    }

    pub(super) fn later(&mut self, after: Duration, coming: Coming) {
        self.at(self.now.mono + after, coming);
    }

    pub(super) fn at(&mut self, at: Mono, coming: Coming) {
        self.serial += 1;
        self.heap.insert((at, self.serial), coming);
    }

    /// Starts the gateway on the disk that there is.
    pub(super) fn start(&mut self) -> Result<(), JournalError> {
        let Some(left) = self.left.take() else {
            return Ok(());
        };
        let setup = &self.plan.setup;
        let set_up = options(setup, &self.dialects, self.reordered);
        let seed = u64::from(self.run) + 1;
        let own = self.machine_options();
        let kept = self.lost_keys.is_some().then(|| left.disk.clone());
        let machine = match Machine::start(set_up, &own, left, self.run, seed, self.now) {
            // Without its keys it may refuse; then they are brought back.
            Err(_) if kept.is_some() => {
                let both = kept.zip(self.lost_keys.take());
                self.left = both.map(|(disk, keys)| Left { disk, keys });
                return self.start();
            }
            started => started?,
        };
        self.lost_keys = None;
        if setup.strict && machine.durable() < self.relied {
            let (relied, last) = (self.relied.0, machine.durable().0);
            let what = format!("a send relied on record {relied}, the journal ends at {last}");
            self.finds("I8", what);
        }
        // What was lost is numbered anew.
        self.relied = self.relied.min(machine.durable());
        self.machine = Some(machine);
        for link in 0..setup.links {
            for _ in 0..setup.connections {
                self.later(
                    Duration::from_millis(1),
                    Coming::ConnectLink(self.run, link),
                );
            }
        }
        self.look_after();
        Ok(())
    }

    /// How the gateway's process is set up.
    pub(super) fn machine_options(&self) -> MachineOptions {
        let setup = &self.plan.setup;
        MachineOptions {
            strict: setup.strict,
            retain: Duration::from_millis(setup.retain),
            segment_bytes: setup.segment << 10,
            sync: Duration::from_micros(setup.sync),
            reserve_bytes: RESERVE,
            ..MachineOptions::default()
        }
    }

    /// Runs it, and tells how many power cuts were tried.
    pub(super) fn run_and_count(mut self) -> (Played, u64) {
        self.run_to_its_end();
        let done = self.trial.done;
        (self.finish(), done)
    }

    /// Runs it, and tells how many calls its disk took.
    pub(super) fn count_calls(mut self) -> u64 {
        let at_start = self.machine.as_ref().map_or(0, |own| own.disk().calls());
        self.run_to_its_end();
        let at_end = self.machine.as_ref().map_or(0, |own| own.disk().calls());
        at_end.saturating_sub(at_start)
    }

    pub(super) fn run_to_its_end(&mut self) {
        let last = self.plan.deeds.last().map_or(0, |timed| timed.at);
        let heal_at = self.now.mono + Duration::from_millis(last + 3_000);
        let end = heal_at + REST;
        let mut turns = 0;
        while self.now.mono < end && !(self.healed && self.is_at_rest()) {
            if !self.healed && self.now.mono >= heal_at {
                self.heal();
            }
            self.turn(if self.healed { end } else { heal_at });
            turns += 1;
            if turns > MOST_TURNS {
                self.finds("endless", "the world does not come to rest".to_owned());
                break;
            }
        }
        self.probe(true);
        self.see_leaks();
        self.see_macs();
    }

    pub(super) fn finds(&mut self, rule: &'static str, what: String) {
        self.played.findings.push(Finding {
            rule,
            n: None,
            what,
        });
    }

    /// Does the next thing, whatever it is; not beyond `end`.
    fn turn(&mut self, end: Mono) {
        let peers = self
            .terminals
            .iter()
            .filter_map(OddTerminal::next_deadline)
            .chain(self.hosts.iter().filter_map(OddHost::next_deadline));
        let machine = self.machine.as_ref().and_then(Machine::next_wake);
        let planned = self.heap.first_key_value().map(|((at, _), _)| *at);
        let next = peers.chain(machine).chain(planned).chain([end]).min();
        self.advance(next.unwrap_or(end));
        if planned.is_some_and(|at| at <= self.now.mono)
            && let Some((_, coming)) = self.heap.pop_first()
        {
            return self.happen(coming);
        }
        self.wake();
    }

    fn advance(&mut self, to: Mono) {
        let to = to.max(self.now.mono);
        let passed = to - self.now.mono;
        self.now = Now {
            mono: to,
            wall: self.now.wall + passed,
        };
        self.played.passed += passed;
    }

    fn wake(&mut self) {
        let now = self.now;
        let is_due = |at: Option<Mono>| at.is_some_and(|at| at <= now.mono);
        for t in 0..self.terminals.len() {
            if is_due(self.terminals[t].next_deadline()) {
                self.terminals[t].wake(now);
                self.after_terminal(t);
            }
        }
        for link in 0..self.hosts.len() {
            if is_due(self.hosts[link].next_deadline()) {
                self.hosts[link].wake(now);
                self.after_host(link);
            }
        }
        if is_due(self.machine.as_ref().and_then(Machine::next_wake)) {
            self.with_machine(|machine, now| machine.turn(now));
        }
    }

    fn happen(&mut self, coming: Coming) {
        match coming {
            Coming::Deed(at) => self.perform(at),
            Coming::Connect(t, line) => self.connect(t, line),
            Coming::ConnectLink(run, link) if run == self.run => self.connect_link(link),
            Coming::Stop(run, down, reorder) if run == self.run => self.restart(down, reorder),
            Coming::ConnectLink(..) | Coming::Stop(..) | Coming::Wake => {}
            Coming::Near(conn, frame, from) => self.near_frame(conn, frame, from),
            Coming::Far(conn, frame, from) => self.far_frame(conn, frame, from),
            Coming::NearClosed(conn, reset) => self.near_closed(conn, reset),
            Coming::FarClosed(conn) => self.far_closed(conn),
            Coming::Start => self.start_again(),
            Coming::DiskWell => self.disk_is_well(),
        }
    }

    /// Notes the cell in which an attempt is now.
    pub(super) fn note(&mut self, n: u32) {
        let Some(facts) = self.evidence.of(n) else {
            return;
        };
        let Some(began) = facts.began() else { return };
        let deadline = began + Duration::from_secs(45) / self.plan.setup.scale;
        let syncing = self.machine.as_ref().is_some_and(|own| !own.is_settled());
        let around = Around {
            link_up: self.pipes.any_open(|peer| matches!(peer, Peer::Host(_))),
            terminal_there: self.pipes.any_open(|peer| match peer {
                Peer::Terminal(t, _) => t == facts.t,
                Peer::Host(_) => false,
            }),
            later_life: !facts.asker_there && self.run > 0,
            journal: if self.disk_trouble.is_some() {
                2
            } else {
                u16::from(syncing)
            },
        };
        let at = self.now.mono.0.saturating_sub(BEGIN.0) / 1_000;
        self.cells.note(at, facts, deadline, around);
    }

    fn is_at_rest(&self) -> bool {
        let machine = self.machine.as_ref().is_some_and(|machine| {
            let counts = machine.counts();
            counts.in_flight == 0 && counts.reversals == 0 && machine.is_settled()
        });
        let waits = |coming: &Coming| matches!(coming, Coming::ConnectLink(..) | Coming::Wake);
        machine
            && self.pipes.are_still()
            && self.terminals.iter().all(OddTerminal::is_idle)
            && self.hosts.iter().all(|host| host.next_deadline().is_none())
            && self.heap.values().all(waits)
    }

    fn finish(mut self) -> Played {
        self.note_corners();
        self.played.cells = std::mem::take(&mut self.cells.reached);
        let counts = self.judge.counts();
        self.played.verdicts = counts.verdicts;
        self.played.excused = counts.excused;
        let asked = counts
            .promises
            .keys()
            .map(|made| format!("promise {made:?}"));
        self.played.reached.extend(asked);
        for facts in self.evidence.all() {
            self.played.attempts += u64::from(!facts.reached.is_empty());
            self.played.reversals += facts.reversals.len() as u64;
        }
        let found = self.judge.findings().to_vec();
        self.played.findings.extend(found);
        self.played
    }
}
