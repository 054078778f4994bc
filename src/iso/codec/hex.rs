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
    let mut digits = Vec::new();
    push_hex(bytes, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}

/// Appends upper-case hex.
pub(super) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start.saturating_add(bytes.len().saturating_mul(2)), 0);
    let (places, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut();
    for (place, byte) in places.iter_mut().zip(bytes) {
        *place = pair(*byte);
    }
}

/// Appends bytes from hex, or tells the place of the first character that is none.
pub(super) fn push_unhex(text: &str, out: &mut Vec<u8>) -> Result<(), usize> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    out.reserve(pairs.len());
    for (at, [high, low]) in pairs.iter().enumerate() {
        let pair = hex_digit(*high).zip(hex_digit(*low));
        let (high, low) = pair.ok_or_else(|| first_non_hex(text, at.saturating_mul(2)))?;
        out.push(high << 4 | low);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(text.chars().count().saturating_sub(1))
    }
}

/// The place, in characters, of what is no hex digit at or after a place in bytes.
fn first_non_hex(text: &str, from: usize) -> usize {
    let wrong = text.chars().position(|c| !c.is_ascii_hexdigit());
    wrong.unwrap_or(from)
}

#[inline]
const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

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
