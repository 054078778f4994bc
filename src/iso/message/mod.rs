//! The words of the field: message type, bitmap, field numbers, and the values that name a
//! transaction. They know no encoding and no dialect.
//!
//! Start with [`Mti`]. Secrets ([`Pan`], [`Secret`]) show themselves only through `reveal()`.

mod bitmap;
mod card;
mod field;
mod mti;
mod secret;
mod text;
mod value;

pub use bitmap::{Bitmap, BitmapFields};
pub use card::{card_among, is_luhn};
pub use field::{FieldId, FieldPath, Part, ToFieldPath};
pub use mti::{Class, Function, Mti};
pub use secret::{Pan, Secret};
pub use text::Text;
pub use value::{Amount, AuthCode, MerchantId, ResponseCode, Rrn, Stan, TerminalId};
