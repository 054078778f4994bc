//! Bytes as people write them.

/// Bytes from hex; `None` if it is not all hex, or nothing. Lines that begin with `#` are remarks.
#[must_use]
pub fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n');
    let digits: Option<Vec<u8>> = lines
        .filter(|line| !line.starts_with(b"#"))
        .flatten()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| {
            char::from(*byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits.filter(|all| !all.is_empty() && all.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d))
            .collect(),
    )
}

/// Upper-case hex.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _never = write!(hex, "{byte:02X}");
            hex
        })
}
