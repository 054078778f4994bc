//! A dialect, checked and composed.

use super::field::FieldSpec;
use super::layout::{Encoding, PrefixEncoding};
use super::step::FieldStep;
use super::usage::Usage;
use super::{Flow, SpecError, builtin, load};
use crate::iso::message::{Bitmap, FieldId, ResponseCode, Text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
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
    /// Bytes before the type, if no part may be absent.
    pub(super) header_len: Option<usize>,
    pub(super) mti: Encoding,
    pub(super) bitmap: BitmapShape,
    /// By field number.
    pub(super) fields: Vec<Option<FieldSpec>>,
    /// The same fields boiled down for the walk over a frame.
    pub(super) steps: Vec<Option<FieldStep>>,
    /// Those of which a journal keeps all.
    pub(super) kept: Bitmap,
    pub(super) usages: Vec<Usage>,
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
    /// Frames are bodies of HTTP messages; `bytes` is zero if they have no prefix within.
    pub http: Option<Http>,
}

/// How a frame travels over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it is posted to.
    pub path: Text<64>,
    /// The host that a request names.
    pub host: Text<64>,
    /// The type of the body.
    pub content_type: Text<64>,
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
    /// How it holds the length of the whole frame, if that is what it does; filled in when a
    /// message is built.
    pub length: Option<PrefixEncoding>,
    /// If not empty, the part may be absent: it is where one of these bytes stands in its place.
    pub absent_before: Vec<u8>,
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
    /// Changes places with the other part that says so: destination and source.
    Swap,
}

/// How a bitmap is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitmapShape {
    /// `Raw`, or hexadecimal.
    pub encoding: Encoding,
    /// Whether the second bitmap is always there, whatever bit 1 says.
    pub always_double: bool,
    /// Whether bit 1 says so of a second bitmap that is written here.
    pub announced: bool,
    /// Whether bit 65 announces a third one; else field 65 is data.
    pub third: bool,
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

    /// Everything that is wrong with a dialect in TOML, where [`Spec::load`] tells the first fault;
    /// empty if it is sound.
    #[must_use]
    pub fn faults(
        file: &str,
        text: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<SpecError> {
        load::faults(file, text, resolve)
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

    /// Where the type begins in this frame; beyond its end if it ends within the header.
    #[inline]
    #[must_use]
    pub fn header_end(&self, frame: &[u8]) -> usize {
        let varying = || self.header_parts(frame).last().map_or(0, |(_, at)| at.end);
        self.header_len.unwrap_or_else(varying)
    }

    /// The parts of a header that are there, by their places in the spec, and where they lie.
    pub fn header_parts(&self, frame: &[u8]) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut at = 0usize;
        self.header
            .iter()
            .enumerate()
            .filter_map(move |(place, part)| {
                let first = frame.get(at);
                if first.is_some_and(|first| part.absent_before.contains(first)) {
                    return None;
                }
                let start = at;
                at = at.saturating_add(part.default.len());
                Some((place, start..at))
            })
    }

    /// How the type is written: `Ascii`, `Bcd` or an EBCDIC page.
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

    /// What the walk over a frame must know of a field, if the dialect has it.
    #[inline]
    #[must_use]
    pub fn step(&self, number: usize) -> Option<&FieldStep> {
        self.steps.get(number)?.as_ref()
    }

    /// The fields of which a journal keeps all, in messages of whichever type.
    #[must_use]
    pub const fn kept(&self) -> Bitmap {
        self.kept
    }

    /// The fields, ascending.
    pub fn fields(&self) -> impl Iterator<Item = &FieldSpec> {
        self.fields.iter().flatten()
    }

    /// What messages of certain types must and must not have.
    #[must_use]
    pub fn usages(&self) -> &[Usage] {
        &self.usages
    }

    /// What a response code means, for people.
    #[must_use]
    pub fn response_title(&self, code: &str) -> Option<&Title> {
        self.response_titles.get(&ResponseCode::new(code)?)
    }

    /// The header that an answer carries to whoever sent `header`: addresses swapped, the rest
    /// kept.
    #[must_use]
    pub fn answer_header(&self, header: &[u8]) -> Vec<u8> {
        let mut answer = header.to_vec();
        let mut swapped: Option<Range<usize>> = None;
        for (place, at) in self.header_parts(header) {
            let asked = self.header.get(place).map(|part| part.answer);
            match (asked, &swapped) {
                (Some(HeaderAnswer::SwapAddresses), _) => {
                    if let Some([_, to, to2, from, from2, ..]) = answer.get_mut(at) {
                        std::mem::swap(to, from);
                        std::mem::swap(to2, from2);
                    }
                }
                (Some(HeaderAnswer::Swap), None) => swapped = Some(at),
                (Some(HeaderAnswer::Swap), Some(other)) => exchange(&mut answer, other, &at),
                _ => {}
            }
        }
        answer
    }

    /// The header of a message that is begun here, without what may be absent.
    #[must_use]
    pub fn default_header(&self) -> Vec<u8> {
        let parts = self
            .header
            .iter()
            .filter(|part| part.absent_before.is_empty());
        parts
            .flat_map(|part| part.default.iter().copied())
            .collect()
    }
}

/// Exchanges two equally long pieces.
fn exchange(bytes: &mut [u8], one: &Range<usize>, other: &Range<usize>) {
    let Some([one, other]) = bytes.get_disjoint_mut([one.clone(), other.clone()]).ok() else {
        return;
    };
    if one.len() == other.len() {
        one.swap_with_slice(other);
    }
}

impl Title {
    /// In Chinese or in English.
    #[must_use]
    pub fn of(&self, chinese: bool) -> &str {
        if chinese { &self.zh } else { &self.en }
    }
}
