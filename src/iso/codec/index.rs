//! Where everything lies in a frame: one walk over bitmap and fields, no allocation up to 64
//! fields.

use super::check::{Run, is_clean};
use super::extent::Extent;
use super::{ParseError, ParseFault};
use super::{characters, hex};
use crate::iso::message::{Bitmap, FieldId, Mti};
use crate::iso::spec::{Encoding, FieldStep, Spec};
use std::ops::Range;

/// Fields whose ends are kept in place; more spill over.
const IN_PLACE: usize = 64;

/// The places of a frame's parts.
#[derive(Clone)]
pub(super) struct Index {
    /// The fields that could be read.
    pub fields: Bitmap,
    /// Those that the bitmap names from the fault on, if there is one.
    pub unread: Bitmap,
    /// Those that hold what they should not.
    pub suspect: Bitmap,
    /// The type, if it could be read.
    pub mti: Option<Mti>,
    /// How many bitmaps stand in the frame.
    pub bitmaps: usize,
    /// Whether the first of them announced the second.
    pub announced: bool,
    /// Where the type begins.
    pub mti_at: u16,
    /// Where the bitmap begins.
    pub bitmap_at: u16,
    /// Where the first field begins.
    pub body_at: u16,
    /// Where each field ends, by its place among those present.
    ends: [u16; IN_PLACE],
    spilled: Vec<u16>,
}

impl Index {
    /// Of no frame.
    pub(super) const EMPTY: Self = Self {
        fields: Bitmap::EMPTY,
        unread: Bitmap::EMPTY,
        suspect: Bitmap::EMPTY,
        mti: None,
        bitmaps: 0,
        announced: false,
        mti_at: 0,
        bitmap_at: 0,
        body_at: 0,
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
            None => self.body_at,
        };
        Some(usize::from(start)..usize::from(self.end(rank)?))
    }

    fn end(&self, rank: usize) -> Option<u16> {
        let spilled = || self.spilled.get(rank.checked_sub(IN_PLACE)?);
        self.ends.get(rank).or_else(spilled).copied()
    }
}

/// Walks a frame. On a fault, `index` holds what was read before it.
pub(super) fn walk(spec: &Spec, frame: &[u8], index: &mut Index) -> Result<(), ParseError> {
    let fault = |offset, kind| ParseError::new(None, offset, kind);
    if frame.len() > usize::from(u16::MAX) {
        return Err(fault(0, ParseFault::FrameTooLong));
    }
    let header = spec.header_end(frame);
    let rest = frame
        .get(header..)
        .ok_or_else(|| fault(frame.len(), ParseFault::Header))?;
    index.mti_at = short(header);
    let (mti, rest) = read_mti(spec.mti(), rest).ok_or_else(|| fault(header, ParseFault::Mti))?;
    index.mti = Some(mti);
    let at = frame.len().saturating_sub(rest.len());
    index.bitmap_at = short(at);
    let (present, rest) = read_bitmap(spec, rest, index)
        .map_err(|from| fault(at.saturating_add(from), ParseFault::Bitmap))?;
    index.body_at = short(frame.len().saturating_sub(rest.len()));
    let walked = walk_fields(spec, frame, present, index);
    index.fields = present;
    if let Err(error) = &walked {
        stop_at(spec, frame, *error, index);
    }
    walked
}

/// What is left of the fields present where one of them is at fault.
#[cold]
fn stop_at(spec: &Spec, frame: &[u8], error: ParseError, index: &mut Index) {
    let before = |field: &FieldId| error.field.is_none_or(|fault| *field < fault.field);
    (index.fields, index.unread) = index.fields.iter().partition(before);
    find_suspects(spec, frame, index.fields, index);
}

/// Notes where each of the fields ends. This is the hot loop of the house.
fn walk_fields(
    spec: &Spec,
    frame: &[u8],
    present: Bitmap,
    index: &mut Index,
) -> Result<(), ParseError> {
    let mut at = usize::from(index.body_at);
    let mut ends = index.ends.iter_mut();
    let mut run = Run::new(frame);
    for (before, word) in [0usize, 64, 128].into_iter().zip(present.words()) {
        // Turned around, the next field is the lowest bit, which is taken out more cheaply.
        let mut rest = word.reverse_bits();
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            let number = before.wrapping_add(bit as usize).wrapping_add(1);
            let Some(step) = spec.step(number) else {
                return Err(fault(frame, None, number, at));
            };
            let end = Extent::end(step, frame, at);
            if end > frame.len() {
                return Err(fault(frame, Some(step), number, at));
            }
            run.enter(step, at);
            at = end;
            match ends.next() {
                Some(place) => *place = short(at),
                None => index.spilled.push(short(at)),
            }
        }
    }
    if !run.end(at) {
        find_suspects(spec, frame, present, index);
    }
    match frame.len().saturating_sub(at) {
        0 => Ok(()),
        left => Err(ParseError::new(None, at, ParseFault::Trailing { left })),
    }
}

/// What is wrong with the field that begins at `at`.
#[cold]
fn fault(frame: &[u8], step: Option<&FieldStep>, number: usize, at: usize) -> ParseError {
    let extent = step.map(|step| Extent::read(step, frame, at));
    let kind = extent
        .and_then(Result::err)
        .unwrap_or(ParseFault::UnknownField);
    let field = u8::try_from(number).ok().and_then(FieldId::new);
    ParseError::new(field, at, kind)
}

/// Looks at each field by itself, since some neighbours together were not clean.
#[cold]
fn find_suspects(spec: &Spec, frame: &[u8], present: Bitmap, index: &mut Index) {
    let mut at = usize::from(index.body_at);
    for field in present.iter() {
        let step = spec.step(usize::from(field.number()));
        let extent = step.and_then(|step| Some((step, Extent::read(step, frame, at).ok()?)));
        let Some((step, extent)) = extent else { return };
        at = extent.body.end;
        let body = frame.get(extent.body).unwrap_or_default();
        if !is_clean(step.check, body, extent.units) {
            index.suspect.insert(field);
        }
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
    let zero = characters::zero(encoding);
    let bcd = digits.iter().try_fold(0u16, |bcd, digit| {
        let nibble = digit.wrapping_sub(zero);
        (nibble <= 9).then_some(bcd << 4 | u16::from(nibble))
    });
    Some((Mti::from_bcd(bcd?)?, rest))
}

/// The fields present, and what follows their bitmaps; else where the bitmap at fault begins. A
/// third one that announces a fourth is at fault, since there is none.
fn read_bitmap<'a>(
    spec: &Spec,
    bytes: &'a [u8],
    index: &mut Index,
) -> Result<(Bitmap, &'a [u8]), usize> {
    let shape = spec.bitmap();
    let mut words = [0u64; 3];
    let mut rest = bytes;
    let mut count = 0usize;
    let mut more = true;
    let mut from = 0usize;
    for (place, word) in words.iter_mut().enumerate() {
        from = bytes.len().saturating_sub(rest.len());
        (*word, rest) = read_word(shape.encoding, rest).ok_or(from)?;
        // Where field 65 is data, the first bit of the second one announces nothing.
        let is_flag = shape.third || place == 0;
        let announced = is_flag && *word & FIRST_BIT != 0;
        if is_flag {
            *word &= !FIRST_BIT;
        }
        if count == 0 {
            index.announced = announced;
        }
        more = announced || (shape.always_double && count == 0);
        count = count.saturating_add(1);
        if !more {
            break;
        }
    }
    if more {
        return Err(from);
    }
    index.bitmaps = count;
    Ok((Bitmap::from_words(words), rest))
}

/// Bit 1 of a bitmap: another one follows.
const FIRST_BIT: u64 = 1 << 63;

fn read_word(encoding: Encoding, bytes: &[u8]) -> Option<(u64, &[u8])> {
    if encoding == Encoding::Raw {
        let (word, rest) = bytes.split_first_chunk::<8>()?;
        return Some((u64::from_be_bytes(*word), rest));
    }
    let (high, rest) = bytes.split_first_chunk::<8>()?;
    let (low, rest) = rest.split_first_chunk::<8>()?;
    if encoding == Encoding::HexEbcdic {
        let (high, low) = (
            high.map(characters::as_ascii),
            low.map(characters::as_ascii),
        );
        return Some((word_of(high, low)?, rest));
    }
    Some((word_of(*high, *low)?, rest))
}

/// Sixteen hexadecimal digits as a number.
fn word_of(high: [u8; 8], low: [u8; 8]) -> Option<u64> {
    Some(u64::from(unhex(high)?) << 32 | u64::from(unhex(low)?))
}

/// Eight hexadecimal digits of either case as a number, all at once.
fn unhex(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_be_bytes(digits);
    let letters = word >> 6 & ONES;
    let nibbles = (word & (0x0F * ONES)).wrapping_add(letters.wrapping_mul(9));
    // Written again they must be what they were; a G would be 16 and read as itself.
    let past_nine = nibbles.wrapping_add(0x06 * ONES) >> 4 & ONES;
    let again = nibbles
        .wrapping_add(0x30 * ONES)
        .wrapping_add(past_nine.wrapping_mul(7));
    if again != word & !(letters << 5) || nibbles & (0x10 * ONES) != 0 {
        return None;
    }
    let pairs = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF;
    u32::try_from((fours | fours >> 16) & 0xFFFF_FFFF).ok()
}

/// Appends a type.
pub(super) fn write_mti(encoding: Encoding, mti: Mti, out: &mut Vec<u8>) {
    if encoding == Encoding::Bcd {
        out.extend_from_slice(&mti.bcd().to_be_bytes());
    } else {
        out.extend(mti.digits().map(|digit| characters::byte(encoding, digit)));
    }
}

/// Appends the bitmaps: as many as the fields need, and at least those that `came`.
pub(super) fn write_bitmap(spec: &Spec, fields: Bitmap, came: &Index, out: &mut Vec<u8>) {
    let shape = spec.bitmap();
    let words = fields.words();
    let needed = words
        .iter()
        .rposition(|word| *word != 0)
        .unwrap_or(0)
        .saturating_add(1);
    let double = if shape.always_double { 2 } else { 1 };
    let count = needed.max(came.bitmaps).max(double);
    // A second bitmap that came unannounced goes out unannounced.
    let announced = if came.bitmaps > 1 {
        came.announced
    } else {
        shape.announced
    };
    for (at, word) in words.iter().take(count).enumerate() {
        let follows = at.saturating_add(1) < count;
        let more = follows && (at > 0 || announced || !shape.always_double);
        let bytes = (word | u64::from(more) << 63).to_be_bytes();
        match shape.encoding {
            Encoding::Raw => out.extend_from_slice(&bytes),
            Encoding::HexLower => out.extend(hex::hex(&bytes).to_ascii_lowercase().bytes()),
            Encoding::HexEbcdic => characters::push_ebcdic(&hex::hex(&bytes), out),
            _ => out.extend(hex::hex(&bytes).bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unhex;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_digits_at_once_read_as_one_by_one(
            number in any::<u32>(), at in 0usize..8, byte in any::<u8>(),
        ) {
            let mut digits = [0; 8];
            digits.copy_from_slice(format!("{number:08X}").as_bytes());
            prop_assert_eq!(unhex(digits), Some(number));
            prop_assert_eq!(unhex(digits.map(|digit| digit.to_ascii_lowercase())), Some(number));
            digits.get_mut(at).into_iter().for_each(|digit| *digit = byte);
            let text = std::str::from_utf8(&digits).ok().filter(|text| !text.starts_with('+'));
            let plainly = text.and_then(|text| u32::from_str_radix(text, 16).ok());
            prop_assert_eq!(unhex(digits), plainly);
        }
    }
}
