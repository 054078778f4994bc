//! Where everything lies in a frame: one walk over bitmap and fields, no allocation up to 64
//! fields.

use super::value::{self, Extent};
use super::{ParseError, ParseFault};
use crate::iso::message::{Bitmap, FieldId, Mti};
use crate::iso::spec::{Encoding, Spec};
use std::ops::Range;

/// Fields whose ends are kept in place; more spill over.
const IN_PLACE: usize = 64;

/// The places of a frame's parts.
#[derive(Clone)]
pub(super) struct Index {
    /// The fields that could be read.
    pub fields: Bitmap,
    /// Those that hold what they should not.
    pub suspect: Bitmap,
    /// How many bitmaps stand in the frame.
    pub bitmaps: usize,
    /// Where the type begins.
    pub mti: u16,
    /// Where the bitmap begins.
    pub bitmap: u16,
    /// Where the first field begins.
    pub body: u16,
    /// Where each field ends, by its place among those present.
    ends: [u16; IN_PLACE],
    spilled: Vec<u16>,
}

impl Index {
    /// Of no frame.
    pub(super) const EMPTY: Self = Self {
        fields: Bitmap::EMPTY,
        suspect: Bitmap::EMPTY,
        bitmaps: 0,
        mti: 0,
        bitmap: 0,
        body: 0,
        ends: [0; IN_PLACE],
        spilled: Vec::new(),
    };

    /// The bytes of a field, its length prefix included.
    pub(super) fn place(&self, field: FieldId) -> Option<Range<usize>> {
        if !self.fields.contains(field) {
            return None;
        }
        let rank = self.fields.rank(field);
        let start = match rank.checked_sub(1) {
            Some(before) => self.end(before)?,
            None => self.body,
        };
        Some(usize::from(start)..usize::from(self.end(rank)?))
    }

    fn end(&self, rank: usize) -> Option<u16> {
        let spilled = || self.spilled.get(rank.checked_sub(IN_PLACE)?);
        self.ends.get(rank).or_else(spilled).copied()
    }

    fn push(&mut self, rank: usize, end: u16) {
        match self.ends.get_mut(rank) {
            Some(place) => *place = end,
            None => self.spilled.push(end),
        }
    }
}

/// What a walk over a frame found: all of it, or what came before the fault.
pub(super) struct Walk {
    /// The type, if it could be read.
    pub mti: Option<Mti>,
    /// The places.
    pub index: Index,
}

/// Walks a frame. On a fault, `walk` holds what was read before it.
pub(super) fn walk(spec: &Spec, frame: &[u8], walk: &mut Walk) -> Result<(), ParseError> {
    let fault = |field, offset, kind| ParseError::new(field, offset, kind);
    if frame.len() > usize::from(u16::MAX) {
        return Err(fault(None, 0, ParseFault::FrameTooLong));
    }
    let index = &mut walk.index;
    let header = spec.header_len();
    let after_header = frame.get(header..);
    let rest = after_header.ok_or_else(|| fault(None, frame.len(), ParseFault::Header))?;
    index.mti = short(header);
    let (mti, rest) =
        read_mti(spec.mti(), rest).ok_or_else(|| fault(None, header, ParseFault::Mti))?;
    walk.mti = Some(mti);
    let at = frame.len().saturating_sub(rest.len());
    index.bitmap = short(at);
    let (present, bitmaps, rest) =
        read_bitmap(spec, rest).ok_or_else(|| fault(None, at, ParseFault::Bitmap))?;
    index.bitmaps = bitmaps;
    let mut at = frame.len().saturating_sub(rest.len());
    index.body = short(at);
    for (rank, field) in present.iter().enumerate() {
        let wrong = |kind| fault(Some(field), at, kind);
        let layout = spec
            .layout(field)
            .ok_or_else(|| wrong(ParseFault::UnknownField))?;
        let bytes = frame.get(at..).unwrap_or_default();
        let extent = Extent::read(layout, bytes).map_err(wrong)?;
        let start = extent.prefix;
        let end = start.saturating_add(extent.body);
        let body = bytes.get(start..end).unwrap_or_default();
        at = at.saturating_add(end);
        index.fields.insert(field);
        index.push(rank, short(at));
        if !value::is_clean(layout, body, extent.units) {
            index.suspect.insert(field);
        }
    }
    match frame.len().saturating_sub(at) {
        0 => Ok(()),
        left => Err(fault(None, at, ParseFault::Trailing { left })),
    }
}

/// An offset in a frame whose length was checked.
fn short(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

fn read_mti(encoding: Encoding, bytes: &[u8]) -> Option<(Mti, &[u8])> {
    if encoding == Encoding::Bcd {
        let (digits, rest) = bytes.split_first_chunk::<2>()?;
        return Some((Mti::from_bcd(u16::from_be_bytes(*digits))?, rest));
    }
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// The fields present, how many bitmaps there are, and what follows them.
fn read_bitmap<'a>(spec: &Spec, bytes: &'a [u8]) -> Option<(Bitmap, usize, &'a [u8])> {
    let shape = spec.bitmap();
    let mut words = [0u64; 3];
    let mut rest = bytes;
    let mut count = 0usize;
    for word in &mut words {
        (*word, rest) = read_word(shape.encoding, rest)?;
        count = count.saturating_add(1);
        let more = *word >> 63 == 1 || (shape.always_double && count == 1);
        if !more || count == 3 {
            break;
        }
    }
    for word in &mut words {
        *word &= !(1 << 63);
    }
    Some((Bitmap::from_words(words), count, rest))
}

fn read_word(encoding: Encoding, bytes: &[u8]) -> Option<(u64, &[u8])> {
    if encoding == Encoding::Raw {
        let (word, rest) = bytes.split_first_chunk::<8>()?;
        return Some((u64::from_be_bytes(*word), rest));
    }
    let (digits, rest) = bytes.split_first_chunk::<16>()?;
    let word = digits.iter().try_fold(0u64, |word, digit| {
        Some(word << 4 | u64::from(char::from(*digit).to_digit(16)?))
    })?;
    Some((word, rest))
}

/// Appends a type.
pub(super) fn write_mti(encoding: Encoding, mti: Mti, out: &mut Vec<u8>) {
    if encoding == Encoding::Bcd {
        out.extend_from_slice(&mti.bcd().to_be_bytes());
    } else {
        out.extend_from_slice(&mti.digits());
    }
}

/// Appends the bitmaps: as many as the fields need, and at least `least`.
pub(super) fn write_bitmap(spec: &Spec, fields: Bitmap, least: usize, out: &mut Vec<u8>) {
    let shape = spec.bitmap();
    let words = fields.words();
    let needed = words
        .iter()
        .rposition(|word| *word != 0)
        .unwrap_or(0)
        .saturating_add(1);
    let double = if shape.always_double { 2 } else { 1 };
    let count = needed.max(least).max(double);
    for (at, word) in words.iter().take(count).enumerate() {
        let more = u64::from(at.saturating_add(1) < count) << 63;
        let bytes = (word | more).to_be_bytes();
        match shape.encoding {
            Encoding::Raw => out.extend_from_slice(&bytes),
            Encoding::HexLower => out.extend(value::hex(&bytes).to_ascii_lowercase().bytes()),
            _ => out.extend(value::hex(&bytes).bytes()),
        }
    }
}
