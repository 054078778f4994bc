//! The standard's own notation for a field: `n6`, `n..19`, `ans...999`, `b64`, `z..37`, `x+n8`
//! (ISO 8583:1987 §4.3.1). It says what a value is; how it is written is [`super::Layout`].

use nom::bytes::complete::{tag, take_while, take_while_m_n};
use nom::character::complete::u16 as number;
use nom::combinator::{all_consuming, opt};
use nom::{IResult, Parser};

/// What a value is made of, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What it is made of.
    pub content: FieldContent,
    /// How long it is.
    pub size: Size,
}

/// What a value is made of. One unit of it is a digit, a character or a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldContent {
    /// `n`: decimal digits.
    Digits,
    /// `x+n`: C or D, then digits. The sign counts as a unit.
    SignedDigits,
    /// `a`, `an`, `ans` and so on: characters.
    Text(Charset),
    /// `z`: track code: digits and separators.
    Track,
    /// `b`: bytes. A fixed length is noted in bits (`b64`), a variable one in bytes (`b...255`).
    Binary,
}

/// Which characters a text may hold; blanks are always allowed, they pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(u8);

/// How long a value is, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Always so long.
    Fixed(u16),
    /// A prefix of so many digits says how long, up to `max`.
    Variable {
        /// The digits of the prefix: 2 for LLVAR.
        digits: u8,
        /// The longest.
        max: u16,
    },
}

impl Size {
    /// The longest value.
    #[must_use]
    pub const fn max(self) -> u16 {
        match self {
            Self::Fixed(units) => units,
            Self::Variable { max, .. } => max,
        }
    }
}

impl Format {
    /// Reads the notation; `None` if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (_, format) = all_consuming(notation).parse(text).ok()?;
        format
    }
}

impl Charset {
    /// Letters, digits and everything else that can be printed.
    pub const ALL: Self = Self(Self::LETTERS | Self::DIGITS | Self::SPECIAL);
    const LETTERS: u8 = 1;
    const DIGITS: u8 = 2;
    const SPECIAL: u8 = 4;

    /// Whether the character may stand in such a text.
    #[inline]
    #[must_use]
    pub fn allows(self, byte: u8) -> bool {
        CLASSES
            .get(usize::from(byte))
            .is_some_and(|classes| classes & self.0 != 0)
    }

    pub(super) const fn allows_digits(self) -> bool {
        self.0 & Self::DIGITS != 0
    }

    fn read(letters: &str) -> Option<Self> {
        letters.bytes().try_fold(Self(0), |set, letter| {
            Some(Self(
                set.0
                    | match letter {
                        b'a' => Self::LETTERS,
                        b'n' => Self::DIGITS,
                        b's' | b'p' => Self::SPECIAL,
                        _ => return None,
                    },
            ))
        })
    }
}

/// The classes of each byte; a blank is of all. Bytes above 7E are letters of other alphabets.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    loop {
        #[expect(
            clippy::indexing_slicing,
            reason = "a byte is a place in 256; checked at compile time"
        )]
        let class = &mut classes[byte as usize];
        *class = match byte {
            b' ' => Charset::LETTERS | Charset::DIGITS | Charset::SPECIAL,
            b'0'..=b'9' => Charset::DIGITS,
            b'a'..=b'z' | b'A'..=b'Z' => Charset::LETTERS,
            0x21..=0x7E | 0x80..=0xFF => Charset::SPECIAL,
            _ => 0,
        };
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break classes,
        }
    }
};

fn notation(text: &str) -> IResult<&str, Option<Format>> {
    let class = take_while_m_n(1, 3, |c: char| c.is_ascii_lowercase());
    let dots = take_while(|c: char| c == '.');
    let (rest, (sign, class, dots, length)) = (opt(tag("x+")), class, dots, number).parse(text)?;
    Ok((rest, compose(sign.is_some(), class, dots.len(), length)))
}

fn compose(signed: bool, class: &str, dots: usize, length: u16) -> Option<Format> {
    let content = match (signed, class) {
        (false, "n") => FieldContent::Digits,
        (true, "n") => FieldContent::SignedDigits,
        (false, "z") => FieldContent::Track,
        (false, "b") => FieldContent::Binary,
        (false, letters) => FieldContent::Text(Charset::read(letters)?),
        (true, _) => return None,
    };
    let size = match (dots, content) {
        (0, FieldContent::Binary) if length.is_multiple_of(8) => Size::Fixed(length / 8),
        (0, FieldContent::Binary) => return None,
        (0, FieldContent::SignedDigits) => Size::Fixed(length.checked_add(1)?),
        (0, _) => Size::Fixed(length),
        (1..=6, _) => Size::Variable {
            digits: u8::try_from(dots).ok()?,
            max: length,
        },
        _ => return None,
    };
    (length > 0 && (dots > 4 || length <= 9999)).then_some(Format { content, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_notation_is_read() {
        let sizes = [
            ("n6", Size::Fixed(6)),
            ("b64", Size::Fixed(8)),
            ("x+n8", Size::Fixed(9)),
            ("an.6", Size::Variable { digits: 1, max: 6 }),
            ("n..19", Size::Variable { digits: 2, max: 19 }),
            (
                "b...255",
                Size::Variable {
                    digits: 3,
                    max: 255,
                },
            ),
            (
                "ans....9999",
                Size::Variable {
                    digits: 4,
                    max: 9999,
                },
            ),
            ("n...022", Size::Variable { digits: 3, max: 22 }),
            (
                "ans......65535",
                Size::Variable {
                    digits: 6,
                    max: 65_535,
                },
            ),
        ];
        for (text, size) in sizes {
            assert_eq!(
                Format::read(text).map(|format| format.size),
                Some(size),
                "{text}"
            );
        }
        let text = FieldContent::Text(Charset(Charset::LETTERS | Charset::DIGITS));
        assert_eq!(
            Format::read("an12").map(|format| format.content),
            Some(text)
        );
    }

    #[test]
    fn what_is_no_notation_is_refused() {
        for text in [
            "",
            "n",
            "6",
            "b63",
            "q4",
            "x+an3",
            "n6 ",
            "n0",
            "ans.......9",
            "n99999",
        ] {
            assert_eq!(Format::read(text), None, "{text}");
        }
    }
}
