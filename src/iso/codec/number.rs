//! Lengths as numbers: how each prefix encoding is read and written, side by side.

use crate::iso::spec::PrefixEncoding;

/// No length has more bytes; so many decimal or hexadecimal digits always fit a `usize`.
const MAX_BYTES: usize = 8;

/// The number that the bytes say; `None` if they are none, or too many.
#[inline]
pub(super) fn read(encoding: PrefixEncoding, bytes: &[u8]) -> Option<usize> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let push = |number: usize, base: usize, digit: u8| {
        number.wrapping_mul(base).wrapping_add(usize::from(digit))
    };
    let (mut number, mut is_number) = (0usize, true);
    match encoding {
        PrefixEncoding::Ascii | PrefixEncoding::Ebcdic => {
            let zero = zero(encoding);
            for byte in bytes {
                let digit = byte.wrapping_sub(zero);
                is_number &= digit <= 9;
                number = push(number, 10, digit);
            }
        }
        PrefixEncoding::Bcd => {
            for byte in bytes {
                let (high, low) = (byte >> 4, byte & 0xF);
                is_number &= (high <= 9) & (low <= 9);
                number = push(push(number, 10, high), 10, low);
            }
        }
        PrefixEncoding::Binary => {
            for byte in bytes {
                number = push(number, 256, *byte);
            }
        }
        PrefixEncoding::BinaryLe => {
            for byte in bytes.iter().rev() {
                number = push(number, 256, *byte);
            }
        }
        PrefixEncoding::Hex => {
            for byte in bytes {
                let digit = char::from(*byte)
                    .to_digit(16)
                    .and_then(|d| u8::try_from(d).ok());
                is_number &= digit.is_some();
                number = push(number, 16, digit.unwrap_or_default());
            }
        }
    }
    is_number.then_some(number)
}

/// The digit 0 in characters.
#[inline]
const fn zero(encoding: PrefixEncoding) -> u8 {
    match encoding {
        PrefixEncoding::Ebcdic => 0xF0,
        _ => b'0',
    }
}

/// Appends the number in so many bytes; `false` if they cannot say it.
pub(super) fn write(encoding: PrefixEncoding, bytes: u8, number: usize, out: &mut Vec<u8>) -> bool {
    let places = usize::from(bytes);
    let start = out.len();
    let mut rest = number;
    let mut digit = |base: usize| {
        let low = rest.checked_rem(base).unwrap_or_default();
        rest = rest.checked_div(base).unwrap_or_default();
        u8::try_from(low).unwrap_or_default()
    };
    // The last digit first; turned around at the end.
    for _ in 0..places {
        let byte = match encoding {
            PrefixEncoding::Ascii | PrefixEncoding::Ebcdic => zero(encoding) | digit(10),
            PrefixEncoding::Bcd => digit(10) | (digit(10) << 4),
            PrefixEncoding::Binary | PrefixEncoding::BinaryLe => digit(256),
            PrefixEncoding::Hex => {
                let low = usize::from(digit(16));
                b"0123456789ABCDEF".get(low).copied().unwrap_or_default()
            }
        };
        out.push(byte);
    }
    if encoding != PrefixEncoding::BinaryLe {
        out.get_mut(start..).unwrap_or_default().reverse();
    }
    rest == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(PrefixEncoding, u8, &[u8]); 6] = [
        (PrefixEncoding::Ebcdic, 4, &[0xF0, 0xF1, 0xF1, 0xF5]),
        (PrefixEncoding::Ascii, 4, b"0115"),
        (PrefixEncoding::Bcd, 2, &[0x01, 0x15]),
        (PrefixEncoding::Binary, 2, &[0x00, 0x73]),
        (PrefixEncoding::BinaryLe, 2, &[0x73, 0x00]),
        (PrefixEncoding::Hex, 4, b"0073"),
    ];

    #[test]
    fn what_is_written_is_read() {
        for (encoding, bytes, wire) in ALL {
            let mut out = Vec::new();
            assert!(write(encoding, bytes, 115, &mut out));
            assert_eq!(out, wire, "{encoding:?}");
            assert_eq!(read(encoding, wire), Some(115), "{encoding:?}");
        }
    }

    #[test]
    fn a_letter_is_no_digit_and_a_large_number_has_no_room() {
        assert_eq!(read(PrefixEncoding::Bcd, &[0x0A]), None);
        assert_eq!(read(PrefixEncoding::Ascii, b"1 "), None);
        assert!(!write(PrefixEncoding::Bcd, 1, 100, &mut Vec::new()));
        assert!(!write(PrefixEncoding::Binary, 1, 256, &mut Vec::new()));
    }
}
