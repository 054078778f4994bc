//! A frame of a built-in dialect: reading it never panics, and tells the same whichever way it is
//! read; what is read is built again, byte for byte, or in a canonical form that is listed here.

use super::{Find, Outcome, dialect, hex, holds, without_digits};
use bytes::Bytes;
use isogate::iso::codec::{Message, Piece, PieceKind, dissect};
use isogate::iso::message::FieldPath;
use isogate::iso::spec::Spec;
use std::sync::Arc;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (place, bytes, framed) in super::samples() {
        let spec = &super::dialects()[usize::from(place)];
        let framer = isogate::iso::codec::Framer::new(spec, 64 << 10);
        let at = framer.place(&bytes).ok().flatten().filter(|_| framed);
        let frame = bytes.get(at.unwrap_or(0..bytes.len())).unwrap_or_default();
        all.push([&[place], frame].concat());
    }
    all
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let Some((spec, frame)) = dialect(input) else {
        return Ok("nothing".to_owned());
    };
    check(spec, &Bytes::copy_from_slice(frame))
}

/// All that is promised of a frame of a dialect.
pub(super) fn check(spec: &Arc<Spec>, frame: &Bytes) -> Outcome {
    let parsed = Message::parse(spec, frame.clone());
    let read = Message::read(spec, frame.clone());
    let (partial, fault) = Message::parse_partial(spec, frame.clone());
    holds(
        parsed.as_ref().err() == fault.as_ref(),
        "readings-differ",
        || {
            format!(
                "parse: {:?}, parse_partial: {fault:?}",
                parsed.as_ref().err()
            )
        },
    )?;
    holds(parsed.is_err() || read.is_ok(), "readings-differ", || {
        format!("parse reads it all, read fails: {:?}", read.as_ref().err())
    })?;
    if let Some(fault) = &fault {
        holds(fault.offset <= frame.len(), "fault-outside", || {
            fault.to_string()
        })?;
    }
    pieces(&dissect(spec, frame), frame)?;
    if let Some(partial) = &partial {
        look(partial)?;
    }
    if let Ok(read) = &read {
        as_it_came(read, frame)?;
        redacted(read)?;
    }
    if let Ok(parsed) = &parsed {
        by_bytes(parsed, frame)?;
        by_text(parsed)?;
    }
    let how = fault.map_or_else(
        || "whole".to_owned(),
        |fault| {
            let field = fault.field.map(|path| path.field.to_string());
            format!(
                "{} {}",
                field.unwrap_or_default(),
                without_digits(&format!("{:?}", fault.kind))
            )
        },
    );
    let mti = partial.map(|message| message.mti().to_string());
    Ok(format!("{} {} {how}", spec.name(), mti.unwrap_or_default()))
}

/// The pieces of a frame lie one behind the other, from its first byte to its last.
fn pieces(pieces: &[Piece], frame: &[u8]) -> Result<(), Find> {
    let mut at = 0;
    for piece in pieces {
        let in_order = piece.bytes.start == at && piece.bytes.end >= at;
        holds(in_order, "pieces-with-gaps", || {
            format!("{piece:?} after byte {at}")
        })?;
        at = piece.bytes.end;
    }
    holds(at == frame.len(), "pieces-with-gaps", || {
        format!("they end at {at}")
    })
}

/// Asks all there is to ask.
fn look(message: &Message) -> Result<(), Find> {
    let spec = message.spec();
    drop((message.warnings(), message.usage(), message.answer()));
    let numbers = (
        message.stan(),
        message.amount(),
        message.rrn(),
        message.auth_code(),
    );
    let names = (
        message.response_code(),
        message.terminal(),
        message.merchant(),
        message.pan(),
    );
    drop((format!("{numbers:?}"), names));
    drop((message.kind().is_some(), format!("{message:?}")));
    for field in message.fields().iter() {
        let text = message.text(field);
        let is = text.as_ref().is_none_or(|text| message.is(field, text));
        holds(is, "is-and-text-differ", || {
            format!("{} field {field}: {text:?}", spec.name())
        })?;
        for part in message.parts(field) {
            let path = FieldPath {
                field,
                part: Some(part),
            };
            let text = message.text(path);
            let is = text.as_ref().is_none_or(|text| message.is(path, text));
            holds(is, "is-and-text-differ", || {
                format!("{} field {path}: {text:?}", spec.name())
            })?;
        }
    }
    Ok(())
}

/// A frame that was only looked at is built as it came.
fn as_it_came(message: &Message, frame: &Bytes) -> Result<(), Find> {
    let built = message.build();
    holds(built.as_ref() == Ok(frame), "not-as-it-came", || {
        format!("{built:?}")
    })
}

/// What is fit for a journal still reads by the spec, and gives the whole back where it may.
fn redacted(message: &Message) -> Result<(), Find> {
    let spec = message.spec();
    let redacted = message.redact();
    let Ok(redacted) = redacted else {
        return holds(false, "redact-fails", || format!("{:?}", redacted.err()));
    };
    let again = Message::read(spec, redacted.frame.clone());
    holds(again.is_ok(), "redacted-unreadable", || {
        format!("{} {:?}", spec.name(), again.err())
    })?;
    let known = redacted.restore_known();
    holds(known.is_some(), "patch-does-not-fit", || {
        spec.name().to_owned()
    })?;
    let whole = redacted.restore();
    let came = message.build().ok();
    holds(whole.is_none() || whole == came, "restored-differs", || {
        spec.name().to_owned()
    })
}

/// A copy, field by field as on the wire: the same but for the canonical forms.
fn by_bytes(message: &Message, frame: &Bytes) -> Result<(), Find> {
    let mut copy = Message::new(message.spec(), message.mti());
    copy.set_header(message.header());
    for field in message.fields().iter() {
        copy.copy(field, message);
    }
    same(message.spec(), &copy, frame, "copy-differs")
}

/// Holds a message that was made anew against the frame it was made of. Canonical is, and may
/// differ, how type and bitmap are written, and a length within the header: `Message::warnings`
/// tells of the latter. All values are the same, byte for byte.
fn same(spec: &Arc<Spec>, made: &Message, frame: &Bytes, class: &'static str) -> Result<(), Find> {
    let Ok(built) = made.build() else {
        return holds(false, class, || "cannot be built".to_owned());
    };
    if built == *frame {
        return Ok(());
    }
    let values = |frame: &Bytes| {
        let pieces = dissect(spec, frame).into_iter();
        let kept = pieces.filter(|piece| {
            !matches!(
                piece.is,
                PieceKind::Header(_) | PieceKind::Mti | PieceKind::Bitmap
            )
        });
        let bytes = kept.map(|piece| frame.get(piece.bytes).unwrap_or_default().to_vec());
        bytes.collect::<Vec<_>>().concat()
    };
    let (was, is) = (values(frame), values(&built));
    holds(was == is, class, || {
        format!("{} {} of {}", spec.name(), hex(&built), hex(frame))
    })
}

/// A copy, field by field as text. What stands in no text must have been warned about, and what is
/// warned about may be refused or written in its proper form.
fn by_text(message: &Message) -> Result<(), Find> {
    let spec = message.spec();
    let warned = message.warnings();
    for field in message.fields().iter() {
        let is_warned = warned.iter().any(|warning| {
            warning
                .strip_prefix(&format!("field {field}"))
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        let (Some(text), false) = (message.text(field), is_warned) else {
            continue;
        };
        let mut copy = Message::new(spec, message.mti());
        let mut wire = Message::new(spec, message.mti());
        wire.copy(field, message);
        if let Err(error) = copy.set(field, &text) {
            return holds(false, "text-refused", || format!("{} {error}", spec.name()));
        }
        let (Ok(set), Ok(copied)) = (copy.build(), wire.build()) else {
            return holds(false, "text-not-built", || {
                format!("{} field {field}", spec.name())
            });
        };
        if set == copied {
            continue;
        }
        let differs = set.iter().zip(&copied).filter(|(a, b)| a != b);
        let nibble = set.len() == copied.len()
            && differs
                .clone()
                .all(|(a, b)| a & 0x0F == b & 0x0F || a & 0xF0 == b & 0xF0)
            && differs.count() == 1;
        let same_text = Message::parse(spec, set.clone())
            .is_ok_and(|again| again.text(field) == message.text(field));
        let class = match (same_text, nibble) {
            (true, true) => "spare-nibble",
            (true, false) => "text-has-two-forms",
            (false, _) => "text-differs",
        };
        return holds(false, class, || {
            format!(
                "{} field {field}: {} of {}",
                spec.name(),
                hex(&set),
                hex(&copied)
            )
        });
    }
    Ok(())
}
