//! A message that can only be read in part: what is known of it, and what becomes of the rest.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that goes wrong should stop where it stands"
)]

use super::super::{ParseFault, PieceKind, dissect, hex};
use super::Message;
use crate::iso::message::FieldId;
use crate::iso::spec::Spec;
use bytes::Bytes;
use std::sync::Arc;

/// A published sale, and its reversal.
const SALE: &str = "60000300006031003107300200302004C020C09811000000000000000001\
    000349021000123062258221129963015D151110100000353638353233313432333532313435323638353932\
    3336313536C624834D367E9E9E20000000000000000013220000080005003637413232393941";
const REVERSAL: &str = "600004000060220000000004003020048002C08013000000000001002000\
    3002030210003938313034333132353838373434343033343531313235313031353600082200070500033031\
    203342463735343838";

fn frame(hex: &str) -> (Arc<Spec>, Bytes) {
    let spec = Spec::builtin("cup-pos").unwrap();
    (spec, hex::unhex(hex).unwrap().into())
}

/// The sale, with its DE 52 cut off in its third byte.
fn half_a_sale() -> (Arc<Spec>, Bytes, Message) {
    let (spec, frame) = frame(SALE);
    let pieces = dissect(&spec, &frame);
    let pin = PieceKind::Value(FieldId::of(52).into());
    let pin = pieces.iter().find(|piece| piece.is == pin).unwrap();
    let frame = frame.slice(..pin.bytes.start + 3);
    let message = Message::read(&spec, frame.clone()).unwrap();
    (spec, frame, message)
}

#[test]
fn a_message_read_in_part_says_where_it_ends_and_comes_back_as_it_came() {
    let (spec, frame, mut message) = half_a_sale();
    let fault = *message.fault().unwrap();
    assert_eq!(fault.field, Some(FieldId::of(52).into()));
    assert_eq!(fault.kind, ParseFault::Short { needed: 8, left: 3 });
    assert_eq!(message.terminal().as_deref(), Some("56852314"));
    assert!(message.is_unread(FieldId::of(60)) && !message.has(FieldId::of(60)));
    assert_eq!(message.build().unwrap(), frame);
    // Another header, and another value before the fault: the rest is kept with its bits.
    message.set_header(&[0x60; 11]);
    assert_eq!(message.build().unwrap()[11..], frame[11..]);
    message.set(FieldId::of(11), "000350").unwrap();
    let again = Message::read(&spec, message.build().unwrap()).unwrap();
    assert_eq!(again.text(FieldId::of(11)).as_deref(), Some("000350"));
    assert_eq!(again.build().unwrap().len(), frame.len());
    assert_eq!(again.fault(), Some(&fault));
    // Behind the fault nothing can be put.
    assert!(message.set(FieldId::of(64), "0000000000000000").is_err());
}

#[test]
fn a_message_read_in_part_has_no_kind_that_an_unread_field_decides() {
    let (_, _, message) = half_a_sale();
    assert!(
        message.kind().is_none(),
        "60.1 tells a sale from an inquiry"
    );
    let (spec, frame) = frame(REVERSAL);
    let reversal = Message::read(&spec, frame.slice(..frame.len() - 1)).unwrap();
    assert_eq!(&*reversal.kind().unwrap().name, "reversal");
}

#[test]
fn of_a_message_read_in_part_only_the_names_are_kept() {
    let (spec, frame, message) = half_a_sale();
    let kept = message.redact().unwrap();
    let unread = frame.len() - kept.frame.len();
    assert_eq!(unread, 3, "the unread bytes are not there");
    assert_eq!(kept.hidden.last().unwrap().1, 3, "but their number");
    let again = Message::read(&spec, kept.frame.clone()).unwrap();
    assert_eq!(again.terminal(), message.terminal());
    assert_eq!(again.stan(), message.stan());
    let track = again.text(FieldId::of(35)).unwrap().into_owned();
    assert!(track.bytes().all(|digit| digit == b'0'), "{track}");
    assert!(kept.restore().is_none());
}

#[test]
fn bytes_behind_the_last_field_are_kept_as_they_came() {
    for hex in [SALE, REVERSAL] {
        let (spec, frame) = frame(hex);
        let mut bytes = frame.to_vec();
        bytes.extend_from_slice(b"4111111111111111");
        let frame = Bytes::from(bytes);
        let message = Message::read(&spec, frame.clone()).unwrap();
        let fault = message.fault().unwrap();
        assert_eq!(fault.kind, ParseFault::Trailing { left: 16 });
        assert_eq!(fault.offset, frame.len() - 16);
        assert_eq!(message.build().unwrap(), frame);
        let kept = message.redact().unwrap().frame;
        assert_eq!(kept.len(), frame.len() - 16);
    }
}
