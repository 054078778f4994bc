//! The fields of one message into another: by number and value, and as the map changes it.

use super::Change;
use crate::iso::codec::Message;
use crate::iso::message::{Bitmap, FieldId, FieldPath};
use crate::iso::spec::{Encoding, FieldContent, Spec, StampForm};
use std::borrow::Cow;

/// Carries every field of `from` into `to`, but for those that `keep` has already. Gives the fields
/// that had no place there.
pub(super) fn carry(from: &Message, to: &mut Message, changes: &[Change], keep: Bitmap) -> Bitmap {
    let mut lost = Bitmap::EMPTY;
    let moved = |field: FieldId| {
        changes.iter().any(|change| {
            matches!(change, Change::Move { from, .. } | Change::Drop(from)
                if *from == FieldPath::whole(field))
        })
    };
    let taken = |field: FieldId| {
        changes.iter().any(
            |change| matches!(change, Change::Move { to, .. } if *to == FieldPath::whole(field)),
        )
    };
    for field in from.fields().iter().filter(|field| !is_own(from, *field)) {
        if moved(field) || keep.contains(field) {
            continue;
        }
        let path = FieldPath::whole(field);
        let other_moment = moment_in(from.spec(), field) != moment_in(to.spec(), field);
        if taken(field) || other_moment || !put(from, path, to, path, changes) {
            lost.insert(field);
        }
    }
    for change in changes {
        if let Change::Move {
            from: here,
            to: there,
        } = change
            && from.text(*here).is_some()
            && !put(from, *here, to, *there, changes)
        {
            lost.insert(here.field);
        }
    }
    lost
}

/// The moment that a field holds in a dialect, if it holds one: DE 13 is a date at the terminal in
/// 1987, and the card's effective date in 1993.
fn moment_in(spec: &Spec, field: FieldId) -> Option<&StampForm> {
    let mut stamps = spec.flow().stamps.iter();
    stamps.find(|(own, _)| *own == field).map(|(_, form)| form)
}

/// What belongs to one dialect alone: its bitmaps' own bits, and its MACs.
fn is_own(message: &Message, field: FieldId) -> bool {
    let mac = message.spec().flow().mac.map(|rule| rule.field);
    matches!(field.number(), 1 | 64 | 65 | 128) || mac == Some(field)
}

fn put(
    from: &Message,
    here: FieldPath,
    to: &mut Message,
    there: FieldPath,
    changes: &[Change],
) -> bool {
    if is_bytes(from.spec(), here) != is_bytes(to.spec(), there) {
        return false;
    }
    let Some(text) = from.text(here) else {
        return false;
    };
    let text = changed(here, text, changes);
    let spec = to.spec().clone();
    let text = separated(&spec, there, text);
    to.set(there, &text).is_ok() || to.set(there, unfilled(there, &text)).is_ok()
}

/// A value without what its own dialect filled it up with: blanks behind a name, zeros before a
/// trace number (six digits in 1987 and 1993, twelve in 2003).
fn unfilled(path: FieldPath, text: &str) -> &str {
    const STAN: FieldId = FieldId::of(11);
    match path.field {
        STAN => text.trim_start_matches('0'),
        _ => text.trim_end(),
    }
}

/// Bytes are no text, even where both are shown as characters. A part is as it is shown.
fn is_bytes(spec: &Spec, path: FieldPath) -> Option<bool> {
    let field = spec.field(path.field)?;
    Some(path.part.is_none() && field.layout.content == FieldContent::Binary)
}

fn changed<'a>(path: FieldPath, text: Cow<'a, str>, changes: &'a [Change]) -> Cow<'a, str> {
    let values = changes.iter().filter_map(|change| match change {
        Change::Values(field, values) if *field == path => Some(values),
        Change::Values(..) | Change::Move { .. } | Change::Drop(_) => None,
    });
    let found = values
        .flatten()
        .find(|(own, _)| own.trim() == text.trim())
        .map(|(_, other)| Cow::Borrowed(other.as_str()));
    found.unwrap_or(text)
}

/// A track's separator is a letter where digits are packed, and `=` elsewhere.
fn separated<'a>(spec: &Spec, path: FieldPath, text: Cow<'a, str>) -> Cow<'a, str> {
    let layout = spec.field(path.field).map(|field| &field.layout);
    let plain = layout.is_some_and(|layout| {
        layout.content == FieldContent::Track && layout.encoding != Encoding::Bcd
    });
    if plain && text.contains('D') {
        Cow::Owned(text.replace('D', "="))
    } else {
        text
    }
}
