//! Whether the MACs of a capture are right: under the working keys that its own sign-ons brought,
//! wrapped under master keys that are given.

use crate::engine::observe::{MacFound, MacJudge};
use crate::iso::codec::Message;
use crate::iso::message::{MerchantId, TerminalId};
use crate::iso::security::{WorkingKeys, brought_keys, verify};
use crate::iso::stream::SeenFrame;
use crate::lab::peer::MasterKeys;
use std::collections::BTreeMap;

/// So many terminals' keys are remembered; those of others are not known.
const TERMINALS: usize = 100_000;

/// Knows the keys of the terminals of a capture, as far as it saw them brought.
#[derive(Debug)]
pub struct CapturedKeys {
    masters: MasterKeys,
    sessions: BTreeMap<(MerchantId, TerminalId), WorkingKeys>,
}

impl CapturedKeys {
    /// None yet, for terminals with these master keys.
    #[must_use]
    pub const fn new(masters: MasterKeys) -> Self {
        Self {
            masters,
            sessions: BTreeMap::new(),
        }
    }

    fn found(&self, frame: &SeenFrame, message: &Message) -> MacFound {
        let rule = message.spec().flow().mac;
        if !rule.is_some_and(|rule| message.has(rule.field)) {
            return MacFound::Absent;
        }
        let name = message.merchant().zip(message.terminal());
        let keys = name.and_then(|name| self.sessions.get(&name));
        let is_whole = !frame.masked && message.fault().is_none();
        let verified = keys.filter(|_| is_whole);
        match verified.and_then(|keys| verify(message, &keys.mac)) {
            Some(true) => MacFound::Right,
            Some(false) => MacFound::Wrong,
            None => MacFound::Unverified,
        }
    }
}

impl MacJudge for CapturedKeys {
    fn judge(&mut self, frame: &SeenFrame, message: &Message) -> MacFound {
        let found = self.found(frame, message);
        let (Some(merchant), Some(terminal)) = (message.merchant(), message.terminal()) else {
            return found;
        };
        let master = self.masters.of(&merchant, &terminal);
        let brought = master.and_then(|master| brought_keys(message, &master));
        let has_room = self.sessions.len() < TERMINALS;
        if let Some(keys) = brought.filter(|_| has_room) {
            self.sessions.insert((merchant, terminal), keys);
        }
        found
    }
}
