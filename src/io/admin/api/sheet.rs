//! One message of a transaction, field by field beside its bytes.

use crate::engine::trace::Lang;
use crate::io::look::{MessageSheet, VisibleBytes};
use crate::iso::codec::{Message, PieceKind, dissect};
use crate::iso::message::FieldPath;
use serde::Serialize;
use std::ops::Range;
use utoipa::ToSchema;

/// A message, masked: what nobody may see is `**` in its bytes and stars in its values.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageDetail {
    /// The bytes, two digits each; `**` for one that is hidden.
    hex: String,
    spec: String,
    /// Empty where not even the type can be read.
    mti: String,
    /// What the dialect calls it.
    title: String,
    title_zh: String,
    fields: Vec<FieldDetail>,
    warnings: Vec<String>,
    /// What cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FaultDetail>,
}

/// A field, a part of one, or what stands before the fields.
#[derive(Debug, Serialize, ToSchema)]
struct FieldDetail {
    /// `3`, `60.1`, `mti`, `bitmap`, or a part of the header.
    id: String,
    name: String,
    name_zh: String,
    value: String,
    /// Its first byte, the length before it included.
    start: usize,
    /// The byte behind its last one.
    end: usize,
    #[schema(no_recursion)]
    parts: Vec<Self>,
}

/// Where a message cannot be read, and why.
#[derive(Debug, Serialize, ToSchema)]
struct FaultDetail {
    /// The byte.
    offset: usize,
    message: String,
    hint: String,
}

impl MessageDetail {
    /// Of a message; `hidden` are stretches of it that were overwritten before it was kept.
    pub(super) fn of(sheet: &MessageSheet, hidden: &[(u16, u16, bool)]) -> Self {
        let mut seen = VisibleBytes::of(sheet);
        for (start, length, _) in hidden {
            let start = usize::from(*start);
            seen.hide(start..start + usize::from(*length));
        }
        let name = |lang| sheet.message().map_or(String::new(), |_| sheet.name(lang));
        let title = |lang| {
            let name: String = name(lang);
            let title = name.split_once("  ").map_or("", |(_, title)| title);
            title.to_owned()
        };
        let mti = sheet.message().map(|message| message.mti().to_string());
        Self {
            hex: seen.hex(sheet.frame(), 0..sheet.frame().len()).concat(),
            spec: sheet.spec().name().to_owned(),
            mti: mti.unwrap_or_default(),
            title: title(Lang::En),
            title_zh: title(Lang::Zh),
            fields: fields(sheet),
            warnings: sheet.all_warnings().collect(),
            error: sheet.error().map(|error| FaultDetail {
                offset: error.offset,
                message: error.to_string(),
                hint: error.hint().to_owned(),
            }),
        }
    }
}

fn fields(sheet: &MessageSheet) -> Vec<FieldDetail> {
    let mut fields: Vec<FieldDetail> = Vec::new();
    for piece in dissect(sheet.spec(), sheet.frame()) {
        let mti = || sheet.message().map(|message| message.mti().to_string());
        match piece.is {
            PieceKind::Length(path) | PieceKind::Value(path) => {
                if let Some(message) = sheet.message() {
                    add(&mut fields, (sheet, message), path, piece.bytes);
                }
            }
            PieceKind::Header(place) => {
                let part = sheet.spec().header().get(place);
                let id = part.map_or("", |part| part.name.as_str());
                fields.push(plain((id, "Header", "报文头"), String::new(), piece.bytes));
            }
            PieceKind::Mti => {
                let names = ("mti", "Message type", "消息类型");
                fields.push(plain(names, mti().unwrap_or_default(), piece.bytes));
            }
            PieceKind::Bitmap => {
                let names = ("bitmap", "Bitmap", "位图");
                fields.push(plain(names, String::new(), piece.bytes));
            }
            PieceKind::Unread => {
                let names = ("?", "Not read", "无法解析");
                fields.push(plain(names, String::new(), piece.bytes));
            }
        }
    }
    fields
}

/// Adds a length or a value to its field, or begins one; a field ends where its last part does.
fn add(
    fields: &mut Vec<FieldDetail>,
    (sheet, message): (&MessageSheet, &Message),
    path: FieldPath,
    bytes: Range<usize>,
) {
    let id = path.to_string();
    match (path.part.is_some(), fields.last_mut()) {
        (false, Some(field)) if field.id == id => {
            field.end = bytes.end;
            field.parts.iter_mut().for_each(|part| part.end = bytes.end);
        }
        (true, Some(field)) => {
            field.end = bytes.end;
            match field.parts.last_mut() {
                Some(part) if part.id == id => part.end = bytes.end,
                _ => field.parts.push(self::field(sheet, message, path, bytes)),
            }
        }
        _ => fields.push(whole(sheet, message, path, bytes)),
    }
}

/// A whole field; parts at fixed places have no bytes of their own, and share its.
fn whole(
    sheet: &MessageSheet,
    message: &Message,
    path: FieldPath,
    bytes: Range<usize>,
) -> FieldDetail {
    let mut own = field(sheet, message, path, bytes.clone());
    if !sheet.has_tags(path.field) {
        let parts = message.parts(path.field).into_iter();
        own.parts = parts
            .map(|part| {
                let part = Some(part);
                field(sheet, message, FieldPath { part, ..path }, bytes.clone())
            })
            .collect();
    }
    own
}

fn field(
    sheet: &MessageSheet,
    message: &Message,
    path: FieldPath,
    bytes: Range<usize>,
) -> FieldDetail {
    FieldDetail {
        id: path.to_string(),
        name: sheet.title(message, path, Lang::En).to_owned(),
        name_zh: sheet.title(message, path, Lang::Zh).to_owned(),
        value: sheet.text(message, path),
        start: bytes.start,
        end: bytes.end,
        parts: Vec::new(),
    }
}

fn plain(
    (id, name, name_zh): (&str, &str, &str),
    value: String,
    bytes: Range<usize>,
) -> FieldDetail {
    FieldDetail {
        id: id.to_owned(),
        name: name.to_owned(),
        name_zh: name_zh.to_owned(),
        value,
        start: bytes.start,
        end: bytes.end,
        parts: Vec::new(),
    }
}
