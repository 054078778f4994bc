//! j8583 parse guides: for each type of message the fields that are expected in it.

use super::ImportError;
use super::draft::{DialectDraft, DraftContent, DraftField, DraftParts, DraftWire};
use super::xml::{self, Element};
use crate::iso::spec::{Encoding, PrefixEncoding};

pub(super) fn read(text: &str) -> Result<DialectDraft, ImportError> {
    let root = xml::read(text)?;
    if root.name != "j8583-config" {
        let what = format!("`{}` where `j8583-config` should be", root.name);
        return Err(ImportError::at(root.line, what));
    }
    let mut draft = DialectDraft::new("Imported from j8583".to_owned());
    draft.decide(
        root.line,
        "j8583 says in Java whether messages are binary, not here: characters are assumed \
         (setUseBinaryMessages, setUseBinaryBitmap, setUseBinaryLengths); change [message] and \
         [coding] if that is set",
    );
    for child in &root.children {
        match child.name.as_str() {
            "parse" | "template" => {}
            "header" => header(&mut draft, child),
            other => draft.leave_out(None, child.line, format!("element `{other}`")),
        }
    }
    let guides = root
        .children
        .iter()
        .filter(|child| child.name == "parse" || child.name == "template");
    for guide in guides {
        for child in guide.children.iter().filter(|child| child.name == "field") {
            field(&mut draft, child);
        }
    }
    if draft.fields.is_empty() {
        return Err(ImportError::at(root.line, "no field in it can be read"));
    }
    Ok(draft)
}

/// What j8583 writes before a type. One that refers to another says nothing new.
fn header(draft: &mut DialectDraft, element: &Element) {
    if element.get("ref").is_some() {
        return;
    }
    let of = element.get("type").unwrap_or_default();
    let bytes: Vec<String> = element.text.bytes().map(|b| format!("{b:02X}")).collect();
    let what = format!(
        "the header `{}` before {of}: add [[header]] with name = \"header\" and default = \"{}\"",
        element.text,
        bytes.concat()
    );
    draft.leave_out(None, element.line, what);
}

fn field(draft: &mut DialectDraft, element: &Element) {
    let line = element.line;
    // An exclusion only says that a type lacks what its base has.
    if element.get("type") == Some("exclude") || element.get("type").is_none() {
        return;
    }
    let number = element.number("num").and_then(|id| u8::try_from(id).ok());
    let Some(number) = number.filter(|number| (2..=128).contains(number)) else {
        draft.leave_out(None, line, "a field without a number of 2 to 128");
        return;
    };
    let kind = element.get("type").unwrap_or_default();
    if !element.children.is_empty() {
        let what = format!("field {number}: its parts; it is taken over as a whole");
        draft.leave_out(None, line, what);
    }
    let length = element
        .number("length")
        .and_then(|length| u16::try_from(length).ok());
    let Some(wire) = wire(kind, length) else {
        let what = format!("field {number}: type {kind}, or its length is missing");
        draft.leave_out(
            Some(number).filter(|number| !draft.fields.contains_key(number)),
            line,
            what,
        );
        return;
    };
    let known = draft.fields.get(&number).map(|known| known.wire);
    match known {
        Some(known) if known != wire => draft.decide(
            line,
            format!("field {number} is told in two ways; the first counts"),
        ),
        Some(_) => {}
        None => {
            let field = DraftField {
                line,
                name: String::new(),
                wire,
                parts: DraftParts::None,
            };
            draft.fields.insert(number, field);
        }
    }
}

fn wire(kind: &str, length: Option<u16>) -> Option<DraftWire> {
    let digits = |length| DraftWire::fixed(DraftContent::Digits, length, Encoding::Ascii);
    let text = |length| DraftWire {
        is_vague: true,
        ..DraftWire::fixed(DraftContent::Text, length, Encoding::Ascii)
    };
    let bytes = |length| DraftWire::fixed(DraftContent::Binary, length, Encoding::Hex);
    let after = |wire: DraftWire, digits| wire.after(digits, PrefixEncoding::Ascii);
    Some(match kind {
        "NUMERIC" => digits(length?),
        "ALPHA" => DraftWire {
            is_vague: false,
            ..text(length?)
        },
        "AMOUNT" => digits(12),
        "DATE10" => digits(10),
        "DATE4" | "DATE_EXP" => digits(4),
        "DATE6" | "TIME" => digits(6),
        "DATE12" => digits(12),
        "DATE14" => digits(14),
        "BINARY" => bytes(length?),
        "LLVAR" => after(text(length.unwrap_or(99)), 2),
        "LLLVAR" => after(text(length.unwrap_or(999)), 3),
        "LLLLVAR" => after(text(length.unwrap_or(9999)), 4),
        // The length counts the hexadecimal digits.
        "LLBIN" => after(bytes(length.unwrap_or(99) / 2), 2),
        "LLLBIN" => after(bytes(length.unwrap_or(999) / 2), 3),
        "LLLLBIN" => after(bytes(length.unwrap_or(9999) / 2), 4),
        _ => return None,
    })
    .map(|wire| match (wire.content, wire.prefix) {
        (DraftContent::Binary, Some(prefix)) => DraftWire {
            prefix: Some(super::draft::DraftPrefix {
                counts: crate::iso::spec::LengthUnit::Bytes,
                ..prefix
            }),
            ..wire
        },
        _ => wire,
    })
}
