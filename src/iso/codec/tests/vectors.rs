//! The golden frames: published ones with the values that their sources give, and some made by an
//! independent script where none was found published. They are read, and written back.

use super::super::{Framer, Message, ParseFault, hex};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../", $path)))),*]
    };
}

/// Every file of vectors, and the spec files that stand beside them.
const FILES: &[(&str, &str)] = files![
    "proto-specs/vectors/cup-pos.toml",
    "proto-specs/vectors/lakala-pos.toml",
    "proto-specs/vectors/icbc-pos.toml",
    "proto-specs/vectors/zhifutong-pos.toml",
    "proto-specs/vectors/cups.toml",
    "proto-specs/vectors/iso8583-1987-ascii.toml",
    "proto-specs/vectors/iso8583-1987-binary.toml",
    "proto-specs/vectors/iso8583-1987-binary-left.toml",
    "proto-specs/vectors/pads.toml",
    "proto-specs/vectors/pads.spec.toml",
    "proto-specs/vectors/iso8583-1987-ebcdic.toml",
    "proto-specs/vectors/iso8583-1993-ascii.toml",
    "proto-specs/vectors/iso8583-2003-binary.toml",
    "proto-specs/vectors/base1.toml",
    "proto-specs/vectors/base1.spec.toml",
    "proto-specs/vectors/bcd-length.toml",
    "proto-specs/vectors/bcd-length.spec.toml",
    "proto-specs/vectors/member-card.toml",
    "proto-specs/vectors/member-card.spec.toml",
    "proto-specs/vectors/mixed.toml",
    "proto-specs/vectors/mixed.spec.toml",
    "proto-specs/vectors/presentment.toml",
    "proto-specs/vectors/presentment.spec.toml",
    "proto-specs/vectors/registration.toml",
    "proto-specs/vectors/registration.spec.toml",
];

/// MACs, keys and PIN blocks; the room of secrets proves them.
const SECRETS: &str = include_str!("../../../../proto-specs/vectors/security.toml");

#[derive(Deserialize)]
struct Vectors {
    /// The spec file beside; without it the file is named after a built-in dialect.
    spec: Option<String>,
    sample: Vec<Sample>,
}

/// One golden frame.
#[derive(Deserialize)]
pub(super) struct Sample {
    pub(super) title: String,
    hex: String,
    framed: bool,
    pub(super) header: String,
    pub(super) mti: String,
    pub(super) fields: BTreeMap<String, String>,
    #[serde(default)]
    subfields: BTreeMap<String, String>,
    /// The length prefix as published, where it is wrong.
    declared: Option<String>,
    /// What is wrong with the frame as published.
    error: Option<ExpectedFault>,
}

#[derive(Deserialize)]
struct ExpectedFault {
    field: Option<u8>,
    offset: usize,
    message: String,
}

impl Sample {
    /// The frame without its length prefix, cut as a connection would cut it.
    pub(super) fn frame(&self, spec: &Spec) -> Bytes {
        let bytes = hex::unhex(&self.hex).unwrap();
        if !self.framed {
            return bytes.into();
        }
        let mut stream = BytesMut::from(bytes.as_slice());
        let frame = Framer::new(spec, 8192).next(&mut stream).unwrap().unwrap();
        assert!(
            stream.is_empty(),
            "{}: the prefix covers the frame",
            self.title
        );
        frame
    }
}

/// The dialect of a file of vectors.
fn spec_of(path: &str, vectors: &Vectors) -> Arc<Spec> {
    let name = path.trim_start_matches("proto-specs/vectors/");
    let Some(beside) = &vectors.spec else {
        return Spec::builtin(name.trim_end_matches(".toml")).unwrap();
    };
    let named = format!("proto-specs/vectors/{beside}");
    let (_, text) = FILES.iter().find(|(path, _)| *path == named).unwrap();
    Spec::load(beside, text, &|_| None).unwrap()
}

/// All golden frames but those with a fault; the first is a sale of cup-pos.
pub(super) fn vectors() -> Vec<(Arc<Spec>, Arc<Sample>)> {
    let all = PUBLISHED.iter().cloned();
    all.filter(|(_, sample)| sample.error.is_none()).collect()
}

static PUBLISHED: LazyLock<Vec<(Arc<Spec>, Arc<Sample>)>> = LazyLock::new(published);

fn published() -> Vec<(Arc<Spec>, Arc<Sample>)> {
    let mut all = Vec::new();
    for (path, text) in FILES {
        if path.ends_with(".spec.toml") {
            continue;
        }
        let vectors: Vectors = toml::from_str(text).unwrap();
        let spec = spec_of(path, &vectors);
        let samples = vectors.sample.into_iter();
        all.extend(samples.map(|sample| (Arc::clone(&spec), Arc::new(sample))));
    }
    all
}

#[test]
fn golden_frames_hold_the_values_that_were_published() {
    for (spec, sample) in vectors() {
        let title = &sample.title;
        let message = Message::parse(&spec, sample.frame(&spec)).unwrap();
        assert_eq!(message.mti().to_string(), sample.mti, "{title}");
        assert_eq!(hex::hex(message.header()), sample.header, "{title}");
        let text = |field: FieldId| (field.to_string(), message.text(field).unwrap().into_owned());
        let found: BTreeMap<String, String> = message.fields().iter().map(text).collect();
        assert_eq!(found, sample.fields, "{title}");
        for (path, wanted) in &sample.subfields {
            let part: FieldPath = path.parse().unwrap();
            assert_eq!(
                message.text(part).as_deref(),
                Some(wanted.as_str()),
                "{title}: {path}"
            );
        }
        assert_eq!(message.warnings(), [""; 0], "{title}");
    }
}

#[test]
fn golden_frames_come_back_from_their_values_byte_for_byte() {
    for (spec, sample) in vectors() {
        let frame = sample.frame(&spec);
        let parsed = Message::parse(&spec, frame.clone()).unwrap();
        assert_eq!(parsed.build().unwrap(), frame, "{}", sample.title);
        let mut made = Message::new(&spec, parsed.mti());
        made.set_header(parsed.header());
        for (path, text) in &sample.fields {
            made.set(path.parse::<FieldPath>().unwrap(), text).unwrap();
        }
        assert_eq!(made.build().unwrap(), frame, "{}", sample.title);
        // And wrapped, where the frame was published behind its length.
        if sample.framed {
            let mut wrapped = BytesMut::new();
            Framer::new(&spec, 8192).wrap(&frame, &mut wrapped).unwrap();
            assert_eq!(hex::hex(&wrapped), sample.hex, "{}", sample.title);
        }
    }
}

#[test]
fn a_published_frame_with_a_fault_is_read_up_to_it_and_kept() {
    let faulty = PUBLISHED.iter();
    for (spec, sample) in faulty.filter(|(_, sample)| sample.error.is_some()) {
        let (frame, fault) = (sample.frame(spec), sample.error.as_ref().unwrap());
        let error = Message::parse(spec, frame.clone()).unwrap_err();
        let field = fault.field.map(|number| FieldId::of(number).into());
        assert_eq!((error.field, error.offset), (field, fault.offset));
        assert_eq!(error.to_string(), fault.message);
        let message = Message::read(spec, frame.clone()).unwrap();
        for (path, wanted) in &sample.fields {
            let text = message.text(path.parse::<FieldPath>().unwrap());
            assert_eq!(text.as_deref(), Some(wanted.as_str()), "{}", sample.title);
        }
        assert_eq!(message.build().unwrap(), frame, "{}", sample.title);
    }
}

#[test]
fn a_published_length_that_lies_waits_for_more() {
    let mut lying = 0;
    for (spec, sample) in vectors() {
        let Some(declared) = &sample.declared else {
            continue;
        };
        let mut stream = BytesMut::from(hex::unhex(declared).unwrap().as_slice());
        stream.extend_from_slice(&sample.frame(&spec));
        let length = stream.len();
        assert_eq!(Framer::new(&spec, 8192).next(&mut stream), Ok(None));
        assert_eq!(stream.len(), length);
        lying += 1;
    }
    assert_eq!(lying, 1);
}

/// The published twins of sample 37: fields named without data, and data without fields.
#[test]
fn the_broken_twins_of_a_published_frame_name_field_and_byte() {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let body = "001800000000000300000109080646100331001120331100011122233";
    let error = |bitmap: &str| {
        let frame = format!("0420{bitmap}{body}");
        Message::parse(&spec, frame.into_bytes().into()).unwrap_err()
    };
    assert_eq!(
        error("723C008100000000").to_string(),
        "field 32, byte 72: the length says 22, the field has 11 at most"
    );
    let missing = error("7230008100000001");
    assert_eq!(
        missing.kind,
        ParseFault::Short {
            needed: 16,
            left: 0
        }
    );
    assert_eq!(
        missing.to_string(),
        "field 64, byte 77: the field needs 16 bytes, 0 are left"
    );
}

#[derive(Deserialize)]
struct Numbered {
    #[serde(default, alias = "mac", alias = "pin", alias = "key")]
    sample: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    number: Option<u32>,
}

#[test]
fn every_sample_of_the_collection_is_covered() {
    let files = FILES.iter().map(|(_, text)| *text).chain([SECRETS]);
    let numbers = files.flat_map(|text| toml::from_str::<Numbered>(text).unwrap().sample);
    let covered: BTreeSet<u32> = numbers.filter_map(|sample| sample.number).collect();
    // They carry odd numbers, 1 to 61; the even ones were never published.
    let all: BTreeSet<u32> = (1..=61).step_by(2).collect();
    assert_eq!(covered, all);
}
