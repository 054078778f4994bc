//! The parts of a field that has a packager of its own in jPOS.

use super::draft::{DialectDraft, DraftContent, DraftPart, DraftParts, DraftWire};
use super::jpos::{class_of, name_of};
use super::jpos_class::FieldClass;
use super::xml::Element;
use crate::iso::spec::Encoding;
use std::collections::BTreeMap;

/// Where jPOS keeps its packagers.
const PACKAGERS: &[&str] = &[
    "org.jpos.iso.packager",
    "org.jpos.tlv.packager",
    "org.jpos.tlv.packager.bertlv",
];

/// Why parts cannot be said, and the line of it.
type PartsFault = (usize, String);

/// Parts by their ids, each with its line: jPOS goes by the ids, wherever they stand.
type PartsById = BTreeMap<u32, (usize, DraftPart)>;

/// A bitmap within a field.
struct OwnBitmap {
    id: u32,
    line: usize,
    encoding: Encoding,
    length: u32,
}

/// The parts; none if a dialect cannot say them, which is told.
pub(super) fn read(
    draft: &mut DialectDraft,
    number: u8,
    element: &Element,
    whole: &DraftWire,
) -> DraftParts {
    let Some(packager) = element.get("packager") else {
        return DraftParts::None;
    };
    parts(draft, number, element, packager, whole).unwrap_or_else(|(line, why)| {
        let what = format!("field {number}: its parts ({why}); it is taken over as a whole");
        draft.leave_out(None, line, what);
        DraftParts::None
    })
}

/// What is behind a bitmap is bytes, even if the length before it counts characters.
pub(super) fn around(whole: DraftWire, parts: &DraftParts) -> DraftWire {
    match parts {
        DraftParts::Bitmap { .. } if whole.content != DraftContent::Binary => DraftWire {
            content: DraftContent::Binary,
            encoding: Encoding::Raw,
            ..whole
        },
        _ => whole,
    }
}

fn parts(
    draft: &mut DialectDraft,
    number: u8,
    element: &Element,
    packager: &str,
    whole: &DraftWire,
) -> Result<DraftParts, PartsFault> {
    let fault = |why: String| Err((element.line, why));
    let name = name_of(packager, PACKAGERS).unwrap_or_default();
    match name {
        "GenericPackager"
        | "GenericValidatingPackager"
        | "GenericSubFieldPackager"
        | "Base1SubFieldPackager" => {}
        "BERTLVBinaryPackager" if whole.content == DraftContent::Binary => {
            return Ok(DraftParts::BerTlv);
        }
        "BERTLVBinaryPackager" => return fault(format!("{name} in a field that is no binary")),
        _ => return fault(format!("the form of packager {packager} is not known")),
    }
    let (mut found, bitmap) = children(draft, number, element)?;
    // Whole packagers read field 0 as the type of a message, the others begin with 1.
    let is_whole = matches!(name, "GenericPackager" | "GenericValidatingPackager");
    let first = element.number("firstField").unwrap_or(1);
    found.retain(|id, _| *id >= first || (*id == 0 && is_whole));
    if found.is_empty() {
        return fault("it names none".to_owned());
    }
    match bitmap {
        Some(bitmap) => behind(element, &bitmap, whole, found),
        None if element.is("emitBitmap")
            || !name.starts_with("GenericSub") && !says_no(element) =>
        {
            fault("there is no bitmap among them".to_owned())
        }
        None => positions(whole, found).map_err(|why| (element.line, why.to_owned())),
    }
}

/// Whether the packager has no bitmap, and says so.
fn says_no(element: &Element) -> bool {
    element.get("emitBitmap").is_some() && !element.is("emitBitmap")
}

fn children(
    draft: &mut DialectDraft,
    number: u8,
    element: &Element,
) -> Result<(PartsById, Option<OwnBitmap>), PartsFault> {
    let (mut found, mut bitmap) = (PartsById::new(), None);
    for child in &element.children {
        let line = child.line;
        let fault = |why: String| Err((line, why));
        if !matches!(child.name.as_str(), "isofield" | "isofieldpackager") {
            return fault(format!("element `{}`", child.name));
        }
        let Some(id) = child.number("id") else {
            return fault("one has no id".to_owned());
        };
        let class = child.get("class").unwrap_or_default();
        match class_of(child) {
            Ok(FieldClass::Absent) => {}
            Ok(FieldClass::Bitmap(encoding)) => {
                let length = child.number("length").unwrap_or(0);
                let own = OwnBitmap {
                    id,
                    line,
                    encoding,
                    length,
                };
                if bitmap.replace(own).is_some() {
                    return fault("a second bitmap".to_owned());
                }
            }
            Ok(FieldClass::Value(wire)) if wire.max > 0 => {
                if child.get("packager").is_some() {
                    let what = format!("field {number}, part {id}: its own parts");
                    draft.leave_out(None, line, what);
                }
                let part = DraftPart {
                    id: id.to_string(),
                    name: child.get("name").unwrap_or_default().trim().to_owned(),
                    wire,
                };
                if found.insert(id, (line, part)).is_some() {
                    let what = format!("field {number}, part {id} stands twice; the last counts");
                    draft.decide(line, what);
                }
            }
            Ok(FieldClass::Value(_)) => return fault(format!("part {id} has no length")),
            Err(why) => return fault(format!("part {id}, class {class}: {why}")),
        }
    }
    Ok((found, bitmap))
}

/// Parts behind a bitmap of their own, named by its bits.
fn behind(
    element: &Element,
    bitmap: &OwnBitmap,
    whole: &DraftWire,
    found: PartsById,
) -> Result<DraftParts, PartsFault> {
    let fault = |why: &str| Err((bitmap.line, why.to_owned()));
    let place = element.number("bitmapField").unwrap_or(bitmap.id);
    if says_no(element) || place != bitmap.id {
        return fault("a bitmap where a value should be");
    }
    let is_plain = whole.content == DraftContent::Binary || whole.encoding == Encoding::Ascii;
    if !is_plain || whole.content == DraftContent::Signed {
        return fault("a bitmap in a field that is not written as bytes or ASCII");
    }
    // With more than 8 bytes the first bit says whether the second half is there.
    let (bytes, extends) = match u8::try_from(bitmap.length) {
        Ok(bytes @ 1..=8) => (bytes, false),
        Ok(16) => (8, true),
        _ => return fault("a bitmap that has neither 1 to 8 bytes nor 16"),
    };
    let bits = u32::from(bytes).saturating_mul(if extends { 16 } else { 8 });
    let bits = u32::from(extends).saturating_add(1)..=bits;
    let mut parts = Vec::new();
    for (id, (line, part)) in found {
        if !bits.contains(&id) {
            return Err((
                line,
                format!("part {id} is no bit of its own in the bitmap"),
            ));
        }
        parts.push(part);
    }
    Ok(DraftParts::Bitmap {
        encoding: bitmap.encoding,
        bytes,
        extends,
        parts,
    })
}

/// Parts at fixed places: our form has them where each is fixed and written like its field.
fn positions(whole: &DraftWire, found: PartsById) -> Result<DraftParts, &'static str> {
    let parts: Vec<DraftPart> = found.into_values().map(|(_, part)| part).collect();
    let fixed = parts.iter().all(|part| part.wire.prefix.is_none());
    let alike = parts
        .iter()
        .all(|part| part.wire.encoding == whole.encoding);
    let sum: usize = parts.iter().map(|part| usize::from(part.wire.max)).sum();
    let max = usize::from(whole.max);
    let fits = sum <= max && (whole.prefix.is_some() || sum == max);
    match (fixed, alike, fits) {
        (false, _, _) => Err("some of them have lengths before them"),
        (_, false, _) => Err("some of them are written otherwise than the field"),
        (_, _, false) => Err("together they are not as long as the field"),
        (true, true, true) => Ok(DraftParts::Positions(parts)),
    }
}
