//! Filling in fields that a dialect may or may not have.

use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Part};
use crate::iso::spec::Size;

/// A field by its number, as literals are written here.
pub(super) fn field(number: u8) -> FieldPath {
    FieldPath::whole(FieldId::of(number))
}

/// A part of a field, such as `part(61, "1")`.
pub(super) fn part(number: u8, name: &str) -> FieldPath {
    FieldPath {
        field: FieldId::of(number),
        part: Part::new(name),
    }
}

/// Where a payer's code stands: DE 59, tag `A3`.
pub(super) fn payment_code_path() -> FieldPath {
    part(59, "A3")
}

/// Sets a field if the dialect has it and the value fits it; whether it did.
pub(super) fn offer(message: &mut Message, path: FieldPath, text: &str) -> bool {
    message.set(path, text).is_ok()
}

/// Sets a field that is not there yet, if the dialect has it.
pub(super) fn offer_absent(message: &mut Message, path: FieldPath, text: &str) {
    if message.text(path).is_none() {
        offer(message, path, text);
    }
}

/// Sets a field of fixed length that this value fills: the same number may mean something else in
/// another year of the standard.
pub(super) fn offer_whole(message: &mut Message, number: u8, text: &str) -> bool {
    let layout = message
        .spec()
        .field(FieldId::of(number))
        .map(|field| field.layout.size);
    let fills = layout.is_some_and(|size| match size {
        Size::Fixed(units) => usize::from(units) == text.len(),
        Size::Variable { .. } => false,
    });
    fills && offer(message, field(number), text)
}
