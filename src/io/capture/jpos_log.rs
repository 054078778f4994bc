//! The text log of jPOS: events in XML, of which a file need not be well-formed as a whole.

use super::draft::MessageDraft;
use super::lines::TextLines;
use super::log::{LogSource, LoggedContent, LoggedEntry, LoggedWay};
use super::{CaptureError, moment};
use crate::engine::seam::Zone;
use crate::iso::stream::SeenAt;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// A message is not longer.
const LONGEST: usize = 1 << 20;
/// Messages within fields nest no deeper.
const DEEPEST: usize = 4;

/// Reads messages out of a log, one by one, whatever stands between them.
pub(super) struct JposLog {
    lines: TextLines,
    zone: Zone,
    at: Option<SeenAt>,
    realm: String,
    way: LoggedWay,
    /// How much text stands in what was sent or received, as long as there is no message in it.
    untold: Option<u64>,
    /// Whether that text tells of a failure.
    has_failed: bool,
    is_cut_short: bool,
}

impl JposLog {
    pub(super) fn new(lines: TextLines, zone: Zone) -> Self {
        Self {
            lines,
            zone,
            at: None,
            realm: String::new(),
            way: LoggedWay::Unknown,
            untold: None,
            has_failed: false,
            is_cut_short: false,
        }
    }

    /// Learns from a line that is no message what is said of those that follow.
    fn learn(&mut self, line: &str) {
        if line.contains("<log") {
            self.at = attribute(line, "at").and_then(|at| moment::read(at, &self.zone));
            self.realm = attribute(line, "realm").unwrap_or_default().to_owned();
            self.way = LoggedWay::Unknown;
            self.untold = None;
        }
        for (tag, way) in [
            ("<send", LoggedWay::Sent),
            ("<receive", LoggedWay::Received),
        ] {
            if line.contains(tag) {
                self.way = way;
                (self.untold, self.has_failed) = (Some(0), false);
            }
        }
    }

    /// What a channel sent or received and could not read: it logs the exception and the bytes,
    /// in a form of its own, and no message. `None` for as long as the event goes on.
    fn unread(&mut self, line: &str) -> Option<LoggedEntry> {
        let untold = self.untold?.saturating_add(line.len() as u64);
        self.untold = Some(untold);
        self.has_failed |= line.to_ascii_lowercase().contains("exception");
        self.has_failed |= line.contains("--- data");
        if !line.contains("</receive>") && !line.contains("</send>") {
            return None;
        }
        self.untold = None;
        if !self.has_failed {
            return None;
        }
        Some(LoggedEntry {
            at: self.at,
            channel: self.realm.clone(),
            way: self.way,
            content: LoggedContent::Unusable(untold),
        })
    }

    /// The text of a message that begins in a line, up to its end.
    fn message(&mut self, line: &str) -> Result<String, CaptureError> {
        let from = line.find("<isomsg").unwrap_or(0);
        let mut text = line.get(from..).unwrap_or_default().to_owned();
        let mut open = depth(&text);
        while open > 0 && text.len() <= LONGEST {
            let Some(line) = self.lines.next()? else {
                self.is_cut_short = true;
                break;
            };
            open = open.saturating_add(depth(&line));
            text.push('\n');
            text.push_str(&line);
        }
        Ok(text)
    }
}

impl LogSource for JposLog {
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError> {
        while let Some(line) = self.lines.next()? {
            let begins = line.find("<isomsg");
            self.learn(line.get(..begins.unwrap_or(line.len())).unwrap_or_default());
            if begins.is_none() {
                if let Some(entry) = self.unread(&line) {
                    return Ok(Some(entry));
                }
            } else {
                self.untold = None;
                let text = self.message(&line)?;
                let mut entry = entry(&text);
                entry.at = self.at;
                entry.channel.clone_from(&self.realm);
                if entry.way == LoggedWay::Unknown {
                    entry.way = self.way;
                }
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}

/// How many messages a line leaves open.
fn depth(line: &str) -> i64 {
    let count = |mark: &str| i64::try_from(line.matches(mark).count()).unwrap_or(i64::MAX);
    count("<isomsg").saturating_sub(count("</isomsg>"))
}

/// The value of an attribute of the first tag in a line that has it.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// The message that a text in XML is.
pub(super) fn entry(xml: &str) -> LoggedEntry {
    let mut entry = LoggedEntry {
        at: None,
        channel: String::new(),
        way: LoggedWay::Unknown,
        content: LoggedContent::Unusable(xml.len() as u64),
    };
    if let Some((draft, way)) = read(xml) {
        (entry.content, entry.way) = (LoggedContent::Draft(draft), way);
    }
    entry
}

/// Where text belongs that follows a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TextPlace {
    Nowhere,
    Header,
    Field(String),
}

fn read(xml: &str) -> Option<(MessageDraft, LoggedWay)> {
    let from = xml.find("<isomsg")?;
    let mut reader = Reader::from_str(xml.get(from..)?);
    let (mut draft, mut way) = (MessageDraft::default(), LoggedWay::Unknown);
    // The fields that hold the messages that are open now.
    let mut open: Vec<String> = Vec::new();
    let mut place = TextPlace::Nowhere;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "isomsg" if open.is_empty() => {
                    way = match value(&tag, "direction").as_deref() {
                        Some("outgoing") => LoggedWay::Sent,
                        Some("incoming") => LoggedWay::Received,
                        _ => LoggedWay::Unknown,
                    };
                    open.push(String::new());
                }
                "isomsg" if open.len() < DEEPEST => open.push(path(&open, &value(&tag, "id")?)),
                "isomsg" => return None,
                "header" => place = TextPlace::Header,
                "field" => {
                    let path = path(&open, &value(&tag, "id")?);
                    match value(&tag, "value") {
                        Some(text) => put(&mut draft, path, text),
                        None => place = TextPlace::Field(path),
                    }
                }
                _ => place = TextPlace::Nowhere,
            },
            Event::Empty(tag) if tag.local_name().as_ref() == "field" => {
                let path = path(&open, &value(&tag, "id")?);
                put(&mut draft, path, value(&tag, "value").unwrap_or_default());
            }
            Event::Text(text) => {
                let text = unescape(text.trim()).ok()?;
                set(&mut draft, &place, &text);
            }
            Event::CData(text) => set(&mut draft, &place, &text),
            Event::End(tag) => {
                place = TextPlace::Nowhere;
                if tag.local_name().as_ref() == "isomsg" {
                    open.pop();
                    if open.is_empty() {
                        return Some((draft, way)).filter(|(draft, _)| !draft.mti.is_empty());
                    }
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    Some(unescape(&found.value).ok()?.into_owned())
}

/// The path of a field of the innermost message.
fn path(open: &[String], id: &str) -> String {
    match open.last().map(String::as_str) {
        None | Some("") => id.to_owned(),
        Some(field) => format!("{field}.{id}"),
    }
}

fn set(draft: &mut MessageDraft, place: &TextPlace, text: &str) {
    match place {
        _ if text.is_empty() => {}
        TextPlace::Nowhere => {}
        TextPlace::Header => draft.header = vec![(String::new(), text.to_owned())],
        TextPlace::Field(path) => put(draft, path.clone(), text.to_owned()),
    }
}

fn put(draft: &mut MessageDraft, path: String, text: String) {
    match path.as_str() {
        "0" => draft.mti = text,
        // The bitmap is made anew.
        "1" => {}
        _ => draft.fields.push((path, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<logger class="org.jpos.q2.Q2">
<log realm="channel/10.0.0.1:4000" at="2026-08-22T10:11:12.345" lifespan="12ms">
  <send>
    <isomsg direction="outgoing">
      <!-- packager -->
      <header>6000030000</header>
      <field id="0" value="0800"/>
      <field id="11" value="000001"/>
      <field id="48"><![CDATA[{a<b}]]></field>
      <isomsg id="60">
        <field id="1" value="00"/>
      </isomsg>
    </isomsg>
  </send>
</log>
java.lang.Exception: something <not> closed
<log realm="channel/10.0.0.1:4000" at="2026-08-22T10:11:13.000">
  <receive>
    <isomsg>
      <field id="0" value="0810"/>
      <field id="2" value="622609______0048"/>
      <field id="52" value="AA55AA55AA55AA55" type="binary"/>
    </isomsg>
"#;

    fn read_all(text: &str) -> (Vec<LoggedEntry>, bool) {
        let input = std::io::Cursor::new(text.as_bytes().to_vec());
        let mut source = JposLog::new(TextLines::new(Box::new(input)), Zone::UTC);
        let mut all = Vec::new();
        while let Some(entry) = source.next().unwrap() {
            all.push(entry);
        }
        (all, source.is_cut_short())
    }

    #[test]
    fn what_a_channel_could_not_unpack_is_no_silence() {
        let unread = |inside: &str| {
            let text = format!("<log realm=\"a\">\n  <receive>\n{inside}\n  </receive>\n</log>\n");
            read_all(&text).0.len()
        };
        let dump = "--- data ---\n0000  30 32 31 30";
        let nested = "<iso-exception>\nProblem unpacking field 49\n</iso-exception>";
        assert_eq!(unread(&format!("{nested}\n{dump}")), 1);
        assert_eq!(unread("<exception name=\"Required 49\">\n</exception>"), 1);
        // A connection that ended, or time that ran out, was no message.
        assert_eq!(unread("<peer-disconnect/>"), 0);
        let told = "<isomsg>\n<field id=\"0\" value=\"0210\"/>\n</isomsg>\n<exception/>";
        assert_eq!(unread(told), 1);
    }

    #[test]
    fn messages_are_found_whatever_stands_between_them() {
        let (all, cut_short) = read_all(LOG);
        assert!(!cut_short);
        let ways: Vec<_> = all
            .iter()
            .map(|entry| (entry.way, entry.at.map(|at| at.0)))
            .collect();
        let (first, second) = (1_787_393_472_345_000, 1_787_393_473_000_000);
        assert_eq!(
            ways,
            [
                (LoggedWay::Sent, Some(first)),
                (LoggedWay::Received, Some(second))
            ]
        );
        assert_eq!(all[0].channel, "channel/10.0.0.1:4000");
        let LoggedContent::Draft(draft) = &all[0].content else {
            panic!("a message");
        };
        assert_eq!(draft.mti, "0800");
        let pair = |(path, text): &(String, String)| format!("{path}={text}");
        let fields: Vec<_> = draft.fields.iter().map(pair).collect();
        assert_eq!(fields, ["11=000001", "48={a<b}", "60.1=00"]);
        assert_eq!(draft.header[0].1, "6000030000");
    }

    #[test]
    fn a_message_that_the_file_cuts_off_is_told() {
        let (all, cut_short) = read_all(&LOG[..LOG.len() - 30]);
        assert!(cut_short);
        assert!(matches!(all[1].content, LoggedContent::Unusable(_)));
    }
}
