//! The network: connections that keep order, take time, close, and lose what was on its way.

use crate::engine::record::ConnId;
use crate::engine::seam::{Dice, Mono};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who sits at the far end of a connection; the gateway is at the near one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Far {
    /// A terminal, by its place.
    Terminal(usize),
    /// The acquirer.
    Acquirer,
}

/// Towards which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the gateway.
    Near,
    /// To the terminal or acquirer.
    Far,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) far: Far,
    pub(super) near_open: bool,
    pub(super) far_open: bool,
    /// Something written by the gateway met a closed far end: the gateway will see a reset.
    pub(super) lost: bool,
    /// The last arrival each way, since order is kept.
    last: [Mono; 2],
}

/// All connections that ever were.
#[derive(Debug)]
pub(super) struct Wires {
    pipes: BTreeMap<ConnId, Pipe>,
    next: u64,
    latency: Duration,
    dice: Dice,
}

impl Wires {
    pub(super) const fn new(latency: Duration, dice: Dice) -> Self {
        Self {
            pipes: BTreeMap::new(),
            next: 0,
            latency,
            dice,
        }
    }

    pub(super) fn open(&mut self, far: Far) -> ConnId {
        self.next += 1;
        let id = ConnId(self.next);
        let pipe = Pipe {
            far,
            near_open: true,
            far_open: true,
            lost: false,
            last: [Mono(0); 2],
        };
        self.pipes.insert(id, pipe);
        id
    }

    pub(super) fn get(&self, id: ConnId) -> Option<&Pipe> {
        self.pipes.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Pipe> {
        self.pipes.get_mut(&id)
    }

    /// When something that leaves now arrives: after everything that left before it.
    pub(super) fn arrival(&mut self, id: ConnId, way: Way, now: Mono) -> Mono {
        let most = u64::try_from(self.latency.as_micros()).unwrap_or(u64::MAX);
        let at = now + Duration::from_micros(self.dice.between(1, most.max(1)));
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return at;
        };
        let last = &mut pipe.last[usize::from(way == Way::Far)];
        *last = at.max(*last + Duration::from_micros(1));
        *last
    }

    /// Those whose near end is open, with their far ends.
    pub(super) fn near_open(&self) -> Vec<(ConnId, Far)> {
        let open = self.pipes.iter().filter(|(_, pipe)| pipe.near_open);
        open.map(|(id, pipe)| (*id, pipe.far)).collect()
    }
}
