//! The form of a message in a record.

use super::FormError;
use super::wire::{Coded, Form, In, Out, coded, take_if};
use crate::engine::record::{Hop, Logged, Patch, Sealed, StoredFrame, Vault};
use bytes::Bytes;

coded! { Hop, "not a way":
    0 TerminalToGateway,
    1 GatewayToAcquirer,
    2 AcquirerToGateway,
    3 GatewayToTerminal,
}

/// The way and what is there share a byte.
impl Form for Logged {
    fn put(&self, out: &mut Out<'_>) {
        let hop = self.hop.code();
        out.flags(&[
            hop & 1 == 1,
            hop & 2 == 2,
            self.relayed.is_some(),
            self.code.is_some(),
            self.rrn.is_some(),
            self.auth.is_some(),
            self.amount.is_some(),
            self.stan.is_some(),
        ]);
        self.conn.put(out);
        self.mti.put(out);
        self.relayed.iter().for_each(|relayed| relayed.put(out));
        self.code.iter().for_each(|code| code.put(out));
        self.rrn.iter().for_each(|rrn| rrn.put(out));
        self.auth.iter().for_each(|auth| auth.put(out));
        self.amount.iter().for_each(|amount| amount.put(out));
        self.stan.iter().for_each(|stan| stan.put(out));
        self.frame.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let [low, high, relayed, code, rrn, auth, amount, stan] = from.flags()?;
        let hop = Hop::of_code(u8::from(low) | (u8::from(high) << 1));
        Ok(Self {
            hop: hop.ok_or_else(|| from.wrong("not a way"))?,
            conn: Form::take(from)?,
            mti: Form::take(from)?,
            relayed: take_if(relayed, from)?,
            code: take_if(code, from)?,
            rrn: take_if(rrn, from)?,
            auth: take_if(auth, from)?,
            amount: take_if(amount, from)?,
            stan: take_if(stan, from)?,
            frame: Form::take(from)?,
        })
    }
}

/// How many bytes the frame has and how many ranges are hidden; for each range, how far behind the
/// one before it begins, and a number of its length (from bit 2), whether it was overwritten with
/// one value (bit 1), whether it may be restored (bit 0); then the frame, in which such a value
/// stands once for its whole range; the patch.
impl Form for StoredFrame {
    fn put(&self, out: &mut Out<'_>) {
        out.number(self.frame.len() as u64);
        out.number(self.hidden.len() as u64);
        let (mut before, mut copied, mut evens) = (0, 0, 0u64);
        for (at, (start, length, restorable)) in self.hidden.iter().enumerate() {
            let even = bit(at) != 0 && is_even(&self.frame, copied, *start, *length);
            let number = u64::from(*length) << 2 | u64::from(even) << 1 | u64::from(*restorable);
            out.number(u64::from(start.wrapping_sub(before)));
            out.number(number);
            before = start.wrapping_add(*length);
            if even {
                copied = usize::from(before);
                evens |= bit(at);
            }
        }
        copied = 0;
        for (at, (start, length, _)) in self.hidden.iter().enumerate() {
            if evens & bit(at) != 0 {
                let start = usize::from(*start);
                // What is kept before the range, and the value of its first byte.
                out.raw(self.frame.get(copied..=start).unwrap_or_default());
                copied = start.saturating_add(usize::from(*length));
            }
        }
        out.raw(self.frame.get(copied..).unwrap_or_default());
        self.patch.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        let whole = usize::try_from(from.number()?).unwrap_or(usize::MAX);
        if !from.with_frames {
            return pass_over(whole, from);
        }
        let mut hidden = Vec::new();
        let mut even = Vec::new();
        let mut before: u16 = 0;
        for _ in 0..from.number()? {
            let start = before.wrapping_add(u16::take(from)?);
            let number = from.number()?;
            let length = u16::try_from(number >> 2).ok();
            let length = length.ok_or_else(|| from.wrong("a range too long"))?;
            hidden.push((start, length, number & 1 == 1));
            if number & 2 == 2 {
                even.push((usize::from(start), usize::from(length)));
            }
            before = start.wrapping_add(length);
        }
        let frame = take_frame(whole, &even, from)?;
        let patch = Patch::take(from)?;
        Ok(Self::new(frame, hidden, patch))
    }
}

/// Zeros in the place of a frame that is not wanted: whoever counts bytes counts them.
fn pass_over(whole: usize, from: &mut In<'_>) -> Result<StoredFrame, FormError> {
    let mut absent = 0usize;
    for _ in 0..from.number()? {
        u16::take(from)?;
        let number = from.number()?;
        let length = usize::try_from(number >> 2).unwrap_or(usize::MAX);
        if number & 2 == 2 {
            absent = absent.saturating_add(length.saturating_sub(1));
        }
    }
    from.raw(whole.saturating_sub(absent))?;
    drop(Patch::take(from)?);
    let zeros = ZEROS.get(..whole).unwrap_or(&ZEROS);
    Ok(StoredFrame::new(
        Bytes::from_static(zeros),
        Vec::new(),
        Patch::None,
    ))
}

static ZEROS: [u8; LONGEST] = [0; LONGEST];

/// The bit of a range among the first ones; none for any other.
fn bit(at: usize) -> u64 {
    let at = u32::try_from(at).ok();
    at.and_then(|at| 1u64.checked_shl(at)).unwrap_or(0)
}

/// Whether a range has one value, lies in the frame, and behind what is copied.
fn is_even(frame: &[u8], copied: usize, start: u16, length: u16) -> bool {
    let start = usize::from(start);
    let range = frame.get(start..start.saturating_add(length.into()));
    let range = range.unwrap_or_default();
    let is_one = range.get(1..).is_some_and(|rest| range.starts_with(rest));
    is_one && copied <= start && frame.len() <= LONGEST
}

/// Ranges of one value can stand for more bytes than were read; this bounds them, and is beyond
/// any frame that a gateway takes.
const LONGEST: usize = 0x1_0000;

fn take_frame(
    whole: usize,
    even: &[(usize, usize)],
    from: &mut In<'_>,
) -> Result<Bytes, FormError> {
    if even.is_empty() {
        return from.raw(whole).map(Bytes::copy_from_slice);
    }
    let misplaced = |from: &In<'_>| from.wrong("a hidden range outside of its frame");
    if whole > LONGEST {
        return Err(misplaced(from));
    }
    let mut frame = Vec::new();
    for (start, length) in even {
        let kept = start.checked_sub(frame.len());
        frame.extend_from_slice(from.raw(kept.ok_or_else(|| misplaced(from))?)?);
        let end = start.saturating_add(*length);
        if end > whole {
            return Err(misplaced(from));
        }
        frame.resize(end, from.byte()?);
    }
    frame.extend_from_slice(from.raw(whole.saturating_sub(frame.len()))?);
    Ok(frame.into())
}

impl Form for Patch {
    fn put(&self, out: &mut Out<'_>) {
        match self {
            Self::None => out.byte(0),
            Self::Clear(clear) => {
                out.byte(1);
                out.vault.newest().put(out);
                out.number(Vault::sealed_len(clear) as u64);
                out.vault.seal_into(out.seq, clear, out.bytes);
            }
            Self::Sealed(sealed) => {
                out.byte(1);
                sealed.key.put(out);
                out.block(&sealed.bytes);
            }
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, FormError> {
        match from.byte()? {
            0 => Ok(Self::None),
            1 => {
                let (key, sealed) = (Form::take(from)?, from.block()?);
                let bytes = match from.with_frames {
                    true => Bytes::copy_from_slice(sealed),
                    false => Bytes::new(),
                };
                Ok(Self::Sealed(Sealed { key, bytes }))
            }
            _ => Err(from.wrong("neither sealed nor absent")),
        }
    }
}
