//! What is done to the house: deeds of the plan, crashes, disks, clocks, and the end of it all.

use super::options::limits;
use super::pipes::Peer;
use super::stage::{Coming, RESERVE, Stage};
use crate::engine::gateway::Event;
use crate::engine::journal::{Memory, PowerCut, StorageError};
use crate::engine::record::VaultKeys;
use crate::engine::seam::{Dice, Mono, Wall};
use crate::lab::plan::{Ask, Cashier, Crash, Deed, DiskIs, Power};
use crate::lab::sim::machine::{Left, Machine, read_from};
use std::time::Duration;

impl Stage<'_> {
    pub(super) fn perform(&mut self, at: usize) {
        let plan = self.plan;
        let Some(timed) = plan.deeds.get(at) else {
            return;
        };
        match &timed.deed {
            Deed::Ask(ask) => {
                self.begins(ask, 0);
                self.at_terminal(ask.t, &timed.deed);
            }
            Deed::Again(again) => self.at_terminal_of(again.n, &timed.deed),
            Deed::Undo(undo) => self.at_terminal_of(undo.n, &timed.deed),
            Deed::Notice { n } => self.at_terminal_of(*n, &timed.deed),
            Deed::HangUp { t, .. }
            | Deed::SignIn { t }
            | Deed::Chatter { t, .. }
            | Deed::Settle { t, .. } => self.at_terminal(*t, &timed.deed),
            Deed::Cashier(cashier) => self.cashier(cashier),
            Deed::IssuerUndo(_) => self.at_hosts(&timed.deed),
            Deed::LinkDown { link, lasts } => {
                self.later(Duration::from_millis(*lasts), Coming::Wake);
                self.at_host(*link, &timed.deed);
            }
            Deed::Cut { link, line } => self.cut(*link, *line),
            Deed::Crash(crash) => self.crash_soon(crash),
            Deed::Restart {
                drain,
                down,
                reorder_links,
            } => {
                self.drain(*drain > 0);
                let stop = Coming::Stop(self.run, *down, *reorder_links);
                if *drain > 0 {
                    self.later(Duration::from_millis(*drain), stop);
                } else {
                    self.restart(*down, *reorder_links);
                }
            }
            Deed::Disk { is, lasts } => self.disk_is(*is, *lasts),
            Deed::Clock { by } => {
                self.now.wall = Wall(self.now.wall.0 + by * 1_000);
                self.played.reached.insert("clock jumped".to_owned());
            }
            Deed::Reload { bounds } => {
                let limits = limits(*bounds);
                let waits = |own: &mut Machine| own.counts().in_flight > 0;
                if self.machine.as_mut().is_some_and(waits) {
                    self.corner("limits changed in flight");
                }
                if let Some(machine) = &mut self.machine {
                    machine.limit(limits, 64 << 10);
                }
            }
            Deed::Probe => self.probe(false),
        }
    }

    fn begins(&mut self, ask: &Ask, allowed_by: u32) {
        let named = self.plan.setup.named(ask.t);
        let now = self.now.mono;
        self.evidence.begins(now, ask, named, allowed_by);
    }

    fn at_terminal(&mut self, t: u8, deed: &Deed) {
        let at = usize::from(t);
        if at < self.terminals.len() {
            self.terminals[at].perform(self.now, deed);
            self.after_terminal(at);
        }
    }

    /// At the terminal that sent an attempt.
    fn at_terminal_of(&mut self, n: u32, deed: &Deed) {
        let sent = |t: &usize| self.terminals[*t].slips().contains_key(&n);
        let found = (0..self.terminals.len()).find(sent);
        if let Some(t) = found.and_then(|t| u8::try_from(t).ok()) {
            self.at_terminal(t, deed);
        }
    }

    fn at_host(&mut self, link: u8, deed: &Deed) {
        let at = usize::from(link);
        if at < self.hosts.len() {
            self.hosts[at].perform(self.now, deed);
            self.after_host(at);
        }
    }

    fn at_hosts(&mut self, deed: &Deed) {
        for link in 0..self.plan.setup.links {
            self.at_host(link, deed);
        }
    }

    /// A cashier looks up an attempt, and tries once more if told so.
    fn cashier(&mut self, cashier: &Cashier) {
        let Some(then) = &cashier.then else { return };
        // Who has tried once more asks for that, and no longer for the first.
        let n = self.retried.get(&cashier.n).copied().unwrap_or(cashier.n);
        if self.tells_to_try(n, cashier.reads) {
            let tried = "a cashier tried again".to_owned();
            self.played.reached.insert(tried);
            self.retried.insert(cashier.n, then.n);
            self.begins(then, n);
            self.at_terminal(then.t, &Deed::Ask(then.clone()));
        }
    }

    fn cut(&mut self, link: u8, line: u8) {
        let open = self.pipes.near_open();
        let of_link: Vec<_> = open
            .into_iter()
            .filter(|(_, peer)| *peer == Peer::Host(link))
            .collect();
        let at = usize::from(line) % of_link.len().max(1);
        if let Some((conn, _)) = of_link.get(at).copied() {
            self.far_closed(conn);
            self.near_closed(conn, true);
        }
    }

    // ── The gateway's end and beginning ─────────────────────────────────────────────────────────
    fn crash_soon(&mut self, crash: &Crash) {
        self.dying = Some(crash.clone());
        if crash.step == 0 {
            return self.die();
        }
        if let Some(machine) = &mut self.machine {
            let at = machine.steps() + u64::from(crash.step);
            machine.crash_at(at);
        }
    }

    /// Trouble with the disk is over when all that it held up is on it.
    pub(super) fn see_disk(&mut self) {
        let settled = self.machine.as_ref().is_some_and(Machine::is_settled);
        if self.trouble_over && settled && self.disk_trouble.is_some() {
            self.disk_trouble = None;
            self.evidence.trouble(None);
        }
    }

    /// A gateway that ended by itself is taken away.
    pub(super) fn bury(&mut self) {
        let ended = self
            .machine
            .as_ref()
            .is_some_and(|own| own.ended().is_some());
        if ended {
            self.die();
        }
    }

    fn die(&mut self) {
        let Some(machine) = self.machine.take() else {
            return;
        };
        let crash = self.dying.take().unwrap_or_else(|| Crash {
            down: 100,
            ..Crash::default()
        });
        let mut left = machine.crash();
        power_cut(&mut left.disk, crash.power);
        self.note_end(false);
        if is_torn(&left.disk) {
            self.corner("torn tail at a start");
        }
        if crash.loses_keys {
            self.lost_keys = Some(std::mem::replace(&mut left.keys, new_keys(self.run)));
            self.evidence.keys_lost();
        }
        self.evidence
            .gateway_ended(self.now.mono, self.unsure(), false);
        self.gone(left, crash.swallows);
        self.later(Duration::from_millis(crash.down.max(1)), Coming::Start);
    }

    /// For how long back a gateway that ends now may have lost its records: as long as a sync
    /// takes, and as long as the disk is in trouble.
    fn unsure(&self) -> Duration {
        let sync = Duration::from_micros(2 * self.plan.setup.sync) + Duration::from_millis(15);
        let since = self.disk_trouble;
        since.map_or(sync, |since| self.now.mono - since + sync)
    }

    /// The process is away: its connections end.
    fn gone(&mut self, mut left: Left, swallows: bool) {
        left.disk.set_capacity(u64::MAX);
        left.disk.mend();
        self.left = Some(left);
        self.disk_trouble = None;
        self.evidence.trouble(None);
        self.played.crashes += 1;
        self.run += 1;
        for (conn, peer) in self.pipes.near_open() {
            if let Some(pipe) = self.pipes.get_mut(conn) {
                pipe.near_open = false;
                if swallows {
                    // What was written within the last moment is still in the sockets, and goes.
                    pipe.swallowed = Some(Mono(self.now.mono.0.saturating_sub(2_000)));
                }
            }
            if let Peer::Host(_) = peer {
                self.evidence.link_ended();
            }
            let takes = Duration::from_micros(self.plan.setup.latency);
            let at = self.pipes.arrival(conn, true, self.now.mono, takes);
            self.at(at, Coming::FarClosed(conn));
        }
    }

    pub(super) fn start_again(&mut self) {
        match self.start() {
            Ok(()) => self.probe(false),
            Err(error) => {
                self.finds(
                    "start",
                    format!("the gateway does not start again: {error}"),
                );
            }
        }
    }

    /// It is told that it is to end; once more, if somebody is impatient.
    fn drain(&mut self, lasts: bool) {
        if lasts {
            self.with_machine(|machine, now| machine.tell(now, Event::Drain));
            self.corner("told to end twice");
        }
        self.with_machine(|machine, now| machine.tell(now, Event::Drain));
    }

    pub(super) fn restart(&mut self, down: u64, reorder_links: bool) {
        let Some(mut machine) = self.machine.take() else {
            return;
        };
        self.note_end(true);
        self.reordered ^= reorder_links;
        let stopped = machine.stop(self.now);
        let in_order = stopped.is_ok();
        let unsure = match stopped {
            Ok(()) => Duration::ZERO,
            // A sick disk does not take the last records: the process ends with an error.
            Err(_) if self.disk_trouble.is_some() => self.unsure(),
            Err(error) => {
                self.finds("stop", format!("the gateway does not stop: {error}"));
                Duration::ZERO
            }
        };
        self.evidence.gateway_ended(self.now.mono, unsure, in_order);
        self.gone(machine.crash(), false);
        self.later(Duration::from_millis(down.max(1)), Coming::Start);
    }

    // ── The disk ────────────────────────────────────────────────────────────────────────────────
    fn disk_is(&mut self, is: DiskIs, lasts: u64) {
        let sync = Duration::from_micros(self.plan.setup.sync);
        let now = self.now.mono;
        let Some(machine) = &mut self.machine else {
            return;
        };
        let used = machine.disk().used();
        match is {
            DiskIs::Full => {
                machine
                    .disk_mut()
                    .set_capacity(used.saturating_sub(RESERVE));
                self.filled = true;
            }
            DiskIs::Low => machine.disk_mut().set_capacity(used),
            DiskIs::Slow => machine.set_sync(Duration::from_millis(lasts) + sync),
            DiskIs::Failing => {
                let error = StorageError::Failed("the disk is broken".to_owned());
                machine.disk_mut().fail_call(1, error);
            }
        }
        self.disk_trouble.get_or_insert(now);
        self.evidence.trouble(self.disk_trouble);
        self.trouble_over = false;
        self.later(Duration::from_millis(lasts), Coming::DiskWell);
    }

    pub(super) fn disk_is_well(&mut self) {
        self.trouble_over = true;
        if std::mem::take(&mut self.filled) && self.machine.is_some() {
            self.corner("disk full, and free again");
        }
        let sync = Duration::from_micros(self.plan.setup.sync);
        if let Some(machine) = &mut self.machine {
            machine.disk_mut().set_capacity(u64::MAX);
            machine.set_sync(sync);
        }
    }

    /// All faults end: the disk is well, links come back by themselves, no crash is planned.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.dying = None;
        self.disk_is_well();
        if let Some(machine) = &mut self.machine {
            machine.crash_at(u64::MAX);
        }
        for link in 0..self.hosts.len() {
            self.hosts[link].heal();
            self.after_host(link);
        }
    }
}

/// Whether something stands behind the last sound record of a disk.
fn is_torn(disk: &Memory) -> bool {
    let newest = disk.contents().last();
    newest.is_some_and(|(_, bytes)| {
        let end = read_from(bytes, 0, &mut |_| ());
        let behind = bytes.get(end..).unwrap_or_default();
        behind.iter().any(|byte| *byte != 0)
    })
}

/// Keys that sealed nothing yet, as a start makes them that finds none.
fn new_keys(run: u32) -> VaultKeys {
    let mut key = [0xA5; 32];
    key[..4].copy_from_slice(&run.to_be_bytes());
    VaultKeys::new(&key, run, &key)
}

pub(super) fn power_cut(disk: &mut Memory, power: Power) {
    match power {
        Power::Stays => {}
        Power::Cut => disk.power_cut(PowerCut::Nothing),
        Power::First(bytes) => {
            disk.power_cut(PowerCut::First(usize::try_from(bytes).unwrap_or(0)));
        }
        Power::Torn(number) => {
            let mut dice = Dice::new(u64::from(number));
            disk.power_cut(PowerCut::Torn(&mut dice));
        }
    }
}
