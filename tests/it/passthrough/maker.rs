//! Messages of random fields, as terminals and hosts of every make might send them: a writer of its
//! own, from the field table of the UnionPay terminal specification, and ways to spoil its work.

use super::Exchange;
use std::collections::BTreeMap;

/// Digits that stand in every part that makes no sense, as characters and packed.
pub(super) const SECRET: &str = "62262615948372601946";

/// How a field is written.
#[derive(Clone, Copy)]
enum Form {
    /// Digits, two a byte.
    Digits(usize),
    /// Digits behind their number, of one byte or two.
    SomeDigits(usize, usize),
    /// Characters.
    Text(usize),
    /// Characters or bytes behind their number.
    SomeText(usize, usize),
    /// Bytes.
    Bytes(usize),
}

use Form::{Bytes, Digits, SomeDigits, SomeText, Text};

/// The fields beside those that every message has.
const FIELDS: &[(u8, Form)] = &[
    (2, SomeDigits(1, 19)),
    (3, Digits(6)),
    (12, Digits(6)),
    (13, Digits(4)),
    (14, Digits(4)),
    (15, Digits(4)),
    (22, Digits(4)),
    (23, Digits(4)),
    (25, Digits(2)),
    (26, Digits(2)),
    (32, SomeDigits(1, 11)),
    (35, SomeDigits(1, 37)),
    (36, SomeDigits(2, 104)),
    (37, Text(12)),
    (38, Text(6)),
    (40, SomeText(2, 90)),
    (44, SomeText(1, 25)),
    (48, SomeDigits(2, 62)),
    (49, Text(3)),
    (52, Bytes(8)),
    (53, Digits(16)),
    (55, SomeText(2, 120)),
    (58, SomeText(2, 100)),
    (59, SomeText(2, 200)),
    (61, SomeDigits(2, 29)),
    (62, SomeText(2, 200)),
    (63, SomeText(2, 63)),
    (64, Bytes(8)),
];

/// Types of requests, usual ones first, then what no terminal of today sends.
const USUAL: &[&str] = &[
    "0200", "0200", "0200", "0100", "0220", "0400", "0800", "0820",
];
const ODD: &[&str] = &[
    "0320", "0500", "0620", "0300", "0720", "0900", "1100", "1820", "2200", "0201", "0101", "0401",
    "0020",
];

const CODES: &[&[u8]] = &[
    b"00",
    b"00",
    b"00",
    b"05",
    b"51",
    b"91",
    b"98",
    b"ZZ",
    &[1, 2],
];

/// Fields that the specification does not have, behind the terminal's name. Not 65: its bit says
/// that a third bitmap follows.
const UNKNOWN: &[u8] = &[43, 45, 46, 47, 50, 51, 56, 57, 66, 70, 90, 128];

/// Makes the messages of one terminal, always the same.
pub(super) struct Maker {
    state: u64,
    terminal: String,
}

impl Maker {
    pub(super) fn new(terminal: usize) -> Self {
        Self {
            state: 0x5EED_0000 + terminal as u64,
            terminal: format!("{:08}", 55_000_000 + terminal),
        }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn byte(&mut self, below: usize) -> u8 {
        u8::try_from(self.below(below)).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A request with this number, and its answer.
    pub(super) fn exchange(&mut self, stan: usize) -> Exchange {
        let stan = format!("{stan:06}");
        let mti = match self.chance(75) {
            true => self.pick(USUAL),
            false => self.pick(ODD),
        };
        let mut fields = self.fields(&stan);
        if self.chance(80) {
            fields.insert(4, packed(&format!("{:012}", self.below(1_000_000))));
        }
        if self.chance(80) {
            let kind = self.pick(&["22", "22", "23", "01", "10", "20", "99"]);
            let value = format!("{kind}000001{}", ["", "000", "00050"][self.below(3)]);
            fields.insert(60, prefixed(2, value.len(), packed(&value)));
        }
        let mut answered = self.fields(&stan);
        if let Some(amount) = fields.get(&4) {
            answered.insert(4, amount.clone());
        }
        // An answer about another card, kind or currency would be none.
        if !fields.contains_key(&2) {
            answered.remove(&2);
        }
        for number in [2, 3, 49] {
            if let (Some(asked), Some(told)) = (fields.get(&number), answered.get_mut(&number)) {
                told.clone_from(asked);
            }
        }
        let code = self.pick(CODES);
        answered.insert(39, code.to_vec());
        let answer_type = answer_type(mti);
        Exchange {
            terminal: self.terminal.clone(),
            stan,
            request: self.message(mti, fields),
            answer: self.message(&answer_type, answered),
        }
    }

    /// Random fields, and those that name a message.
    fn fields(&mut self, stan: &str) -> BTreeMap<u8, Vec<u8>> {
        let mut fields = BTreeMap::new();
        for (number, form) in FIELDS {
            if self.chance(40) {
                fields.insert(*number, self.value(*form));
            }
        }
        fields.insert(11, packed(stan));
        fields.insert(41, self.terminal.clone().into_bytes());
        fields.insert(42, b"898350357222471".to_vec());
        fields
    }

    fn value(&mut self, form: Form) -> Vec<u8> {
        let digits = |maker: &mut Self, n: usize| -> String {
            (0..n).map(|_| char::from(b'0' + maker.byte(10))).collect()
        };
        match form {
            Digits(n) => packed(&digits(self, n)),
            SomeDigits(prefix, most) => {
                let n = self.below(most + 1);
                prefixed(prefix, n, packed(&digits(self, n)))
            }
            Text(n) => self.characters(n),
            SomeText(prefix, most) => {
                let n = self.below(most + 1);
                prefixed(prefix, n, self.characters(n))
            }
            Bytes(n) => (0..n).map(|_| self.byte(256)).collect(),
        }
    }

    /// Printable, but for a Chinese character now and then.
    fn characters(&mut self, n: usize) -> Vec<u8> {
        let wild = self.chance(10);
        let any = |maker: &mut Self| match wild {
            true => maker.byte(256),
            false => b' ' + maker.byte(95),
        };
        (0..n).map(|_| any(self)).collect()
    }

    /// Header, type, bitmap, fields: as they should be, or not.
    fn message(&mut self, mti: &str, fields: BTreeMap<u8, Vec<u8>>) -> Vec<u8> {
        let mut frame = vec![0x60];
        frame.extend((0..4).map(|_| self.byte(256)));
        let header: String = (0..12).map(|_| char::from(b'0' + self.byte(10))).collect();
        frame.extend(packed(&header));
        frame.extend(packed(mti));
        let spoiled = self.chance(40);
        let fields = match spoiled && self.chance(40) {
            true => self.with_unknown(fields),
            false => fields,
        };
        let named = write(&mut frame, &fields);
        if spoiled {
            self.spoil(&mut frame, named);
        }
        frame
    }

    /// A field that the specification does not have, with a value that nobody can measure.
    fn with_unknown(&mut self, mut fields: BTreeMap<u8, Vec<u8>>) -> BTreeMap<u8, Vec<u8>> {
        let number = self.pick(UNKNOWN);
        fields.insert(number, secret());
        fields
    }

    /// Breaks what stands behind the fields that name the message.
    fn spoil(&mut self, frame: &mut Vec<u8>, named: usize) {
        match self.below(4) {
            0 => {
                let left = self.below(frame.len() - named + 1);
                frame.truncate(named + left);
            }
            1 => frame.extend(secret()),
            2 => {
                frame.truncate(named);
                frame.extend(secret());
                let junk = self.below(60);
                frame.extend((0..junk).map(|_| self.byte(256)));
            }
            _ => {
                let rest = frame.len() - named;
                if rest > 0 {
                    let at = named + self.below(rest);
                    frame[at] = 0xFA;
                }
            }
        }
    }
}

/// Appends bitmap and fields, and gives where the last of those that name the message ends.
fn write(frame: &mut Vec<u8>, fields: &BTreeMap<u8, Vec<u8>>) -> usize {
    let double = fields.keys().any(|number| *number > 64);
    let mut bits = fields
        .keys()
        .fold(0u128, |bits, n| bits | 1 << (128 - u32::from(*n)));
    bits |= u128::from(double) << 127;
    frame.extend(&bits.to_be_bytes()[..if double { 16 } else { 8 }]);
    let mut named = 0;
    for (number, value) in fields {
        frame.extend(value);
        if *number <= 42 {
            named = frame.len();
        }
    }
    named
}

fn secret() -> Vec<u8> {
    let mut bytes = SECRET.as_bytes().to_vec();
    bytes.extend(packed(SECRET));
    bytes
}

/// A length as packed digits, then the value.
fn prefixed(bytes: usize, length: usize, value: Vec<u8>) -> Vec<u8> {
    let mut all = packed(&format!("{length:0width$}", width = bytes * 2));
    all.extend(value);
    all
}

/// Digits two a byte, an odd one at the left.
fn packed(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().map(|digit| digit & 0xF).collect();
    let pair = |pair: &[u8]| pair[0] << 4 | pair.get(1).copied().unwrap_or(0);
    digits.chunks(2).map(pair).collect()
}

/// Ten more, and no sign of a repeat.
fn answer_type(mti: &str) -> String {
    let number: u32 = mti.parse().unwrap();
    format!("{:04}", number / 10 * 10 + 10)
}
