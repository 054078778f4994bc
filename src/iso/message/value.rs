//! The values that name a transaction, as every dialect means them.

use super::Text;
use std::fmt;

/// DE 11, the system trace audit number: what a slip calls 凭证号.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stan(pub u64);

impl Stan {
    /// The largest of six digits.
    pub const MAX: Self = Self(999_999);

    /// The next one; after 999999 comes 1.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 >= Self::MAX.0 {
            Self(1)
        } else {
            Self(self.0 + 1)
        }
    }
}

impl fmt::Display for Stan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// Money in minor units (fen, cents). The currency stands beside it in DE 49.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub u64);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

/// DE 37, the retrieval reference number.
pub type Rrn = Text<12>;
/// DE 38, the authorization code.
pub type AuthCode = Text<6>;
/// DE 41, the terminal. 8 characters in 1987 and 1993, 16 in 2003.
pub type TerminalId = Text<16>;
/// DE 42, the merchant (card acceptor). 15 characters in 1987, up to 35 in 2003.
pub type MerchantId = Text<35>;
/// DE 39: 2 characters in 1987, 3 digits in 1993, 4 in 2003.
pub type ResponseCode = Text<4>;
