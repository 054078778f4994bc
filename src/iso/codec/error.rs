//! What can be wrong with bytes, frames and values. Errors name field and place and the mend; they
//! never hold bytes of a message.

use crate::iso::message::{FieldId, FieldPath};
use std::fmt;

/// Where and why bytes do not follow the spec. Never holds bytes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The field at fault; `None` before the first field or after the last.
    pub field: Option<FieldPath>,
    /// The first byte at fault, counted from the start of the frame.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ParseFault,
}

/// What is wrong with bytes that do not follow the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseFault {
    /// The frame is longer than any message may be (64 KiB).
    FrameTooLong,
    /// The frame ends within the header.
    Header,
    /// The type is not four digits, or cut off.
    Mti,
    /// The bitmap is not hex, or cut off.
    Bitmap,
    /// The bitmap names a field that the spec does not have.
    UnknownField,
    /// The length before the value is no number, or cut off.
    Length,
    /// The length is more than the field may have.
    TooLong {
        /// What the length says.
        length: usize,
        /// The most it may say.
        max: usize,
    },
    /// The length counts its own bytes, yet is less than these.
    TooShort {
        /// What the length says.
        length: usize,
        /// Its own bytes.
        own: u8,
    },
    /// The frame ends within the value.
    Short {
        /// Bytes that the value needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// Bytes are left over after the last field.
    Trailing {
        /// How many.
        left: usize,
    },
}

impl ParseError {
    pub(super) const fn new(field: Option<FieldId>, offset: usize, kind: ParseFault) -> Self {
        let field = match field {
            Some(id) => Some(FieldPath::whole(id)),
            None => None,
        };
        Self {
            field,
            offset,
            kind,
        }
    }

    /// What to look at first.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self.kind {
            ParseFault::FrameTooLong => "is the length prefix read in the right byte order?",
            ParseFault::Header | ParseFault::Mti => {
                "does the message begin with TPDU and header as the spec says, \
                 and is a length prefix before it?"
            }
            ParseFault::Bitmap => "is the bitmap raw or hex, and is there a second one?",
            ParseFault::UnknownField => {
                "was a field before it read with a wrong length, or does the dialect differ?"
            }
            ParseFault::Length => {
                "is the length before this field BCD, binary or ASCII, \
                 and was the field before it read right?"
            }
            ParseFault::TooLong { .. } => {
                "is the length BCD or binary, and does it count digits or bytes?"
            }
            ParseFault::TooShort { .. } => "does this length really count itself?",
            ParseFault::Short { .. } => "is the message whole, and does the length count bytes?",
            ParseFault::Trailing { .. } => {
                "is a bit missing in the bitmap, or was a field before it read too short?"
            }
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "field {field}, ")?;
        }
        write!(f, "byte {}: {}", self.offset, self.kind)
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameTooLong => f.write_str("the frame has more than 65535 bytes"),
            Self::Header => f.write_str("the frame ends within the header"),
            Self::Mti => f.write_str("here should be a message type of four digits"),
            Self::Bitmap => f.write_str("here should be a bitmap"),
            Self::UnknownField => {
                f.write_str("the bitmap names this field, but the spec does not have it")
            }
            Self::Length => f.write_str("here should be the length of the field"),
            Self::TooLong { length, max } => {
                write!(f, "the length says {length}, the field has {max} at most")
            }
            Self::TooShort { length, own } => {
                write!(
                    f,
                    "the length says {length}, less than its own {own} bytes, which count"
                )
            }
            Self::Short { needed, left } => {
                write!(f, "the field needs {needed} bytes, {left} are left")
            }
            Self::Trailing { left } => write!(f, "{left} bytes are left over after the last field"),
        }
    }
}

/// Why a frame cannot be cut from the stream, or wrapped; ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length prefix is no number.
    #[error("the length before the frame is no number in the spec's encoding")]
    Length,
    /// The length counts itself, yet is smaller than itself.
    #[error("the length says {0}, less than its own bytes, which it should count")]
    TooShort(usize),
    /// The frame is longer than allowed.
    #[error("the length says {length}, frames may have {max} bytes{}", digits_read(*length))]
    TooLong {
        /// What it says.
        length: usize,
        /// The most allowed.
        max: usize,
    },
    /// The bytes are no head of HTTP, or one that does not end.
    #[error("the bytes are no head of an HTTP/1.1 message of 4096 bytes at most")]
    HttpHead,
    /// The request is no POST.
    #[error("an HTTP request that is no POST")]
    HttpMethod,
    /// The answer is no 200.
    #[error("an HTTP answer {0}, where 200 carries a frame")]
    HttpStatus(u16),
    /// The body's length is not said, or in other ways than by one Content-Length.
    #[error("an HTTP message whose length is not said by one Content-Length")]
    HttpLength,
    /// The body of an HTTP message is not the frame that the prefix in it says.
    #[error("the HTTP body has {length} bytes, its length prefix says {said}")]
    Body {
        /// Bytes of the body.
        length: usize,
        /// What prefix and frame would take.
        said: usize,
    },
}

/// Where a length is really characters, that is told: 12338 is `02`, with which a message begins
/// that has no length before it, or one in characters.
fn digits_read(length: usize) -> String {
    let bytes = length
        .to_be_bytes()
        .into_iter()
        .skip_while(|byte| *byte == 0);
    let text: String = bytes.map(char::from).collect();
    if text.len() < 2 || text.chars().any(|c| !c.is_ascii_digit()) {
        return String::new();
    }
    format!("; its bytes are the characters `{text}`: is the length written in ASCII, or absent?")
}

/// Why a value does not fit its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// The field or part; `None` if it is the message as a whole.
    pub field: Option<FieldPath>,
    /// What is wrong.
    pub kind: BuildFault,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildFault {
    /// The spec does not have the field.
    UnknownField,
    /// The field has no such part.
    UnknownPart,
    /// The value is longer than the field.
    TooLong {
        /// Its length.
        length: usize,
        /// The most the field may have.
        max: usize,
    },
    /// The value is shorter than the field, and nothing may be added.
    TooShort {
        /// Its length.
        length: usize,
        /// What the field needs.
        needed: usize,
    },
    /// A character that the field cannot hold.
    Character {
        /// Its place in the value, from 0.
        at: usize,
    },
    /// The field's other parts cannot be read.
    Unreadable,
    /// The message could not be read as far as this field, so that it has no place.
    BeyondFault,
    /// The message has more than 65535 bytes.
    MessageTooLong,
}

impl BuildError {
    /// What was named can be no field.
    pub(super) const NO_FIELD: Self = Self {
        field: None,
        kind: BuildFault::UnknownField,
    };

    pub(super) fn at(path: impl Into<FieldPath>, kind: BuildFault) -> Self {
        Self {
            field: Some(path.into()),
            kind,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "field {field}: {}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl std::error::Error for BuildError {}

impl fmt::Display for BuildFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField => f.write_str("the spec does not have this field"),
            Self::UnknownPart => f.write_str("the field has no such part"),
            Self::TooLong { length, max } => {
                write!(f, "the value has {length}, the field has {max} at most")
            }
            Self::TooShort { length, needed } => {
                write!(f, "the value has {length}, the field needs {needed}")
            }
            Self::Character { at } => {
                write!(
                    f,
                    "the character at place {at} (from 0) cannot stand in this field"
                )
            }
            Self::Unreadable => f.write_str("its other parts cannot be read; set the whole field"),
            Self::BeyondFault => {
                f.write_str("the message could not be read as far as this field; mend it before")
            }
            Self::MessageTooLong => f.write_str("the message has more than 65535 bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_is_really_text_is_told() {
        let (length, max) = (12_338, 8192);
        let said = FrameError::TooLong { length, max }.to_string();
        assert!(said.contains("the characters `02`"), "{said}");
        let length = 0x1234;
        let said = FrameError::TooLong { length, max }.to_string();
        assert!(said.ends_with("8192 bytes"), "{said}");
    }

    #[test]
    fn an_error_names_field_place_and_mend() {
        let error = ParseError::new(
            FieldId::new(35),
            47,
            ParseFault::TooLong {
                length: 90,
                max: 37,
            },
        );
        let text = "field 35, byte 47: the length says 90, the field has 37 at most";
        assert_eq!(error.to_string(), text);
        assert!(error.hint().contains("binary"));
    }
}
