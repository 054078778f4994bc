//! A moov-io message spec in JSON or YAML: fields by number, each with type, encoding and prefix.

use super::draft::{
    DialectDraft, DraftContent, DraftField, DraftPart, DraftParts, DraftPrefix, DraftWire,
};
use super::yaml::{self, YamlText};
use super::{ImportError, line_of};
use crate::iso::spec::{Align, Encoding, LengthUnit, Pad, PrefixEncoding};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

type JsonTable = Map<String, Value>;

pub(super) fn read(text: &str) -> Result<DialectDraft, ImportError> {
    let (root, lines) = match text.trim_start().starts_with('{') {
        true => {
            let root: Value = serde_json::from_str(text)
                .map_err(|e| ImportError::at(e.line(), format!("no sound JSON: {e}")))?;
            (root, json_lines(text))
        }
        false => {
            let YamlText { root, lines } = yaml::read(text)?;
            (root, lines)
        }
    };
    let fields = root.get("fields").and_then(Value::as_object);
    let missing = || ImportError::at(1, "there is no table `fields` in it");
    let fields = fields.ok_or_else(missing)?;
    let title = root.get("name").and_then(Value::as_str);
    let mut draft = DialectDraft::new(title.unwrap_or("Imported from moov-io").to_owned());
    for (number, keys) in fields {
        let line = lines.get(number).copied().unwrap_or(1);
        let id = number.parse::<u8>().ok().filter(|number| *number <= 192);
        match (id, keys.as_object()) {
            (Some(id), Some(keys)) => field(&mut draft, id, keys, line),
            _ => draft.leave_out(None, line, format!("field `{number}`")),
        }
    }
    draft.tell_missing(1, fields.contains_key("0"), fields.contains_key("1"));
    if draft.fields.is_empty() {
        return Err(ImportError::at(1, "no field in it can be read"));
    }
    Ok(draft)
}

fn field(draft: &mut DialectDraft, number: u8, keys: &JsonTable, line: usize) {
    if number == 1 {
        return bitmap(draft, keys, line);
    }
    let wire = match wire(keys) {
        Ok(wire) => wire,
        Err(why) => {
            draft.leave_out(Some(number), line, format!("field {number}: {why}"));
            return;
        }
    };
    if number == 0 {
        draft.set_type(&wire, line);
        return;
    }
    let parts = parts(draft, number, keys, line);
    let wire = around(wire, &parts);
    let name = text(keys, "description").trim().to_owned();
    let field = DraftField {
        line,
        name,
        wire,
        parts,
    };
    draft.fields.insert(number, field);
}

/// A composite is written as its parts are.
fn around(wire: DraftWire, parts: &DraftParts) -> DraftWire {
    match parts {
        DraftParts::None | DraftParts::TextTlv { .. } => wire,
        DraftParts::BerTlv | DraftParts::Bitmap { .. } => DraftWire {
            content: DraftContent::Binary,
            encoding: Encoding::Raw,
            ..wire
        },
        DraftParts::Positions(all) => {
            let first = all.first().map_or(wire, |part| part.wire);
            let is_digits = all
                .iter()
                .all(|part| part.wire.content == DraftContent::Digits);
            let content = match (is_digits, first.content) {
                (true, _) => DraftContent::Digits,
                (false, DraftContent::Binary) => DraftContent::Binary,
                (false, _) => DraftContent::Text,
            };
            DraftWire {
                content,
                encoding: first.encoding,
                align: first.align,
                ..wire
            }
        }
    }
}

fn text<'a>(keys: &'a JsonTable, key: &str) -> &'a str {
    keys.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A number; YAML has texts only.
fn number(keys: &JsonTable, key: &str) -> Option<u16> {
    let told = keys.get(key)?;
    let number = told.as_u64().or_else(|| told.as_str()?.parse().ok())?;
    Some(u16::try_from(number).unwrap_or(u16::MAX))
}

/// Whether the bitmap is never followed by a second one. moov writes the key in small letters, and
/// reads it in any.
fn is_alone(keys: &JsonTable) -> bool {
    let is_it = |key: &str| key.eq_ignore_ascii_case("disableAutoExpand");
    let told = keys.iter().find(|(key, _)| is_it(key));
    told.is_some_and(|(_, told)| *told == Value::Bool(true) || told == "true")
}

fn bitmap(draft: &mut DialectDraft, keys: &JsonTable, line: usize) {
    draft.bitmap.encoding = match text(keys, "enc") {
        "Binary" => Encoding::Raw,
        "HexToASCII" | "" => Encoding::Hex,
        other => {
            draft.leave_out(None, line, format!("the bitmap: enc {other}"));
            return;
        }
    };
    let bytes = number(keys, "length").unwrap_or(8);
    match (bytes, is_alone(keys)) {
        (0 | 8, false) => {}
        (16, _) => draft.bitmap.always_double = true,
        (8, true) => draft.decide(line, "bit 1 may be set for a second bitmap all the same"),
        _ => draft.leave_out(None, line, format!("the bitmap: {bytes} bytes at once")),
    }
}

/// How a value is written.
fn wire(keys: &JsonTable) -> Result<DraftWire, String> {
    let kind = text(keys, "type");
    let enc = text(keys, "enc");
    let max = number(keys, "length").filter(|length| *length > 0);
    let max = max.ok_or("it has no length")?;
    let (content, vague) = match kind {
        "String" => (DraftContent::Text, true),
        "Numeric" => (DraftContent::Digits, false),
        "Track1" => (DraftContent::Text, false),
        "Track2" | "Track3" => (DraftContent::Track, false),
        "Binary" | "Hex" | "Bitmap" => (DraftContent::Binary, false),
        // Its parts have encodings, it has none.
        "Composite" => (DraftContent::Text, false),
        other => return Err(format!("type {other}")),
    };
    let is_binary = content == DraftContent::Binary;
    let (content, encoding) = match (enc, content) {
        ("ASCII" | "", DraftContent::Binary) => return Err(format!("type {kind} in ASCII")),
        ("ASCII" | "", content) => (content, Encoding::Ascii),
        ("BCD" | "LBCD", DraftContent::Text) => (DraftContent::Digits, Encoding::Bcd),
        ("BCD" | "LBCD", content) if !is_binary => (content, Encoding::Bcd),
        ("EBCDIC", content) if !is_binary => (content, Encoding::Cp037),
        ("EBCDIC1047", content) if !is_binary => (content, Encoding::Cp1047),
        ("Binary" | "ASCIIToHex", _) => (DraftContent::Binary, Encoding::Raw),
        ("HexToASCII", _) => (DraftContent::Binary, Encoding::Hex),
        (other, _) => return Err(format!("type {kind} in {other}")),
    };
    let align = match enc {
        "LBCD" => Align::Left,
        _ => Align::Right,
    };
    let wire = DraftWire {
        align,
        is_vague: vague && content == DraftContent::Text,
        ..DraftWire::fixed(content, max, encoding)
    };
    let prefix = prefix(text(keys, "prefix"))?;
    let pad = padding(keys).filter(|_| prefix.is_none());
    Ok(DraftWire {
        prefix,
        pad,
        ..wire
    })
}

/// What is added to a short value.
fn padding(keys: &JsonTable) -> Option<Pad> {
    let padding = keys.get("padding")?.as_object()?;
    match (text(padding, "type"), text(padding, "pad")) {
        ("Left", "0") => Some(Pad::LeftZeros),
        ("Left", " ") => Some(Pad::LeftBlanks),
        ("Right", "0") => Some(Pad::RightZeros),
        ("Right", " ") => Some(Pad::RightBlanks),
        _ => None,
    }
}

/// `ASCII.LL` and the like; nothing for a fixed length.
fn prefix(text: &str) -> Result<Option<DraftPrefix>, String> {
    let unknown = || format!("prefix `{text}`");
    let (code, digits) = text.split_once('.').ok_or_else(unknown)?;
    if digits == "Fixed" {
        return Ok(None);
    }
    if digits.is_empty() || digits.len() > 6 || digits.bytes().any(|byte| byte != b'L') {
        return Err(unknown());
    }
    let digits = u8::try_from(digits.len()).unwrap_or(u8::MAX);
    let (encoding, bytes) = match code {
        "ASCII" => (PrefixEncoding::Ascii, digits),
        "EBCDIC" | "EBCDIC1047" => (PrefixEncoding::Ebcdic, digits),
        "BCD" => (PrefixEncoding::Bcd, digits.div_ceil(2)),
        "Binary" => (PrefixEncoding::Binary, digits),
        "Hex" => (PrefixEncoding::Hex, digits.saturating_mul(2)),
        _ => return Err(unknown()),
    };
    Ok(Some(DraftPrefix {
        digits,
        encoding,
        bytes,
        counts: LengthUnit::Units,
    }))
}

/// The parts of a composite: by their places, by tags, or behind a bitmap.
fn parts(draft: &mut DialectDraft, field: u8, keys: &JsonTable, line: usize) -> DraftParts {
    let Some(all) = keys.get("subfields").and_then(Value::as_object) else {
        return DraftParts::None;
    };
    let whole = |draft: &mut DialectDraft, why: String| {
        draft.decide(
            line,
            format!("field {field} is taken over without its parts: {why}"),
        );
        DraftParts::None
    };
    if let Some(tag) = keys.get("tag").and_then(Value::as_object)
        && !text(tag, "enc").is_empty()
    {
        return match (text(tag, "enc"), number(tag, "length")) {
            ("BerTLVTag", _) => DraftParts::BerTlv,
            ("ASCII", Some(size)) => tagged(draft, field, all, size, line),
            (other, _) => whole(draft, format!("tags in {other}")),
        };
    }
    let mut found = Vec::new();
    let mut order: Vec<&String> = all.keys().collect();
    let tag = keys.get("tag").and_then(Value::as_object);
    match tag.map_or("", |tag| text(tag, "sort")) {
        "" | "StringsByInt" => order.sort_by_key(|id| id.parse::<u32>().unwrap_or(u32::MAX)),
        "Strings" => order.sort(),
        other => return whole(draft, format!("they are sorted by {other}")),
    }
    for id in order {
        let part = all.get(id).and_then(Value::as_object);
        match part.map_or_else(|| Err("no table".to_owned()), wire) {
            Ok(wire) => found.push(DraftPart {
                id: id.clone(),
                name: part
                    .map(|part| text(part, "description"))
                    .unwrap_or_default()
                    .to_owned(),
                wire,
            }),
            Err(why) => return whole(draft, format!("part {id}: {why}")),
        }
    }
    if let Some(map) = keys.get("bitmap").and_then(Value::as_object) {
        let encoding = match text(map, "enc") {
            "HexToASCII" => Encoding::Hex,
            _ => Encoding::Raw,
        };
        return DraftParts::Bitmap {
            encoding,
            bytes: u8::try_from(number(map, "length").unwrap_or(8)).unwrap_or(8),
            extends: false,
            parts: found,
        };
    }
    let first = found.first().map(|part| part.wire.encoding);
    let alike = found.iter().all(|part| Some(part.wire.encoding) == first);
    match found.iter().any(|part| part.wire.prefix.is_some()) {
        true => whole(draft, "some of them have lengths before them".to_owned()),
        false if !alike => whole(draft, "they are not written alike".to_owned()),
        false => DraftParts::Positions(found),
    }
}

/// Parts behind tags in characters: each with a length of the same digits.
fn tagged(
    draft: &mut DialectDraft,
    field: u8,
    all: &JsonTable,
    size: u16,
    line: usize,
) -> DraftParts {
    let lengths = all.values().filter_map(|part| {
        let prefix = prefix(text(part.as_object()?, "prefix")).ok()??;
        (prefix.encoding == PrefixEncoding::Ascii).then_some(prefix.digits)
    });
    let lengths: Vec<u8> = lengths.collect();
    let first = lengths.first().copied();
    let alike = lengths.len() == all.len() && lengths.iter().all(|one| Some(*one) == first);
    match (first, u8::try_from(size)) {
        (Some(length), Ok(tag)) if alike => DraftParts::TextTlv { tag, length },
        _ => {
            let what = "is taken over without its parts: their lengths are not written alike";
            draft.decide(line, format!("field {field} {what}"));
            DraftParts::None
        }
    }
}

/// The lines of the keys two braces deep, in a text that was read as JSON before.
fn json_lines(text: &str) -> BTreeMap<String, usize> {
    let (mut depth, mut keys) = (0usize, BTreeMap::new());
    let (mut from, mut escaped) = (None, false);
    let mut last = "";
    for (at, byte) in text.bytes().enumerate() {
        match (from, byte) {
            (Some(start), b'"') if !escaped => {
                last = text.get(start..at).unwrap_or_default();
                from = None;
            }
            (Some(_), _) => escaped = byte == b'\\' && !escaped,
            (None, b'"') => {
                from = Some(at.saturating_add(1));
                escaped = false;
            }
            (None, b':') if depth == 2 => {
                keys.insert(last.to_owned(), line_of(text, at));
            }
            (None, b'{' | b'[') => depth = depth.saturating_add(1),
            (None, b'}' | b']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    keys
}
