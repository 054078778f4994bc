//! What is sealed comes back to whoever holds its key, and to nobody else.

use super::*;

const CARD: &str = "6216261000000000018";

fn bytes(from: u8) -> [u8; 32] {
    std::array::from_fn(|at| from.wrapping_add(u8::try_from(at).unwrap()))
}

fn keys() -> VaultKeys {
    VaultKeys::new(&bytes(0), 494_000, &bytes(0))
}

fn vault() -> Vault {
    Vault::new(keys(), [0xA1, 0xA2, 0xA3, 0xA4])
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    Secret::new(bytes.to_vec()).reveal_hex().to_string()
}

/// Computed independently with Python's `hmac`.
#[test]
fn a_card_is_hashed_with_the_key() {
    let hash = vault().card_hash(&Pan::new(CARD.to_owned()));
    assert_eq!(hex(&hash), "2B8F13AD1C9884E417B2F7B09476F687");
    let other = Vault::new(VaultKeys::new(&bytes(1), 0, &bytes(0)), [0; 4]);
    assert_ne!(other.card_hash(&Pan::new(CARD.to_owned())), hash);
}

/// Computed independently with Python's `cryptography`.
#[test]
fn nonce_ciphertext_and_tag_stand_one_after_the_other() {
    let sealed = vault().seal(Seq(7), &secret(CARD));
    let (nonce, rest) = sealed.bytes.split_at(NONCE);
    assert_eq!(hex(nonce), "A1A2A3A40000000000000000");
    assert_eq!(
        hex(rest),
        "5021089642C689EB9A56829A4999590B448D7B02FAE5DFED1874319FC1A663668B1835"
    );
}

#[test]
fn what_was_sealed_opens_for_its_record_only() {
    let mut vault = vault();
    let sealed = vault.seal(Seq(7), &secret(CARD));
    assert_eq!(vault.open(Seq(7), &sealed), Some(secret(CARD)));
    assert_eq!(vault.open(Seq(8), &sealed), None);
}

#[test]
fn one_damaged_byte_anywhere_closes_it() {
    let mut vault = vault();
    let sealed = vault.seal(Seq(7), &secret(CARD));
    for at in 0..sealed.bytes.len() {
        let mut bytes = sealed.bytes.to_vec();
        *bytes.get_mut(at).unwrap() ^= 1;
        let damaged = Sealed {
            key: sealed.key,
            bytes: bytes.into(),
        };
        assert_eq!(vault.open(Seq(7), &damaged), None, "byte {at}");
        let short = Sealed {
            key: sealed.key,
            bytes: sealed.bytes.slice(..at),
        };
        assert_eq!(vault.open(Seq(7), &short), None, "{at} bytes");
    }
}

#[test]
fn no_nonce_comes_twice_under_one_key() {
    let mut seen = std::collections::BTreeSet::new();
    for run in 0..3 {
        let mut vault = Vault::new(keys(), [run; 4]);
        // The same record again and again, as after a crash that took it back.
        for _ in 0..3 {
            let sealed = vault.seal(Seq(1), &secret(CARD));
            assert!(seen.insert(*sealed.bytes.first_chunk::<NONCE>().unwrap()));
            let same = vault.keys().clone();
            vault.change_keys(same);
        }
    }
}

#[test]
fn the_newest_key_seals_and_the_others_still_open() {
    let mut vault = vault();
    let old = vault.seal(Seq(1), &secret(CARD));
    let mut keys = vault.keys().clone();
    assert!(keys.add(494_001, &bytes(9)));
    vault.change_keys(keys);
    let new = vault.seal(Seq(2), &secret(CARD));
    assert_eq!([old.key, new.key], [494_000, 494_001]);
    assert!(vault.open(Seq(1), &old).is_some() && vault.open(Seq(2), &new).is_some());
}

#[test]
fn when_its_key_is_gone_nothing_opens_a_sealed_card() {
    let mut vault = vault();
    let sealed = vault.seal(Seq(1), &secret(CARD));
    let mut keys = vault.keys().clone();
    keys.add(494_001, &bytes(9));
    keys.forget_before(494_001);
    vault.change_keys(keys.clone());
    assert_eq!(vault.open(Seq(1), &sealed), None);
    // Not even with another key under the old name.
    keys.add(494_000, &bytes(9));
    vault.change_keys(keys);
    assert_eq!(vault.open(Seq(1), &sealed), None);
}

#[test]
fn the_key_in_use_is_neither_replaced_nor_forgotten() {
    let mut keys = keys();
    assert!(!keys.add(494_000, &bytes(9)));
    keys.forget_before(u32::MAX);
    assert_eq!(keys, self::keys());
    assert_eq!(keys.newest(), 494_000);
}

#[test]
fn keys_read_as_they_were_written() {
    let mut keys = keys();
    keys.add(494_001, &bytes(9));
    let text = keys.to_toml();
    assert_eq!(VaultKeys::from_toml(&text), Ok(keys));
    assert!(text.starts_with('#') && text.contains("[card_hash]\nkey = \"00010203"));
}

#[test]
fn a_wrong_file_of_keys_is_refused_by_line_and_shows_nothing() {
    let good = "[card_hash]\nkey = \"HASH\"\n[[data]]\nid = 5\nkey = \"DATA\"\n"
        .replace("HASH", &hex(&bytes(0)))
        .replace("DATA", &hex(&bytes(9)));
    assert!(VaultKeys::from_toml(&good).is_ok());
    let data_key = hex(&bytes(9));
    let (short, _) = data_key.split_at(62);
    for (old, new, line) in [
        ("id = 5", "id = \"5\"", 4),
        ("id = 5", "hour = 5", 4),
        (&*data_key, short, 5),
        (&*data_key, "\\", 5),
        ("\"09", "09", 5),
    ] {
        let error = VaultKeys::from_toml(&good.replace(old, new)).unwrap_err();
        assert_eq!(error, VaultKeysError::Form { line }, "{new}");
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("0A0B") && shown.contains("64 hex digits"),
            "{shown}"
        );
    }
    let twice = format!("{good}[[data]]\nid = 5\nkey = \"{data_key}\"\n");
    assert_eq!(
        VaultKeys::from_toml(&twice),
        Err(VaultKeysError::Twice { id: 5 })
    );
    let (none, _) = good.split_at(good.find("[[data]]").unwrap());
    assert_eq!(VaultKeys::from_toml(none), Err(VaultKeysError::NoDataKey));
}

#[test]
fn neither_vault_nor_keys_show_a_byte() {
    let shown = format!("{:?} {:?}", vault(), keys());
    assert!(
        shown.contains("494000") && shown.contains("(32 secret bytes)"),
        "{shown}"
    );
    assert!(
        !shown.contains("[0, 1, 2") && !shown.contains("000102"),
        "{shown}"
    );
}
