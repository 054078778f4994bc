//! Which bytes of a message anybody may see.

use super::sheet::MessageSheet;
use crate::iso::codec::{ParseError, ParseFault, PieceKind, dissect};
use crate::iso::spec::Encoding;
use std::ops::Range;

/// Which bytes of a frame anybody may see.
#[derive(Clone, Debug)]
pub struct VisibleBytes(Vec<bool>);

impl VisibleBytes {
    /// Of a message.
    #[must_use]
    pub fn of(view: &MessageSheet) -> Self {
        let mut seen = Self(vec![true; view.frame().len()]);
        if view.reveals() {
            return seen;
        }
        let whole = view.message().filter(|_| view.error().is_none());
        let redacted = whole.and_then(|message| message.redact().ok());
        for (start, length, _) in redacted.iter().flat_map(|one| &one.hidden) {
            let start = usize::from(*start);
            seen.hide(start..start + usize::from(*length));
        }
        for piece in dissect(view.spec(), view.frame()) {
            match piece.is {
                // Nobody knows what it is: it may be a card number.
                PieceKind::Unread => seen.hide(piece.bytes),
                PieceKind::Value(path) if redacted.is_none() && !view.is_clear(path) => {
                    seen.hide(piece.bytes);
                }
                _ => {}
            }
        }
        if let Some(error) = view.error() {
            let at = error.offset.saturating_sub(view.start());
            let told = at..at + bytes_to_judge(view, &error);
            let told = seen.0.get_mut(told).unwrap_or_default();
            told.iter_mut().for_each(|seen| *seen = true);
        }
        seen
    }

    /// Bytes as hex, those that nobody may see as stars.
    #[must_use]
    pub fn hex(&self, frame: &[u8], range: Range<usize>) -> Vec<String> {
        let bytes = frame.get(range.clone()).unwrap_or_default().iter();
        let seen = self.0.get(range).unwrap_or_default();
        let pairs = bytes.zip(seen).map(|(byte, seen)| match seen {
            true => format!("{byte:02X}"),
            false => "**".to_owned(),
        });
        pairs.collect()
    }

    /// Hides a stretch, whatever it holds.
    pub fn hide(&mut self, range: Range<usize>) {
        let end = range.end.min(self.0.len());
        let hidden = self.0.get_mut(range.start.min(end)..end);
        hidden.into_iter().flatten().for_each(|seen| *seen = false);
    }
}

/// How many bytes at a fault show why it is one, and are no value: a length, or a type.
fn bytes_to_judge(view: &MessageSheet, error: &ParseError) -> usize {
    let prefix = error
        .field
        .and_then(|path| view.spec().field(path.field)?.layout.prefix);
    match error.kind {
        ParseFault::Length | ParseFault::TooLong { .. } => {
            prefix.map_or(0, |prefix| usize::from(prefix.bytes))
        }
        ParseFault::Mti => match view.spec().mti() {
            Encoding::Bcd => 2,
            _ => 4,
        },
        _ => 0,
    }
}
