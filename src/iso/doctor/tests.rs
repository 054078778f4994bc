//! Published frames are found in the dialect that they were published in, also where the stream is
//! cut.

use super::*;
use crate::iso::message::FieldPath;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Published {
    sample: Vec<PublishedFrame>,
}

#[derive(Deserialize)]
struct PublishedFrame {
    title: String,
    hex: String,
    framed: bool,
    error: Option<toml::Value>,
    #[serde(default)]
    fields: BTreeMap<String, toml::Value>,
}

macro_rules! published {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../proto-specs/vectors/", $name, ".toml")))),*]
    };
}

const PUBLISHED: &[(&str, &str)] = published![
    "cup-pos",
    "cups",
    "zhifutong-pos",
    "iso8583-1987-ascii",
    "iso8583-1987-binary",
    "iso8583-1987-binary-left",
    "iso8583-1987-ebcdic",
    "iso8583-1993-ascii",
    "iso8583-2003-binary",
];

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks_exact(2).map(byte).collect()
}

/// The frames of a dialect that are sound, as they travel.
fn frames(name: &str, text: &str) -> Vec<(String, Vec<u8>)> {
    let spec = Spec::builtin(name).unwrap();
    let published: Published = toml::from_str(text).unwrap();
    let sound = published
        .sample
        .into_iter()
        .filter(|one| one.error.is_none());
    let framer = Framer::new(&spec, 8192);
    let wrapped = sound.map(|one| {
        let bytes = unhex(&one.hex);
        if one.framed {
            return (one.title, bytes);
        }
        let mut wire = bytes::BytesMut::new();
        framer.wrap(&bytes, &mut wire).unwrap();
        (one.title, wire.to_vec())
    });
    wrapped.collect()
}

/// Whether the dialect is among those that nothing is likelier than.
fn is_found(name: &str, pieces: &[Vec<u8>]) -> bool {
    let all = examine(pieces);
    let best = all.first().map_or(0, |best| best.confidence);
    all.iter()
        .any(|one| one.dialect == name && one.confidence == best)
}

#[test]
fn a_published_frame_is_found_in_its_dialect() {
    let mut missed = Vec::new();
    for (name, text) in PUBLISHED {
        for (title, frame) in frames(name, text) {
            if !is_found(name, std::slice::from_ref(&frame)) {
                let all = examine(&[frame]);
                let said = all
                    .iter()
                    .map(|one| (&one.dialect, one.confidence, &one.reason));
                missed.push(format!("{name}: {title}: {:?}", said.collect::<Vec<_>>()));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_stream_that_is_cut_anywhere_is_found_in_its_dialect() {
    for (name, text) in PUBLISHED {
        let all = frames(name, text);
        let mut stream: Vec<u8> = Vec::new();
        for (_, frame) in all.iter().cycle().take(6) {
            stream.extend(frame);
        }
        let first = all.first().map_or(0, |(_, frame)| frame.len());
        for cut in [1, 2, 3, first / 2, first - 1] {
            let piece = stream.get(cut..stream.len() - 3).unwrap().to_vec();
            assert!(is_found(name, &[piece]), "{name}, cut at {cut}");
        }
    }
}

#[test]
fn bitmaps_that_no_bit_announces_are_found() {
    let text = include_str!("../../../proto-specs/vectors/base1.toml");
    let published: Published = toml::from_str(text).unwrap();
    for one in published.sample {
        let all = examine(&[unhex(&one.hex)]);
        let first = all.first().unwrap();
        assert!(
            first.draft.contains("bitmap_always_double = true"),
            "{}",
            one.title
        );
        assert!(
            load(&first.draft).is_some(),
            "a draft is sound: {}",
            first.draft
        );
    }
}

#[test]
fn what_would_mend_a_broken_message_is_told() {
    // Track 2 behind a binary length, where the dialect has BCD: 0x10 is 10, or 16.
    let spec = Spec::builtin("iso8583-1987-binary").unwrap();
    let frame = unhex("0200 2000000020000000 000000 10 1234567890123456");
    let head = "name = \"draft\"\nextends = \"iso8583-1987-binary\"";
    let (error, mends) = mends(&spec, head, &frame);
    assert!(error.is_some());
    let first = mends.first().unwrap();
    assert!(first.whole, "{mends:?}");
    assert!(first.what.contains("binary"), "{mends:?}");
}

/// The first reading's dialect, as its draft has it, and what it reads of a frame as it travels.
fn read(pieces: &[Vec<u8>], frame: &[u8]) -> (PossibleReading, Option<Message>) {
    let first = examine(pieces).into_iter().next().unwrap();
    let spec = load(&first.draft).unwrap();
    let place = match first.framing {
        None => 0..frame.len(),
        Some(framing) => {
            let framer = Framer::framed(framing, 8192);
            framer.place(frame).unwrap().unwrap()
        }
    };
    let bytes = Bytes::copy_from_slice(frame.get(place).unwrap());
    let message = Message::parse(&spec, bytes).ok();
    (first, message)
}

#[test]
fn a_sample_of_no_known_dialect_is_read_as_it_was_published() {
    let published: &[(&str, &str)] = published![
        "base1",
        "bcd-length",
        "mixed",
        "presentment",
        "lakala-pos",
        "icbc-pos"
    ];
    for (name, text) in published {
        let published: Published = toml::from_str(text).unwrap();
        for one in published.sample.iter().filter(|one| one.error.is_none()) {
            let frame = unhex(&one.hex);
            let (reading, message) = read(std::slice::from_ref(&frame), &frame);
            let message = message.unwrap();
            for (field, value) in &one.fields {
                let path: FieldPath = field.parse().unwrap();
                let found = message.text(path);
                let told = (name, &one.title, field, &reading.reason);
                let (found, value) = (found.unwrap_or_default(), value.as_str().unwrap());
                assert_eq!(found.trim_end(), value.trim_end(), "{told:?}");
            }
        }
    }
}

#[test]
fn a_header_that_no_known_dialect_has_is_found_by_what_follows_it() {
    for (name, header) in [
        ("iso8583-1987-ascii", "49534F303136303030303730"),
        ("iso8583-1987-binary", "600001A1B2C3D4E5F60102"),
        (
            "iso8583-1987-ebcdic",
            "16010200AA0000000000000000000000000000000000",
        ),
    ] {
        let (_, text) = PUBLISHED.iter().find(|(known, _)| *known == name).unwrap();
        let spec = Spec::builtin(name).unwrap();
        let framer = Framer::new(&spec, 8192);
        let frames = frames(name, text).into_iter().map(|(_, frame)| {
            let place = framer.place(&frame).unwrap().unwrap();
            let mut body = unhex(header);
            body.extend(frame.get(place).unwrap());
            let mut wire = bytes::BytesMut::new();
            framer.wrap(&body, &mut wire).unwrap();
            wire.to_vec()
        });
        let frames: Vec<Vec<u8>> = frames.collect();
        let wanted = format!("default = \"{header}\"");
        let stream = frames
            .iter()
            .cycle()
            .take(6)
            .fold(Vec::new(), |mut all, frame| {
                all.extend(frame);
                all
            });
        let cut = |at: usize| stream.get(at..).unwrap().to_vec();
        let first = frames.first().unwrap();
        let half = first.len() / 2;
        for pieces in [
            frames.clone(),
            vec![stream.clone()],
            vec![cut(1)],
            vec![cut(half)],
        ] {
            let (reading, message) = read(&pieces, first);
            let told = (name, pieces.len(), &reading.reason, reading.confidence);
            assert!(reading.draft.contains(&wanted), "{told:?}");
            assert!(message.is_some(), "{told:?}");
        }
    }
}

#[test]
fn what_nothing_reads_to_its_end_is_told_as_far_as_it_is_read() {
    let text = include_str!("../../../proto-specs/vectors/member-card.toml");
    let published: Published = toml::from_str(text).unwrap();
    let frame = unhex(&published.sample.first().unwrap().hex);
    let all = examine(&[frame]);
    let first = all.first().unwrap();
    assert_eq!((first.dialect.as_str(), first.frames), ("cup-pos", 0));
    assert!(first.confidence < 50);
    assert!(
        first.reason.contains("fields read, then"),
        "{}",
        first.reason
    );
    assert!(first.reason.contains("field 47"), "{}", first.reason);
}
