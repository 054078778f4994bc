//! What passed at the gateway's two sides, and what was lost on its way, in order.

use super::wire::Far;
use crate::engine::record::Hop;
use crate::engine::seam::Now;
use bytes::Bytes;

/// One frame on its way.
#[derive(Clone, Debug)]
pub struct Passage {
    /// When it passed the gateway, or would have left for it.
    pub at: Now,
    /// From whom to whom.
    pub hop: Hop,
    /// Which terminal it came from or went to.
    pub terminal: Option<usize>,
    /// The frame, without length prefix.
    pub frame: Bytes,
    /// It never arrived.
    pub lost: bool,
}

/// The passages of a world, if anybody wants them.
#[derive(Debug, Default)]
pub(super) struct Tape {
    runs: bool,
    passages: Vec<Passage>,
}

impl Tape {
    pub(super) const fn new(runs: bool) -> Self {
        Self {
            runs,
            passages: Vec::new(),
        }
    }

    /// A frame came to the gateway, or was lost on its way there.
    pub(super) fn came(&mut self, at: Now, from: Far, frame: &Bytes, lost: bool) {
        self.note(
            at,
            from,
            [Hop::TerminalToGateway, Hop::AcquirerToGateway],
            frame,
            lost,
        );
    }

    /// A frame left the gateway.
    pub(super) fn left(&mut self, at: Now, to: Far, frame: &Bytes) {
        self.note(
            at,
            to,
            [Hop::GatewayToTerminal, Hop::GatewayToAcquirer],
            frame,
            false,
        );
    }

    fn note(&mut self, at: Now, far: Far, hops: [Hop; 2], frame: &Bytes, lost: bool) {
        if !self.runs {
            return;
        }
        let (terminal, hop) = match far {
            Far::Terminal(terminal) => (Some(terminal), hops[0]),
            Far::Acquirer => (None, hops[1]),
        };
        self.passages.push(Passage {
            at,
            hop,
            terminal,
            frame: frame.clone(),
            lost,
        });
    }

    /// A frame that had left did not arrive. Whether it is known to have left.
    pub(super) fn was_lost(&mut self, frame: &Bytes) -> bool {
        let gone = |passage: &&mut Passage| {
            let left = [Hop::GatewayToTerminal, Hop::GatewayToAcquirer].contains(&passage.hop);
            left && !passage.lost && passage.frame == *frame
        };
        let found = self.passages.iter_mut().rev().find(gone);
        found.map(|passage| passage.lost = true).is_some()
    }

    /// What passed since the last call.
    pub(super) fn take(&mut self) -> Vec<Passage> {
        std::mem::take(&mut self.passages)
    }
}
