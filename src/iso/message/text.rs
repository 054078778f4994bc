//! Short text held in place.

use std::fmt;
use std::str::FromStr;

/// At most `N` bytes of UTF-8, held without allocating: keys and ids live in large tables.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    /// Nothing.
    pub const EMPTY: Self = Self {
        len: 0,
        bytes: [0; N],
    };

    /// `None` if `text` is longer than `N` bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        Some(Self {
            len: u8::try_from(text.len()).ok()?,
            bytes,
        })
    }

    /// `None` if the bytes are more than `N`, or not ASCII.
    #[must_use]
    pub fn of_ascii(bytes: &[u8]) -> Option<Self> {
        let mut text = Self::EMPTY;
        text.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        text.len = u8::try_from(bytes.len())
            .ok()
            .filter(|_| bytes.is_ascii())?;
        Some(text)
    }

    /// As much of `text` as there is room for, in whole characters.
    #[must_use]
    pub fn clipped(text: &str) -> Self {
        let end = text.floor_char_boundary(N);
        text.get(..end).and_then(Self::new).unwrap_or_default()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only whole `str`s are ever copied in, so this never falls back.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the text; cheaper than the text where either will do.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> std::ops::Deref for Text<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// For people: control characters stand as escapes, since what a peer sent must neither begin a
/// line of a log nor steer a screen.
impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        if !text.contains(char::is_control) {
            return f.pad(text);
        }
        let shown = text.chars().map(|c| match c.is_control() {
            true => c.escape_default().to_string(),
            false => c.to_string(),
        });
        f.pad(&shown.collect::<String>())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> FromStr for Text<N> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text).ok_or("too long")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_text_begins_no_line_and_steers_no_screen() {
        let text = Text::<16>::new("\u{1b}[2J1\n\u{7f}").unwrap();
        assert_eq!(text.to_string(), "\\u{1b}[2J1\\n\\u{7f}");
        assert_eq!(text.as_str(), "\u{1b}[2J1\n\u{7f}");
        assert_eq!(Text::<16>::new("终端 7").unwrap().to_string(), "终端 7");
    }
}
