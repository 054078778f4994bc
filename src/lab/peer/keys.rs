//! The master keys of test terminals, which both ends and the gateway between them know.

use crate::iso::security::Key;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Master keys (TMK) of test terminals: those listed, and for all others, if there is a seed, one
/// derived from it, or one for all. For labs only: a seed is no secret.
#[derive(Clone, Debug, Default)]
pub struct MasterKeys {
    listed: BTreeMap<(String, String), Key>,
    seed: Option<u64>,
    default: Option<Key>,
}

impl MasterKeys {
    /// Every terminal has a double-length key of its own, derived from the seed.
    #[must_use]
    pub const fn derived(seed: u64) -> Self {
        Self {
            listed: BTreeMap::new(),
            seed: Some(seed),
            default: None,
        }
    }

    /// These, by DE 42 and DE 41, and for all others the default if there is one.
    #[must_use]
    pub fn listed(
        keys: impl IntoIterator<Item = (String, String, Key)>,
        default: Option<Key>,
    ) -> Self {
        let keys = keys.into_iter();
        Self {
            listed: keys
                .map(|(merchant, terminal, key)| ((merchant, terminal), key))
                .collect(),
            seed: None,
            default,
        }
    }

    /// The key of one terminal.
    #[must_use]
    pub fn of(&self, merchant: &str, terminal: &str) -> Option<Key> {
        let name = (merchant.to_owned(), terminal.to_owned());
        let listed = self.listed.get(&name).cloned();
        let derived = || derive(self.seed?, merchant, terminal);
        listed.or_else(derived).or_else(|| self.default.clone())
    }
}

fn derive(seed: u64, merchant: &str, terminal: &str) -> Option<Key> {
    let name = format!("isogate lab TMK|{seed}|{merchant}|{terminal}");
    let digest = Sha256::digest(name.as_bytes());
    Key::new(digest.get(..16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_terminal_has_a_key_of_its_own_and_the_same_each_time() {
        let keys = MasterKeys::derived(7);
        let one = keys.of("M1", "T1").unwrap();
        assert_eq!(Some(&one), MasterKeys::derived(7).of("M1", "T1").as_ref());
        assert_ne!(Some(&one), keys.of("M1", "T2").as_ref());
        assert_ne!(Some(&one), MasterKeys::derived(8).of("M1", "T1").as_ref());
    }

    #[test]
    fn without_a_seed_listed_terminals_have_keys_and_others_the_default() {
        let key = Key::new(&[1; 16]).unwrap();
        let listed = || [("M1".into(), "T1".into(), key.clone())];
        let keys = MasterKeys::listed(listed(), None);
        assert_eq!(
            (keys.of("M1", "T1"), keys.of("M1", "T2")),
            (Some(key.clone()), None)
        );
        let default = Key::new(&[2; 16]).unwrap();
        let keys = MasterKeys::listed(listed(), Some(default.clone()));
        assert_eq!(
            (keys.of("M1", "T1"), keys.of("M1", "T2")),
            (Some(key), Some(default))
        );
    }
}
