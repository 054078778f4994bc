//! Hex as people paste it: a message a line, with or without spaces, behind times and words; or
//! dumps with offsets and a column of characters.

use super::CaptureError;
use super::lines::TextLines;
use super::log::{LogSource, LoggedContent, LoggedEntry, LoggedWay};
use super::moment;
use crate::engine::seam::Zone;
use crate::iso::stream::SeenAt;
use std::collections::VecDeque;

/// A line with fewer bytes of hex than this holds no message.
const SHORTEST: usize = 8;
/// A dump is not longer.
const LONGEST: usize = 1 << 17;

/// Words behind which somebody sent, in capitals.
const SENT: [&str; 10] = [
    "SEND", "SENT", "SENDING", "OUT", "TX", "REQ", "REQUEST", ">>", "-->", "发送",
];
/// Words behind which somebody received.
const RECEIVED: [&str; 11] = [
    "RECV", "RECEIVE", "RECEIVED", "RCVD", "IN", "RX", "RSP", "RESPONSE", "<<", "<--", "接收",
];

/// Reads messages out of lines of hex.
pub(super) struct HexLines {
    lines: TextLines,
    zone: Zone,
    /// The dump that goes on, and what stood before it.
    dump: Vec<u8>,
    before: LineWords,
    ready: VecDeque<LoggedEntry>,
}

/// What a line says beside its hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LineWords {
    at: Option<SeenAt>,
    way: LoggedWay,
}

impl LineWords {
    const NONE: Self = Self {
        at: None,
        way: LoggedWay::Unknown,
    };

    fn of(text: &str, zone: &Zone) -> Self {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '<' | '>' | '-');
        let words = text.split(|c| !is_word(c)).filter(|word| !word.is_empty());
        let way = words.map(|word| {
            let word = word.to_uppercase();
            match (SENT.contains(&&*word), RECEIVED.contains(&&*word)) {
                (true, _) => LoggedWay::Sent,
                (_, true) => LoggedWay::Received,
                _ => LoggedWay::Unknown,
            }
        });
        Self {
            at: moment::at_start(text, zone),
            way: { way }
                .find(|way| *way != LoggedWay::Unknown)
                .unwrap_or(LoggedWay::Unknown),
        }
    }
}

impl HexLines {
    pub(super) fn new(lines: TextLines, zone: Zone) -> Self {
        Self {
            lines,
            zone,
            dump: Vec::new(),
            before: LineWords::NONE,
            ready: VecDeque::new(),
        }
    }

    fn put(&mut self, bytes: Vec<u8>, words: LineWords) {
        self.ready.push_back(LoggedEntry {
            at: words.at,
            channel: String::new(),
            way: words.way,
            content: LoggedContent::Bytes(bytes),
        });
    }

    fn end_dump(&mut self) {
        if !self.dump.is_empty() {
            let (bytes, words) = (std::mem::take(&mut self.dump), self.before);
            self.before = LineWords::NONE;
            self.put(bytes, words);
        }
    }

    fn take(&mut self, line: &str) {
        if let Some((offset, bytes)) = dump_line(line) {
            if offset == 0 || offset != self.dump.len() {
                self.end_dump();
            }
            if self.dump.len().saturating_add(bytes.len()) <= LONGEST {
                self.dump.extend(bytes);
            }
            return;
        }
        self.end_dump();
        match hex_of(line) {
            Some((bytes, words)) => {
                let mut said = LineWords::of(words, &self.zone);
                // A line of words may stand before the line of hex.
                if said.way == LoggedWay::Unknown {
                    said.way = self.before.way;
                }
                said.at = said.at.or(self.before.at);
                self.before = LineWords::NONE;
                self.put(bytes, said);
            }
            None if line.trim().is_empty() => {}
            None => self.before = LineWords::of(line, &self.zone),
        }
    }
}

impl LogSource for HexLines {
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            match self.lines.next()? {
                Some(line) => self.take(&line),
                None if self.dump.is_empty() => return Ok(None),
                None => self.end_dump(),
            }
        }
    }
}

/// Whether a line holds a message in hex, or a piece of a dump.
pub(super) fn is_hex(line: &str) -> bool {
    dump_line(line).is_some() || hex_of(line).is_some()
}

/// The bytes of a line of a dump, and their offset: `0x0010:  4500 003c  E..<`,
/// `00000010  60 00 03  |`..|`.
pub(super) fn dump_line(line: &str) -> Option<(usize, Vec<u8>)> {
    let line = line.trim_start();
    let end = line.find([':', ' ', '\t'])?;
    let (offset, rest) = line.split_at(end);
    let is_marked = rest.starts_with(':') || offset.starts_with("0x");
    let digits = offset.trim_start_matches("0x");
    let is_offset = (4..=8).contains(&digits.len()) && digits.len().is_multiple_of(4);
    let offset = usize::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_offset)?;
    let rest = rest.trim_start_matches(':');
    let body = rest.trim_start();
    // The column of characters stands behind two blanks, or behind a bar. Without a colon, eight
    // bytes may stand apart from the next eight.
    let wide = body.find("  ").filter(|at| is_marked || *at > 24);
    let wide = wide.unwrap_or(body.len());
    let body = body.get(..wide.min(body.find('|').unwrap_or(body.len())))?;
    let mut bytes = Vec::with_capacity(16);
    for group in body.split_whitespace() {
        match super::draft::from_hex(group) {
            Some(group) if group.len() <= 8 => bytes.extend(group),
            _ => break,
        }
    }
    let is_dump = is_marked || rest.starts_with("  ");
    let is_line = !bytes.is_empty() && bytes.len() <= 32 && offset.is_multiple_of(16);
    Some((offset, bytes)).filter(|_| is_dump && is_line)
}

/// The bytes of the longest row of hex in a line, and the words before it. Remarks begin with `#`.
fn hex_of(line: &str) -> Option<(Vec<u8>, &str)> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let mut best: Option<(usize, usize, usize)> = None;
    let mut run: Option<(usize, usize, usize)> = None;
    for (at, word, is_last) in words(line) {
        let end = at.saturating_add(word.len());
        let is_hex = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        run = run.or(Some((at, end, 0))).filter(|_| is_hex);
        if let Some((_, to, count)) = &mut run {
            (*to, *count) = (end, count.saturating_add(word.len()));
        }
        let is_longer = |run: (usize, usize, usize)| best.is_none_or(|best| run.2 > best.2);
        best = run.filter(|run| is_longer(*run)).or(best);
        run = run.filter(|_| !is_last);
    }
    let (from, end, count) = best.filter(|(_, _, count)| *count >= SHORTEST * 2)?;
    if !count.is_multiple_of(2) {
        return None;
    }
    let digits: String = line.get(from..end)?.split_whitespace().collect();
    Some((super::draft::from_hex(&digits)?, line.get(..from)?))
}

/// The words of a line, their places, and whether a mark such as a colon or a bracket ends them,
/// so that what follows is another thing.
fn words(line: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let is_mark = |c: char| ":=[](){}<>\"',;|".contains(c);
    let mut at = 0usize;
    line.split_inclusive(move |c: char| c.is_whitespace() || is_mark(c))
        .map(move |piece| {
            let start = at;
            at = at.saturating_add(piece.len());
            let word = piece.trim_end_matches(|c: char| c.is_whitespace() || is_mark(c));
            (start, word, piece.ends_with(is_mark))
        })
        .filter(|(_, word, is_last)| !word.is_empty() || *is_last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "0800202000000080000092000049";

    fn read(text: &str) -> Vec<(String, LoggedWay, Option<i64>)> {
        let input = std::io::Cursor::new(text.as_bytes().to_vec());
        let mut source = HexLines::new(TextLines::new(Box::new(input)), Zone::UTC);
        let mut all = Vec::new();
        while let Some(entry) = source.next().unwrap() {
            let LoggedContent::Bytes(bytes) = entry.content else {
                panic!("hex is bytes");
            };
            let hex = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            all.push((hex, entry.way, entry.at.map(|at| at.0)));
        }
        all
    }

    #[test]
    fn a_line_is_a_message_whatever_stands_before_it() {
        let (spaced, lower) = (
            "08 00 20 20 00 00 00 80 00 00 92 00 00 49",
            FRAME.to_lowercase(),
        );
        for line in [
            FRAME.to_owned(),
            spaced.to_owned(),
            lower,
            format!("SEND: {FRAME}"),
            format!("2026-08-22 10:11:12.345 [pos-7] INFO send[14]={spaced}"),
            format!("10:11:12 >> {FRAME}"),
            format!("{{\"raw\":\"{FRAME}\"}}"),
            format!("发送 {FRAME}"),
        ] {
            let found = read(&line);
            assert_eq!(found.len(), 1, "{line}");
            assert_eq!(found[0].0, FRAME, "{line}");
        }
    }

    #[test]
    fn words_tell_the_way_and_times_the_moment() {
        let text = format!("2026-08-22 10:11:12.345 SEND: {FRAME}\nRECV\n{FRAME}\n# {FRAME}\n");
        let found = read(&text);
        let ways: Vec<_> = found.iter().map(|(_, way, at)| (*way, *at)).collect();
        let at = 1_787_393_472_345_000;
        assert_eq!(
            ways,
            [(LoggedWay::Sent, Some(at)), (LoggedWay::Received, None)]
        );
    }

    #[test]
    fn dumps_are_put_together_by_their_offsets() {
        for text in [
            "0x0000:  0800 2020 0000 0080 0000 9200 0049 6000  ..........\n\
             \t0x0010:  0102 03  ...\n",
            "00000000  08 00 20 20 00 00 00 80  00 00 92 00 00 49 60 00  |..  .....|\n\
             00000010  01 02 03                                          |...|\n",
            "00000000: 0800 2020 0000 0080 0000 9200 0049 6000  ..  .........I`.\n\
             00000010: 0102 03                                  AB\n",
        ] {
            let found = read(&format!("RECV\n{text}{text}"));
            let hex: Vec<_> = found
                .iter()
                .map(|(hex, way, _)| (hex.as_str(), *way))
                .collect();
            let frame = format!("{FRAME}6000010203");
            let expected = [
                (&*frame, LoggedWay::Received),
                (&*frame, LoggedWay::Unknown),
            ];
            assert_eq!(hex, expected, "{text}");
        }
    }
}
