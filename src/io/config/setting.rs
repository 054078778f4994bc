//! The values a file may hold, each with what to say when it holds something else.

use super::settled::quoted;
use crate::engine::seam::Zone;
use crate::engine::seam::duration;
use crate::iso::message::{FieldId, FieldPath, Text};
use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;
use toml::de::DeValue;

/// A value of a file.
pub(super) trait Setting: Sized {
    /// What is wanted, as in "wants …".
    const WANTED: &'static str;
    /// The value, if it is one.
    fn read(value: &DeValue<'_>) -> Option<Self>;
}

/// How a default stands in a file.
pub(super) trait Shown {
    /// As TOML.
    fn shown(&self) -> String;
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSize(pub usize);

/// `host:port`, resolved when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(pub String);

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network(pub IpNet);

impl Setting for String {
    const WANTED: &'static str = "a text in quotes";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl<const N: usize> Setting for Text<N> {
    const WANTED: &'static str = "a short text in quotes, of 24 bytes at most";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        Self::new(text).filter(|_| !text.is_empty())
    }
}

impl Setting for Zone {
    const WANTED: &'static str = "a time zone: \"+08:00\", \"UTC\" or \"Asia/Shanghai\"";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().and_then(Self::read)
    }
}

impl Setting for bool {
    const WANTED: &'static str = "true or false";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

impl Setting for u16 {
    const WANTED: &'static str = "a number from 1 to 65535";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        Self::try_from(integer(value)?)
            .ok()
            .filter(|count| *count > 0)
    }
}

impl Setting for u32 {
    const WANTED: &'static str = "a number of 1 or more";

    fn read(value: &DeValue<'_>) -> Option<Self> {
        Self::try_from(integer(value)?)
            .ok()
            .filter(|count| *count > 0)
    }
}

impl Setting for usize {
    const WANTED: &'static str = u32::WANTED;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        Self::try_from(u32::read(value)?).ok()
    }
}

impl Setting for Duration {
    const WANTED: &'static str = r#"a time such as "45s", "200ms", "1m30s" or "24h""#;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        duration(value.as_str()?)
    }
}

impl Setting for ByteSize {
    const WANTED: &'static str = r#"a size such as "8KiB", "64kB" or a number of bytes"#;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str() {
            Some(text) => size(text),
            None => integer(value)?.try_into().ok().map(Self),
        }
    }
}

impl Setting for Address {
    const WANTED: &'static str = r#"an address such as "127.0.0.1:5583""#;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let (host, port) = text.rsplit_once(':')?;
        let fine = !host.is_empty() && port.parse::<u16>().is_ok();
        fine.then(|| Self(text.to_owned()))
    }
}

impl Setting for Network {
    const WANTED: &'static str = r#"a network such as "10.0.0.0/8", or an address"#;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let network = text.parse::<IpNet>().ok();
        network
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
            .map(Self)
    }
}

impl Setting for FieldPath {
    const WANTED: &'static str = r#"a field such as 41, or a part of one such as "60.2""#;

    fn read(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str() {
            Some(text) => text.parse().ok(),
            None => {
                let number = integer(value)?.try_into().ok()?;
                FieldId::new(number).map(Self::whole)
            }
        }
    }
}

macro_rules! shown_as_it_prints {
    ($($type:ty),*) => {
        $(impl Shown for $type {
            fn shown(&self) -> String {
                self.to_string()
            }
        })*
    };
}

shown_as_it_prints!(bool, u16, u32, usize);

impl Shown for String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl<const N: usize> Shown for Text<N> {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for Address {
    fn shown(&self) -> String {
        quoted(&self.0)
    }
}

impl Shown for Zone {
    fn shown(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Shown for ByteSize {
    fn shown(&self) -> String {
        match self.0 {
            bytes if bytes % 1024 == 0 => quoted(&format!("{}KiB", bytes / 1024)),
            bytes => bytes.to_string(),
        }
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        let micros = self.as_micros();
        let units = [
            ("d", 86_400_000_000),
            ("h", 3_600_000_000),
            ("m", 60_000_000),
            ("s", 1_000_000),
            ("ms", 1000),
        ];
        let whole = units
            .iter()
            .find(|(_, unit)| micros > 0 && micros.is_multiple_of(*unit));
        quoted(&match whole {
            Some((name, unit)) => format!("{}{name}", micros / unit),
            None => format!("{micros}us"),
        })
    }
}

fn size(text: &str) -> Option<ByteSize> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let number: u32 = number.parse().ok()?;
    let one = match unit {
        "" | "B" => 1,
        "kB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number).ok()?.checked_mul(one).map(ByteSize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_with_units() {
        for (text, bytes) in [
            ("8KiB", 8192),
            ("64kB", 64_000),
            ("512", 512),
            ("1MiB", 1 << 20),
        ] {
            assert_eq!(size(text), Some(ByteSize(bytes)), "{text}");
        }
        for wrong in ["", "KiB", "8 KiB", "8K", "1KiB1", "-1"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
