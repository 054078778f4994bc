//! The field classes of jPOS: a name says how a field is written.
//!
//! `IFA_`, `IFB_`, `IFE_` is the family (ASCII, binary, EBCDIC); then as many `L` as the length has
//! digits; an `H` if the length is binary; then what the field holds.

use super::draft::{DraftContent, DraftWire};
use crate::iso::spec::{Align, Encoding, PrefixEncoding};

/// What a class says of a field.
pub(super) enum FieldClass {
    /// A value, written so.
    Value(DraftWire),
    /// A bitmap, written so.
    Bitmap(Encoding),
    /// The field is never there.
    Absent,
}

/// The page that jPOS takes for EBCDIC.
const EBCDIC: Encoding = Encoding::Cp1047;

/// Reads a class: its name without the package, the length and `pad` beside it. The error says
/// what our form cannot say.
pub(super) fn read(class: &str, length: u16, pad: bool) -> Result<FieldClass, &'static str> {
    let unknown = "an unknown class: it may be one of your own";
    let (family, name) = class.split_once('_').ok_or(unknown)?;
    match (family, name) {
        ("IF", "NOP" | "UNUSED") => return Ok(FieldClass::Absent),
        ("IF", "CHAR") => return Ok(text(length, Encoding::Ascii)),
        ("IF", "ECHAR") => return Ok(text(length, EBCDIC)),
        ("IFA", "BITMAP") => return Ok(FieldClass::Bitmap(Encoding::Hex)),
        ("IFB", "BITMAP") => return Ok(FieldClass::Bitmap(Encoding::Raw)),
        ("IFE", "BITMAP") => return Ok(FieldClass::Bitmap(Encoding::HexEbcdic)),
        ("IFEP" | "IFMC" | "IFIPM" | "IFEMC" | "IFELPE" | "IFEPE", _) => {
            return Err("a class of one network: its form is not known here");
        }
        _ => {}
    }
    if name.starts_with("TT") {
        return Err("a tag before the length of a field: only within a field with tags");
    }
    if name.ends_with("AMOUNT2003") {
        return Err("a sign within currency and digits");
    }
    let wire = match family {
        "IFA" => ascii(name, length, pad),
        "IFB" => packed(name, length, pad),
        "IFE" => ebcdic(name, length),
        "IFEA" => mixed(name, length),
        "IFEB" => return Err("a length in bytes before digits that end with F or do not"),
        _ => return Err(unknown),
    };
    wire.map(FieldClass::Value).ok_or(unknown)
}

fn text(length: u16, encoding: Encoding) -> FieldClass {
    FieldClass::Value(DraftWire::fixed(DraftContent::Text, length, encoding))
}

/// The digits of a length, and what follows them.
fn lengths(name: &str) -> (u8, &str) {
    let rest = name.trim_start_matches('L');
    let digits = name.len().saturating_sub(rest.len());
    (u8::try_from(digits).unwrap_or(u8::MAX), rest)
}

/// A value with the length before it, if it has one.
fn with(wire: DraftWire, digits: u8, encoding: PrefixEncoding) -> Option<DraftWire> {
    match digits {
        0 => Some(wire),
        1..=6 => Some(wire.after(digits, encoding)),
        _ => None,
    }
}

fn ascii(name: &str, length: u16, pad: bool) -> Option<DraftWire> {
    let (digits, kind) = lengths(name);
    let (content, encoding) = match (digits, kind) {
        (_, "NUM") | (0, "NUMERIC") => (DraftContent::Digits, Encoding::Ascii),
        (1.., "CHAR") => (DraftContent::Text, Encoding::Ascii),
        (0, "AMOUNT") => (DraftContent::Signed, Encoding::Ascii),
        (0, "BINARY") | (1.., "ABINARY") => (DraftContent::Binary, Encoding::Hex),
        (1.., "BINARY") => (DraftContent::Binary, Encoding::Raw),
        // Digits in BCD behind a length in characters.
        (1.., "BNUM") => (DraftContent::Digits, Encoding::Bcd),
        _ => return None,
    };
    let is_packed = encoding == Encoding::Bcd;
    let wire = DraftWire {
        align: if pad { Align::Right } else { Align::Left },
        // Such a length is rounded up to whole bytes.
        max: if is_packed { even(length) } else { length },
        ..DraftWire::fixed(content, length, encoding)
    };
    with(wire, digits, PrefixEncoding::Ascii)
}

const fn even(length: u16) -> u16 {
    length.saturating_add(length % 2)
}

fn packed(name: &str, length: u16, pad: bool) -> Option<DraftWire> {
    let (is_filled, name) = match name.strip_prefix('F') {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let (digits, kind) = lengths(name);
    let (is_binary, kind) = match kind.strip_prefix('H') {
        Some(rest) if digits > 0 && rest != "EX" => (true, rest),
        _ => (false, kind),
    };
    let (content, encoding) = match (digits, kind) {
        (1.., "NUM") | (0, "NUMERIC") => (DraftContent::Digits, Encoding::Bcd),
        (0, "AMOUNT") => (DraftContent::Signed, Encoding::Bcd),
        (_, "BINARY") => (DraftContent::Binary, Encoding::Raw),
        (1.., "CHAR") => (DraftContent::Text, Encoding::Ascii),
        (1.., "ECHAR") if is_binary => (DraftContent::Text, EBCDIC),
        // Nibbles of any value: track code has them all.
        (0, "HEX") => (DraftContent::Track, Encoding::Bcd),
        _ => return None,
    };
    let is_packed = encoding == Encoding::Bcd && content != DraftContent::Signed;
    if is_filled && !is_packed {
        return None;
    }
    let is_hex = kind == "HEX";
    let wire = DraftWire {
        align: if pad { Align::Right } else { Align::Left },
        fill: if is_filled || (is_hex && !pad) {
            0xF
        } else {
            0
        },
        ..DraftWire::fixed(content, length, encoding)
    };
    let prefix = if is_binary {
        PrefixEncoding::Binary
    } else {
        PrefixEncoding::Bcd
    };
    with(wire, digits, prefix)
}

fn ebcdic(name: &str, length: u16) -> Option<DraftWire> {
    let (digits, kind) = lengths(name);
    let (content, encoding) = match (digits, kind) {
        (1.., "NUM") | (0, "NUMERIC") => (DraftContent::Digits, EBCDIC),
        (_, "CHAR") => (DraftContent::Text, EBCDIC),
        (0, "AMOUNT") => (DraftContent::Signed, EBCDIC),
        (0, "BINARY") => (DraftContent::Binary, Encoding::HexEbcdic),
        (1.., "BINARY") => (DraftContent::Binary, Encoding::Raw),
        _ => return None,
    };
    let wire = DraftWire::fixed(content, length, encoding);
    with(wire, digits, PrefixEncoding::Ebcdic)
}

/// A length in EBCDIC before characters in ASCII.
fn mixed(name: &str, length: u16) -> Option<DraftWire> {
    let (digits, kind) = lengths(name);
    let content = match kind {
        "CHAR" if digits > 0 => DraftContent::Text,
        "NUM" if digits > 0 => DraftContent::Digits,
        _ => return None,
    };
    let wire = DraftWire::fixed(content, length, Encoding::Ascii);
    with(wire, digits, PrefixEncoding::Ebcdic)
}
