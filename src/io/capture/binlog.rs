//! The binary log of jPOS-EE: a header that is itself a record, then records of a length and bytes.

use super::CaptureError;
use super::jpos_log;
use super::log::{LogSource, LoggedContent, LoggedEntry, LoggedWay};
use std::io::Read;

/// A record is not longer.
const LONGEST: u32 = 16 << 20;

/// Reads the records of a binary log.
pub(super) struct BinaryLog {
    input: Box<dyn Read + Send>,
    at: u64,
    is_cut_short: bool,
}

/// Whether a file begins as a binary log does: a header of 256 bytes with version and status.
pub(super) fn is_binary_log(head: &[u8]) -> bool {
    let Some((header, _)) = head.split_at_checked(256) else {
        return false;
    };
    let length = header
        .first_chunk()
        .map(|length| u32::from_be_bytes(*length));
    let status = header.get(6..8);
    let is_known = matches!(status, Some([0, 0 | 1]));
    matches!(length, Some(252 | 256)) && is_known
}

impl BinaryLog {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            at: 0,
            is_cut_short: false,
        }
    }

    /// Reads so many bytes; `None` if the file ends before.
    fn bytes(&mut self, count: u64) -> Result<Option<Vec<u8>>, CaptureError> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(count).read_to_end(&mut bytes)?;
        self.is_cut_short |= read > 0 && (read as u64) < count;
        self.at = self.at.saturating_add(read as u64);
        Ok(Some(bytes).filter(|bytes| bytes.len() as u64 == count))
    }
}

impl LogSource for BinaryLog {
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError> {
        if self.at == 0 && self.bytes(256)?.is_none() {
            return Ok(None);
        }
        let at = self.at;
        let Some(length) = self.bytes(4)? else {
            return Ok(None);
        };
        let length = length
            .iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        // Space that was reserved and not used yet.
        if length == 0 {
            return Ok(None);
        }
        if length > LONGEST {
            return Err(CaptureError::Format {
                at,
                fault: "a record of more than 16 MiB; what stands before it was read".to_owned(),
            });
        }
        let Some(bytes) = self.bytes(u64::from(length))? else {
            self.is_cut_short = true;
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).ok();
        if let Some(xml) = text.filter(|text| text.contains("<isomsg")) {
            return Ok(Some(jpos_log::entry(xml)));
        }
        Ok(Some(LoggedEntry {
            at: None,
            channel: String::new(),
            way: LoggedWay::Unknown,
            content: LoggedContent::Bytes(bytes),
        }))
    }

    fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}
