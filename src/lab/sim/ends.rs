//! The far ends: terminals and the acquirer, and what they do with their connections.

use super::wire::{Far, Way};
use super::world::{What, World};
use crate::engine::record::{ConnId, ListenerId};
use crate::lab::fault::{Armed, FaultSide, Faults};
use crate::lab::peer::{
    Acquirer, AcquirerAction, AcquirerEvent, Order, OrderError, TerminalAction, TerminalEvent,
    TestTerminal,
};
use bytes::Bytes;
use std::time::Duration;

impl World {
    /// Has a terminal make a transaction, now or as soon as it can.
    ///
    /// # Errors
    /// The order names what the terminal does not have.
    pub fn order(&mut self, at: usize, order: Order) -> Result<(), OrderError> {
        if let Some((terminal, _)) = self.terminals.get_mut(at) {
            terminal.order(self.now, order)?;
            self.terminal(at, TerminalEvent::Wake);
            self.pump();
        }
        Ok(())
    }

    /// Has a terminal sign in now.
    pub fn sign_in(&mut self, at: usize) {
        if let Some((terminal, _)) = self.terminals.get_mut(at) {
            terminal.sign_in(self.now);
            self.terminal(at, TerminalEvent::Wake);
            self.pump();
        }
    }

    /// From now on this may go wrong.
    pub fn arm(&mut self, armed: &Armed) {
        if armed.fault.needs_strict_acquirer() {
            self.acquirer.be_strict();
        }
        match armed.fault.place() {
            FaultSide::Terminal => {
                for (terminal, _) in &mut self.terminals {
                    terminal.faults().add(armed.clone());
                }
            }
            FaultSide::Acquirer | FaultSide::Office => {
                self.acquirer.faults().add(armed.clone());
                self.acquirer(AcquirerEvent::Wake);
            }
            // This world's network has chances of its own.
            FaultSide::Wire => {}
        }
    }

    /// How often faults of this number struck.
    pub fn struck(&mut self, id: &str) -> u64 {
        let of = |faults: &Faults| {
            let mine = faults
                .list()
                .iter()
                .filter(|armed| armed.fault.about().id == id);
            mine.map(Armed::struck).sum::<u64>()
        };
        let terminals = self.terminals.iter_mut().map(|(own, _)| of(own.faults()));
        terminals.sum::<u64>() + of(self.acquirer.faults())
    }

    /// A terminal.
    #[must_use]
    pub fn terminal_at(&self, at: usize) -> Option<&TestTerminal> {
        self.terminals.get(at).map(|(terminal, _)| terminal)
    }

    /// The acquirer.
    #[must_use]
    pub const fn host(&self) -> &Acquirer {
        &self.acquirer
    }

    /// The terminals and the acquirer, when the world is over.
    #[must_use]
    pub fn into_ends(self) -> (Vec<TestTerminal>, Acquirer) {
        let terminals = self.terminals.into_iter().map(|(own, _)| own);
        (terminals.collect(), self.acquirer)
    }

    pub(super) fn far_frame(&mut self, conn: ConnId, frame: Bytes) {
        let Some(pipe) = self.wires.get_mut(conn) else {
            return;
        };
        if !pipe.far_open {
            pipe.lost = true;
            self.tape.was_lost(&frame);
            return;
        }
        match pipe.far {
            Far::Terminal(at) if self.terminals[at].1 == Some(conn) => {
                self.terminal(at, TerminalEvent::Frame(frame));
            }
            Far::Terminal(_) => {
                self.tape.was_lost(&frame);
            }
            Far::Acquirer => self.acquirer(AcquirerEvent::Frame(conn, frame)),
        }
    }

    pub(super) fn far_closed(&mut self, conn: ConnId) {
        let Some(pipe) = self.wires.get_mut(conn) else {
            return;
        };
        if !std::mem::replace(&mut pipe.far_open, false) {
            return;
        }
        match pipe.far {
            Far::Terminal(at) if self.terminals[at].1 == Some(conn) => {
                self.terminals[at].1 = None;
                self.terminal(at, TerminalEvent::Closed);
            }
            Far::Terminal(_) => {}
            Far::Acquirer => self.acquirer(AcquirerEvent::Closed(conn)),
        }
    }

    pub(super) fn connect_terminal(&mut self, at: usize) {
        let Some(machine) = &mut self.machine else {
            self.terminal(at, TerminalEvent::ConnectFailed);
            return;
        };
        let conn = self.wires.open(Far::Terminal(at));
        self.terminals[at].1 = Some(conn);
        machine.open_terminal(self.now, conn, ListenerId(0));
        self.terminal(at, TerminalEvent::Connected);
    }

    pub(super) fn terminal(&mut self, at: usize, event: TerminalEvent) {
        self.terminals[at].0.handle(self.now, event);
        while let Some(action) = self.terminals[at].0.poll_action() {
            match action {
                TerminalAction::Connect => {
                    self.later(Duration::from_micros(300), What::Connect(at))
                }
                TerminalAction::Send(frame) => {
                    if let Some(conn) = self.terminals[at].1 {
                        let arrives = self.wires.arrival(conn, Way::Near, self.now.mono);
                        self.at(arrives, What::NearFrame(conn, frame));
                    }
                }
                TerminalAction::Close { reset } => {
                    if let Some(conn) = self.terminals[at].1.take() {
                        self.hang_up(conn, reset);
                    }
                }
                TerminalAction::Print(_) => {}
            }
        }
    }

    /// A far end closes its connection.
    pub(super) fn hang_up(&mut self, conn: ConnId, reset: bool) {
        if let Some(pipe) = self.wires.get_mut(conn) {
            pipe.far_open = false;
        }
        let at = self.wires.arrival(conn, Way::Near, self.now.mono);
        self.at(at, What::NearClosed(conn, reset));
    }

    pub(super) fn acquirer(&mut self, event: AcquirerEvent) {
        self.acquirer.handle(self.now, event);
        while let Some(action) = self.acquirer.poll_action() {
            match action {
                AcquirerAction::Send { conn, frame } => {
                    let arrives = self.wires.arrival(conn, Way::Near, self.now.mono);
                    self.at(arrives, What::NearFrame(conn, frame));
                }
                AcquirerAction::Close { conn, reset } => self.hang_up(conn, reset),
                AcquirerAction::Listen(listens) => self.listening = listens,
                AcquirerAction::Lost(frame) => {
                    if !self.tape.was_lost(&frame) {
                        self.tape.came(self.now, Far::Acquirer, &frame, true);
                    }
                }
            }
        }
    }
}
