//! The characters of a file: as it begins, or as its XML declaration says.

use super::{ImportError, line_of};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// An XML declaration ends before this.
const DECLARATION: usize = 256;

/// The text of a file.
///
/// # Errors
/// Its bytes are not in the encoding that it names, or that is not known.
pub fn text_of(bytes: &[u8]) -> Result<String, ImportError> {
    let encoding = encoding_of(bytes)?;
    let (text, used, broken) = encoding.decode(bytes);
    if !broken {
        return Ok(text.into_owned());
    }
    let place = text.find('\u{fffd}').unwrap_or_default();
    let what = format!(
        "a character that is none in {}: name the encoding in the XML declaration, or save the \
         file as UTF-8",
        used.name()
    );
    Err(ImportError::at(line_of(&text, place), what))
}

fn encoding_of(bytes: &[u8]) -> Result<&'static Encoding, ImportError> {
    match bytes {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let start = bytes
        .get(..DECLARATION.min(bytes.len()))
        .unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let declared = start.trim_start_matches('\u{feff}').strip_prefix("<?xml");
    let declared = declared
        .and_then(|rest| rest.split_once("?>"))
        .map(|(inner, _)| inner);
    let after = declared.and_then(|inner| inner.split_once("encoding"));
    let Some(name) = after.and_then(|(_, rest)| rest.split(['"', '\'']).nth(1)) else {
        return Ok(UTF_8);
    };
    let unknown = || {
        let what = format!("the encoding `{name}` is not known: save the file as UTF-8");
        ImportError::at(1, what)
    };
    let encoding = Encoding::for_label(name.as_bytes()).ok_or_else(unknown)?;
    // A declaration that was read byte by byte is in no encoding of two bytes.
    Ok(encoding.output_encoding())
}
