//! What names a transaction, as people write it: numbers, amounts, times.

use super::lang::{Phrase, Said};
use crate::engine::seam::{Wall, Zone, duration};
use crate::iso::message::{Amount, Stan, TerminalId, Text};
use jiff::civil::{Date, DateTime};
use std::fmt;

/// What cannot be understood, and what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The key is of no known form.
    Key(String),
    /// Not a STAN.
    Stan(String),
    /// Not an amount.
    Amount(String),
    /// An amount that is meant in one way and would be read in another.
    Unclear(String),
    /// Not a time.
    Time(String),
    /// Not the last four digits.
    Last4(String),
    /// Not a state.
    Which(String),
    /// Too long for a terminal's id.
    Terminal(String),
}

const KEY: Phrase = Phrase::new(
    "`{text}` names no transaction: give its id (26 characters), an RRN (12), TERMINAL/STAN or \
     TERMINAL/STAN/DATE, an authorization code or STAN (6), or a terminal (8)",
    "`{text}` 不是交易的任何编号: 可用交易号(26位)、检索参考号(12位)、终端号/流水号、\
     终端号/流水号/日期、授权码或流水号(6位)、终端号(8位)",
);
const STAN: Phrase = Phrase::new(
    "`{text}` is no STAN: give up to six digits, or twelve in ISO 8583:2003",
    "`{text}` 不是流水号: 最多六位数字, ISO 8583:2003 为十二位",
);
const AMOUNT: Phrase = Phrase::new(
    "`{text}` is no amount: give 888.00 (or 888.000), or minor units such as 88800",
    "`{text}` 不是金额: 请写 888.00 (或 888.000), 或整数分, 例如 88800",
);
const UNCLEAR: Phrase = Phrase::new(
    "`{text}` could be {text}.00 or as many minor units: write {text}.00, or minor units with at \
     least three digits, such as 001",
    "`{text}` 可能是 {text}.00, 也可能是 {text} 分: 请写 {text}.00, 或至少三位的整数分, 例如 001",
);
const TIME: Phrase = Phrase::new(
    "`{text}` is no time: give 2026-11-22, 2026-11-22T10:15 or 2026-11-22T10:15:00+08:00",
    "`{text}` 不是时间: 请写 2026-11-22、2026-11-22T10:15 或 2026-11-22T10:15:00+08:00",
);
const LAST4: Phrase = Phrase::new(
    "`{text}` is not the end of a card number: give its last four digits",
    "`{text}` 不是卡号末四位",
);
const WHICH: Phrase = Phrase::new(
    "`{text}` is no state: give `open`, a class U1 to U9, or a state such as REVERSED",
    "没有状态 `{text}`: 请写 `open`、类别 U1 至 U9, 或 REVERSED 等状态",
);
const TERMINAL: Phrase = Phrase::new(
    "`{text}` is too long for a terminal",
    "`{text}` 作为终端号过长",
);

impl QueryError {
    /// In both languages.
    #[must_use]
    pub fn said(&self) -> Said {
        let (phrase, text) = match self {
            Self::Key(text) => (KEY, text),
            Self::Stan(text) => (STAN, text),
            Self::Amount(text) => (AMOUNT, text),
            Self::Unclear(text) => (UNCLEAR, text),
            Self::Time(text) => (TIME, text),
            Self::Last4(text) => (LAST4, text),
            Self::Which(text) => (WHICH, text),
            Self::Terminal(text) => (TERMINAL, text),
        };
        phrase.fill(&[("text", Said::same(text))])
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said().en)
    }
}

impl std::error::Error for QueryError {}

/// A terminal's id.
///
/// # Errors
/// If it is longer than one can be.
pub fn terminal_id(text: &str) -> Result<TerminalId, QueryError> {
    Text::new(text).ok_or_else(|| QueryError::Terminal(text.to_owned()))
}

/// A STAN of up to six digits, or twelve (ISO 8583:2003).
///
/// # Errors
/// If it is none.
pub fn stan(text: &str) -> Result<Stan, QueryError> {
    let digits = text.len() <= 12 && text.bytes().all(|c| c.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .map(Stan)
        .ok_or_else(|| QueryError::Stan(text.to_owned()))
}

/// An amount: `888.00` as people write it, with three decimals where the currency has them, or
/// `88800` in minor units. One or two digits alone are refused: `1` is meant as 1.00 by most, and
/// would be 0.01.
///
/// # Errors
/// If it is neither.
pub fn amount(text: &str) -> Result<Amount, QueryError> {
    let wrong = || QueryError::Amount(text.to_owned());
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let minor = match text.split_once('.') {
        Some((whole, cents)) if digits(whole) && digits(cents) && matches!(cents.len(), 2 | 3) => {
            format!("{whole}{cents}")
        }
        None if digits(text) && text.len() > 2 => text.to_owned(),
        None if digits(text) => return Err(QueryError::Unclear(text.to_owned())),
        _ => return Err(wrong()),
    };
    minor.parse().map(Amount).map_err(|_wrong| wrong())
}

/// The last four digits of a card.
///
/// # Errors
/// If they are not four digits.
pub fn last4(text: &str) -> Result<Text<4>, QueryError> {
    let digits = text.len() == 4 && text.bytes().all(|c| c.is_ascii_digit());
    Text::new(text)
        .filter(|_| digits)
        .ok_or_else(|| QueryError::Last4(text.to_owned()))
}

/// A time, or the beginning of a day, in this zone unless it says otherwise.
///
/// # Errors
/// If it is no time.
pub fn time(text: &str, zone: &Zone) -> Result<Wall, QueryError> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Ok(Wall(stamp.as_microsecond()));
    }
    let civil = text.parse::<DateTime>();
    civil
        .ok()
        .and_then(|civil| zone.moment(civil))
        .ok_or_else(|| QueryError::Time(text.to_owned()))
}

/// As `read` reads it, or a time of today such as `10:15`, or so long ago as `10m` says.
///
/// # Errors
/// If it is no time.
pub fn moment(
    text: &str,
    (now, zone): (Wall, &Zone),
    read: fn(&str, &Zone) -> Result<Wall, QueryError>,
) -> Result<Wall, QueryError> {
    if let Some(ago) = duration(text) {
        let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
        return Ok(Wall(now.0.saturating_sub(micros)));
    }
    let is_of_today = text.contains(':') && !text.contains('-');
    let today = is_of_today.then(|| format!("{}T{text}", now.date(zone)));
    read(today.as_deref().unwrap_or(text), zone)
        .map_err(|_unknown| QueryError::Time(text.to_owned()))
}

/// As [`time`], but of a bare day its end.
///
/// # Errors
/// If it is no time.
pub fn end(text: &str, zone: &Zone) -> Result<Wall, QueryError> {
    let is_day = text.len() == "2026-11-22".len();
    let tomorrow = text
        .parse::<Date>()
        .ok()
        .filter(|_| is_day)
        .and_then(|day| day.tomorrow().ok());
    match tomorrow.and_then(|day| zone.moment(day.at(0, 0, 0, 0))) {
        Some(end) => Ok(end),
        None => time(text, zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_people_s_or_minor_units() {
        assert_eq!(amount("888.00"), Ok(Amount(88_800)));
        assert_eq!(amount("88800"), Ok(Amount(88_800)));
        assert_eq!(amount("001"), Ok(Amount(1)));
        for unclear in ["1", "50"] {
            assert_eq!(
                amount(unclear),
                Err(QueryError::Unclear(unclear.to_owned()))
            );
        }
        for wrong in ["888.0", "888,00", "-1", "", ".50", "99999999999999999999"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }
}
