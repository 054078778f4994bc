//! Reading a journal from its first byte to its last, to say what is there and what is wrong.

use super::scan::{Checkpoint, scan};
use super::segment::{FRAME, LONGEST};
use super::{Damage, DamageKind, Header, Segment, SegmentNo, Storage, StorageError, Torn};
use crate::engine::record::{self, Seq};
use crate::engine::seam::Wall;

/// What a journal consists of.
#[derive(Clone, Debug, Default)]
pub struct JournalReport {
    /// Its segments.
    pub segments: Vec<SegmentReport>,
    /// What is wrong in the midst.
    pub damage: Vec<Damage>,
    /// A torn write at the end; the next start cuts it off.
    pub torn: Option<Torn>,
}

/// What a segment consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its number.
    pub segment: SegmentNo,
    /// Bytes up to the end of its last record.
    pub bytes: u64,
    /// How many records.
    pub records: u64,
    /// Its first and its last record.
    pub ends: Option<(Seq, Seq)>,
    /// The time of its first record.
    pub began: Option<Wall>,
}

/// Reads every record of every segment; changes nothing.
///
/// # Errors
/// The storage's. What is wrong with the bytes is in the report.
pub fn verify<S: Storage>(storage: &S) -> Result<JournalReport, StorageError> {
    let mut report = JournalReport::default();
    let segments = storage.segments()?;
    let mut expected = None;
    let mut before: Option<SegmentNo> = None;
    // The first segment that recovery would need and that is not there.
    let mut needed: Option<SegmentNo> = None;
    for segment in &segments {
        if before.map(SegmentNo::next) != Some(*segment) {
            needed = segment.before();
        }
        if let Some(missing) = before.map(SegmentNo::next).filter(|next| next != segment) {
            report.damage.push(damage(missing, DamageKind::Missing));
            expected = None;
        }
        let sealed = segments.last() != Some(segment);
        let verified = verify_segment(storage, *segment, expected, sealed, &mut report)?;
        expected = verified.next;
        if verified.has_checkpoint {
            needed = None;
        }
        before = Some(*segment);
    }
    let told = |missing: &SegmentNo| {
        let mut damage = report.damage.iter();
        !damage.any(|damage| damage.kind == DamageKind::Missing && damage.segment == *missing)
    };
    let missing = needed.filter(told);
    let missing = missing.map(|missing| damage(missing, DamageKind::Missing));
    report.damage.extend(missing);
    Ok(report)
}

/// What a segment tells of the next.
struct Verified {
    /// The first record of the next segment, if it is known.
    next: Option<Seq>,
    /// Whether recovery can begin here.
    has_checkpoint: bool,
}

fn verify_segment<S: Storage>(
    storage: &S,
    segment: SegmentNo,
    expected: Option<Seq>,
    sealed: bool,
    report: &mut JournalReport,
) -> Result<Verified, StorageError> {
    let bytes = storage.read(segment, 0, usize::MAX)?;
    let Some(mut scan) = scan(segment, &bytes, expected, sealed) else {
        if sealed || !Header::is_unmade(&bytes) {
            report.damage.push(damage(segment, DamageKind::Header));
        } else {
            report.torn = Some(Torn {
                segment,
                offset: 0,
                bytes: bytes.len() as u64,
            });
        }
        return Ok(Verified {
            next: None,
            has_checkpoint: false,
        });
    };
    report.damage.append(&mut scan.damage);
    report.torn = (scan.torn > 0).then_some(Torn {
        segment,
        offset: scan.end as u64,
        bytes: scan.torn as u64,
    });
    report.segments.push(SegmentReport {
        segment,
        bytes: scan.end as u64,
        records: scan.records,
        ends: scan.ends,
        began: began(storage, segment)?,
    });
    Ok(Verified {
        next: scan.ends.map(|(_, last)| last.next()).or(expected),
        has_checkpoint: matches!(scan.checkpoint, Checkpoint::Whole(_)),
    })
}

const fn damage(segment: SegmentNo, kind: DamageKind) -> Damage {
    Damage {
        segment,
        offset: 0,
        kind,
    }
}

/// The moment at which a segment was begun: what its checkpoint says, else its label.
pub(super) fn moment<S: Storage>(
    storage: &S,
    segment: SegmentNo,
) -> Result<Option<Wall>, StorageError> {
    let bytes = storage.read(segment, 0, Header::LENGTH + 2 * (FRAME + LONGEST))?;
    let carried = Header::read(&bytes).and_then(|header| {
        let records = bytes.get(Header::LENGTH..)?;
        let second = Segment::new(records, Header::LENGTH as u64, header.salt).nth(1)?;
        record::decode(second.body).ok()?.moment()
    });
    match carried {
        Some(moment) => Ok(Some(moment)),
        None => began(storage, segment),
    }
}

/// The time of a segment's first record, if there is a sound one.
pub(super) fn began<S: Storage>(
    storage: &S,
    segment: SegmentNo,
) -> Result<Option<Wall>, StorageError> {
    let bytes = storage.read(segment, 0, Header::LENGTH + FRAME + LONGEST)?;
    Ok(Header::read(&bytes).and_then(|header| {
        let records = bytes.get(Header::LENGTH..)?;
        let first = Segment::new(records, Header::LENGTH as u64, header.salt).next()?;
        record::decode_head(first.body).ok().map(|head| head.at)
    }))
}
