//! The working keys of a terminal's session, at the system under test and in the capture, and what
//! is made with them: MACs and PIN blocks.

use super::recent::Recent;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Secret};
use crate::iso::security::{
    WorkingKeys, brought_keys, decrypt_pin_block, encrypt_pin_block, pin_block, pin_of_block,
};
use crate::lab::peer::MasterKeys;

/// Terminals whose keys are remembered; another one signs on anew.
const MOST: usize = 16_384;
/// The PIN block.
const PIN: FieldId = FieldId::of(52);

/// A terminal's session with the system under test.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplaySession {
    pub keys: Option<WorkingKeys>,
    /// Whether a sign-on of our own was tried.
    pub tried: bool,
}

/// The sessions of all terminals.
#[derive(Debug)]
pub(super) struct ReplaySessions {
    now: Recent<ReplaySession>,
    captured: Recent<WorkingKeys>,
}

impl ReplaySessions {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            now: Recent::new(MOST, seed),
            captured: Recent::new(MOST, seed),
        }
    }

    pub(super) fn of(&mut self, message: &Message) -> &mut ReplaySession {
        self.now.or_default(&terminal_of(message))
    }

    /// Takes the keys that an answer of the system under test brings.
    pub(super) fn brought(&mut self, answer: &Message, request: &Message, keys: &MasterKeys) {
        if let Some(keys) = keys_in(answer, request, keys) {
            self.of(request).keys = Some(keys);
        }
    }

    /// Takes the keys that a captured answer brought.
    pub(super) fn captured(&mut self, answer: &Message, request: &Message, keys: &MasterKeys) {
        if let Some(keys) = keys_in(answer, request, keys) {
            self.captured.put(terminal_of(request), keys);
        }
    }

    /// The captured keys of the terminal of a request.
    pub(super) fn captured_keys(&self, request: &Message) -> Option<WorkingKeys> {
        self.captured.get(&terminal_of(request)).cloned()
    }

    /// The PIN in a captured request, if the captured keys give it away.
    pub(super) fn captured_pin(&self, request: &Message) -> Option<Secret> {
        let keys = self.captured.get(&terminal_of(request))?;
        let block = Secret::from_hex(&request.text(PIN)?)?;
        let clear = decrypt_pin_block(&keys.pin, block.reveal().try_into().ok()?);
        let pan = request.pan();
        let bound = pan.and_then(|pan| pin_of_block(clear, Some(pan.reveal())));
        bound.or_else(|| pin_of_block(clear, None))
    }
}

/// Writes the PIN block of a request; whether it could be made.
pub(super) fn put_pin(message: &mut Message, pin: &Secret, keys: &WorkingKeys) -> bool {
    let put = || {
        let pan = message.pan();
        let digits = std::str::from_utf8(pin.reveal()).ok()?;
        let clear = pin_block(digits, pan.as_ref().map(|pan| pan.reveal()))?;
        let block = u64::from_be_bytes(encrypt_pin_block(&keys.pin, clear));
        Some(format!("{block:016X}"))
    };
    put().is_some_and(|block| message.set(PIN, &block).is_ok())
}

fn keys_in(answer: &Message, request: &Message, keys: &MasterKeys) -> Option<WorkingKeys> {
    let (merchant, terminal) = (request.merchant()?, request.terminal()?);
    brought_keys(answer, &keys.of(&merchant, &terminal)?)
}

/// Whose message it is: DE 41 and 42.
pub(super) fn terminal_of(message: &Message) -> String {
    let text = |number| message.text(FieldId::of(number)).unwrap_or_default();
    format!("{}|{}", text(41).trim(), text(42).trim())
}
