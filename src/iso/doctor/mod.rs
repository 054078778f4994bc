//! Unknown bytes: which dialect they are in, behind which length and header; and for one broken
//! message, what is likely wrong with it.
//!
//! Each known dialect is tried behind each usual framing, with and without a TPDU, then mixtures of
//! codings that none of them has. What reads most of the bytes with the fewest faults comes first.
//!
//! Start with [`examine`], for one message with [`mends`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod variants;

mod evidence;

mod chain;

mod broken;

pub use broken::{Mend, mends};

use crate::iso::spec::{Framing, PrefixEncoding, Spec};
use chain::Chain;
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
/// With so much confidence in a known dialect, no mixture is tried.
const SURE: u8 = 90;

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
    let mut all = readings(&taken, variants::known());
    if all.first().is_none_or(|best| best.confidence < SURE) {
        all.extend(readings(&taken, variants::mixed()));
    }
    // Stable: of equals, the one that was tried first.
    all.sort_by_key(|reading| std::cmp::Reverse(reading.confidence));
    all.truncate(MOST_READINGS);
    all
}

fn readings(pieces: &[&[u8]], variants: Vec<Variant>) -> Vec<PossibleReading> {
    let mut all = Vec::new();
    for variant in variants {
        let tried = framings(&variant.spec).into_iter();
        let best = tried.filter_map(|framing| reading(pieces, &variant, framing));
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
    all.sort_by_key(|reading| std::cmp::Reverse(reading.confidence));
    all
}

/// The dialect's own framing, the usual ones, and none.
fn framings(spec: &Spec) -> Vec<Option<Framing>> {
    let mut all = vec![spec.framing()];
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
    all.extend(usual.map(|(encoding, bytes, counts_itself)| Framing {
        encoding,
        bytes,
        counts_itself,
        http: None,
    }));
    all.dedup();
    all.into_iter().map(Some).chain([None]).collect()
}

fn reading(
    pieces: &[&[u8]],
    variant: &Variant,
    framing: Option<Framing>,
) -> Option<PossibleReading> {
    let is_stream = pieces.len() == 1;
    let mut sum = Chain::default();
    for piece in pieces {
        sum.add(&chain::follow(&variant.spec, framing, piece, is_stream));
    }
    let whole: usize = pieces.iter().map(|piece| piece.len()).sum();
    let confidence = sum.confidence(whole)?;
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

fn reason(variant: &Variant, framing: Option<Framing>, chain: &Chain) -> String {
    let mut text = match framing {
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
    };
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
