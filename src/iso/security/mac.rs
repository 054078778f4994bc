//! MACs over bytes.

use super::Key;
use super::key::Cipher;
use crate::iso::spec::MacAlgorithm;
use cbc_mac::digest::{Mac, common::InnerInit, typenum::U8};
use cbc_mac::{CbcMac, KeyInit};
use des::Des;
use retail_mac::RetailMac;
use zeroize::Zeroizing;

/// How data is filled up to whole blocks (ISO/IEC 9797-1 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Method 1: zero bytes, none if the data already fills its blocks.
    Zeros,
    /// Method 2: `80`, then zero bytes.
    Bit,
    /// Method 3: the length in bits as a block in front, zero bytes behind.
    Length,
}

/// The MAC over `data`, eight bytes as they stand in the message.
#[must_use]
pub fn mac(algorithm: MacAlgorithm, key: &Key, data: &[u8]) -> [u8; 8] {
    match algorithm {
        MacAlgorithm::UnionPayEcb => union_pay_ecb_mac(key, data),
        MacAlgorithm::X99 => cbc_mac(key, Padding::Zeros, data),
        MacAlgorithm::X919 => retail_mac(key, Padding::Zeros, data),
    }
}

/// The MAC of `UnionPay` terminals (Q/CUP 009): all blocks folded into one, which is encrypted in
/// two steps as hex text; the field holds the first eight hex characters of the outcome.
///
/// Folding forgets the order of the blocks: a message with two of them swapped has the same MAC.
#[must_use]
pub fn union_pay_ecb_mac(key: &Key, data: &[u8]) -> [u8; 8] {
    let (blocks, rest) = data.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let folded = blocks.iter().fold(u64::from_be_bytes(last), |sum, block| {
        sum ^ u64::from_be_bytes(*block)
    });
    let [first, second] = hex_halves(folded);
    let half = u64::from_be_bytes(key.encrypt(first.to_be_bytes())) ^ second;
    let whole = u64::from_be_bytes(key.encrypt(half.to_be_bytes()));
    hex_halves(whole)[0].to_be_bytes()
}

/// Eight bytes as sixteen upper-case hex characters, in two blocks.
pub(super) fn hex_halves(block: u64) -> [u64; 2] {
    let hex = |half: u64| {
        (0..8).fold(0, |text, at| {
            let nibble = half >> (28 - 4 * at) & 0xF;
            let letter = if nibble > 9 {
                nibble + 0x37
            } else {
                nibble + 0x30
            };
            text << 8 | letter
        })
    };
    [hex(block >> 32), hex(block & 0xFFFF_FFFF)]
}

/// The CBC MAC, single or triple DES as the key's length says: with a single-length key and zero
/// padding that of ANSI X9.9 (ISO/IEC 9797-1 algorithm 1).
#[must_use]
pub fn cbc_mac(key: &Key, padding: Padding, data: &[u8]) -> [u8; 8] {
    match key.cipher() {
        Cipher::Single(des) => run(CbcMac::inner_init(des.clone()), padding, data),
        Cipher::Double(tdes) => run(CbcMac::inner_init(tdes.clone()), padding, data),
        Cipher::Triple(tdes) => run(CbcMac::inner_init(tdes.clone()), padding, data),
    }
}

/// The retail MAC of ANSI X9.19 (ISO/IEC 9797-1 algorithm 3): CBC under the first eight bytes of
/// the key, the last block also decrypted under the second eight and encrypted under the first. A
/// single-length key serves as both.
///
/// Safe only where the format fixes the length of what is signed.
#[must_use]
pub fn retail_mac(key: &Key, padding: Padding, data: &[u8]) -> [u8; 8] {
    let bytes = key.reveal();
    let (left, right) = (&bytes[..8], bytes.get(8..16).unwrap_or(bytes));
    let mut halves = Zeroizing::new([0; 16]);
    halves[..8].copy_from_slice(left);
    halves[8..].copy_from_slice(right);
    run(RetailMac::<Des>::new((&*halves).into()), padding, data)
}

/// The crates fill the last block with zero bytes themselves.
fn run(mut mac: impl Mac<OutputSize = U8>, padding: Padding, data: &[u8]) -> [u8; 8] {
    if padding == Padding::Length {
        mac.update(&(8 * data.len() as u64).to_be_bytes());
    }
    mac.update(data);
    match padding {
        Padding::Bit => mac.update(&[0x80]),
        // The empty message, too, has one block.
        Padding::Zeros | Padding::Length if data.is_empty() => mac.update(&[0]),
        Padding::Zeros | Padding::Length => {}
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
