//! Reading records in order, from wherever, as far as there are any by now.

use super::files::Files;
use crate::engine::journal::{
    Damage, DamageKind, Framed, Header, Segment, SegmentNo, Storage, StorageError,
};
use crate::engine::record::{self, Fact, FormError, Record};
use std::path::Path;

/// How much is read at once, in bytes; more than the longest record.
const PIECE: usize = 1 << 20;

/// A record's place on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPosition {
    /// The segment.
    pub segment: SegmentNo,
    /// The byte in it.
    pub offset: u64,
}

impl RecordPosition {
    /// Where a segment's first record is.
    pub(super) const fn start_of(segment: SegmentNo) -> Self {
        let offset = Header::LENGTH as u64;
        Self { segment, offset }
    }
}

/// Reads on and on. `None` means that there is no more by now: asked again it gives what came
/// since. Damage is skipped, and kept in a list.
#[derive(Debug)]
pub struct Cursor {
    files: Files,
    at: RecordPosition,
    salt: Option<u32>,
    buffer: Vec<u8>,
    used: usize,
    /// Whether it ends where its segment ends.
    within: bool,
    /// How records are read.
    decode: fn(&[u8]) -> Result<Record, FormError>,
    damage: Vec<Damage>,
}

impl Cursor {
    /// From a record's place; if its segment is not kept, from the next that is.
    pub(super) const fn at(files: Files, at: RecordPosition) -> Self {
        Self {
            files,
            at,
            salt: None,
            buffer: Vec::new(),
            used: 0,
            within: false,
            decode: record::decode,
            damage: Vec::new(),
        }
    }

    /// From a record's place to the end of its segment.
    pub(super) const fn within(files: Files, at: RecordPosition) -> Self {
        let mut cursor = Self::at(files, at);
        cursor.within = true;
        cursor
    }

    /// The same, without the bytes of frames.
    pub(super) const fn without_frames(mut self) -> Self {
        self.decode = record::decode_without_frames;
        self
    }

    /// From the newest whole checkpoint on; the newest segment's may still be in the making.
    pub(super) fn since_checkpoint(folder: &Path) -> Result<Self, StorageError> {
        let there = Files::read_only(folder).segments()?;
        let has_checkpoint = |segment: &SegmentNo| {
            let start = RecordPosition::start_of(*segment);
            let records = Self::within(Files::read_only(folder), start).without_frames();
            let mut facts = records.map_while(Result::ok).map(|record| record.fact);
            matches!(facts.next(), Some(Fact::CheckpointBegin))
                && facts
                    .find(|fact| !matches!(fact, Fact::Carried(_)))
                    .is_some_and(|fact| matches!(fact, Fact::CheckpointEnd))
        };
        let start = there.iter().rev().copied().find(has_checkpoint);
        let start = RecordPosition::start_of(start.unwrap_or(SegmentNo::FIRST));
        Ok(Self::at(Files::read_only(folder), start))
    }

    /// Where the next record will be.
    #[must_use]
    pub const fn position(&self) -> RecordPosition {
        self.at
    }

    /// What was skipped so far.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The next record, patches sealed, if `wanted` says so of its body; `Some(None)` if not.
    pub(super) fn next_if(
        &mut self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Option<Record>>, StorageError> {
        while !self.is_filled() {
            if !self.fill()? && !self.next_segment()? {
                return Ok(None);
            }
        }
        let (record, at, end) = {
            let Some(framed) = self.framed() else {
                return Ok(None);
            };
            let record = wanted(framed.body).then(|| (self.decode)(framed.body));
            (record.transpose(), framed.offset, framed.end())
        };
        self.used += usize::try_from(end - at).unwrap_or(0);
        self.at.offset = end;
        Ok(Some(record.unwrap_or_else(|error| {
            self.note(at, DamageKind::Form(error));
            None
        })))
    }

    fn is_filled(&self) -> bool {
        self.framed().is_some()
    }

    fn framed(&self) -> Option<Framed<'_>> {
        let bytes = self.buffer.get(self.used..)?;
        Segment::new(bytes, self.at.offset, self.salt?).next()
    }

    /// Reads the next piece; whether a record is in it.
    fn fill(&mut self) -> Result<bool, StorageError> {
        if self.salt.is_none() && !self.begin()? {
            return Ok(false);
        }
        self.buffer = self.files.read(self.at.segment, self.at.offset, PIECE)?;
        self.used = 0;
        Ok(self.is_filled())
    }

    /// Reads the segment's header; whether there is one.
    fn begin(&mut self) -> Result<bool, StorageError> {
        let there = self.files.segments()?;
        // What is no longer kept is passed over.
        let Some(first) = there.into_iter().find(|there| *there >= self.at.segment) else {
            return Ok(false);
        };
        if first != self.at.segment {
            self.at = RecordPosition::start_of(first);
        }
        let head = self.files.read(first, 0, Header::LENGTH)?;
        self.salt = Header::read(&head).map(|header| header.salt);
        Ok(self.salt.is_some())
    }

    /// At the end of a segment that has a successor: goes on there, or behind what is damaged.
    fn next_segment(&mut self) -> Result<bool, StorageError> {
        let there = self.files.segments()?;
        let Some(next) = there.into_iter().find(|there| *there > self.at.segment) else {
            return self.newest();
        };
        // It may have been finished since it was read.
        if self.fill()? {
            return Ok(true);
        }
        match self.salt {
            None => self.note(0, DamageKind::Header),
            Some(salt) => {
                if self.resume(salt)? {
                    return Ok(true);
                }
            }
        }
        if self.within {
            return Ok(false);
        }
        self.salt = None;
        self.buffer.clear();
        self.at = RecordPosition::start_of(next);
        Ok(true)
    }

    /// At the end of what is sound in the newest segment: whether a record stands behind damage.
    fn newest(&mut self) -> Result<bool, StorageError> {
        // A write under way may look like damage for a moment.
        for _ in 0..2 {
            if self.fill()? {
                return Ok(true);
            }
            if !self.is_damaged()? {
                return Ok(false);
            }
        }
        match self.salt {
            Some(salt) => self.resume(salt),
            None => {
                let told = self.damage.last().map(|damage| damage.segment);
                if told != Some(self.at.segment) {
                    self.note(0, DamageKind::Header);
                }
                Ok(false)
            }
        }
    }

    /// Whether what is not sound here, in the newest segment, is damage, and not a write that was
    /// not finished: something behind it says that it was durable.
    fn is_damaged(&self) -> Result<bool, StorageError> {
        let RecordPosition { segment, offset } = self.at;
        if !self.files.segments()?.contains(&segment) {
            return Ok(false);
        }
        let Some(salt) = self.salt else {
            let whole = self.files.read(segment, 0, usize::MAX)?;
            return Ok(Header::read(&whole).is_none() && !Header::is_unmade(&whole));
        };
        if self.buffer.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        let rest = self.files.read(segment, offset, usize::MAX)?;
        let mut behind = Segment::new(&rest, offset, salt);
        while behind.resume() {
            if behind.any(|framed| framed.synced) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Skips what is damaged; whether a record stands behind it.
    fn resume(&mut self, salt: u32) -> Result<bool, StorageError> {
        let RecordPosition { segment, offset } = self.at;
        let rest = self.files.read(segment, offset, usize::MAX)?;
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        self.note(offset, DamageKind::Record);
        let mut behind = Segment::new(&rest, offset, salt);
        let found = behind.resume();
        self.at.offset = behind.offset();
        self.buffer.clear();
        Ok(found)
    }

    fn note(&mut self, offset: u64, kind: DamageKind) {
        self.damage.push(Damage {
            segment: self.at.segment,
            offset,
            kind,
        });
    }
}

impl Iterator for Cursor {
    type Item = Result<Record, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_if(|_| true) {
                Ok(Some(Some(record))) => return Some(Ok(record)),
                Ok(Some(None)) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
