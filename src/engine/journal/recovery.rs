//! Opening a journal: what happened, up to the last record that stands.

use super::Segment;
use super::log::WritePosition;
use super::scan::{Checkpoint, Scan, scan};
use super::{Damage, DamageKind, Header, JournalError, JournalOptions, SegmentNo, Storage};
use crate::engine::record::{self, Record, Seq};
use std::collections::VecDeque;

/// What a journal holds since its newest whole checkpoint: an iterator over its records, in order,
/// patches sealed.
#[derive(Debug, Default)]
pub struct Recovery {
    parts: VecDeque<ReadSegment>,
    /// The last record that was given: one that stands twice is given once.
    given: Option<Seq>,
    /// A write at the end that a crash tore, and that was cut off: nothing ever relied on it.
    pub torn: Option<Torn>,
    /// What is wrong in the midst; empty unless the journal was opened to salvage it.
    pub damage: Vec<Damage>,
}

/// A write that a crash tore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub segment: SegmentNo,
    /// Where it began.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// A segment, read and checked.
#[derive(Debug)]
struct ReadSegment {
    segment: SegmentNo,
    bytes: Vec<u8>,
    scan: Scan,
}

impl Iterator for Recovery {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            let Some(record) = self.parts.front_mut()?.next() else {
                self.parts.pop_front();
                continue;
            };
            if self.given < Some(record.seq) {
                self.given = Some(record.seq);
                return Some(record);
            }
        }
    }
}

impl ReadSegment {
    fn read<S: Storage>(
        storage: &S,
        segment: SegmentNo,
        sealed: bool,
    ) -> Result<Self, JournalError> {
        let bytes = storage.read(segment, 0, usize::MAX)?;
        let scan = scan(segment, &bytes, None, sealed).ok_or(Damage {
            segment,
            offset: 0,
            kind: DamageKind::Header,
        });
        Ok(Self {
            segment,
            scan: scan.map_err(JournalError::Damaged)?,
            bytes,
        })
    }

    fn next(&mut self) -> Option<Record> {
        while let Some(range) = self.scan.sound.front_mut() {
            let bytes = self.bytes.get(range.clone())?;
            // Its check sum was seen when the journal was opened.
            let Some(framed) = Segment::new(bytes, range.start as u64, self.scan.salt).peek()
            else {
                self.scan.sound.pop_front();
                continue;
            };
            range.start = place(framed.end());
            if let Ok(record) = record::decode(framed.body) {
                return Some(record);
            }
        }
        None
    }

    const fn has_checkpoint(&self) -> bool {
        matches!(self.scan.checkpoint, Checkpoint::Whole(_))
    }

    /// Whether it got beyond its making: a crash before its checkpoint was whole leaves nothing in
    /// it that is not in the segment before.
    fn is_begun(&self) -> bool {
        self.has_checkpoint() || self.segment == SegmentNo::FIRST || !self.scan.damage.is_empty()
    }

    fn torn(&self) -> Option<Torn> {
        (self.scan.torn > 0).then_some(Torn {
            segment: self.segment,
            offset: self.scan.end as u64,
            bytes: self.scan.torn as u64,
        })
    }
}

/// Reads the journal back from its newest whole checkpoint, cuts off a torn tail, makes durable
/// what is left, and says where to go on.
pub(super) fn recover<S: Storage>(
    storage: &mut S,
    options: &JournalOptions,
) -> Result<(Option<WritePosition>, Recovery), JournalError> {
    let mut recovery = Recovery::default();
    let mut segments = storage.segments()?;
    while let Some(last) = segments.pop() {
        let part = read_last(storage, last)?.filter(ReadSegment::is_begun);
        let Some(part) = part else {
            recovery.torn = Some(abandon(storage, &segments, last)?);
            continue;
        };
        recovery.torn = recovery.torn.or_else(|| part.torn());
        recovery.parts = since_checkpoint(storage, &segments, part)?;
        let damage = recovery.parts.iter().flat_map(|part| &part.scan.damage);
        recovery.damage = damage.copied().collect();
        refuse_damage(&recovery, options)?;
        let place = settle(storage, &recovery)?;
        return Ok((place, recovery));
    }
    Ok((None, recovery))
}

/// The last segment; `None` if its making did not come as far as its header, which is durable
/// before anything is written behind it.
fn read_last<S: Storage>(
    storage: &S,
    last: SegmentNo,
) -> Result<Option<ReadSegment>, JournalError> {
    if Header::is_unmade(&storage.read(last, 0, usize::MAX)?) {
        return Ok(None);
    }
    ReadSegment::read(storage, last, false).map(Some)
}

/// Takes the last segment away, if the one before is there to go on with.
fn abandon<S: Storage>(
    storage: &mut S,
    before: &[SegmentNo],
    last: SegmentNo,
) -> Result<Torn, JournalError> {
    let goes_on = before.last().is_some_and(|before| before.next() == last);
    if !goes_on && last != SegmentNo::FIRST {
        return Err(JournalError::NoCheckpoint { segment: last });
    }
    let bytes = storage.read(last, 0, usize::MAX)?.len() as u64;
    storage.remove(last)?;
    Ok(Torn {
        segment: last,
        offset: 0,
        bytes,
    })
}

/// The last segment, and those before it back to a whole checkpoint or to the first of all.
fn since_checkpoint<S: Storage>(
    storage: &S,
    before: &[SegmentNo],
    last: ReadSegment,
) -> Result<VecDeque<ReadSegment>, JournalError> {
    let mut older = before.iter().rev();
    let (mut segment, mut whole) = (last.segment, last.has_checkpoint());
    let mut parts = VecDeque::from([last]);
    while !whole && segment != SegmentNo::FIRST {
        let previous = older.next().filter(|older| older.next() == segment);
        let previous = previous.ok_or(JournalError::NoCheckpoint { segment })?;
        let part = ReadSegment::read(storage, *previous, true)?;
        if let Some(next) = parts.front_mut() {
            next.scan.damage.extend(gap(&part, next));
        }
        (segment, whole) = (part.segment, part.has_checkpoint());
        parts.push_front(part);
    }
    Ok(parts)
}

/// What is missing between a segment and the next.
fn gap(part: &ReadSegment, next: &ReadSegment) -> Option<Damage> {
    let expected = part.scan.ends?.1.next();
    let found = Header::read(&next.bytes)?.first;
    (found != expected).then_some(Damage {
        segment: next.segment,
        offset: 0,
        kind: DamageKind::Gap { expected, found },
    })
}

fn refuse_damage(recovery: &Recovery, options: &JournalOptions) -> Result<(), JournalError> {
    match recovery.damage.first() {
        Some(damage) if !options.salvage => Err(JournalError::Damaged(*damage)),
        Some(_) | None => Ok(()),
    }
}

/// Makes the last segment end where its records end, and all of them durable: those of a process
/// that was killed may never have been synced, and those of one whose sync failed may be in the
/// cache but not on the disk, so that they are written again.
fn settle<S: Storage>(
    storage: &mut S,
    recovery: &Recovery,
) -> Result<Option<WritePosition>, JournalError> {
    let Some(last) = recovery.parts.back() else {
        return Ok(None);
    };
    let ReadSegment {
        segment,
        bytes,
        scan,
    } = last;
    let segment = *segment;
    if scan.torn > 0 {
        storage.truncate(segment, scan.end as u64)?;
    }
    let tail = bytes.get(scan.unsynced..scan.end).unwrap_or_default();
    storage.write(segment, scan.unsynced as u64, tail)?;
    storage.sync(segment)?;
    let first = Header::read(bytes).map_or(Seq(1), |header| header.first);
    Ok(Some(WritePosition {
        segment,
        salt: scan.salt,
        end: scan.end as u64,
        next: scan.ends.map_or(first, |(_, last)| last.next()),
        checkpoint_end: match scan.checkpoint {
            Checkpoint::Whole(end) => end as u64,
            Checkpoint::Unfinished | Checkpoint::None => Header::LENGTH as u64,
        },
        records: scan.records,
    }))
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
