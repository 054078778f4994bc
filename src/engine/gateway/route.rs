//! Which messages a route takes, and how it shares them among its links.
//!
//! A [`Match`] is a list of conditions that must all hold; an empty one takes everything. Nothing
//! here remembers: the same message always goes the same way.

use crate::engine::record::ListenerId;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Mti, Pan};
use std::str::FromStr;

/// What a route takes. Empty lists take everything.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// Types, as patterns such as `02xx`.
    pub mti: Vec<MtiPattern>,
    /// Processing codes (DE 3), as patterns such as `00xxxx`.
    pub processing_code: Vec<CodePattern>,
    /// Card numbers, by their first digits.
    pub card: Vec<CardRange>,
    /// Terminals (DE 41).
    pub terminal: Vec<TerminalPattern>,
    /// Listeners that it came in at.
    pub listener: Vec<ListenerId>,
}

impl Match {
    /// Whether a message that came in at a listener is taken.
    #[must_use]
    pub fn takes(&self, listener: ListenerId, message: &Message) -> bool {
        one_of(&self.listener, |wanted| *wanted == listener) && self.fits(message)
    }

    /// Whether a message is taken, wherever it came in.
    #[must_use]
    pub fn fits(&self, message: &Message) -> bool {
        one_of(&self.mti, |pattern| pattern.fits(message.mti()))
            && one_of(&self.processing_code, |pattern| {
                let code = message.text(FieldId::of(3));
                code.is_some_and(|code| pattern.fits(&code))
            })
            && one_of(&self.terminal, |pattern| {
                let terminal = message.terminal();
                terminal.is_some_and(|terminal| pattern.fits(&terminal))
            })
            && (self.card.is_empty() || self.takes_card(message.pan().as_ref()))
    }

    fn takes_card(&self, pan: Option<&Pan>) -> bool {
        pan.is_some_and(|pan| one_of(&self.card, |range| range.holds(pan)))
    }
}

/// Whether one of the conditions holds, or there is none.
fn one_of<T>(wanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}

/// How the links of a route are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// All together: each request takes the connection with the least in flight.
    #[default]
    Share,
    /// In their order: the next link only while all before it are down.
    Order,
}

/// Digits, or `x` for any, each standing for one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pattern<const N: usize>([u8; N]);

impl<const N: usize> Pattern<N> {
    fn read(text: &str) -> Option<Self> {
        let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
        let fine = bytes.iter().all(|c| c.is_ascii_digit() || any(*c));
        fine.then_some(Self(bytes))
    }

    fn fits(&self, text: &[u8]) -> bool {
        let same = |(wanted, own): (&u8, &u8)| any(*wanted) || wanted == own;
        text.len() == N && self.0.iter().zip(text).all(same)
    }
}

const fn any(c: u8) -> bool {
    c.eq_ignore_ascii_case(&b'x')
}

/// A pattern of message types: four characters, digits or `x` for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MtiPattern(Pattern<4>);

impl MtiPattern {
    /// Whether a type fits.
    #[must_use]
    pub fn fits(self, mti: Mti) -> bool {
        self.0.fits(&mti.digits())
    }
}

impl FromStr for MtiPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a type pattern is four characters, digits or x, such as 02xx";
        Pattern::read(text).map(Self).ok_or(wrong)
    }
}

/// A pattern of processing codes: six characters, digits or `x` for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePattern(Pattern<6>);

impl CodePattern {
    /// Whether a code fits.
    #[must_use]
    pub fn fits(self, code: &str) -> bool {
        self.0.fits(code.as_bytes())
    }
}

impl FromStr for CodePattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a pattern of processing codes is six characters, digits or x, such as 00xxxx";
        Pattern::read(text).map(Self).ok_or(wrong)
    }
}

/// Card numbers by their first digits: `622609`, or all from `400000` to `499999`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRange {
    first: String,
    last: String,
}

impl CardRange {
    /// Whether a card number begins within the range.
    #[must_use]
    pub fn holds(&self, pan: &Pan) -> bool {
        pan.begins_within(&self.first, &self.last)
    }
}

impl FromStr for CardRange {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let digits =
            |part: &str| (1..=19).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
        if !digits(first) || first.len() != last.len() || !digits(last) {
            return Err("a card is the first digits of its number, such as 622609, \
                        or a range of as many digits each, such as 400000-499999");
        }
        if first > last {
            return Err("a range of cards goes from the lower number to the higher one");
        }
        Ok(Self {
            first: first.to_owned(),
            last: last.to_owned(),
        })
    }
}

/// Terminals: one by its name, or all that begin alike, `104*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalPattern {
    head: String,
    open: bool,
}

impl TerminalPattern {
    /// Whether a terminal's name fits.
    #[must_use]
    pub fn fits(&self, terminal: &str) -> bool {
        if self.open {
            terminal.starts_with(&self.head)
        } else {
            terminal == self.head
        }
    }
}

impl FromStr for TerminalPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, open) = match text.strip_suffix('*') {
            Some(head) => (head, true),
            None => (text, false),
        };
        // DE 41 has eight characters in the standard; some dialects take more.
        let fine = head.len() <= 16 && !head.contains('*') && (open || !head.is_empty());
        if !fine {
            return Err(
                "a terminal is its name, or the beginning of names with a star, such as 104*",
            );
        }
        Ok(Self {
            head: head.to_owned(),
            open,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::message::FieldPath;
    use crate::iso::spec::Spec;

    fn sale(fields: &[(&str, &str)]) -> Message {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mut message = Message::new(&spec, "0200".parse().unwrap());
        for (path, value) in fields {
            message
                .set(path.parse::<FieldPath>().unwrap(), value)
                .unwrap();
        }
        message
    }

    #[test]
    fn an_empty_match_takes_everything() {
        assert!(Match::default().takes(ListenerId(7), &sale(&[])));
    }

    #[test]
    fn all_conditions_must_hold_and_of_each_list_one() {
        let wanted = Match {
            mti: vec!["01xx".parse().unwrap(), "02xx".parse().unwrap()],
            processing_code: vec!["00xxxx".parse().unwrap()],
            card: vec!["622609".parse().unwrap(), "400000-499999".parse().unwrap()],
            terminal: vec!["104*".parse().unwrap()],
            listener: vec![ListenerId(1)],
        };
        let good = [
            ("2", "6226090000000048"),
            ("3", "000000"),
            ("41", "10421695"),
        ];
        assert!(wanted.takes(ListenerId(1), &sale(&good)));
        assert!(!wanted.takes(ListenerId(0), &sale(&good)));
        for (path, value) in [("2", "6210981000"), ("3", "200000"), ("41", "20421695")] {
            let mut other = good.to_vec();
            other.push((path, value));
            assert!(!wanted.takes(ListenerId(1), &sale(&other)), "{path}");
        }
        assert!(
            !wanted.takes(ListenerId(1), &sale(&good[1..])),
            "no card at all"
        );
    }

    #[test]
    fn a_card_is_found_in_its_track_too() {
        let range: CardRange = "400000-499999".parse().unwrap();
        let wanted = Match {
            card: vec![range],
            ..Match::default()
        };
        assert!(wanted.fits(&sale(&[("35", "4999990000000000=30121010000")])));
        assert!(!wanted.fits(&sale(&[("35", "5000000000000000=30121010000")])));
    }

    #[test]
    fn what_is_no_pattern_says_what_is() {
        for wrong in ["2xx", "02yy", "02xxx"] {
            assert!(wrong.parse::<MtiPattern>().is_err(), "{wrong}");
        }
        for wrong in ["00xx", "00xxx?"] {
            assert!(wrong.parse::<CodePattern>().is_err(), "{wrong}");
        }
        for wrong in ["", "62x", "4-50", "5-4", "12345678901234567890"] {
            assert!(wrong.parse::<CardRange>().is_err(), "{wrong}");
        }
        for wrong in ["", "1*4", "104**"] {
            assert!(wrong.parse::<TerminalPattern>().is_err(), "{wrong}");
        }
    }
}
