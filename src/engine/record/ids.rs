//! The names of things in the engine.

use crate::engine::seam::Wall;
use crate::iso::message::Text;
use std::fmt;
use std::str::FromStr;

/// A record's place in the journal, from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The next place.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A transaction's own name, in the form of a ULID: 48 bits of milliseconds, then 80 bits that are
/// unique in this gateway. Prints as 26 characters of Crockford's base 32, which sort by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub u128);

impl TxId {
    /// When it was given, by the wall clock.
    #[must_use]
    pub fn began(self) -> Wall {
        Wall(
            i64::try_from(self.0 >> 80)
                .unwrap_or(0)
                .saturating_mul(1000),
        )
    }
}

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl fmt::Display for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; 26];
        let mut rest = self.0;
        for slot in text.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or(0);
            *slot = BASE32.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for TxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TxId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a transaction id is 26 characters of 0-9 A-Z without I L O U";
        if text.len() != 26 {
            return Err(wrong);
        }
        text.bytes().try_fold(Self(0), |id, c| {
            let digit = BASE32
                .iter()
                .position(|b| *b == c.to_ascii_uppercase())
                .ok_or(wrong)?;
            Ok(Self((id.0 << 5) | u128::try_from(digit).unwrap_or(0)))
        })
    }
}

/// A connection, of a terminal or of a link, unique in a run of the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// A link, by its place in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u16);

/// A listener, by its place in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u16);

/// The values of a dialect's identity fields joined by `|`, behind the class digit of the message
/// type: what names one transaction of one merchant (`2|874350357222471|10421695|000001|100175`).
pub type Identity = Text<96>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_they_print() {
        for id in [
            TxId(0),
            TxId(u128::MAX),
            TxId(0x0192_F3A1_0000_1234_5678_9ABC_DEF0_1111),
        ] {
            assert_eq!(id.to_string().parse::<TxId>().unwrap(), id);
        }
        assert!("01J".parse::<TxId>().is_err());
        assert!("U".repeat(26).parse::<TxId>().is_err());
    }
}
