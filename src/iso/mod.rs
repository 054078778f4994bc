//! What a message is. Pure, and usable alone as a library.
//!
//! A [`spec::Spec`] says how a dialect looks as data; [`codec::Message`] reads and builds frames by
//! it; [`security`] holds the MACs, PIN blocks and key blocks of the trade. Nothing here knows what
//! happens to a transaction: that is [`crate::engine`].
//!
//! A message is built, read and changed like this:
//!
//! ```
//! use isogate::bytes::Bytes;
//! use isogate::iso::codec::Message;
//! use isogate::iso::spec::Spec;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spec = Spec::builtin("iso8583-1987-ascii").ok_or("no such dialect")?;
//! let mut sale = Message::new(&spec, "0200".parse()?);
//! sale.set(3, "000000")?;
//! sale.set(4, "88800")?; // a short number gets its zeros
//! sale.set(11, "100175")?;
//! sale.set(41, "10421695")?;
//! let frame: Bytes = sale.build()?;
//!
//! let mut read = Message::parse(&spec, frame)?;
//! assert_eq!(read.text(4).as_deref(), Some("000000088800"));
//! for field in read.fields() {
//!     println!("{field} = {}", read.shown(field).unwrap_or_default());
//! }
//! read.remove("11".parse()?);
//! assert!(read.text(11).is_none());
//! # Ok(())
//! # }
//! ```
//!
//! An answer takes from its request what the dialect says, and a part of a field has a name, too:
//!
//! ```
//! use isogate::iso::codec::Message;
//! use isogate::iso::spec::Spec;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spec = Spec::builtin("cup-pos").ok_or("no such dialect")?;
//! let mut sale = Message::new(&spec, "0200".parse()?);
//! sale.set(11, "100175")?;
//! sale.set("60.1", "22")?;
//! sale.set("60.2", "000001")?;
//! let mut answer = sale.answer().ok_or("an answer has no answer")?;
//! answer.set(39, "00")?;
//! assert_eq!(answer.mti().to_string(), "0210");
//! assert_eq!(answer.text("60.2").as_deref(), Some("000001"));
//! // A dialect says what it cannot hold.
//! assert!(answer.set(39, "too long").is_err());
//! # Ok(())
//! # }
//! ```
//!
//! With `default-features = false` this is all that the crate has: no runtime, sockets or files.
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

#[cfg(feature = "cli")]
pub mod foreign;

pub mod doctor;
