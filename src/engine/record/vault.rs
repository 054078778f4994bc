//! The vault: what the journal keeps of cards, and only as long as somebody may need it.
//!
//! A card number stands in the journal masked and as a keyed hash, which joins the transactions of
//! one card without telling which (PCI DSS 3.5.1.1). Card number and expiry themselves are sealed
//! beside it, since a reversal may have to be rebuilt from the disk alone. The sealing key changes
//! by the hour; when no reversal of that hour can come any more its key is destroyed, and with it,
//! at one stroke, whatever it sealed. Track, PIN and card code never come here.
//!
//! Keys are made, stored and erased by whoever owns the file: see [`VaultKeys`].

mod keys;

pub use keys::{VaultKeys, VaultKeysError};

use super::{Sealed, Seq};
use crate::iso::message::{Pan, Secret};
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, AeadInOut, KeyInit, Payload};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;

const NONCE: usize = 12;
const TAG: usize = 16;

/// Seals with AES-256-GCM under the newest data key, opens with any that is still there, and hashes
/// card numbers with HMAC-SHA-256.
///
/// A nonce is the salt of this run and a counter, so that it stays unique even where a crash took
/// back records, and with them sequence numbers, that had been sealed under the same key.
pub struct Vault {
    keys: VaultKeys,
    hash: Hmac<Sha256>,
    data: BTreeMap<u32, Aes256Gcm>,
    salt: [u8; 4],
    sealed: u64,
}

impl Vault {
    /// `salt` is random, and new in each run that seals.
    ///
    /// # Panics
    /// Never: keys have the lengths of their ciphers.
    #[must_use]
    pub fn new(keys: VaultKeys, salt: [u8; 4]) -> Self {
        let hash = Hmac::new_from_slice(keys.card_hash().reveal()).expect("HMAC takes any length");
        let data = ciphers(&keys);
        Self {
            keys,
            hash,
            data,
            salt,
            sealed: 0,
        }
    }

    /// Goes on with other keys: a new hour's is there, old ones are gone. Write the file of the
    /// new keys first, so that nothing is sealed under a key that a crash could lose.
    pub fn change_keys(&mut self, keys: VaultKeys) {
        *self = Self {
            sealed: self.sealed,
            ..Self::new(keys, self.salt)
        };
    }

    /// The keys in use, from which the next ones are made.
    #[must_use]
    pub const fn keys(&self) -> &VaultKeys {
        &self.keys
    }

    /// The first half of HMAC-SHA-256 over the digits of a card number.
    #[must_use]
    pub fn card_hash(&self, pan: &Pan) -> [u8; 16] {
        let mut mac = self.hash.clone();
        mac.update(pan.reveal().as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        whole.first_chunk().copied().unwrap_or_default()
    }

    /// Seals bytes of the record `seq`; one record may have several.
    ///
    /// # Panics
    /// Beyond 64 GiB.
    #[must_use]
    pub fn seal(&mut self, seq: Seq, clear: &Secret) -> Sealed {
        let mut bytes = Vec::with_capacity(Self::sealed_len(clear));
        self.seal_into(seq, clear, &mut bytes);
        Sealed {
            key: self.newest(),
            bytes: bytes.into(),
        }
    }

    /// The data key that seals, by its hour.
    pub(super) fn newest(&self) -> u32 {
        self.keys.newest()
    }

    /// How many bytes sealed ones take.
    pub(super) fn sealed_len(clear: &Secret) -> usize {
        clear.len().saturating_add(NONCE + TAG)
    }

    /// As [`seal`](Self::seal), appended to other bytes.
    pub(super) fn seal_into(&mut self, seq: Seq, clear: &Secret, out: &mut Vec<u8>) {
        let nonce = self.next_nonce();
        let (_, cipher) = self.data.last_key_value().expect("a vault has a data key");
        out.extend(nonce);
        let start = out.len();
        out.extend(clear.reveal());
        let body = out.get_mut(start..).unwrap_or_default();
        let tag = cipher.encrypt_inout_detached(&nonce.into(), &bound(seq), body.into());
        out.extend(tag.expect("a patch is far below 64 GiB"));
    }

    /// Opens what was sealed for the record `seq`; `None` if its key is gone, the bytes were
    /// damaged, or they belong to another record.
    #[must_use]
    pub fn open(&self, seq: Seq, sealed: &Sealed) -> Option<Secret> {
        let cipher = self.data.get(&sealed.key)?;
        let (nonce, body) = sealed.bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: body,
            aad: &bound(seq),
        };
        cipher.decrypt(nonce.into(), payload).ok().map(Secret::new)
    }

    fn next_nonce(&mut self) -> [u8; NONCE] {
        let [a, b, c, d] = self.salt;
        let [e, f, g, h, i, j, k, l] = self.sealed.to_be_bytes();
        // No run seals 2^64 times.
        self.sealed = self.sealed.wrapping_add(1);
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

/// What ties sealed bytes to their record.
const fn bound(seq: Seq) -> [u8; 8] {
    seq.0.to_be_bytes()
}

fn ciphers(keys: &VaultKeys) -> BTreeMap<u32, Aes256Gcm> {
    keys.data()
        .map(|(id, key)| {
            let cipher = Aes256Gcm::new_from_slice(key.reveal());
            (id, cipher.expect("a data key has 32 bytes"))
        })
        .collect()
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
