//! Frames cut from bytes one after the other, each read by a dialect.

use super::evidence;
use crate::iso::codec::{Framer, Message};
use crate::iso::spec::{Framing, Spec};
use bytes::Bytes;
use std::sync::Arc;

/// What came of following a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// Bytes passed over before the first frame.
    pub skipped: usize,
    /// Frames read to their end.
    pub frames: usize,
    /// Bytes of those.
    pub read: usize,
    /// Bytes of the longest of them.
    longest: usize,
    /// Bytes of a last frame that is cut off.
    pub tail: usize,
    /// Frames that were not read to their end.
    pub failed: usize,
    /// What is doubtful in those that were.
    pub warnings: usize,
    /// How plausible they are, of a hundred each.
    plausible: usize,
}

/// No message of the field is longer.
pub(super) const LONGEST: usize = 8192;

impl Chain {
    pub(super) fn add(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.skipped, other.skipped),
            (&mut self.frames, other.frames),
            (&mut self.read, other.read),
            (&mut self.tail, other.tail),
            (&mut self.failed, other.failed),
            (&mut self.warnings, other.warnings),
            (&mut self.plausible, other.plausible),
        ] {
            *own = own.saturating_add(more);
        }
        self.longest = self.longest.max(other.longest);
    }

    /// Of a hundred; `None` if nothing was read.
    pub(super) fn confidence(&self, whole: usize) -> Option<u8> {
        // A stream that begins within a frame begins with less than a frame.
        let passed = self.skipped.min(self.longest);
        let looked = whole.saturating_sub(passed).saturating_sub(self.tail);
        let covered = self.read.saturating_mul(100).checked_div(looked)?.min(100);
        let plausible = self.plausible.checked_div(self.frames)?;
        let all = covered
            .saturating_mul(6)
            .saturating_add(plausible.saturating_mul(4))
            / 10;
        // Where a frame fails, all that was read may be chance.
        let all = if self.failed > 0 { all / 2 } else { all };
        // What was passed over is not explained.
        let all = if self.skipped > 0 {
            all.saturating_sub(4)
        } else {
            all
        };
        u8::try_from(all.min(99)).ok()
    }

    fn is_whole(&self, bytes: usize) -> bool {
        let end = self
            .skipped
            .saturating_add(self.read)
            .saturating_add(self.tail);
        self.failed == 0 && self.frames > 0 && end == bytes
    }
}

/// Reads a piece as what begins here, or, if it is a stream, at one of these places.
pub(super) fn follow(
    spec: &Arc<Spec>,
    framing: Option<Framing>,
    piece: &[u8],
    starts: &[usize],
) -> Chain {
    let Some(framing) = framing else {
        let mut chain = Chain::default();
        chain.take(spec, piece, piece.len());
        return chain;
    };
    let framer = Framer::framed(framing, LONGEST);
    let first = from(spec, framer, piece, 0);
    if first.is_whole(piece.len()) {
        return first;
    }
    let mut later = starts.iter().map(|at| from(spec, framer, piece, *at));
    let found = later.find(|chain| chain.is_whole(piece.len()));
    found.unwrap_or(first)
}

fn from(spec: &Arc<Spec>, framer: Framer, piece: &[u8], at: usize) -> Chain {
    let mut chain = Chain {
        skipped: at,
        ..Chain::default()
    };
    let mut rest = piece.get(at..).unwrap_or_default();
    while !rest.is_empty() {
        match framer.place(rest) {
            Ok(Some(place)) if place.end <= rest.len() => {
                let frame = rest.get(place.clone()).unwrap_or_default();
                // A length of zero keeps a connection alive, and proves nothing.
                let fine = !frame.is_empty() && chain.take(spec, frame, place.end);
                if !fine && !frame.is_empty() {
                    return chain;
                }
                rest = rest.get(place.end.max(1)..).unwrap_or_default();
            }
            Ok(_) => {
                chain.tail = rest.len();
                return chain;
            }
            Err(_) => {
                chain.failed = chain.failed.saturating_add(1);
                return chain;
            }
        }
    }
    chain
}

impl Chain {
    /// Reads one frame; whether it could be.
    fn take(&mut self, spec: &Arc<Spec>, frame: &[u8], bytes: usize) -> bool {
        let Ok(message) = Message::parse(spec, Bytes::copy_from_slice(frame)) else {
            self.failed = self.failed.saturating_add(1);
            return false;
        };
        let evidence = evidence::of(&message);
        self.frames = self.frames.saturating_add(1);
        self.read = self.read.saturating_add(bytes);
        self.longest = self.longest.max(bytes);
        self.warnings = self.warnings.saturating_add(evidence.doubts);
        self.plausible = self.plausible.saturating_add(evidence.plausible);
        true
    }
}
