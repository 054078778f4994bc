//! MACs, PIN blocks, key blocks and check values: compositions of well-kept ciphers. Keys are wiped
//! when dropped and compared in constant time.
//!
//! [`seal`] and [`verify`] are what a gateway needs; [`mac()`], [`cbc_mac()`], [`pin_block`] and
//! [`Key`] are the calculators below them. For test keys: no key is ever made here, none is read
//! from anywhere, and no hardware module is spoken to. DES is what these dialects ask for; it is
//! no choice of ours.
//!
//! Start reading at [`Key`].

mod key;
mod key_block;
mod mac;
mod message_mac;
mod pin;

#[cfg(test)]
mod tests;

pub use key::{Key, KeyError};
pub use key_block::{WorkingKeys, brought_keys, unwrap_block, wrap_block};
pub use mac::{Padding, cbc_mac, mac, retail_mac, union_pay_ecb_mac};
pub use message_mac::{seal, verify};
pub use pin::{decrypt_pin_block, encrypt_pin_block, pin_block, pin_of_block};
