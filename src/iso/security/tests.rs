//! The published MACs, keys and PIN blocks that stand beside the dialects.

use super::mac::hex_halves;
use super::{Key, encrypt_pin_block, mac, pin_block};
use crate::iso::message::Secret;
use crate::iso::spec::MacAlgorithm;
use serde::Deserialize;

#[derive(Deserialize)]
struct SecurityVectors {
    sample: Vec<SecuritySample>,
}

#[derive(Deserialize)]
struct SecuritySample {
    title: String,
    unwrap: Option<Unwrap>,
    mac: Option<MacOf>,
    text: Option<TextOf>,
    pin: Option<PinOf>,
}

#[derive(Deserialize)]
struct Unwrap {
    master: String,
    wrapped: String,
    clear: String,
    check: Option<String>,
}

#[derive(Deserialize)]
struct MacOf {
    algorithm: MacAlgorithm,
    key: String,
    data: String,
    mac: String,
}

#[derive(Deserialize)]
struct TextOf {
    block: String,
    mac: String,
}

#[derive(Deserialize)]
struct PinOf {
    clear_pin: String,
    card: Option<String>,
    block: String,
    key: Option<String>,
    encrypted: Option<String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    Secret::from_hex(hex).unwrap().reveal().to_vec()
}

fn key(hex: &str) -> Key {
    Key::from_hex(hex).unwrap()
}

fn vectors() -> Vec<SecuritySample> {
    let text = include_str!("../../../proto-specs/vectors/security.toml");
    toml::from_str::<SecurityVectors>(text).unwrap().sample
}

#[test]
fn keys_come_out_from_under_their_masters() {
    for SecuritySample { title, unwrap, .. } in vectors() {
        let Some(Unwrap {
            master,
            wrapped,
            clear,
            check,
        }) = unwrap
        else {
            continue;
        };
        let found = key(&master).unwrap_key(&bytes(&wrapped)).unwrap();
        assert_eq!(found, key(&clear), "{title}");
        if let Some(check) = check {
            assert_eq!(found.encrypt([0; 8])[..4], bytes(&check), "{title}");
        }
    }
}

#[test]
fn macs_are_as_published() {
    for SecuritySample {
        title,
        mac: made,
        text,
        ..
    } in vectors()
    {
        if let Some(given) = made {
            let made = mac(given.algorithm, &key(&given.key), &bytes(&given.data));
            assert_eq!(made[..], bytes(&given.mac), "{title}");
        }
        if let Some(TextOf { block, mac }) = text {
            let number = u64::from_str_radix(&block, 16).unwrap();
            let [first, _] = hex_halves(number);
            assert_eq!(first.to_be_bytes()[..], bytes(&mac), "{title}");
        }
    }
}

#[test]
fn pin_blocks_are_as_published() {
    for SecuritySample { title, pin, .. } in vectors() {
        let Some(given) = pin else { continue };
        let clear = pin_block(&given.clear_pin, given.card.as_deref()).unwrap();
        assert_eq!(clear[..], bytes(&given.block), "{title}");
        if let Some((under, wanted)) = given.key.zip(given.encrypted) {
            let hidden = encrypt_pin_block(&key(&under), clear);
            assert_eq!(hidden[..], bytes(&wanted), "{title}");
        }
    }
}
