//! Time as a value. Deadlines count on [`Mono`]; [`Wall`] labels records and fills DE 7, 12, 13.

use crate::iso::spec::{StampForm, StampPart};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
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

/// The zone of local times: DE 12 and 13, and every moment that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);
    /// China's: eight hours east, no summer time.
    pub const CHINA: Self = Self(TimeZone::fixed(Offset::constant(8)));

    /// Reads `+08:00`, `UTC`, or a name of the IANA time zone database (`Europe/Berlin`), of which
    /// the binary brings a copy. `None` if it is none of these.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some(hours) = text.strip_prefix(['+', '-']) {
            let (hours, minutes) = hours.split_once(':')?;
            let [hours, minutes] = [hours, minutes].map(|part| part.parse::<i32>().ok());
            // No zone is further from UTC than fourteen hours.
            let hours = hours.filter(|hours| *hours <= 14)?;
            let seconds = hours * 3600 + minutes.filter(|minutes| *minutes < 60)? * 60;
            let east = if text.starts_with('-') {
                -seconds
            } else {
                seconds
            };
            return Some(Self(TimeZone::fixed(Offset::from_seconds(east).ok()?)));
        }
        let database = TimeZoneDatabase::bundled();
        database.get(text).ok().map(Self)
    }

    /// The moment at which clocks here show this; of two such moments the first.
    #[must_use]
    pub fn moment(&self, shown: jiff::civil::DateTime) -> Option<Wall> {
        let stamp = self.0.to_ambiguous_timestamp(shown).compatible().ok()?;
        Some(Wall(stamp.as_microsecond()))
    }
}

impl fmt::Display for Zone {
    /// As [`Zone::read`] takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(offset)) => {
                let minutes = offset.seconds() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                write!(f, "{sign}{hours:02}:{minutes:02}")
            }
            (None, Err(_unnamed)) => f.write_str("UTC"),
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::CHINA
    }
}

impl Wall {
    fn civil(self, zone: &Zone) -> jiff::Zoned {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        stamp.to_zoned(zone.0.clone())
    }

    /// What clocks show here at this moment; [`Zone::moment`] is the way back.
    #[must_use]
    pub fn shown(self, zone: &Zone) -> jiff::civil::DateTime {
        self.civil(zone).datetime()
    }

    /// As RFC 3339 with microseconds: `2026-11-22T10:11:12.345678+08:00`.
    #[must_use]
    pub fn rfc3339(self, zone: &Zone) -> String {
        self.civil(zone)
            .strftime("%Y-%m-%dT%H:%M:%S%.6f%:z")
            .to_string()
    }

    /// The day.
    #[must_use]
    pub fn date(self, zone: &Zone) -> jiff::civil::Date {
        self.civil(zone).date()
    }

    /// The time of day.
    #[must_use]
    pub fn time(self, zone: &Zone) -> jiff::civil::Time {
        self.civil(zone).time()
    }

    /// `MMDD`: DE 13.
    #[must_use]
    pub fn mmdd(self, zone: &Zone) -> String {
        self.civil(zone).strftime("%m%d").to_string()
    }

    /// The moment as a field of the dialect holds it: in UTC if the dialect says so, else in this
    /// zone.
    #[must_use]
    pub fn stamp(self, form: &StampForm, zone: &Zone) -> String {
        let civil = match form.is_utc() {
            true => self.civil(&Zone::UTC),
            false => self.civil(zone),
        };
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

    /// `hhmmss`: DE 12.
    #[must_use]
    pub fn hhmmss(self, zone: &Zone) -> String {
        self.civil(zone).strftime("%H%M%S").to_string()
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339(&Zone::CHINA))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_in_its_zone() {
        let wall = Wall(1_795_313_472_345_678);
        assert_eq!(
            wall.rfc3339(&Zone::CHINA),
            "2026-11-22T10:11:12.345678+08:00"
        );
        assert_eq!(
            (wall.mmdd(&Zone::CHINA), wall.hhmmss(&Zone::CHINA)),
            ("1122".into(), "101112".into())
        );
        let berlin = Zone::read("Europe/Berlin").unwrap();
        assert_eq!(wall.rfc3339(&berlin), "2026-11-22T03:11:12.345678+01:00");
    }

    #[test]
    fn a_field_that_holds_utc_holds_utc_in_every_zone() {
        let wall = Wall(1_795_313_472_345_678);
        let local = StampForm::read("CCYYMMDDhhmmss").unwrap();
        let utc = StampForm::read("MMDDhhmmssZ").unwrap();
        assert_eq!(wall.stamp(&local, &Zone::CHINA), "20261122101112");
        assert_eq!(wall.stamp(&utc, &Zone::CHINA), "1122021112");
        assert_eq!(
            wall.stamp(&utc, &Zone::read("-03:30").unwrap()),
            "1122021112"
        );
    }

    #[test]
    fn what_is_no_zone_is_not_read() {
        for text in [
            "",
            "+8",
            "+08:60",
            "+15:00",
            "+99:00",
            "Asia/Peking2",
            "+08:00:00",
        ] {
            assert_eq!(Zone::read(text), None, "{text}");
        }
    }

    #[test]
    fn time_set_back_is_no_time_passed() {
        assert_eq!(Wall(5) - Wall(9), Duration::ZERO);
        assert_eq!(Mono(5) - Mono(9), Duration::ZERO);
    }
}
