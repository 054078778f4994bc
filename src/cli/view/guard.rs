//! What might be a card number, though the dialect calls it something else. A message that is read
//! by the wrong dialect has its card number anywhere; of a broken one nothing is shown that could
//! be one.

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
    let unhexed = crate::cli::input::hex(&bytes).unwrap_or_default();
    [digits(&bytes), packed, digits(&unhexed)]
        .iter()
        .any(|digits| has_card(digits))
}

/// Whether somewhere in these digits (what is above nine is none) stands a card number: it begins
/// as cards of payment schemes do, and its check digit is right.
fn has_card(digits: &[u8]) -> bool {
    let mut runs = digits.split(|digit| *digit > 9);
    runs.any(|run| {
        LENGTHS.into_iter().any(|length| {
            let mut windows = run.windows(length);
            windows.any(is_card)
        })
    })
}

fn is_card(digits: &[u8]) -> bool {
    // Characters that are digits, taken for packed ones, have a 3 in every second place.
    let is_text = |first: usize| {
        digits
            .iter()
            .skip(first)
            .step_by(2)
            .all(|digit| *digit == 3)
    };
    let begins = matches!(digits.first(), Some(3..=6));
    begins && is_luhn(digits) && !is_text(0) && !is_text(1)
}

/// ISO/IEC 7812-1 annex B.
fn is_luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| match digit * 2 {
        sum @ 10.. => sum - 9,
        sum => sum,
    };
    let weigh = |(at, digit): (usize, &u8)| match at % 2 {
        0 => u32::from(*digit),
        _ => u32::from(doubled(*digit)),
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
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
