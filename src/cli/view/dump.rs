//! A message for people: a line for each piece of the frame, with its place, its bytes, and what
//! they mean. A broken one ends with the bytes around the fault, a mark under the first of them.

use super::MessageSheet;
use crate::cli::screen::cut;
use crate::cli::{Lang, table};
use crate::io::look::VisibleBytes;
use crate::iso::codec::{Message, ParseError, ParseFault, Piece, PieceKind, dissect};
use crate::iso::message::{FieldId, FieldPath};
use std::io::{self, Write};
use std::ops::Range;

/// Bytes of what is not read.
const BYTES: usize = 8;

/// How wide the columns of a dump are.
#[derive(Clone, Copy, Debug)]
struct DumpWidths {
    /// Bytes on a line.
    bytes: usize,
    /// Columns of a name; a longer one is cut.
    name: usize,
    /// Characters of a value on a line; whole bytes where it is hex.
    value: usize,
}

impl DumpWidths {
    const USUAL: Self = Self {
        bytes: BYTES,
        name: usize::MAX,
        value: 48,
    };
    /// For a terminal of 80 columns.
    const NARROW: Self = Self {
        bytes: 6,
        name: 20,
        value: 14,
    };

    /// As the terminal is, if there is one.
    fn of_terminal() -> Self {
        let width = comfy_table::Table::new().width();
        match width.is_some_and(|width| width < 110) {
            true => Self::NARROW,
            false => Self::USUAL,
        }
    }
}
/// Bytes shown before a fault, and from it on.
const AROUND: (usize, usize) = (12, 8);

/// One piece of the frame, before it is cut into lines.
struct DumpRow {
    /// Where it begins in the input; parts at fixed places have no bytes of their own.
    at: Option<usize>,
    /// The length before the value.
    length: String,
    bytes: String,
    field: String,
    name: String,
    value: String,
}

impl MessageSheet {
    /// Prints it for people.
    pub(in crate::cli) fn print(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let (spec, length) = (self.spec().name(), self.frame().len());
        match self.message() {
            Some(_) => writeln!(out, "{}  ({spec}, {length} bytes)", self.name(lang))?,
            None => writeln!(out, "({spec}, {length} bytes)")?,
        }
        let seen = VisibleBytes::of(self);
        let (rows, widths) = (self.rows(&seen, lang), DumpWidths::of_terminal());
        table::print(rows.into_iter().flat_map(|row| row.lines(widths)), out)?;
        for warning in self.all_warnings() {
            writeln!(out, "{}: {warning}", word(lang, "warning", "警告"))?;
        }
        if let Some(error) = self.error() {
            self.print_fault(&error, &seen, lang, out)?;
        }
        Ok(())
    }

    fn rows(&self, seen: &VisibleBytes, lang: Lang) -> Vec<DumpRow> {
        let mut rows: Vec<DumpRow> = self.prefix_row(lang).into_iter().collect();
        let pieces = dissect(self.spec(), self.frame());
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece.is {
                PieceKind::Length(path) => {
                    let value = pieces.next_if(|next| next.is == PieceKind::Value(path));
                    let value = value.map_or(piece.bytes.end..piece.bytes.end, |piece| piece.bytes);
                    rows.extend(self.field_rows(path, piece.bytes, value, seen, lang));
                }
                PieceKind::Value(path) => {
                    let none = piece.bytes.start..piece.bytes.start;
                    rows.extend(self.field_rows(path, none, piece.bytes, seen, lang));
                }
                PieceKind::Header(_) | PieceKind::Mti | PieceKind::Bitmap | PieceKind::Unread => {
                    rows.push(self.plain_row(&piece, seen, lang));
                }
            }
        }
        rows
    }

    fn prefix_row(&self, lang: Lang) -> Option<DumpRow> {
        let (bytes, said) = self.length_prefix()?;
        Some(DumpRow {
            at: Some(0),
            bytes: joined(bytes.iter().map(|byte| format!("{byte:02X}"))),
            field: String::new(),
            name: word(lang, "Length", "长度").to_owned(),
            value: said.to_string(),
            length: String::new(),
        })
    }

    fn plain_row(&self, piece: &Piece, seen: &VisibleBytes, lang: Lang) -> DumpRow {
        let mti = || self.message().map(|message| message.mti().to_string());
        let mut bytes = piece.bytes.clone();
        let (field, name, value) = match &piece.is {
            PieceKind::Header(place) => {
                let part = self.spec().header().get(*place);
                let name = part.map_or("", |part| part.name.as_str());
                (name, word(lang, "Header", "报文头"), None)
            }
            PieceKind::Mti => ("mti", word(lang, "Message type", "消息类型"), mti()),
            PieceKind::Bitmap => ("", word(lang, "Bitmap", "位图"), self.bitmap()),
            _ => {
                let count = word(lang, "bytes", "字节");
                let value = format!("({} {count})", bytes.len());
                if !self.reveals() {
                    bytes.end = bytes.end.min(bytes.start + BYTES);
                }
                ("?", word(lang, "Not read", "无法解析"), Some(value))
            }
        };
        DumpRow {
            at: Some(self.start() + piece.bytes.start),
            bytes: seen.hex(self.frame(), bytes).join(" "),
            field: field.to_owned(),
            name: name.to_owned(),
            value: value.unwrap_or_default(),
            length: String::new(),
        }
    }

    /// The fields that are read: of a broken message those up to the fault.
    fn bitmap(&self) -> Option<String> {
        let fields = self.message()?.fields().iter();
        Some(joined(fields.map(|field| field.to_string())))
    }

    /// The row of a field or tagged part; after a field of fixed places, those.
    fn field_rows(
        &self,
        path: FieldPath,
        length: Range<usize>,
        value: Range<usize>,
        seen: &VisibleBytes,
        lang: Lang,
    ) -> Vec<DumpRow> {
        let Some(message) = self.message() else {
            return Vec::new();
        };
        let mut row = self.value_row(message, path, lang);
        row.at = Some(self.start() + length.start.min(value.start));
        if !length.is_empty() {
            row.length = format!("[{}] ", seen.hex(self.frame(), length).join(" "));
        }
        row.bytes = seen.hex(self.frame(), value).join(" ");
        let mut rows = vec![row];
        let parts = message.parts(path.field).into_iter();
        // Tagged parts come as pieces of their own.
        if path.part.is_none() && !self.has_tags(path.field) {
            rows.extend(parts.map(|part| {
                let part = Some(part);
                self.value_row(message, FieldPath { part, ..path }, lang)
            }));
        }
        rows
    }

    fn value_row(&self, message: &Message, path: FieldPath, lang: Lang) -> DumpRow {
        let tagged = path.part.is_none() && self.has_tags(path.field);
        let mut value = match tagged && !message.parts(path.field).is_empty() {
            true => String::new(),
            false => self.text(message, path),
        };
        if path == FieldPath::whole(FieldId::of(39)) {
            value = format!("{value}  {}", self.code_title(&value, lang));
        }
        let indent = if path.part.is_some() { "  " } else { "" };
        DumpRow {
            at: None,
            bytes: String::new(),
            field: path.to_string(),
            name: format!("{indent}{}", self.title(message, path, lang)),
            length: String::new(),
            value,
        }
    }

    /// What is wrong, the bytes there with a mark under the first at fault, and what to look at.
    fn print_fault(
        &self,
        error: &ParseError,
        seen: &VisibleBytes,
        lang: Lang,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        writeln!(out, "{}: {error}", word(lang, "error", "错误"))?;
        let at = error.offset.saturating_sub(self.start());
        let from = at.saturating_sub(AROUND.0);
        let until = self.frame().len().min(at + AROUND.1);
        if !self.frame().is_empty() {
            let place = format!("{:>5}", self.start() + from);
            let shown = seen.hex(self.frame(), from..until).join(" ");
            writeln!(out, "{place}  {shown}")?;
            let before = place.len() + 2 + 3 * (at - from);
            writeln!(out, "{:before$}^^", "")?;
            if shown.contains("**") {
                let mend = "--reveal shows the bytes that are hidden here";
                writeln!(
                    out,
                    "       {}",
                    word(lang, mend, "--reveal 可显示被隐藏的字节")
                )?;
            }
        }
        let hint = match lang {
            Lang::En => error.hint(),
            Lang::Zh => hint_zh(error),
        };
        writeln!(out, " {}: {hint}", word(lang, "hint", "提示"))?;
        match self.dialects().as_slice() {
            [] => Ok(()),
            names => {
                let reads = word(
                    lang,
                    "it reads whole with --spec",
                    "可完整解析的报文规范: --spec",
                );
                writeln!(out, "       {reads} {}", names.join(", "))
            }
        }
    }
}

impl DumpRow {
    /// The lines of the table that it takes.
    fn lines(self, widths: DumpWidths) -> Vec<[String; 5]> {
        let mut bytes = chunks(&self.bytes, widths.bytes * 3);
        match bytes.first_mut() {
            Some(first) => first.insert_str(0, &self.length),
            None => bytes.push(self.length),
        }
        let values = chunks(&printable(&self.value), widths.value);
        let blanks = || (String::new(), String::new(), String::new());
        let at = self.at.map_or_else(String::new, |at| format!("{at:>4}"));
        let mut once = Some((at, self.field, cut(&self.name, widths.name)));
        let line = |number: usize| {
            let (at, field, name) = once.take().unwrap_or_else(blanks);
            let piece = |all: &[String]| all.get(number).cloned().unwrap_or_default();
            [at, piece(&bytes), field, name, piece(&values)]
        };
        (0..bytes.len().max(values.len())).map(line).collect()
    }
}

/// A text in pieces of so many characters; trailing blanks of bytes do not matter.
fn chunks(text: &str, size: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(size)
        .map(|chunk| chunk.iter().collect())
        .collect()
}

/// A value without what a terminal would obey.
pub(in crate::cli) fn printable(text: &str) -> String {
    let shown = |c: char| if is_obeyed(c) { '·' } else { c };
    text.chars().map(shown).collect()
}

/// Whether a terminal would obey a character instead of showing it: controls, and what turns the
/// direction of writing or breaks lines.
const fn is_obeyed(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

const fn word(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// [`ParseError::hint`] in Chinese.
const fn hint_zh(error: &ParseError) -> &'static str {
    match error.kind {
        ParseFault::FrameTooLong => "长度前缀的字节序是否正确?",
        ParseFault::Header | ParseFault::Mti => {
            "报文是否以规范中的 TPDU 和报文头开头? 前面是否还有长度前缀?"
        }
        ParseFault::Bitmap => "位图是二进制还是十六进制字符? 是否有第二位图?",
        ParseFault::UnknownField => "前一个域的长度是否读错, 或者报文规范不同?",
        ParseFault::Length => "该域长度是 BCD、二进制还是 ASCII? 前一个域是否读对?",
        ParseFault::TooLong { .. } => "长度是 BCD 还是二进制? 按数字位数还是按字节计?",
        ParseFault::Short { .. } => "报文是否完整? 长度是否按字节计?",
        ParseFault::TooShort { .. } => "长度是否包含长度域自身?",
        ParseFault::Trailing { .. } => "位图是否少了一位? 前面的域是否读短了?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_narrow_terminal_every_line_has_80_columns_at_most() {
        let row = DumpRow {
            at: Some(105),
            length: "[00 48] ".to_owned(),
            bytes: "AA ".repeat(30).trim_end().to_owned(),
            field: "55.9F26".to_owned(),
            name: "Card acceptor terminal identification".to_owned(),
            value: "0123456789".repeat(6),
        };
        let mut out = Vec::new();
        table::print(row.lines(DumpWidths::NARROW).into_iter(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.contains("Card acceptor term…"), "{text}");
    }
}
