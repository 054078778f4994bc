//! Lengths of time as people write them.

use std::time::Duration;

/// A time as it is written in files and on the command line: `1m30s`, `200ms`, `24h`, `90d`, whole
/// numbers with units, added up.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| !c.is_ascii_digit());
        let (unit, after) = split(after, |c| c.is_ascii_digit());
        let one = match unit {
            "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            "d" => Duration::from_secs(24 * 3600),
            _ => return None,
        };
        total = total.checked_add(one.checked_mul(number.parse().ok()?)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// What stands before the first character of a sort, and the rest.
fn split(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_units() {
        for (text, millis) in [
            ("45s", 45_000),
            ("200ms", 200),
            ("24h", 86_400_000),
            ("1m30s", 90_000),
            ("90d", 7_776_000_000),
            ("0s", 0),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for wrong in ["", "45", "s", "45 s", "-1s", "1.5s", "45x", "99999999999s"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
