//! One message as commands show it to people: bytes and fields side by side.

mod dump;

pub(super) use crate::io::look::MessageSheet;
pub(super) use dump::printable;

#[cfg(test)]
mod tests;
