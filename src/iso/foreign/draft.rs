//! A dialect as a reader found it, before it is written down.

use super::ImportNote;
use crate::iso::spec::{Align, Encoding, LengthUnit, Pad, PrefixEncoding};
use std::collections::{BTreeMap, BTreeSet};

/// A dialect as a reader found it.
#[derive(Debug)]
pub(super) struct DialectDraft {
    /// What it will be called.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The system that it came from.
    pub origin: &'static str,
    /// How the type is written.
    pub mti: Encoding,
    /// How the bitmap is written.
    pub bitmap: DraftBitmap,
    /// Bytes before the type, where the file says so.
    pub header: usize,
    /// By number.
    pub fields: BTreeMap<u8, DraftField>,
    /// What had to be decided.
    pub decided: Vec<ImportNote>,
    /// What cannot be said, by field if it is one.
    pub left_out: Vec<(Option<u8>, ImportNote)>,
    /// Fields that were left out, and that no rule needs.
    pub dropped: BTreeSet<u8>,
}

/// How the bitmap is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct DraftBitmap {
    pub encoding: Encoding,
    /// The second one is always there, and no bit says so.
    pub always_double: bool,
}

/// One field.
#[derive(Clone, Debug)]
pub(super) struct DraftField {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// Its name; empty if the file has none.
    pub name: String,
    pub wire: DraftWire,
    pub parts: DraftParts,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DraftWire {
    pub content: DraftContent,
    /// The longest, in units.
    pub max: u16,
    pub encoding: Encoding,
    pub prefix: Option<DraftPrefix>,
    pub align: Align,
    /// The spare nibble of odd digits.
    pub fill: u8,
    /// What is added to a short value, if not as the standard has it.
    pub pad: Option<Pad>,
    /// Whether the file knows no better what it holds than that it is text.
    pub is_vague: bool,
}

/// The length before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DraftPrefix {
    /// Decimal digits of it: 2 for LLVAR.
    pub digits: u8,
    pub encoding: PrefixEncoding,
    pub bytes: u8,
    pub counts: LengthUnit,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DraftContent {
    Digits,
    Signed,
    Text,
    Track,
    Binary,
}

/// The parts of a field.
#[derive(Clone, Debug, Default)]
pub(super) enum DraftParts {
    #[default]
    None,
    BerTlv,
    TextTlv {
        tag: u8,
        length: u8,
    },
    Positions(Vec<DraftPart>),
    Bitmap {
        encoding: Encoding,
        bytes: u8,
        /// Its first bit says that as many bytes follow.
        extends: bool,
        parts: Vec<DraftPart>,
    },
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct DraftPart {
    pub id: String,
    pub name: String,
    pub wire: DraftWire,
}

impl DialectDraft {
    pub(super) fn new(title: String) -> Self {
        Self {
            name: String::new(),
            title,
            origin: "",
            mti: Encoding::Ascii,
            bitmap: DraftBitmap {
                encoding: Encoding::Hex,
                always_double: false,
            },
            header: 0,
            fields: BTreeMap::new(),
            decided: Vec::new(),
            left_out: Vec::new(),
            dropped: BTreeSet::new(),
        }
    }

    /// Takes over how the type is written: four digits, without a length before them.
    pub(super) fn set_type(&mut self, wire: &DraftWire, line: usize) {
        if matches!(wire.content, DraftContent::Digits | DraftContent::Text) {
            self.mti = wire.encoding;
        }
        if wire.content == DraftContent::Binary || wire.prefix.is_some() || wire.max != 4 {
            let notation = wire.notation();
            let what = "a type has four digits, without a length before them: it is read so";
            self.leave_out(None, line, format!("the type as {notation}: {what}"));
        }
    }

    /// Notes that the type or the bitmap is not told, and what is assumed then.
    pub(super) fn tell_missing(&mut self, line: usize, has_type: bool, has_bitmap: bool) {
        if !has_type {
            let what = "there is no field 0: the type is taken as four characters";
            self.decide(line, what);
        }
        if !has_bitmap {
            let what = "there is no field 1: the bitmap is taken as hexadecimal characters";
            self.decide(line, what);
        }
    }

    /// Notes a decision.
    pub(super) fn decide(&mut self, line: usize, what: impl Into<String>) {
        let what = what.into();
        self.decided.push(ImportNote { line, what });
    }

    /// Notes that something cannot be said; a field that was read before under its number goes.
    pub(super) fn leave_out(&mut self, field: Option<u8>, line: usize, what: impl Into<String>) {
        let what = what.into();
        if let Some(number) = field {
            self.fields.remove(&number);
        }
        self.left_out.push((field, ImportNote { line, what }));
    }
}

impl DraftWire {
    /// Characters in ASCII.
    pub(super) const fn fixed(content: DraftContent, max: u16, encoding: Encoding) -> Self {
        Self {
            content,
            max,
            encoding,
            prefix: None,
            align: Align::Right,
            fill: 0,
            pad: None,
            is_vague: false,
        }
    }

    /// With a length of so many digits before it.
    pub(super) const fn after(self, digits: u8, encoding: PrefixEncoding) -> Self {
        let prefix = DraftPrefix {
            digits,
            encoding,
            bytes: encoding.bytes_for(digits),
            counts: LengthUnit::Units,
        };
        Self {
            prefix: Some(prefix),
            ..self
        }
    }

    /// The standard's notation.
    pub(super) fn notation(&self) -> String {
        let letters = match self.content {
            DraftContent::Digits => "n",
            DraftContent::Signed => "x+n",
            DraftContent::Text => "ans",
            DraftContent::Track => "z",
            DraftContent::Binary => "b",
        };
        let dots = self.prefix.map_or(0, |prefix| usize::from(prefix.digits));
        let length = match (self.content, self.prefix) {
            (DraftContent::Signed, None) => usize::from(self.max).saturating_sub(1),
            (DraftContent::Binary, None) => usize::from(self.max).saturating_mul(8),
            _ => usize::from(self.max),
        };
        format!("{letters}{}{length}", ".".repeat(dots))
    }
}
