//! The times that logs write, in whatever way.

use crate::engine::seam::Zone;
use crate::iso::stream::SeenAt;
use jiff::Timestamp;
use jiff::civil::DateTime;

/// The moment that a text is; without an offset, by the clocks of `zone`.
pub(super) fn read(text: &str, zone: &Zone) -> Option<SeenAt> {
    let text = text.trim();
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(SeenAt(stamp.as_microsecond()));
    }
    let plain = text.replace(',', ".").replace('/', "-");
    let civil = plain.parse::<DateTime>().ok().or_else(|| with_words(text));
    Some(SeenAt(zone.moment(civil?)?.0))
}

/// `Sat Nov 22 10:11:12.345 UYST 2014`, as jPOS wrote it once.
fn with_words(text: &str) -> Option<DateTime> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, month, day, time, _, year] = words.as_slice() else {
        return None;
    };
    DateTime::strptime(
        "%b %d %Y %H:%M:%S%.f",
        format!("{month} {day} {year} {time}"),
    )
    .ok()
}

/// The moment that a line begins with, if it does: date and time in one word or two.
pub(super) fn at_start(line: &str, zone: &Zone) -> Option<SeenAt> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '[');
    if !line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_end = |c: char| c.is_whitespace() || c == ']';
    let mut ends = line
        .char_indices()
        .filter(|(_, c)| is_end(*c))
        .map(|(at, _)| at);
    let (first, second) = (ends.next(), ends.next().or(Some(line.len())));
    let read = |end: Option<usize>| read(line.get(..end?)?, zone);
    // A date alone would be its midnight.
    read(second).or_else(|| read(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        let at = SeenAt(1_787_393_472_345_000);
        for text in [
            "2026-08-22T10:11:12.345Z",
            "2026-08-22T10:11:12.345",
            "2026-08-22 10:11:12.345",
            "2026-08-22 10:11:12,345",
            "2026/08/22 10:11:12.345",
            "2026-08-22T18:11:12.345+08:00",
            "Sat Aug 22 10:11:12.345 UTC 2026",
        ] {
            assert_eq!(read(text, &Zone::UTC), Some(at), "{text}");
        }
        assert_eq!(
            at_start("[2026-08-22 10:11:12.345] SEND", &Zone::UTC),
            Some(at)
        );
        assert_eq!(at_start("SEND 2026-08-22 10:11:12.345", &Zone::UTC), None);
        assert_eq!(read("yesterday", &Zone::UTC), None);
    }
}
