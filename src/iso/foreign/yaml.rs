//! YAML as far as specs are written in it: tables, lists and single values, each of which is a
//! text here. An alias is not followed, since a short file may stand for an endless one.

use super::ImportError;
use saphyr_parser::{Event, Parser, Span, StrInput};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// No spec is deeper.
const DEEPEST: usize = 32;

/// What a file says, and where.
pub(super) struct YamlText {
    pub(super) root: Value,
    /// The lines of the keys two tables deep.
    pub(super) lines: BTreeMap<String, usize>,
}

/// Reads the first document of a file.
pub(super) fn read(text: &str) -> Result<YamlText, ImportError> {
    let mut reader = YamlReader {
        events: Parser::new_from_str(text),
        line: 1,
        lines: BTreeMap::new(),
    };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            first => {
                let root = reader.value(first, 0)?;
                let lines = reader.lines;
                return Ok(YamlText { root, lines });
            }
        }
    }
}

struct YamlReader<'a> {
    events: Parser<'a, StrInput<'a>>,
    /// That of the last event.
    line: usize,
    lines: BTreeMap<String, usize>,
}

impl<'a> YamlReader<'a> {
    fn next(&mut self) -> Result<Event<'a>, ImportError> {
        match self.events.next() {
            Some(Ok((event, Span { start, .. }))) => {
                self.line = start.line();
                Ok(event)
            }
            Some(Err(error)) => {
                let what = format!("no sound YAML: {}", error.info());
                Err(ImportError::at(error.marker().line(), what))
            }
            None => Err(self.fault("the file ends here, in the midst")),
        }
    }

    fn fault(&self, what: &str) -> ImportError {
        ImportError::at(self.line, what)
    }

    fn value(&mut self, first: Event<'a>, depth: usize) -> Result<Value, ImportError> {
        if depth > DEEPEST {
            return Err(self.fault("deeper than any spec is"));
        }
        let below = depth.saturating_add(1);
        match first {
            Event::Scalar(text, ..) => Ok(Value::String(text.into_owned())),
            Event::MappingStart(..) => self.table(below),
            Event::SequenceStart(..) => {
                let mut all = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Value::Array(all)),
                        next => all.push(self.value(next, below)?),
                    }
                }
            }
            Event::Alias(_) => Err(self.fault("an alias: write out here what it stands for")),
            _ => Err(self.fault("nothing is said here")),
        }
    }

    fn table(&mut self, depth: usize) -> Result<Value, ImportError> {
        let mut all = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(all)),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err(self.fault("a key that is no single text")),
            };
            let line = self.line;
            if depth == 2 {
                self.lines.insert(key.clone(), line);
            }
            let next = self.next()?;
            let value = self.value(next, depth)?;
            if all.insert(key, value).is_some() {
                return Err(ImportError::at(line, "this key is there twice"));
            }
        }
    }
}
