//! Parsers of the two dialects as one would write them for nothing else: what a dialect as data
//! costs is measured against them. Of each field they note the end and check its length and digits;
//! they know the fields of the two messages only.

/// Where each field ends, by its place among those present.
pub(crate) type Ends = ([u16; 64], usize);

/// How a field of either dialect is written.
enum Rule {
    /// So many bytes of digits, a byte or half a byte each.
    Digits(usize),
    /// So many printable characters.
    Text(usize),
    /// So many bytes.
    Bytes(usize),
    /// A length of two or three digits, then so many digits at most.
    LongDigits(usize, usize),
    /// The same of a track: whatever stands there.
    Track(usize, usize),
    /// The same of bytes or characters.
    LongBytes(usize, usize),
}

/// ASCII with a bitmap in hex.
pub(crate) fn parse_a(frame: &[u8]) -> Option<Ends> {
    let (mti, rest) = frame.split_at_checked(4)?;
    let (map, _) = rest.split_at_checked(16)?;
    let present = u64::from_str_radix(std::str::from_utf8(map).ok()?, 16).ok()?;
    let rule = |field| {
        Some(match field {
            2 => Rule::LongDigits(2, 19),
            3 | 11 | 12 => Rule::Digits(6),
            4 => Rule::Digits(12),
            7 => Rule::Digits(10),
            13 => Rule::Digits(4),
            18 => Rule::Digits(4),
            22 | 49 => Rule::Digits(3),
            25 => Rule::Digits(2),
            32 => Rule::LongDigits(2, 11),
            35 => Rule::Track(2, 37),
            37 => Rule::Text(12),
            41 => Rule::Text(8),
            42 => Rule::Text(15),
            _ => return None,
        })
    };
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let number = |bytes: &[u8]| {
        let push = |n: usize, byte: &u8| Some(n * 10 + usize::from(byte.checked_sub(b'0')?));
        bytes.iter().try_fold(0, push)
    };
    let width = |places: usize| places;
    digits(mti).then_some(())?;
    walk(frame, 20, present, rule, digits, number, width)
}

/// Behind TPDU and header: packed digits, a raw bitmap.
pub(crate) fn parse_b(frame: &[u8]) -> Option<Ends> {
    let (mti, rest) = frame.get(11..)?.split_at_checked(2)?;
    let present = u64::from_be_bytes(*rest.first_chunk()?);
    let rule = |field| {
        Some(match field {
            2 => Rule::LongDigits(2, 19),
            3 | 11 | 12 => Rule::Digits(3),
            4 => Rule::Digits(6),
            13 | 14 | 22 | 23 => Rule::Digits(2),
            25 | 26 => Rule::Digits(1),
            35 => Rule::Track(2, 37),
            37 => Rule::Text(12),
            41 => Rule::Text(8),
            42 => Rule::Text(15),
            49 => Rule::Text(3),
            52 | 64 => Rule::Bytes(8),
            53 => Rule::Digits(8),
            55 => Rule::LongBytes(3, 255),
            60 | 61 => Rule::LongDigits(3, 999),
            62 => Rule::LongBytes(3, 512),
            _ => return None,
        })
    };
    let digits = |bytes: &[u8]| bytes.iter().all(|byte| byte >> 4 <= 9 && byte & 0xF <= 9);
    let number = |bytes: &[u8]| {
        digits(bytes).then_some(())?;
        let push = |n, byte: &u8| n * 100 + usize::from(byte >> 4) * 10 + usize::from(byte & 0xF);
        Some(bytes.iter().fold(0, push))
    };
    let width = |places: usize| places.div_ceil(2);
    digits(mti).then_some(())?;
    walk(frame, 21, present, rule, digits, number, width)
}

/// Follows the bits of a bitmap; made anew for each dialect, whose rules it thereby knows.
#[inline(always)]
fn walk(
    frame: &[u8],
    body: usize,
    present: u64,
    rule: impl Fn(u8) -> Option<Rule>,
    digits: impl Fn(&[u8]) -> bool,
    number: impl Fn(&[u8]) -> Option<usize>,
    width: impl Fn(usize) -> usize,
) -> Option<Ends> {
    let (mut ends, mut count, mut at) = ([0; 64], 0, body);
    let mut rest = present;
    while rest != 0 {
        let field = u8::try_from(rest.leading_zeros()).ok()? + 1;
        rest &= !(1 << (64 - field));
        let long = |places: usize, most: usize, at: usize| {
            let start = at + width(places);
            let length = number(frame.get(at..start)?).filter(|length| *length <= most)?;
            Some((start, length))
        };
        let is_printable = |byte: &u8| !byte.is_ascii_control();
        let (start, bytes, is_text, is_number) = match rule(field)? {
            Rule::Digits(bytes) => (at, bytes, false, true),
            Rule::Text(bytes) => (at, bytes, true, false),
            Rule::Bytes(bytes) => (at, bytes, false, false),
            Rule::LongDigits(places, most) => {
                let (start, length) = long(places, most, at)?;
                // The spare nibble is zero here, so that it counts as a digit.
                (start, width(length), false, true)
            }
            Rule::Track(places, most) => {
                let (start, length) = long(places, most, at)?;
                (start, width(length), false, false)
            }
            Rule::LongBytes(places, most) => {
                let (start, length) = long(places, most, at)?;
                (start, length, false, false)
            }
        };
        let value = frame.get(start..start + bytes)?;
        if is_number && !digits(value) || is_text && !value.iter().all(is_printable) {
            return None;
        }
        at = start + bytes;
        *ends.get_mut(count)? = u16::try_from(at).ok()?;
        count += 1;
    }
    (at == frame.len()).then_some((ends, count))
}
