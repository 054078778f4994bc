//! XML as a tree of elements: entities of the file itself are never followed, and depth and number
//! are bounded.

use super::{ImportError, line_of};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Packagers nest three or four deep.
const DEEPEST: usize = 16;
/// A packager of 192 fields with parts has a few thousand elements.
const MOST: usize = 100_000;

/// One element.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    /// Where it begins, from 1.
    pub line: usize,
    attributes: Vec<(String, String)>,
    pub children: Vec<Self>,
    /// The characters in it, those of its children left out.
    pub text: String,
}

impl Element {
    /// An attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A number in an attribute.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.trim().parse().ok()
    }

    /// A truth in an attribute: `true` or `yes`.
    pub(super) fn is(&self, name: &str) -> bool {
        let value = self.get(name).unwrap_or_default();
        value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("yes")
    }
}

/// The outermost element of a file.
pub(super) fn read(text: &str) -> Result<Element, ImportError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut count = 0usize;
    let (mut line, mut from) = (1usize, 0usize);
    loop {
        // Counted on from the element before, so that a long file is gone through once.
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let passed = text.as_bytes().get(from..at).unwrap_or_default();
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        (line, from) = (line.saturating_add(breaks), at);
        let event = reader.read_event().map_err(|e| {
            let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
            ImportError::at(line_of(text, at), format!("no sound XML: {e}"))
        })?;
        match event {
            Event::Start(start) => {
                count = count.saturating_add(1);
                open.push(element(&start, line)?);
            }
            Event::Empty(start) => {
                count = count.saturating_add(1);
                let child = element(&start, line)?;
                if let Some(parent) = open.last_mut() {
                    parent.children.push(child);
                }
            }
            Event::End(_) => {
                let child = open.pop().unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => parent.children.push(child),
                    None => return Err(ImportError::at(line, "an end without a beginning")),
                }
            }
            Event::Text(words) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(words.trim());
                }
            }
            Event::GeneralRef(name) if is_character(&name) => {}
            // It may stand for whole fields, or for a file of them.
            Event::GeneralRef(name) => {
                let what = format!("`&{};` stands for text that is not read", &*name);
                let mend = format!("{what}: put it in its place");
                return Err(ImportError::at(line, mend));
            }
            Event::DocType(words) if words.contains("<!ATTLIST") => {
                let what = "the DOCTYPE gives attributes that are not read: put them in place";
                return Err(ImportError::at(line, what));
            }
            Event::Eof => break,
            // What else a DOCTYPE declares is passed over, as are remarks.
            _ => {}
        }
        if open.len() > DEEPEST {
            let what = format!("elements nest deeper than {DEEPEST}");
            return Err(ImportError::at(line, what));
        }
        if count > MOST {
            return Err(ImportError::at(line, format!("more than {MOST} elements")));
        }
    }
    let missing = || ImportError::at(line_of(text, text.len()), "an element is not closed");
    let root = open.pop().filter(|_| open.is_empty()).ok_or_else(missing)?;
    let first = root.children.into_iter().next();
    first.ok_or_else(|| ImportError::at(1, "there is no element in it"))
}

/// Whether a reference is to one character: by its number, or one of the five names of XML.
fn is_character(name: &BytesRef<'_>) -> bool {
    name.is_char_ref() || matches!(&**name, "lt" | "gt" | "amp" | "quot" | "apos")
}

fn element(start: &BytesStart<'_>, line: usize) -> Result<Element, ImportError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute =
            attribute.map_err(|e| ImportError::at(line, format!("no sound attribute: {e}")))?;
        let name = attribute.key.as_ref().to_owned();
        // Only the five entities of XML itself are known; another one is an error, never followed.
        let value = quick_xml::escape::unescape(&attribute.value)
            .map_err(|e| ImportError::at(line, format!("attribute `{name}`: {e}")))?;
        attributes.push((name, value.into_owned()));
    }
    Ok(Element {
        name: start.name().as_ref().to_owned(),
        line,
        attributes,
        ..Element::default()
    })
}
