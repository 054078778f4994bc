//! One field of a dialect: how it is written, what it means, and what a journal may keep of it.

use super::layout::{Encoding, Layout};
use super::shape::Title;
use super::step::FieldStep;
use crate::iso::message::{FieldId, Mti, Part};
use serde::Deserialize;

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
    pub(super) meaning: FieldMeaning,
    /// What it means in messages of certain types; the first that fits wins.
    pub(super) uses: Vec<(Vec<MtiMask>, FieldMeaning)>,
    /// Where this is written.
    pub source: String,
}

/// What a field means.
#[derive(Clone, Debug)]
pub struct FieldMeaning {
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
    Positions(Vec<FixedPart>),
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
    /// Behind a bitmap of the field's own.
    Bitmap(Nested),
}

/// A field with a bitmap of its own (Visa DE 62 and 63, Postilion DE 127, 2003 DE 49).
#[derive(Clone, Debug)]
pub struct Nested {
    /// `Raw`, or one of the hexadecimal ones.
    pub encoding: Encoding,
    /// Bytes of the bitmap: 8 unless the spec says otherwise.
    pub bytes: u8,
    /// Whether its first bit says that another one follows; otherwise that bit is a part like any.
    pub extends: bool,
    /// The parts known, ascending by bit.
    pub parts: Vec<NestedPart>,
}

/// A part behind a bit.
#[derive(Clone, Debug)]
pub struct NestedPart {
    /// Its bit, from 1; its name is the same number.
    pub bit: u16,
    /// Its name, such as `2` in 127.2.
    pub id: Part,
    /// How it is written.
    pub step: FieldStep,
    /// What it means.
    pub spec: PartSpec,
}

/// The tags known.
#[derive(Clone, Debug)]
pub struct Tags {
    /// Each as it stands, as a number, ascending.
    numbers: Vec<u64>,
    /// What each means.
    specs: Vec<PartSpec>,
}

/// A part at a fixed place.
#[derive(Clone, Debug)]
pub struct FixedPart {
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
pub struct MtiMask {
    mask: u16,
    value: u16,
}

impl FieldSpec {
    /// What the field means in a message of this type.
    #[must_use]
    pub fn meaning(&self, mti: Mti) -> &FieldMeaning {
        let fitting = self
            .uses
            .iter()
            .find(|(types, _)| types.iter().any(|t| t.matches(mti)));
        fitting.map_or(&self.meaning, |(_, meaning)| meaning)
    }

    /// Whether a journal keeps all of it, in messages of whichever type.
    pub(super) fn is_kept(&self) -> bool {
        let mut uses = self.uses.iter().map(|(_, meaning)| meaning);
        self.meaning.is_kept() && uses.all(FieldMeaning::is_kept)
    }

    /// What it means in messages of certain types; the first that fits wins.
    #[must_use]
    pub fn uses(&self) -> &[(Vec<MtiMask>, FieldMeaning)] {
        &self.uses
    }

    /// What the field means where no use says otherwise.
    #[must_use]
    pub const fn usual_meaning(&self) -> &FieldMeaning {
        &self.meaning
    }
}

impl FieldMeaning {
    /// Whether a journal keeps all of it, whatever it holds.
    pub(super) fn is_kept(&self) -> bool {
        let parts_are = match &self.composite {
            None => true,
            Some(Composite::Positions(all)) => {
                all.iter().all(|part| part.spec.store == Store::Clear)
            }
            // What has parts of its own may not be readable.
            Some(Composite::BerTlv(_) | Composite::TextTlv { .. } | Composite::Bitmap(_)) => false,
        };
        parts_are && self.store == Store::Clear
    }

    /// What one part means, if it is known.
    #[must_use]
    pub fn part(&self, part: &Part) -> Option<&PartSpec> {
        match self.composite.as_ref()? {
            Composite::Positions(all) => all.iter().find(|p| p.id == *part).map(|p| &p.spec),
            Composite::BerTlv(tags) => tags.get(chip_tag(part)?),
            Composite::TextTlv { tags, .. } => tags.get(tag_number(part.as_bytes())),
            Composite::Bitmap(nested) => nested.part(part).map(|known| &known.spec),
        }
    }
}

impl Tags {
    pub(super) fn new(mut known: Vec<(u64, PartSpec)>) -> Self {
        known.sort_unstable_by_key(|(number, _)| *number);
        let (numbers, specs) = known.into_iter().unzip();
        Self { numbers, specs }
    }

    /// What a tag means, by its [`tag_number`].
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&PartSpec> {
        self.specs.get(self.numbers.binary_search(&number).ok()?)
    }
}

/// A tag as it stands, 8 bytes at most, as one number.
#[inline]
#[must_use]
pub fn tag_number(tag: &[u8]) -> u64 {
    tag.iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The number of a chip tag, which is named in hex; `None` if that is none.
pub(super) fn chip_tag(name: &Part) -> Option<u64> {
    u64::from_str_radix(name, 16).ok()
}

impl Nested {
    /// A part by its name.
    #[must_use]
    pub fn part(&self, name: &Part) -> Option<&NestedPart> {
        self.parts.iter().find(|part| part.id == *name)
    }
}

impl MtiMask {
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

impl std::fmt::Display for MtiMask {
    /// As it was written: `08xx`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for shift in [12u32, 8, 4, 0] {
            match self.mask >> shift & 0xF {
                0 => f.write_str("x")?,
                _ => write!(f, "{}", self.value >> shift & 0xF)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_leave_digits_open() {
        let network = MtiMask::read("08xx").unwrap();
        assert_eq!(network.to_string(), "08xx");
        assert!(network.matches("0810".parse().unwrap()));
        assert!(!network.matches("0210".parse().unwrap()));
        assert_eq!(MtiMask::read("8xx"), None);
    }
}
