//! Frames as peers of the field make and read them: a codec, the few facts in which the dialects
//! differ, MACs and key blocks.

use crate::engine::seam::{Wall, Zone};
use crate::iso::codec::{Message, ParseFault};
use crate::iso::message::{FieldId, Mti};
use crate::iso::security::{Key, WorkingKeys, union_pay_ecb_mac, unwrap_block, wrap_block};
use crate::iso::spec::{KeyBlockForm, Spec};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The field of the MAC of `UnionPay` terminals.
const MAC: u8 = 64;
/// Bytes behind the end of a message that has a broken tail.
const TAIL: [u8; 3] = [0x99; 3];

/// A dialect, as its speaker knows it.
#[derive(Clone, Debug)]
pub(super) struct Speech {
    spec: Option<Arc<Spec>>,
    /// The dialect of `UnionPay` terminals; else one of ISO 8583:1987.
    pub cup: bool,
}

/// How a message is finished.
#[derive(Clone, Debug, Default)]
pub(super) struct Finish<'a> {
    /// Fields that are left out.
    pub omits: Vec<u8>,
    /// The key of its MAC; `None` for no MAC.
    pub key: Option<&'a Key>,
    /// The MAC is wrong in its last digit.
    pub broken_mac: bool,
    /// Bytes stand behind its end.
    pub broken_tail: bool,
}

impl Speech {
    pub(super) fn new(name: &str) -> Self {
        Self {
            spec: Spec::builtin(name),
            cup: name == "cup-pos",
        }
    }

    /// An empty message.
    pub(super) fn draft(&self, mti: &str) -> Option<Message> {
        let mti: Mti = mti.parse().ok()?;
        Some(Message::new(self.spec.as_ref()?, mti))
    }

    /// The empty answer to a message: its way back in the header, its type as given or 10 more.
    pub(super) fn answer_to(&self, asked: &Message, mti: &str) -> Option<Message> {
        let usual = asked.mti().answer().map(|mti| mti.to_string());
        let mti = if mti.is_empty() {
            usual?
        } else {
            mti.to_owned()
        };
        let mut answer = self.draft(&mti)?;
        let mut header = asked.header().to_vec();
        if let (true, [_, to, to2, from, from2, ..]) = (self.cup, header.as_mut_slice()) {
            std::mem::swap(to, from);
            std::mem::swap(to2, from2);
        }
        answer.set_header(&header);
        Some(answer)
    }

    /// The frame of a message.
    pub(super) fn frame(&self, message: &Message, finish: &Finish<'_>) -> Option<Bytes> {
        let mut message = message.clone();
        for number in &finish.omits {
            if let Some(field) = FieldId::new(*number) {
                message.remove(field);
            }
        }
        if let (true, Some(key)) = (self.cup && !finish.omits.contains(&MAC), finish.key) {
            let mut mac = mac_of(&message, key)?;
            if finish.broken_mac {
                mac[7] ^= 1;
            }
            put(&mut message, MAC, &hex(&mac));
        }
        let frame = message.build().ok()?;
        if !finish.broken_tail {
            return Some(frame);
        }
        let mut longer = BytesMut::from(&frame[..]);
        longer.extend_from_slice(&TAIL);
        Some(longer.freeze())
    }

    /// Reads a frame as far as it can be read. Bytes behind the end are left alone, as most
    /// unpackers of the field do.
    pub(super) fn read(&self, frame: Bytes) -> Option<Message> {
        let spec = self.spec.as_ref()?;
        let message = Message::read(spec, frame.clone()).ok()?;
        let end = message.fault().and_then(|fault| match fault.kind {
            ParseFault::Trailing { .. } => Some(fault.offset),
            _ => None,
        });
        match end {
            Some(end) if end <= frame.len() => Message::read(spec, frame.slice(..end)).ok(),
            _ => Some(message),
        }
    }
}

/// Whether the MAC of a message is right; `None` if it has none.
pub(super) fn mac_is_right(message: &Message, key: &Key) -> Option<bool> {
    let carried = get(message, MAC)?;
    Some(mac_of(message, key).is_some_and(|mac| hex(&mac) == carried))
}

fn mac_of(message: &Message, key: &Key) -> Option<[u8; 8]> {
    let input = message.mac_input(FieldId::of(MAC)).ok()?;
    Some(union_pay_ecb_mac(key, &input))
}

/// Sets a field, if the dialect has it and the text fits.
pub(super) fn put(message: &mut Message, number: u8, text: &str) {
    if let Some(field) = FieldId::new(number) {
        // A field that this dialect does not have is left out.
        let _set = message.set(field, text);
    }
}

/// Takes fields over that are there.
pub(super) fn carry(to: &mut Message, from: &Message, numbers: &[u8]) {
    for field in numbers.iter().filter_map(|number| FieldId::new(*number)) {
        to.copy(field, from);
    }
}

/// A field's text without the blanks around; `None` if it is not there.
pub(super) fn get(message: &Message, number: u8) -> Option<String> {
    let text = message.text(FieldId::new(number)?)?;
    Some(text.trim().to_owned())
}

/// A field's text, or nothing.
pub(super) fn text(message: &Message, number: u8) -> String {
    get(message, number).unwrap_or_default()
}

/// A field as a number.
pub(super) fn number(message: &Message, field: u8) -> Option<u64> {
    get(message, field)?.parse().ok()
}

/// DE 11.
pub(super) fn stan(message: &Message) -> Option<u32> {
    u32::try_from(number(message, 11)?).ok()
}

/// DE 39; `None` if it is not there, or blank.
pub(super) fn code(message: &Message) -> Option<String> {
    get(message, 39).filter(|code| !code.is_empty())
}

/// A piece of a field of digits.
pub(super) fn piece(message: &Message, field: u8, from: usize, to: usize) -> String {
    let text = text(message, field);
    text.get(from..to).unwrap_or_default().to_owned()
}

/// DE 60.1: the kind.
pub(super) fn kind_code(message: &Message) -> String {
    piece(message, 60, 0, 2)
}

/// DE 60.2: the batch.
pub(super) fn batch(message: &Message) -> String {
    piece(message, 60, 2, 8)
}

/// DE 60.3: the network management code.
pub(super) fn management(message: &Message) -> String {
    piece(message, 60, 8, 11)
}

/// The attempt that a message tells in DE 14.
pub(super) fn attempt(message: &Message) -> Option<u32> {
    super::names::n_of(&get(message, 14)?)
}

/// The moment as `MMDDhhmmss` in GMT: DE 7.
pub(super) fn gmt(wall: Wall) -> String {
    format!("{}{}", wall.mmdd(&Zone::UTC), wall.hhmmss(&Zone::UTC))
}

/// Whether a code of DE 39 approves a request: the table of the standard, and that of `UnionPay`.
pub(super) fn approves(cup: bool, code: &str) -> bool {
    let more: &[&str] = if cup {
        &["A2", "A4", "A5", "A6"]
    } else {
        &["08"]
    };
    ["00", "10", "11", "16"].contains(&code) || more.contains(&code)
}

/// The working keys of a sign-in's answer (DE 62).
pub(super) fn unwrap_keys(master: &Key, block: &str) -> Option<Key> {
    let bytes: Option<Vec<u8>> = (0..block.len() / 2)
        .map(|at| u8::from_str_radix(block.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect();
    let keys = unwrap_block(master, KeyBlockForm::Double, &bytes?).ok()?;
    Some(keys.mac)
}

/// New working keys for a terminal, the so-manieth of a host, and the text of their block.
pub(super) fn wrap_keys(
    master: &Key,
    terminal: &str,
    link: u8,
    times: u32,
) -> Option<(Key, String)> {
    let name = format!("working keys|{terminal}|{link}|{times}");
    let digest = Sha256::digest(name.as_bytes());
    let keys = WorkingKeys {
        pin: Key::new(digest.get(..16)?).ok()?,
        mac: Key::new(digest.get(16..24)?).ok()?,
        track: None,
    };
    let block = wrap_block(master, KeyBlockForm::Double, &keys);
    Some((keys.mac, hex(&block)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
