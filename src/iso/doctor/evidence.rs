//! What speaks for a message being what it was read as.

use crate::iso::codec::Message;
use crate::iso::message::FieldId;

/// What speaks for a message.
pub(super) struct MessageEvidence {
    /// Of a hundred.
    pub plausible: usize,
    /// Fields that hold what they should not.
    pub doubts: usize,
}

pub(super) fn of(message: &Message) -> MessageEvidence {
    let doubts = message.warnings().len();
    let mut points = 100usize;
    let mut takes = |points_off: usize| points = points.saturating_sub(points_off);
    takes(doubts.saturating_mul(15).min(60));
    takes(message.usage().len().saturating_mul(4).min(16));
    if message.fields().len() < 3 {
        // Little was read, so little is proven.
        takes(25);
    }
    if message.kind().is_none() {
        takes(12);
    }
    // The first digit of the type is the version of the standard.
    let [version, ..] = message.mti().digits();
    let mut kinds = message.spec().flow().kinds.iter();
    if !kinds.any(|kind| kind.mti.digits().first() == Some(&version)) {
        takes(25);
    }
    let month_and_day = |at: u8| {
        let text = message.text(FieldId::of(at))?;
        let (month, day) = (text.get(..2)?, text.get(2..4)?);
        let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
        Some((1..=12).contains(&month) && (1..=31).contains(&day))
    };
    for at in [7, 13] {
        if message.spec().flow().stamp(FieldId::of(at)).is_some()
            && month_and_day(at) == Some(false)
        {
            takes(12);
        }
    }
    // Headers are rarely all zeros, and a TPDU begins with 60 or 68.
    let header = message.header();
    let parts = message.spec().header_parts(header);
    for (place, at) in parts {
        let named = message.spec().header().get(place);
        let first = header.get(at).and_then(|bytes| bytes.first().copied());
        let is_tpdu = named.is_some_and(|part| part.name == "tpdu");
        if is_tpdu && !matches!(first, Some(0x60 | 0x68 | 0x69)) {
            takes(30);
        }
    }
    MessageEvidence {
        plausible: points,
        doubts,
    }
}
