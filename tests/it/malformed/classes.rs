//! The ways in which a message can be broken, each with the rule of the standard that it breaks and
//! the error that follows from that rule: which field, which byte, what is wrong there. Nothing
//! here asks isogate.

use super::dialect::{Dialect, Form, Frame, Part};

/// A broken message, and its error. The byte counts from the start of the frame.
pub(super) struct Broken {
    pub(super) bytes: Vec<u8>,
    pub(super) field: Option<u8>,
    pub(super) at: usize,
    pub(super) message: String,
}

/// A way to break a message.
pub(super) struct Class {
    pub(super) name: &'static str,
    /// The rule that is broken.
    pub(super) rule: &'static str,
    pub(super) cases: fn(&Dialect, &Frame) -> Vec<Broken>,
}

const HEADER: &str = "the frame ends within the header";
const TYPE: &str = "here should be a message type of four digits";
const BITMAP: &str = "here should be a bitmap";
const UNKNOWN: &str = "the bitmap names this field, but the spec does not have it";
const LENGTH: &str = "here should be the length of the field";

const fn class(
    name: &'static str,
    rule: &'static str,
    cases: fn(&Dialect, &Frame) -> Vec<Broken>,
) -> Class {
    Class { name, rule, cases }
}

pub(super) const CLASSES: &[Class] = &[
    class(
        "header-cut",
        "TPDU and header have a fixed length; the first missing byte is at fault",
        |d, f| {
            let ends = 1..d.header.len();
            ends.map(|end| whole(cut(f, end), end, HEADER)).collect()
        },
    ),
    class(
        "type-missing",
        "the type follows the header (1987 §4.1)",
        |d, f| {
            // Without a header this would be an empty frame, which is a sign of life.
            let one = whole(cut(f, f.mti_at), f.mti_at, TYPE);
            if d.header.is_empty() {
                vec![]
            } else {
                vec![one]
            }
        },
    ),
    class(
        "type-cut",
        "the type has four digits (1987 §4.1)",
        |_, f| {
            let ends = f.mti_at + 1..f.bitmap_at;
            ends.map(|end| whole(cut(f, end), f.mti_at, TYPE)).collect()
        },
    ),
    class(
        "type-letters",
        "the type has digits only (1987 §4.1)",
        |d, f| {
            let spoiled = if d.packed { 0x2A } else { b'A' };
            let places = f.mti_at..f.bitmap_at;
            places
                .map(|at| whole(put(f, at, &[spoiled]), f.mti_at, TYPE))
                .collect()
        },
    ),
    class(
        "bitmap-missing",
        "a bitmap follows the type (1987 §4.2)",
        |_, f| vec![whole(cut(f, f.bitmap_at), f.bitmap_at, BITMAP)],
    ),
    class("bitmap-cut", "a bitmap has 64 bits (1987 §4.2)", |d, f| {
        let lengths = [1, d.bitmap_len() / 2, d.bitmap_len() - 1];
        lengths
            .map(|n| whole(cut(f, f.bitmap_at + n), f.bitmap_at, BITMAP))
            .into()
    }),
    class(
        "bitmap-no-hex",
        "a bitmap in characters has hexadecimal digits only",
        |d, f| {
            let spoil = |(at, byte): (usize, u8)| {
                whole(put(f, f.bitmap_at + at, &[byte]), f.bitmap_at, BITMAP)
            };
            let places = [(0, b'G'), (7, b' '), (15, b'g'), (3, 0xF1), (8, b'-')];
            if d.packed {
                vec![]
            } else {
                places.map(spoil).into()
            }
        },
    ),
    class(
        "second-bitmap-missing",
        "bit 1 says that a second bitmap follows (1987 §4.2)",
        |d, f| {
            let second = f.bitmap_at + d.bitmap_len();
            vec![whole(cut(&doubled(d, f), second), second, BITMAP)]
        },
    ),
    class(
        "second-bitmap-cut",
        "the second bitmap has 64 bits as well (1987 §4.2)",
        |d, f| {
            let second = f.bitmap_at + d.bitmap_len();
            [1, d.bitmap_len() - 1]
                .map(|n| whole(cut(&doubled(d, f), second + n), second, BITMAP))
                .into()
        },
    ),
    class(
        "second-bitmap-no-hex",
        "the second bitmap in characters has hexadecimal digits only",
        |d, f| {
            let second = f.bitmap_at + d.bitmap_len();
            let spoil = |at: usize| whole(put(&doubled(d, f), second + at, b"?"), second, BITMAP);
            if d.packed {
                vec![]
            } else {
                [0, 15].map(spoil).into()
            }
        },
    ),
    class(
        "third-bitmap-missing",
        "bit 65 says that a third bitmap follows (2003 §4.3)",
        |d, f| {
            let third = f.bitmap_at + 2 * d.bitmap_len();
            vec![whole(cut(&tripled(d, f, 0), third), third, BITMAP)]
        },
    ),
    class(
        "fourth-bitmap",
        "there are three bitmaps at most; bit 129 can announce no fourth",
        |d, f| {
            let third = f.bitmap_at + 2 * d.bitmap_len();
            vec![whole(tripled(d, f, 1 << 63).bytes, third, BITMAP)]
        },
    ),
    class(
        "unknown-field",
        "a field without a definition has no length; where it begins, reading ends",
        unknown,
    ),
    class(
        "length-missing",
        "a variable field begins with its length (1987 §4.3, LLVAR)",
        |_, f| {
            let cases = variable(f).map(|(part, ..)| of(&part, cut(f, part.start), LENGTH));
            cases.collect()
        },
    ),
    class(
        "length-cut",
        "a length has all its digits (1987 §4.3)",
        |_, f| {
            let long = variable(f).filter(|(part, ..)| part.prefix > 1);
            long.map(|(part, ..)| of(&part, cut(f, part.start + 1), LENGTH))
                .collect()
        },
    ),
    class(
        "two-digits-letters",
        "a length of two digits has digits only (LLVAR)",
        |d, f| letters(d, f, 2),
    ),
    class(
        "three-digits-letters",
        "a length of three digits has digits only (LLLVAR)",
        |d, f| letters(d, f, 3),
    ),
    class(
        "length-signed",
        "a length has no sign and no blank: +5 is not 05",
        |d, f| {
            let signs = [b'+', b'-', b' '];
            let one = |(at, (part, ..)): (usize, (Part, usize, usize))| {
                of(&part, put(f, part.start, &[signs[at % 3]]), LENGTH)
            };
            if d.packed {
                vec![]
            } else {
                variable(f).enumerate().map(one).collect()
            }
        },
    ),
    class(
        "length-in-binary",
        "a packed length has decimal nibbles: 1A is not 26",
        |d, f| {
            let one = |(part, ..): (Part, usize, usize)| {
                of(&part, put(f, part.start + part.prefix - 1, &[0x1A]), LENGTH)
            };
            if d.packed {
                variable(f).map(one).collect()
            } else {
                vec![]
            }
        },
    ),
    class(
        "length-in-ebcdic",
        "F1 F9 are digits in EBCDIC only",
        |d, f| {
            let one = |(part, digits, _): (Part, usize, usize)| {
                let zoned = vec![0xF1; digits];
                of(&part, put(f, part.start, &zoned), LENGTH)
            };
            if d.packed {
                vec![]
            } else {
                variable(f).map(one).collect()
            }
        },
    ),
    class(
        "length-in-characters",
        "31 is a packed 31, not the character 1: more than the field may have",
        |d, f| {
            let short = variable(f).filter(|(_, digits, most)| *digits == 2 && *most < 31);
            let one = |(part, _, most): (Part, usize, usize)| {
                of(&part, put(f, part.start, &[0x31]), &too_long(31, most))
            };
            if d.packed {
                short.map(one).collect()
            } else {
                vec![]
            }
        },
    ),
    class(
        "two-digits-too-large",
        "the length is more than the field has (LLVAR)",
        |d, f| too_large(d, f, 2, 99),
    ),
    class(
        "three-digits-too-large",
        "the length is more than the field has (LLLVAR)",
        |d, f| too_large(d, f, 3, 999),
    ),
    class(
        "too-large-by-one",
        "the most that a field may have is meant",
        |d, f| {
            let limited = variable(f).filter(|(_, _, most)| *most != 999);
            let one = |(part, digits, most): (Part, usize, usize)| {
                let says = d.length(digits, most + 1);
                of(&part, put(f, part.start, &says), &too_long(most + 1, most))
            };
            limited.map(one).collect()
        },
    ),
    class(
        "digits-missing",
        "a field that the bitmap names is there (1987 §4.2)",
        |_, f| missing(f, |form| matches!(form, Form::Digits(_))),
    ),
    class(
        "digits-cut",
        "a field of n digits has n digits (1987 §4.3)",
        |_, f| cut_within(f, |form| matches!(form, Form::Digits(_))),
    ),
    class(
        "text-missing",
        "a field that the bitmap names is there (1987 §4.2)",
        |_, f| missing(f, |form| matches!(form, Form::Text(_))),
    ),
    class(
        "text-cut",
        "a field of n characters has n characters (1987 §4.3)",
        |_, f| cut_within(f, |form| matches!(form, Form::Text(_))),
    ),
    class(
        "bytes-missing",
        "a field that the bitmap names is there (1987 §4.2)",
        |_, f| missing(f, |form| matches!(form, Form::Bytes(_))),
    ),
    class(
        "bytes-cut",
        "a field of 64 bits has 64 bits (1987 §4.3)",
        |_, f| cut_within(f, |form| matches!(form, Form::Bytes(_))),
    ),
    class(
        "two-digits-nothing",
        "a value follows a length that is not zero (LLVAR)",
        |_, f| nothing(f, 2),
    ),
    class(
        "three-digits-nothing",
        "a value follows a length that is not zero (LLLVAR)",
        |_, f| nothing(f, 3),
    ),
    class(
        "two-digits-cut",
        "the value is as long as its length says (LLVAR)",
        |_, f| {
            cut_within(f, |form| {
                matches!(form, Form::SomeDigits(2, _) | Form::SomeText(2, _))
            })
        },
    ),
    class(
        "three-digits-cut",
        "the value is as long as its length says (LLLVAR)",
        |_, f| {
            cut_within(f, |form| {
                matches!(form, Form::SomeDigits(3, _) | Form::SomeText(3, _))
            })
        },
    ),
    class(
        "last-length-too-large",
        "the length says more than the frame has",
        |d, f| {
            // Two more digits or characters, which the field may have and the frame has not.
            let last = ending_in(f, |part| {
                part.length()
                    .is_some_and(|(_, most)| part.units + 2 <= most)
            });
            let one = |(part, bytes): (Part, Vec<u8>)| {
                let (digits, _) = part.length()?;
                let body = part.end - part.body();
                let packed = d.packed && matches!(part.form, Form::SomeDigits(..));
                let needed = if packed { body + 1 } else { body + 2 };
                let says = d.length(digits, part.units + 2);
                Some(of(
                    &part,
                    over(bytes, part.start, &says),
                    &short(needed, body),
                ))
            };
            last.filter_map(one).collect()
        },
    ),
    class(
        "last-length-too-small",
        "what no field has is left over",
        |d, f| {
            let last = ending_in(f, |part| part.length().is_some() && part.units > 2);
            let one = |(part, bytes): (Part, Vec<u8>)| {
                let (digits, _) = part.length()?;
                let packed = d.packed && matches!(part.form, Form::SomeDigits(..));
                let (fewer, left) = if packed { (2, 1) } else { (1, 1) };
                let says = d.length(digits, part.units - fewer);
                let at = bytes.len() - left;
                Some(whole(over(bytes, part.start, &says), at, &trailing(left)))
            };
            last.filter_map(one).collect()
        },
    ),
    class(
        "one-byte-more",
        "the frame ends with its last field",
        |_, f| {
            vec![whole(
                [&f.bytes[..], &[0]].concat(),
                f.bytes.len(),
                &trailing(1),
            )]
        },
    ),
    class(
        "many-bytes-more",
        "the frame ends with its last field",
        |_, f| {
            [2usize, 8, 100]
                .map(|n| {
                    whole(
                        [&f.bytes[..], &vec![b' '; n]].concat(),
                        f.bytes.len(),
                        &trailing(n),
                    )
                })
                .into()
        },
    ),
    class("two-in-one-frame", "a frame holds one message", |_, f| {
        vec![whole(
            f.bytes.repeat(2),
            f.bytes.len(),
            &trailing(f.bytes.len()),
        )]
    }),
    class(
        "line-end",
        "a frame of a length does not end in a line end",
        |_, f| {
            vec![whole(
                [&f.bytes[..], b"\r\n"].concat(),
                f.bytes.len(),
                &trailing(2),
            )]
        },
    ),
    class(
        "bit-missing",
        "a field without its bit is left over (1987 §4.2)",
        |d, f| {
            let fields: Vec<u8> = f.parts.iter().map(|part| part.field).collect();
            let Some((last, rest)) = f.parts.split_last() else {
                return vec![];
            };
            let before = d.bitmaps(&fields);
            let after = d.bitmaps(&fields[..rest.len()]);
            if before.len() != after.len() {
                return vec![];
            }
            let left = last.end - last.start;
            vec![whole(
                put(f, f.bitmap_at, &after),
                last.start,
                &trailing(left),
            )]
        },
    ),
];

/// An error of the whole frame.
fn whole(bytes: Vec<u8>, at: usize, message: &str) -> Broken {
    Broken {
        bytes,
        field: None,
        at,
        message: message.to_owned(),
    }
}

/// An error of a field: its place is where the field begins.
fn of(part: &Part, bytes: Vec<u8>, message: &str) -> Broken {
    Broken {
        field: Some(part.field),
        ..whole(bytes, part.start, message)
    }
}

fn short(needed: usize, left: usize) -> String {
    format!("the field needs {needed} bytes, {left} are left")
}

fn trailing(left: usize) -> String {
    format!("{left} bytes are left over after the last field")
}

fn too_long(says: usize, most: usize) -> String {
    format!("the length says {says}, the field has {most} at most")
}

fn cut(frame: &Frame, end: usize) -> Vec<u8> {
    frame.bytes[..end].to_vec()
}

/// The frame with other bytes in a place.
fn put(frame: &Frame, at: usize, bytes: &[u8]) -> Vec<u8> {
    over(frame.bytes.clone(), at, bytes)
}

fn over(mut frame: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame
}

/// The fields with a length: its digits, and the most that it may say.
fn variable(frame: &Frame) -> impl Iterator<Item = (Part, usize, usize)> + '_ {
    let parts = frame.parts.iter();
    parts.filter_map(|part| part.length().map(|(digits, most)| (*part, digits, most)))
}

/// Such fields, with the frame as far as their end: there they are the last.
fn ending_in(
    frame: &Frame,
    wanted: impl Fn(&Part) -> bool,
) -> impl Iterator<Item = (Part, Vec<u8>)> {
    // The bits behind it stay: what is at fault comes before they matter, unless it is whole.
    let last = frame.parts.last().copied().filter(|part| wanted(part));
    let bytes = frame.bytes.clone();
    last.into_iter().map(move |part| (part, bytes.clone()))
}

/// The frame with a second bitmap that names nothing.
fn doubled(dialect: &Dialect, frame: &Frame) -> Frame {
    announced(dialect, frame, &[0])
}

/// The frame with a third bitmap.
fn tripled(dialect: &Dialect, frame: &Frame, third: u64) -> Frame {
    announced(dialect, frame, &[1 << 63, third])
}

/// The frame with only these bitmaps behind its first.
fn announced(dialect: &Dialect, frame: &Frame, more: &[u64]) -> Frame {
    let first: Vec<u8> = frame
        .parts
        .iter()
        .map(|part| part.field)
        .filter(|f| *f < 65)
        .collect();
    let first = first
        .iter()
        .fold(1u64 << 63, |bits, field| bits | 1 << (64 - field));
    let words = std::iter::once(&first).chain(more);
    let mut bytes = frame.bytes[..frame.bitmap_at].to_vec();
    bytes.extend(words.flat_map(|word| dialect.bitmap(*word)));
    let body = frame
        .parts
        .first()
        .map_or(frame.bytes.len(), |part| part.start);
    bytes.extend(&frame.bytes[body..]);
    Frame {
        bytes,
        ..frame.clone()
    }
}

/// A bit for a field that the dialect does not have, set in its place among the others.
fn unknown(dialect: &Dialect, frame: &Frame) -> Vec<Broken> {
    let one = |field: &u8| {
        let mut fields: Vec<u8> = frame.parts.iter().map(|part| part.field).collect();
        fields.push(*field);
        let bitmaps = dialect.bitmaps(&fields);
        let body = frame
            .parts
            .first()
            .map_or(frame.bytes.len(), |part| part.start);
        let grown = frame.bitmap_at + bitmaps.len() - body;
        let next = frame.parts.iter().find(|part| part.field > *field);
        let at = next.map_or(frame.bytes.len(), |part| part.start) + grown;
        let bytes = [
            &frame.bytes[..frame.bitmap_at],
            &bitmaps,
            &frame.bytes[body..],
        ]
        .concat();
        Broken {
            field: Some(*field),
            ..whole(bytes, at, UNKNOWN)
        }
    };
    dialect.unknown.iter().map(one).collect()
}

fn letters(dialect: &Dialect, frame: &Frame, digits: usize) -> Vec<Broken> {
    let fields = variable(frame).filter(|(_, own, _)| *own == digits);
    let spoil = |(part, ..): (Part, usize, usize)| {
        let at = part.start + part.prefix - 1;
        // A packed length whose last nibble is no digit; a letter in a length of characters.
        let byte = if dialect.packed { 0x0F } else { b'O' };
        of(&part, put(frame, at, &[byte]), LENGTH)
    };
    fields.map(spoil).collect()
}

fn too_large(dialect: &Dialect, frame: &Frame, digits: usize, says: usize) -> Vec<Broken> {
    let fields = variable(frame).filter(|(_, own, most)| *own == digits && *most < says);
    let one = |(part, digits, most): (Part, usize, usize)| {
        let length = dialect.length(digits, says);
        of(
            &part,
            put(frame, part.start, &length),
            &too_long(says, most),
        )
    };
    fields.map(one).collect()
}

fn missing(frame: &Frame, wanted: fn(Form) -> bool) -> Vec<Broken> {
    let parts = frame.parts.iter().filter(|part| wanted(part.form));
    parts
        .map(|part| {
            of(
                part,
                cut(frame, part.start),
                &short(part.end - part.start, 0),
            )
        })
        .collect()
}

/// In the middle of a value, and one byte before its end.
fn cut_within(frame: &Frame, wanted: fn(Form) -> bool) -> Vec<Broken> {
    let parts = frame.parts.iter().filter(|part| wanted(part.form));
    let cases = parts.flat_map(|part| {
        let needed = part.end - part.body();
        let mut lefts = vec![needed / 2, needed.saturating_sub(1)];
        lefts.dedup();
        lefts.retain(|left| *left > 0 && *left < needed);
        let one = move |left| of(part, cut(frame, part.body() + left), &short(needed, left));
        lefts.into_iter().map(one)
    });
    cases.collect()
}

fn nothing(frame: &Frame, digits: usize) -> Vec<Broken> {
    let fields = variable(frame).filter(|(_, own, _)| *own == digits);
    let one = |(part, ..): (Part, usize, usize)| {
        of(
            &part,
            cut(frame, part.body()),
            &short(part.end - part.body(), 0),
        )
    };
    fields.map(one).collect()
}
