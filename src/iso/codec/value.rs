//! One value between wire and text: its reading and its writing, for each encoding side by side,
//! so that they cannot learn different rules.

use super::hex::{hex, push_hex, push_unhex, unhex};
use super::{BuildFault, characters, gbk, number};
use crate::iso::spec::{Align, Encoding, FieldContent, Layout, LengthUnit, Pad, Prefix, Size};
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

/// The bytes of a value that are its text as they stand.
pub(super) fn plain<'a>(layout: &Layout, body: &'a [u8]) -> Option<&'a [u8]> {
    let is_text = matches!(layout.encoding, Encoding::Ascii | Encoding::Gbk);
    (is_text && body.is_ascii()).then_some(body)
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
    let spare = first_nibble(layout, units);
    Some(range.map(move |place| {
        if !is_packed {
            return body.get(place)?.checked_sub(zero);
        }
        let nibble = place.checked_add(spare)?;
        let byte = *body.get(nibble / 2)?;
        Some(if nibble.is_multiple_of(2) {
            byte >> 4
        } else {
            byte & 0xF
        })
    }))
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

/// Appends the field with this value: prefix and body. A short value of a fixed field is padded:
/// digits get zeros before them, text gets blanks after it (ISO 8583:1987 §4.2).
pub(super) fn write(layout: &Layout, text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    let value = as_units(layout, text)?;
    let length = characters::count(&value);
    let (units, given) = match layout.content {
        FieldContent::Binary => (length / 2, length.div_ceil(2)),
        _ => (length, length),
    };
    let max = usize::from(layout.size.max());
    let missing = match layout.size {
        Size::Variable { .. } if given <= max => 0,
        Size::Fixed(_) if given <= max => max.saturating_sub(given),
        _ => return Err(BuildFault::TooLong { length: given, max }),
    };
    if missing > 0 && layout.pad == Pad::None {
        return Err(BuildFault::TooShort {
            length: given,
            needed: max,
        });
    }
    let units = units.saturating_add(missing);
    let (value, missing) = if missing > 0 && layout.pad != Pad::usual(layout.content) {
        (Cow::Owned(padded(layout.pad, &value, missing)), 0)
    } else {
        (value, missing)
    };
    if let Some(prefix) = layout.prefix {
        write_prefix(layout, prefix, units, out)?;
    }
    match layout.content {
        FieldContent::Digits | FieldContent::Track => {
            write_digits(layout, missing, &value, units, out)
        }
        FieldContent::SignedDigits => write_signed(layout, &value, out),
        FieldContent::Text(_) => {
            let encoding = match layout.encoding {
                // GBK was written above: what is left of it are bytes.
                Encoding::Gbk => Encoding::Ascii,
                encoding => encoding,
            };
            characters::write(encoding, &value, out)?;
            characters::repeat(encoding, b' ', missing, out);
            Ok(())
        }
        FieldContent::Binary => write_binary(layout.encoding, &value, out),
    }
}

/// A value with what is added to it, where that is not as the standard has it.
fn padded(pad: Pad, value: &str, missing: usize) -> String {
    match pad {
        Pad::None => value.to_owned(),
        Pad::LeftZeros => "0".repeat(missing) + value,
        Pad::LeftBlanks => " ".repeat(missing) + value,
        Pad::RightZeros => value.to_owned() + &"0".repeat(missing),
        Pad::RightBlanks => value.to_owned() + &" ".repeat(missing),
    }
}

/// Whether the spare nibble of odd digits is not what the dialect has there.
pub(super) fn has_odd_spare(layout: &Layout, body: &[u8], units: usize) -> bool {
    let is_packed = layout.encoding == Encoding::Bcd
        && matches!(layout.content, FieldContent::Digits | FieldContent::Track);
    if !is_packed || units.is_multiple_of(2) {
        return false;
    }
    let spare = match layout.odd.align {
        Align::Right => body.first().map(|byte| byte >> 4),
        Align::Left => body.last().map(|byte| byte & 0xF),
    };
    spare.is_some_and(|spare| spare != layout.odd.fill)
}

fn write_prefix(
    layout: &Layout,
    prefix: Prefix,
    units: usize,
    out: &mut Vec<u8>,
) -> Result<(), BuildFault> {
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
    if number::write(prefix.encoding, prefix.bytes, counted, out) {
        return Ok(());
    }
    Err(BuildFault::TooLong {
        length: counted,
        max: usize::from(layout.size.max()),
    })
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

/// So many zeros, then the digits of the text.
fn write_digits(
    layout: &Layout,
    zeros: usize,
    text: &str,
    units: usize,
    out: &mut Vec<u8>,
) -> Result<(), BuildFault> {
    let is_track = layout.content == FieldContent::Track;
    let wrong = |at: usize| BuildFault::Character {
        at: at.saturating_add(zeros),
    };
    if layout.encoding != Encoding::Bcd {
        let fits = |byte: u8| byte.is_ascii_digit() || is_track && matches!(byte, b' '..=b'~');
        if let Some(at) = text.bytes().position(|byte| !fits(byte)) {
            return Err(wrong(at));
        }
        characters::repeat(layout.encoding, b'0', zeros, out);
        return characters::write(layout.encoding, text, out);
    }
    let start = out.len();
    let first = first_nibble(layout, units);
    out.resize(start.saturating_add(units.div_ceil(2)), 0);
    let bytes = out.get_mut(start..).unwrap_or_default();
    let spare = match (first, units % 2) {
        (1, _) => bytes.first_mut().map(|byte| (byte, layout.odd.fill << 4)),
        (_, 1) => bytes.last_mut().map(|byte| (byte, layout.odd.fill)),
        (_, _) => None,
    };
    if let Some((byte, fill)) = spare {
        *byte = fill;
    }
    let place = first.saturating_add(zeros);
    let mut bytes = bytes.get_mut(place / 2..).unwrap_or_default().iter_mut();
    let digit = |(at, c): (usize, u8)| nibble(c, is_track).ok_or_else(|| wrong(at));
    let mut digits = text.bytes().enumerate();
    if !place.is_multiple_of(2)
        && let (Some(byte), Some(c)) = (bytes.next(), digits.next())
    {
        *byte |= digit(c)?;
    }
    for byte in bytes {
        let high = digits.next().map_or(Ok(0), digit)?;
        let low = digits.next().map_or(Ok(0), digit)?;
        *byte |= high << 4 | low;
    }
    Ok(())
}

/// A digit; in tracks the separators too, `=` as D.
const fn nibble(c: u8, is_track: bool) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c & 0xF),
        b'=' if is_track => Some(0xD),
        b'A'..=b'F' | b'a'..=b'f' if is_track => Some((c & 0xF).wrapping_add(9)),
        _ => None,
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
    write_digits(&plain, 0, digits, digits.len(), out)
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
        _ => push_hex(&unhex(text).map_err(wrong)?, out),
    }
    Ok(())
}
