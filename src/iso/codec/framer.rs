//! Cuts frames from a stream, and wraps them.

use super::http;
use super::{FrameError, number};
use crate::iso::spec::{Framing, Spec};
use bytes::{Buf, Bytes, BytesMut};
use std::ops::Range;

/// Cuts frames from a stream, and wraps them: by the spec's length prefix, or as the bodies of
/// HTTP/1.1 messages.
#[derive(Clone, Copy, Debug)]
pub struct Framer {
    framing: Framing,
    max: usize,
    answers: bool,
}

impl Framer {
    /// For one dialect, refusing frames longer than `max` bytes before they are read. Over HTTP it
    /// writes requests, as terminals do, and the gateway to its acquirers.
    #[must_use]
    pub const fn new(spec: &Spec, max: usize) -> Self {
        Self::framed(spec.framing(), max)
    }

    /// The same for frames that are told apart so, whatever a dialect says.
    #[must_use]
    pub const fn framed(framing: Framing, max: usize) -> Self {
        Self {
            framing,
            max,
            answers: false,
        }
    }

    /// The same for the side that was connected to: over HTTP it writes answers.
    #[must_use]
    pub const fn answering(self) -> Self {
        Self {
            answers: true,
            ..self
        }
    }

    /// The next whole frame without its prefix, or `None` until more bytes come. Keep-alives are
    /// passed over. A frame may be remembered long after its connection is gone: as a piece of its
    /// own it keeps only itself, and the room of the stream is free for what comes next.
    ///
    /// # Errors
    /// A length that cannot be.
    pub fn next(&mut self, stream: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        while let Some(place) = self.place(stream)? {
            if stream.len() < place.end {
                // Nothing is reserved: a peer that says a length has not sent it yet.
                return Ok(None);
            }
            let end = place.end;
            let frame = stream.get(place).map(Bytes::copy_from_slice);
            stream.advance(end);
            if let Some(frame) = frame.filter(|frame| !frame.is_empty()) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Where the frame lies that begins here, perhaps beyond what has come; `None` until its length
    /// has.
    ///
    /// # Errors
    /// A length that cannot be.
    pub fn place(&self, stream: &[u8]) -> Result<Option<Range<usize>>, FrameError> {
        if self.framing.http.is_none() {
            return self.prefixed(stream);
        }
        let Some(body) = http::body(stream, self.max.saturating_add(self.prefix_len()))? else {
            return Ok(None);
        };
        if self.prefix_len() == 0 || body.is_empty() {
            return Ok(Some(body));
        }
        // The prefix within the body says the same once more.
        let Some(place) = self.prefixed(stream.get(body.start..).unwrap_or_default())? else {
            return Ok(None);
        };
        if place.end != body.len() {
            return Err(FrameError::Body {
                length: body.len(),
                said: place.end,
            });
        }
        let start = body.start.saturating_add(place.start);
        Ok(Some(start..body.end))
    }

    fn prefixed(&self, stream: &[u8]) -> Result<Option<Range<usize>>, FrameError> {
        let own = self.prefix_len();
        let Some(prefix) = stream.get(..own) else {
            return Ok(None);
        };
        let said = number::read(self.framing.encoding, prefix).ok_or(FrameError::Length)?;
        // Zero is a keep-alive, also where the length counts itself.
        let length = match said {
            0 => Some(0),
            _ => said.checked_sub(self.counted()),
        };
        match length {
            None => Err(FrameError::TooShort(said)),
            Some(length) if length > self.max => Err(FrameError::TooLong {
                length: said,
                max: self.max,
            }),
            Some(length) => Ok(Some(own..own.saturating_add(length))),
        }
    }

    /// How many bytes the length prefix has.
    #[must_use]
    pub fn prefix_len(&self) -> usize {
        usize::from(self.framing.bytes)
    }

    /// How many bytes of its own the prefix counts.
    fn counted(&self) -> usize {
        if self.framing.counts_itself {
            self.prefix_len()
        } else {
            0
        }
    }

    /// How many bytes a frame of this length takes once it is wrapped.
    #[must_use]
    pub fn wrapped_len(&self, frame: usize) -> usize {
        let body = frame.saturating_add(self.prefix_len());
        let head = self.framing.http.as_ref();
        let head = head.map_or(0, |http| http::head_len(http, self.answers, body));
        head.saturating_add(body)
    }

    /// Appends prefix and frame.
    ///
    /// # Errors
    /// A frame longer than the prefix can say.
    pub fn wrap(&self, frame: &[u8], out: &mut BytesMut) -> Result<(), FrameError> {
        let said = frame.len().saturating_add(self.counted());
        let max = self.framing.encoding.max(self.framing.bytes);
        let mut prefix = Vec::with_capacity(8);
        let fits = number::write(self.framing.encoding, self.framing.bytes, said, &mut prefix);
        if self.framing.bytes > 0 && !fits {
            return Err(FrameError::TooLong { length: said, max });
        }
        if let Some(http) = &self.framing.http {
            let body = frame.len().saturating_add(prefix.len());
            http::write_head(http, self.answers, body, out);
        }
        out.extend_from_slice(&prefix);
        out.extend_from_slice(frame);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso::spec::{Http, PrefixEncoding};

    fn framer(encoding: PrefixEncoding, bytes: u8, counts_itself: bool) -> Framer {
        Framer {
            framing: Framing {
                encoding,
                bytes,
                counts_itself,
                http: None,
            },
            max: 1000,
            answers: false,
        }
    }

    #[test]
    fn frames_are_cut_as_they_were_wrapped_however_the_stream_is_split() {
        for framer in [
            framer(PrefixEncoding::Binary, 2, false),
            framer(PrefixEncoding::Binary, 2, true),
            framer(PrefixEncoding::Ascii, 4, true),
            framer(PrefixEncoding::Binary, 4, false),
            framer(PrefixEncoding::BinaryLe, 2, false),
            framer(PrefixEncoding::BinaryLe, 4, true),
            framer(PrefixEncoding::Ascii, 2, false),
            framer(PrefixEncoding::Ebcdic, 4, false),
            framer(PrefixEncoding::Hex, 4, false),
            framer(PrefixEncoding::Bcd, 2, false),
            framer(PrefixEncoding::Bcd, 2, true),
            over_http(0, false),
            over_http(2, false),
            over_http(0, true),
        ] {
            let mut wire = BytesMut::new();
            framer.wrap(b"first", &mut wire).unwrap();
            assert_eq!(wire.len(), framer.wrapped_len(5));
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

    /// Over HTTP, perhaps with a prefix in the body.
    fn over_http(bytes: u8, answers: bool) -> Framer {
        let text = |text: &str| text.parse().unwrap();
        let mut framer = framer(PrefixEncoding::Binary, bytes, false);
        framer.framing.http = Some(Http {
            path: text("/pos"),
            host: text("gateway"),
            content_type: text("x-ISO-TPDU/x-auth"),
        });
        Framer { answers, ..framer }
    }

    #[test]
    fn a_frame_is_the_body_of_a_post_and_of_its_answer() {
        let framer = over_http(2, false);
        let (mut asked, mut told) = (BytesMut::new(), BytesMut::new());
        framer.wrap(b"0200", &mut asked).unwrap();
        framer.answering().wrap(b"0210", &mut told).unwrap();
        assert_eq!(
            asked,
            "POST /pos HTTP/1.1\r\nHost: gateway\r\nContent-Type: x-ISO-TPDU/x-auth\r\n\
             Content-Length: 6\r\n\r\n\0\u{4}0200"
        );
        assert_eq!(
            told,
            "HTTP/1.1 200 OK\r\nContent-Type: x-ISO-TPDU/x-auth\r\n\
             Content-Length: 6\r\n\r\n\0\u{4}0210"
        );
        // Either side reads what the other one wrote.
        let mut reader = framer;
        assert_eq!(
            reader.next(&mut told),
            Ok(Some(Bytes::from_static(b"0210")))
        );
        assert_eq!(
            reader.next(&mut asked),
            Ok(Some(Bytes::from_static(b"0200")))
        );
    }

    #[test]
    fn a_body_and_the_prefix_in_it_say_the_same() {
        let mut stream = BytesMut::from("POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n\0\u{3}0200");
        assert_eq!(
            over_http(2, true).next(&mut stream),
            Err(FrameError::Body { length: 6, said: 5 })
        );
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
