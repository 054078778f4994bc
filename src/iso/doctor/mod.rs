//! Unknown bytes: which dialect they are in, behind which length and header; and for one broken
//! message, what is likely wrong with it.
//!
//! Each known dialect is tried behind each usual framing, with and without a TPDU, then behind
//! headers that none of them has, then mixtures of codings. What reads most of the bytes with the
//! fewest faults comes first; where nothing reads a message to its end, what reads furthest.
//!
//! Start with [`examine`], for one message with [`mends`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod variants;

mod headed;

mod cuts;

mod evidence;

mod chain;

mod broken;

pub use broken::{Mend, mends};

use crate::iso::codec::{Framer, Message};
use crate::iso::spec::{Framing, PrefixEncoding, Spec};
use bytes::Bytes;
use chain::Chain;
use cuts::Cuts;
use std::fmt::Write as _;
use std::sync::Arc;
use variants::Variant;

/// One way to read the bytes.
#[derive(Clone, Debug)]
pub struct PossibleReading {
    /// The dialect, or the one that it is nearest to.
    pub dialect: String,
    /// How frames are told apart; `None` if each piece is one message.
    pub framing: Option<Framing>,
    /// Bytes before the first whole frame.
    pub skipped: usize,
    /// Frames that were read to their end.
    pub frames: usize,
    /// Of a hundred.
    pub confidence: u8,
    /// Why.
    pub reason: String,
    /// A dialect file that says so.
    pub draft: String,
}

/// So much of a stream is looked at.
const MOST_BYTES: usize = 32 << 10;
/// So many ways are told.
const MOST_READINGS: usize = 5;
/// With so much confidence in what was tried, nothing stranger is.
const SURE: u8 = 90;
/// What was read of a message proves something from so many fields on, so plausible of a hundred.
const FEWEST_FIELDS: usize = 3;
const PLAUSIBLE: usize = 80;

/// The ways to read these pieces, the likeliest first: one piece is a stream that may be cut
/// anywhere, of several each is a message or a frame by itself.
#[must_use]
pub fn examine(pieces: &[Vec<u8>]) -> Vec<PossibleReading> {
    let mut left = MOST_BYTES;
    let mut taken: Vec<&[u8]> = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        let part = piece.get(..piece.len().min(left)).unwrap_or_default();
        left = left.saturating_sub(part.len());
        if !part.is_empty() {
            taken.push(part);
        }
    }
    let known = variants::known();
    let own = known.iter().map(|variant| variant.spec.framing());
    let cuts = Cuts::of(&taken, usual_framings().into_iter().chain(own));
    let mut all = readings(&taken, &cuts, known);
    for strangeness in 0..2 {
        // Stable: of equals, the one that was tried first.
        all.sort_by_key(|reading| std::cmp::Reverse(reading.confidence));
        if all.first().is_some_and(|best| best.confidence >= SURE) {
            break;
        }
        let variants = match strangeness {
            0 => headed::headed(&taken, &cuts),
            _ => variants::mixed(),
        };
        all.extend(readings(&taken, &cuts, variants));
    }
    if all.is_empty() {
        all = partly(&taken);
    }
    all.sort_by_key(|reading| std::cmp::Reverse(reading.confidence));
    all.truncate(MOST_READINGS);
    all
}

fn readings(pieces: &[&[u8]], cuts: &Cuts, variants: Vec<Variant>) -> Vec<PossibleReading> {
    let mut all = Vec::new();
    for variant in variants {
        let tried = framings(&variant.spec).into_iter();
        let best = tried.filter_map(|framing| reading(pieces, cuts, &variant, framing));
        // Of the framings of one dialect, the likeliest; of equals the first.
        let best = best.reduce(|best, other| {
            if other.confidence > best.confidence {
                other
            } else {
                best
            }
        });
        all.extend(best);
    }
    all
}

/// The dialect's own framing, the usual ones, and none.
fn framings(spec: &Spec) -> Vec<Option<Framing>> {
    let mut all = vec![spec.framing()];
    all.extend(usual_framings());
    all.dedup();
    all.into_iter().map(Some).chain([None]).collect()
}

fn usual_framings() -> [Framing; 9] {
    let usual = [
        (PrefixEncoding::Binary, 2, false),
        (PrefixEncoding::Binary, 2, true),
        (PrefixEncoding::Ascii, 4, false),
        (PrefixEncoding::Ascii, 4, true),
        (PrefixEncoding::Bcd, 2, false),
        (PrefixEncoding::Binary, 4, false),
        (PrefixEncoding::BinaryLe, 2, false),
        (PrefixEncoding::Hex, 4, false),
        (PrefixEncoding::Ebcdic, 4, false),
    ];
    usual.map(|(encoding, bytes, counts_itself)| Framing {
        encoding,
        bytes,
        counts_itself,
        http: None,
    })
}

fn reading(
    pieces: &[&[u8]],
    cuts: &Cuts,
    variant: &Variant,
    framing: Option<Framing>,
) -> Option<PossibleReading> {
    let starts = framing.map_or(&[][..], |framing| cuts.by(framing));
    let mut sum = Chain::default();
    for piece in pieces {
        sum.add(&chain::follow(&variant.spec, framing, piece, starts));
    }
    let whole: usize = pieces.iter().map(|piece| piece.len()).sum();
    let confidence = sum.confidence(whole)?.saturating_sub(variant.doubt);
    Some(PossibleReading {
        dialect: variant.base.to_owned(),
        framing,
        skipped: sum.skipped,
        frames: sum.frames,
        confidence,
        reason: reason(variant, framing, &sum),
        draft: draft(variant, framing),
    })
}

/// Of a frame that nothing reads to its end: how far each known dialect reads it.
fn partly(pieces: &[&[u8]]) -> Vec<PossibleReading> {
    let Some(piece) = pieces.first() else {
        return Vec::new();
    };
    let variants = variants::known();
    let all = variants.iter().filter_map(|variant| {
        let tried = framings(&variant.spec).into_iter();
        let read = tried.filter_map(|framing| part(piece, variant, framing));
        read.max_by_key(|reading| reading.confidence)
    });
    all.collect()
}

/// How far the first frame of a piece is read, if so far that it is no chance.
fn part(piece: &[u8], variant: &Variant, framing: Option<Framing>) -> Option<PossibleReading> {
    let frame = match framing {
        None => piece,
        Some(framing) => {
            let framer = Framer::framed(framing, chain::LONGEST);
            piece.get(framer.place(piece).ok()??)?
        }
    };
    let bytes = Bytes::copy_from_slice(frame);
    let (message, error) = Message::parse_partial(&variant.spec, bytes);
    let (message, error) = message.zip(error)?;
    let plausible = evidence::of(&message).plausible;
    if message.fields().len() < FEWEST_FIELDS || plausible < PLAUSIBLE {
        return None;
    }
    let read = error.offset.saturating_mul(100).checked_div(frame.len())?;
    let confidence = read.min(100).saturating_mul(plausible) / 250;
    let said = format!("{}; {}", told(framing), variant.what);
    Some(PossibleReading {
        dialect: variant.base.to_owned(),
        framing,
        skipped: 0,
        frames: 0,
        confidence: u8::try_from(confidence).ok()?,
        reason: format!(
            "{said}; {} fields read, then {error}",
            message.fields().len()
        ),
        draft: draft(variant, framing),
    })
}

/// A framing in words.
fn told(framing: Option<Framing>) -> String {
    match framing {
        None => "no length before it".to_owned(),
        Some(framing) => {
            let itself = if framing.counts_itself {
                ", which count themselves"
            } else {
                ""
            };
            let code = word(framing.encoding);
            format!("length of {} bytes, {code}{itself}", framing.bytes)
        }
    }
}

fn reason(variant: &Variant, framing: Option<Framing>, chain: &Chain) -> String {
    let mut text = told(framing);
    let (frames, tail) = (chain.frames, chain.tail);
    let _never = write!(text, "; {}; {frames} read to the end", variant.what);
    if chain.skipped > 0 {
        let _never = write!(text, "; begins {} bytes into a frame", chain.skipped);
    }
    if tail > 0 {
        let _never = write!(text, "; {tail} bytes of a frame that is cut off");
    }
    if chain.failed > 0 {
        let _never = write!(text, "; {} not read to the end", chain.failed);
    }
    if chain.warnings > 0 {
        let _never = write!(text, "; {} doubts about fields", chain.warnings);
    }
    text
}

/// The dialect as a file.
fn draft(variant: &Variant, framing: Option<Framing>) -> String {
    let mut text = format!(
        "# A draft: what the bytes showed. What messages mean is that of {}.\n{}",
        variant.base, variant.text
    );
    if let Some(framing) = framing {
        let _never = write!(
            text,
            "\n[frame]\nlength = \"{}\"\nbytes = {}\ncounts_itself = {}\n",
            word(framing.encoding),
            framing.bytes,
            framing.counts_itself
        );
    }
    text.push_str(&variant.tables);
    text
}

/// A word of the form.
fn word(of: PrefixEncoding) -> String {
    let value = toml::Value::try_from(of);
    let text = value
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned));
    text.unwrap_or_default()
}

/// A dialect for tests and tries: the text of a file that extends a known one.
fn load(text: &str) -> Option<Arc<Spec>> {
    Spec::load("draft.toml", text, &|_| None).ok()
}

#[cfg(test)]
mod tests;
