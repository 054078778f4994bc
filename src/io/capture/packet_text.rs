//! Packets as `tcpdump -x`, `-X`, `-xx` and `-XX` print them: a line that tells of a packet, then
//! its bytes as a dump.

use super::CaptureError;
use super::hex_lines::dump_line;
use super::lines::TextLines;
use super::moment;
use super::packets::{CapturedPacket, PacketSource};
use crate::engine::seam::Zone;
use crate::iso::stream::SeenAt;
use jiff::civil::Time;

/// A packet is not longer.
const LONGEST: usize = 1 << 17;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// A time of day so much earlier than the one before it is one of the next day.
const NEXT_DAY: i64 = DAY / 2;

/// The numbers of pcap for what packets begin with.
const RAW: i32 = 101;
const ETHERNET: i32 = 1;
const LINUX: i32 = 113;
const LINUX_2: i32 = 276;

/// Reads printed packets.
pub(super) struct PacketText {
    lines: TextLines,
    zone: Zone,
    /// When the packet was seen whose bytes follow.
    at: SeenAt,
    /// What to add to times that are told without a day.
    days: i64,
    bytes: Vec<u8>,
}

/// Whether a text is one of printed packets: behind a line that tells of one, its bytes.
pub(super) fn is_packet_text(text: &str) -> bool {
    let lines = text.lines();
    let pairs = lines.clone().zip(lines.skip(1));
    pairs.take(10_000).any(|(told, dump)| {
        let tells = told.contains(" > ") && (told.contains("IP") || told.contains("ethertype"));
        tells && matches!(dump_line(dump), Some((0, bytes)) if link_of(&bytes).is_some())
    })
}

/// What a packet begins with.
fn link_of(bytes: &[u8]) -> Option<i32> {
    let is_ip = |at: usize| {
        let kind = bytes.get(at..at.saturating_add(2));
        matches!(kind, Some([0x08, 0x00] | [0x86, 0xDD] | [0x81, 0x00]))
    };
    match bytes.first() {
        _ if is_ip(12) => Some(ETHERNET),
        _ if is_ip(14) => Some(LINUX),
        _ if is_ip(0) => Some(LINUX_2),
        Some(0x45..=0x4F | 0x60..=0x6F) => Some(RAW),
        _ => None,
    }
}

impl PacketText {
    pub(super) const fn new(lines: TextLines, zone: Zone) -> Self {
        Self {
            lines,
            zone,
            at: SeenAt(0),
            days: 0,
            bytes: Vec::new(),
        }
    }

    /// Takes the time of a line that tells of a packet.
    fn told(&mut self, line: &str) {
        let first = line.split_whitespace().next().unwrap_or_default();
        let whole = moment::at_start(line, &self.zone).or_else(|| since_1970(first));
        if let Some(at) = whole {
            self.at = at;
        } else if let Ok(time) = first.parse::<Time>() {
            let of_day = time.duration_since(Time::MIN).as_micros();
            let of_day = i64::try_from(of_day).unwrap_or(0);
            let mut at = of_day.saturating_add(self.days);
            if self.at.0.saturating_sub(at) > NEXT_DAY {
                self.days = self.days.saturating_add(DAY);
                at = at.saturating_add(DAY);
            }
            self.at = SeenAt(at);
        }
    }

    fn show(&mut self, see: &mut dyn FnMut(&CapturedPacket<'_>)) {
        let data = std::mem::take(&mut self.bytes);
        see(&CapturedPacket {
            at: self.at,
            link: link_of(&data).unwrap_or(RAW),
            data: &data,
            missing: missing(&data),
        });
    }
}

/// Seconds since 1970, as `-tt` prints them.
fn since_1970(word: &str) -> Option<SeenAt> {
    let (seconds, part) = word.split_once('.')?;
    let seconds: i64 = seconds.parse().ok().filter(|seconds| *seconds > 0)?;
    let micros: i64 = part.get(..6)?.parse().ok()?;
    Some(SeenAt(
        seconds.saturating_mul(1_000_000).saturating_add(micros),
    ))
}

/// How many bytes a printed IPv4 packet lacks, by the length that it tells.
fn missing(data: &[u8]) -> u32 {
    let told = match (link_of(data), data.get(..4)) {
        (Some(RAW), Some([0x45..=0x4F, _, high, low])) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    };
    let lacking = usize::from(told).saturating_sub(data.len());
    u32::try_from(lacking).unwrap_or(0)
}

impl PacketSource for PacketText {
    fn next(&mut self, see: &mut dyn FnMut(&CapturedPacket<'_>)) -> Result<bool, CaptureError> {
        loop {
            let line = self.lines.next()?;
            let dump = line.as_deref().and_then(dump_line);
            match (line, dump) {
                (Some(_), Some((offset, bytes))) => {
                    let ends = offset == 0 && !self.bytes.is_empty();
                    if ends {
                        self.show(see);
                    }
                    // What lacks a line before it is no packet.
                    if offset == self.bytes.len() && offset < LONGEST {
                        self.bytes.extend(bytes);
                    }
                    if ends {
                        return Ok(true);
                    }
                }
                (line, _) => {
                    let shown = !self.bytes.is_empty();
                    if shown {
                        self.show(see);
                    }
                    let is_end = line.is_none();
                    self.told(&line.unwrap_or_default());
                    if shown || is_end {
                        return Ok(shown);
                    }
                }
            }
        }
    }

    fn is_cut_short(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(i64, i32, usize, u32)> {
        let input = std::io::Cursor::new(text.as_bytes().to_vec());
        let mut source = PacketText::new(TextLines::new(Box::new(input)), Zone::UTC);
        let mut all = Vec::new();
        let mut see = |packet: &CapturedPacket<'_>| {
            all.push((packet.at.0, packet.link, packet.data.len(), packet.missing));
        };
        while source.next(&mut see).unwrap() {}
        all
    }

    const DUMP: &str = "\t0x0000:  4500 0026 0001 4000 4006 3cad 7f00 0001  E..&..@.@.<.....\n\
                        \t0x0010:  7f00 0001 9c41 2328 0000 0001 0000 0001  .....A#(........\n\
                        \t0x0020:  5018 ffff 4142                           P...AB\n";

    #[test]
    fn packets_are_cut_and_have_their_times() {
        let one = |told: &str| format!("{told} IP 127.0.0.1.40001 > 127.0.0.1.9000: Flags\n{DUMP}");
        let text = format!("{}{}", one("23:59:59.500000"), one("00:00:01.250000"));
        assert!(is_packet_text(&text));
        let day = DAY;
        assert_eq!(
            read(&text),
            [(day - 500_000, RAW, 38, 0), (day + 1_250_000, RAW, 38, 0)]
        );
        for told in ["2026-11-28 10:00:00.000001", "1795860000.000001"] {
            assert_eq!(read(&one(told))[0].0, 1_795_860_000_000_001, "{told}");
        }
    }

    #[test]
    fn a_packet_that_was_printed_in_part_lacks_the_rest() {
        let cut = DUMP.replace("0026", "0526");
        assert_eq!(read(&cut)[0].3, 0x526 - 38);
        assert!(!is_packet_text(&cut), "no line tells of a packet");
    }
}
