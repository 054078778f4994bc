//! One message: the frame as it came, an index over it, and changes aside.

use super::edits::Edits;
use super::extent::Extent;
use super::index::{self, Index};
use super::value::has_odd_spare;
use super::{BuildFault, ParseError};
use crate::iso::message::{Bitmap, FieldId, Mti};
use crate::iso::spec::{Composite, FieldMeaning, Layout, Spec};
use bytes::Bytes;
use std::sync::Arc;

/// Stands where a frame's type could not be read; no such message leaves this file.
const NO_MTI: Mti = match Mti::from_bcd(0) {
    Some(mti) => mti,
    None => panic!("0000 is four digits"),
};

/// One message: the frame as it came (without length prefix), an index over it, and changes aside.
#[derive(Clone)]
pub struct Message {
    pub(super) spec: Arc<Spec>,
    /// As it came; empty if the message was begun here.
    pub(super) frame: Bytes,
    pub(super) index: Index,
    pub(super) mti: Mti,
    /// Present now, changes included.
    pub(super) fields: Bitmap,
    header: Option<Vec<u8>>,
    pub(super) edits: Edits,
    /// Whether type or fields are not those of the frame; the header is known by itself.
    pub(super) touched: bool,
    /// What ended the reading of the frame before its end.
    fault: Option<Box<ParseError>>,
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
        let mut message = Self::of(spec, frame);
        match message.walk() {
            None => Ok(message),
            Some(error) => Err(error),
        }
    }

    /// Indexes a frame as far as it can be read: a fault in a field, or bytes behind the last one,
    /// end the reading and are the message's own [`Message::fault`]. What was not read is kept, and
    /// built again, byte for byte.
    ///
    /// # Errors
    /// Header, type or bitmap cannot be read, so that nothing is known of the fields.
    pub fn read(spec: &Arc<Spec>, frame: Bytes) -> Result<Self, ParseError> {
        let mut message = Self::of(spec, frame);
        let error = message.walk();
        match error {
            Some(error) if message.index.bitmaps == 0 => Err(error),
            _ => {
                message.fault = error.map(Box::new);
                Ok(message)
            }
        }
    }

    /// Indexes as much of a frame as can be read, for showing it: the message as far as it goes
    /// (`None` without a type), and the fault that ended it.
    #[must_use]
    pub fn parse_partial(spec: &Arc<Spec>, frame: Bytes) -> (Option<Self>, Option<ParseError>) {
        let mut message = Self::of(spec, frame);
        let error = message.walk();
        message.fault = error.map(Box::new);
        (message.index.mti.is_some().then_some(message), error)
    }

    /// Not yet indexed.
    fn of(spec: &Arc<Spec>, frame: Bytes) -> Self {
        Self {
            spec: Arc::clone(spec),
            frame,
            index: Index::EMPTY,
            mti: NO_MTI,
            fields: Bitmap::EMPTY,
            header: None,
            edits: Edits::NONE,
            touched: false,
            fault: None,
        }
    }

    /// Indexes the frame as far as it goes, up to the fault if there is one.
    fn walk(&mut self) -> Option<ParseError> {
        let error = index::walk(&self.spec, &self.frame, &mut self.index).err();
        self.mti = self.index.mti.unwrap_or(NO_MTI);
        self.fields = self.index.fields;
        error
    }

    /// An empty message with the spec's default header.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, mti: Mti) -> Self {
        Self {
            header: Some(spec.default_header()),
            touched: true,
            mti,
            ..Self::of(spec, Bytes::new())
        }
    }

    /// Makes this an empty message of a type again: header kept, fields gone, memory kept.
    pub fn reset(&mut self, mti: Mti) {
        let header = self.header.take().unwrap_or_else(|| self.header().to_vec());
        self.header = Some(header);
        self.frame = Bytes::new();
        self.index = Index::EMPTY;
        self.fields = Bitmap::EMPTY;
        self.edits.clear();
        self.fault = None;
        self.mti = mti;
        self.touched = true;
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
                .get(..usize::from(self.index.mti_at))
                .unwrap_or_default()
        };
        self.header.as_deref().unwrap_or_else(came)
    }

    /// Changes the bytes before the type.
    pub fn set_header(&mut self, header: &[u8]) {
        self.header = Some(header.to_vec());
    }

    /// Whether the frame is still this message, byte for byte.
    pub(super) const fn is_as_it_came(&self) -> bool {
        !self.touched && self.header.is_none()
    }

    /// What ended the reading of the frame before its end, if the message was only read in part.
    #[must_use]
    pub fn fault(&self) -> Option<&ParseError> {
        self.fault.as_deref()
    }

    /// Whether the bitmap names a field that could not be read.
    #[must_use]
    pub const fn is_unread(&self, field: FieldId) -> bool {
        self.index.unread.contains(field)
    }

    /// Whether a field holds characters that its format does not allow.
    #[must_use]
    pub const fn is_suspect(&self, field: FieldId) -> bool {
        self.index.suspect.contains(field)
    }

    /// Whether a change to this field has no place: what was not read stands before it.
    pub(super) fn is_beyond_fault(&self, field: FieldId) -> bool {
        let unread = self.index.unread.first();
        unread.is_some_and(|unread| unread <= field)
    }

    /// The bytes that were not read: from the fault on.
    pub(super) fn tail(&self) -> &[u8] {
        let from = self.fault.as_ref().map(|fault| fault.offset);
        from.and_then(|from| self.frame.get(from..))
            .unwrap_or_default()
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
        let step = self.spec.step(usize::from(field.number()))?;
        let extent = Extent::read(step, wire, 0).ok()?;
        Some((&step.layout, wire.get(extent.body)?, extent.units))
    }

    pub(super) fn meaning(&self, field: FieldId) -> Option<&FieldMeaning> {
        Some(self.spec.field(field)?.meaning(self.mti))
    }

    /// Takes a field over as it stands in `other`, a message of the same spec.
    pub fn copy(&mut self, field: FieldId, other: &Self) {
        let Some(wire) = other.wire(field).filter(|_| !self.is_beyond_fault(field)) else {
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

    /// Faults that do not stop a message: content, pads. Never holds values.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut all = self.header_warnings();
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
            let came = self.edits.bytes(field).is_none();
            let odd = self.value(field);
            if came && odd.is_some_and(|(layout, body, units)| has_odd_spare(layout, body, units)) {
                all.push(format!(
                    "field {field}: the spare nibble beside its odd digits is not what the dialect \
                     has there: do they stand on the other side (align)?"
                ));
            }
            let has_parts = self.meaning(field).is_some_and(|meaning| {
                matches!(
                    meaning.composite,
                    Some(Composite::BerTlv(_) | Composite::TextTlv { .. } | Composite::Bitmap(_))
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

#[cfg(test)]
mod tests;
