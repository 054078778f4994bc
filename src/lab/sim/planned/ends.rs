//! The far ends, and what passes between them and the gateway.

use super::evidence::{FromTerminal, gives_keys, has_mac, is_reversal, terminal_of};
use super::pipes::Peer;
use super::stage::{Coming, FromFar, FromNear, Stage};
use crate::engine::record::{ConnId, LinkId, ListenerId};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::lab::odd::{OddHostAction, OddTerminalAction, SaidTo};
use crate::lab::sim::machine::{Machine, Out};
use bytes::Bytes;
use std::time::Duration;

impl Stage<'_> {
    fn latency(&self) -> Duration {
        Duration::from_micros(self.plan.setup.latency)
    }

    // ── Terminals ───────────────────────────────────────────────────────────────────────────────
    pub(super) fn after_terminal(&mut self, t: usize) {
        let place = u8::try_from(t).unwrap_or(0);
        while let Some(action) = self.terminals[t].poll_action() {
            match action {
                OddTerminalAction::Connect { line } => {
                    self.later(Duration::from_micros(300), Coming::Connect(place, line));
                }
                OddTerminalAction::Send { line, frame, about } => {
                    if let Some(conn) = self.lines.get(&(place, line)).copied() {
                        let about = about.map_or(0, |about| about.n);
                        self.fly_near(
                            conn,
                            frame,
                            FromFar {
                                about,
                                ..FromFar::default()
                            },
                        );
                    }
                }
                OddTerminalAction::Close { line, reset, quiet } => {
                    let conn = self.lines.remove(&(place, line));
                    match conn {
                        Some(conn) if quiet => self.fall_silent(conn),
                        Some(conn) => self.hang_up(conn, reset),
                        None => {}
                    }
                }
            }
        }
    }

    pub(super) fn connect(&mut self, t: u8, line: u8) {
        let at = usize::from(t);
        let now = self.now;
        if self.machine.is_none() {
            self.terminals[at].connect_failed(now, line);
            return self.after_terminal(at);
        }
        let conn = self.pipes.open(Peer::Terminal(t, line));
        if let Some(old) = self.lines.insert((t, line), conn) {
            self.hang_up(old, false);
        }
        let listener = ListenerId(u16::from(t % self.plan.setup.listeners.max(1)));
        self.with_machine(|machine, now| machine.open_terminal(now, conn, listener));
        self.terminals[at].connected(now, line);
        self.after_terminal(at);
    }

    /// A far end closes its connection.
    fn hang_up(&mut self, conn: ConnId, reset: bool) {
        if let Some(pipe) = self.pipes.get_mut(conn) {
            pipe.far_open = false;
        }
        let at = self
            .pipes
            .arrival(conn, false, self.now.mono, self.latency());
        self.at(at, Coming::NearClosed(conn, reset));
    }

    /// A terminal is dead, and the gateway does not learn of it.
    fn fall_silent(&mut self, conn: ConnId) {
        if let Some(pipe) = self.pipes.get_mut(conn) {
            pipe.far_open = false;
        }
        self.evidence.asker_left(conn);
    }

    // ── Acquirers ───────────────────────────────────────────────────────────────────────────────
    pub(super) fn after_host(&mut self, link: usize) {
        while let Some(action) = self.hosts[link].poll_action() {
            match action {
                OddHostAction::Send { conn, frame, about } => {
                    let from = about.map_or_else(FromFar::default, |said| FromFar {
                        about: said.n,
                        to_undo: said.to == SaidTo::Reversal,
                        sound: said.sound,
                        misfit: said.misfit && said.yes,
                    });
                    self.fly_near(conn, frame, from);
                }
                OddHostAction::Close { conn, reset } => self.hang_up(conn, reset),
            }
        }
    }

    pub(super) fn connect_link(&mut self, link: u8) {
        if self.machine.is_none() {
            return;
        }
        let at = usize::from(link);
        if !self.hosts[at].listens(self.now) {
            let again = Coming::ConnectLink(self.run, link);
            return self.later(Duration::from_millis(20), again);
        }
        let conn = self.pipes.open(Peer::Host(link));
        self.hosts[at].connected(self.now, conn);
        let id = self.link_id(link);
        self.with_machine(|machine, now| machine.open_link(now, conn, id));
        self.after_host(at);
    }

    /// A link's place in the gateway's configuration.
    fn link_id(&self, link: u8) -> LinkId {
        let place = if self.reordered {
            self.plan.setup.links - 1 - link
        } else {
            link
        };
        LinkId(u16::from(place))
    }

    // ── To the gateway ──────────────────────────────────────────────────────────────────────────
    fn fly_near(&mut self, conn: ConnId, frame: Bytes, from: FromFar) {
        if from.about != 0 {
            self.pipes.left(from.about);
        }
        let at = self
            .pipes
            .arrival(conn, false, self.now.mono, self.latency());
        self.at(at, Coming::Near(conn, frame, from));
    }

    pub(super) fn near_frame(&mut self, conn: ConnId, frame: Bytes, from: FromFar) {
        if from.about != 0 {
            self.pipes.landed(from.about);
        }
        let open = self.pipes.get(conn).filter(|pipe| pipe.near_open);
        let Some(peer) = open.map(|pipe| pipe.peer) else {
            return;
        };
        if self.machine.is_none() {
            return;
        }
        match peer {
            Peer::Terminal(t, _) => {
                let spec = &self.dialects.terminals;
                let (message, fault) = Message::parse_partial(spec, frame.clone());
                if let Some(message) = &message {
                    let now = self.now;
                    let mut links = 0..self.plan.setup.links;
                    let is_up = |link| self.pipes.any_open(|peer| peer == Peer::Host(link));
                    let links_up = links.all(is_up);
                    let seen = FromTerminal {
                        now,
                        conn,
                        t,
                        message,
                        is_whole: fault.is_none(),
                        links_up,
                    };
                    let _about = self.evidence.of_terminal(&seen);
                }
            }
            Peer::Host(link) => {
                let asked = self.asked_over.get(&from.about);
                if !from.to_undo && asked.is_some_and(|asked| *asked != conn) {
                    self.corner("answer on another connection");
                }
                self.host_said(link, &frame, from);
            }
        }
        self.note(from.about);
        self.with_machine(|machine, now| machine.frame(now, conn, frame));
    }

    fn host_said(&mut self, link: u8, frame: &Bytes, mut from: FromFar) {
        let (message, fault) = Message::parse_partial(&self.dialects.hosts, frame.clone());
        let at = self.now.mono;
        let terminal = message.as_ref().map(terminal_of).unwrap_or_default();
        if message.as_ref().is_some_and(gives_keys) {
            self.keys_of.insert(terminal, link);
        } else if message.as_ref().is_some_and(has_mac) {
            // A MAC by keys that another acquirer's replaced cannot be right.
            let own = self.keys_of.get(&terminal);
            from.sound &= own.is_none_or(|own| *own == link);
        }
        let Some(about) = Some(from.about).filter(|about| *about != 0) else {
            let above = message.filter(|own| is_reversal(own) && !own.mti().is_answer());
            if let Some(own) = above {
                self.evidence.undone_above(at, &own);
            }
            return;
        };
        if from.to_undo {
            let code = message.as_ref().and_then(Message::response_code);
            let code = code.filter(|_| from.sound).map(|code| code.to_string());
            self.evidence.undo_answered(at, about, code.as_deref());
        } else {
            let sound = from.sound && fault.is_none();
            self.evidence.answered(at, about, message.as_ref(), sound);
            if from.misfit && fault.is_none() {
                self.evidence.misfit(at, about);
            }
        }
    }

    pub(super) fn near_closed(&mut self, conn: ConnId, reset: bool) {
        let Some(pipe) = self.pipes.get_mut(conn) else {
            return;
        };
        if !std::mem::replace(&mut pipe.near_open, false) {
            return;
        }
        let (peer, reset) = (pipe.peer, reset || pipe.lost);
        let at = self
            .pipes
            .arrival(conn, true, self.now.mono, self.latency());
        self.at(at, Coming::FarClosed(conn));
        match peer {
            Peer::Terminal(..) => self.evidence.line_ended(self.now.mono, conn, reset),
            Peer::Host(link) => self.lost_link(link),
        }
        self.with_machine(|machine, now| machine.closed(now, conn, reset));
        self.pipes.sweep();
    }

    fn lost_link(&mut self, link: u8) {
        self.evidence.link_ended();
        let again = Coming::ConnectLink(self.run, link);
        self.later(Duration::from_millis(15), again);
    }

    // ── From the gateway ────────────────────────────────────────────────────────────────────────
    /// Lets the gateway act, and carries what it says.
    pub(super) fn with_machine(&mut self, act: impl FnOnce(&mut Machine, Now)) {
        let now = self.now;
        if let Some(machine) = &mut self.machine {
            act(machine, now);
        }
        self.look_after();
    }

    /// Takes what the gateway says, and sees whether it still lives.
    pub(super) fn look_after(&mut self) {
        while let Some(out) = self.machine.as_mut().and_then(Machine::poll) {
            match out {
                Out::Frame { conn, after, frame } => {
                    self.relied = self.relied.max(after);
                    self.carry(conn, frame);
                }
                Out::Closed(conn) => self.gateway_closed(conn),
            }
        }
        self.see_disk();
        self.try_cuts();
        self.bury();
    }

    fn gateway_closed(&mut self, conn: ConnId) {
        let Some(pipe) = self.pipes.get_mut(conn) else {
            return;
        };
        if !std::mem::replace(&mut pipe.near_open, false) {
            return;
        }
        let peer = pipe.peer;
        let at = self
            .pipes
            .arrival(conn, true, self.now.mono, self.latency());
        self.at(at, Coming::FarClosed(conn));
        match peer {
            Peer::Terminal(..) => self.evidence.line_ended(self.now.mono, conn, false),
            Peer::Host(link) => self.lost_link(link),
        }
    }

    fn carry(&mut self, conn: ConnId, frame: Bytes) {
        let Some(peer) = self.pipes.get(conn).map(|pipe| pipe.peer) else {
            return;
        };
        let at = self.now.mono;
        let mut from = FromNear {
            left: at,
            ..FromNear::default()
        };
        match peer {
            Peer::Terminal(t, _) => {
                let spec = &self.dialects.terminals;
                let (message, _) = Message::parse_partial(spec, frame.clone());
                from.told =
                    message.and_then(|message| self.evidence.for_terminal(at, conn, t, &message));
                from.about = from.told.map_or(0, |told| told.n);
            }
            Peer::Host(link) => {
                let (message, _) = Message::parse_partial(&self.dialects.hosts, frame.clone());
                if let Some(message) = &message {
                    from.about = self.evidence.for_host(at, link, message).unwrap_or(0);
                    from.is_reversal = is_reversal(message);
                    from.is_notice = message.mti().digits()[1] == b'6';
                }
                self.see_link(link, from);
                if !from.is_reversal {
                    self.asked_over.insert(from.about, conn);
                    self.see_limit();
                    self.see_segments();
                }
            }
        }
        if from.about != 0 {
            self.pipes.left(from.about);
            self.note(from.about);
        }
        let arrives = self.pipes.arrival(conn, true, at, self.latency());
        self.at(arrives, Coming::Far(conn, frame, from));
    }

    pub(super) fn far_frame(&mut self, conn: ConnId, frame: Bytes, from: FromNear) {
        if from.about != 0 {
            self.pipes.landed(from.about);
        }
        let now = self.now;
        let Some(pipe) = self.pipes.get_mut(conn) else {
            return;
        };
        if pipe.swallowed.is_some_and(|since| from.left >= since) {
            return;
        }
        if !pipe.far_open {
            pipe.lost = true;
            if let Some(told) = from.told {
                self.evidence.unheard(told);
            }
            return;
        }
        match pipe.peer {
            Peer::Terminal(t, line) if self.lines.get(&(t, line)) == Some(&conn) => {
                if let Some(told) = from.told {
                    self.evidence.delivered(told);
                }
                self.terminals[usize::from(t)].frame(now, line, frame);
                self.after_terminal(usize::from(t));
            }
            Peer::Terminal(..) => {}
            Peer::Host(link) => {
                if from.about != 0 && !from.is_notice {
                    self.evidence
                        .reached_host(now.mono, from.about, from.is_reversal);
                }
                self.hosts[usize::from(link)].frame(now, conn, frame);
                self.after_host(usize::from(link));
            }
        }
    }

    pub(super) fn far_closed(&mut self, conn: ConnId) {
        let Some(pipe) = self.pipes.get_mut(conn) else {
            return;
        };
        if !std::mem::replace(&mut pipe.far_open, false) {
            return;
        }
        let now = self.now;
        match pipe.peer {
            Peer::Terminal(t, line) if self.lines.get(&(t, line)) == Some(&conn) => {
                self.lines.remove(&(t, line));
                self.terminals[usize::from(t)].closed(now, line);
                self.after_terminal(usize::from(t));
            }
            Peer::Terminal(..) => {}
            Peer::Host(link) => {
                self.hosts[usize::from(link)].closed(now, conn);
                self.after_host(usize::from(link));
            }
        }
    }
}
