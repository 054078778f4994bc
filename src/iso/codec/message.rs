//! Stub: the signatures that the other rooms rely on.
use crate::iso::message::{
    Amount, AuthCode, Bitmap, FieldId, FieldPath, MerchantId, Mti, Pan, ResponseCode, Rrn, Secret,
    Stan, TerminalId,
};
use crate::iso::spec::{Kind, Spec};
use bytes::{Bytes, BytesMut};
use std::borrow::Cow;
use std::sync::Arc;

/// Where and why bytes do not follow the spec. Never holds bytes of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct ParseError {}
/// Why a frame cannot be cut from the stream; ends the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct FrameError {}
/// Why a value does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stub")]
pub struct BuildError {}

/// Cuts frames from a stream, and wraps them, by the spec's length prefix.
#[derive(Clone, Debug)]
pub struct Framer {}
impl Framer {
    /// For one dialect, refusing frames longer than `max` bytes before they are read.
    #[must_use]
    pub fn new(_spec: &Spec, _max: usize) -> Self {
        unimplemented!()
    }
    /// The next whole frame without its prefix, or `None` until more bytes come. Keep-alives are
    /// passed over.
    ///
    /// # Errors
    /// A length that cannot be.
    pub fn next(&mut self, _stream: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        unimplemented!()
    }
    /// Appends prefix and frame.
    ///
    /// # Errors
    /// A frame longer than the prefix can say.
    pub fn wrap(&self, _frame: &[u8], _out: &mut BytesMut) -> Result<(), FrameError> {
        unimplemented!()
    }
}

/// One message: the frame as it came (without length prefix), an index over it, and changes aside.
#[derive(Clone)]
pub struct Message {}
impl std::fmt::Debug for Message {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        unimplemented!()
    }
}

/// A frame with its sensitive bytes overwritten in place, and what was there.
#[derive(Clone, Debug)]
pub struct Redacted {
    /// The frame; overwritten digits are zero.
    pub frame: Bytes,
    /// The overwritten ranges `(start, length, may be restored)`, ascending.
    pub hidden: Vec<(u16, u16, bool)>,
    /// The bytes of the restorable ranges, in order: card number and expiry, nothing else.
    pub patch: Secret,
}
impl Redacted {
    /// The whole frame again, if every hidden range can be restored.
    #[must_use]
    pub fn restore(&self) -> Option<Bytes> {
        unimplemented!()
    }
}

impl Message {
    /// Indexes a frame. Usage and content faults are [`Message::warnings`], not errors.
    ///
    /// # Errors
    /// Header, type, bitmap or a field's length cannot be read.
    pub fn parse(_spec: &Arc<Spec>, _frame: Bytes) -> Result<Self, ParseError> {
        unimplemented!()
    }
    /// An empty message with the spec's default header.
    #[must_use]
    pub fn new(_spec: &Arc<Spec>, _mti: Mti) -> Self {
        unimplemented!()
    }
    /// The answer to this request: header for the way back, type + 10, the fields that the spec's
    /// answers echo. `None` if this is itself an answer.
    #[must_use]
    pub fn answer(&self) -> Option<Self> {
        unimplemented!()
    }
    /// The dialect.
    #[must_use]
    pub fn spec(&self) -> &Arc<Spec> {
        unimplemented!()
    }
    /// The type.
    #[must_use]
    pub fn mti(&self) -> Mti {
        unimplemented!()
    }
    /// Changes the type.
    pub fn set_mti(&mut self, _mti: Mti) {
        unimplemented!()
    }
    /// The bytes before the type: TPDU, header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        unimplemented!()
    }
    /// Changes the bytes before the type.
    pub fn set_header(&mut self, _header: &[u8]) {
        unimplemented!()
    }
    /// The fields present.
    #[must_use]
    pub fn fields(&self) -> Bitmap {
        unimplemented!()
    }
    /// Whether a field is present.
    #[must_use]
    pub fn has(&self, _field: FieldId) -> bool {
        unimplemented!()
    }
    /// A field or part as text: digits, characters, or upper-case hex if binary. Sensitive values
    /// come in clear: mask before showing.
    #[must_use]
    pub fn text(&self, _path: impl Into<FieldPath>) -> Option<Cow<'_, str>> {
        unimplemented!()
    }
    /// Sets a field or part from text, as [`Message::text`] gives it.
    ///
    /// # Errors
    /// The value does not fit.
    pub fn set(&mut self, _path: impl Into<FieldPath>, _text: &str) -> Result<(), BuildError> {
        unimplemented!()
    }
    /// Takes a field over as it stands in `other`, a message of the same spec.
    pub fn copy(&mut self, _field: FieldId, _other: &Self) {
        unimplemented!()
    }
    /// Takes a field out.
    pub fn remove(&mut self, _field: FieldId) {
        unimplemented!()
    }
    /// The frame, without length prefix: the bytes as they came if nothing was changed.
    ///
    /// # Errors
    /// A field cannot be written.
    pub fn build(&self) -> Result<Bytes, BuildError> {
        unimplemented!()
    }
    /// The bytes a MAC covers: from the type to the last field before `mac`, with the bit of `mac`
    /// set.
    ///
    /// # Errors
    /// A field cannot be written.
    pub fn mac_input(&self, _mac: FieldId) -> Result<Bytes, BuildError> {
        unimplemented!()
    }
    /// Which kind of the spec this is; for an answer, the kind of its request.
    #[must_use]
    pub fn kind(&self) -> Option<&Kind> {
        unimplemented!()
    }
    /// Faults that do not stop a message: content, usage, pads. Never holds values.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        unimplemented!()
    }
    /// The frame fit for a journal.
    ///
    /// # Errors
    /// A field cannot be written.
    pub fn redact(&self) -> Result<Redacted, BuildError> {
        unimplemented!()
    }
    /// DE 11.
    #[must_use]
    pub fn stan(&self) -> Option<Stan> {
        unimplemented!()
    }
    /// DE 4, minor units.
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        unimplemented!()
    }
    /// DE 37, trimmed.
    #[must_use]
    pub fn rrn(&self) -> Option<Rrn> {
        unimplemented!()
    }
    /// DE 38, trimmed.
    #[must_use]
    pub fn auth_code(&self) -> Option<AuthCode> {
        unimplemented!()
    }
    /// DE 39.
    #[must_use]
    pub fn response_code(&self) -> Option<ResponseCode> {
        unimplemented!()
    }
    /// DE 41, trimmed.
    #[must_use]
    pub fn terminal(&self) -> Option<TerminalId> {
        unimplemented!()
    }
    /// DE 42, trimmed.
    #[must_use]
    pub fn merchant(&self) -> Option<MerchantId> {
        unimplemented!()
    }
    /// The card number: DE 2, or the head of track 2 (DE 35).
    #[must_use]
    pub fn pan(&self) -> Option<Pan> {
        unimplemented!()
    }
}
