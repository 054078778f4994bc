//! A stream cut into frames, with every kind of length prefix: however it comes in pieces the
//! frames are the same, and so is the end; a frame that is wrapped comes out as it went in.
//!
//! The first byte chooses the framing, the second one the pieces; the stream follows.

use super::{Find, Outcome, dialects, holds};
use bytes::{Bytes, BytesMut};
use isogate::iso::codec::{FrameError, Framer};
use isogate::iso::spec::Spec;
use std::sync::{Arc, OnceLock};

/// The largest frame.
const MOST: usize = 2000;

/// What a frame may be announced by, beside the dialects' own.
const FRAMINGS: [&str; 10] = [
    "length = \"binary\"\nbytes = 4",
    "length = \"binary\"\nbytes = 2\ncounts_itself = true",
    "length = \"binary-le\"\nbytes = 2",
    "length = \"binary-le\"\nbytes = 4\ncounts_itself = true",
    "length = \"ascii\"\nbytes = 4",
    "length = \"ascii\"\nbytes = 2\ncounts_itself = true",
    "length = \"ebcdic\"\nbytes = 4",
    "length = \"hex\"\nbytes = 4",
    "length = \"bcd\"\nbytes = 2",
    "length = \"bcd\"\nbytes = 2\ncounts_itself = true",
];

fn framers() -> &'static [(Arc<Spec>, Framer)] {
    static ALL: OnceLock<Vec<(Arc<Spec>, Framer)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mine = FRAMINGS.iter().map(|framing| {
            let text =
                format!("name = \"m\"\nextends = \"iso8583-1987-ascii\"\n[frame]\n{framing}");
            Spec::load("mine.toml", &text, &|_| None).unwrap()
        });
        let specs = dialects().iter().cloned().chain(mine);
        let framers = specs.map(|spec| {
            let framer = Framer::new(&spec, MOST);
            (spec, framer)
        });
        framers.collect()
    })
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (place, (_, framer)) in (0..).zip(framers()) {
        for framer in [*framer, framer.answering()] {
            let mut stream = BytesMut::new();
            for frame in [&b"0200abcdef"[..], b"", b"0", &[b'7'; 300]] {
                // Two digits announce no long one.
                let _fits = framer.wrap(frame, &mut stream);
            }
            all.push([&[place, 3], &stream[..]].concat());
        }
    }
    all
}

/// Frames, what is left of the stream if nothing is wrong, and how it ended.
type Cut = (Vec<Bytes>, Vec<u8>, Option<FrameError>);

fn cut(framer: Framer, pieces: &[&[u8]]) -> Result<Cut, Find> {
    let (mut framer, mut stream, mut frames) = (framer, BytesMut::new(), Vec::new());
    for piece in pieces {
        stream.extend_from_slice(piece);
        loop {
            match framer.next(&mut stream) {
                Ok(Some(frame)) => {
                    let fits = !frame.is_empty() && frame.len() <= MOST;
                    holds(fits, "frame-too-long", || frame.len().to_string())?;
                    frames.push(frame);
                }
                Ok(None) => break,
                Err(error) => return Ok((frames, Vec::new(), Some(error))),
            }
        }
    }
    Ok((frames, stream.to_vec(), None))
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let [place, size, stream @ ..] = input else {
        return Ok("nothing".to_owned());
    };
    let all = framers();
    let place = usize::from(*place) % all.len();
    let framer = all[place].1;
    let stream = stream.get(..4096).unwrap_or(stream);
    let whole = cut(framer, &[stream])?;
    let by_one: Vec<&[u8]> = stream.chunks(1).collect();
    let by_some: Vec<&[u8]> = stream.chunks(usize::from(*size) + 1).collect();
    for pieces in [by_one, by_some] {
        let again = cut(framer, &pieces)?;
        let frames = again.0 == whole.0;
        holds(frames, "frames-differ-by-chunks", || {
            format!("{place}: {:?}, {:?}", whole.2, again.2)
        })?;
        // A wrong head may be wrong earlier or later, but it is wrong; and so is nothing else.
        let ends = again.2.is_some() == whole.2.is_some() && again.1 == whole.1;
        holds(ends, "end-differs-by-chunks", || {
            format!("{place}: {:?}, {:?}", whole.2, again.2)
        })?;
    }
    for framer in [framer, framer.answering()] {
        let mut wrapped = BytesMut::new();
        let frame = stream.get(..MOST).unwrap_or(stream);
        if framer.wrap(frame, &mut wrapped).is_err() {
            continue;
        }
        let length = wrapped.len() == framer.wrapped_len(frame.len());
        holds(length, "wrapped-length-differs", || place.to_string())?;
        let (frames, left, error) = cut(framer, &[&wrapped])?;
        let same = error.is_none()
            && left.is_empty()
            && frames
                .iter()
                .map(|one| &one[..])
                .eq((!frame.is_empty()).then_some(frame));
        let has_prefix = framer.prefix_len() > 0 || dialects().get(place).is_some();
        holds(same || !has_prefix, "wrapped-differs", || {
            format!("{place}: {error:?}")
        })?;
    }
    let error = whole
        .2
        .map(|error| super::without_digits(&format!("{error:?}")));
    Ok(format!(
        "{place} {} {} {error:?}",
        whole.0.len().min(4),
        whole.1.len().min(2)
    ))
}
