//! One row of a file, cell by cell: amounts, days and times as people write them.

use crate::engine::seam::{Wall, Zone};
use crate::iso::message::{Amount, Pan, Stan, Text};
use iso_currency::Currency;
use jiff::civil::{Date, DateTime};
use thiserror::Error;

/// What is wrong with a file, where, and what would be right.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    /// A cell cannot be read.
    #[error("line {line}, column `{column}`: {what}")]
    Cell {
        /// The line in the file, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A row does not have the columns of the header.
    #[error("line {line}: {found} cells, and the header has {wanted}")]
    Length {
        /// The line in the file, from 1.
        line: u64,
        /// The cells of the row.
        found: u64,
        /// The columns of the header.
        wanted: u64,
    },
    /// A column that is needed is missing.
    #[error(
        "line 1: there is no column `{wanted}`, but {found}; name yours with \
         --columns \"{wanted}=NAME\""
    )]
    NoColumn {
        /// The column's name.
        wanted: &'static str,
        /// The columns that are there.
        found: String,
    },
    /// No column names transactions.
    #[error(
        "line 1: no column names a transaction: one of {wanted} is needed, and there are {found}; \
         name yours with --columns \"rrn=NAME\""
    )]
    NoName {
        /// The columns that would.
        wanted: String,
        /// The columns that are there.
        found: String,
    },
    /// A map of columns cannot be read.
    #[error(
        "`{0}` is no map of columns: give OURS=THEIRS, such as rrn=参考号,amount=交易金额; \
         at=交易日期+交易时间 joins two"
    )]
    Map(String),
    /// A column stands twice, and nobody can say which is meant.
    #[error("line 1: the column `{0}` stands twice: rename one of them")]
    Twice(String),
    /// A map names a column that no file of ours has.
    #[error("`{0}` is no column: they are {1}")]
    NoSuchColumn(String, String),
    /// The settings cannot be read.
    #[error("{0}")]
    Settings(String),
    /// The text is no table.
    #[error("no table: {0}")]
    NoTable(String),
}

/// A row while it is read: its cells by the names of our columns; empty where a file lacks one.
#[derive(Debug)]
pub struct RowCells<'r> {
    pub(super) line: u64,
    pub(super) zone: &'r Zone,
    pub(super) named: Vec<(&'static str, String)>,
}

impl RowCells<'_> {
    pub(super) fn text(&self, column: &'static str) -> &str {
        let mut named = self.named.iter();
        let cell = named.find(|(name, _)| *name == column);
        cell.map_or("", |(_, cell)| cell.trim())
    }

    fn wrong(&self, column: &'static str, what: String) -> FileError {
        FileError::Cell {
            line: self.line,
            column,
            what,
        }
    }

    pub(super) fn short<const N: usize>(&self, column: &'static str) -> Result<Text<N>, FileError> {
        let text = self.text(column);
        Text::new(text).ok_or_else(|| {
            self.wrong(
                column,
                format!("`{}` is longer than {N} characters", shown(text)),
            )
        })
    }

    /// A reference number, with the leading zeros that spreadsheets take away.
    pub(super) fn rrn(&self, column: &'static str) -> Result<Text<12>, FileError> {
        self.one_rrn(column, self.text(column))
    }

    fn one_rrn(&self, column: &'static str, text: &str) -> Result<Text<12>, FileError> {
        let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if text.contains("E+") {
            let what = format!(
                "`{}` was shortened by a spreadsheet: export the column as text",
                shown(text)
            );
            return Err(self.wrong(column, what));
        }
        let text = match digits {
            true => format!("{text:0>12}"),
            false => text.to_owned(),
        };
        let what = || format!("`{}` is longer than 12 characters", shown(&text));
        Text::new(&text).ok_or_else(|| self.wrong(column, what()))
    }

    /// Several of them in one cell, joined by `+`.
    pub(super) fn rrns(&self, column: &'static str) -> Result<Vec<Text<12>>, FileError> {
        let parts = self.text(column).split('+').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(|part| self.one_rrn(column, part)).collect()
    }

    /// A card number, masked if it is not; so a clear one never gets any further.
    pub(super) fn card(&self, column: &'static str) -> Result<Text<19>, FileError> {
        let text = self.text(column).replace([' ', '-'], "");
        let clear = text.bytes().all(|c| c.is_ascii_digit());
        let masked = match clear && text.len() > 4 {
            true => Pan::new(text).masked(),
            false => text,
        };
        Text::new(&masked)
            .ok_or_else(|| self.wrong(column, "longer than a card number of 19 digits".to_owned()))
    }

    pub(super) fn stan(&self, column: &'static str) -> Result<Option<Stan>, FileError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|_| text.len() <= 12);
        let what = || format!("`{}` is no trace number of up to 12 digits", shown(text));
        number
            .map(|number| Some(Stan(number)))
            .ok_or_else(|| self.wrong(column, what()))
    }

    pub(super) fn count(&self, column: &'static str) -> Result<u64, FileError> {
        let text = self.text(column);
        let what = || format!("`{}` is no number of transactions", shown(text));
        text.parse().map_err(|_wrong| self.wrong(column, what()))
    }

    /// An amount with the decimals of a currency; `None` where the cell is empty.
    pub(super) fn amount_if_any(
        &self,
        column: &'static str,
        currency: &str,
    ) -> Result<Option<Amount>, FileError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let what = || format!("`{}` is no amount: give 888.00", shown(text));
        amount(text, decimals(currency))
            .map(Some)
            .ok_or_else(|| self.wrong(column, what()))
    }

    pub(super) fn amount(&self, column: &'static str, currency: &str) -> Result<Amount, FileError> {
        let amount = self.amount_if_any(column, currency)?;
        amount.ok_or_else(|| self.wrong(column, "empty: give an amount such as 888.00".to_owned()))
    }

    pub(super) fn date(&self, column: &'static str) -> Result<Option<Date>, FileError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let what = || format!("`{}` is no day: give 2026-11-22", shown(text));
        date(text)
            .map(Some)
            .ok_or_else(|| self.wrong(column, what()))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Option<Wall>, FileError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let what = || {
            format!(
                "`{}` is no time: give 2026-11-22T10:11:12+08:00",
                shown(text)
            )
        };
        time(text, self.zone)
            .map(Some)
            .ok_or_else(|| self.wrong(column, what()))
    }

    /// One of a few words; `usual` where there is no such column.
    pub(super) fn word<W: Copy>(
        &self,
        column: &'static str,
        usual: Option<W>,
        (read, all): (impl Fn(&str) -> Option<W>, &[&str]),
    ) -> Result<W, FileError> {
        let text = self.text(column);
        let there = self.named.iter().any(|(name, _)| *name == column);
        let read = match there {
            true => read(text),
            false => usual,
        };
        let what = || format!("`{}` is none of {}", shown(text), all.join(", "));
        read.ok_or_else(|| self.wrong(column, what()))
    }
}

/// A cell as an error may show it: short, and without what could be a card number.
fn shown(cell: &str) -> String {
    let cell: String = cell.chars().take(40).collect();
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let hide = |c: char| if c.is_ascii_digit() { '*' } else { c };
    match digits >= 13 {
        true => cell.chars().map(hide).collect(),
        false => cell,
    }
}

/// How many decimals the amounts of a currency have (ISO 4217); two where it is not known.
pub(super) fn decimals(currency: &str) -> usize {
    let known = currency.parse().ok().and_then(Currency::from_numeric);
    known.and_then(Currency::exponent).unwrap_or(2).into()
}

/// `888.00`, `888`, `1,234.50`, `¥888.00`: always whole units and decimals, never minor units.
#[must_use]
pub fn amount(text: &str, decimals: usize) -> Option<Amount> {
    let text = text.trim_start_matches(['¥', '￥']).trim_end_matches('元');
    let text = text.replace(',', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    // Zeros behind the decimals of the currency say nothing.
    let extra = part.get(decimals..).unwrap_or_default();
    let part = part.get(..decimals).unwrap_or(part);
    let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    let sound = !whole.is_empty() && digits(whole) && digits(part);
    let minor = format!("{whole}{part:0<decimals$}");
    let minor = minor.parse().ok().map(Amount);
    minor.filter(|_| sound && extra.bytes().all(|c| c == b'0'))
}

/// `88800` as `888.00`.
pub(super) fn amount_text(amount: Amount, currency: &str) -> String {
    let decimals = decimals(currency);
    let digits = format!("{:0>width$}", amount.0, width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    match decimals {
        0 => whole.to_owned(),
        _ => format!("{whole}.{part}"),
    }
}

/// `2026-11-22`, `20261122` or `2026/11/22`.
fn date(text: &str) -> Option<Date> {
    let text = text.replace('/', "-");
    let form = if text.contains('-') {
        "%Y-%m-%d"
    } else {
        "%Y%m%d"
    };
    Date::strptime(form, &text).ok()
}

/// RFC 3339, or a time in the zone, with or without separators; a bare day is its beginning.
fn time(text: &str, zone: &Zone) -> Option<Wall> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(Wall(stamp.as_microsecond()));
    }
    let text = text.replace('/', "-");
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y%m%d%H%M%S",
        "%Y%m%d %H%M%S",
        "%Y%m%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H%M%S",
    ];
    let mut civil = forms
        .iter()
        .filter_map(|form| DateTime::strptime(form, &text).ok());
    let civil = civil.next().or_else(|| Some(date(&text)?.at(0, 0, 0, 0)))?;
    zone.moment(civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, decimals, minor) in [
            ("888.00", 2, 88_800),
            ("888", 2, 88_800),
            ("888.5", 2, 88_850),
            ("1,234.50", 2, 123_450),
            ("¥0.01", 2, 1),
            ("12.00元", 2, 1_200),
            ("500", 0, 500),
            ("500.00", 0, 500),
            ("12.345", 3, 12_345),
        ] {
            assert_eq!(amount(text, decimals), Some(Amount(minor)), "{text}");
        }
        for text in [
            "",
            ".5",
            "-1.00",
            "1.005",
            "88 8",
            "1.2.3",
            "99999999999999999999",
        ] {
            assert_eq!(amount(text, 2), None, "{text}");
        }
        assert_eq!(amount_text(Amount(5), "156"), "0.05");
        assert_eq!(amount_text(Amount(500), "392"), "500");
    }

    #[test]
    fn times_are_read_in_the_zone_unless_they_name_theirs() {
        let wanted = Some(Wall(1_795_313_472_000_000));
        for text in [
            "2026-11-22T10:11:12+08:00",
            "2026-11-22T02:11:12Z",
            "2026-11-22T10:11:12",
            "2026-11-22 10:11:12",
            "20261122101112",
            "20261122 101112",
            "2026/11/22 10:11:12",
        ] {
            assert_eq!(time(text, &Zone::CHINA), wanted, "{text}");
        }
        assert_eq!(time("10:11", &Zone::CHINA), None);
    }

    #[test]
    fn an_error_shows_no_card_number() {
        assert!(!shown("6226090000000048").contains("6226"));
        assert_eq!(shown("888.x"), "888.x");
    }
}
