//! Spoiling a message as a fault demands it.

use crate::iso::codec::{Message, PieceKind, dissect};
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use crate::lab::fault::{FieldChange, SentMac, Wreck};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// Makes those changes that are made before the MAC, or those behind it; how many there were. One
/// that the dialect cannot write is left out.
pub fn change(message: &mut Message, changes: &[FieldChange], sealed: bool) -> usize {
    let due = changes.iter().filter(|change| change.sealed == sealed);
    due.filter(|change| match &change.value {
        Some(value) => message.set(change.path, value).is_ok(),
        None => {
            message.remove(change.path.field);
            true
        }
    })
    .count()
}

/// Ends the header with these bytes, if it is long enough.
pub(super) fn end_header(message: &mut Message, end: &[u8]) {
    let mut header = message.header().to_vec();
    let from = header.len().checked_sub(end.len());
    if let Some(place) = from.and_then(|from| header.get_mut(from..)) {
        place.copy_from_slice(end);
        message.set_header(&header);
    }
}

/// Makes a right MAC wrong, or takes it away.
pub fn spoil_mac(message: &mut Message, mac: SentMac) {
    let Some(rule) = message.spec().flow().mac else {
        return;
    };
    match mac {
        SentMac::Right => {}
        SentMac::Missing => message.remove(rule.field),
        SentMac::Wrong => {
            let path = FieldPath::whole(rule.field);
            if let Some(mut mac) = message.text(path).map(Cow::into_owned) {
                let last = if mac.pop() == Some('0') { '1' } else { '0' };
                mac.push(last);
                let _set = message.set(path, &mac);
            }
        }
    }
}

/// Breaks a frame, so that nobody can read it.
#[must_use]
pub fn wrecked(spec: &Arc<Spec>, frame: Bytes, wreck: Option<Wreck>) -> Bytes {
    match wreck {
        None => frame,
        Some(Wreck::Cut) => frame.slice(..frame.len() / 2),
        Some(Wreck::Bits) => {
            let pieces = dissect(spec, &frame);
            let mut bitmaps = pieces.iter();
            let bitmap = bitmaps.find(|piece| piece.is == PieceKind::Bitmap);
            let mut bytes = frame.to_vec();
            if let Some(byte) = bitmap.and_then(|bitmap| bytes.get_mut(bitmap.bytes.start)) {
                *byte = !*byte;
            }
            bytes.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale() -> Message {
        let spec = Spec::builtin("cup-pos").unwrap();
        let mut sale = Message::new(&spec, "0200".parse().unwrap());
        for (path, text) in [("25", "00"), ("38", "123456"), ("64", "0011223344556677")] {
            sale.set(path.parse::<FieldPath>().unwrap(), text).unwrap();
        }
        sale
    }

    #[test]
    fn a_field_is_set_or_taken_out_on_its_side_of_the_mac() {
        let change_of = |path: &str, value: Option<&str>, sealed| FieldChange {
            path: path.parse().unwrap(),
            value: value.map(str::to_owned),
            sealed,
        };
        let changes = [
            change_of("25", Some("06"), true),
            change_of("38", None, false),
            change_of("25", Some("too long"), true),
        ];
        let mut message = sale();
        assert_eq!(change(&mut message, &changes, true), 1);
        let path = |number: &str| number.parse::<FieldPath>().unwrap();
        assert_eq!(message.text(path("25")).as_deref(), Some("06"));
        assert!(message.text(path("38")).is_some());
        assert_eq!(change(&mut message, &changes, false), 1);
        assert_eq!(message.text(path("38")), None);
    }

    #[test]
    fn a_mac_is_wrong_or_missing_and_a_header_ends_otherwise() {
        let mac = |message: &Message| {
            let path = "64".parse::<FieldPath>().unwrap();
            message.text(path).map(Cow::into_owned)
        };
        let (mut wrong, mut missing) = (sale(), sale());
        spoil_mac(&mut wrong, SentMac::Wrong);
        spoil_mac(&mut missing, SentMac::Missing);
        assert_eq!(mac(&wrong).as_deref(), Some("0011223344556670"));
        assert_eq!(mac(&missing), None);
        end_header(&mut wrong, &[0x99]);
        assert!(wrong.header().ends_with(&[0x99]));
        assert_eq!(wrong.header().len(), sale().header().len());
    }

    #[test]
    fn a_broken_frame_cannot_be_read() {
        for spec in ["cup-pos", "iso8583-1987-ascii", "iso8583-1987-binary"] {
            let spec = Spec::builtin(spec).unwrap();
            let mut sale = Message::new(&spec, "0200".parse().unwrap());
            let stan = "11".parse::<FieldPath>().unwrap();
            sale.set(stan, "123456").unwrap();
            let frame = sale.build().unwrap();
            let broken = |wreck| wrecked(&spec, frame.clone(), wreck);
            assert_eq!(broken(None), frame);
            for wreck in [Wreck::Bits, Wreck::Cut] {
                let read = Message::parse(&spec, broken(Some(wreck)));
                assert!(read.is_err(), "{wreck:?} {}", spec.name());
            }
        }
    }
}
