//! How a value lies on the wire: Encoding x Prefix x Odd digits, each its own small piece of data.

use super::format::{FieldContent, Size};
use super::step::Packing;
use serde::{Deserialize, Serialize};

/// How one field is written, composed at load and followed by the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What the value is made of.
    pub content: FieldContent,
    /// How long it is, in units.
    pub size: Size,
    /// How its units become bytes.
    pub encoding: Encoding,
    /// Where the spare nibble of an odd digit count stands, and its value (BCD only).
    pub odd: Odd,
    /// How its length is written, if it varies.
    pub prefix: Option<Prefix>,
    /// What is added to a short value of a fixed field.
    pub pad: Pad,
}

/// What is added to a short value of a fixed field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pad {
    /// Nothing: a short value is refused.
    None,
    /// Zeros before it, as the standard has it for digits.
    LeftZeros,
    /// Zeros after it.
    RightZeros,
    /// Blanks before it.
    LeftBlanks,
    /// Blanks after it, as the standard has it for text.
    RightBlanks,
}

/// How units become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// A byte a character; bytes above 7F are carried as Latin-1, so nothing is lost.
    Ascii,
    /// A byte a character in EBCDIC code page 037 (USA, Canada).
    Cp037,
    /// The same in code page 500 (international).
    Cp500,
    /// The same in code page 1047 (open systems).
    Cp1047,
    /// Chinese text: two bytes a Chinese character, lengths in bytes. What is no GBK is carried
    /// byte by byte as U+F780 to U+F7FF, so nothing is lost.
    Gbk,
    /// Two digits a byte.
    Bcd,
    /// The bytes themselves.
    Raw,
    /// Two upper-case hex characters a byte, in ASCII. Lower case is read too.
    Hex,
    /// The same in lower case.
    HexLower,
    /// Two upper-case hex characters a byte, in EBCDIC: the same in all its code pages.
    HexEbcdic,
}

/// Where the spare nibble stands, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Where the digits stand.
    pub align: Align,
    /// The spare nibble: 0 or F.
    pub fill: u8,
}

/// Where the digits stand when they do not fill their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// Digits first, the spare nibble last.
    Left,
    /// The spare nibble first.
    Right,
}

/// How a length is written before its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// How the number is written.
    pub encoding: PrefixEncoding,
    /// In how many bytes.
    pub bytes: u8,
    /// What it counts.
    pub counts: LengthUnit,
    /// Whether its own bytes count too.
    pub counts_itself: bool,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrefixEncoding {
    /// Decimal digits, a byte each.
    Ascii,
    /// Two decimal digits a byte.
    Bcd,
    /// A big-endian number.
    Binary,
    /// A little-endian number.
    BinaryLe,
    /// Hexadecimal digits in ASCII.
    Hex,
    /// Decimal digits in EBCDIC, a byte each.
    Ebcdic,
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LengthUnit {
    /// Digits, characters or bytes of the value, before encoding.
    Units,
    /// Bytes on the wire.
    Bytes,
}

impl Pad {
    /// As the standard has it.
    #[must_use]
    pub const fn usual(content: FieldContent) -> Self {
        match content {
            FieldContent::Digits => Self::LeftZeros,
            FieldContent::Text(_) => Self::RightBlanks,
            FieldContent::SignedDigits | FieldContent::Track | FieldContent::Binary => Self::None,
        }
    }

    /// Whether content of this kind can be so padded.
    #[must_use]
    pub const fn fits(self, content: FieldContent) -> bool {
        match self {
            Self::None => true,
            Self::LeftZeros | Self::RightZeros => {
                matches!(content, FieldContent::Digits | FieldContent::Text(_))
            }
            Self::LeftBlanks | Self::RightBlanks => matches!(content, FieldContent::Text(_)),
        }
    }
}

impl Layout {
    /// How many bytes so many units take.
    #[must_use]
    pub const fn bytes_of(&self, units: usize) -> usize {
        Packing::of(self).bytes_of(units)
    }

    /// Whether this encoding can write this content.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        let encoding = self.encoding;
        match self.content {
            FieldContent::Digits | FieldContent::SignedDigits | FieldContent::Track => {
                encoding.is_single() || matches!(encoding, Encoding::Bcd)
            }
            FieldContent::Text(_) => encoding.is_single() || matches!(encoding, Encoding::Gbk),
            FieldContent::Binary => matches!(encoding, Encoding::Raw) || encoding.is_hex(),
        }
    }
}

impl Encoding {
    /// A byte a character.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Ascii) || self.is_ebcdic()
    }

    /// Characters of an EBCDIC code page.
    #[must_use]
    pub const fn is_ebcdic(self) -> bool {
        matches!(self, Self::Cp037 | Self::Cp500 | Self::Cp1047)
    }

    /// Two hexadecimal characters a byte.
    #[must_use]
    pub const fn is_hex(self) -> bool {
        matches!(self, Self::Hex | Self::HexLower | Self::HexEbcdic)
    }
}

impl PrefixEncoding {
    /// How many bytes a length of so many decimal digits takes, unless the spec says otherwise.
    #[must_use]
    pub const fn bytes_for(self, digits: u8) -> u8 {
        match self {
            Self::Ascii | Self::Hex | Self::Ebcdic => digits,
            Self::Bcd => digits.div_ceil(2),
            Self::Binary | Self::BinaryLe => {
                if digits > 2 {
                    2
                } else {
                    1
                }
            }
        }
    }

    /// The largest length that so many bytes can say.
    #[must_use]
    pub const fn max(self, bytes: u8) -> usize {
        let (base, digits) = match self {
            Self::Ascii | Self::Ebcdic => (10, bytes),
            Self::Bcd => (100, bytes),
            Self::Hex => (16, bytes),
            Self::Binary | Self::BinaryLe => (256, bytes),
        };
        // No message has more than 65535 bytes, which six digits of any kind can say.
        usize::saturating_pow(base, if digits > 6 { 6 } else { digits as u32 }).saturating_sub(1)
    }
}
