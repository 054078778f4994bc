//! The network of a planned world: connections that keep order, take a fixed time, and lose what
//! was on its way when they break. It counts what is under way, by attempt.

use crate::engine::record::ConnId;
use crate::engine::seam::Mono;
use std::collections::BTreeMap;
use std::time::Duration;

/// Who is at the far end of a connection; the gateway is at the near one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A terminal, and which of its lines.
    Terminal(u8, u8),
    /// An acquirer, by its link.
    Host(u8),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Pipe {
    pub peer: Peer,
    pub near_open: bool,
    pub far_open: bool,
    /// Something that the gateway wrote met a closed far end: the gateway will see a reset.
    pub lost: bool,
    /// What the gateway wrote after this moment never arrives.
    pub swallowed: Option<Mono>,
    last: [Mono; 2],
}

/// All connections that ever were.
#[derive(Debug, Default)]
pub(super) struct Pipes {
    all: BTreeMap<ConnId, Pipe>,
    next: u64,
    /// Frames under way, by the attempt that they are about; 0 for those of no known one.
    flying: BTreeMap<u32, u32>,
}

impl Pipes {
    pub(super) fn open(&mut self, peer: Peer) -> ConnId {
        self.next += 1;
        let pipe = Pipe {
            peer,
            near_open: true,
            far_open: true,
            lost: false,
            swallowed: None,
            last: [Mono(0); 2],
        };
        self.all.insert(ConnId(self.next), pipe);
        ConnId(self.next)
    }

    pub(super) fn get(&self, conn: ConnId) -> Option<&Pipe> {
        self.all.get(&conn)
    }

    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Pipe> {
        self.all.get_mut(&conn)
    }

    /// When something that leaves now arrives: after everything that left before.
    pub(super) fn arrival(
        &mut self,
        conn: ConnId,
        to_far: bool,
        at: Mono,
        takes: Duration,
    ) -> Mono {
        let arrives = at + takes;
        let Some(pipe) = self.all.get_mut(&conn) else {
            return arrives;
        };
        let last = &mut pipe.last[usize::from(to_far)];
        *last = arrives.max(*last + Duration::from_micros(1));
        *last
    }

    /// The connections whose near end is open.
    pub(super) fn near_open(&self) -> Vec<(ConnId, Peer)> {
        let open = self.all.iter().filter(|(_, pipe)| pipe.near_open);
        open.map(|(conn, pipe)| (*conn, pipe.peer)).collect()
    }

    /// Whether a connection to such a peer is open at the gateway.
    pub(super) fn any_open(&self, wanted: impl Fn(Peer) -> bool) -> bool {
        self.all
            .values()
            .any(|pipe| pipe.near_open && wanted(pipe.peer))
    }

    /// A frame left, about this attempt.
    pub(super) fn left(&mut self, about: u32) {
        *self.flying.entry(about).or_default() += 1;
    }

    /// A frame arrived, or was lost.
    pub(super) fn landed(&mut self, about: u32) {
        if let Some(count) = self.flying.get_mut(&about) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.flying.remove(&about);
            }
        }
    }

    /// Whether a frame about this attempt, or one of which nobody knows, is under way.
    pub(super) fn is_flying(&self, about: u32) -> bool {
        self.flying.contains_key(&about) || self.flying.contains_key(&0)
    }

    /// Whether nothing is under way.
    pub(super) fn are_still(&self) -> bool {
        self.flying.is_empty()
    }

    /// Forgets connections that are closed at both ends, so that days of them do not pile up.
    pub(super) fn sweep(&mut self) {
        self.all.retain(|_, pipe| pipe.near_open || pipe.far_open);
    }
}
