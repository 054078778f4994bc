//! The near ends of connections: they take what they are told to take, and count the steps at which
//! a machine can die.

use crate::engine::driver::{ByteSink, Taken};
use crate::engine::record::ConnId;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// How much a connection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// All that comes.
    All,
    /// So many bytes more.
    Bytes(usize),
    /// Nothing ever again: it is broken.
    Broken,
}

/// What left over connections.
#[derive(Debug)]
pub(super) enum Carried {
    Bytes(ConnId, Bytes),
    End(ConnId),
}

/// The steps of a machine, and what left it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    steps: Cell<u64>,
    dies_at: Cell<Option<u64>>,
    dead: Cell<bool>,
    carried: RefCell<VecDeque<Carried>>,
}

impl Pace {
    /// One step more; false if the machine is dead, or dies of it.
    pub(super) fn step(&self) -> bool {
        let next = self.steps.get() + 1;
        if self.dies_at.get().is_some_and(|at| at <= next) {
            self.dead.set(true);
        }
        if !self.dead.get() {
            self.steps.set(next);
        }
        !self.dead.get()
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.dead.get()
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.get()
    }

    pub(super) fn die_at(&self, step: u64) {
        self.dies_at.set(Some(step));
    }

    /// Something leaves, if the machine lives.
    pub(super) fn carry(&self, carried: Carried) {
        if self.is_alive() {
            self.carried.borrow_mut().push_back(carried);
        }
    }

    pub(super) fn next(&self) -> Option<Carried> {
        self.carried.borrow_mut().pop_front()
    }

    /// The end of a connection is not told: its far end made it.
    pub(super) fn forget_end(&self, conn: ConnId) {
        let mut carried = self.carried.borrow_mut();
        carried.retain(|carried| !matches!(carried, Carried::End(own) if *own == conn));
    }
}

/// The near end of a connection.
#[derive(Debug)]
pub(super) struct Plug {
    conn: ConnId,
    takes: Cell<Takes>,
    pace: Rc<Pace>,
}

impl Plug {
    pub(super) const fn new(conn: ConnId, pace: Rc<Pace>) -> Self {
        Self {
            conn,
            takes: Cell::new(Takes::All),
            pace,
        }
    }

    pub(super) fn set(&self, takes: Takes) {
        self.takes.set(takes);
    }
}

impl ByteSink for Plug {
    type Error = ();

    fn take(&self, bytes: &[u8], _begun: usize) -> Taken<()> {
        let count = match self.takes.get() {
            Takes::All => bytes.len(),
            Takes::Bytes(left) => left.min(bytes.len()),
            Takes::Broken => return Taken::Broken(()),
        };
        if count == 0 || !self.pace.step() {
            return Taken::Full;
        }
        if let Takes::Bytes(left) = self.takes.get() {
            self.takes.set(Takes::Bytes(left - count));
        }
        let taken = Bytes::copy_from_slice(bytes.get(..count).unwrap_or_default());
        self.pace.carry(Carried::Bytes(self.conn, taken));
        Taken::Bytes(count)
    }
}
