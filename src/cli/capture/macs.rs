//! Whether the MACs of a capture are right: under the working keys that its own sign-ons brought,
//! wrapped under master keys that a file gives.

use crate::engine::seam::Wall;
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, Mti, Stan, TerminalId};
use crate::iso::security::{WorkingKeys, brought_keys, verify};
use crate::iso::stream::{FlowId, FlowSide, SeenFrame};
use crate::lab::peer::MasterKeys;
use std::collections::BTreeMap;

/// So many terminals' keys are remembered; those of others are not known.
const TERMINALS: usize = 100_000;
/// So many wrong MACs are listed; beyond, they are only counted.
const WRONG: usize = 1_000;

/// The MACs of a capture.
#[derive(Debug)]
pub(super) struct MacCheck {
    masters: MasterKeys,
    sessions: BTreeMap<(MerchantId, TerminalId), WorkingKeys>,
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
            masters,
            sessions: BTreeMap::new(),
            right: 0,
            wrong: Vec::new(),
            wrong_count: 0,
            unverified: 0,
        }
    }

    /// Looks at a message, and takes the keys that it brings.
    pub(super) fn take(&mut self, frame: &SeenFrame, message: &Message, at: Wall) {
        let rule = message.spec().flow().mac;
        if rule.is_some_and(|rule| message.has(rule.field)) {
            self.check(frame, message, at);
        }
        let (Some(merchant), Some(terminal)) = (message.merchant(), message.terminal()) else {
            return;
        };
        let master = self.masters.of(&merchant, &terminal);
        let brought = master.and_then(|master| brought_keys(message, &master));
        let has_room = self.sessions.len() < TERMINALS;
        if let Some(keys) = brought.filter(|_| has_room) {
            self.sessions.insert((merchant, terminal), keys);
        }
    }

    fn check(&mut self, frame: &SeenFrame, message: &Message, at: Wall) {
        let (terminal, stan) = (message.terminal(), message.stan());
        let name = message.merchant().zip(terminal);
        let keys = name.and_then(|name| self.sessions.get(&name));
        let is_whole = !frame.masked && message.fault().is_none();
        match keys
            .filter(|_| is_whole)
            .and_then(|keys| verify(message, &keys.mac))
        {
            Some(true) => self.right += 1,
            None => self.unverified += 1,
            Some(false) => {
                self.wrong_count += 1;
                if self.wrong.len() < WRONG {
                    self.wrong.push(WrongMac {
                        flow: frame.flow,
                        from: frame.from,
                        at,
                        mti: message.mti(),
                        terminal,
                        stan,
                    });
                }
            }
        }
    }
}
