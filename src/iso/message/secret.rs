//! What must not be seen: shown masked everywhere, in clear only through `reveal()`.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that print as their length, are compared in constant time and wiped when dropped: keys,
/// PIN blocks, tracks.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From pairs of hex digits; `None` if `hex` is something else.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let (pairs, []) = hex.as_bytes().as_chunks() else {
            return None;
        };
        // Room for all from the start: a vector that grows leaves what it held behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
        for [high, low] in pairs {
            bytes.push(nibble(*high)? << 4 | nibble(*low)?);
        }
        Some(Self(bytes))
    }

    /// The bytes in clear, as upper-case hex. Only where a key file is written.
    #[must_use]
    pub fn reveal_hex(&self) -> Zeroizing<String> {
        let mut hex = Zeroizing::new(String::with_capacity(2 * self.len()));
        for nibble in self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xF]) {
            hex.extend(char::from_digit(nibble.into(), 16).map(|digit| digit.to_ascii_uppercase()));
        }
        hex
    }

    /// The bytes in clear. Only where bytes are built or transformed.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal().ct_eq(other.reveal()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} secret bytes)", self.len())
    }
}

/// A primary account number. Prints as first six, stars, last four.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(Zeroizing<String>);

impl Pan {
    /// Takes the digits over; separators are not expected here.
    #[must_use]
    pub fn new(digits: String) -> Self {
        Self(Zeroizing::new(digits))
    }

    /// The digits in clear. Only where bytes are built or hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether its last digits are these.
    #[must_use]
    pub fn ends_with(&self, end: &str) -> bool {
        self.0.ends_with(end)
    }

    /// Whether its first digits lie between `first` and `last`, which are equally long.
    #[must_use]
    pub fn begins_within(&self, first: &str, last: &str) -> bool {
        let head = self.0.get(..first.len());
        head.is_some_and(|head| first <= head && head <= last)
    }

    /// First six and last four digits, the rest stars; all stars below 13 digits, where six and
    /// four would give too much away.
    #[must_use]
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Masks any run of characters as a card number is masked (PCI DSS 3.4.1).
fn mask(clear: &str) -> String {
    let count = clear.chars().count();
    let mut masked = String::with_capacity(clear.len());
    for (at, c) in clear.chars().enumerate() {
        let shown = count >= 13 && (at < 6 || at + 4 >= count);
        masked.push(if shown { c } else { '*' });
    }
    masked
}

impl fmt::Display for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_shows_six_and_four() {
        let pan = Pan::new("6226090000000048".into());
        assert_eq!(
            format!("{pan} {pan:?}"),
            "622609******0048 622609******0048"
        );
        assert_eq!(Pan::new("123456789012".into()).to_string(), "************");
    }

    #[test]
    fn a_secret_reads_as_the_hex_it_shows() {
        let secret = Secret::from_hex("00ff7Fa0").unwrap();
        assert_eq!(secret, Secret::new(vec![0x00, 0xFF, 0x7F, 0xA0]));
        assert_eq!(*secret.reveal_hex(), "00FF7FA0");
        for wrong in ["0", "0g", "+1", "\u{e9}"] {
            assert_eq!(Secret::from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_shows_its_length() {
        assert_eq!(
            format!("{:?}", Secret::new(vec![1, 2, 3])),
            "(3 secret bytes)"
        );
    }
}
