//! Names every byte of a frame, broken ones too: for hex views and for finding a wrong spec.

use super::parts::{nested_bytes, tlv};
use super::{Message, nested, tagged};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::{Composite, Layout, Nested, Spec};
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

/// Some bytes of a frame, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes, counted from the start of the frame.
    pub bytes: Range<usize>,
    /// What they are.
    pub is: PieceKind,
}

/// What some bytes of a frame are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// The part of the header with this place in the spec.
    Header(usize),
    /// The type.
    Mti,
    /// The bitmaps, or the one of a field's own.
    Bitmap,
    /// The length before a field; tag and length before a part.
    Length(FieldPath),
    /// A value.
    Value(FieldPath),
    /// What cannot be read.
    Unread,
}

/// The pieces of a frame, in order and without gaps.
#[must_use]
pub fn dissect(spec: &Arc<Spec>, frame: &Bytes) -> Vec<Piece> {
    let mut cut = Cut {
        at: 0,
        pieces: Vec::new(),
    };
    let (message, _) = Message::parse_partial(spec, frame.clone());
    for (place, part) in spec.header_parts(frame) {
        if part.end <= frame.len() {
            cut.to(part.end, PieceKind::Header(place));
        }
    }
    if let Some(message) = message {
        cut.to(message.index.bitmap_at.into(), PieceKind::Mti);
        cut.to(message.index.body_at.into(), PieceKind::Bitmap);
        for field in message.fields().iter() {
            field_pieces(&message, field, &mut cut);
        }
    }
    cut.to(frame.len(), PieceKind::Unread);
    cut.pieces
}

struct Cut {
    at: usize,
    pieces: Vec<Piece>,
}

impl Cut {
    /// The bytes up to `end` are this.
    fn to(&mut self, end: usize, is: PieceKind) {
        if end > self.at {
            self.pieces.push(Piece {
                bytes: self.at..end,
                is,
            });
            self.at = end;
        }
    }
}

fn field_pieces(message: &Message, field: FieldId, cut: &mut Cut) {
    let (Some(place), Some((layout, body, _))) = (message.index.place(field), message.value(field))
    else {
        return;
    };
    let start = place.end.saturating_sub(body.len());
    cut.to(start, PieceKind::Length(field.into()));
    let composite = message
        .meaning(field)
        .and_then(|meaning| meaning.composite.as_ref());
    if let Some(Composite::Bitmap(known)) = composite {
        nested_pieces(known, field, layout, body, start, cut);
    }
    let tags = composite
        .and_then(tlv)
        .zip(tagged::plain_bytes(layout, body));
    let parts = tags.and_then(|(tlv, bytes)| tlv.parts(&bytes));
    for part in parts.unwrap_or_default() {
        let path = FieldPath {
            field,
            part: Some(part.tag),
        };
        let end = |units| start.saturating_add(layout.bytes_of(units));
        cut.to(end(part.value.start), PieceKind::Length(path));
        cut.to(end(part.value.end), PieceKind::Value(path));
    }
    cut.to(place.end, PieceKind::Value(field.into()));
}

/// The bitmap of a field's own, and the parts behind it.
fn nested_pieces(
    known: &Nested,
    field: FieldId,
    layout: &Layout,
    body: &[u8],
    start: usize,
    cut: &mut Cut,
) {
    let Some(bytes) = nested_bytes(layout, body) else {
        return;
    };
    let Some((first, parts)) = nested::parts(known, &bytes) else {
        return;
    };
    let end = |units| start.saturating_add(layout.bytes_of(units));
    cut.to(end(first), PieceKind::Bitmap);
    for found in parts {
        let path = FieldPath {
            field,
            part: Some(found.part.id),
        };
        cut.to(end(found.body.start), PieceKind::Length(path));
        cut.to(end(found.body.end), PieceKind::Value(path));
    }
}
