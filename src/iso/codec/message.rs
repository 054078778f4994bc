//! One message: the frame as it came, an index over it, and changes aside.

use super::composite::{self, Tlv};
use super::edits::Edits;
use super::index::{self, Index, Walk};
use super::value::{self, Extent};
use super::{BuildError, BuildFault, ParseError};
use crate::iso::message::{Bitmap, FieldId, FieldPath, Mti, Part};
use crate::iso::spec::{Composite, FieldSpec, Kind, Layout, Meaning, Size, Spec};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// One message: the frame as it came (without length prefix), an index over it, and changes aside.
#[derive(Clone)]
pub struct Message {
    spec: Arc<Spec>,
    /// As it came; empty if the message was begun here.
    pub(super) frame: Bytes,
    pub(super) index: Index,
    mti: Mti,
    /// Present now, changes included.
    fields: Bitmap,
    header: Option<Vec<u8>>,
    edits: Edits,
    touched: bool,
}

impl std::fmt::Debug for Message {
    /// Type and fields, never values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("spec", &self.spec.name())
            .field("mti", &self.mti)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Message {
    /// Indexes a frame. Usage and content faults are [`Message::warnings`], not errors.
    ///
    /// # Errors
    /// Header, type, bitmap or a field's length cannot be read.
    pub fn parse(spec: &Arc<Spec>, frame: Bytes) -> Result<Self, ParseError> {
        let mut walk = Walk {
            mti: None,
            index: Index::EMPTY,
        };
        index::walk(spec, &frame, &mut walk)?;
        // A walk that came to its end has read the type.
        let mti = walk
            .mti
            .ok_or(ParseError::new(None, 0, super::ParseFault::Mti))?;
        Ok(Self::indexed(spec, frame, mti, walk.index))
    }

    /// Indexes as much of a frame as can be read: the message as far as it goes (`None` without a
    /// type), and the fault that ended it. Building such a message gives its readable fields only.
    #[must_use]
    pub fn parse_partial(spec: &Arc<Spec>, frame: Bytes) -> (Option<Self>, Option<ParseError>) {
        let mut walk = Walk {
            mti: None,
            index: Index::EMPTY,
        };
        let error = index::walk(spec, &frame, &mut walk).err();
        let message = walk.mti.map(|mti| Self {
            touched: error.is_some(),
            ..Self::indexed(spec, frame, mti, walk.index)
        });
        (message, error)
    }

    fn indexed(spec: &Arc<Spec>, frame: Bytes, mti: Mti, index: Index) -> Self {
        Self {
            spec: Arc::clone(spec),
            fields: index.fields,
            frame,
            index,
            mti,
            header: None,
            edits: Edits::NONE,
            touched: false,
        }
    }

    /// An empty message with the spec's default header.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, mti: Mti) -> Self {
        let header = spec
            .header()
            .iter()
            .flat_map(|part| part.default.iter().copied())
            .collect();
        Self {
            header: Some(header),
            touched: true,
            ..Self::indexed(spec, Bytes::new(), mti, Index::EMPTY)
        }
    }

    /// The answer to this request: header for the way back, type + 10, the fields that the spec's
    /// answers echo. `None` if this is itself an answer.
    #[must_use]
    pub fn answer(&self) -> Option<Self> {
        let mut answer = Self::new(&self.spec, self.mti.answer()?);
        answer.header = Some(self.spec.answer_header(self.header()));
        for field in &self.spec.flow().answer.copy {
            answer.copy(*field, self);
        }
        Some(answer)
    }

    /// The dialect.
    #[must_use]
    pub const fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }

    /// The type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Changes the type.
    pub fn set_mti(&mut self, mti: Mti) {
        self.touched |= mti != self.mti;
        self.mti = mti;
    }

    /// The bytes before the type: TPDU, header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        let came = || {
            self.frame
                .get(..usize::from(self.index.mti))
                .unwrap_or_default()
        };
        self.header.as_deref().unwrap_or_else(came)
    }

    /// Changes the bytes before the type.
    pub fn set_header(&mut self, header: &[u8]) {
        self.header = Some(header.to_vec());
        self.touched = true;
    }

    /// The fields present.
    #[must_use]
    pub const fn fields(&self) -> Bitmap {
        self.fields
    }

    /// Whether a field is present.
    #[must_use]
    pub const fn has(&self, field: FieldId) -> bool {
        self.fields.contains(field)
    }

    /// The bytes of a field as they stand on the wire, its length prefix included.
    pub(super) fn wire(&self, field: FieldId) -> Option<&[u8]> {
        if !self.fields.contains(field) {
            return None;
        }
        match self.edits.bytes(field) {
            Some(bytes) => Some(bytes),
            None => self.frame.get(self.index.place(field)?),
        }
    }

    /// A field's value on the wire: how it is written, its bytes, its units.
    pub(super) fn value(&self, field: FieldId) -> Option<(&Layout, &[u8], usize)> {
        let wire = self.wire(field)?;
        let layout = &self.spec.field(field)?.layout;
        let extent = Extent::read(layout, wire).ok()?;
        Some((layout, wire.get(extent.prefix..)?, extent.units))
    }

    pub(super) fn meaning(&self, field: FieldId) -> Option<&Meaning> {
        Some(self.spec.field(field)?.meaning(self.mti))
    }

    /// A field or part as text: digits, characters, or upper-case hex if binary. Sensitive values
    /// come in clear: mask before showing.
    #[must_use]
    pub fn text(&self, path: impl Into<FieldPath>) -> Option<Cow<'_, str>> {
        let path = path.into();
        let (layout, body, units) = self.value(path.field)?;
        let Some(part) = path.part else {
            return value::text(layout, body, units, 0..units);
        };
        match self.meaning(path.field)?.composite.as_ref()? {
            Composite::Positions(all) => {
                let position = all.iter().find(|position| position.id == part)?;
                value::text(layout, body, units, composite::place(position, units)?)
            }
            tagged => {
                let (tlv, is_binary) = tlv(tagged)?;
                let bytes = value::plain_bytes(layout, body)?;
                let parts = tlv.parts(&bytes)?;
                let found = parts.into_iter().find(|one| one.tag == part)?;
                let text = value::bytes_as_text(bytes.get(found.value)?, is_binary);
                Some(Cow::Owned(text))
            }
        }
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
                tagged => {
                    let parts = tlv(tagged)?.0.parts(&value::plain_bytes(layout, body)?)?;
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
    pub fn set(&mut self, path: impl Into<FieldPath>, text: &str) -> Result<(), BuildError> {
        let path = path.into();
        let spec = Arc::clone(&self.spec);
        let field = spec.field(path.field);
        let field = field.ok_or_else(|| BuildError::at(path, BuildFault::UnknownField))?;
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
            let whole = self.text(field.id).unwrap_or_default();
            let fixed = match field.layout.size {
                Size::Fixed(units) => Some(usize::from(units)),
                Size::Variable { .. } => None,
            };
            return composite::set_position(all, position, &whole, text, fixed);
        }
        let (tlv, is_binary) = tlv(composite).ok_or(BuildFault::UnknownPart)?;
        let old = match self.value(field.id) {
            Some((layout, body, _)) => {
                value::plain_bytes(layout, body).ok_or(BuildFault::Unreadable)?
            }
            None => Cow::Borrowed(&[][..]),
        };
        let bytes = tlv.set(&old, &part, &value::text_as_bytes(text, is_binary)?)?;
        Ok(value::bytes_as_text(&bytes, is_binary))
    }

    /// Takes a field over as it stands in `other`, a message of the same spec.
    pub fn copy(&mut self, field: FieldId, other: &Self) {
        let Some(wire) = other.wire(field) else {
            return;
        };
        let copied: Result<(), BuildFault> = self.edits.put(field, |out| {
            out.extend_from_slice(wire);
            Ok(())
        });
        if copied.is_ok() {
            self.fields.insert(field);
            self.touched = true;
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: FieldId) {
        if self.fields.contains(field) {
            self.fields.remove(field);
            self.edits.remove(field);
            self.touched = true;
        }
    }

    /// The frame, without length prefix: the bytes as they came if nothing was changed.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn build(&self) -> Result<Bytes, BuildError> {
        if !self.touched {
            return Ok(self.frame.clone());
        }
        let mut out = Vec::with_capacity(self.frame.len().saturating_add(256));
        self.write_to(&mut out)?;
        Ok(out.into())
    }

    /// Appends the frame, without length prefix, to a buffer that can be used again.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        let start = out.len();
        if self.touched {
            out.extend_from_slice(self.header());
            self.write_body(self.fields, out);
        } else {
            out.extend_from_slice(&self.frame);
        }
        if out.len().saturating_sub(start) > usize::from(u16::MAX) {
            out.truncate(start);
            return Err(BuildError {
                field: None,
                kind: BuildFault::MessageTooLong,
            });
        }
        Ok(())
    }

    /// Appends type, bitmap with these fields' bits, and those of them that the message has.
    fn write_body(&self, fields: Bitmap, out: &mut Vec<u8>) {
        index::write_mti(self.spec.mti(), self.mti, out);
        index::write_bitmap(&self.spec, fields, self.index.bitmaps, out);
        for field in fields.iter() {
            out.extend_from_slice(self.wire(field).unwrap_or_default());
        }
    }

    /// The bytes a MAC covers: from the type to the last field before `mac`, with the bit of `mac`
    /// set. Exactly the bytes received if nothing was changed.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn mac_input(&self, mac: FieldId) -> Result<Bytes, BuildError> {
        if !self.touched
            && let Some(place) = self.index.place(mac)
        {
            return Ok(self.frame.slice(usize::from(self.index.mti)..place.start));
        }
        let mut fields = self.fields;
        fields.insert(mac);
        let mut out = Vec::with_capacity(256);
        index::write_mti(self.spec.mti(), self.mti, &mut out);
        index::write_bitmap(&self.spec, fields, self.index.bitmaps, &mut out);
        for field in fields.iter().take_while(|field| *field < mac) {
            out.extend_from_slice(self.wire(field).unwrap_or_default());
        }
        if out.len() > usize::from(u16::MAX) {
            return Err(BuildError {
                field: None,
                kind: BuildFault::MessageTooLong,
            });
        }
        Ok(out.into())
    }

    /// Which kind of the spec this is; for an answer, the kind of its request.
    #[must_use]
    pub fn kind(&self) -> Option<&Kind> {
        let request = self.mti.original();
        let fits = |kind: &&Kind| {
            (kind.mti == request || kind.mti.answer() == Some(request))
                && kind.when.iter().all(|(path, wanted)| {
                    self.text(*path)
                        .is_some_and(|found| found == wanted.as_str())
                })
        };
        self.spec.flow().kinds.iter().find(fits)
    }

    /// Faults that do not stop a message: content, pads. Never holds values.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        for field in self
            .index
            .suspect
            .iter()
            .filter(|field| self.fields.contains(*field))
        {
            if self.edits.bytes(field).is_none() {
                all.push(format!(
                    "field {field}: holds characters that its format does not allow"
                ));
            }
        }
        for field in self.fields.iter() {
            let has_parts = self.meaning(field).is_some_and(|meaning| {
                matches!(
                    meaning.composite,
                    Some(Composite::BerTlv(_) | Composite::TextTlv { .. })
                )
            });
            let is_empty = self.value(field).is_none_or(|(_, _, units)| units == 0);
            if has_parts && !is_empty && self.parts(field).is_empty() {
                all.push(format!("field {field}: its tags and lengths do not close"));
            }
        }
        all
    }
}

/// How tagged parts are written, and whether their values are bytes.
pub(super) const fn tlv(composite: &Composite) -> Option<(Tlv, bool)> {
    match composite {
        Composite::Positions(_) => None,
        Composite::BerTlv(_) => Some((Tlv::Ber, true)),
        Composite::TextTlv { tag, length, .. } => Some((
            Tlv::Text {
                tag: *tag,
                length: *length,
            },
            false,
        )),
    }
}
