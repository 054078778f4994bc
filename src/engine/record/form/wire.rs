//! The smallest pieces of a record's form: bytes, numbers, texts, codes.
//!
//! Each type writes and reads itself in one place, so that both sides learn the same rule. Reading
//! allocates no more than it has seen: a length is believed only when its bytes are there.

use super::FormError;
use crate::engine::record::{ConnId, LinkId, Seq, TxId, Vault};
use crate::iso::message::{Amount, Mti, Stan, Text};

/// Something with a form on disk.
pub(super) trait Form: Sized {
    fn put(&self, out: &mut Out<'_>);
    fn take(from: &mut In<'_>) -> Result<Self, FormError>;
}

/// Where a record is written to, and what seals its patches.
pub(super) struct Out<'a> {
    pub(super) bytes: &'a mut Vec<u8>,
    pub(super) vault: &'a mut Vault,
    pub(super) seq: Seq,
}

impl Out<'_> {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Seven bits a byte, the lowest first; the high bit says that more come (LEB128).
    pub(super) fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let low = u8::try_from(rest & 0x7F).unwrap_or(0);
            rest >>= 7;
            if rest == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    /// A number that may be negative, small on either side of zero (zigzag).
    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// A length, then so many bytes.
    pub(super) fn block(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Up to eight yes and no in a byte, the first lowest.
    pub(super) fn flags(&mut self, flags: &[bool]) {
        let byte = flags
            .iter()
            .rev()
            .fold(0, |byte, flag| (byte << 1) | u8::from(*flag));
        self.byte(byte);
    }
}

/// What is left to read of a record.
pub(super) struct In<'a> {
    whole: usize,
    pub(super) rest: &'a [u8],
    /// Whether frames are wanted, too; they are passed over otherwise.
    pub(super) with_frames: bool,
}

impl<'a> In<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            whole: bytes.len(),
            rest: bytes,
            with_frames: true,
        }
    }

    /// An error at this place.
    pub(super) const fn wrong(&self, what: &'static str) -> FormError {
        FormError {
            offset: self.whole.saturating_sub(self.rest.len()),
            what,
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, FormError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.wrong(ENDS));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8], FormError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.wrong(ENDS));
        };
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, FormError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7F);
            if shift == 63 && low > 1 {
                return Err(self.wrong(TOO_LARGE));
            }
            number |= low << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.wrong(TOO_LARGE))
    }

    pub(super) fn signed(&mut self) -> Result<i64, FormError> {
        let number = self.number()?;
        let half = (number >> 1).cast_signed();
        Ok(if number & 1 == 1 { !half } else { half })
    }

    pub(super) fn block(&mut self) -> Result<&'a [u8], FormError> {
        let length = self.number()?;
        let length = usize::try_from(length).ok();
        self.raw(length.ok_or_else(|| self.wrong(ENDS))?)
    }

    pub(super) fn flags<const N: usize>(&mut self) -> Result<[bool; N], FormError> {
        let byte = self.byte()?;
        Ok(std::array::from_fn(|bit| (byte >> bit) & 1 == 1))
    }
}

const ENDS: &str = "it ends too early";
const TOO_LARGE: &str = "a number too large";

/// Numbers, and types that are one.
macro_rules! numbers {
    ($($type:ty: $inner:ty = $out:expr, $into:expr;)+) => { $(
        impl Form for $type {
            fn put(&self, out: &mut Out<'_>) {
                let inner: $inner = $out(self);
                out.number(u64::from(inner));
            }

            fn take(from: &mut In<'_>) -> Result<Self, FormError> {
                let number = <$inner>::try_from(from.number()?).ok();
                Ok($into(number.ok_or_else(|| from.wrong(TOO_LARGE))?))
            }
        }
    )+ };
}

numbers! {
    u16: u16 = |n: &u16| *n, |n| n;
    u32: u32 = |n: &u32| *n, |n| n;
    u64: u64 = |n: &u64| *n, |n| n;
    Seq: u64 = |seq: &Seq| seq.0, Seq;
    ConnId: u64 = |conn: &ConnId| conn.0, ConnId;
    LinkId: u16 = |link: &LinkId| link.0, LinkId;
    Amount: u64 = |amount: &Amount| amount.0, Amount;
    Stan: u64 = |stan: &Stan| stan.0, Stan;
}

impl Form for TxId {
    fn put(&self, out: &mut Out<'_>) {
        out.raw(&self.0.to_be_bytes());
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        from.array().map(u128::from_be_bytes).map(Self)
    }
}

impl Form for Mti {
    fn put(&self, out: &mut Out<'_>) {
        out.raw(&self.bcd().to_be_bytes());
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let bcd = u16::from_be_bytes(from.array()?);
        Self::from_bcd(bcd).ok_or_else(|| from.wrong("not a message type"))
    }
}

impl<T: Form> Form for Option<T> {
    fn put(&self, out: &mut Out<'_>) {
        out.byte(u8::from(self.is_some()));
        if let Some(inner) = self {
            inner.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        match from.byte()? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(from.wrong("neither there nor absent")),
        }
    }
}

/// What flags said is there.
pub(super) fn take_if<T: Form>(there: bool, from: &mut In<'_>) -> Result<Option<T>, FormError> {
    there.then(|| T::take(from)).transpose()
}

/// A text is its length times two, plus one if it is all digits and packed two a byte: most of
/// what names a transaction is.
impl<const N: usize> Form for Text<N> {
    fn put(&self, out: &mut Out<'_>) {
        const { assert!(N < 128, "the length of a text and a flag share a byte") };
        let bytes = self.as_bytes();
        let packed = bytes.iter().all(u8::is_ascii_digit);
        let length = u8::try_from(bytes.len()).unwrap_or(0);
        out.byte((length << 1) | u8::from(packed));
        if packed {
            put_digits(bytes, out);
        } else {
            out.raw(bytes);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let head = from.byte()?;
        let length = usize::from(head >> 1);
        let mut digits = [0; 128];
        let bytes = if head & 1 == 1 {
            take_digits(length, &mut digits, from)?
        } else {
            from.raw(length)?
        };
        std::str::from_utf8(bytes)
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| from.wrong("not a text, or too long"))
    }
}

/// Digits two a byte, an odd one followed by zero.
pub(super) fn put_digits(digits: &[u8], out: &mut Out<'_>) {
    for pair in digits.chunks(2) {
        let high = pair.first().map_or(0, |c| (c & 0x0F) << 4);
        let low = pair.get(1).map_or(0, |c| c & 0x0F);
        out.byte(high | low);
    }
}

/// `length` digits into `room`, as ASCII.
pub(super) fn take_digits<'r>(
    length: usize,
    room: &'r mut [u8],
    from: &mut In<'_>,
) -> Result<&'r [u8], FormError> {
    let packed = from.raw(length.div_ceil(2))?;
    let digits = packed.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    for (place, digit) in room.iter_mut().zip(digits.take(length)) {
        if digit > 9 {
            return Err(from.wrong("not a digit"));
        }
        *place = b'0' | digit;
    }
    room.get(..length)
        .ok_or_else(|| from.wrong("more digits than a text can have"))
}

/// An enum whose variants are numbered on disk. The numbers stay when variants move.
pub(super) trait Coded: Copy {
    fn code(self) -> u8;
    fn of_code(code: u8) -> Option<Self>;
}

macro_rules! coded {
    ($type:ident, $what:literal: $($code:literal $variant:ident,)+) => {
        impl $crate::engine::record::form::wire::Coded for $type {
            fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }

            fn of_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl $crate::engine::record::form::wire::Form for $type {
            fn put(&self, out: &mut $crate::engine::record::form::wire::Out<'_>) {
                out.byte($crate::engine::record::form::wire::Coded::code(*self));
            }

            fn take(
                from: &mut $crate::engine::record::form::wire::In<'_>,
            ) -> Result<Self, $crate::engine::record::FormError> {
                let code = from.byte()?;
                $crate::engine::record::form::wire::Coded::of_code(code)
                    .ok_or_else(|| from.wrong($what))
            }
        }
    };
}

pub(super) use coded;
