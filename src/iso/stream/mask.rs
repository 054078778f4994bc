//! Frames fit to be handed on: card numbers become others that look alike, what else is sensitive
//! is overwritten in place.

use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, FieldId, Secret, card_among, is_luhn};
use crate::iso::spec::{FieldContent, Spec};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How many digits of a card number stay: the first six and the last four.
const SHOWN: (usize, usize) = (6, 4);
/// Shorter numbers would give too much away.
const SHORTEST_SHOWN: usize = 13;
/// Digits of what may be a card number where none is expected.
const CARD_LENGTHS: RangeInclusive<usize> = 13..=19;
/// Fields that name a message and are never a card: processing code, amount, times, numbers, codes,
/// terminal, merchant, currency, MAC. Any of them might look like one by chance.
const NAMES: [u8; 14] = [3, 4, 7, 11, 12, 13, 37, 38, 39, 41, 42, 49, 64, 128];

/// Masks frames. Under one seed the same card always becomes the same other one, of the same
/// length, with the same first six and last four digits, and a right check digit. PIN blocks,
/// tracks, expiry dates, cardholder data of chips, and fields that the dialect does not know are
/// overwritten with zeros; lengths stay, and a MAC stays as it is. What looks like a card number in
/// any other field becomes another one, too, though it may have been none.
#[derive(Clone)]
pub struct FrameMask {
    hash: Hmac<Sha256>,
}

impl std::fmt::Debug for FrameMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameMask").finish_non_exhaustive()
    }
}

impl FrameMask {
    /// Under a seed. Whoever knows it can find the card numbers again by trying.
    #[must_use]
    pub fn new(seed: &[u8]) -> Self {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&Sha256::digest(seed));
        Self {
            hash: Hmac::new(&key.into()),
        }
    }

    /// The frame, masked. Of one that cannot be read at all only the length is left; of one that
    /// can be read in part only what names it.
    #[must_use]
    pub fn mask(&self, spec: &Arc<Spec>, frame: &Bytes) -> Bytes {
        let nothing = || Bytes::from(vec![0; frame.len()]);
        let Ok(message) = Message::read(spec, frame.clone()) else {
            return nothing();
        };
        let Ok(redacted) = message.redact() else {
            return nothing();
        };
        if message.fault().is_some() {
            return redacted.frame;
        }
        // What cannot be written anew is not handed on.
        self.with_cards(spec, &message, &redacted.frame)
            .unwrap_or_else(nothing)
    }

    /// The redacted frame with other card numbers in the places of the true ones.
    fn with_cards(&self, spec: &Arc<Spec>, message: &Message, redacted: &Bytes) -> Option<Bytes> {
        let mut masked = Message::parse(spec, redacted.clone()).ok()?;
        let (number, track) = (FieldId::of(2), FieldId::of(35));
        if let Some(card) = message.text(number).filter(|card| !card.is_empty()) {
            masked.set(number, &self.card(&card)).ok()?;
        }
        if let Some(text) = message.text(track)
            && let Some(end) = text.find(['=', 'D'])
        {
            let (card, rest) = text.split_at(end);
            // The separator stays, what follows it does not.
            let rest = rest
                .chars()
                .enumerate()
                .map(|(at, c)| if at == 0 { c } else { '0' });
            let other: String = self.card(card).chars().chain(rest).collect();
            masked.set(track, &other).ok()?;
        }
        let names: Bitmap = NAMES
            .map(FieldId::of)
            .into_iter()
            .chain([number, track])
            .collect();
        for field in masked.fields().without(names).iter() {
            let other = self.without_cards(&masked, field);
            if let Some(other) = other {
                masked.set(field, &other).ok()?;
            }
        }
        masked.build().ok()
    }

    /// The text of a field with other numbers for what looks like a card in it; `None` if nothing
    /// does.
    fn without_cards(&self, message: &Message, field: FieldId) -> Option<String> {
        let text = message.text(field)?;
        let content = message.spec().field(field)?.layout.content;
        let packed = self.replaced(&text);
        if content != FieldContent::Binary {
            return packed;
        }
        // Bytes may hold a card packed, or as characters.
        let hex = packed.as_deref().unwrap_or(&text);
        let bytes = Secret::from_hex(hex)?;
        let characters: String = bytes
            .reveal()
            .iter()
            .map(|byte| char::from(*byte))
            .collect();
        match self.replaced(&characters) {
            Some(other) => Some(
                other
                    .chars()
                    .map(|c| format!("{:02X}", u32::from(c)))
                    .collect(),
            ),
            None => packed,
        }
    }

    fn replaced(&self, text: &str) -> Option<String> {
        let mut all: Vec<char> = text.chars().collect();
        let digit = |c: &char| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
        let digits: Vec<u8> = all.iter().map(|c| digit(c).unwrap_or(u8::MAX)).collect();
        let mut from = 0;
        while let Some(found) = card_among(digits.get(from..)?, CARD_LENGTHS) {
            let place = from.saturating_add(found.start)..from.saturating_add(found.end);
            let card: String = all.get(place.clone())?.iter().collect();
            let places = all.get_mut(place.clone())?;
            for (old, new) in places.iter_mut().zip(self.card(&card).chars()) {
                *old = new;
            }
            from = place.end;
        }
        (from > 0).then(|| all.into_iter().collect())
    }

    /// The card number that stands for another one.
    #[must_use]
    pub fn card(&self, number: &str) -> String {
        let mut digits: Vec<u8> = number
            .bytes()
            .map(|digit| digit.wrapping_sub(b'0'))
            .collect();
        if digits.iter().any(|digit| *digit > 9) {
            return "0".repeat(digits.len());
        }
        let hidden = match digits.len() {
            length if length < SHORTEST_SHOWN => 0..length,
            length => SHOWN.0..length.saturating_sub(SHOWN.1),
        };
        let before = Secret::new(digits.clone());
        let dice = self.hash.clone().chain_update(number.as_bytes());
        let dice = dice.finalize().into_bytes();
        let places = digits.get_mut(hidden.clone()).unwrap_or_default();
        for (digit, byte) in places.iter_mut().zip(dice.iter().cycle()) {
            *digit = byte % 10;
        }
        set_check(&mut digits, hidden.end);
        if digits == before.reveal()
            && let Some(first) = digits.get_mut(hidden.start)
        {
            *first = (*first + 1) % 10;
            set_check(&mut digits, hidden.end);
        }
        digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }
}

/// Sets the digit before `end` so that the check digit of the whole is right (Luhn).
fn set_check(digits: &mut [u8], end: usize) {
    let Some(place) = end.checked_sub(1) else {
        return;
    };
    for digit in 0..10 {
        if let Some(at) = digits.get_mut(place) {
            *at = digit;
        }
        if is_luhn(digits) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_becomes_another_that_looks_alike_and_always_the_same() {
        let mask = FrameMask::new(b"seed");
        for card in [
            "6226090000000048",
            "4111111111111111",
            "6216261639764851924",
            "4222222222222",
        ] {
            let other = mask.card(card);
            assert_eq!(other, mask.card(card));
            assert_ne!(other, card);
            assert_eq!(other.len(), card.len());
            assert_eq!(other[..6], card[..6]);
            assert_eq!(other[other.len() - 4..], card[card.len() - 4..]);
            let digits: Vec<u8> = other.bytes().map(|digit| digit - b'0').collect();
            assert!(is_luhn(&digits), "{other}");
            assert_ne!(FrameMask::new(b"other").card(card), other);
        }
    }

    #[test]
    fn short_and_odd_numbers_show_nothing() {
        let mask = FrameMask::new(b"seed");
        assert_eq!(mask.card("62260A9"), "0000000");
        let short = mask.card("622609000048");
        assert_eq!(short.len(), 12);
        assert!(!short.starts_with("622609"), "{short}");
    }

    #[test]
    fn a_frame_keeps_its_form_and_loses_its_secrets() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mut message = Message::new(&spec, "0200".parse().unwrap());
        for (field, text) in [
            (2, "6226090000000048"),
            (4, "000000088800"),
            (11, "100175"),
            (35, "6226090000000048D30121010000031303"),
            (41, "10421695"),
            (52, "1122334455667788"),
            (64, "A1B2C3D4E5F60718"),
        ] {
            message.set(FieldId::of(field), text).unwrap();
        }
        let frame = message.build().unwrap();
        let mask = FrameMask::new(b"seed");
        let masked = mask.mask(&spec, &frame);
        assert_eq!(masked.len(), frame.len());
        let read = Message::parse(&spec, masked).unwrap();
        let text = |field: u8| read.text(FieldId::of(field)).unwrap().into_owned();
        let card = mask.card("6226090000000048");
        assert_eq!(text(2), card);
        assert_eq!(text(35), format!("{card}D00000000000000000"));
        assert_eq!(text(52), "0000000000000000");
        assert_eq!(
            [text(4), text(11), text(41), text(64)],
            ["000000088800", "100175", "10421695", "A1B2C3D4E5F60718"]
        );
    }

    #[test]
    fn a_card_where_none_is_expected_is_masked_too() {
        let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
        let card = "5413330089010434";
        let mut message = Message::new(&spec, "0200".parse().unwrap());
        let spelt: String = card.bytes().map(|byte| format!("{byte:02X}")).collect();
        for (field, text) in [
            (4, "000000088800".to_owned()),
            (42, format!("{:15}", "413330089010434")),
            (43, format!("{:40}", format!("SHOP {card}"))),
            (44, card.to_owned()),
            (54, format!("0001{card}X")),
            (55, format!("9F1A020156{card}{spelt}")),
        ] {
            message.set(FieldId::of(field), &text).unwrap();
        }
        let frame = message.build().unwrap();
        let mask = FrameMask::new(b"seed");
        let masked = mask.mask(&spec, &frame);
        assert_eq!(masked.len(), frame.len());
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<String>()
        };
        assert!(hex(&frame).contains(&spelt) && hex(&frame).contains(card));
        assert!(!hex(&masked).contains(&spelt) && !hex(&masked).contains(card));
        let read = Message::parse(&spec, masked).unwrap();
        let shop = read.text(FieldId::of(43)).unwrap();
        assert!(
            shop.starts_with(&format!("SHOP {}", mask.card(card))),
            "{shop}"
        );
        assert_eq!(
            read.text(FieldId::of(42)).as_deref(),
            Some("413330089010434")
        );
    }

    #[test]
    fn of_what_cannot_be_read_only_the_length_is_left() {
        let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
        let frame = Bytes::from_static(b"card 6226090000000048=3012101");
        let masked = FrameMask::new(b"seed").mask(&spec, &frame);
        assert!(masked.iter().all(|byte| *byte == 0));
        assert_eq!(masked.len(), frame.len());
    }
}
