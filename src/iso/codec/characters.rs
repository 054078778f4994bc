//! Characters between wire and text, a code at a time: ASCII (and Latin-1 above it), EBCDIC, GBK.

use super::BuildFault;
use super::ebcdic::Page;
use super::gbk;
use crate::iso::spec::Encoding;
use std::borrow::Cow;

/// Bytes as text, so that every byte comes back.
pub(super) fn read(encoding: Encoding, bytes: &[u8]) -> Cow<'_, str> {
    match (Page::of(encoding), encoding) {
        (Some(page), _) => Cow::Owned(
            bytes
                .iter()
                .map(|byte| char::from(page.latin(*byte)))
                .collect(),
        ),
        (None, Encoding::Gbk) => gbk::read(bytes),
        (None, _) => latin(bytes),
    }
}

/// Bytes as characters; above 7F as Latin-1.
pub(super) fn latin(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Appends the bytes of a text; a character that the code does not have is told by its place.
pub(super) fn write(encoding: Encoding, text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    if encoding == Encoding::Gbk {
        return gbk::write(text, out);
    }
    let page = Page::of(encoding);
    if page.is_none() && text.is_ascii() {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    for (at, c) in text.chars().enumerate() {
        let latin = u8::try_from(c).ok().ok_or(BuildFault::Character { at })?;
        out.push(page.map_or(latin, |page| page.byte(latin)));
    }
    Ok(())
}

/// How many characters a text has.
pub(super) fn count(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().count()
}

/// Appends an ASCII character so many times.
pub(super) fn repeat(encoding: Encoding, ascii: u8, times: usize, out: &mut Vec<u8>) {
    let length = out.len().saturating_add(times);
    out.resize(length, byte(encoding, ascii));
}

/// The byte of an ASCII character.
pub(super) fn byte(encoding: Encoding, ascii: u8) -> u8 {
    Page::of(encoding).map_or(ascii, |page| page.byte(ascii))
}

/// The character 0.
#[inline]
pub(super) const fn zero(encoding: Encoding) -> u8 {
    if encoding.is_ebcdic() { 0xF0 } else { b'0' }
}

/// A hexadecimal digit in EBCDIC, as it stands in ASCII; what is no digit as page 037 has it.
pub(super) fn as_ascii(ebcdic: u8) -> u8 {
    Page::of(Encoding::Cp037).map_or(ebcdic, |page| page.latin(ebcdic))
}

/// Such digits.
pub(super) fn hex_as_ascii(ebcdic: &[u8]) -> Vec<u8> {
    ebcdic.iter().map(|byte| as_ascii(*byte)).collect()
}

/// Appends hexadecimal digits in EBCDIC.
pub(super) fn push_ebcdic(hex: &str, out: &mut Vec<u8>) {
    out.extend(hex.bytes().map(|digit| byte(Encoding::Cp037, digit)));
}
