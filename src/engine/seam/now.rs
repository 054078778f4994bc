//! Time as a value. Deadlines count on [`Mono`]; [`Wall`] labels records and fills DE 7, 12, 13.

use crate::iso::spec::{StampForm, StampPart};
use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// Microseconds on a clock that never jumps; its origin means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

/// Microseconds since 1970-01-01T00:00:00Z. May jump: a label, never a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

/// This moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For deadlines.
    pub mono: Mono,
    /// For labels.
    pub wall: Wall,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub for Mono {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Wall {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(micros(duration)))
    }
}

impl Sub for Wall {
    type Output = Duration;

    /// Zero if `earlier` is later: the wall clock may have been set back.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// China Standard Time, the default of the dialects here: eight hours east, no summer time.
const CHINA_SECONDS: i32 = 8 * 3600;

impl Wall {
    fn civil(self) -> jiff::Zoned {
        let offset = jiff::tz::Offset::from_seconds(CHINA_SECONDS).unwrap_or(jiff::tz::Offset::UTC);
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        stamp.to_zoned(jiff::tz::TimeZone::fixed(offset))
    }

    /// As RFC 3339 with microseconds, in China's time: `2026-11-22T10:11:12.345678+08:00`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.civil()
            .strftime("%Y-%m-%dT%H:%M:%S%.6f%:z")
            .to_string()
    }

    /// `MMDD` in China's time: DE 13.
    #[must_use]
    pub fn mmdd(self) -> String {
        self.civil().strftime("%m%d").to_string()
    }

    /// The moment in China's time, as a field of the dialect holds it.
    #[must_use]
    pub fn stamp(self, form: &StampForm) -> String {
        let civil = self.civil();
        let directive = |part: &StampPart| match part {
            StampPart::Century => "%C",
            StampPart::Year => "%y",
            StampPart::Month => "%m",
            StampPart::Day => "%d",
            StampPart::Hour => "%H",
            StampPart::Minute => "%M",
            StampPart::Second => "%S",
        };
        let format: String = form.parts().iter().map(directive).collect();
        civil.strftime(&format).to_string()
    }

    /// `hhmmss` in China's time: DE 12.
    #[must_use]
    pub fn hhmmss(self) -> String {
        self.civil().strftime("%H%M%S").to_string()
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_reads_in_china() {
        let wall = Wall(1_795_313_472_345_678);
        assert_eq!(wall.rfc3339(), "2026-11-22T10:11:12.345678+08:00");
        assert_eq!(
            (wall.mmdd(), wall.hhmmss()),
            ("1122".into(), "101112".into())
        );
        let form = StampForm::read("CCYYMMDDhhmmss").unwrap();
        assert_eq!(wall.stamp(&form), "20261122101112");
    }

    #[test]
    fn time_set_back_is_no_time_passed() {
        assert_eq!(Wall(5) - Wall(9), Duration::ZERO);
        assert_eq!(Mono(5) - Mono(9), Duration::ZERO);
    }
}
