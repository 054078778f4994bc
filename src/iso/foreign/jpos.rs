//! A jPOS GenericPackager: `isopackager` with an `isofield` or `isofieldpackager` for each field.

use super::ImportError;
use super::draft::{DialectDraft, DraftContent, DraftField, DraftPart, DraftParts, DraftWire};
use super::jpos_class::{self, FieldClass};
use super::xml::{self, Element};
use crate::iso::spec::Encoding;

/// The longest field that a message of 64 KiB can hold.
const MAX: u32 = 65_535;

pub(super) fn read(text: &str) -> Result<DialectDraft, ImportError> {
    let root = xml::read(text)?;
    if root.name != "isopackager" {
        let what = format!("`{}` where `isopackager` should be", root.name);
        return Err(ImportError::at(root.line, what));
    }
    let title = root.get("name").unwrap_or("Imported from jPOS");
    let mut draft = DialectDraft::new(title.to_owned());
    if root.get("emitBitmap").is_some() && !root.is("emitBitmap") {
        let what = "emitBitmap is false: a message without a bitmap is none of ISO 8583";
        return Err(ImportError::at(root.line, what));
    }
    let header = root.number("headerLength").unwrap_or(0);
    draft.header = usize::try_from(header.min(255)).unwrap_or_default();
    for child in &root.children {
        match child.name.as_str() {
            "isofield" | "isofieldpackager" => field(&mut draft, child),
            other => draft.leave_out(None, child.line, format!("element `{other}`")),
        }
    }
    if draft.fields.is_empty() {
        return Err(ImportError::at(root.line, "no field in it can be read"));
    }
    Ok(draft)
}

fn field(draft: &mut DialectDraft, element: &Element) {
    let line = element.line;
    let class = element.get("class").unwrap_or_default();
    let short = class.rsplit('.').next().unwrap_or(class);
    let number = element.number("id").and_then(|id| u8::try_from(id).ok());
    let Some(number) = number.filter(|number| *number <= 192) else {
        let what = format!("a field with the id `{}`", element.get("id").unwrap_or(""));
        draft.leave_out(None, line, what);
        return;
    };
    let length = element.number("length").unwrap_or(0);
    let units = u16::try_from(length.min(MAX)).unwrap_or(u16::MAX);
    match (number, jpos_class::read(short, units, element.is("pad"))) {
        (0, Ok(FieldClass::Value(wire))) => draft.mti = wire.encoding,
        (1, Ok(FieldClass::Bitmap(encoding))) => draft.bitmap.encoding = encoding,
        (65, Ok(FieldClass::Bitmap(_))) | (_, Ok(FieldClass::Absent)) => {}
        (0, _) => draft.leave_out(None, line, format!("the type: class {class}")),
        (1, _) => draft.leave_out(None, line, format!("the bitmap: class {class}")),
        (_, Ok(FieldClass::Bitmap(_))) => {
            let what = format!("field {number}: class {class}, a bitmap where a value should be");
            draft.leave_out(Some(number), line, what);
        }
        (_, Err(why)) => {
            let what = format!("field {number}: class {class}: {why}");
            draft.leave_out(Some(number), line, what);
        }
        (_, Ok(FieldClass::Value(wire))) if wire.max == 0 => {
            draft.leave_out(
                Some(number),
                line,
                format!("field {number}: it has no length"),
            );
        }
        (_, Ok(FieldClass::Value(wire))) => {
            let parts = parts(draft, number, element, &wire);
            let name = element.get("name").unwrap_or_default().trim().to_owned();
            let field = DraftField { name, wire, parts };
            if draft.fields.insert(number, field).is_some() {
                draft.decide(
                    line,
                    format!("field {number} stands twice; the last counts"),
                );
            }
        }
    }
}

/// The parts of a field that has a packager of its own.
fn parts(draft: &mut DialectDraft, number: u8, element: &Element, wire: &DraftWire) -> DraftParts {
    let Some(packager) = element.get("packager") else {
        return DraftParts::None;
    };
    let line = element.line;
    let short = packager.rsplit('.').next().unwrap_or(packager);
    let whole = |draft: &mut DialectDraft, why: String| {
        draft.decide(
            line,
            format!("field {number} is taken over without its parts: {why}"),
        );
        DraftParts::None
    };
    if short.starts_with("BERTLV") {
        return match wire.content {
            DraftContent::Binary => DraftParts::BerTlv,
            _ => whole(draft, format!("{short} in a field that is no binary")),
        };
    }
    if short.contains("Tag") {
        return whole(draft, format!("{short} reads tags as its classes say"));
    }
    let says_no = element.get("emitBitmap").is_some() && !element.is("emitBitmap");
    let has_bitmap = short != "GenericSubFieldPackager" && !says_no;
    let mut found = Vec::new();
    let mut bitmap = Encoding::Raw;
    let mut bytes = 8;
    for child in &element.children {
        let id = child.number("id").unwrap_or(u32::MAX);
        let class = child.get("class").unwrap_or_default();
        let short = class.rsplit('.').next().unwrap_or(class);
        let length = child.number("length").unwrap_or(0).min(MAX);
        let units = u16::try_from(length).unwrap_or(u16::MAX);
        match jpos_class::read(short, units, child.is("pad")) {
            Ok(FieldClass::Absent) => {}
            Ok(FieldClass::Bitmap(encoding)) => {
                bitmap = encoding;
                bytes = u8::try_from(units).unwrap_or(8);
            }
            Ok(FieldClass::Value(wire)) if wire.max > 0 => found.push(DraftPart {
                id: id.to_string(),
                name: child.get("name").unwrap_or_default().trim().to_owned(),
                wire,
            }),
            Ok(FieldClass::Value(_)) => return whole(draft, format!("part {id} has no length")),
            Err(why) => return whole(draft, format!("part {id}, class {class}: {why}")),
        }
    }
    if found.is_empty() {
        return whole(draft, "it names none".to_owned());
    }
    if has_bitmap {
        return DraftParts::Bitmap {
            encoding: bitmap,
            bytes,
            parts: found,
        };
    }
    positions(draft, number, line, wire, found)
}

/// Parts at fixed places: our form has them where each is fixed and written like its field.
fn positions(
    draft: &mut DialectDraft,
    number: u8,
    line: usize,
    whole: &DraftWire,
    parts: Vec<DraftPart>,
) -> DraftParts {
    let fixed = parts.iter().all(|part| part.wire.prefix.is_none());
    let alike = parts
        .iter()
        .all(|part| part.wire.encoding == whole.encoding);
    let sum: usize = parts.iter().map(|part| usize::from(part.wire.max)).sum();
    let max = usize::from(whole.max);
    let fits = sum <= max && (whole.prefix.is_some() || sum == max);
    let why = match (fixed, alike, fits) {
        (false, _, _) => "some of them have lengths before them",
        (_, false, _) => "some of them are written otherwise than the field",
        (_, _, false) => "together they are not as long as the field",
        (true, true, true) => return DraftParts::Positions(parts),
    };
    draft.decide(
        line,
        format!("field {number} is taken over without its parts: {why}"),
    );
    DraftParts::None
}
