//! MACs, PIN blocks, key blocks and check values; compositions of well-kept ciphers. Keys are wiped
//! when dropped and compared in constant time.

use crate::iso::codec::{BuildError, Message};
use crate::iso::message::Secret;
use crate::iso::spec::{KeyBlockForm, MacAlgorithm};

/// A DES key of 8, 16 or 24 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Secret);

/// The keys of one terminal's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingKeys {
    /// PIN key.
    pub pin: Key,
    /// MAC key.
    pub mac: Key,
    /// Track key.
    pub track: Option<Key>,
}

/// Why key material is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 8, 16 or 24 bytes, or not hex.
    #[error("a DES key has 8, 16 or 24 bytes, written as 16, 32 or 48 hex digits")]
    Length,
    /// The block's length does not fit its form.
    #[error("a key block of this form has {0} bytes")]
    BlockLength(usize),
    /// The check value does not fit the key: another master key wrapped it.
    #[error("the check value of the {0} key does not fit: was it wrapped under another master key?")]
    CheckValue(&'static str),
}

impl Key {
    /// From its bytes.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn new(_bytes: &[u8]) -> Result<Self, KeyError> {
        unimplemented!()
    }
    /// From hex digits.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn from_hex(_hex: &str) -> Result<Self, KeyError> {
        unimplemented!()
    }
    /// The first four bytes of encrypting eight zero bytes.
    #[must_use]
    pub fn check_value(&self) -> [u8; 4] {
        unimplemented!()
    }
    /// ECB decryption under this key.
    #[must_use]
    pub fn unwrap_key(&self, _cryptogram: &[u8]) -> Result<Key, KeyError> {
        unimplemented!()
    }
    /// ECB encryption of `key` under this key.
    #[must_use]
    pub fn wrap_key(&self, _key: &Key) -> Vec<u8> {
        unimplemented!()
    }
}

/// Unwraps the key block of a sign-on's answer.
///
/// # Errors
/// Length or check values do not fit.
pub fn unwrap_block(_tmk: &Key, _form: KeyBlockForm, _block: &[u8]) -> Result<WorkingKeys, KeyError> {
    unimplemented!()
}
/// Makes the key block of a sign-on's answer.
#[must_use]
pub fn wrap_block(_tmk: &Key, _form: KeyBlockForm, _keys: &WorkingKeys) -> Vec<u8> {
    unimplemented!()
}
/// The MAC over `data`, eight bytes as they stand in the message.
#[must_use]
pub fn mac(_algorithm: MacAlgorithm, _key: &Key, _data: &[u8]) -> [u8; 8] {
    unimplemented!()
}
/// Makes the spec's MAC over the message and sets its field. Does nothing if the spec has none.
///
/// # Errors
/// The message cannot be built.
pub fn seal(_message: &mut Message, _key: &Key) -> Result<(), BuildError> {
    unimplemented!()
}
/// Whether the message's MAC is right, compared in constant time; `None` if it carries none.
#[must_use]
pub fn verify(_message: &Message, _key: &Key) -> Option<bool> {
    unimplemented!()
}
/// An ISO format 0 PIN block (with card number) or the same first half alone (without).
#[must_use]
pub fn pin_block(_pin: &str, _pan: Option<&str>) -> Option<[u8; 8]> {
    unimplemented!()
}
/// Encrypts a clear PIN block under the PIN key.
#[must_use]
pub fn encrypt_pin_block(_key: &Key, _clear: [u8; 8]) -> [u8; 8] {
    unimplemented!()
}
