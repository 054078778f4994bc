//! The parts of a field: at fixed places, or each behind its tag.

use super::{BuildFault, hex, number};
use crate::iso::message::Part;
use crate::iso::spec::{FixedPart, PrefixEncoding};
use std::ops::Range;

/// One tagged part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tagged {
    /// Its tag.
    pub tag: Part,
    /// The bytes of tag, length and value.
    pub all: Range<usize>,
    /// The bytes of the value.
    pub value: Range<usize>,
}

/// How tags and lengths are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tlv {
    /// By the basic encoding rules (ISO/IEC 8825-1 §8.1).
    Ber,
    /// As text of so many characters each.
    Text {
        /// Characters of a tag.
        tag: u8,
        /// Digits of a length.
        length: u8,
    },
}

impl Tlv {
    /// The parts, in order. `None` if the bytes do not close.
    pub(super) fn parts(self, bytes: &[u8]) -> Option<Vec<Tagged>> {
        let mut all = Vec::with_capacity(24);
        self.each(bytes, |tag, end, value| {
            let start = all.last().map_or(0, |before: &Tagged| before.all.end);
            all.push(Tagged {
                tag: self.name(tag)?,
                all: start..end,
                value: value..end,
            });
            Some(())
        })?;
        Some(all)
    }

    /// Hands out the parts in order: the tag as it stands, where the part ends, where its value
    /// begins. `None` if the bytes do not close, or one is not taken.
    pub(super) fn each(
        self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8], usize, usize) -> Option<()>,
    ) -> Option<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if matches!(self, Self::Ber) && rest.iter().all(|byte| *byte == 0) {
                break; // Zeros after the last part are padding (EMV Book 3 Annex B).
            }
            let (tag, value, after) = match self {
                Self::Ber => ber(rest)?,
                Self::Text { tag, length } => text(tag, length, rest)?,
            };
            let end = bytes.len().checked_sub(after.len())?;
            take(tag, end, end.checked_sub(value.len())?)?;
            rest = after;
        }
        Some(())
    }

    fn name(self, tag: &[u8]) -> Option<Part> {
        let mut digits = [[0; 2]; 4];
        let name = match self {
            Self::Ber => {
                let places = digits.get_mut(..tag.len())?;
                places
                    .iter_mut()
                    .zip(tag)
                    .for_each(|(place, byte)| *place = hex::pair(*byte));
                places.as_flattened()
            }
            Self::Text { .. } => tag,
        };
        Part::new(std::str::from_utf8(name).ok()?)
    }

    /// The bytes with the part set: in its place if it is there, otherwise at the end.
    pub(super) fn set(self, bytes: &[u8], tag: &str, value: &[u8]) -> Result<Vec<u8>, BuildFault> {
        let parts = self.parts(bytes).ok_or(BuildFault::Unreadable)?;
        let place = parts
            .iter()
            .find(|part| *part.tag == *tag)
            .map(|part| part.all.clone());
        let place = place.unwrap_or_else(|| {
            let end = parts.last().map_or(0, |part| part.all.end);
            end..bytes.len()
        });
        let mut out = bytes.get(..place.start).unwrap_or_default().to_vec();
        self.write(tag, value, &mut out)?;
        out.extend_from_slice(bytes.get(place.end..).unwrap_or_default());
        Ok(out)
    }

    fn write(self, tag: &str, value: &[u8], out: &mut Vec<u8>) -> Result<(), BuildFault> {
        match self {
            Self::Ber => {
                let start = out.len();
                out.extend(hex::unhex(tag).map_err(|_at| BuildFault::UnknownPart)?);
                let tag = out.get(start..).unwrap_or_default().to_vec();
                if ber_tag(&tag) != Some(tag.len()) {
                    return Err(BuildFault::UnknownPart);
                }
                ber_length(value.len(), out);
            }
            Self::Text { tag: width, length } => {
                if tag.len() != usize::from(width) {
                    return Err(BuildFault::UnknownPart);
                }
                out.extend_from_slice(tag.as_bytes());
                if !number::write(PrefixEncoding::Ascii, length, value.len(), out) {
                    let max = PrefixEncoding::Ascii.max(length);
                    return Err(BuildFault::TooLong {
                        length: value.len(),
                        max,
                    });
                }
            }
        }
        out.extend_from_slice(value);
        Ok(())
    }
}

/// A part and what follows it: tag, value, rest.
type TagParts<'a> = Option<(&'a [u8], &'a [u8], &'a [u8])>;

fn ber(bytes: &[u8]) -> TagParts<'_> {
    let (tag, rest) = bytes.split_at_checked(ber_tag(bytes)?)?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (number::read(PrefixEncoding::Binary, digits)?, rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// How many bytes a tag has: one, or more when its low five bits are all ones; four at most.
fn ber_tag(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [] => None,
        [first, ..] if first & 0x1F != 0x1F => Some(1),
        [_, more @ ..] => {
            let last = more.iter().take(3).position(|byte| byte & 0x80 == 0)?;
            Some(last.saturating_add(2))
        }
    }
}

fn ber_length(length: usize, out: &mut Vec<u8>) {
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    if length > 0x7F {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
    }
    out.extend_from_slice(if length == 0 { &[0] } else { digits });
}

fn text(tag: u8, length: u8, bytes: &[u8]) -> TagParts<'_> {
    let (tag, rest) = bytes.split_at_checked(usize::from(tag))?;
    let (digits, rest) = rest.split_at_checked(usize::from(length))?;
    let (value, rest) = rest.split_at_checked(number::read(PrefixEncoding::Ascii, digits)?)?;
    // What no part can be named is no tag.
    Part::new(std::str::from_utf8(tag).ok()?)?;
    Some((tag, value, rest))
}

/// The units that a part has in a value of `units`; `None` if the value ends before or within it.
pub(super) fn place(position: &FixedPart, units: usize) -> Option<Range<usize>> {
    let full = position.at.saturating_add(position.units);
    let end = if position.open { full.min(units) } else { full };
    (end <= units && position.at < units).then_some(position.at..end)
}

/// Whether a value of `units` holds these parts and nothing else.
pub(super) fn fills(all: &[FixedPart], units: usize) -> bool {
    let mut ends = all.iter().map(|position| place(position, units));
    ends.next_back()
        .flatten()
        .is_some_and(|last| last.end == units)
}

/// The value with one of its parts set; parts before it that are not there yet become zeros or
/// blanks.
pub(super) fn set_position(
    all: &[FixedPart],
    position: &FixedPart,
    value: &str,
    part: &str,
    fixed_units: Option<usize>,
) -> Result<String, BuildFault> {
    let length = part.chars().count();
    if length > position.units {
        return Err(BuildFault::TooLong {
            length,
            max: position.units,
        });
    }
    let width = if position.open {
        length
    } else {
        position.units
    };
    let part = if position.digits {
        format!("{part:0>width$}")
    } else {
        format!("{part:<width$}")
    };
    let end = position.at.saturating_add(width);
    let mut chars: Vec<char> = value.chars().collect();
    for known in all {
        let reach = known
            .at
            .saturating_add(known.units)
            .min(fixed_units.unwrap_or(position.at));
        let fill = if known.digits { '0' } else { ' ' };
        if chars.len() < reach {
            chars.resize(reach, fill);
        }
    }
    if position.open {
        chars.truncate(position.at);
    }
    let rest: Vec<char> = chars.get(end..).unwrap_or_default().to_vec();
    chars.truncate(position.at);
    Ok(chars.into_iter().chain(part.chars()).chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tlv: Tlv, bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let parts = tlv.parts(bytes)?;
        Some(
            parts
                .into_iter()
                .map(|part| {
                    (
                        part.tag.to_string(),
                        bytes.get(part.value).unwrap().to_vec(),
                    )
                })
                .collect(),
        )
    }

    #[test]
    fn chip_tags_have_one_two_or_more_bytes_and_zeros_may_follow() {
        let bytes = hex::unhex("9F2701809A0326010100 00".replace(' ', "").as_str()).unwrap();
        let found = tags(Tlv::Ber, &bytes).unwrap();
        assert_eq!(
            found,
            [
                ("9F27".to_owned(), vec![0x80]),
                ("9A".to_owned(), vec![0x26, 0x01, 0x01])
            ]
        );
    }

    #[test]
    fn what_does_not_close_is_no_list_of_parts() {
        for broken in ["9F", "9F27", "9F2702", "9F278480", "9F27050102"] {
            assert_eq!(
                tags(Tlv::Ber, &hex::unhex(broken).unwrap()),
                None,
                "{broken}"
            );
        }
        let text = Tlv::Text { tag: 2, length: 3 };
        for broken in ["A", "A300", "A3005123", "A30x1"] {
            assert_eq!(tags(text, broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn a_part_is_set_in_its_place_or_at_the_end() {
        let text = Tlv::Text { tag: 2, length: 3 };
        let one = text.set(b"", "A3", b"62").unwrap();
        assert_eq!(one, b"A300262");
        let two = text.set(&one, "A2", b"x").unwrap();
        assert_eq!(two, b"A300262A2001x");
        assert_eq!(text.set(&two, "A3", b"").unwrap(), b"A3000A2001x");
        let long = Tlv::Ber.set(&[], "DF02", &[7; 200]).unwrap();
        assert_eq!(long.get(..4), Some([0xDF, 0x02, 0x81, 200].as_slice()));
        assert_eq!(Tlv::Ber.set(&[], "9F", &[1]), Err(BuildFault::UnknownPart));
    }
}
