//! The form of a segment.
//!
//! A [`Header`] of 36 bytes, then records. A record is a word of 4 bytes, a CRC-32 of 4 bytes, and
//! its body, all numbers little-endian. The word is the body's length, with bit 31 set if every
//! record before this one was durable when this one was written. The CRC covers word and body and
//! begins with the segment's own salt, so that neither a leftover of another segment nor bytes that
//! a peer chose can pass for a record of this one. What follows the last record is nothing, zeros,
//! or a write that a crash tore.

use super::SegmentNo;
use crate::engine::record::Seq;
use crate::engine::seam::planted::{self, Bug};

const MAGIC: [u8; 8] = *b"isogate\n";
const VERSION: u32 = 1;
const SYNCED: u32 = 1 << 31;

/// What stands before a record's body.
pub(super) const FRAME: usize = 8;

/// The longest body, beyond what two frames of 64 KiB need.
pub(super) const LONGEST: usize = 1 << 18;

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its number.
    pub segment: SegmentNo,
    /// Its first record.
    pub first: Seq,
    /// What its check sums begin with: random, and unknown to peers.
    pub salt: u32,
}

impl Header {
    /// How many bytes it takes.
    pub const LENGTH: usize = 36;

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(self.segment.0.to_le_bytes());
        out.extend(self.first.0.to_le_bytes());
        out.extend(self.salt.to_le_bytes());
        let crc = crc32fast::hash(out.get(start..).unwrap_or_default());
        out.extend(crc.to_le_bytes());
    }

    /// Whether the making of a segment did not come as far as its header, which is durable before
    /// anything is written behind it. With something behind it a bad header is damage.
    #[must_use]
    pub fn is_unmade(segment: &[u8]) -> bool {
        let behind = segment.get(Self::LENGTH..).unwrap_or_default();
        Self::read(segment).is_none() && behind.iter().all(|byte| *byte == 0)
    }

    /// Reads the header of a segment; `None` if there is no whole and sound one of this version.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (told, rest) = bytes.split_at_checked(Self::LENGTH - 4)?;
        let (crc, _) = rest.split_first_chunk()?;
        if crc32fast::hash(told) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (magic, rest) = told.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (salt, _) = rest.split_first_chunk()?;
        let known = *magic == MAGIC && u32::from_le_bytes(*version) == VERSION;
        known.then(|| Self {
            segment: SegmentNo(u64::from_le_bytes(*segment)),
            first: Seq(u64::from_le_bytes(*first)),
            salt: u32::from_le_bytes(*salt),
        })
    }
}

/// A sound record in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed<'a> {
    /// Where it begins in the segment.
    pub offset: u64,
    /// Whether everything before it was durable when it was written.
    pub synced: bool,
    /// Its body: the form of a record.
    pub body: &'a [u8],
}

impl Framed<'_> {
    /// Where the next one begins.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.offset + (FRAME + self.body.len()) as u64
    }
}

/// Bytes of a segment, read record by record up to the first that is not sound.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    base: u64,
    at: usize,
    salt: u32,
}

impl<'a> Segment<'a> {
    /// `bytes` begin at `base` in the segment, where a record begins.
    #[must_use]
    pub const fn new(bytes: &'a [u8], base: u64, salt: u32) -> Self {
        Self {
            bytes,
            base,
            at: 0,
            salt,
        }
    }

    /// Where the next record begins, or would.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes to the next place behind this one where a sound record stands; whether there is one.
    pub fn resume(&mut self) -> bool {
        let from = *self;
        let places = self.at + 1..self.bytes.len();
        let place = |at| Self { at, ..from };
        let next = places
            .map(place)
            .find(|segment| segment.clone().next().is_some());
        *self = next.unwrap_or(Self {
            at: self.bytes.len(),
            ..from
        });
        next.is_some()
    }

    /// The next record, not checked: to hop over records that were checked before.
    #[must_use]
    pub fn peek(&self) -> Option<Framed<'a>> {
        let (word, rest) = self.rest().split_first_chunk()?;
        let word = u32::from_le_bytes(*word);
        let length = usize::try_from(word & !SYNCED).ok()?;
        let body = rest.get(4..)?.get(..length)?;
        let framed = Framed {
            offset: self.offset(),
            synced: word & SYNCED != 0,
            body,
        };
        (1..=LONGEST).contains(&length).then_some(framed)
    }

    fn is_sound(&self, framed: &Framed<'_>) -> bool {
        let told = self.rest().get(4..).and_then(|rest| rest.first_chunk());
        let word = self.rest().first_chunk::<4>();
        word.zip(told).is_some_and(|(word, told)| {
            let own = checksum(self.salt, *word, framed.body);
            own == u32::from_le_bytes(*told) || planted::is(Bug::IgnoreCrc)
        })
    }
}

impl<'a> Iterator for Segment<'a> {
    type Item = Framed<'a>;

    fn next(&mut self) -> Option<Framed<'a>> {
        let framed = self.peek().filter(|framed| self.is_sound(framed))?;
        self.at += FRAME + framed.body.len();
        Some(framed)
    }
}

fn checksum(salt: u32, word: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(&word);
    hasher.update(body);
    hasher.finalize()
}

/// Appends a record whose body `write` appends. `None` if that is too long; nothing is left then.
pub(super) fn put_framed(
    out: &mut Vec<u8>,
    salt: u32,
    synced: bool,
    write: impl FnOnce(&mut Vec<u8>),
) -> Option<()> {
    let start = out.len();
    out.extend([0; FRAME]);
    write(out);
    let length = out.len() - start - FRAME;
    let (head, body) = out.get_mut(start..)?.split_first_chunk_mut::<FRAME>()?;
    if length > LONGEST {
        out.truncate(start);
        return None;
    }
    let flag = if synced { SYNCED } else { 0 };
    let word = (u32::try_from(length).ok()? | flag).to_le_bytes();
    let (place, rest) = head.split_at_mut(4);
    place.copy_from_slice(&word);
    rest.copy_from_slice(&checksum(salt, word, body).to_le_bytes());
    Some(())
}
