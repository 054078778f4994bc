//! Knobs as text: `p=0.02,delay=1s..2s`.

use super::CatalogueEntry;
use crate::engine::evidence::amount;
use crate::engine::seam::Dice;
use crate::iso::message::{FieldPath, ResponseCode};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a fault's text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such fault.
    #[error("there is no fault `{0}` here; `isogate fault list` shows those there are")]
    Unknown(String),
    /// Not of the form `knob=value`.
    #[error("{id}: `{knob}` is no knob: write knob=value, such as p=0.02")]
    Form {
        /// The fault.
        id: &'static str,
        /// What was given.
        knob: String,
    },
    /// The fault has no such knob.
    #[error("{id} has no knob `{knob}`; it has {}{own}", super::Aim::KNOBS)]
    Knob {
        /// The fault.
        id: &'static str,
        /// What was given.
        knob: String,
        /// Its own knobs, each with a comma before it.
        own: String,
    },
    /// It cannot be lived out on a gateway's wire.
    #[error(
        "{id} happens inside a terminal, an acquirer or its back office: a gateway's wire cannot \
         do it; leave out leg and answer"
    )]
    NotOnWire {
        /// The fault.
        id: &'static str,
    },
    /// It would strike all cards and channels.
    #[error(
        "{id} is about some cards or one channel: aim it with bin, card or channel, such as \
         {id}:bin=62162611"
    )]
    Unaimed {
        /// The fault.
        id: &'static str,
    },
    /// The value cannot be.
    #[error("{id}: `{knob}={value}` cannot be: {wanted}")]
    Value {
        /// The fault.
        id: &'static str,
        /// The knob.
        knob: &'static str,
        /// What was given.
        value: String,
        /// What is wanted instead.
        wanted: String,
    },
}

/// The knobs given to one fault; each is taken once.
pub(super) struct Knobs<'a> {
    about: CatalogueEntry,
    given: Vec<(&'a str, &'a str)>,
}

impl<'a> Knobs<'a> {
    pub(super) fn new(about: CatalogueEntry, text: &'a str) -> Result<Self, FaultError> {
        let pair = |knob: &'a str| {
            knob.split_once('=').ok_or_else(|| FaultError::Form {
                id: about.id,
                knob: knob.to_owned(),
            })
        };
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        Ok(Self {
            about,
            given: parts.map(pair).collect::<Result<_, _>>()?,
        })
    }

    /// The fault that they are for.
    pub(super) const fn about(&self) -> CatalogueEntry {
        self.about
    }

    /// The text of a knob, if given.
    pub(super) fn text(&mut self, knob: &str) -> Option<&'a str> {
        let at = self.given.iter().position(|(name, _)| *name == knob)?;
        Some(self.given.remove(at).1)
    }

    /// A knob's value, or `default`.
    pub(super) fn value<T: FromStr<Err = &'static str>>(
        &mut self,
        knob: &'static str,
        default: T,
    ) -> Result<T, FaultError> {
        Ok(self.optional(knob)?.unwrap_or(default))
    }

    /// A knob's value, if given.
    pub(super) fn optional<T: FromStr<Err = &'static str>>(
        &mut self,
        knob: &'static str,
    ) -> Result<Option<T>, FaultError> {
        let id = self.about.id;
        let Some(text) = self.text(knob) else {
            return Ok(None);
        };
        let value = text.to_owned();
        text.parse()
            .map(Some)
            .map_err(|wanted: &str| FaultError::Value {
                id,
                knob,
                value,
                wanted: wanted.to_owned(),
            })
    }

    /// A knob of the fault's own, as given or as it is listed.
    pub(super) fn own<T: FromStr<Err = &'static str>>(
        &mut self,
        knob: &'static str,
    ) -> Result<T, FaultError> {
        let text = self.given_or_listed(knob);
        text.parse().map_err(|wanted: &str| FaultError::Value {
            id: self.about.id,
            knob,
            value: text.to_owned(),
            wanted: wanted.to_owned(),
        })
    }

    /// A knob of the fault's own that is one of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        knob: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, FaultError> {
        let text = self.given_or_listed(knob);
        let chosen = choices.iter().find(|(word, _)| *word == text);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            FaultError::Value {
                id: self.about.id,
                knob,
                value: text.to_owned(),
                wanted: format!("it is one of {}", words.join(", ")),
            }
        })
    }

    fn given_or_listed(&mut self, knob: &str) -> &'a str {
        let mut own = self.about.own_knobs();
        let listed = own.find(|entry| entry.name == knob);
        let listed: &'static str = listed.map_or("", |entry| entry.default);
        self.text(knob).unwrap_or(listed)
    }

    /// Refuses what nobody took.
    pub(super) fn done(self) -> Result<(), FaultError> {
        let Some((knob, _)) = self.given.first() else {
            return Ok(());
        };
        let own = match self.about.knobs {
            "" => String::new(),
            own => format!(", {own}"),
        };
        Err(FaultError::Knob {
            id: self.about.id,
            knob: (*knob).to_owned(),
            own,
        })
    }
}

/// A count knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub u32);

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) | Err(_) => Err("a count is a whole number from 1"),
            Ok(count) => Ok(Self(count)),
        }
    }
}

/// A number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days(pub u16);

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = text.parse().ok().filter(|days| *days <= 366);
        days.map(Self).ok_or("a number of days is at most 366")
    }
}

/// An amount in yuan with its fen, such as `100.00`; held in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Yuan(pub u64);

impl Yuan {
    pub(super) fn minor(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl FromStr for Yuan {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // No field holds more than twelve digits.
        let minor = amount(text, 2).filter(|amount| amount.0 < 1_000_000_000_000);
        minor
            .map(|minor| Self(minor.0))
            .ok_or("an amount is in yuan, such as 100 or 99.50")
    }
}

/// Response codes, of which one is picked each time: `51`, `51+61+62`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeChoice(Vec<ResponseCode>);

impl CodeChoice {
    pub(super) fn pick(&self, dice: &mut Dice) -> Option<ResponseCode> {
        dice.pick(&self.0).copied()
    }
}

impl FromStr for CodeChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let codes = text.split('+').map(code);
        codes
            .collect::<Option<_>>()
            .map(Self)
            .ok_or("a response code is 1 to 4 letters and digits; join several with +")
    }
}

/// A response code: letters and digits.
pub(super) fn code(text: &str) -> Option<ResponseCode> {
    let fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ResponseCode::new(text).filter(|_| fine)
}

/// A field that is not there, by its number.
pub(super) struct MissingField(pub FieldPath);

impl FromStr for MissingField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<FieldPath>() {
            Ok(path) if path.part.is_none() => Ok(Self(path)),
            _ => Err("a field to be missing is a number, such as 25"),
        }
    }
}

/// A field and its value: `4:000000000001`.
pub(super) struct SetField(pub FieldPath, pub String);

impl FromStr for SetField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "a field and its value are as 39:05 or 60.1:23";
        let (path, value) = text.split_once(':').ok_or(wanted)?;
        let path = path.parse().map_err(|_not_a_field| wanted)?;
        Ok(Self(path, value.to_owned()))
    }
}

/// The last bytes of a header, as hex digits.
pub(super) struct HeaderEnd(pub Vec<u8>);

impl FromStr for HeaderEnd {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "a header ends with these bytes, as hex digits, such as 603100310000";
        let byte = |at: usize| {
            let digits = text.get(at..at + 2)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
        };
        if text.is_empty() || !text.len().is_multiple_of(2) {
            return Err(wanted);
        }
        let bytes = (0..text.len()).step_by(2).map(byte);
        bytes.collect::<Option<_>>().map(Self).ok_or(wanted)
    }
}

/// What comes and goes by the clock: awake for `for` at the end of each `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turns {
    every: Duration,
    length: Duration,
}

impl Turns {
    /// From the knobs `every` and `for`.
    pub(super) fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let (Length(every), Length(length)) = (knobs.own("every")?, knobs.own("for")?);
        if every.is_zero() || length > every {
            return Err(FaultError::Value {
                id: knobs.about().id,
                knob: "for",
                value: format!("{length:?}"),
                wanted: format!(
                    "it is the part of each `every` ({every:?}) at whose end it is down; the same \
                     for always"
                ),
            });
        }
        Ok(Self { every, length })
    }

    /// Whether it is awake this long after it was set, and for how long that stays so; no end
    /// means for good. It sleeps first, so that a lab begins in good order.
    pub(super) fn at(self, since: Duration) -> (bool, Option<Duration>) {
        if self.length >= self.every {
            return (true, None);
        }
        let turn = u64::try_from(self.every.as_micros()).unwrap_or(u64::MAX);
        let at = u64::try_from(since.as_micros()).unwrap_or(u64::MAX) % turn;
        let at = Duration::from_micros(at);
        let asleep = self.every - self.length;
        let awake = at >= asleep;
        let change = if awake { self.every } else { asleep };
        (awake, Some(change - at))
    }
}

/// A part of all, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// Every one.
    pub const ALWAYS: Self = Self(Self::WHOLE);

    /// What mishaps have that nobody aims.
    pub const USUAL: Self = Self::percent(2);

    /// This many of a hundred.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(if percent > 100 {
            Self::WHOLE
        } else {
            percent * (Self::WHOLE / 100)
        })
    }

    /// Whether one is struck.
    pub fn throws(self, dice: &mut Dice) -> bool {
        dice.chance(self.0.into(), Self::WHOLE.into())
    }
}

impl FromStr for Share {
    type Err = &'static str;

    /// From 0 to 1 with up to six decimals, such as `0.02`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "a share is a number from 0 to 1, such as 0.02";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
            return Err(wanted);
        }
        match format!("{whole}{decimals:0<6}").parse() {
            Ok(share) if share <= Self::WHOLE => Ok(Self(share)),
            _ => Err(wanted),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % Self::WHOLE);
        match (self.0 / Self::WHOLE, decimals.trim_end_matches('0')) {
            (whole, "") => write!(f, "{whole}"),
            (whole, decimals) => write!(f, "{whole}.{decimals}"),
        }
    }
}

/// A length of time, or a range to draw it from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    low: Duration,
    high: Duration,
}

impl Span {
    /// From `low` to `high` milliseconds.
    #[must_use]
    pub const fn millis(low: u64, high: u64) -> Self {
        Self {
            low: Duration::from_millis(low),
            high: Duration::from_millis(high),
        }
    }

    /// From `low` to `high`.
    #[must_use]
    pub const fn between(low: Duration, high: Duration) -> Self {
        Self { low, high }
    }

    /// One length of it.
    pub fn draw(self, dice: &mut Dice) -> Duration {
        let micros = |length: Duration| u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(dice.between(micros(self.low), micros(self.high)))
    }
}

impl FromStr for Span {
    type Err = &'static str;

    /// `300ms`, or a range such as `1s..2s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (low, high) = (length(low)?, length(high)?);
        if low > high {
            return Err("a range of time begins with its shorter end, such as 1s..2s");
        }
        Ok(Self { low, high })
    }
}

/// A length of time, such as `300ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length(pub Duration);

impl FromStr for Length {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        length(text).map(Self)
    }
}

fn length(text: &str) -> Result<Duration, &'static str> {
    match text.trim().parse::<jiff::SignedDuration>() {
        Ok(length) if !length.is_negative() => Ok(length.unsigned_abs()),
        _ => Err("a length of time has a unit, such as 300ms, 2s, 5m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_to_the_fen() {
        for (text, fen) in [("100", 10_000), ("99.5", 9_950), ("0.01", 1), ("7.25", 725)] {
            assert_eq!(text.parse(), Ok(Yuan(fen)), "{text}");
        }
        for wrong in ["", ".5", "1.234", "-1", "1e3", "99999999999"] {
            assert!(wrong.parse::<Yuan>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_read_as_they_print() {
        for text in ["0", "1", "0.02", "0.000001", "0.5"] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
        }
        for wrong in ["", ".", "1.1", "-1", "2", "0.0000001", "1e-2"] {
            let read = wrong.parse::<Share>();
            assert!(read.is_err() || wrong == ".", "{wrong}");
        }
        assert_eq!(Share::percent(2), "0.02".parse().unwrap());
    }

    #[test]
    fn turns_are_awake_at_their_ends() {
        let secs = Duration::from_secs;
        let turns = |every, length| Turns {
            every: secs(every),
            length: secs(length),
        };
        for (at, awake, left) in [(0, false, 8), (7, false, 1), (8, true, 2), (19, true, 1)] {
            assert_eq!(turns(10, 2).at(secs(at)), (awake, Some(secs(left))), "{at}");
        }
        assert_eq!(turns(1, 1).at(secs(5)), (true, None));
    }

    #[test]
    fn a_span_is_drawn_within_its_ends() {
        let span: Span = "1s..2s".parse().unwrap();
        let mut dice = Dice::new(3);
        for _ in 0..100 {
            let drawn = span.draw(&mut dice);
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&drawn));
        }
        assert_eq!("300ms".parse(), Ok(Span::millis(300, 300)));
        for wrong in ["", "5", "2s..1s", "-3s", "soon"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
