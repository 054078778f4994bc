//! What a message is. Pure, and usable alone as a library.
//!
//! A [`spec::Spec`] says how a dialect looks as data; [`codec::Message`] reads and builds frames by
//! it; [`security`] holds the MACs, PIN blocks and key blocks of the trade. Nothing here knows what
//! happens to a transaction: that is [`crate::engine`].
//!
//! Start reading at [`message`].
#![deny(clippy::float_arithmetic)]

// In dependency order: a room uses only what stands above it.
pub mod message;

pub mod spec;

pub mod codec;

pub mod security;

pub mod translate;

pub mod stream;

pub mod compare;

pub mod foreign;

pub mod doctor;
