//! PIN blocks.

use super::Key;
use crate::iso::message::Secret;
use zeroize::Zeroizing;

/// A clear PIN block of ISO 9564-1 format 0: `0`, length, PIN, filled with `F`; XORed with the
/// twelve card digits left of the check digit if `pan` is given. Without it, the first half alone,
/// for cards whose number the host cannot know (`UnionPay` DE 53 digit 1 = 1).
///
/// `None` unless the PIN has 4 to 12 digits and the card number is made of digits.
#[must_use]
pub fn pin_block(pin: &str, pan: Option<&str>) -> Option<[u8; 8]> {
    if !(4..=12).contains(&pin.len()) {
        return None;
    }
    let mut nibbles = Zeroizing::new([0xF; 16]);
    nibbles[0] = 0;
    nibbles[1] = u8::try_from(pin.len()).ok()?;
    for (nibble, digit) in nibbles[2..].iter_mut().zip(pin.bytes()) {
        *nibble = decimal(digit)?;
    }
    Some(xor(pack(&nibbles), card_part(pan)?))
}

/// The PIN of a clear block that [`pin_block`] could have made with the same card number.
#[must_use]
pub fn pin_of_block(clear: [u8; 8], pan: Option<&str>) -> Option<Secret> {
    let clear = Zeroizing::new(xor(clear, card_part(pan)?));
    let nibbles = Zeroizing::new(clear.map(|byte| [byte >> 4, byte & 0xF]));
    let [0, length, rest @ ..] = nibbles.as_flattened() else {
        return None;
    };
    let (pin, fill) = rest.split_at_checked(usize::from(*length))?;
    let sound = (4..=12).contains(length)
        && pin.iter().all(|digit| *digit <= 9)
        && fill.iter().all(|nibble| *nibble == 0xF);
    sound.then(|| Secret::new(pin.iter().map(|digit| b'0' + digit).collect()))
}

/// Encrypts a clear PIN block under the PIN key.
#[must_use]
pub fn encrypt_pin_block(key: &Key, clear: [u8; 8]) -> [u8; 8] {
    key.encrypt(clear)
}

/// Decrypts the PIN block of DE 52 under the PIN key.
#[must_use]
pub fn decrypt_pin_block(key: &Key, cryptogram: [u8; 8]) -> [u8; 8] {
    key.decrypt(cryptogram)
}

/// `0000` and the twelve digits left of the check digit; shorter numbers are filled with zeros from
/// the left. Zero without a card number.
fn card_part(pan: Option<&str>) -> Option<[u8; 8]> {
    let mut nibbles = Zeroizing::new([0; 16]);
    if let Some(pan) = pan {
        let (_check, digits) = pan.as_bytes().split_last()?;
        for (nibble, digit) in nibbles[4..].iter_mut().rev().zip(digits.iter().rev()) {
            *nibble = decimal(*digit)?;
        }
    }
    Some(pack(&nibbles))
}

fn decimal(digit: u8) -> Option<u8> {
    digit.is_ascii_digit().then(|| digit - b'0')
}

fn pack(nibbles: &[u8; 16]) -> [u8; 8] {
    std::array::from_fn(|at| nibbles[2 * at] << 4 | nibbles[2 * at + 1])
}

fn xor(a: [u8; 8], b: [u8; 8]) -> [u8; 8] {
    (u64::from_be_bytes(a) ^ u64::from_be_bytes(b)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// adelosa/cardutil, `tests/test_pinblock.py`.
    #[test]
    fn format_0_binds_the_pin_to_the_card() {
        let clear = pin_block("1234", Some("1111222233334444")).unwrap();
        assert_eq!(clear, 0x0412_26DD_DCCC_CBBB_u64.to_be_bytes());
        let key = Key::new(&[0; 16]).unwrap();
        let cryptogram = encrypt_pin_block(&key, clear);
        assert_eq!(cryptogram, 0x4C09_06D1_0308_871A_u64.to_be_bytes());
        let clear = decrypt_pin_block(&key, cryptogram);
        let pin = pin_of_block(clear, Some("1111222233334444")).unwrap();
        assert_eq!(pin.reveal(), b"1234");
    }

    /// Rule of chfenix/iso8583 and `CaoEnXin/LiaoYang_POS`, computed independently.
    #[test]
    fn union_pay_has_six_digits_with_and_without_the_card_number() {
        let with = pin_block("123456", Some("6216261000000000018"));
        assert_eq!(with, Some(0x0612_2456_FFFF_FFFE_u64.to_be_bytes()));
        let without = pin_block("123456", None);
        assert_eq!(without, Some(0x0612_3456_FFFF_FFFF_u64.to_be_bytes()));
    }

    #[test]
    fn every_length_comes_back_and_no_other_is_taken() {
        for length in 0..=16 {
            let pin = &"9876543210987654"[..length];
            for pan in [None, Some("6226090000000048"), Some("42")] {
                let back = pin_block(pin, pan).and_then(|block| pin_of_block(block, pan));
                let right = (4..=12).contains(&length).then_some(pin.as_bytes());
                assert_eq!(back.as_ref().map(Secret::reveal), right, "{length}");
            }
        }
    }

    #[test]
    fn letters_and_an_empty_card_number_are_refused() {
        assert_eq!(pin_block("12E4", None), None);
        for wrong in ["", "62260900000000A8"] {
            assert_eq!(pin_block("1234", Some(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_block_of_another_card_or_form_gives_no_pin() {
        let block = pin_block("123456", Some("6216261000000000018")).unwrap();
        assert_eq!(pin_of_block(block, Some("6226090000000048")), None);
        for wrong in [
            0x1412_34FF_FFFF_FFFF_u64,
            0x0312_3FFF_FFFF_FFFF,
            0x0412_34FF_FFFF_FFF0,
        ] {
            assert_eq!(pin_of_block(wrong.to_be_bytes(), None), None, "{wrong:X}");
        }
    }
}
