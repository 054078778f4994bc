//! Dialects as other systems write them down: jPOS packagers, moov-io specs, j8583 parse guides,
//! read into a dialect file of ours.
//!
//! Each reader fills a [`draft`], which is written as a file that extends one of our dialects: a
//! packager knows how a field is written, but not what messages mean, how frames are told apart or
//! who reverses. What had to be decided stands in the file as a remark, and what the form of a
//! dialect cannot say is named with its line and left out.
//!
//! Start with [`import`].
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod draft;

mod jpos_class;

mod jpos;

mod jpos_parts;

mod moov;

mod yaml;

mod j8583;

mod xml;

mod charset;

mod write;

mod export;

mod lua;

mod page;

mod to_jpos;

mod to_moov;

pub use charset::text_of;
pub use export::{DialectForm, Exported, export};

#[cfg(test)]
mod tests;

/// Which system a file was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackagerKind {
    /// A jPOS GenericPackager, in XML.
    Jpos,
    /// A moov-io message spec, in JSON or YAML.
    Moov,
    /// j8583 parse guides, in XML.
    J8583,
}

/// A file of ours, made of one of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The dialect file.
    pub text: String,
    /// How many fields it took over.
    pub fields: usize,
    /// What had to be decided, or is left to the reader.
    pub decided: Vec<ImportNote>,
    /// What the form of a dialect cannot say; it is not in the file.
    pub left_out: Vec<ImportNote>,
}

/// A remark on a line of the file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportNote {
    /// The line, from 1.
    pub line: usize,
    /// What stands there, and what became of it.
    pub what: String,
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImportError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and the mend.
    pub what: String,
}

impl ImportError {
    fn at(line: usize, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { line, what }
    }
}

/// No packager is longer.
const LONGEST: usize = 4 << 20;

impl PackagerKind {
    /// What the file looks like; `None` if like none of them.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with('{') {
            return Some(Self::Moov);
        }
        let jpos = text.find("<isopackager");
        let j8583 = text.find("<j8583-config");
        let fields = |line: &str| line.starts_with("fields:") || line.starts_with("\"fields\":");
        match (jpos, j8583) {
            (None, None) => text.lines().any(fields).then_some(Self::Moov),
            (Some(_), None) => Some(Self::Jpos),
            (None, Some(_)) => Some(Self::J8583),
            (Some(one), Some(other)) if one < other => Some(Self::Jpos),
            (Some(_), Some(_)) => Some(Self::J8583),
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpos => "jPOS GenericPackager",
            Self::Moov => "moov-io spec",
            Self::J8583 => "j8583 parse guides",
        }
    }
}

/// Reads a file of another system into a dialect file called `name`.
///
/// # Errors
/// It cannot be read at all; what it says and we cannot is no error, but told beside the result.
pub fn import(origin: PackagerKind, name: &str, text: &str) -> Result<Imported, ImportError> {
    if text.len() > LONGEST {
        return Err(ImportError::at(1, "longer than 4 MiB, no packager is"));
    }
    let mut draft = match origin {
        PackagerKind::Jpos => jpos::read(text)?,
        PackagerKind::Moov => moov::read(text)?,
        PackagerKind::J8583 => j8583::read(text)?,
    };
    draft.name = name.to_owned();
    draft.origin = origin.name();
    write::write(draft)
}

/// The line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let breaks = before.iter().filter(|byte| **byte == b'\n');
    breaks.count().saturating_add(1)
}
