//! Fields and parts of fields as text, read and set.

use super::composite::{self, Tlv};
use super::{BuildError, BuildFault, Message, characters, nested, tagged, value};
use crate::iso::message::{FieldId, FieldPath, Part, Text, ToFieldPath};
use crate::iso::spec::{Composite, FieldSpec, Layout, Nested, Size};
use std::borrow::Cow;
use std::ops::Range;

impl Message {
    /// A field or part as text: digits, characters, or upper-case hex if binary. Sensitive values
    /// come in clear: mask before showing.
    #[must_use]
    pub fn text(&self, path: impl ToFieldPath) -> Option<Cow<'_, str>> {
        let path = path.to_field_path()?;
        let (layout, body, units) = self.value(path.field)?;
        if let Some(range) = self.units(path, units) {
            return value::text(layout, body, units, range);
        }
        let part = path.part?;
        match self.meaning(path.field)?.composite.as_ref()? {
            Composite::Positions(_) => None,
            Composite::Bitmap(known) => nested_text(known, layout, body, part).map(Cow::Owned),
            tlvs => {
                let bytes = tagged::plain_bytes(layout, body)?;
                let parts = tlv(tlvs)?.parts(&bytes)?;
                let found = parts.into_iter().find(|one| one.tag == part)?;
                let text = tagged::part_text(tlvs, layout, bytes.get(found.value)?);
                Some(Cow::Owned(text))
            }
        }
    }

    /// The units of a field or part at a fixed place; `None` for tagged parts.
    fn units(&self, path: FieldPath, units: usize) -> Option<Range<usize>> {
        let Some(part) = path.part else {
            return Some(0..units);
        };
        match self.meaning(path.field)?.composite.as_ref()? {
            Composite::Positions(all) => {
                let position = all.iter().find(|position| position.id == part)?;
                composite::place(position, units)
            }
            _ => None,
        }
    }

    /// Whether a field or part is there and has this text. Quicker than [`Message::text`].
    #[must_use]
    pub fn is(&self, path: impl Into<FieldPath>, text: &str) -> bool {
        let path = path.into();
        let compared = self.value(path.field).and_then(|(layout, body, units)| {
            let range = self.units(path, units)?;
            value::is_digits(layout, body, units, range, text)
        });
        compared.unwrap_or_else(|| self.text(path).is_some_and(|found| found == text))
    }

    /// A field or part as [`Message::text`] gives it, if it has at most `N` bytes. Digits take no
    /// memory on their way.
    #[must_use]
    pub fn short<const N: usize>(&self, path: FieldPath) -> Option<Text<N>> {
        let digits = self.value(path.field).and_then(|(layout, body, units)| {
            let range = self.units(path, units)?;
            let mut digits = [0; N];
            let places = digits.get_mut(..range.len())?;
            let values = value::digits(layout, body, units, range)?;
            for (place, digit) in places.iter_mut().zip(values) {
                *place = b'0' | digit.filter(|digit| *digit <= 9)?;
            }
            Text::of_ascii(places)
        });
        digits.or_else(|| Text::new(&self.text(path)?))
    }

    /// A field of digits, or a part of one at a fixed place, as a number.
    pub(super) fn number(&self, path: FieldPath) -> Option<u64> {
        let (layout, body, units) = self.value(path.field)?;
        let range = self.units(path, units)?;
        value::digits(layout, body, units, range)?.try_fold(0u64, |number, digit| {
            let digit = digit.filter(|digit| *digit <= 9)?;
            number.checked_mul(10)?.checked_add(u64::from(digit))
        })
    }

    /// The parts present in a field, in their order; none if it has no parts or they do not close.
    #[must_use]
    pub fn parts(&self, field: FieldId) -> Vec<Part> {
        let parts = || {
            let (layout, body, units) = self.value(field)?;
            Some(match self.meaning(field)?.composite.as_ref()? {
                Composite::Positions(all) => {
                    let present = all
                        .iter()
                        .filter(|one| composite::place(one, units).is_some());
                    present.map(|one| one.id).collect()
                }
                Composite::Bitmap(known) => {
                    let bytes = nested_bytes(layout, body)?;
                    let (_, parts) = nested::parts(known, &bytes)?;
                    parts.iter().map(|one| one.part.id).collect()
                }
                tlvs => {
                    let parts = tlv(tlvs)?.parts(&tagged::plain_bytes(layout, body)?)?;
                    parts.into_iter().map(|one| one.tag).collect()
                }
            })
        };
        parts().unwrap_or_default()
    }

    /// Sets a field or part from text, as [`Message::text`] gives it. A short value of a fixed
    /// field is padded: digits with zeros before, text with blanks after.
    ///
    /// # Errors
    /// The value does not fit.
    pub fn set(&mut self, path: impl ToFieldPath, text: &str) -> Result<(), BuildError> {
        let path = path.to_field_path().ok_or(BuildError::NO_FIELD)?;
        let field = self.spec.field(path.field);
        let field = field.ok_or_else(|| BuildError::at(path, BuildFault::UnknownField))?;
        if self.is_beyond_fault(path.field) {
            return Err(BuildError::at(path, BuildFault::BeyondFault));
        }
        let whole = match path.part {
            None => Cow::Borrowed(text),
            Some(part) => {
                let whole = self.with_part(field, part, text);
                Cow::Owned(whole.map_err(|kind| BuildError::at(path, kind))?)
            }
        };
        let written = self
            .edits
            .put(path.field, |out| value::write(&field.layout, &whole, out));
        written.map_err(|kind| BuildError::at(path, kind))?;
        self.fields.insert(path.field);
        self.touched = true;
        Ok(())
    }

    /// The field's whole text with one part set.
    fn with_part(&self, field: &FieldSpec, part: Part, text: &str) -> Result<String, BuildFault> {
        let composite = field
            .meaning(self.mti)
            .composite
            .as_ref()
            .ok_or(BuildFault::UnknownPart)?;
        if let Composite::Positions(all) = composite {
            let position = all
                .iter()
                .find(|one| one.id == part)
                .ok_or(BuildFault::UnknownPart)?;
            let layout = &field.layout;
            let whole = self.text(field.id).unwrap_or_default();
            let whole = value::as_units(layout, &whole)?;
            let fixed = match field.layout.size {
                Size::Fixed(units) => Some(usize::from(units)),
                Size::Variable { .. } => None,
            };
            let part = value::as_units(layout, text)?;
            let set = composite::set_position(all, position, &whole, &part, fixed)?;
            return Ok(value::of_units(layout, set));
        }
        let old = self.value(field.id);
        if let Composite::Bitmap(known) = composite {
            let bit = known.part(&part).ok_or(BuildFault::UnknownPart)?.bit;
            let old = old.map(|(layout, body, _)| nested_bytes(layout, body));
            let old = old.map_or(Some(Cow::Borrowed(&[][..])), |bytes| bytes);
            let bytes = nested::set(known, &old.ok_or(BuildFault::Unreadable)?, bit, text)?;
            return Ok(nested_whole(&field.layout, &bytes));
        }
        let old = match old {
            Some((layout, body, _)) => {
                tagged::plain_bytes(layout, body).ok_or(BuildFault::Unreadable)?
            }
            None => Cow::Borrowed(&[][..]),
        };
        let value = tagged::part_bytes(composite, &field.layout, text)?;
        let tlv = tlv(composite).ok_or(BuildFault::UnknownPart)?;
        let bytes = tlv.set(&old, &part, &value)?;
        Ok(tagged::whole_text(&field.layout, &bytes))
    }
}

/// How tagged parts are written.
pub(super) const fn tlv(composite: &Composite) -> Option<Tlv> {
    match composite {
        Composite::Positions(_) | Composite::Bitmap(_) => None,
        Composite::BerTlv(_) => Some(Tlv::Ber),
        Composite::TextTlv { tag, length, .. } => Some(Tlv::Text {
            tag: *tag,
            length: *length,
        }),
    }
}

/// The bytes that a nested bitmap and its parts take, each in a code of its own: only hexadecimal
/// digits around all of them are undone.
pub(super) fn nested_bytes<'a>(layout: &Layout, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if layout.encoding.is_ebcdic() {
        return Some(Cow::Borrowed(body));
    }
    tagged::plain_bytes(layout, body)
}

/// The text of the field around them.
fn nested_whole(layout: &Layout, bytes: &[u8]) -> String {
    if layout.encoding.is_ebcdic() {
        return characters::read(layout.encoding, bytes).into_owned();
    }
    tagged::whole_text(layout, bytes)
}

fn nested_text(known: &Nested, layout: &Layout, body: &[u8], part: Part) -> Option<String> {
    let bytes = nested_bytes(layout, body)?;
    let (_, parts) = nested::parts(known, &bytes)?;
    let found = parts.iter().find(|one| one.part.id == part)?;
    let own = bytes.get(found.body.clone())?;
    let text = value::text(&found.part.step.layout, own, found.units, 0..found.units)?;
    Some(text.into_owned())
}
