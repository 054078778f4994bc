//! What was seen, in figures, and what is found of MACs.

use crate::iso::codec::Message;
use crate::iso::stream::SeenFrame;
use core::fmt::Debug;

/// What was seen, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObserveCounts {
    /// Frames.
    pub frames: u64,
    /// Transactions that began.
    pub transactions: u64,
    /// Answers whose request was not seen, and messages that belong to nothing.
    pub unmatched: u64,
    /// Frames that cannot be read.
    pub unreadable: u64,
    /// Places where the capture lacks bytes, or where bytes are no frame.
    pub gaps: u64,
    /// Connections that had begun before the capture.
    pub midway: u64,
    /// MACs that are right.
    pub right_macs: u64,
    /// MACs that are wrong.
    pub wrong_macs: u64,
    /// MACs that could not be verified.
    pub unverified_macs: u64,
}

/// What is found of the MAC of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacFound {
    /// It has none.
    Absent,
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// Its key is not known, or some of its bytes are not.
    Unverified,
}

/// Whoever knows the keys under which the MACs of a capture were made.
pub trait MacJudge: Debug {
    /// Judges the next message, and takes the keys that it brings.
    fn judge(&mut self, frame: &SeenFrame, message: &Message) -> MacFound;
}

impl ObserveCounts {
    pub(super) const fn note_mac(&mut self, found: MacFound) {
        let count = match found {
            MacFound::Absent => return,
            MacFound::Right => &mut self.right_macs,
            MacFound::Wrong => &mut self.wrong_macs,
            MacFound::Unverified => &mut self.unverified_macs,
        };
        *count = count.saturating_add(1);
    }
}
