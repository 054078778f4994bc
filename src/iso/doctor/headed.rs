//! Headers that no known dialect has: what stands before a message of a known one, as long in each
//! frame.

use super::chain::LONGEST;
use super::cuts::Cuts;
use super::variants::Variant;
use super::{FEWEST_FIELDS, PLAUSIBLE, evidence, usual_framings};
use crate::iso::codec::{Framer, Message};
use crate::iso::spec::{Framing, Spec};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// No header of the field is longer.
const LONGEST_HEADER: usize = 64;
/// Frames looked at.
const MOST_FRAMES: usize = 8;
/// Places at which a stream may be cut, by its lengths alone.
const MOST_CUTS: usize = 64;
/// The known dialects, each behind the headers that fit these pieces.
pub(super) fn headed(pieces: &[&[u8]], cuts: &Cuts) -> Vec<Variant> {
    let names = Spec::builtin_names().iter();
    let bare: Vec<(&'static str, Arc<Spec>)> = names
        .filter_map(|name| Some((*name, Variant::bare(name)?.spec)))
        .collect();
    let mut found = BTreeSet::new();
    let mut all = Vec::new();
    for framing in usual_framings().into_iter().map(Some).chain([None]) {
        for frames in begins(framing, pieces, cuts) {
            for (name, spec) in &bare {
                for length in 1..=LONGEST_HEADER {
                    if are_behind(spec, &frames, length) && found.insert((*name, length)) {
                        all.extend(variant(name, &frames, length));
                    }
                }
            }
        }
    }
    all
}

/// Whether a message begins so far into each of these frames.
fn are_behind(spec: &Arc<Spec>, frames: &[Bytes], header: usize) -> bool {
    let (mut plausible, mut fields) = (0usize, 0);
    for frame in frames {
        if frame.len() <= header {
            return false;
        }
        let Ok(message) = Message::parse(spec, frame.slice(header..)) else {
            return false;
        };
        plausible = plausible.saturating_add(evidence::of(&message).plausible);
        fields = message.fields().len().max(fields);
    }
    fields >= FEWEST_FIELDS && plausible >= frames.len().saturating_mul(PLAUSIBLE)
}

/// A dialect behind a header: what is the same in each frame is its default.
fn variant(base: &'static str, frames: &[Bytes], length: usize) -> Option<Variant> {
    let first = frames.first()?.get(..length)?;
    let is_same = |at: usize| {
        let mut all = frames.iter().map(|frame| frame.get(at));
        all.all(|byte| byte == first.get(at))
    };
    let bytes = first.iter().enumerate();
    let default = bytes.fold(String::new(), |mut text, (at, byte)| {
        let _never = write!(text, "{:02X}", if is_same(at) { *byte } else { 0 });
        text
    });
    let what = format!("{base} behind a header of {length} bytes");
    let tables = format!("[[header]]\nname = \"header\"\ndefault = \"{default}\"\n");
    let variant = Variant::of(base, what, "", tables)?;
    Some(Variant {
        doubt: 4,
        ..variant
    })
}

/// The first frames, for each place at which the pieces may be cut.
fn begins(framing: Option<Framing>, pieces: &[&[u8]], cuts: &Cuts) -> Vec<Vec<Bytes>> {
    let whole = |piece: &&[u8]| Bytes::copy_from_slice(piece);
    let Some(framing) = framing else {
        return vec![pieces.iter().take(MOST_FRAMES).map(whole).collect()];
    };
    let framer = Framer::framed(framing, LONGEST);
    let [stream] = pieces else {
        let frames = pieces.iter().take(MOST_FRAMES).map(whole);
        let frames: Option<Vec<Bytes>> = frames
            .map(|piece| from(framer, &piece, 0).into_iter().next())
            .collect();
        return frames.into_iter().collect();
    };
    let stream = whole(stream);
    let starts = std::iter::once(0).chain(cuts.by(framing).iter().copied());
    let starts = starts.take(MOST_CUTS);
    let all = starts.map(|at| from(framer, &stream, at));
    all.filter(|frames| !frames.is_empty()).collect()
}

/// The first whole frames from here on.
fn from(framer: Framer, stream: &Bytes, start: usize) -> Vec<Bytes> {
    let (mut frames, mut at) = (Vec::new(), start);
    while frames.len() < MOST_FRAMES
        && let Some(rest) = stream.get(at..)
        && let Ok(Some(place)) = framer.place(rest)
        && place.end <= rest.len()
        && place.end > 0
    {
        let end = at.saturating_add(place.end);
        if !place.is_empty() {
            frames.push(stream.slice(at.saturating_add(place.start)..end));
        }
        at = end;
    }
    frames
}
