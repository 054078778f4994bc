//! The message type indicator (DE 0): version, class, function, origin.

use std::fmt;
use std::str::FromStr;

/// Four decimal digits, such as `0200`, kept as BCD (`0x0200`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mti(u16);

/// The second digit: what the message is about (ISO 8583:1987 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// x1xx: no posting; a later financial message or file completes it.
    Authorization,
    /// x2xx: posts, or is presented for posting.
    Financial,
    /// x3xx: file update; batch upload at `UnionPay` terminals.
    File,
    /// x4xx: reversal.
    Reversal,
    /// x5xx: reconciliation, settlement totals.
    Reconciliation,
    /// x6xx: administrative; notices.
    Administrative,
    /// x7xx: fee collection.
    Fee,
    /// x8xx: network management: sign-on, keys, echo.
    Network,
    /// x0xx and x9xx: reserved.
    Reserved,
}

/// The third digit, without telling a request from its repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// The receiver decides; the sender waits.
    Request,
    /// Answer to a request.
    RequestResponse,
    /// It happened already; the receiver must accept and answer.
    Advice,
    /// Answer to an advice.
    AdviceResponse,
    /// It happened already; no answer is expected.
    Notification,
    /// Acknowledgement of a notification or instruction (2003).
    Acknowledgement,
    /// An instruction (2003).
    Instruction,
    /// 8 and 9.
    Reserved,
}

impl Mti {
    /// From four digits as a decimal-looking hexadecimal number, such as `0x0200`.
    /// `None` if a nibble is not a digit.
    #[must_use]
    pub const fn from_bcd(bcd: u16) -> Option<Self> {
        let mut shift = 0;
        while shift < 16 {
            if (bcd >> shift) & 0xF > 9 {
                return None;
            }
            shift += 4;
        }
        Some(Self(bcd))
    }

    /// The four digits as BCD: `0x0200`.
    #[must_use]
    pub const fn bcd(self) -> u16 {
        self.0
    }

    /// The four digits as ASCII.
    #[must_use]
    pub const fn digits(self) -> [u8; 4] {
        [
            b'0' + self.digit(3),
            b'0' + self.digit(2),
            b'0' + self.digit(1),
            b'0' + self.digit(0),
        ]
    }

    const fn digit(self, nibble: u16) -> u8 {
        ((self.0 >> (nibble * 4)) & 0xF) as u8
    }

    /// First digit: 0 is 1987, 1 is 1993, 2 is 2003.
    #[must_use]
    pub const fn version(self) -> u8 {
        self.digit(3)
    }

    /// What the message is about.
    #[must_use]
    pub const fn class(self) -> Class {
        match self.digit(2) {
            1 => Class::Authorization,
            2 => Class::Financial,
            3 => Class::File,
            4 => Class::Reversal,
            5 => Class::Reconciliation,
            6 => Class::Administrative,
            7 => Class::Fee,
            8 => Class::Network,
            _ => Class::Reserved,
        }
    }

    /// Request, advice, or the answer to one.
    #[must_use]
    pub const fn function(self) -> Function {
        match self.digit(1) {
            0 => Function::Request,
            1 => Function::RequestResponse,
            2 => Function::Advice,
            3 => Function::AdviceResponse,
            4 => Function::Notification,
            5 | 7 => Function::Acknowledgement,
            6 => Function::Instruction,
            _ => Function::Reserved,
        }
    }

    /// Odd third digit: this message answers another.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        self.digit(1) % 2 == 1
    }

    /// Odd last digit: the sender sent it before.
    #[must_use]
    pub const fn is_repeat(self) -> bool {
        self.digit(0) % 2 == 1
    }

    /// The type of the answer: ten more, and the repeat bit dropped (0200 and 0201 -> 0210).
    /// An answer has no answer of its own.
    #[must_use]
    pub const fn answer(self) -> Option<Self> {
        if self.is_answer() || self.digit(1) > 6 {
            return None;
        }
        Some(Self((self.0 + 0x10) & !1))
    }

    /// Whether a message of this type answers a request of that one: 0210 answers 0200 and 0201;
    /// 0230, 0211 and 0410 do not.
    #[must_use]
    pub fn answers(self, request: Self) -> bool {
        request.answer() == Some(self)
    }

    /// The type of a repeat: 0400 -> 0401.
    #[must_use]
    pub const fn repeat(self) -> Self {
        if self.is_repeat() {
            self
        } else {
            Self(self.0 + 1)
        }
    }

    /// The type without the repeat bit: 0401 -> 0400.
    #[must_use]
    pub const fn original(self) -> Self {
        if self.is_repeat() {
            Self(self.0 - 1)
        } else {
            self
        }
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mti {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a message type is four digits, such as 0200";
        if text.len() != 4 {
            return Err(wrong);
        }
        u16::from_str_radix(text, 16)
            .ok()
            .and_then(Self::from_bcd)
            .ok_or(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mti(text: &str) -> Mti {
        text.parse().unwrap()
    }

    #[test]
    fn an_answer_is_ten_more_and_never_a_repeat() {
        for (request, answer) in [
            ("0200", "0210"),
            ("0201", "0210"),
            ("0420", "0430"),
            ("0421", "0430"),
            ("1804", "1814"),
        ] {
            assert_eq!(mti(request).answer(), Some(mti(answer)));
        }
        assert_eq!(mti("0210").answer(), None);
    }

    #[test]
    fn only_the_type_that_is_ten_more_answers() {
        for request in ["0200", "0201"] {
            assert!(mti("0210").answers(mti(request)), "{request}");
            for other in ["0230", "0211", "0212", "0410", "0110", "0200", "1210"] {
                assert!(!mti(other).answers(mti(request)), "{other} to {request}");
            }
        }
        for (answer, request) in [("0230", "0221"), ("0410", "0401"), ("0430", "0420")] {
            assert!(mti(answer).answers(mti(request)), "{answer} to {request}");
        }
        assert!(!mti("0410").answers(mti("0420")));
        assert!(!mti("0220").answers(mti("0210")), "an answer has none");
    }

    #[test]
    fn a_repeat_changes_the_last_digit_only() {
        assert_eq!(mti("0400").repeat(), mti("0401"));
        assert_eq!(mti("0401").repeat(), mti("0401"));
        assert_eq!(mti("0401").original(), mti("0400"));
    }

    #[test]
    fn classes_and_functions_are_read_from_their_digits() {
        assert_eq!(mti("0420").class(), Class::Reversal);
        assert_eq!(mti("0420").function(), Function::Advice);
        assert_eq!(mti("2200").version(), 2);
    }

    #[test]
    fn letters_and_wrong_lengths_are_refused() {
        for wrong in ["02A0", "020", "02000", ""] {
            assert!(wrong.parse::<Mti>().is_err(), "{wrong}");
        }
    }
}
