//! Values as they may be shown to anybody.

use super::redact::middle;
use super::{Message, composite};
use crate::iso::message::{FieldPath, ToFieldPath};
use crate::iso::spec::{Composite, FieldContent, Store};

impl Message {
    /// A field or part as it may be shown: card numbers with first six and last four, tracks and
    /// PINs and whatever is not known by their length, `(8 bytes)`.
    #[must_use]
    pub fn shown(&self, path: impl ToFieldPath) -> Option<String> {
        let path = path.to_field_path()?;
        let text = self.text(path)?;
        match self.store(path)? {
            Store::Clear => Some(text.into_owned()),
            Store::Masked | Store::Restorable => {
                let hidden = middle(text.chars().count());
                let star = |(at, c)| if hidden.contains(&at) { '*' } else { c };
                Some(text.chars().enumerate().map(star).collect())
            }
            Store::Length => Some(self.length(path, &text)),
        }
    }

    /// Whether a text is what [`Message::shown`] makes of a value that may not be shown: no value
    /// to be set.
    #[must_use]
    pub fn is_masked(&self, path: impl Into<FieldPath>, text: &str) -> bool {
        let path = path.into();
        match self.store(path) {
            None | Some(Store::Clear) => false,
            Some(Store::Masked | Store::Restorable) => {
                let hidden = middle(text.chars().count());
                let mut stars = text.chars().skip(hidden.start).take(hidden.len());
                !hidden.is_empty() && stars.all(|c| c == '*')
            }
            Some(Store::Length) => is_length(text),
        }
    }

    /// What may be kept of a field or part. A field of parts is clear only if each of them is.
    fn store(&self, path: FieldPath) -> Option<Store> {
        let meaning = self.meaning(path.field)?;
        if let Some(part) = &path.part {
            return Some(
                meaning
                    .part(part)
                    .map_or(meaning.store, |known| known.store),
            );
        }
        let Some(composite) = &meaning.composite else {
            return Some(meaning.store);
        };
        let parts = self.parts(path.field);
        let is_clear = |store| store == Store::Clear;
        let known = |part| {
            meaning
                .part(part)
                .map_or(meaning.store, |known| known.store)
        };
        if let Composite::Positions(all) = composite
            && meaning.store != Store::Clear
        {
            let units = self.value(path.field).map_or(0, |(.., units)| units);
            if !composite::fills(all, units) {
                return Some(meaning.store);
            }
        }
        let covered = !parts.is_empty() || matches!(composite, Composite::Positions(_));
        let clear = covered && parts.iter().all(|part| is_clear(known(part)));
        Some(if clear { Store::Clear } else { Store::Length })
    }

    fn length(&self, path: FieldPath, text: &str) -> String {
        let layout = self.spec().field(path.field).map(|field| field.layout);
        let length = text.chars().count();
        let (count, unit) = match layout.map(|layout| layout.content) {
            Some(FieldContent::Binary) => (length / 2, "byte"),
            Some(FieldContent::Text(_)) => (length, "character"),
            _ => (length, "digit"),
        };
        format!("({count} {unit}{})", if count == 1 { "" } else { "s" })
    }
}

/// Whether a text is a length in words: `(8 bytes)`.
fn is_length(text: &str) -> bool {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let Some((count, unit)) = inner.and_then(|inner| inner.split_once(' ')) else {
        return false;
    };
    let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    is_count && matches!(unit.trim_end_matches('s'), "byte" | "digit" | "character")
}
