//! One value between wire and text: its reading and its writing, for each encoding side by side,
//! so that they cannot learn different rules.

use super::hex::{hex, push_unhex, unhex};
use super::{BuildFault, characters, gbk, number};
use crate::iso::spec::{Align, Encoding, FieldContent, Layout, LengthUnit, Size};
use std::borrow::Cow;
use std::ops::Range;

/// The units of `range` as text: digits, characters, or upper-case hex of bytes.
pub(super) fn text<'a>(
    layout: &Layout,
    body: &'a [u8],
    units: usize,
    range: Range<usize>,
) -> Option<Cow<'a, str>> {
    if range.start > range.end || range.end > units {
        return None;
    }
    match (layout.encoding, layout.content) {
        (Encoding::Bcd, FieldContent::SignedDigits) => {
            let (sign, digits) = body.split_first()?;
            let count = units.checked_sub(1)?;
            let digits = packed_text(layout, digits, count, 0..count)?;
            let all = format!("{}{digits}", char::from(*sign));
            Some(Cow::Owned(all.get(range)?.to_owned()))
        }
        (Encoding::Bcd, _) => packed_text(layout, body, units, range).map(Cow::Owned),
        (Encoding::Raw, _) => Some(Cow::Owned(hex(body.get(range)?))),
        (encoding, _) if encoding.is_hex() => {
            let start = range.start.checked_mul(2)?;
            let digits = body.get(start..range.end.checked_mul(2)?)?;
            Some(hex_text(encoding, digits))
        }
        (encoding, _) => Some(characters::read(encoding, body.get(range)?)),
    }
}

/// Hexadecimal digits in characters, in upper case.
fn hex_text(encoding: Encoding, digits: &[u8]) -> Cow<'_, str> {
    let shown = match encoding {
        Encoding::HexEbcdic => {
            Cow::Owned(characters::latin(&characters::hex_as_ascii(digits)).into_owned())
        }
        _ => characters::latin(digits),
    };
    if shown.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Cow::Owned(shown.to_ascii_uppercase())
    } else {
        shown
    }
}

/// The digits as characters, and track separators as letters.
fn packed_text(layout: &Layout, body: &[u8], units: usize, range: Range<usize>) -> Option<String> {
    let first = first_nibble(layout, units);
    let (from, to) = (
        range.start.checked_add(first)?,
        range.end.checked_add(first)?,
    );
    // Whole bytes around the digits, then what is too much at either end taken off.
    let mut text = hex(body.get(from / 2..to.div_ceil(2))?);
    text.truncate(text.len().checked_sub(to % 2)?);
    if from % 2 == 1 {
        text.remove(0);
    }
    Some(text)
}

/// The nibbles of packed digits.
fn nibbles<'a>(
    layout: &Layout,
    body: &'a [u8],
    units: usize,
    range: Range<usize>,
) -> impl Iterator<Item = Option<u8>> + 'a {
    let spare = first_nibble(layout, units);
    range.map(move |place| {
        let nibble = place.checked_add(spare)?;
        let byte = *body.get(nibble / 2)?;
        Some(if nibble.is_multiple_of(2) {
            byte >> 4
        } else {
            byte & 0xF
        })
    })
}

/// The digits of a number field as numbers, however they are written; `None` if it has no digits.
pub(super) fn digits<'a>(
    layout: &Layout,
    body: &'a [u8],
    units: usize,
    range: Range<usize>,
) -> Option<impl Iterator<Item = Option<u8>> + 'a> {
    if layout.content != FieldContent::Digits || range.end > units {
        return None;
    }
    let is_packed = layout.encoding == Encoding::Bcd;
    let zero = characters::zero(layout.encoding);
    let (packed, plain) = if is_packed {
        (range, 0..0)
    } else {
        (0..0, range)
    };
    let plain = plain.map(move |at| body.get(at)?.checked_sub(zero));
    Some(nibbles(layout, body, units, packed).chain(plain))
}

/// Whether a number field has these digits; `None` if it is no number field.
pub(super) fn is_digits(
    layout: &Layout,
    body: &[u8],
    units: usize,
    range: Range<usize>,
    text: &str,
) -> Option<bool> {
    let same_length = range.len() == text.len();
    let digits = digits(layout, body, units, range)?;
    let wanted = text.bytes().map(|byte| byte.checked_sub(b'0'));
    Some(same_length && digits.eq(wanted))
}

/// The place of the first digit: after the spare nibble where digits stand right.
fn first_nibble(layout: &Layout, units: usize) -> usize {
    usize::from(layout.odd.align == Align::Right && !units.is_multiple_of(2))
}

/// Appends the field with this value: prefix and body.
pub(super) fn write(layout: &Layout, text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    let plain = as_units(layout, text)?;
    let value = padded(layout, &plain)?;
    let units = match layout.content {
        FieldContent::Binary => value.chars().count() / 2,
        _ => value.chars().count(),
    };
    if let Some(prefix) = layout.prefix {
        let own = if prefix.counts_itself {
            usize::from(prefix.bytes)
        } else {
            0
        };
        let counted = match prefix.counts {
            LengthUnit::Units => units,
            LengthUnit::Bytes => layout.bytes_of(units),
        };
        let counted = counted.saturating_add(own);
        let max = usize::from(layout.size.max());
        if !number::write(prefix.encoding, prefix.bytes, counted, out) {
            return Err(BuildFault::TooLong {
                length: counted,
                max,
            });
        }
    }
    match layout.content {
        FieldContent::Digits | FieldContent::Track => write_digits(layout, &value, units, out),
        FieldContent::SignedDigits => write_signed(layout, &value, out),
        // GBK was written above: what is left of it are bytes.
        FieldContent::Text(_) if layout.encoding == Encoding::Gbk => {
            characters::write(Encoding::Ascii, &value, out)
        }
        FieldContent::Text(_) => characters::write(layout.encoding, &value, out),
        FieldContent::Binary => write_binary(layout.encoding, &value, out),
    }
}

/// The text with a character a unit, as lengths and places count: GBK becomes its bytes, in
/// Latin-1.
pub(super) fn as_units<'a>(layout: &Layout, text: &'a str) -> Result<Cow<'a, str>, BuildFault> {
    if layout.encoding != Encoding::Gbk || text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    gbk::write(text, &mut bytes)?;
    Ok(Cow::Owned(characters::latin(&bytes).into_owned()))
}

/// The text of such units again.
pub(super) fn of_units(layout: &Layout, units: String) -> String {
    if layout.encoding != Encoding::Gbk || units.is_ascii() {
        return units;
    }
    let bytes: Vec<u8> = units.chars().filter_map(|c| u8::try_from(c).ok()).collect();
    gbk::read(&bytes).into_owned()
}

/// The value at the length of its field: digits get zeros before them, text gets blanks after it
/// (ISO 8583:1987 §4.2).
fn padded<'a>(layout: &Layout, text: &'a str) -> Result<Cow<'a, str>, BuildFault> {
    let per_unit = if layout.content == FieldContent::Binary {
        2
    } else {
        1
    };
    let max = usize::from(layout.size.max());
    let length = text.chars().count().div_ceil(per_unit);
    if length > max {
        return Err(BuildFault::TooLong { length, max });
    }
    if matches!(layout.size, Size::Variable { .. }) || length == max {
        return Ok(Cow::Borrowed(text));
    }
    match layout.content {
        FieldContent::Digits => Ok(Cow::Owned(format!("{text:0>max$}"))),
        FieldContent::Text(_) => Ok(Cow::Owned(format!("{text:<max$}"))),
        FieldContent::SignedDigits | FieldContent::Track | FieldContent::Binary => {
            Err(BuildFault::TooShort {
                length,
                needed: max,
            })
        }
    }
}

fn write_digits(
    layout: &Layout,
    text: &str,
    units: usize,
    out: &mut Vec<u8>,
) -> Result<(), BuildFault> {
    let is_track = layout.content == FieldContent::Track;
    if layout.encoding != Encoding::Bcd {
        let fits = |c: char| c.is_ascii_digit() || is_track && matches!(c, ' '..='~');
        if let Some(at) = text.chars().position(|c| !fits(c)) {
            return Err(BuildFault::Character { at });
        }
        return characters::write(layout.encoding, text, out);
    }
    let mut half = (first_nibble(layout, units) == 1).then_some(layout.odd.fill);
    for (at, c) in text.chars().enumerate() {
        let digit = nibble(c, is_track).ok_or(BuildFault::Character { at })?;
        half = match half {
            None => Some(digit),
            Some(high) => {
                out.push((high << 4) | digit);
                None
            }
        };
    }
    out.extend(half.map(|high| (high << 4) | layout.odd.fill));
    Ok(())
}

/// A digit; in tracks the separators too, `=` as D.
fn nibble(c: char, is_track: bool) -> Option<u8> {
    match c {
        '=' if is_track => Some(0xD),
        _ => c
            .to_digit(if is_track { 16 } else { 10 })
            .and_then(|digit| u8::try_from(digit).ok()),
    }
}

fn write_signed(layout: &Layout, text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    let (Some(sign @ (b'C' | b'D')), Some(digits)) = (text.bytes().next(), text.get(1..)) else {
        return Err(BuildFault::Character { at: 0 });
    };
    out.push(characters::byte(layout.encoding, sign));
    let plain = Layout {
        content: FieldContent::Digits,
        ..*layout
    };
    write_digits(&plain, digits, digits.len(), out)
}

fn write_binary(encoding: Encoding, text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    let wrong = |at| BuildFault::Character { at };
    match encoding {
        Encoding::Raw => push_unhex(text, out).map_err(wrong)?,
        Encoding::HexLower => {
            out.extend(
                hex(&unhex(text).map_err(wrong)?)
                    .to_ascii_lowercase()
                    .bytes(),
            );
        }
        Encoding::HexEbcdic => characters::push_ebcdic(&hex(&unhex(text).map_err(wrong)?), out),
        _ => out.extend(hex(&unhex(text).map_err(wrong)?).bytes()),
    }
    Ok(())
}
