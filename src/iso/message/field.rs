//! Field numbers, and paths to parts of fields: `60.2`, `55.9F26`.

use super::Text;
use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

/// A data element's number, 1 to 192.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(NonZeroU8);

impl FieldId {
    /// `None` outside 1 to 192.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        match NonZeroU8::new(number) {
            Some(number) if number.get() <= 192 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number of a field known when this was written.
    ///
    /// # Panics
    /// Outside 1 to 192; used with literals, so at compile time where it matters.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        match Self::new(number) {
            Some(id) => id,
            None => panic!("field numbers run from 1 to 192"),
        }
    }

    /// 1 to 192.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// Fields 1 and 129 announce another bitmap and are never data; 65 does so in most dialects.
    #[must_use]
    pub const fn is_bitmap_flag(self) -> bool {
        self.number() % 128 == 1
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for FieldId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or("a field number is 1 to 192")
    }
}

/// The name of one part of a composite field: a position (`2`), a TLV tag (`9F26`) or a text tag
/// (`A3`), in upper case.
pub type Part = Text<8>;

/// A field, or one part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    /// The field.
    pub field: FieldId,
    /// The part, if not the whole field.
    pub part: Option<Part>,
}

impl FieldPath {
    /// The whole of a field.
    #[must_use]
    pub const fn whole(field: FieldId) -> Self {
        Self { field, part: None }
    }
}

impl From<FieldId> for FieldPath {
    fn from(field: FieldId) -> Self {
        Self::whole(field)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Some(part) => write!(f, "{}.{part}", self.field),
            None => write!(f, "{}", self.field),
        }
    }
}

impl FromStr for FieldPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (field, part) = match text.split_once('.') {
            Some((field, part)) => (field, Some(part)),
            None => (text, None),
        };
        let part = match part {
            Some(name) if !name.is_empty() => Some(
                Part::new(&name.to_ascii_uppercase())
                    .ok_or("a part's name has 8 characters at most")?,
            ),
            Some(_) => return Err("a part needs a name after the dot, such as 60.2 or 55.9F26"),
            None => None,
        };
        Ok(Self {
            field: field.parse()?,
            part,
        })
    }
}

/// What names a field or a part of one: `4`, `"60.2"`, a [`FieldId`], a [`FieldPath`].
pub trait ToFieldPath {
    /// The path; `None` if there can be no such field.
    fn to_field_path(self) -> Option<FieldPath>;
}

impl ToFieldPath for FieldPath {
    #[inline]
    fn to_field_path(self) -> Option<FieldPath> {
        Some(self)
    }
}

impl ToFieldPath for FieldId {
    #[inline]
    fn to_field_path(self) -> Option<FieldPath> {
        Some(self.into())
    }
}

impl ToFieldPath for u8 {
    fn to_field_path(self) -> Option<FieldPath> {
        FieldId::new(self).map(FieldPath::whole)
    }
}

impl ToFieldPath for &str {
    fn to_field_path(self) -> Option<FieldPath> {
        self.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_print() {
        for text in ["60", "60.2", "55.9F26"] {
            assert_eq!(text.parse::<FieldPath>().unwrap().to_string(), text);
        }
        assert_eq!(
            "55.9f26".parse::<FieldPath>().unwrap().to_string(),
            "55.9F26"
        );
        for wrong in ["0", "193", "60.", "x", "60.123456789"] {
            assert!(wrong.parse::<FieldPath>().is_err(), "{wrong}");
        }
    }
}
