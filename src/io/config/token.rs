//! Tokens by which people and programs are known at the admin address.

use super::setting::Setting;
use crate::iso::message::Text;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use toml::de::DeValue;

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenRole {
    /// Look.
    Viewer,
    /// Look, and change.
    Operator,
}

impl TokenRole {
    const ALL: [Self; 2] = [Self::Viewer, Self::Operator];

    /// How it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

/// A token, as a configuration knows it: by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminToken {
    /// What its bearer may do.
    pub role: TokenRole,
    /// Whose it is; what its bearer does is recorded under this name.
    pub name: Text<32>,
    hash: [u8; 32],
}

impl AdminToken {
    /// For a secret that was drawn by chance.
    #[must_use]
    pub fn of(role: TokenRole, name: Text<32>, secret: &str) -> Self {
        let hash = Sha256::digest(secret.as_bytes()).into();
        Self { role, name, hash }
    }

    /// Whether this is its secret; takes as long whatever it is.
    #[must_use]
    pub fn is(&self, secret: &str) -> bool {
        let given = Sha256::digest(secret.as_bytes());
        given.as_slice().ct_eq(&self.hash).into()
    }
}

/// As a line of a configuration: `operator li sha256:5f…`.
impl fmt::Display for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} sha256:", self.role.name(), self.name)?;
        self.hash
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is no line of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl FromStr for AdminToken {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let mut words = text.split_whitespace();
        let [role, name, hash] = [words.next(), words.next(), words.next()];
        let role = TokenRole::ALL
            .into_iter()
            .find(|known| Some(known.name()) == role);
        let hash = hash.and_then(|hash| unhex(hash.strip_prefix("sha256:")?));
        let (Some(role), Some(name), Some(hash), None) = (role, name, hash, words.next()) else {
            return Err(NoToken);
        };
        let name = Text::new(name).ok_or(NoToken)?;
        Ok(Self { role, name, hash })
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    Some(hash)
}

impl Setting for AdminToken {
    const WANTED: &'static str = "a line as `isogate token` prints it";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_and_read_as_it_is_written() {
        let token = AdminToken::of(TokenRole::Viewer, Text::clipped("li"), "secret");
        let line = token.to_string();
        assert!(
            line.starts_with("viewer li sha256:2bb80d537b1da3e3"),
            "{line}"
        );
        assert_eq!(line.parse(), Ok(token.clone()));
        assert!(token.is("secret"));
        assert!(!token.is("secre") && !token.is(""));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let token = AdminToken::of(TokenRole::Operator, Text::clipped("li"), "secret");
        let line = token.to_string();
        let cut = &line[..line.len() - 2];
        let more = format!("{line} more");
        let other = line.replacen("operator", "admin", 1);
        for wrong in ["", "operator li", cut, &more, &other] {
            assert_eq!(wrong.parse::<AdminToken>(), Err(NoToken), "{wrong}");
        }
    }
}
