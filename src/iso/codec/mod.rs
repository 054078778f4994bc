//! Bytes to fields and back, following a [`crate::iso::spec::Spec`].
//!
//! [`Framer`] cuts a byte stream into frames; [`Message::parse`] indexes a frame once; values are
//! read on demand and changed fields kept aside, so that passing a message on copies almost
//! nothing.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod message;

pub use message::{BuildError, FrameError, Framer, Message, ParseError, Redacted};
