//! Frames as the bodies of HTTP/1.1 messages: a POST, and its answer 200. Nothing else of HTTP is
//! spoken: no chunks, no other method, no redirection.

use super::FrameError;
use crate::iso::spec::Http;
use bytes::BytesMut;
use httparse::{EMPTY_HEADER, Error, Header, Request, Response, Status};
use std::fmt::Write as _;
use std::ops::Range;

/// A head has so many bytes at most, and so many fields.
const MAX_HEAD: usize = 4096;
const MAX_FIELDS: usize = 32;

/// Where the body lies of the message that begins here; `None` until its head has come.
pub(super) fn body(stream: &[u8], max: usize) -> Result<Option<Range<usize>>, FrameError> {
    if stream.is_empty() {
        return Ok(None);
    }
    let seen = stream.get(..MAX_HEAD).unwrap_or(stream);
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    // The answer's first word is its version, the request's its method.
    let head = if seen.first() == Some(&b'H') {
        let mut answer = Response::new(&mut fields);
        let head = ended(answer.parse(seen))?;
        match (head, answer.code) {
            (Some(_), Some(code)) if code != 200 => return Err(FrameError::HttpStatus(code)),
            _ => head,
        }
    } else {
        let mut request = Request::new(&mut fields);
        let head = ended(request.parse(seen))?;
        match (head, request.method) {
            (Some(_), Some(method)) if method != "POST" => return Err(FrameError::HttpMethod),
            _ => head,
        }
    };
    let Some(start) = head else {
        return match stream.len() >= MAX_HEAD {
            true => Err(FrameError::HttpHead),
            false => Ok(None),
        };
    };
    let length = content_length(&fields)?;
    if length > max {
        return Err(FrameError::TooLong { length, max });
    }
    Ok(Some(start..start.saturating_add(length)))
}

/// Where the head ends, if it does.
fn ended(parsed: Result<Status<usize>, Error>) -> Result<Option<usize>, FrameError> {
    match parsed {
        Ok(Status::Complete(end)) => Ok(Some(end)),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(FrameError::HttpHead),
    }
}

/// The length of the body: said, and said once.
fn content_length(fields: &[Header<'_>]) -> Result<usize, FrameError> {
    let named = |name: &str| {
        let name = name.to_owned();
        fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(&name))
    };
    if named("transfer-encoding").next().is_some() {
        return Err(FrameError::HttpLength);
    }
    let mut lengths = named("content-length");
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return Err(FrameError::HttpLength);
    };
    let text = std::str::from_utf8(length.value).unwrap_or_default().trim();
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or(FrameError::HttpLength)
}

/// Appends the head of a message whose body has so many bytes.
pub(super) fn write_head(http: &Http, answers: bool, body: usize, out: &mut BytesMut) {
    let kind = &http.content_type;
    // Writing to a buffer that grows cannot fail.
    let _written = if answers {
        write!(out, "HTTP/1.1 200 OK\r\n")
    } else {
        write!(
            out,
            "POST {} HTTP/1.1\r\nHost: {}\r\n",
            http.path, http.host
        )
    };
    let _written = write!(
        out,
        "Content-Type: {kind}\r\nContent-Length: {body}\r\n\r\n"
    );
}

/// How long that head is.
pub(super) fn head_len(http: &Http, answers: bool, body: usize) -> usize {
    let mut head = BytesMut::new();
    write_head(http, answers, body, &mut head);
    head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_or_its_answer_with_a_length_is_understood() {
        let cases = [
            (
                "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
                Ok(Some(39..42)),
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                Ok(Some(38..38)),
            ),
            ("POST /a HTTP/1.1\r\nConte", Ok(None)),
            ("HTTP/1.1 500 Oh\r\n\r\n", Err(FrameError::HttpStatus(500))),
            ("GET / HTTP/1.1\r\n\r\n", Err(FrameError::HttpMethod)),
            ("POST / HTTP/1.1\r\n\r\n", Err(FrameError::HttpLength)),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                Err(FrameError::HttpLength),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                Err(FrameError::HttpLength),
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                Err(FrameError::HttpLength),
            ),
            ("\0\u{4}0200", Err(FrameError::HttpHead)),
            (
                "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
                Err(FrameError::TooLong {
                    length: 99_999_999,
                    max: 100,
                }),
            ),
        ];
        for (text, said) in cases {
            assert_eq!(body(text.as_bytes(), 100), said, "{text}");
        }
    }

    #[test]
    fn a_head_without_an_end_is_not_waited_for_forever() {
        let endless = format!("POST / HTTP/1.1\r\nX: {}", "y".repeat(MAX_HEAD));
        assert_eq!(body(endless.as_bytes(), 100), Err(FrameError::HttpHead));
    }
}
