//! From a message back to bytes: as it came where nothing was changed, otherwise field by field.

use super::{BuildError, BuildFault, Message, index, number};
use crate::iso::message::{Bitmap, FieldId};
use crate::iso::spec::PrefixEncoding;
use bytes::Bytes;
use std::ops::Range;

impl Message {
    /// The frame, without length prefix: the bytes as they came if nothing was changed.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn build(&self) -> Result<Bytes, BuildError> {
        if self.is_as_it_came() {
            return Ok(self.frame.clone());
        }
        let mut out = Vec::with_capacity(self.frame.len().saturating_add(256));
        self.write_to(&mut out)?;
        Ok(out.into())
    }

    /// Appends the frame, without length prefix, to a buffer that can be used again.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn write_to(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        let start = out.len();
        out.extend_from_slice(self.header());
        if self.touched {
            self.write_body(self.fields, out);
        } else {
            let body = self.frame.get(usize::from(self.index.mti_at)..);
            out.extend_from_slice(body.unwrap_or_default());
        }
        if !self.is_as_it_came() {
            self.fill_in_length(out.get_mut(start..).unwrap_or_default());
        }
        if out.len().saturating_sub(start) > usize::from(u16::MAX) {
            out.truncate(start);
            return Err(BuildError {
                field: None,
                kind: BuildFault::MessageTooLong,
            });
        }
        Ok(())
    }

    /// Writes the length of a frame into the part of its header that holds it.
    fn fill_in_length(&self, frame: &mut [u8]) {
        let Some((at, encoding)) = self.header_length() else {
            return;
        };
        let places = u8::try_from(at.len()).unwrap_or_default();
        let mut digits = Vec::new();
        if number::write(encoding, places, frame.len(), &mut digits)
            && let Some(place) = frame.get_mut(at)
        {
            place.copy_from_slice(&digits);
        }
    }

    /// Where the header holds the length of the frame, and how.
    fn header_length(&self) -> Option<(Range<usize>, PrefixEncoding)> {
        let parts = self.spec.header();
        let mut lengths = parts.iter().filter_map(|part| part.length);
        let encoding = lengths.next()?;
        let mut places = self.spec.header_parts(self.header());
        let holds = |place: usize| parts.get(place).is_some_and(|part| part.length.is_some());
        let (_, at) = places.find(|(place, _)| holds(*place))?;
        Some((at, encoding))
    }

    /// What the header says that is not so.
    pub(super) fn header_warnings(&self) -> Vec<String> {
        let wrong = || {
            let (at, encoding) = self.header_length().filter(|_| self.is_as_it_came())?;
            let said = number::read(encoding, self.frame.get(at)?);
            let length = self.frame.len();
            (said != Some(length)).then(|| match said {
                Some(said) => format!("header: says {said} bytes, the frame has {length}"),
                None => "header: its length is no number".to_owned(),
            })
        };
        wrong().into_iter().collect()
    }

    /// Appends type, bitmap with these fields' bits, those of them that the message has, and what
    /// could not be read as it came.
    fn write_body(&self, fields: Bitmap, out: &mut Vec<u8>) {
        index::write_mti(self.spec.mti(), self.mti, out);
        index::write_bitmap(&self.spec, fields.with(self.index.unread), &self.index, out);
        for field in fields.iter() {
            out.extend_from_slice(self.wire(field).unwrap_or_default());
        }
        out.extend_from_slice(self.tail());
    }

    /// The bytes a MAC covers: from the type to the last field before `mac`, with the bit of `mac`
    /// set. Exactly the bytes received if nothing was changed.
    ///
    /// # Errors
    /// The message is longer than 65535 bytes.
    pub fn mac_input(&self, mac: FieldId) -> Result<Bytes, BuildError> {
        if !self.touched
            && let Some(place) = self.index.place(mac)
        {
            return Ok(self
                .frame
                .slice(usize::from(self.index.mti_at)..place.start));
        }
        if self.is_beyond_fault(mac) {
            return Err(BuildError::at(mac, BuildFault::BeyondFault));
        }
        let mut fields = self.fields;
        fields.insert(mac);
        let mut out = Vec::with_capacity(256);
        index::write_mti(self.spec.mti(), self.mti, &mut out);
        index::write_bitmap(&self.spec, fields, &self.index, &mut out);
        for field in fields.iter().take_while(|field| *field < mac) {
            out.extend_from_slice(self.wire(field).unwrap_or_default());
        }
        if out.len() > usize::from(u16::MAX) {
            return Err(BuildError {
                field: None,
                kind: BuildFault::MessageTooLong,
            });
        }
        Ok(out.into())
    }
}
