//! Bytes as hexadecimal digits and back.

/// A byte as two upper-case digits.
#[inline]
pub(super) const fn pair(byte: u8) -> [u8; 2] {
    [digit(byte >> 4), digit(byte & 0xF)]
}

#[inline]
const fn digit(nibble: u8) -> u8 {
    let past_nine = if nibble > 9 { b'A' - b'9' - 1 } else { 0 };
    nibble.wrapping_add(b'0').wrapping_add(past_nine)
}

/// Upper-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; bytes.len().saturating_mul(2)];
    write_pairs(bytes, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}

/// Appends upper-case hex.
pub(super) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start.saturating_add(bytes.len().saturating_mul(2)), 0);
    write_pairs(bytes, out.get_mut(start..).unwrap_or_default());
}

fn write_pairs(bytes: &[u8], digits: &mut [u8]) {
    let (places, _) = digits.as_chunks_mut();
    for (place, byte) in places.iter_mut().zip(bytes) {
        *place = pair(*byte);
    }
}

/// Appends bytes from hex, or tells the place of the first character that is none.
pub(super) fn push_unhex(text: &str, out: &mut Vec<u8>) -> Result<(), usize> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let start = out.len();
    out.resize(start.saturating_add(pairs.len()), 0);
    let places = out.get_mut(start..).unwrap_or_default();
    let mut wrong = 0;
    for (place, [high, low]) in places.iter_mut().zip(pairs) {
        let (high, low) = (value(*high), value(*low));
        *place = high << 4 | low & 0xF;
        wrong |= high | low;
    }
    if wrong == NONE {
        return Err(first_non_hex(text));
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(text.chars().count().saturating_sub(1))
    }
}

/// The place, in characters, of the first that is no hex digit.
#[cold]
fn first_non_hex(text: &str) -> usize {
    let wrong = text.chars().position(|c| !c.is_ascii_hexdigit());
    wrong.unwrap_or_default()
}

/// Stands for the value of what is no digit: all bits.
const NONE: u8 = 0xFF;

#[inline]
fn value(digit: u8) -> u8 {
    VALUES.get(usize::from(digit)).copied().unwrap_or(NONE)
}

/// The value of each hex digit, of either case.
#[expect(
    clippy::indexing_slicing,
    reason = "every place is below 256, and all of it happens at compile time"
)]
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut nibble = 0u8;
    while nibble < 16 {
        let digit = digit(nibble);
        values[digit as usize] = nibble;
        values[digit.to_ascii_lowercase() as usize] = nibble;
        nibble = nibble.wrapping_add(1);
    }
    values
};

/// Bytes from hex; the place of the first character that is none, if any.
pub(super) fn unhex(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    push_unhex(text, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_comes_back_in_either_case() {
        assert_eq!(hex(&[0x00, 0xAF, 0x12]), "00AF12");
        assert_eq!(unhex("00aF12"), Ok(vec![0x00, 0xAF, 0x12]));
    }

    #[test]
    fn what_is_no_hex_is_told_by_its_place() {
        assert_eq!(unhex("00G0"), Err(2));
        assert_eq!(unhex("0\u{e9}00"), Err(1));
        assert_eq!(unhex("000"), Err(2));
    }
}
