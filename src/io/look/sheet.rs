//! One message as it is shown to people: its values, masked unless they are to be revealed. A
//! broken one is shown as far as it can be read.

use super::guard;
use super::hex::to_hex;
use crate::engine::trace::Lang;
use crate::iso::codec::{Framer, Message, ParseError};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::{Composite, Spec};
use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// One message as it is shown.
#[derive(Debug)]
pub struct MessageSheet {
    spec: Arc<Spec>,
    /// All that was given, the length prefix included.
    input: Bytes,
    frame: Bytes,
    /// Bytes of the length prefix, and what it says.
    prefix: Option<(usize, usize)>,
    message: Option<Message>,
    error: Option<ParseError>,
    warnings: Vec<String>,
    reveal: bool,
}

impl MessageSheet {
    /// A message, with its length prefix or without, as it turns out; `framed` if it is known to be
    /// there.
    #[must_use]
    pub fn of(spec: &Arc<Spec>, bytes: Vec<u8>, framed: bool, reveal: bool) -> Self {
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

    /// A message without length prefix.
    #[must_use]
    pub fn of_frame(spec: &Arc<Spec>, frame: Bytes, reveal: bool) -> Self {
        Self::try_frame(spec, frame, None, reveal)
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
        view.input = bytes.clone();
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
            input: frame.clone(),
            frame,
            prefix,
            message,
            error,
            warnings,
            reveal,
        }
    }

    /// The message, without its length prefix.
    #[must_use]
    pub const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// As much of it as can be read; `None` without a type.
    #[must_use]
    pub const fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// The bytes from the fault on.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        let at = self.error.map(|error| error.offset);
        at.and_then(|at| self.frame.get(at..)).unwrap_or_default()
    }

    /// What cannot be read, its place counted from the start of the input.
    #[must_use]
    pub fn error(&self) -> Option<ParseError> {
        let mut error = self.error?;
        error.offset += self.start();
        Some(error)
    }

    /// Where the frame begins in the input.
    #[must_use]
    pub fn start(&self) -> usize {
        self.prefix.map_or(0, |(length, _)| length)
    }

    /// Its dialect.
    #[must_use]
    pub const fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }

    /// The length prefix as it was given, and what it says.
    #[must_use]
    pub fn length_prefix(&self) -> Option<(&[u8], usize)> {
        let (length, said) = self.prefix.filter(|(length, _)| *length > 0)?;
        Some((self.input.get(..length)?, said))
    }

    /// Whether everything is shown in clear.
    #[must_use]
    pub const fn reveals(&self) -> bool {
        self.reveal
    }

    /// Whether a value is shown as it is.
    #[must_use]
    pub fn is_clear(&self, path: FieldPath) -> bool {
        self.message().is_some_and(|message| {
            message.text(path).as_deref() == Some(self.text(message, path).as_str())
        })
    }

    /// Whether a field is made of parts that name themselves.
    #[must_use]
    pub fn has_tags(&self, field: FieldId) -> bool {
        let mti = self.message().map(Message::mti);
        let field = self.spec.field(field).zip(mti);
        let composite = field.and_then(|(field, mti)| field.meaning(mti).composite.as_ref());
        !matches!(composite, None | Some(Composite::Positions(_)))
    }

    /// How much could be read.
    fn reach(&self) -> usize {
        self.message
            .as_ref()
            .map_or(0, |message| message.fields().len() + 1)
    }

    fn header(&self) -> Vec<(String, String)> {
        let parts = self.spec.header_parts(&self.frame);
        let shown = parts.filter_map(|(place, at)| {
            let name = self.spec.header().get(place)?.name.clone();
            Some((name, to_hex(self.frame.get(at)?)))
        });
        shown.collect()
    }

    /// A value as it may be shown. In a message that does not read as it should, the dialect may be
    /// the wrong one, and what looks like a card number is taken for one.
    #[must_use]
    pub fn text(&self, message: &Message, path: FieldPath) -> String {
        if self.reveal {
            return message.text(path).unwrap_or_default().into_owned();
        }
        let shown = message.shown(path).unwrap_or_default();
        let is_doubtful = self.error.is_some() || !self.warnings.is_empty();
        let is_clear = message.text(path).as_deref() == Some(shown.as_str());
        if is_doubtful && is_clear && guard::may_hold_card(&shown) {
            return format!("(hidden: {} characters)", shown.chars().count());
        }
        shown
    }

    /// What is odd about it: what was read, and then which fields there are.
    pub fn all_warnings(&self) -> impl Iterator<Item = String> {
        let usage = self.message().map(Message::usage).unwrap_or_default();
        self.warnings.iter().cloned().chain(usage)
    }

    /// The built-in dialects by which the input reads whole, and is a message that they know.
    #[must_use]
    pub fn dialects(&self) -> Vec<&'static str> {
        let reads = |name: &&&str| {
            let Some(spec) = Spec::builtin(name) else {
                return false;
            };
            let view = Self::of(&spec, self.input.to_vec(), false, false);
            let is_known = view
                .message()
                .is_some_and(|message| message.kind().is_some());
            view.error.is_none() && view.warnings.is_empty() && is_known
        };
        let names = Spec::builtin_names().iter().filter(reads);
        names.copied().collect()
    }

    /// All fields and their parts, in order.
    #[must_use]
    pub fn paths(message: &Message) -> Vec<FieldPath> {
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

    /// The document of the message, as a value.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What a field or part is called; empty if the spec does not know it.
    #[must_use]
    pub fn title(&self, message: &Message, path: FieldPath, lang: Lang) -> &str {
        let field = self.spec.field(path.field);
        let meaning = field.map(|field| field.meaning(message.mti()));
        let title = meaning.and_then(|meaning| match &path.part {
            None => Some(&meaning.title),
            Some(part) => meaning.part(part).map(|known| &known.title),
        });
        title.map_or("", |title| title.of(lang == Lang::Zh))
    }

    /// What its response code means; empty if it has none, or one that is not known.
    #[must_use]
    pub fn code_title(&self, code: &str, lang: Lang) -> &str {
        let title = self.spec.response_title(code);
        title.map_or("", |title| title.of(lang == Lang::Zh))
    }

    /// `0210  Sale`
    #[must_use]
    pub fn name(&self, lang: Lang) -> String {
        let Some(message) = &self.message else {
            return "?".to_owned();
        };
        let kind = message.kind().map(|kind| match lang {
            Lang::En => kind.title.as_str(),
            Lang::Zh => kind.title_zh.as_str(),
        });
        format!("{}  {}", message.mti(), kind.unwrap_or("-"))
    }
}

/// The document that `decode --json` prints, and `encode` reads.
impl Serialize for MessageSheet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut document = to.serialize_map(None)?;
        document.serialize_entry("spec", self.spec.name())?;
        document.serialize_entry("header", &HeaderParts(self))?;
        let paths = self.message.as_ref().map(Self::paths).unwrap_or_default();
        if let Some(message) = &self.message {
            document.serialize_entry("mti", &Displayed(message.mti()))?;
            if let Some(kind) = message.kind() {
                document.serialize_entry("kind", kind.name.as_str())?;
            }
        }
        let fields = SheetValues {
            sheet: self,
            paths: &paths,
            parts: false,
        };
        document.serialize_entry("fields", &fields)?;
        let subfields = SheetValues {
            parts: true,
            ..fields
        };
        document.serialize_entry("subfields", &subfields)?;
        document.serialize_entry("warnings", &self.all_warnings().collect::<Vec<_>>())?;
        if let Some(error) = self.error() {
            document.serialize_entry("error", &SheetFault(error))?;
        }
        document.end()
    }
}

/// The parts of a header, in hex, and the length before it.
struct HeaderParts<'a>(&'a MessageSheet);

impl Serialize for HeaderParts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut header = to.serialize_map(None)?;
        if let Some((_, length)) = self.0.prefix {
            header.serialize_entry("length", &length)?;
        }
        for (name, hex) in self.0.header() {
            header.serialize_entry(&name, &hex)?;
        }
        header.end()
    }
}

/// The values of whole fields, or of parts.
#[derive(Clone, Copy)]
struct SheetValues<'a> {
    sheet: &'a MessageSheet,
    paths: &'a [FieldPath],
    parts: bool,
}

impl Serialize for SheetValues<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut values = to.serialize_map(None)?;
        if let Some(message) = &self.sheet.message {
            let paths = self.paths.iter();
            for path in paths.filter(|path| path.part.is_some() == self.parts) {
                let text = self.sheet.text(message, *path);
                values.serialize_entry(&Displayed(path), &text)?;
            }
        }
        values.end()
    }
}

/// Something as it is displayed.
struct Displayed<T>(T);

impl<T: fmt::Display> Serialize for Displayed<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// Where and why a message cannot be read.
struct SheetFault(ParseError);

impl Serialize for SheetFault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(error) = self;
        let mut fault = to.serialize_map(Some(4))?;
        fault.serialize_entry("field", &error.field.map(|path| path.field.number()))?;
        fault.serialize_entry("offset", &error.offset)?;
        fault.serialize_entry("message", &Displayed(error))?;
        fault.serialize_entry("hint", &error.hint())?;
        fault.end()
    }
}
