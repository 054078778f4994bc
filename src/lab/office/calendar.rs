//! Which days are worked.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The calendar that comes with the house.
const CHINA: &str = include_str!("../../../proto-specs/calendars/china.toml");

/// No row of days off is longer.
const LONGEST_REST: usize = 60;

/// Days off and make-up working days, by year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The years that are known, each with where its days were published.
    years: BTreeMap<i16, String>,
    off: BTreeSet<Date>,
    work: BTreeSet<Date>,
}

/// Why a calendar is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not TOML, or a key that nobody knows.
    #[error("calendar: {0}")]
    Toml(String),
    /// A day that cannot be.
    #[error(
        "calendar, year {year}: `{text}` is no day or range of days of that year, such as \
         {year}-10-01..{year}-10-07"
    )]
    Day {
        /// Under which year it stands.
        year: i16,
        /// What stands there.
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    year: Vec<CalendarYear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarYear {
    year: i16,
    source: String,
    off: Vec<String>,
    work: Vec<String>,
}

impl Calendar {
    /// Mainland China's, as published by the State Council.
    #[must_use]
    pub fn china() -> Self {
        // A test reads it; one that fails could never have been built into a release.
        Self::read(CHINA).unwrap_or_default()
    }

    /// From TOML, as in `proto-specs/calendars`.
    ///
    /// # Errors
    /// [`CalendarError`], with the year and the day.
    pub fn read(text: &str) -> Result<Self, CalendarError> {
        let file: CalendarFile =
            toml::from_str(text).map_err(|wrong| CalendarError::Toml(wrong.to_string()))?;
        let mut calendar = Self::default();
        for year in file.year {
            for text in &year.off {
                calendar.off.extend(days(year.year, text)?);
            }
            for text in &year.work {
                calendar.work.extend(days(year.year, text)?);
            }
            calendar.years.insert(year.year, year.source);
        }
        Ok(calendar)
    }

    /// Where the days of a year were published; `None` if only its weekends are known.
    #[must_use]
    pub fn source(&self, year: i16) -> Option<&str> {
        self.years.get(&year).map(String::as_str)
    }

    /// Whether banks work on this day.
    #[must_use]
    pub fn is_worked(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.work.contains(&day) || !(weekend || self.off.contains(&day))
    }

    /// Whether between two days lies one that is off, and is no plain weekend.
    #[must_use]
    pub fn has_holiday(&self, after: Date, before: Date) -> bool {
        self.off
            .range(next(after)..before.max(next(after)))
            .next()
            .is_some()
    }

    /// The first working day after this day.
    #[must_use]
    pub fn next_worked(&self, day: Date) -> Date {
        let mut following = day;
        for _ in 0..LONGEST_REST {
            following = next(following);
            if self.is_worked(following) {
                break;
            }
        }
        following
    }
}

/// The day after; the last day that there is has none and stays.
pub(super) fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

/// So many days later.
pub(super) fn later(day: Date, days: u16) -> Date {
    day.saturating_add(i64::from(days).days())
}

/// `2026-10-01`, or `2026-10-01..2026-10-07`.
fn days(year: i16, text: &str) -> Result<Vec<Date>, CalendarError> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let day = |text: &str| text.trim().parse::<Date>().ok();
    let range = day(first)
        .zip(day(last))
        .filter(|(first, last)| first <= last && first.year() == year && last.year() == year);
    let (first, last) = range.ok_or_else(|| CalendarError::Day {
        year,
        text: text.to_owned(),
    })?;
    Ok(first
        .series(1.day())
        .take_while(|day| *day <= last)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// A year has 104 or so days of weekend and the holidays of the law (11 until 2024, then 13);
    /// moving days about changes nothing in their number.
    #[test]
    fn each_year_has_the_working_days_that_the_law_leaves() {
        let china = Calendar::read(CHINA).unwrap();
        for (year, worked) in [
            (2024, 366 - 104 - 11),
            (2025, 365 - 104 - 13),
            (2026, 365 - 104 - 13),
        ] {
            let first = date(year, 1, 1);
            let days = first.series(1.day()).take_while(|day| day.year() == year);
            let count = days.filter(|day| china.is_worked(*day)).count();
            assert_eq!(count, worked, "{year}");
            assert!(china.source(year).unwrap().starts_with("国办发明电"));
        }
        assert_eq!(china.source(2027), None);
    }

    #[test]
    fn what_is_moved_was_a_weekend_and_what_is_off_may_be() {
        let china = Calendar::china();
        for day in &china.work {
            assert!(
                matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
                "{day}"
            );
            assert!(!china.off.contains(day), "{day}");
        }
    }

    #[test]
    fn the_next_working_day_lies_behind_the_holidays() {
        let china = Calendar::china();
        for (day, worked) in [
            (date(2025, 9, 30), date(2025, 10, 9)),
            (date(2026, 2, 13), date(2026, 2, 14)),
            (date(2026, 2, 14), date(2026, 2, 24)),
            (date(2026, 9, 30), date(2026, 10, 8)),
            (date(2026, 11, 27), date(2026, 11, 30)),
            (date(2027, 1, 1), date(2027, 1, 4)),
        ] {
            assert_eq!(china.next_worked(day), worked, "{day}");
        }
    }

    #[test]
    fn a_wrong_calendar_says_which_day() {
        let year = |off: &str| {
            format!("[[year]]\nyear = 2026\nsource = \"s\"\nwork = []\noff = [\"{off}\"]")
        };
        for day in [
            "2026-13-01",
            "2025-01-01",
            "2026-05-05..2026-05-01",
            "",
            "2026-12-31..2027-01-02",
        ] {
            let wrong = Calendar::read(&year(day)).unwrap_err().to_string();
            assert!(
                wrong.contains(&format!("year 2026: `{day}` is no day")),
                "{wrong}"
            );
        }
        let wrong = Calendar::read("[[year]]\nyear = 1")
            .unwrap_err()
            .to_string();
        assert!(wrong.contains("missing field `source`"), "{wrong}");
    }
}
