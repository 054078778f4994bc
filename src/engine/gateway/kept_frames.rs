//! Messages made again from frames that were kept.

use crate::engine::record::StoredFrame;
use crate::iso::codec::Message;
use crate::iso::spec::{Spec, Store};
use bytes::Bytes;
use std::sync::Arc;

/// A stored message to build from: without the fields that were not kept, and without card number
/// and expiry where they cannot be restored; never with the zeros that stand for them.
pub(super) fn kept(spec: &Arc<Spec>, stored: &StoredFrame) -> Option<Message> {
    let restored = stored.restore_known();
    let gone = |store| match store {
        Store::Length | Store::Masked => true,
        Store::Restorable => restored.is_none(),
        Store::Clear => false,
    };
    let frame = restored.clone().unwrap_or_else(|| stored.frame.clone());
    let mut message = Message::read(spec, frame).ok()?;
    for field in message.fields().iter() {
        let meaning = spec.field(field).map(|own| own.meaning(message.mti()));
        if meaning.is_some_and(|meaning| meaning.composite.is_none() && gone(meaning.store)) {
            message.remove(field);
        }
    }
    Some(message)
}

/// A stored message whose card nobody here knows any more, with that of another message of the same
/// dialect and card, so far as that tells it.
pub(super) fn unsealed(stored: &StoredFrame, with: &Message) -> Option<StoredFrame> {
    let spec = with.spec();
    let masked = Message::read(spec, stored.frame.clone()).ok()?;
    let mut message = kept(spec, stored)?;
    for field in masked.fields().iter() {
        let meaning = spec.field(field).map(|own| own.meaning(masked.mti()));
        if meaning.is_some_and(|own| own.store == Store::Restorable) && with.has(field) {
            message.copy(field, with);
        }
    }
    message.pan()?;
    message.redact().ok().map(StoredFrame::from)
}

/// A stored answer under the header that goes back to whoever sent `header`.
pub(super) fn readdressed(spec: &Arc<Spec>, header: &[u8], answer: &Bytes) -> Option<Message> {
    let mut message = Message::read(spec, answer.clone()).ok()?;
    message.set_header(&spec.answer_header(header));
    Some(message)
}
