//! A value that a field must have, with digits left open.

use std::borrow::Cow;
use std::fmt;

/// A text in which each `x` stands for any one digit: `00xxxx` is a purchase, whatever the account
/// types are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    text: String,
    is_open: bool,
}

const OPEN: u8 = b'x';

impl Wanted {
    /// Takes the text as it stands in a file.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_open: text.bytes().any(|byte| byte == OPEN),
        }
    }

    /// The text as it stands in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a value fits.
    #[inline]
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        if !self.is_open {
            return self.text == value;
        }
        let fits = |(own, byte): (u8, u8)| match own {
            OPEN => byte.is_ascii_digit(),
            _ => own == byte,
        };
        self.text.len() == value.len() && self.text.bytes().zip(value.bytes()).all(fits)
    }

    /// A value that fits, to be written: open digits as in `present` if that is as long, else zero.
    #[must_use]
    pub fn fill(&self, present: Option<&str>) -> Cow<'_, str> {
        if !self.is_open {
            return Cow::Borrowed(&self.text);
        }
        let present = present.filter(|text| text.chars().count() == self.text.chars().count());
        let mut others = present.unwrap_or_default().chars();
        let filled = self.text.chars().map(|own| {
            let other = others.next().filter(char::is_ascii_digit);
            if own == char::from(OPEN) {
                other.unwrap_or('0')
            } else {
                own
            }
        });
        Cow::Owned(filled.collect())
    }

    /// How many of its characters are fixed: the more, the more it says.
    pub(super) fn fixed(&self) -> usize {
        self.text.bytes().filter(|byte| *byte != OPEN).count()
    }

    /// Whether one value can fit both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let open = |one: u8, two: u8| one == OPEN && (two == OPEN || two.is_ascii_digit());
        let mut pairs = self.text.bytes().zip(other.text.bytes());
        self.text.len() == other.text.len()
            && pairs.all(|(one, two)| one == two || open(one, two) || open(two, one))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_digits_fit_any_digit_and_nothing_else() {
        let purchase = Wanted::new("00xxxx");
        for (value, fits) in [
            ("000000", true),
            ("003000", true),
            ("009930", true),
            ("010000", false),
            ("00300", false),
            ("0030000", false),
            ("00A000", false),
            ("00xxxx", false),
            ("", false),
        ] {
            assert_eq!(purchase.matches(value), fits, "{value}");
        }
        assert!(Wanted::new("22").matches("22"));
        assert!(!Wanted::new("22").matches("23"));
    }

    #[test]
    fn what_is_written_keeps_the_open_digits_of_what_was_there() {
        let void = Wanted::new("02xxxx");
        assert_eq!(void.fill(None), "020000");
        assert_eq!(void.fill(Some("203000")), "023000");
        assert_eq!(void.fill(Some("20A0")), "020000");
        assert_eq!(void.fill(Some("20A030")), "020030");
        assert_eq!(Wanted::new("22").fill(Some("23")), "22");
    }

    #[test]
    fn two_overlap_if_one_value_fits_both() {
        let overlap = |one, two| Wanted::new(one).overlaps(&Wanted::new(two));
        assert!(overlap("00x0", "0x30"));
        assert!(overlap("00xx", "0030"));
        assert!(!overlap("00xx", "01xx"));
        assert!(!overlap("00xx", "00xxx"));
        assert_eq!(Wanted::new("00xx").fixed(), 2);
    }
}
