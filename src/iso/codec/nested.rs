//! A field with a bitmap of its own: which of its parts are there, and where they lie.

use super::extent::Extent;
use super::{BuildFault, characters, hex, value};
use crate::iso::spec::{Encoding, Nested, NestedPart};
use std::ops::Range;

/// One part that is there.
#[derive(Debug)]
pub(super) struct FoundPart<'a> {
    /// What it is.
    pub part: &'a NestedPart,
    /// Its bytes, the length before its value included.
    pub all: Range<usize>,
    /// The bytes of its value.
    pub body: Range<usize>,
    /// The digits, characters or bytes of its value.
    pub units: usize,
}

/// How many bytes the bitmap takes in this value, and the bits that are set, from 1. `None` if it
/// is cut off or no bitmap.
fn bits(nested: &Nested, value: &[u8]) -> Option<(usize, Vec<u16>)> {
    let one = wire_len(nested);
    let mut map = unwritten(nested.encoding, value.get(..one)?)?;
    let mut length = one;
    // A nested map never goes on by itself: only where the spec says that its first bit does that.
    if nested.extends && map.first().is_some_and(|first| first & 0x80 != 0) {
        length = one.checked_mul(2)?;
        map.extend(unwritten(nested.encoding, value.get(one..length)?)?);
    }
    let set = map.iter().zip(0u16..).flat_map(|(byte, place)| {
        let is_set = |bit: &u16| byte & 0x80u8.unbounded_shr(u32::from(*bit)) != 0;
        let number = move |bit: u16| {
            place
                .saturating_mul(8)
                .saturating_add(bit)
                .saturating_add(1)
        };
        (0u16..8).filter(is_set).map(number).collect::<Vec<_>>()
    });
    let extends = nested.extends;
    Some((length, set.filter(|bit| !(extends && *bit == 1)).collect()))
}

/// Bytes of one bitmap on the wire.
fn wire_len(nested: &Nested) -> usize {
    let width = if nested.encoding.is_hex() { 2 } else { 1 };
    usize::from(nested.bytes).saturating_mul(width)
}

fn unwritten(encoding: Encoding, bytes: &[u8]) -> Option<Vec<u8>> {
    let digits = match encoding {
        Encoding::Raw => return Some(bytes.to_vec()),
        Encoding::HexEbcdic => characters::hex_as_ascii(bytes),
        _ => bytes.to_vec(),
    };
    hex::unhex(std::str::from_utf8(&digits).ok()?).ok()
}

/// Where the parts begin, and the parts in their order. `None` if they do not close.
pub(super) fn parts<'a>(nested: &'a Nested, value: &[u8]) -> Option<(usize, Vec<FoundPart<'a>>)> {
    let (start, set) = bits(nested, value)?;
    let mut at = start;
    let mut found = Vec::with_capacity(set.len());
    for bit in set {
        let part = nested.parts.iter().find(|part| part.bit == bit)?;
        let extent = Extent::read(&part.step, value, at).ok()?;
        found.push(FoundPart {
            part,
            all: at..extent.body.end,
            body: extent.body.clone(),
            units: extent.units,
        });
        at = extent.body.end;
    }
    (at == value.len()).then_some((start, found))
}

/// The value with one part set.
pub(super) fn set(
    nested: &Nested,
    old: &[u8],
    bit: u16,
    text: &str,
) -> Result<Vec<u8>, BuildFault> {
    let known = nested.parts.iter().find(|part| part.bit == bit);
    let known = known.ok_or(BuildFault::UnknownPart)?;
    let mut all: Vec<(u16, Vec<u8>)> = Vec::new();
    if !old.is_empty() {
        let (_, found) = parts(nested, old).ok_or(BuildFault::Unreadable)?;
        let others = found.iter().filter(|one| one.part.bit != bit);
        all.extend(others.map(|one| {
            let bytes = old.get(one.all.clone()).unwrap_or_default();
            (one.part.bit, bytes.to_vec())
        }));
    }
    let mut own = Vec::new();
    value::write(&known.step.layout, text, &mut own)?;
    all.push((bit, own));
    all.sort_unstable_by_key(|(bit, _)| *bit);
    let mut out = written(nested, all.iter().map(|(bit, _)| *bit));
    out.extend(all.into_iter().flat_map(|(_, bytes)| bytes));
    Ok(out)
}

/// The bitmap of these bits, twice as long where one of them needs it.
fn written(nested: &Nested, bits: impl Iterator<Item = u16> + Clone) -> Vec<u8> {
    let single = u16::from(nested.bytes).saturating_mul(8);
    let doubled = nested.extends && bits.clone().any(|bit| bit > single);
    let length = usize::from(nested.bytes).saturating_mul(if doubled { 2 } else { 1 });
    let mut map = vec![0u8; length];
    for bit in bits.chain(doubled.then_some(1)) {
        let place = bit.saturating_sub(1);
        if let Some(byte) = map.get_mut(usize::from(place / 8)) {
            *byte |= 0x80u8.unbounded_shr(u32::from(place % 8));
        }
    }
    match nested.encoding {
        Encoding::Raw => map,
        Encoding::HexEbcdic => {
            let mut out = Vec::new();
            characters::push_ebcdic(&hex::hex(&map), &mut out);
            out
        }
        Encoding::HexLower => hex::hex(&map).to_ascii_lowercase().into_bytes(),
        _ => hex::hex(&map).into_bytes(),
    }
}
