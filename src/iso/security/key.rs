//! DES keys of all lengths, ready to encrypt.

use crate::iso::message::Secret;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use std::fmt;
use std::sync::Arc;

/// A DES key of 8, 16 or 24 bytes: single DES, or triple DES with two or three keys. Parity bits
/// are neither checked nor set.
///
/// Clones share one expanded key, which is wiped with the last of them.
#[derive(Clone)]
pub struct Key(Arc<Expanded>);

/// The key schedule is kept: making it anew costs as much as half an encryption, and a `UnionPay`
/// MAC is only two encryptions.
struct Expanded {
    bytes: Secret,
    cipher: Cipher,
}

/// The cipher of a key's length.
pub(super) enum Cipher {
    Single(Des),
    Double(TdesEde2),
    Triple(TdesEde3),
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
    #[error(
        "the check value of the {0} key does not fit: was it wrapped under another master key?"
    )]
    CheckValue(&'static str),
}

impl Key {
    /// From its bytes.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        let cipher = match bytes.len() {
            8 => Des::new_from_slice(bytes).map(Cipher::Single),
            16 => TdesEde2::new_from_slice(bytes).map(Cipher::Double),
            _ => TdesEde3::new_from_slice(bytes).map(Cipher::Triple),
        };
        let Ok(cipher) = cipher else {
            return Err(KeyError::Length);
        };
        Ok(Self(Arc::new(Expanded {
            bytes: Secret::new(bytes.to_vec()),
            cipher,
        })))
    }

    /// From hex digits.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn from_hex(hex: &str) -> Result<Self, KeyError> {
        let bytes = Secret::from_hex(hex).ok_or(KeyError::Length)?;
        Self::new(bytes.reveal())
    }

    /// The bytes in clear. Only where a key file is written or another cipher is set up.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        self.0.bytes.reveal()
    }

    /// The first four bytes of encrypting eight zero bytes.
    #[must_use]
    pub fn check_value(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.encrypt([0; 8]);
        [a, b, c, d]
    }

    /// One block encrypted, with single or triple DES as the key's length says.
    #[must_use]
    pub fn encrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let mut block = block.into();
        match self.cipher() {
            Cipher::Single(des) => des.encrypt_block(&mut block),
            Cipher::Double(tdes) => tdes.encrypt_block(&mut block),
            Cipher::Triple(tdes) => tdes.encrypt_block(&mut block),
        }
        block.into()
    }

    /// One block decrypted.
    #[must_use]
    pub fn decrypt(&self, block: [u8; 8]) -> [u8; 8] {
        let mut block = block.into();
        match self.cipher() {
            Cipher::Single(des) => des.decrypt_block(&mut block),
            Cipher::Double(tdes) => tdes.decrypt_block(&mut block),
            Cipher::Triple(tdes) => tdes.decrypt_block(&mut block),
        }
        block.into()
    }

    /// ECB decryption of another key under this one. What comes out is right only if its check
    /// value is.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn unwrap_key(&self, cryptogram: &[u8]) -> Result<Self, KeyError> {
        let (blocks, []) = cryptogram.as_chunks() else {
            return Err(KeyError::Length);
        };
        let clear = Secret::new(
            blocks
                .iter()
                .flat_map(|block| self.decrypt(*block))
                .collect(),
        );
        Self::new(clear.reveal())
    }

    /// ECB encryption of `key` under this key.
    #[must_use]
    pub fn wrap_key(&self, key: &Self) -> Vec<u8> {
        key.reveal()
            .as_chunks()
            .0
            .iter()
            .flat_map(|block| self.encrypt(*block))
            .collect()
    }

    pub(super) fn cipher(&self) -> &Cipher {
        &self.0.cipher
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.0.bytes.len())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn key(hex: &str) -> Key {
        Key::from_hex(hex).unwrap()
    }

    /// Inputs of chfenix/iso8583 `TestUtil`; clear key and check value computed independently.
    #[test]
    fn a_pin_key_comes_out_from_under_its_master_key() {
        let tmk = key("44444444444444444444444444444444");
        let cryptogram = key("84C5491C3834928E7B26B5409A942BCF");
        let pik = tmk.unwrap_key(cryptogram.reveal()).unwrap();
        assert_eq!(pik, key("4567C298FB0B045DAB54BF499E10EFCD"));
        assert_eq!(pik.check_value(), [0x6E, 0xB8, 0xE4, 0xEE]);
        assert_eq!(tmk.wrap_key(&pik), cryptogram.reveal());
    }

    #[test]
    fn equal_parts_make_triple_des_single() {
        let single = key("0123456789ABCDEF");
        // FIPS 81, "Now is t" in ECB.
        let cryptogram = [0x3F, 0xA4, 0x0E, 0x8A, 0x98, 0x4D, 0x48, 0x15];
        for parts in 1..=3 {
            let key = Key::new(&single.reveal().repeat(parts)).unwrap();
            assert_eq!(key.encrypt(*b"Now is t"), cryptogram);
            assert_eq!(key.decrypt(cryptogram), *b"Now is t");
        }
    }

    #[test]
    fn only_keys_of_des_lengths_are_taken() {
        for wrong in [
            "",
            "00",
            "0123456789ABCDE",
            "0123456789ABCDEG",
            "0123456789ABCDE\u{e9}",
        ] {
            assert_eq!(Key::from_hex(wrong), Err(KeyError::Length), "{wrong}");
        }
        for length in (0..40).filter(|length| ![8, 16, 24].contains(length)) {
            assert_eq!(
                Key::new(&vec![1; length]),
                Err(KeyError::Length),
                "{length}"
            );
            let under = key("0123456789ABCDEF").unwrap_key(&vec![1; length]);
            assert_eq!(under, Err(KeyError::Length), "{length}");
        }
        assert_eq!(key("0123456789abcdef"), key("0123456789ABCDEF"));
    }

    #[test]
    fn a_key_shows_its_length_only() {
        assert_eq!(format!("{:?}", key("0123456789ABCDEF")), "Key(8 bytes)");
    }
}
