//! The MACs of a capture, counted, and the wrong ones listed.

use crate::engine::observe::{MacFound, MacJudge};
use crate::engine::seam::Wall;
use crate::io::capture::CapturedKeys;
use crate::iso::codec::Message;
use crate::iso::message::{Mti, Stan, TerminalId};
use crate::iso::stream::{FlowId, FlowSide, SeenFrame};
use crate::lab::peer::MasterKeys;

/// So many wrong MACs are listed; beyond, they are only counted.
const WRONG: usize = 1_000;

/// The MACs of a capture.
#[derive(Debug)]
pub(super) struct MacCheck {
    keys: CapturedKeys,
    pub right: u64,
    /// Those that are wrong, as far as they are listed.
    pub wrong: Vec<WrongMac>,
    /// How many there are in all.
    pub wrong_count: u64,
    /// MACs of terminals whose keys are not known, and of messages with bytes overwritten or in
    /// doubt.
    pub unverified: u64,
}

/// A message whose MAC is wrong.
#[derive(Clone, Debug)]
pub(super) struct WrongMac {
    pub flow: FlowId,
    pub from: FlowSide,
    pub at: Wall,
    pub mti: Mti,
    pub terminal: Option<TerminalId>,
    pub stan: Option<Stan>,
}

impl MacCheck {
    pub(super) const fn new(masters: MasterKeys) -> Self {
        Self {
            keys: CapturedKeys::new(masters),
            right: 0,
            wrong: Vec::new(),
            wrong_count: 0,
            unverified: 0,
        }
    }

    /// Looks at a message, and takes the keys that it brings.
    pub(super) fn take(&mut self, frame: &SeenFrame, message: &Message, at: Wall) {
        match self.keys.judge(frame, message) {
            MacFound::Absent => {}
            MacFound::Right => self.right += 1,
            MacFound::Unverified => self.unverified += 1,
            MacFound::Wrong => {
                self.wrong_count += 1;
                if self.wrong.len() < WRONG {
                    self.wrong.push(WrongMac {
                        flow: frame.flow,
                        from: frame.from,
                        at,
                        mti: message.mti(),
                        terminal: message.terminal(),
                        stan: message.stan(),
                    });
                }
            }
        }
    }
}
