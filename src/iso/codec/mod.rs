//! Bytes to fields and back, following a [`crate::iso::spec::Spec`].
//!
//! [`Framer`] cuts a byte stream into frames; [`Message::parse`] indexes a frame once; values are
//! read on demand and changed fields kept aside, so that passing a message on copies almost
//! nothing. Which fields a type must have is nobody's error here: [`Message::usage`] says
//! it to whoever asks.
//!
//! Start with [`Message`], then `value`: one value between wire and text.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod build;
mod characters;
mod check;
mod composite;
mod dissect;
mod ebcdic;
mod edits;
mod error;
mod extent;
mod framer;
mod gbk;
mod hex;
mod http;
mod index;
mod kind;
mod mask;
mod message;
mod names;
mod nested;
mod number;
mod parts;
mod redact;
mod tagged;
mod usage;
mod value;

#[cfg(test)]
mod tests;

pub use dissect::{Piece, PieceKind, dissect};
pub use ebcdic::latin_of_page;
pub use error::{BuildError, BuildFault, FrameError, ParseError, ParseFault};
pub use framer::Framer;
pub use message::Message;
pub use redact::Redacted;
