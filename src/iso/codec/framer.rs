//! Cuts frames from a stream, and wraps them.

use super::{FrameError, number};
use crate::iso::spec::{Framing, Spec};
use bytes::{Buf, Bytes, BytesMut};

/// Cuts frames from a stream, and wraps them, by the spec's length prefix.
#[derive(Clone, Copy, Debug)]
pub struct Framer {
    framing: Framing,
    max: usize,
}

impl Framer {
    /// For one dialect, refusing frames longer than `max` bytes before they are read.
    #[must_use]
    pub const fn new(spec: &Spec, max: usize) -> Self {
        Self {
            framing: spec.framing(),
            max,
        }
    }

    /// How many bytes the length has.
    #[must_use]
    pub fn prefix_len(&self) -> usize {
        usize::from(self.framing.bytes)
    }

    /// The next whole frame without its prefix, or `None` until more bytes come. Keep-alives are
    /// passed over.
    ///
    /// # Errors
    /// A length that cannot be.
    pub fn next(&mut self, stream: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        while let Some(length) = self.length(stream)? {
            let whole = self.prefix_len().saturating_add(length);
            if stream.len() < whole {
                // Nothing is reserved: a peer that says a length has not sent it yet.
                return Ok(None);
            }
            stream.advance(self.prefix_len());
            if length > 0 {
                return Ok(Some(stream.split_to(length).freeze()));
            }
        }
        Ok(None)
    }

    /// The length of the frame that begins here, without prefix; `None` until it has come.
    ///
    /// # Errors
    /// A length that cannot be.
    pub fn length(&self, stream: &[u8]) -> Result<Option<usize>, FrameError> {
        let Some(prefix) = stream.get(..self.prefix_len()) else {
            return Ok(None);
        };
        let said = number::read(self.framing.encoding, prefix).ok_or(FrameError::Length)?;
        let own = if self.framing.counts_itself {
            self.prefix_len()
        } else {
            0
        };
        // Zero is a keep-alive, also where the length counts itself.
        let length = if said == 0 {
            Some(0)
        } else {
            said.checked_sub(own)
        };
        match length {
            None => Err(FrameError::TooShort(said)),
            Some(length) if length > self.max => Err(FrameError::TooLong {
                length: said,
                max: self.max,
            }),
            Some(length) => Ok(Some(length)),
        }
    }

    /// Appends prefix and frame.
    ///
    /// # Errors
    /// A frame longer than the prefix can say.
    pub fn wrap(&self, frame: &[u8], out: &mut BytesMut) -> Result<(), FrameError> {
        let own = if self.framing.counts_itself {
            self.prefix_len()
        } else {
            0
        };
        let said = frame.len().saturating_add(own);
        let max = self.framing.encoding.max(self.framing.bytes);
        let mut prefix = Vec::with_capacity(8);
        if !number::write(self.framing.encoding, self.framing.bytes, said, &mut prefix) {
            return Err(FrameError::TooLong { length: said, max });
        }
        out.extend_from_slice(&prefix);
        out.extend_from_slice(frame);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::PrefixEncoding;

    fn framer(encoding: PrefixEncoding, bytes: u8, counts_itself: bool) -> Framer {
        Framer {
            framing: Framing {
                encoding,
                bytes,
                counts_itself,
            },
            max: 1000,
        }
    }

    #[test]
    fn frames_are_cut_as_they_were_wrapped_however_the_stream_is_split() {
        for framer in [
            framer(PrefixEncoding::Binary, 2, false),
            framer(PrefixEncoding::Binary, 2, true),
            framer(PrefixEncoding::Ascii, 4, true),
            framer(PrefixEncoding::Bcd, 2, false),
        ] {
            let mut wire = BytesMut::new();
            framer.wrap(b"first", &mut wire).unwrap();
            framer.wrap(b"second", &mut wire).unwrap();
            let (mut cutter, mut stream, mut frames) = (framer, BytesMut::new(), Vec::new());
            for byte in wire {
                stream.extend_from_slice(&[byte]);
                frames.extend(cutter.next(&mut stream).unwrap());
            }
            assert_eq!(frames, ["first", "second"]);
            assert!(stream.is_empty());
        }
    }

    #[test]
    fn a_keep_alive_is_no_frame() {
        let mut stream = BytesMut::from(&b"0000000000040200"[..]);
        let frame = framer(PrefixEncoding::Ascii, 4, false).next(&mut stream);
        assert_eq!(frame, Ok(Some(Bytes::from_static(b"0200"))));
    }

    #[test]
    fn a_length_beyond_the_bound_ends_the_connection_before_anything_is_reserved() {
        let mut stream = BytesMut::from(&[0xFF, 0xFF][..]);
        let before = stream.capacity();
        let frame = framer(PrefixEncoding::Binary, 2, false).next(&mut stream);
        assert_eq!(
            frame,
            Err(FrameError::TooLong {
                length: 0xFFFF,
                max: 1000
            })
        );
        assert_eq!(stream.capacity(), before);
    }

    #[test]
    fn a_declared_length_larger_than_the_data_waits() {
        // Sample 19: the prefix says 114, 57 bytes follow.
        let mut stream = BytesMut::from(&[0x00, 0x72][..]);
        stream.extend_from_slice(&[0x60; 57]);
        assert_eq!(
            framer(PrefixEncoding::Binary, 2, false).next(&mut stream),
            Ok(None)
        );
        assert_eq!(stream.len(), 59);
    }

    #[test]
    fn a_length_that_counts_itself_is_never_less_than_itself() {
        let mut stream = BytesMut::from(&b"0003abc"[..]);
        let frame = framer(PrefixEncoding::Ascii, 4, true).next(&mut stream);
        assert_eq!(frame, Err(FrameError::TooShort(3)));
    }
}
