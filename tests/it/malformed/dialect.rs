//! How three dialects are written, as their specifications say it and independent of isogate's own
//! reading of them; and whole messages in each, of which every byte is known.

/// How a field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// So many digits.
    Digits(usize),
    /// At most so many digits, behind a length of two or three digits.
    SomeDigits(usize, usize),
    /// So many characters.
    Text(usize),
    /// At most so many characters or bytes, behind a length.
    SomeText(usize, usize),
    /// So many bytes; two hexadecimal digits each where all is characters.
    Bytes(usize),
}

use Form::{Bytes, Digits, SomeDigits, SomeText, Text};

/// A dialect.
pub(super) struct Dialect {
    pub(super) name: &'static str,
    /// What stands before the type.
    pub(super) header: &'static [u8],
    /// Digits two a byte, bitmap and binary values as they are; otherwise all in characters.
    pub(super) packed: bool,
    /// Where the spare half byte of packed digits stands.
    right: bool,
    /// `(field, form, value)`: a value of digits or characters.
    fields: &'static [(u8, Form, &'static str)],
    /// A field that the dialect does not have, and how many bitmaps name it.
    pub(super) unknown: &'static [u8],
}

/// ISO 8583:1987 §4.3, with what a bank's message might hold.
const BANK: &[(u8, Form, &str)] = &[
    (2, SomeDigits(2, 19), "6216261000000000018"),
    (3, Digits(6), "000000"),
    (4, Digits(12), "000000088800"),
    (7, Digits(10), "1122101112"),
    (11, Digits(6), "100175"),
    (22, Digits(3), "051"),
    (32, SomeDigits(2, 11), "12345678"),
    (35, SomeDigits(2, 37), "6216261000000000018"),
    (37, Text(12), "203217491827"),
    (41, Text(8), "10421695"),
    (42, Text(15), "874350357222471"),
    (44, SomeText(2, 25), "BANK OF NOWHERE"),
    (48, SomeText(3, 999), "INVOICE=900001"),
    (49, Text(3), "156"),
    (52, Bytes(8), "8 bytes!"),
    (63, SomeText(3, 999), "OPERATOR 01"),
    (64, Bytes(8), "macmacma"),
    (70, Digits(3), "301"),
    (90, Digits(42), "020010017511221011120000001234500000000000"),
    (100, SomeDigits(2, 11), "87654321"),
    (102, SomeText(2, 28), "ACCOUNT 102"),
    (128, Bytes(8), "MACMACMA"),
];

/// The UnionPay terminal specification: 48 in digits, 60 to 62 of its own.
const TERMINAL: &[(u8, Form, &str)] = &[
    (2, SomeDigits(2, 19), "6216261000000000018"),
    (3, Digits(6), "000000"),
    (4, Digits(12), "000000088800"),
    (11, Digits(6), "100175"),
    (14, Digits(4), "2912"),
    (25, Digits(2), "00"),
    (32, SomeDigits(2, 11), "00031000"),
    (35, SomeDigits(2, 37), "6216261000000000018"),
    (36, SomeDigits(3, 104), "996216261000000000018"),
    (37, Text(12), "203217491827"),
    (39, Text(2), "98"),
    (41, Text(8), "10421695"),
    (42, Text(15), "874350357222471"),
    (44, SomeText(2, 25), "00010000000"),
    (48, SomeDigits(3, 322), "0002"),
    (49, Text(3), "156"),
    (52, Bytes(8), "8 bytes!"),
    (53, Digits(16), "2600000000000000"),
    (60, SomeDigits(3, 17), "22000001"),
    (61, SomeDigits(3, 29), "000001100175"),
    (62, SomeText(3, 999), "Sequence No16"),
    (63, SomeText(3, 163), "01 "),
    (64, Bytes(8), "3BF75488"),
];

pub(super) const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "cup-pos",
        header: &[
            0x60, 0x00, 0x04, 0x00, 0x00, 0x60, 0x22, 0x00, 0x00, 0x00, 0x00,
        ],
        packed: true,
        right: false,
        fields: TERMINAL,
        unknown: &[5, 19, 33, 43, 51, 66, 90, 128],
    },
    Dialect {
        name: "iso8583-1987-ascii",
        header: &[],
        packed: false,
        right: false,
        fields: BANK,
        unknown: &[130, 150, 192],
    },
    Dialect {
        name: "iso8583-1987-binary",
        header: &[],
        packed: true,
        right: true,
        fields: BANK,
        unknown: &[130, 150, 192],
    },
];

/// A field as it stands in a frame.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) field: u8,
    pub(super) form: Form,
    /// Where it begins, its length included.
    pub(super) start: usize,
    /// Bytes of its length.
    pub(super) prefix: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What its length says.
    pub(super) units: usize,
}

impl Part {
    /// Where its value begins.
    pub(super) fn body(&self) -> usize {
        self.start + self.prefix
    }

    /// The digits of its length, if it has one, and the most that it may say.
    pub(super) fn length(&self) -> Option<(usize, usize)> {
        match self.form {
            SomeDigits(digits, most) | SomeText(digits, most) => Some((digits, most)),
            Digits(_) | Text(_) | Bytes(_) => None,
        }
    }
}

/// A whole message, and where everything lies in it.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    pub(super) mti_at: usize,
    pub(super) bitmap_at: usize,
    pub(super) parts: Vec<Part>,
}

impl Dialect {
    /// The types and fields of a few messages: a sale, a short answer, one of the network, all.
    pub(super) fn messages(&self) -> Vec<Frame> {
        let lists: [(&str, &[u8]); 4] = [
            (
                "0200",
                &[2, 3, 4, 7, 11, 22, 25, 35, 41, 42, 48, 49, 52, 60, 62, 64],
            ),
            ("0210", &[3, 4, 11, 32, 37, 39, 41, 42, 44, 49, 60, 63]),
            ("0800", &[7, 11, 41, 42, 60, 62, 63, 70]),
            (
                "0420",
                &[
                    2, 3, 4, 11, 32, 35, 36, 41, 42, 49, 53, 61, 64, 90, 100, 102, 128,
                ],
            ),
        ];
        lists
            .iter()
            .map(|(mti, list)| self.message(mti, list))
            .collect()
    }

    /// A message of those of the fields that the dialect has.
    fn message(&self, mti: &str, list: &[u8]) -> Frame {
        let mut bytes = self.header.to_vec();
        let mti_at = bytes.len();
        bytes.extend(self.digits(mti));
        let bitmap_at = bytes.len();
        let fields = self
            .fields
            .iter()
            .filter(|(field, ..)| list.contains(field));
        let numbers: Vec<u8> = fields.clone().map(|(field, ..)| *field).collect();
        bytes.extend(self.bitmaps(&numbers));
        let mut parts = Vec::new();
        for (field, form, value) in fields {
            let start = bytes.len();
            let (prefix, body) = self.written(*form, value);
            bytes.extend(&prefix);
            bytes.extend(body);
            parts.push(Part {
                field: *field,
                form: *form,
                start,
                prefix: prefix.len(),
                end: bytes.len(),
                units: value.len(),
            });
        }
        Frame {
            bytes,
            mti_at,
            bitmap_at,
            parts,
        }
    }

    fn written(&self, form: Form, value: &str) -> (Vec<u8>, Vec<u8>) {
        match form {
            Digits(_) => (Vec::new(), self.digits(value)),
            SomeDigits(length, _) => (self.length(length, value.len()), self.digits(value)),
            Text(_) => (Vec::new(), value.bytes().collect()),
            SomeText(length, _) => (self.length(length, value.len()), value.bytes().collect()),
            Bytes(_) if self.packed => (Vec::new(), value.bytes().collect()),
            Bytes(_) => {
                let hex: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
                (Vec::new(), hex.into_bytes())
            }
        }
    }

    /// A length of so many digits. Packed, an odd digit more stands before it.
    pub(super) fn length(&self, digits: usize, says: usize) -> Vec<u8> {
        let even = if self.packed {
            digits.next_multiple_of(2)
        } else {
            digits
        };
        let text = format!("{says:0even$}");
        if self.packed {
            packed(&text)
        } else {
            text.into_bytes()
        }
    }

    fn digits(&self, text: &str) -> Vec<u8> {
        match self.packed {
            true if self.right && text.len() % 2 == 1 => packed(&format!("0{text}")),
            true => packed(text),
            false => text.as_bytes().to_vec(),
        }
    }

    /// Bytes of one bitmap.
    pub(super) fn bitmap_len(&self) -> usize {
        if self.packed { 8 } else { 16 }
    }

    /// As many bitmaps as the fields need; bit 1 of each says that another follows.
    pub(super) fn bitmaps(&self, fields: &[u8]) -> Vec<u8> {
        let count = fields
            .iter()
            .map(|field| (field - 1) / 64)
            .max()
            .unwrap_or(0)
            + 1;
        let word = |at: u8| {
            let own = fields.iter().filter(|field| (**field - 1) / 64 == at);
            let bits = own.fold(0u64, |bits, field| bits | 1 << (63 - (field - 1) % 64));
            bits | u64::from(at + 1 < count) << 63
        };
        (0..count).flat_map(|at| self.bitmap(word(at))).collect()
    }

    /// One bitmap.
    pub(super) fn bitmap(&self, word: u64) -> Vec<u8> {
        match self.packed {
            true => word.to_be_bytes().to_vec(),
            false => format!("{word:016X}").into_bytes(),
        }
    }
}

fn packed(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().map(|digit| digit & 0xF).collect();
    let pair = |pair: &[u8]| pair[0] << 4 | pair.get(1).copied().unwrap_or(0);
    digits.chunks(2).map(pair).collect()
}
