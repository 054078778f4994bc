//! A layout boiled down to what the walk over a frame asks of each field: small, so that all of a
//! dialect lies close together.

use super::format::{Charset, FieldContent};
use super::layout::{Align, Encoding, Layout, LengthUnit, Prefix, PrefixEncoding};

/// What the walk must know of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldStep {
    /// How the value is written.
    pub layout: Layout,
    /// The most units; all of them if there is no prefix.
    pub max: u16,
    /// The bytes that so many units take.
    pub max_bytes: u16,
    /// Bytes of the length before the value; none if it is fixed.
    pub prefix: u8,
    /// How that length is written.
    pub prefix_encoding: PrefixEncoding,
    /// What it counts.
    pub counts: LengthUnit,
    /// How many of what it counts are its own bytes.
    pub own: u8,
    /// How units lie in bytes.
    pub packing: Packing,
    /// What the bytes must be.
    pub check: Check,
    /// The number of that check among those of the dialect.
    pub check_number: u8,
    /// Whether the length before the value passes the same check, so that neighbours of one kind
    /// can be checked in one go.
    pub joins: bool,
}

/// How units lie in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// A byte each.
    Single,
    /// Two a byte.
    Half,
    /// One byte for the sign, then two digits a byte.
    SignedHalf,
    /// Two bytes each.
    Double,
}

/// What the bytes of a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Whatever.
    Nothing,
    /// Digits in characters.
    Digits,
    /// Digits, two a byte, standing on this side.
    PackedDigits(Align),
    /// C or D first.
    Sign,
    /// Any characters that can be printed.
    Printable,
    /// Characters of certain classes.
    Of(Charset),
    /// Printable and no blank: tracks in characters.
    Graphic,
    /// Hexadecimal digits in characters.
    Hex,
    /// Digits in EBCDIC.
    EbcdicDigits,
    /// C or D in EBCDIC first.
    EbcdicSign,
    /// Characters of certain classes, in this EBCDIC code page.
    Ebcdic(Encoding, Charset),
    /// Hexadecimal digits in EBCDIC.
    EbcdicHex,
    /// Chinese text.
    Gbk,
}

impl FieldStep {
    /// The steps of a dialect's fields, their checks numbered.
    pub(super) fn all<'a>(layouts: impl Iterator<Item = Option<&'a Layout>>) -> Vec<Option<Self>> {
        let mut checks = Vec::new();
        let step = |layout: Option<&Layout>| {
            let mut step = Self::of(layout?);
            let known = checks.iter().position(|check| *check == step.check);
            if known.is_none() {
                checks.push(step.check);
            }
            let last = checks.len().saturating_sub(1);
            step.check_number = u8::try_from(known.unwrap_or(last)).unwrap_or(u8::MAX);
            Some(step)
        };
        layouts.map(step).collect()
    }

    pub(super) const fn of(layout: &Layout) -> Self {
        let prefix = match layout.prefix {
            Some(prefix) => prefix,
            None => Prefix {
                encoding: PrefixEncoding::Bcd,
                bytes: 0,
                counts: LengthUnit::Units,
                counts_itself: false,
            },
        };
        let max = layout.size.max();
        Self {
            layout: *layout,
            max,
            max_bytes: Packing::of(layout).short_bytes_of(max),
            prefix: prefix.bytes,
            prefix_encoding: prefix.encoding,
            counts: prefix.counts,
            own: if prefix.counts_itself {
                prefix.bytes
            } else {
                0
            },
            packing: Packing::of(layout),
            check: Check::of(layout),
            check_number: 0,
            joins: joins(layout),
        }
    }
}

const fn joins(layout: &Layout) -> bool {
    let check = Check::of(layout);
    if matches!(check, Check::Gbk) {
        // Half a character at the end would take its other half from the neighbour.
        return false;
    }
    let Some(prefix) = layout.prefix else {
        return true;
    };
    match (prefix.encoding, check) {
        (_, Check::Nothing) => true,
        (PrefixEncoding::Bcd, Check::PackedDigits(_)) => true,
        (PrefixEncoding::Ascii, Check::Digits | Check::Printable | Check::Graphic | Check::Hex) => {
            true
        }
        (PrefixEncoding::Ascii, Check::Of(charset))
        | (PrefixEncoding::Ebcdic, Check::Ebcdic(_, charset)) => charset.allows_digits(),
        (PrefixEncoding::Ebcdic, Check::EbcdicDigits | Check::EbcdicHex) => true,
        _ => false,
    }
}

impl Packing {
    pub(super) const fn of(layout: &Layout) -> Self {
        match (layout.encoding, layout.content) {
            (Encoding::Bcd, FieldContent::SignedDigits) => Self::SignedHalf,
            (Encoding::Bcd, _) => Self::Half,
            (encoding, _) if encoding.is_hex() => Self::Double,
            (_, _) => Self::Single,
        }
    }

    /// How many bytes so many units take.
    #[inline]
    #[must_use]
    pub const fn bytes_of(self, units: usize) -> usize {
        match self {
            Self::Single => units,
            Self::Half => units.div_ceil(2),
            // The sign is a character of its own even where digits are packed.
            Self::SignedHalf => (units / 2).saturating_add(1),
            Self::Double => units.saturating_mul(2),
        }
    }

    /// The same for a length that fits a field: 9999 units at most, twice that in bytes.
    const fn short_bytes_of(self, units: u16) -> u16 {
        match self {
            Self::Single => units,
            Self::Half => units.div_ceil(2),
            Self::SignedHalf => (units / 2).saturating_add(1),
            Self::Double => units.saturating_mul(2),
        }
    }

    /// How many units so many bytes hold at most.
    #[inline]
    #[must_use]
    pub const fn units_in(self, bytes: usize) -> usize {
        match self {
            Self::Single => bytes,
            Self::Half => bytes.saturating_mul(2),
            Self::SignedHalf => bytes.saturating_mul(2).saturating_sub(1),
            Self::Double => bytes / 2,
        }
    }
}

impl Check {
    const fn of(layout: &Layout) -> Self {
        let encoding = layout.encoding;
        match (encoding, layout.content) {
            (Encoding::Raw, _) => Self::Nothing,
            (Encoding::Gbk, _) => Self::Gbk,
            (Encoding::HexEbcdic, _) => Self::EbcdicHex,
            (Encoding::Hex | Encoding::HexLower, _) => Self::Hex,
            (Encoding::Cp037 | Encoding::Cp500 | Encoding::Cp1047, content) => match content {
                FieldContent::Digits => Self::EbcdicDigits,
                FieldContent::SignedDigits => Self::EbcdicSign,
                FieldContent::Text(charset) => Self::Ebcdic(encoding, charset),
                FieldContent::Track | FieldContent::Binary => Self::Ebcdic(encoding, Charset::ALL),
            },
            (_, FieldContent::SignedDigits) => Self::Sign,
            (Encoding::Ascii, FieldContent::Digits) => Self::Digits,
            (Encoding::Ascii, FieldContent::Track) => Self::Graphic,
            (Encoding::Ascii, FieldContent::Text(Charset::ALL)) => Self::Printable,
            (Encoding::Ascii, FieldContent::Text(charset)) => Self::Of(charset),
            (Encoding::Ascii, FieldContent::Binary) => Self::Nothing,
            (Encoding::Bcd, FieldContent::Digits) => Self::PackedDigits(layout.odd.align),
            (Encoding::Bcd, _) => Self::Nothing,
        }
    }
}
