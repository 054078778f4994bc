//! What might be a card number, though the dialect calls it something else. A message that is read
//! by the wrong dialect has its card number anywhere; of a broken one nothing is shown that could
//! be one.

use crate::iso::message::card_among;

/// Digits of the card numbers in use (ISO/IEC 7812-1; `UnionPay` cards have 16 to 19).
const LENGTHS: std::ops::RangeInclusive<usize> = 15..=19;

/// Whether a value, as text or hex of bytes, may hold a card number: as characters, packed two
/// digits a byte, or as characters in bytes that are shown as hex.
pub(super) fn may_hold_card(text: &str) -> bool {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(0)).collect();
    let packed: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xF])
        .collect();
    let digits = |bytes: &[u8]| -> Vec<u8> {
        let digit = |byte: &u8| byte.checked_sub(b'0').unwrap_or(u8::MAX);
        bytes.iter().map(digit).collect()
    };
    let unhexed = super::hex::hex(&bytes).unwrap_or_default();
    [digits(&bytes), packed, digits(&unhexed)]
        .iter()
        .any(|digits| card_among(digits, LENGTHS).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best known test card of `UnionPay`.
    const CARD: &str = "6216261000000000018";

    #[test]
    fn a_card_number_is_seen_however_it_is_written() {
        let packed = "\u{62}\u{16}\u{26}\u{10}\u{0}\u{0}\u{0}\u{0}\u{1}\u{8F}";
        let hex: String = CARD.bytes().map(|byte| format!("{byte:02X}")).collect();
        for text in [CARD, "06216261000000000018D3012", packed, &hex] {
            assert!(may_hold_card(text), "{text:?}");
        }
    }

    #[test]
    fn names_amounts_and_dates_are_no_card_numbers() {
        for text in [
            "874350357222471",
            "000000088800",
            "1122101112",
            "T0000001",
            "",
        ] {
            assert!(!may_hold_card(text), "{text}");
        }
    }
}
