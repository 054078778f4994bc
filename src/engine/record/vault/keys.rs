//! The keys of the vault, and their file.

use crate::iso::message::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const HEAD: &str = "\
# The keys of a journal. Keep them out of its folder, and readable by their owner only.
# Without [card_hash] cards cannot be found by number; without the data key of its hour a
# sealed card number is gone for good, as it should be once no reversal needs it.
";

/// The card hash key, and one data key or more, named by the hour since 1970 that they are made
/// for. The newest seals. Wiped when dropped.
///
/// Nothing here is random: key bytes are handed in, from the operating system or a test's seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultKeys {
    card_hash: Secret,
    data: BTreeMap<u32, Secret>,
}

/// Why a file of keys is refused. Never holds a byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultKeysError {
    /// Not the form of the file.
    #[error(
        "vault keys, line {line}: expected [card_hash] with key = \"64 hex digits\", and for each \
         data key [[data]] with id = HOUR and key = \"64 hex digits\""
    )]
    Form {
        /// From 1.
        line: usize,
    },
    /// There is nothing to seal with.
    #[error(
        "vault keys: there is no data key; add [[data]] with id = HOUR and key = \"64 hex digits\""
    )]
    NoDataKey,
    /// Two data keys have one name.
    #[error("vault keys: two data keys have id {id}; keep the one that sealed, remove the other")]
    Twice {
        /// The name.
        id: u32,
    },
}

impl VaultKeys {
    /// A card hash key, and a first data key made for `hour`.
    #[must_use]
    pub fn new(card_hash: &[u8; 32], hour: u32, key: &[u8; 32]) -> Self {
        let data = BTreeMap::from([(hour, Secret::new(key.to_vec()))]);
        Self {
            card_hash: Secret::new(card_hash.to_vec()),
            data,
        }
    }

    /// Adds the data key of another hour. If the hour has one already, that stays, since something
    /// may be sealed under it, and the answer is false.
    pub fn add(&mut self, hour: u32, key: &[u8; 32]) -> bool {
        let free = !self.data.contains_key(&hour);
        if free {
            self.data.insert(hour, Secret::new(key.to_vec()));
        }
        free
    }

    /// Destroys the data keys of the hours before `hour`. The newest stays in any case: it is in
    /// use until the next one comes.
    pub fn forget_before(&mut self, hour: u32) {
        self.data = self.data.split_off(&hour.min(self.newest()));
    }

    /// The hour of the data key that seals.
    ///
    /// # Panics
    /// Never: there is always one.
    #[must_use]
    pub fn newest(&self) -> u32 {
        *self
            .data
            .last_key_value()
            .expect("there is always a data key")
            .0
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`VaultKeysError`].
    pub fn from_toml(text: &str) -> Result<Self, VaultKeysError> {
        let file: KeysFile = toml::from_str(text).map_err(|error| at_line(text, &error))?;
        let mut data = BTreeMap::new();
        for DataKey { id, key } in file.data {
            if data.insert(id, key.0).is_some() {
                return Err(VaultKeysError::Twice { id });
            }
        }
        if data.is_empty() {
            return Err(VaultKeysError::NoDataKey);
        }
        Ok(Self {
            card_hash: file.card_hash.key.0,
            data,
        })
    }

    /// The file's text, oldest data key first.
    #[must_use]
    pub fn to_toml(&self) -> Zeroizing<String> {
        // Room for all from the start: a string that grows leaves what it held behind.
        let room = self.data.len().saturating_add(2).saturating_mul(128);
        let mut text = Zeroizing::new(String::with_capacity(HEAD.len().saturating_add(room)));
        text.push_str(HEAD);
        text.extend([
            "\n[card_hash]\nkey = \"",
            &self.card_hash.reveal_hex(),
            "\"\n",
        ]);
        for (hour, key) in &self.data {
            text.extend(["\n[[data]]\nid = ", &hour.to_string()]);
            text.extend(["\nkey = \"", &key.reveal_hex(), "\"\n"]);
        }
        text
    }

    pub(super) const fn card_hash(&self) -> &Secret {
        &self.card_hash
    }

    pub(super) fn data(&self) -> impl Iterator<Item = (u32, &Secret)> {
        self.data.iter().map(|(hour, key)| (*hour, key))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    card_hash: HashKey,
    #[serde(default)]
    data: Vec<DataKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashKey {
    key: Bytes32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataKey {
    id: u32,
    key: Bytes32,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Bytes32(Secret);

impl TryFrom<String> for Bytes32 {
    type Error = &'static str;

    fn try_from(hex: String) -> Result<Self, Self::Error> {
        let bytes = Secret::from_hex(&Zeroizing::new(hex)).filter(|bytes| bytes.len() == 32);
        bytes.map(Self).ok_or("a key has 64 hex digits")
    }
}

/// Only the line is kept: the parser's own words quote the file, and the file is all keys.
fn at_line(text: &str, error: &toml::de::Error) -> VaultKeysError {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    VaultKeysError::Form {
        line: before.matches('\n').count().saturating_add(1),
    }
}
