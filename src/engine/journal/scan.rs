//! Reading a whole segment: which records stand, where it ends, and what is wrong.

use super::segment::FRAME;
use super::{Framed, Header, Segment, SegmentNo};
use crate::engine::record::{self, Fact, Seq};
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

/// Something wrong in the midst of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: SegmentNo,
    /// The byte in it.
    pub offset: u64,
    /// What.
    pub kind: DamageKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// The segment's header is not sound.
    Header,
    /// A record is not sound, although later ones say that it was durable.
    Record,
    /// A sound record that this version cannot read.
    Form(record::FormError),
    /// The record found is not the next one.
    Gap {
        /// The next place.
        expected: Seq,
        /// The place found.
        found: Seq,
    },
    /// The segment is not there.
    Missing,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}, byte {}: ", self.segment, self.offset)?;
        match self.kind {
            DamageKind::Header => f.write_str("the segment's header is damaged"),
            DamageKind::Record => f.write_str("a record is damaged"),
            DamageKind::Form(error) => error.fmt(f),
            DamageKind::Gap { expected, found } => write!(
                f,
                "record {} is missing, {} stands in its place",
                expected.0, found.0
            ),
            DamageKind::Missing => f.write_str("the segment is missing"),
        }
    }
}

/// What stands in a segment.
#[derive(Debug)]
pub(super) struct Scan {
    /// Where sound records stand, one behind the other.
    pub(super) sound: VecDeque<Range<usize>>,
    /// The salt of its header.
    pub(super) salt: u32,
    /// How many records.
    pub(super) records: u64,
    /// The first and the last record.
    pub(super) ends: Option<(Seq, Seq)>,
    /// The end of what stands: where the next record goes.
    pub(super) end: usize,
    /// From where on nothing is known to be durable.
    pub(super) unsynced: usize,
    /// Bytes behind the end that are neither record nor spare room: a write that a crash tore.
    pub(super) torn: usize,
    /// Its checkpoint.
    pub(super) checkpoint: Checkpoint,
    /// What is wrong.
    pub(super) damage: Vec<Damage>,
}

/// A segment's checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checkpoint {
    /// It begins without.
    None,
    /// It begins with one that has no end.
    Unfinished,
    /// It ends before this byte.
    Whole(usize),
}

struct Scanner<'a> {
    segment: SegmentNo,
    bytes: &'a [u8],
    expected: Option<Seq>,
    scan: Scan,
}

/// Reads a segment. `expected` is its first record, if that is known. A `sealed` one has a
/// successor, so that all of it was durable, and whatever is not sound is damage.
pub(super) fn scan(
    segment: SegmentNo,
    bytes: &[u8],
    expected: Option<Seq>,
    sealed: bool,
) -> Option<Scan> {
    let header = Header::read(bytes).filter(|header| header.segment == segment)?;
    let scan = Scan {
        sound: VecDeque::new(),
        salt: header.salt,
        records: 0,
        ends: None,
        end: Header::LENGTH,
        unsynced: 0,
        torn: 0,
        checkpoint: Checkpoint::None,
        damage: Vec::new(),
    };
    let mut scanner = Scanner {
        segment,
        bytes,
        expected: expected.or(Some(header.first)),
        scan,
    };
    scanner.run(sealed);
    Some(scanner.scan)
}

impl<'a> Scanner<'a> {
    fn run(&mut self, sealed: bool) {
        let start = Header::LENGTH;
        let mut at = self.sound_records(start);
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if rest.iter().all(|byte| *byte == 0) {
                return;
            }
            let next = self.resume(at);
            if !sealed && !next.is_some_and(|next| self.any_synced(next)) {
                self.scan.torn = rest.len();
                return;
            }
            self.damage(at, DamageKind::Record);
            let Some(next) = next else { return };
            at = self.sound_records(next);
        }
    }

    /// Takes in the sound records from a place on; where they end.
    fn sound_records(&mut self, start: usize) -> usize {
        let mut end = start;
        for framed in self.segment_at(start) {
            self.take(framed);
            end = place(framed.end());
        }
        if end > start {
            self.scan.sound.push_back(start..end);
            self.scan.end = end;
        }
        end
    }

    fn take(&mut self, framed: Framed<'_>) {
        if framed.synced {
            self.scan.unsynced = place(framed.offset);
        }
        match record::decode(framed.body) {
            Ok(record) => {
                self.checkpoint(&record.fact, framed);
                self.order(record.seq, framed);
            }
            Err(error) => {
                self.damage(place(framed.offset), DamageKind::Form(error));
                if let Ok(head) = record::decode_head(framed.body) {
                    self.order(head.seq, framed);
                }
            }
        }
    }

    fn checkpoint(&mut self, fact: &Fact, framed: Framed<'_>) {
        let unfinished = self.scan.checkpoint == Checkpoint::Unfinished;
        if matches!(fact, Fact::CheckpointBegin) && self.scan.records == 0 {
            self.scan.checkpoint = Checkpoint::Unfinished;
        } else if matches!(fact, Fact::CheckpointEnd) && unfinished {
            self.scan.checkpoint = Checkpoint::Whole(place(framed.end()));
        }
    }

    fn order(&mut self, found: Seq, framed: Framed<'_>) {
        if let Some(expected) = self.expected.filter(|expected| *expected != found) {
            self.damage(place(framed.offset), DamageKind::Gap { expected, found });
        }
        let (first, last) = self.scan.ends.unwrap_or((found, found));
        self.scan.ends = Some((first, last.max(found)));
        self.scan.records += 1;
        self.expected = Some(last.max(found).next());
    }

    fn damage(&mut self, offset: usize, kind: DamageKind) {
        self.scan.damage.push(Damage {
            segment: self.segment,
            offset: offset as u64,
            kind,
        });
    }

    fn segment_at(&self, at: usize) -> Segment<'a> {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        Segment::new(bytes, at as u64, self.scan.salt)
    }

    /// The next place behind `at` where a sound record stands that could follow.
    fn resume(&self, at: usize) -> Option<usize> {
        (at + 1..self.bytes.len()).find(|place| {
            let mut segment = self.segment_at(*place);
            let framed = segment.peek();
            framed.is_some_and(|framed| self.could_follow(&framed)) && segment.next().is_some()
        })
    }

    /// Told from its place alone, since that costs less than its check sum.
    fn could_follow(&self, framed: &Framed<'_>) -> bool {
        let most = (self.bytes.len() / FRAME) as u64;
        let expected = self.expected.unwrap_or_default().0;
        record::decode_head(framed.body)
            .is_ok_and(|head| (expected..expected.saturating_add(most)).contains(&head.seq.0))
    }

    /// Whether any record from a place on says that what stands before it was durable.
    fn any_synced(&self, start: usize) -> bool {
        let mut at = Some(start);
        while let Some(start) = at {
            let mut segment = self.segment_at(start);
            if segment.any(|framed| framed.synced) {
                return true;
            }
            at = self.resume(place(segment.offset()));
        }
        false
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
