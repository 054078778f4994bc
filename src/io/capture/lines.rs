//! The lines of a text, each of bounded length.

use super::CaptureError;
use std::io::{BufRead, BufReader, Read};

/// A line is not longer; of a longer one only so much is kept.
const MAX_LINE: usize = 1 << 20;

/// Reads lines, and knows where they stand.
pub(super) struct TextLines {
    input: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    /// Where the last line begins in the file.
    pub at: u64,
    next: u64,
}

impl TextLines {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, input),
            line: Vec::new(),
            at: 0,
            next: 0,
        }
    }

    /// The next line without its end; what is no UTF-8 is replaced. `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<String>, CaptureError> {
        self.line.clear();
        self.at = self.next;
        let kept = self.input.by_ref().take(MAX_LINE as u64);
        let mut read = { kept }.read_until(b'\n', &mut self.line)?;
        if read == MAX_LINE && self.line.last() != Some(&b'\n') {
            read = read.saturating_add(self.skip_line()?);
        }
        self.next = self.next.saturating_add(read as u64);
        if read == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&self.line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Passes over the rest of a line.
    fn skip_line(&mut self) -> Result<usize, CaptureError> {
        let mut skipped = 0usize;
        loop {
            let ready = self.input.fill_buf()?;
            let end = ready.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(ready.len(), |at| at.saturating_add(1));
            self.input.consume(count);
            skipped = skipped.saturating_add(count);
            if end.is_some() || count == 0 {
                return Ok(skipped);
            }
        }
    }
}
