//! The EBCDIC code pages 037, 500 and 1047 against Latin-1. Each is a permutation of it, so that
//! every byte has a character and every character its byte. Checked against the tables of two
//! independent converters.

use crate::iso::spec::Encoding;

/// A code page: Latin-1 by EBCDIC byte, and the other way around.
#[derive(Debug)]
pub(super) struct Page {
    latin: [u8; 256],
    bytes: [u8; 256],
}

static CP037: Page = Page::new(&[]);
static CP500: Page = Page::new(&[
    (0x4A, b'['),
    (0x4F, b'!'),
    (0x5A, b']'),
    (0x5F, b'^'),
    (0xB0, 0xA2),
    (0xBA, 0xAC),
    (0xBB, b'|'),
]);
static CP1047: Page = Page::new(&[
    (0x5F, b'^'),
    (0xAD, b'['),
    (0xB0, 0xAC),
    (0xBA, 0xDD),
    (0xBB, 0xA8),
    (0xBD, b']'),
]);

/// Code page 037, from which the others differ in a few places.
const LATIN_OF_037: &[u8; 512] = b"\
    000102039C09867F978D8E0B0C0D0E0F101112139D8508871819928F1C1D1E1F\
    80818283840A171B88898A8B8C050607909116939495960498999A9B14159E1A\
    20A0E2E4E0E1E3E5E7F1A22E3C282B7C26E9EAEBE8EDEEEFECDF21242A293BAC\
    2D2FC2C4C0C1C3C5C7D1A62C255F3E3FF8C9CACBC8CDCECFCC603A2340273D22\
    D8616263646566676869ABBBF0FDFEB1B06A6B6C6D6E6F707172AABAE6B8C6A4\
    B57E737475767778797AA1BFD0DDDEAE5EA3A5B7A9A7B6BCBDBE5B5DAFA8B4D7\
    7B414243444546474849ADF4F6F2F3F57D4A4B4C4D4E4F505152B9FBFCF9FAFF\
    5CF7535455565758595AB2D4D6D2D3D530313233343536373839B3DBDCD9DA9F";

/// The Latin-1 character of each byte of an EBCDIC code page; `None` if the encoding is none.
#[must_use]
pub fn latin_of_page(encoding: Encoding) -> Option<&'static [u8; 256]> {
    Page::of(encoding).map(|page| &page.latin)
}

impl Page {
    /// Of an encoding that is EBCDIC.
    #[inline]
    pub(super) fn of(encoding: Encoding) -> Option<&'static Self> {
        match encoding {
            Encoding::Cp037 => Some(&CP037),
            Encoding::Cp500 => Some(&CP500),
            Encoding::Cp1047 => Some(&CP1047),
            _ => None,
        }
    }

    /// The Latin-1 character of a byte.
    #[inline]
    pub(super) fn latin(&self, byte: u8) -> u8 {
        self.latin
            .get(usize::from(byte))
            .copied()
            .unwrap_or_default()
    }

    /// The byte of a Latin-1 character.
    #[inline]
    pub(super) fn byte(&self, latin: u8) -> u8 {
        self.bytes
            .get(usize::from(latin))
            .copied()
            .unwrap_or_default()
    }

    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "every place is below 256, and all of it happens at compile time"
    )]
    const fn new(differences: &[(u8, u8)]) -> Self {
        let mut latin = [0; 256];
        let mut place = 0;
        while place < 256 {
            let high = nibble(LATIN_OF_037[place * 2]);
            latin[place] = high << 4 | nibble(LATIN_OF_037[place * 2 + 1]);
            place += 1;
        }
        let mut at = 0;
        while at < differences.len() {
            let (byte, character) = differences[at];
            latin[byte as usize] = character;
            at += 1;
        }
        let mut bytes = [0; 256];
        place = 0;
        while place < 256 {
            bytes[latin[place] as usize] = place as u8;
            place += 1;
        }
        Self { latin, bytes }
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "the table has hex digits only; it is read at compile time"
)]
const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_in_every_code_page() {
        for page in [&CP037, &CP500, &CP1047] {
            for byte in 0..=255 {
                assert_eq!(page.byte(page.latin(byte)), byte);
                assert_eq!(page.latin(page.byte(byte)), byte);
            }
        }
    }

    #[test]
    fn known_words_read_as_converters_read_them() {
        // As the codecs of Python (037, 500) and of iconv (1047) say.
        let word = |page: &Page, bytes: &[u8]| -> String {
            bytes
                .iter()
                .map(|byte| char::from(page.latin(*byte)))
                .collect()
        };
        assert_eq!(
            word(&CP037, &[0xF0, 0xF9, 0xC1, 0x89, 0x40, 0x7E]),
            "09Ai ="
        );
        assert_eq!(
            word(&CP037, &[0xBA, 0xBB, 0x5A, 0x4F, 0xB0, 0x4A]),
            "[]!|^\u{a2}"
        );
        assert_eq!(word(&CP500, &[0x4A, 0x5A, 0x4F, 0xBB, 0x5F]), "[]!|^");
        assert_eq!(word(&CP1047, &[0xAD, 0xBD, 0x5A, 0x4F, 0x5F]), "[]!|^");
    }
}
