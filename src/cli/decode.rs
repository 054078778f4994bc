//! `isogate decode`: a message as a table or as JSON, broken ones as far as they go.

use super::{Exit, Lang, input, table};
use crate::iso::codec::{Framer, Message, ParseError};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use bytes::Bytes;
use clap::Args;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::sync::Arc;

/// Show a message field by field
#[derive(Args, Debug)]
pub(crate) struct DecodeArgs {
    /// The dialect: a built-in name or a TOML file
    #[arg(long, default_value = "cup-pos")]
    spec: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Show card numbers, tracks and PIN blocks in clear
    #[arg(long)]
    reveal: bool,
    /// The length prefix is there [default: found out]
    #[arg(long)]
    framed: bool,
    /// Hex (white space is ignored), a file with hex or bytes, or - for standard input
    #[arg(value_name = "HEX|FILE")]
    message: String,
}

/// Prints the message; `Found` if it is broken.
pub(crate) fn run(args: &DecodeArgs, lang: Lang, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let spec = input::spec(&args.spec)?;
    let view = View::of(
        &spec,
        input::message(&args.message)?,
        args.framed,
        args.reveal,
    );
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &view.json())?;
        writeln!(out)?;
    } else {
        view.print(lang, out)?;
    }
    Ok(if view.error.is_none() {
        Exit::Done
    } else {
        Exit::Found
    })
}

/// One message as it is shown.
pub(super) struct View {
    spec: Arc<Spec>,
    frame: Bytes,
    /// Bytes of the length prefix, and what it says.
    prefix: Option<(usize, usize)>,
    message: Option<Message>,
    error: Option<ParseError>,
    warnings: Vec<String>,
    reveal: bool,
}

impl View {
    pub(super) fn of(spec: &Arc<Spec>, bytes: Vec<u8>, framed: bool, reveal: bool) -> Self {
        let bytes = Bytes::from(bytes);
        let with = || Self::try_framed(spec, &bytes, reveal);
        if framed {
            return with();
        }
        let without = Self::try_frame(spec, bytes.clone(), None, reveal);
        if without.error.is_none() {
            return without;
        }
        // Broken either way: the reading that gets further is the right one.
        let with = with();
        if with.error.is_none() || with.reach() > without.reach() {
            with
        } else {
            without
        }
    }

    fn try_framed(spec: &Arc<Spec>, bytes: &Bytes, reveal: bool) -> Self {
        let framer = Framer::new(spec, usize::from(u16::MAX));
        let place = framer.place(bytes).ok().flatten();
        let start = place
            .as_ref()
            .map_or_else(|| framer.prefix_len(), |place| place.start);
        let prefix = start.min(bytes.len());
        let rest = bytes.slice(prefix..);
        let said = place.map_or(rest.len(), |place| place.len());
        let frame = rest.slice(..said.min(rest.len()));
        let mut view = Self::try_frame(spec, frame, Some((prefix, said)), reveal);
        if said != rest.len() {
            let follow = rest.len();
            view.warnings.push(format!(
                "the length prefix says {said} bytes, {follow} follow"
            ));
        }
        view
    }

    fn try_frame(
        spec: &Arc<Spec>,
        frame: Bytes,
        prefix: Option<(usize, usize)>,
        reveal: bool,
    ) -> Self {
        let (message, error) = Message::parse_partial(spec, frame.clone());
        let warnings = message.as_ref().map(Message::warnings).unwrap_or_default();
        Self {
            spec: Arc::clone(spec),
            frame,
            prefix,
            message,
            error,
            warnings,
            reveal,
        }
    }

    /// How much could be read.
    fn reach(&self) -> usize {
        self.message
            .as_ref()
            .map_or(0, |message| message.fields().len() + 1)
    }

    /// The error, its place counted from the start of the input.
    fn error(&self) -> Option<ParseError> {
        let mut error = self.error?;
        error.offset += self.prefix.map_or(0, |(length, _)| length);
        Some(error)
    }

    fn header(&self) -> Vec<(String, String)> {
        let mut rest = self.frame.as_ref();
        let mut parts = Vec::new();
        for part in self.spec.header() {
            let Some((bytes, after)) = rest.split_at_checked(part.default.len()) else {
                break;
            };
            parts.push((part.name.clone(), input::to_hex(bytes)));
            rest = after;
        }
        parts
    }

    fn text(&self, message: &Message, path: FieldPath) -> String {
        if self.reveal {
            return message.text(path).unwrap_or_default().into_owned();
        }
        message.shown(path).unwrap_or_default()
    }

    /// All fields and their parts, in order.
    fn paths(message: &Message) -> Vec<FieldPath> {
        let with_parts = |field: FieldId| {
            let parts = message.parts(field).into_iter();
            let parts = parts.map(move |part| FieldPath {
                field,
                part: Some(part),
            });
            std::iter::once(FieldPath::whole(field)).chain(parts)
        };
        message.fields().iter().flat_map(with_parts).collect()
    }

    pub(super) fn json(&self) -> Value {
        let mut header = Map::new();
        if let Some((_, length)) = self.prefix {
            header.insert("length".into(), length.into());
        }
        header.extend(
            self.header()
                .into_iter()
                .map(|(name, hex)| (name, hex.into())),
        );
        let (mut fields, mut subfields) = (Map::new(), Map::new());
        let mut document = json!({ "spec": self.spec.name(), "header": header });
        if let Some(message) = &self.message {
            for path in Self::paths(message) {
                let list = if path.part.is_none() {
                    &mut fields
                } else {
                    &mut subfields
                };
                list.insert(path.to_string(), self.text(message, path).into());
            }
            document["mti"] = message.mti().to_string().into();
            if let Some(kind) = message.kind() {
                document["kind"] = kind.name.as_str().into();
            }
        }
        document["fields"] = fields.into();
        document["subfields"] = subfields.into();
        document["warnings"] = self.warnings.clone().into();
        if let Some(error) = self.error() {
            document["error"] = json!({
                "field": error.field.map(|path| path.field.number()),
                "offset": error.offset,
                "message": error.to_string(),
                "hint": error.hint(),
            });
        }
        document
    }

    pub(super) fn print(&self, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
        self.print_head(lang, out)?;
        if let Some(message) = &self.message {
            let rows = Self::paths(message).into_iter();
            table::print(rows.map(|path| self.row(message, path, lang)), out)?;
        }
        for warning in &self.warnings {
            writeln!(out, "warning: {warning}")?;
        }
        if let Some(error) = self.error() {
            writeln!(out, "error: {error}")?;
            writeln!(out, " hint: {}", error.hint())?;
        }
        Ok(())
    }

    fn print_head(&self, lang: Lang, out: &mut dyn Write) -> anyhow::Result<()> {
        if let Some(message) = &self.message {
            let kind = message.kind().map(|kind| match lang {
                Lang::En => kind.title.as_str(),
                Lang::Zh => kind.title_zh.as_str(),
            });
            write!(out, "{}  {}  ", message.mti(), kind.unwrap_or("-"))?;
        }
        writeln!(out, "({}, {} bytes)", self.spec.name(), self.frame.len())?;
        for (name, hex) in self.header() {
            writeln!(out, "{name} {hex}")?;
        }
        Ok(())
    }

    fn row(&self, message: &Message, path: FieldPath, lang: Lang) -> [String; 4] {
        let meaning = self
            .spec
            .field(path.field)
            .map(|field| field.meaning(message.mti()));
        let title = meaning.and_then(|meaning| match &path.part {
            None => Some(&meaning.title),
            Some(part) => meaning.part(part).map(|known| &known.title),
        });
        let title = title.map_or("", |title| title.of(lang == Lang::Zh));
        let text = self.text(message, path);
        let note = (path == FieldPath::whole(FieldId::of(39)))
            .then(|| self.spec.response_title(&text))
            .flatten()
            .map_or("", |title| title.of(lang == Lang::Zh));
        let indent = if path.part.is_some() { "  " } else { "" };
        [
            path.to_string(),
            format!("{indent}{title}"),
            text,
            note.to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests;
