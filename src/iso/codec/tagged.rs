//! Values behind tags: the bytes of a field that has such parts, and the text of each part.

use super::hex::{hex, unhex};
use super::{BuildFault, characters};
use crate::iso::spec::{Composite, Encoding, FieldContent, Layout};
use std::borrow::Cow;

/// The bytes of a value, whether they stand raw, as characters or as hex. Text in EBCDIC becomes
/// ASCII, a byte for a byte, so that its tags and lengths read the same.
pub(super) fn plain_bytes<'a>(layout: &Layout, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match layout.encoding {
        Encoding::Raw | Encoding::Ascii | Encoding::Gbk => Some(Cow::Borrowed(body)),
        Encoding::Hex | Encoding::HexLower => {
            Some(Cow::Owned(unhex(std::str::from_utf8(body).ok()?).ok()?))
        }
        Encoding::HexEbcdic => {
            let digits = characters::hex_as_ascii(body);
            Some(Cow::Owned(unhex(std::str::from_utf8(&digits).ok()?).ok()?))
        }
        Encoding::Cp037 | Encoding::Cp500 | Encoding::Cp1047 => {
            let text = characters::read(layout.encoding, body);
            let latin = |c: char| u8::try_from(c).unwrap_or_default();
            Some(Cow::Owned(text.chars().map(latin).collect()))
        }
        Encoding::Bcd => None,
    }
}

/// The whole value as its field's text, from its plain bytes.
pub(super) fn whole_text(layout: &Layout, bytes: &[u8]) -> String {
    match (layout.content, layout.encoding) {
        (FieldContent::Binary, _) => hex(bytes),
        (_, Encoding::Gbk) => characters::read(Encoding::Gbk, bytes).into_owned(),
        (_, _) => characters::latin(bytes).into_owned(),
    }
}

/// Whether a part is bytes, shown in hex: chip tags, and whatever stands in a field of bytes.
fn is_binary(composite: &Composite, layout: &Layout) -> bool {
    matches!(composite, Composite::BerTlv(_)) || layout.content == FieldContent::Binary
}

/// A part as text.
pub(super) fn part_text(composite: &Composite, layout: &Layout, bytes: &[u8]) -> String {
    if is_binary(composite, layout) {
        hex(bytes)
    } else {
        whole_text(layout, bytes)
    }
}

/// A part from its text.
pub(super) fn part_bytes(
    composite: &Composite,
    layout: &Layout,
    text: &str,
) -> Result<Vec<u8>, BuildFault> {
    if is_binary(composite, layout) {
        return unhex(text).map_err(|at| BuildFault::Character { at });
    }
    let code = match layout.encoding {
        Encoding::Gbk => Encoding::Gbk,
        _ => Encoding::Ascii,
    };
    let mut bytes = Vec::new();
    characters::write(code, text, &mut bytes)?;
    Ok(bytes)
}
