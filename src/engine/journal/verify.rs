//! Reading a journal from its first byte to its last, to say what is there and what is wrong.

use super::scan::scan;
use super::segment::{FRAME, LONGEST};
use super::{Damage, DamageKind, Header, Segment, SegmentNo, Storage, StorageError, Torn};
use crate::engine::record::{self, Seq};
use crate::engine::seam::Wall;

/// What a journal consists of.
#[derive(Clone, Debug, Default)]
pub struct Report {
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
pub fn verify<S: Storage>(storage: &S) -> Result<Report, StorageError> {
    let mut report = Report::default();
    let segments = storage.segments()?;
    let mut expected = None;
    let mut before: Option<SegmentNo> = None;
    for segment in &segments {
        if let Some(missing) = before.map(SegmentNo::next).filter(|next| next != segment) {
            report.damage.push(damage(missing, DamageKind::Missing));
            expected = None;
        }
        let sealed = segments.last() != Some(segment);
        expected = verify_segment(storage, *segment, expected, sealed, &mut report)?;
        before = Some(*segment);
    }
    Ok(report)
}

fn verify_segment<S: Storage>(
    storage: &S,
    segment: SegmentNo,
    expected: Option<Seq>,
    sealed: bool,
    report: &mut Report,
) -> Result<Option<Seq>, StorageError> {
    let bytes = storage.read(segment, 0, usize::MAX)?;
    let Some(mut scan) = scan(segment, &bytes, expected, sealed) else {
        let torn = Torn {
            segment,
            offset: 0,
            bytes: bytes.len() as u64,
        };
        if sealed {
            report.damage.push(damage(segment, DamageKind::Header));
        } else {
            report.torn = Some(torn);
        }
        return Ok(None);
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
    Ok(scan.ends.map(|(_, last)| last.next()).or(expected))
}

const fn damage(segment: SegmentNo, kind: DamageKind) -> Damage {
    Damage {
        segment,
        offset: 0,
        kind,
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
