//! Chinese text in GBK. A byte that is no part of a character stands as one of U+F780 to U+F7FF,
//! which GBK leaves free, so that whatever came goes out again as it came.

use super::BuildFault;
use encoding_rs::GBK;
use std::borrow::Cow;

/// Where a lone byte of 80 to FF stands: its own value above this.
const LONE: u32 = 0xF700;

/// The text of the bytes.
pub(super) fn read(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.is_ascii()
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let pair = rest
            .first_chunk::<2>()
            .and_then(|pair| Some((*pair, of_pair(*pair)?)));
        match pair {
            _ if first.is_ascii() => {
                text.push(char::from(*first));
                rest = after;
            }
            Some((_, character)) => {
                text.push(character);
                rest = rest.get(2..).unwrap_or_default();
            }
            None => {
                text.extend(char::from_u32(LONE | u32::from(*first)));
                rest = after;
            }
        }
    }
    Cow::Owned(text)
}

/// The character of two bytes, if it would be written as just these.
fn of_pair(pair: [u8; 2]) -> Option<char> {
    let (text, broken) = GBK.decode_without_bom_handling(&pair);
    let mut characters = text.chars();
    let (character, None, false) = (characters.next()?, characters.next(), broken) else {
        return None;
    };
    let again = GBK.encode(&text).0;
    (*again == pair && !is_lone(character)).then_some(character)
}

const fn is_lone(character: char) -> bool {
    matches!(character, '\u{F780}'..='\u{F7FF}')
}

/// Appends the bytes of a text; a character that GBK does not have is told by its place.
pub(super) fn write(text: &str, out: &mut Vec<u8>) -> Result<(), BuildFault> {
    let mut buffer = [0; 4];
    for (at, character) in text.chars().enumerate() {
        if is_lone(character) {
            out.push(u8::try_from(u32::from(character) & 0xFF).unwrap_or_default());
            continue;
        }
        let (bytes, _, unknown) = GBK.encode(character.encode_utf8(&mut buffer));
        if unknown {
            return Err(BuildFault::Character { at });
        }
        out.extend_from_slice(&bytes);
    }
    Ok(())
}

/// Whether the bytes are whole characters that can be printed.
pub(super) fn is_clean(bytes: &[u8]) -> bool {
    !read(bytes).chars().any(|c| c.is_control() || is_lone(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chinese_is_read_and_written() {
        let bytes = [0xB0, 0xAE, 0xD2, 0xE2, b' ', b'A'];
        assert_eq!(read(&bytes), "\u{7231}\u{610f} A");
        let mut out = Vec::new();
        write("\u{7231}\u{610f} A", &mut out).unwrap();
        assert_eq!(out, bytes);
        assert!(is_clean(&bytes) && !is_clean(&bytes[..3]));
        assert_eq!(
            write("a\u{1F600}", &mut Vec::new()),
            Err(BuildFault::Character { at: 1 })
        );
    }

    proptest! {
        #[test]
        fn whatever_came_goes_out_as_it_came(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut out = Vec::new();
            write(&read(&bytes), &mut out).unwrap();
            prop_assert_eq!(out, bytes);
        }
    }
}
