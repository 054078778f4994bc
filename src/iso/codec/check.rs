//! Whether bytes are what a field may hold, eight at a time.

use super::ebcdic::Page;
use super::gbk;
use crate::iso::spec::{Align, Charset, Check, Encoding, FieldStep};

const ONES: u64 = 0x0101_0101_0101_0101;

/// Whether the bytes of a value hold what they may.
#[inline]
pub(super) fn is_clean(check: Check, body: &[u8], units: usize) -> bool {
    match check {
        Check::Nothing => true,
        Check::Digits => every_word(body, digits),
        Check::PackedDigits(align) => packed(align, body, units),
        Check::Sign => matches!(body.first(), Some(b'C' | b'D')),
        Check::Printable => every_word(body, printable),
        Check::Of(charset) => body
            .iter()
            .fold(true, |good, byte| good & charset.allows(*byte)),
        Check::Graphic => every_word(body, graphic),
        Check::Hex => body
            .iter()
            .fold(true, |good, byte| good & byte.is_ascii_hexdigit()),
        Check::EbcdicDigits => body
            .iter()
            .fold(true, |good, byte| good & matches!(byte, 0xF0..=0xF9)),
        Check::EbcdicSign => matches!(body.first(), Some(0xC3 | 0xC4)),
        Check::Ebcdic(encoding, charset) => ebcdic(encoding, charset, body),
        Check::EbcdicHex => body.iter().fold(true, |good, byte| {
            good & matches!(byte, 0xF0..=0xF9 | 0xC1..=0xC6 | 0x81..=0x86)
        }),
        Check::Gbk => gbk::is_clean(body),
    }
}

/// Below 40, and FF, there are only control characters.
fn ebcdic(encoding: Encoding, charset: Charset, body: &[u8]) -> bool {
    let fits =
        |page: &Page, byte: u8| matches!(byte, 0x40..=0xFE) && charset.allows(page.latin(byte));
    Page::of(encoding).is_none_or(|page| body.iter().all(|byte| fits(page, *byte)))
}

/// Neighbours of one kind, checked in one go.
pub(super) struct Run<'a> {
    frame: &'a [u8],
    check: Check,
    check_number: u8,
    from: usize,
    clean: bool,
}

impl<'a> Run<'a> {
    pub(super) const fn new(frame: &'a [u8]) -> Self {
        Self {
            frame,
            check: Check::Nothing,
            check_number: 0,
            from: 0,
            clean: true,
        }
    }

    /// The next field begins at `at`.
    #[inline]
    pub(super) fn enter(&mut self, step: &FieldStep, at: usize) {
        let is_first = self.from == 0;
        if step.check_number != self.check_number || !step.joins || is_first {
            self.end(at);
            (self.check, self.check_number) = (step.check, step.check_number);
            self.from = at.wrapping_add(usize::from(step.prefix));
        }
    }

    /// The last field ended at `at`. Whether all were clean; if not, it may be a spare nibble only.
    #[inline(never)]
    pub(super) fn end(&mut self, at: usize) -> bool {
        let run = self.frame.get(self.from..at).unwrap_or_default();
        self.clean &= is_clean(self.check, run, 0);
        self.clean
    }
}

/// Packed digits, but for the spare nibble, which is nobody's digit.
#[inline]
fn packed(align: Align, body: &[u8], units: usize) -> bool {
    if units.is_multiple_of(2) {
        return every_word(body, nibbles);
    }
    match (align, body) {
        (Align::Left, [whole @ .., last]) => (last >> 4 <= 9) & every_word(whole, nibbles),
        (Align::Right, [first, whole @ ..]) => (first & 0xF <= 9) & every_word(whole, nibbles),
        (_, []) => true,
    }
}

/// Whether every byte fits; they are handed out eight at a time, some perhaps twice.
#[inline]
fn every_word(bytes: &[u8], fits: impl Fn(u64) -> bool) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        let tail = fits(u64::from_le_bytes(*last));
        return words
            .iter()
            .fold(tail, |good, word| good & fits(u64::from_le_bytes(*word)));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return fits(u64::from(first) | u64::from(last) << 32);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        let four = u64::from(first) | u64::from(last) << 16;
        return fits(four | four << 32);
    }
    bytes
        .first()
        .is_none_or(|byte| fits(u64::from(*byte).wrapping_mul(ONES)))
}

/// Eight characters 0 to 9.
#[inline]
fn digits(word: u64) -> bool {
    let high = word & (0xF0 * ONES);
    // Six more carries only what is past 9 out of its nibble.
    let more = word.wrapping_add(0x06 * ONES) & (0xF0 * ONES);
    (high == 0x30 * ONES) & (more == 0x30 * ONES)
}

/// Sixteen nibbles 0 to 9: none has the bit of 8 together with that of 4 or 2.
#[inline]
fn nibbles(word: u64) -> bool {
    word & (word << 1 | word << 2) & (0x88 * ONES) == 0
}

/// Eight bytes, none a control character (below 20, or 7F).
#[inline]
fn printable(word: u64) -> bool {
    below(word, 0x20) & !has_zero(word ^ (0x7F * ONES))
}

/// Eight bytes 21 to 7E.
#[inline]
fn graphic(word: u64) -> bool {
    below(word, 0x21) & (word & (0x80 * ONES) == 0) & !has_zero(word ^ (0x7F * ONES))
}

/// Whether no byte is below `least`, which is at most 80.
#[inline]
fn below(word: u64, least: u64) -> bool {
    word.wrapping_sub(least.wrapping_mul(ONES)) & !word & (0x80 * ONES) == 0
}

#[inline]
fn has_zero(word: u64) -> bool {
    !below(word, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::{FieldContent, Format};
    use proptest::prelude::*;

    fn plainly(check: Check, byte: u8) -> bool {
        match check {
            Check::Digits => byte.is_ascii_digit(),
            Check::PackedDigits(_) => byte >> 4 <= 9 && byte & 0xF <= 9,
            Check::Printable => byte >= 0x20 && byte != 0x7F,
            Check::Graphic => byte.is_ascii_graphic(),
            _ => true,
        }
    }

    proptest! {
        /// Eight at a time says the same as one by one, wherever the odd one stands.
        #[test]
        fn words_are_judged_as_bytes_are(
            length in 0usize..40, at in any::<prop::sample::Index>(), odd in any::<u8>(),
        ) {
            for (check, good) in [
                (Check::Digits, b'7'),
                (Check::PackedDigits(Align::Left), 0x98),
                (Check::Printable, b' '),
                (Check::Graphic, b'~'),
            ] {
                let mut bytes = vec![good; length];
                prop_assert!(is_clean(check, &bytes, 0));
                if let Some(place) = bytes.get_mut(at.index(length.max(1))) {
                    *place = odd;
                    prop_assert_eq!(is_clean(check, &bytes, 0), plainly(check, odd));
                }
            }
        }
    }

    #[test]
    fn the_spare_nibble_is_nobodys_digit() {
        let odd = |align, body: &[u8]| is_clean(Check::PackedDigits(align), body, 3);
        assert!(odd(Align::Left, &[0x02, 0x1F]));
        assert!(!odd(Align::Left, &[0xF2, 0x10]));
        assert!(odd(Align::Right, &[0xF0, 0x21]));
        assert!(!odd(Align::Right, &[0x02, 0x1F]));
    }

    #[test]
    fn letters_are_no_special_characters() {
        let Some(Format {
            content: FieldContent::Text(an),
            ..
        }) = Format::read("an12")
        else {
            panic!("an12 is a text");
        };
        assert!(is_clean(Check::Of(an), b"aZ09 ", 5));
        assert!(!is_clean(Check::Of(an), b"a-b", 3));
    }
}
