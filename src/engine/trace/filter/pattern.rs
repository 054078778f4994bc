//! Texts and types of message with blanks in them.

use crate::iso::message::Mti;

/// A text in which `*` stands for anything; letters of either case are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextPattern(String);

impl TextPattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }

    /// The text, if it is the only one that fits.
    pub(super) fn exact<'t>(&self, given: &'t str) -> Option<&'t str> {
        (!self.0.contains('*')).then_some(given)
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
            return false;
        };
        let parts: Vec<&str> = parts.collect();
        let Some((last, between)) = parts.split_last() else {
            return rest.is_empty();
        };
        for part in between {
            let Some((_, after)) = rest.split_once(part) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(last)
    }
}

/// A type of message in which `x` stands for any digit: `02xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypePattern([Option<u8>; 4]);

impl TypePattern {
    pub(super) fn read(text: &str) -> Option<Self> {
        let letters: [u8; 4] = text.as_bytes().try_into().ok()?;
        let is_known = |c: &u8| c.is_ascii_digit() || matches!(c, b'x' | b'X' | b'*');
        letters
            .iter()
            .all(is_known)
            .then(|| Self(letters.map(|c| Some(c).filter(u8::is_ascii_digit))))
    }

    pub(super) fn fits(self, mti: Mti) -> bool {
        let mut pairs = self.0.into_iter().zip(mti.digits());
        pairs.all(|(wanted, digit)| wanted.is_none_or(|wanted| wanted == digit))
    }
}
