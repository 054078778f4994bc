//! A dialect, checked and composed.

use super::layout::{Encoding, Layout, PrefixEncoding};
use super::{Flow, SpecError, builtin, load};
use crate::iso::message::{FieldId, Mti, Part, ResponseCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A dialect. Immutable; shared by everything that speaks it.
#[derive(Debug)]
pub struct Spec {
    pub(super) name: String,
    pub(super) title: Title,
    pub(super) source: String,
    pub(super) flow: Flow,
    pub(super) framing: Framing,
    pub(super) header: Vec<HeaderPart>,
    pub(super) mti: Encoding,
    pub(super) bitmap: BitmapShape,
    /// By field number.
    pub(super) fields: Vec<Option<FieldSpec>>,
    pub(super) response_titles: BTreeMap<ResponseCode, Title>,
}

/// A name for people, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// English.
    pub en: String,
    /// Chinese; as English where the source has none.
    pub zh: String,
}

/// How frames are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// How the length is written.
    pub encoding: PrefixEncoding,
    /// In how many bytes.
    pub bytes: u8,
    /// Whether it counts itself.
    pub counts_itself: bool,
}

/// One piece of what stands before the type: TPDU, a network's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPart {
    /// Its name.
    pub name: String,
    /// What a message has that is begun here; its length is the part's.
    pub default: Vec<u8>,
    /// What an answer does with it.
    pub answer: HeaderAnswer,
}

/// What an answer does with a part of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderAnswer {
    /// Keeps it.
    #[default]
    Keep,
    /// Swaps the two addresses of two bytes after the first byte (TPDU).
    SwapAddresses,
}

/// How a bitmap is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitmapShape {
    /// `Raw`, `Hex` or `HexLower`.
    pub encoding: Encoding,
    /// Whether the second bitmap is always there, whatever bit 1 says.
    pub always_double: bool,
}

/// One field: how it is written, and what it means.
#[derive(Debug)]
pub struct FieldSpec {
    /// Its number.
    pub id: FieldId,
    /// The standard's notation, such as `n..19`.
    pub notation: String,
    /// How it is written.
    pub layout: Layout,
    /// What it means, where no use says otherwise.
    pub(super) meaning: Meaning,
    /// What it means in messages of certain types; the first that fits wins.
    pub(super) uses: Vec<(Vec<MtiPattern>, Meaning)>,
    /// Where this is written.
    pub source: String,
}

/// What a field means.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// Its name.
    pub title: Title,
    /// What a journal may keep of it.
    pub store: Store,
    /// What it is made of, if it has parts.
    pub composite: Option<Composite>,
}

/// What a journal may keep of a value. The default is the last: only what is known is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// The value.
    Clear,
    /// First six and last four; the rest is gone for good.
    Masked,
    /// As masked (an expiry date: nothing), the rest sealed while a reversal may need it.
    Restorable,
    /// Its length. Tracks, PINs, card codes, and whatever is not known.
    #[default]
    Length,
}

/// What a field with parts is made of.
#[derive(Clone, Debug)]
pub enum Composite {
    /// Parts at fixed places.
    Positions(Vec<Position>),
    /// EMV: tag, length and value by the basic encoding rules (ISO/IEC 8825-1).
    BerTlv(Tags),
    /// Tag and length as text of fixed width, then the value.
    TextTlv {
        /// Characters of a tag.
        tag: u8,
        /// Digits of a length.
        length: u8,
        /// The tags known.
        tags: Tags,
    },
}

/// The tags known, by name.
pub type Tags = BTreeMap<Part, PartSpec>;

/// A part at a fixed place.
#[derive(Clone, Debug)]
pub struct Position {
    /// Its name, such as `2` in 60.2.
    pub id: Part,
    /// Units before it.
    pub at: usize,
    /// Its longest, in units; the last one may be shorter or absent.
    pub units: usize,
    /// Whether it holds digits: those are padded with zeros on the left, text with blanks.
    pub digits: bool,
    /// Whether it may be shorter than `units`: the last part of a field only.
    pub open: bool,
    /// What it means.
    pub spec: PartSpec,
}

/// What a part means.
#[derive(Clone, Debug)]
pub struct PartSpec {
    /// Its name.
    pub title: Title,
    /// What a journal may keep of it.
    pub store: Store,
}

/// Types with wild digits: `08xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MtiPattern {
    mask: u16,
    value: u16,
}

impl Spec {
    /// A built-in dialect by name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Arc<Self>> {
        builtin::spec(name)
    }

    /// The names of the built-in dialects.
    #[must_use]
    pub const fn builtin_names() -> &'static [&'static str] {
        builtin::NAMES
    }

    /// Reads a dialect from TOML. `resolve` gives the text of a spec named by `extends`; the
    /// built-in ones are known without it.
    ///
    /// # Errors
    /// [`SpecError`].
    pub fn load(
        file: &str,
        text: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Arc<Self>, SpecError> {
        load::load(file, text, resolve).map(Arc::new)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(&self) -> &Title {
        &self.title
    }

    /// Where the dialect is written down.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The rules for carrying its messages.
    #[must_use]
    pub const fn flow(&self) -> &Flow {
        &self.flow
    }

    /// How frames are told apart in a stream.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// What stands before the type.
    #[must_use]
    pub fn header(&self) -> &[HeaderPart] {
        &self.header
    }

    /// How many bytes stand before the type.
    #[must_use]
    pub fn header_len(&self) -> usize {
        self.header.iter().map(|part| part.default.len()).sum()
    }

    /// How the type is written: `Ascii` or `Bcd`.
    #[must_use]
    pub const fn mti(&self) -> Encoding {
        self.mti
    }

    /// How the bitmap is written.
    #[must_use]
    pub const fn bitmap(&self) -> BitmapShape {
        self.bitmap
    }

    /// A field, if the dialect has it.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&FieldSpec> {
        self.fields.get(usize::from(id.number()))?.as_ref()
    }

    /// The fields, ascending.
    pub fn fields(&self) -> impl Iterator<Item = &FieldSpec> {
        self.fields.iter().flatten()
    }

    /// What a response code means, for people.
    #[must_use]
    pub fn response_title(&self, code: &str) -> Option<&Title> {
        self.response_titles.get(&ResponseCode::new(code)?)
    }

    /// The header that an answer carries to whoever sent `header`: TPDU addresses swapped, the rest
    /// kept.
    #[must_use]
    pub fn answer_header(&self, header: &[u8]) -> Vec<u8> {
        let mut answer = header.to_vec();
        let mut rest = answer.as_mut_slice();
        for part in &self.header {
            let Some((bytes, after)) = rest.split_at_mut_checked(part.default.len()) else {
                break;
            };
            if let (HeaderAnswer::SwapAddresses, [_, to, to2, from, from2, ..]) =
                (part.answer, &mut *bytes)
            {
                std::mem::swap(to, from);
                std::mem::swap(to2, from2);
            }
            rest = after;
        }
        answer
    }
}

impl FieldSpec {
    /// What the field means in a message of this type.
    #[must_use]
    pub fn meaning(&self, mti: Mti) -> &Meaning {
        let fitting = self
            .uses
            .iter()
            .find(|(types, _)| types.iter().any(|t| t.matches(mti)));
        fitting.map_or(&self.meaning, |(_, meaning)| meaning)
    }

    /// What the field means where no use says otherwise.
    #[must_use]
    pub const fn usual_meaning(&self) -> &Meaning {
        &self.meaning
    }
}

impl Meaning {
    /// What one part means, if it is known.
    #[must_use]
    pub fn part(&self, part: &Part) -> Option<&PartSpec> {
        match self.composite.as_ref()? {
            Composite::Positions(all) => all.iter().find(|p| p.id == *part).map(|p| &p.spec),
            Composite::BerTlv(tags) | Composite::TextTlv { tags, .. } => tags.get(part),
        }
    }
}

impl Title {
    /// In Chinese or in English.
    #[must_use]
    pub fn of(&self, chinese: bool) -> &str {
        if chinese { &self.zh } else { &self.en }
    }
}

impl MtiPattern {
    /// Four digits, `x` for any.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut pattern = Self { mask: 0, value: 0 };
        for c in text.chars() {
            let (mask, digit) = match c {
                'x' => (0, 0),
                _ => (0xF, u16::try_from(c.to_digit(10)?).ok()?),
            };
            pattern = Self {
                mask: (pattern.mask << 4) | mask,
                value: (pattern.value << 4) | digit,
            };
        }
        (text.len() == 4).then_some(pattern)
    }

    /// Whether the type fits.
    #[must_use]
    pub const fn matches(self, mti: Mti) -> bool {
        mti.bcd() & self.mask == self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_leave_digits_open() {
        let network = MtiPattern::read("08xx").unwrap();
        assert!(network.matches("0810".parse().unwrap()));
        assert!(!network.matches("0210".parse().unwrap()));
        assert_eq!(MtiPattern::read("8xx"), None);
    }
}
