//! A jPOS GenericPackager: `isopackager` with an `isofield` or `isofieldpackager` for each field.

use super::ImportError;
use super::draft::{DialectDraft, DraftField, DraftWire};
use super::jpos_class::{self, FieldClass};
use super::jpos_parts;
use super::xml::{self, Element};

/// The longest field that a message of 64 KiB can hold.
const MAX: u32 = 65_535;

/// Where jPOS keeps the classes of fields.
const CLASSES: &[&str] = &["org.jpos.iso"];

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
    let has = |id| {
        root.children
            .iter()
            .any(|child| child.number("id") == Some(id))
    };
    draft.tell_missing(root.line, has(0), has(1));
    if draft.fields.is_empty() {
        return Err(ImportError::at(root.line, "no field in it can be read"));
    }
    Ok(draft)
}

/// The name of a class of jPOS without its package; `None` for one of somebody's own.
pub(super) fn name_of<'a>(class: &'a str, packages: &[&str]) -> Option<&'a str> {
    let (package, name) = class.rsplit_once('.').unwrap_or(("", class));
    (package.is_empty() || packages.contains(&package)).then_some(name)
}

/// What the class of a field or part says of it.
pub(super) fn class_of(element: &Element) -> Result<FieldClass, &'static str> {
    let class = element.get("class").unwrap_or_default();
    let name = name_of(class, CLASSES).ok_or("it is none of jPOS")?;
    let length = element.number("length").unwrap_or(0);
    let units = u16::try_from(length.min(MAX)).unwrap_or(u16::MAX);
    jpos_class::read(name, units, element.is("pad"))
}

fn field(draft: &mut DialectDraft, element: &Element) {
    let line = element.line;
    let class = element.get("class").unwrap_or_default();
    let number = element.number("id").and_then(|id| u8::try_from(id).ok());
    let Some(number) = number.filter(|number| *number <= 192) else {
        let what = format!("a field with the id `{}`", element.get("id").unwrap_or(""));
        draft.leave_out(None, line, what);
        return;
    };
    let why = match (number, class_of(element)) {
        (0, Ok(FieldClass::Value(wire))) => return draft.set_type(&wire, line),
        (1, Ok(FieldClass::Bitmap(encoding))) => {
            draft.bitmap.encoding = encoding;
            return bitmap_length(draft, element);
        }
        (65, Ok(FieldClass::Bitmap(_))) | (_, Ok(FieldClass::Absent)) => return,
        (0, _) => return draft.leave_out(None, line, format!("the type: class {class}")),
        (1, _) => return draft.leave_out(None, line, format!("the bitmap: class {class}")),
        (_, Ok(FieldClass::Bitmap(_))) => "a bitmap where a value should be",
        (_, Ok(FieldClass::Value(wire))) if wire.max == 0 => "it has no length",
        (_, Ok(FieldClass::Value(wire))) => return value(draft, number, element, wire),
        (_, Err(why)) => why,
    };
    let what = format!("field {number}: class {class}: {why}");
    draft.leave_out(Some(number), line, what);
}

fn value(draft: &mut DialectDraft, number: u8, element: &Element, wire: DraftWire) {
    let line = element.line;
    let parts = jpos_parts::read(draft, number, element, &wire);
    let name = element.get("name").unwrap_or_default().trim().to_owned();
    let field = DraftField {
        line,
        name,
        wire: jpos_parts::around(wire, &parts),
        parts,
    };
    if draft.fields.insert(number, field).is_some() {
        let what = format!("field {number} stands twice; the last counts");
        draft.decide(line, what);
    }
}

/// How many bytes of bitmap there may be: 8 for each 64 fields.
fn bitmap_length(draft: &mut DialectDraft, element: &Element) {
    let what = match element.number("length").unwrap_or(16) {
        16.. => return,
        8..16 => {
            "a single bitmap, whatever bit 1 says: a dialect reads and writes a second one if \
             there are fields above 64 (remove them, and what the rules say of them)"
        }
        _ => "a bitmap of less than 8 bytes: 8 are read",
    };
    draft.leave_out(None, element.line, what);
}
