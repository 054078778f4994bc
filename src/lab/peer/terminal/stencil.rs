//! A request that is sent many times under ever new numbers: its frame, changed in place.

use super::brain::TestTerminal;
use super::form::Stamp;
use super::receipts::{Receipt, TerminalBelief};
use super::workload::{kind_of, refers_to};
use crate::engine::seam::Now;
use crate::iso::codec::{Framer, Message, Piece, PieceKind, dissect};
use crate::iso::message::{Amount, AuthCode, FieldId, FieldPath, Rrn, Stan};
use crate::iso::security::{Key, mac};
use crate::iso::spec::{Kind, MacAlgorithm};
use crate::lab::peer::filling::{field, part};
use bytes::BytesMut;
use std::ops::Range;

/// A request of one terminal and kind as it stands on the wire, and where its numbers lie.
#[derive(Clone, Debug)]
pub struct Stencil {
    frame: Vec<u8>,
    stan: Digits,
    original: Option<Digits>,
    rrn: Option<Range<usize>>,
    auth: Option<Range<usize>>,
    mac: Option<MacPlace>,
}

/// What a later request says of an earlier one, as the bytes of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    stan: Stan,
    rrn: Vec<u8>,
    auth: Vec<u8>,
}

impl Earlier {
    /// What the answer to a request told.
    #[must_use]
    pub fn told(stan: Stan, answer: &Message) -> Option<Self> {
        let frame = answer.build().ok()?;
        let places = dissect(answer.spec(), &frame);
        let bytes = |path| {
            let value = place(&places, path).and_then(|at| frame.get(at));
            value.unwrap_or_default().to_vec()
        };
        Some(Self {
            stan,
            rrn: bytes(field(37)),
            auth: bytes(field(38)),
        })
    }
}

/// A number of fixed length.
#[derive(Clone, Debug)]
struct Digits {
    at: Range<usize>,
    /// The byte of a zero where each digit is one byte; otherwise two digits share one.
    zero: Option<u8>,
}

impl Digits {
    /// Where `text` stands at `at`.
    fn find(frame: &[u8], at: Range<usize>, text: &str) -> Option<Self> {
        let first = frame.get(at.start)?;
        let digit = text.bytes().next()?.checked_sub(b'0')?;
        let zero = match at.len() {
            bytes if bytes == text.len() => Some(first.checked_sub(digit)?),
            bytes if bytes * 2 == text.len() => None,
            _ => return None,
        };
        Some(Self { at, zero })
    }

    fn write(&self, mut number: u64, frame: &mut [u8]) {
        let mut digit = || {
            let last = u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
            last
        };
        let place = frame.get_mut(self.at.clone()).unwrap_or_default();
        for byte in place.iter_mut().rev() {
            *byte = match self.zero {
                Some(zero) => zero + digit(),
                None => digit() | (digit() << 4),
            };
        }
    }
}

/// A MAC, what it covers, and how it is made.
#[derive(Clone, Debug)]
struct MacPlace {
    covers: Range<usize>,
    at: Range<usize>,
    algorithm: MacAlgorithm,
    key: Key,
}

impl MacPlace {
    fn write(&self, frame: &mut [u8]) {
        let covered = frame.get(self.covers.clone()).unwrap_or_default();
        let value = mac(self.algorithm, &self.key, covered);
        let place = frame.get_mut(self.at.clone()).unwrap_or_default();
        if place.len() == value.len() {
            place.copy_from_slice(&value);
        } else {
            let text = format!("{:016X}", u64::from_be_bytes(value));
            place
                .iter_mut()
                .zip(text.bytes())
                .for_each(|(slot, byte)| *slot = byte);
        }
    }
}

/// Where a value lies in a frame.
fn place(pieces: &[Piece], path: FieldPath) -> Option<Range<usize>> {
    let mut values = pieces.iter();
    let piece = values.find(|piece| piece.is == PieceKind::Value(path))?;
    Some(piece.bytes.clone())
}

impl Stencil {
    /// Of a request, sealed as `terminal` does; `None` if its numbers cannot be changed in place.
    #[must_use]
    pub fn of(terminal: &TestTerminal, request: &Message) -> Option<Self> {
        let bare = request.build().ok()?;
        let mut frame = BytesMut::new();
        let framer = Framer::new(request.spec(), usize::from(u16::MAX));
        framer.wrap(&bare, &mut frame).ok()?;
        let before = frame.len().checked_sub(bare.len())?;
        let mut pieces = dissect(request.spec(), &bare);
        for piece in &mut pieces {
            piece.bytes = piece.bytes.start + before..piece.bytes.end + before;
        }
        let digits = |path| {
            let text = request.text(path)?;
            Digits::find(&frame, place(&pieces, path)?, &text)
        };
        let mac = match terminal.mac_key(request).zip(request.spec().flow().mac) {
            Some((key, rule)) => Some(MacPlace {
                covers: covers(&pieces, rule.field)?,
                at: place(&pieces, FieldPath::whole(rule.field))?,
                algorithm: rule.algorithm,
                key: key.clone(),
            }),
            None => None,
        };
        let stencil = Self {
            stan: digits(field(11))?,
            original: digits(part(61, "2")),
            rrn: place(&pieces, field(37)),
            auth: place(&pieces, field(38)),
            mac,
            frame: frame.to_vec(),
        };
        let mut again = stencil.clone();
        let same = again.next(request.stan()?, None) == stencil.frame;
        same.then_some(stencil)
    }

    /// The frame under another number, length prefix included; of a request that refers to an
    /// earlier one, to this one.
    pub fn next(&mut self, stan: Stan, earlier: Option<&Earlier>) -> &[u8] {
        let frame = self.frame.as_mut_slice();
        self.stan.write(stan.0, frame);
        if let Some(earlier) = earlier {
            if let Some(original) = &self.original {
                original.write(earlier.stan.0, frame);
            }
            for (place, told) in [(&self.rrn, &earlier.rrn), (&self.auth, &earlier.auth)] {
                let place = place.clone().and_then(|place| frame.get_mut(place));
                if let Some(place) = place.filter(|place| place.len() == told.len()) {
                    place.copy_from_slice(told);
                }
            }
        }
        if let Some(mac) = &self.mac {
            mac.write(frame);
        }
        frame
    }
}

/// From the type to before the MAC.
fn covers(pieces: &[Piece], mac: FieldId) -> Option<Range<usize>> {
    let start = pieces.iter().find(|piece| piece.is == PieceKind::Mti)?;
    let mac = FieldPath::whole(mac);
    let of_mac = [PieceKind::Length(mac), PieceKind::Value(mac)];
    let end = pieces.iter().find(|piece| of_mac.contains(&piece.is))?;
    Some(start.bytes.start..end.bytes.start)
}

impl TestTerminal {
    /// What its requests of a kind look like, as long as this session lasts: for a load, which
    /// keeps no receipts. `None` if the dialect does not have the kind, or its numbers cannot be
    /// changed in place.
    #[must_use]
    pub fn stencil(&self, now: Now, kind: &str, card: usize) -> Option<Stencil> {
        let flow = self.options.spec.flow();
        let kind = kind_of(flow, kind)?;
        let amount = self.options.workload.amounts.start();
        let of_deck = self.options.workload.cards.cards().get(card);
        let stamp = Stamp {
            stan: Stan(1),
            batch: self.receipts.batch,
            at: now.wall,
        };
        let earlier = refers_to(kind, flow).map(|original| stand_in(original, stamp, card));
        let request = self.write(kind, stamp, (Amount(*amount), of_deck), earlier.as_ref());
        Stencil::of(self, &request)
    }
}

/// An earlier transaction, until there is one.
fn stand_in(kind: &Kind, stamp: Stamp, card: usize) -> Receipt {
    Receipt {
        stan: stamp.stan,
        batch: stamp.batch,
        kind: kind.name,
        purpose: kind.purpose,
        amount: Amount(0),
        card,
        at: stamp.at,
        original: None,
        belief: TerminalBelief::Approved,
        code: None,
        rrn: Rrn::new("000000000000"),
        auth: AuthCode::new("000000"),
        touched: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_found_and_written_one_or_two_a_byte() {
        for (frame, zero) in [
            (b"\x01\x23\x45".to_vec(), None),
            (b"012345".to_vec(), Some(b'0')),
            (b"\xF0\xF1\xF2\xF3\xF4\xF5".to_vec(), Some(0xF0)),
        ] {
            let digits = Digits::find(&frame, 0..frame.len(), "012345").unwrap();
            assert_eq!(digits.zero, zero);
            let mut again = vec![0; frame.len()];
            digits.write(12_345, &mut again);
            assert_eq!(again, frame);
        }
        assert!(Digits::find(b"01234", 0..5, "012345").is_none());
    }
}
