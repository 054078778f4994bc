//! A message as logs and documents write it, field by field, made into a frame by a dialect.

use crate::iso::codec::Message;
use crate::iso::message::{FieldPath, Mti};
use crate::iso::spec::Spec;
use bytes::Bytes;
use std::sync::Arc;

/// A message, field by field.
#[derive(Clone, Debug, Default)]
pub(super) struct MessageDraft {
    pub mti: String,
    /// The header's parts by name, in hex; one without a name is the whole header.
    pub header: Vec<(String, String)>,
    /// Fields and parts by their paths; a part counts only where its field is not given whole.
    pub fields: Vec<(String, String)>,
}

impl MessageDraft {
    /// The frame, and whether values in it were masked; `None` if the dialect cannot write it.
    pub(super) fn build(&self, spec: &Arc<Spec>) -> Option<(Bytes, bool)> {
        let mti: Mti = self.mti.parse().ok()?;
        let mut message = Message::new(spec, mti);
        if let Some(header) = self.header(spec) {
            message.set_header(&header);
        }
        let mut masked = false;
        let mut parsed = Vec::with_capacity(self.fields.len());
        for (path, text) in &self.fields {
            parsed.push((path.parse::<FieldPath>().ok()?, text));
        }
        for (path, text) in &parsed {
            let is_given = |whole: &FieldPath| whole.part.is_none() && whole.field == path.field;
            if path.part.is_some() && parsed.iter().any(|(other, _)| is_given(other)) {
                continue;
            }
            let (value, was_masked) = without_mask(text);
            masked |= was_masked;
            match value {
                Some(value) => message.set(*path, &value).ok()?,
                None => message.remove(path.field),
            }
        }
        Some((message.build().ok()?, masked))
    }

    /// The header's bytes, where the draft has them.
    fn header(&self, spec: &Spec) -> Option<Vec<u8>> {
        if let [(name, whole)] = self.header.as_slice()
            && name.is_empty()
        {
            return from_hex(whole);
        }
        let mut header = Vec::new();
        for part in spec.header() {
            let given = self.header.iter().find(|(name, _)| *name == part.name);
            match given {
                Some((_, text)) => header.extend(from_hex(text)?),
                None if part.absent_before.is_empty() => header.extend(&part.default),
                None => {}
            }
        }
        Some(header).filter(|_| !self.header.is_empty())
    }
}

/// A value with zeros for what was masked, and whether anything was; `None` where not even its
/// length is left.
fn without_mask(text: &str) -> (Option<String>, bool) {
    if text == "[WIPED]" {
        return (None, true);
    }
    if let Some(count) = masked_length(text) {
        return (Some("0".repeat(count)), true);
    }
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '_' | '=' | 'D');
    let is_masked = text.contains("**") || text.contains('_') && text.chars().all(is_number);
    if is_masked {
        return (Some(text.replace(['*', '_'], "0")), true);
    }
    let is_wiped = text.len() >= 8 && text.as_bytes().chunks(4).all(|four| four == b"AA55");
    (Some(text.to_owned()), is_wiped)
}

/// `(8 bytes)`: how many characters stood there.
fn masked_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let (count, unit) = inner.split_once(' ')?;
    let count: usize = count.parse().ok()?;
    match unit {
        "byte" | "bytes" => Some(count.min(9_999).saturating_mul(2)),
        "digit" | "digits" | "character" | "characters" => Some(count.min(9_999)),
        _ => None,
    }
}

/// Bytes from hex; `None` if it is something else.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let nibble = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let byte = |pair: &[u8; 2]| Some(nibble(pair[0])? << 4 | nibble(pair[1])?);
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(mti: &str, fields: &[(&str, &str)]) -> MessageDraft {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        MessageDraft {
            mti: mti.to_owned(),
            header: Vec::new(),
            fields: fields.iter().map(owned).collect(),
        }
    }

    #[test]
    fn masked_values_are_zeros_of_their_length_and_told() {
        for (text, expected) in [
            ("622609******0048", Some("6226090000000048")),
            ("622609______0048", Some("6226090000000048")),
            ("(8 bytes)", Some("0000000000000000")),
            (
                "(37 characters)",
                Some("0000000000000000000000000000000000000"),
            ),
            ("[WIPED]", None),
            ("AA55AA55AA55AA55", Some("AA55AA55AA55AA55")),
        ] {
            assert_eq!(
                without_mask(text),
                (expected.map(str::to_owned), true),
                "{text}"
            );
        }
        assert_eq!(without_mask("a_b"), (Some("a_b".to_owned()), false));
    }

    #[test]
    fn a_part_counts_where_its_field_is_not_given() {
        let spec = Spec::builtin("cup-pos").unwrap();
        let parts = draft(
            "0800",
            &[("60.1", "00"), ("60.2", "000007"), ("60.3", "003")],
        );
        let whole = draft("0800", &[("60", "00000007003"), ("60.1", "99")]);
        assert_eq!(parts.build(&spec), whole.build(&spec));
        assert!(parts.build(&spec).is_some());
        assert!(draft("0800", &[("11", "letters")]).build(&spec).is_none());
    }
}
