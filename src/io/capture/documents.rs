//! One JSON document a line: messages as `decode --json` prints them, or events of jPOS.

use super::draft::MessageDraft;
use super::jpos_log;
use super::lines::TextLines;
use super::log::{LogSource, LoggedContent, LoggedEntry, LoggedWay};
use super::{CaptureError, moment};
use crate::engine::seam::Zone;
use crate::iso::stream::FlowSide;
use serde_json::Value;
use std::collections::VecDeque;

/// Reads documents, a line each.
pub(super) struct JsonLines {
    lines: TextLines,
    zone: Zone,
    ready: VecDeque<LoggedEntry>,
}

impl JsonLines {
    pub(super) fn new(lines: TextLines, zone: Zone) -> Self {
        Self {
            lines,
            zone,
            ready: VecDeque::new(),
        }
    }

    fn take(&mut self, line: &str) {
        let Ok(document) = serde_json::from_str::<Value>(line) else {
            let length = line.len() as u64;
            self.put(&Value::Null, LoggedContent::Unusable(length));
            return;
        };
        if let Some(draft) = draft(&document) {
            self.put(&document, LoggedContent::Draft(draft));
        } else {
            jpos_event(&document, &self.zone, &mut self.ready);
        }
    }

    fn put(&mut self, document: &Value, content: LoggedContent) {
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        self.ready.push_back(LoggedEntry {
            at: text("at").and_then(|at| moment::read(at, &self.zone)),
            channel: text("connection").unwrap_or_default().to_owned(),
            way: match text("from") {
                Some("client") => LoggedWay::From(FlowSide::Client),
                Some("server") => LoggedWay::From(FlowSide::Server),
                _ => LoggedWay::Unknown,
            },
            content,
        });
    }
}

impl LogSource for JsonLines {
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if line.trim().is_empty() => {}
                Some(line) => self.take(&line),
            }
        }
    }
}

/// The message that a document is.
fn draft(document: &Value) -> Option<MessageDraft> {
    let mti = document.get("mti")?.as_str()?.to_owned();
    let pairs = |key: &str| {
        let object = document.get(key).and_then(Value::as_object);
        let all = object.into_iter().flatten();
        let texts =
            all.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        texts.collect::<Vec<_>>()
    };
    let mut header = pairs("header");
    header.retain(|(name, _)| name != "length");
    let mut fields = pairs("fields");
    fields.extend(pairs("subfields"));
    Some(MessageDraft {
        mti,
        header,
        fields,
    })
}

/// The messages of an event that jPOS wrote: XML in its payload, wherever that has it.
fn jpos_event(event: &Value, zone: &Zone, out: &mut VecDeque<LoggedEntry>) {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let at = moment::read(&text(event.get("ts")), zone);
    let realm = text(event.get("tags").and_then(|tags| tags.get("realm")));
    let kind = text(event.get("kind"));
    let payload = event.get("payload");
    let mut messages = Vec::new();
    xml_in(payload.unwrap_or(&Value::Null), 0, &mut messages);
    for xml in messages {
        let mut entry = jpos_log::entry(xml);
        entry.at = at;
        entry.channel.clone_from(&realm);
        entry.way = match (entry.way, kind.as_str()) {
            (LoggedWay::Unknown, "send") => LoggedWay::Sent,
            (LoggedWay::Unknown, "receive") => LoggedWay::Received,
            (way, _) => way,
        };
        out.push_back(entry);
    }
}

/// The texts of a document that hold a message of jPOS.
fn xml_in<'a>(value: &'a Value, depth: usize, out: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.contains("<isomsg") => out.push(text),
        Value::Array(all) if depth < 8 => {
            all.iter()
                .for_each(|one| xml_in(one, depth.saturating_add(1), out));
        }
        Value::Object(all) if depth < 8 => {
            all.values()
                .for_each(|one| xml_in(one, depth.saturating_add(1), out));
        }
        _ => {}
    }
}
