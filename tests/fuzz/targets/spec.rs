//! A text as a dialect: refused with reasons, or one by which frames can be read and built.

use super::{Outcome, holds, samples, top, without_digits};
use bytes::Bytes;
use isogate::iso::codec::{Framer, Message, dissect};
use isogate::iso::spec::Spec;
use std::fs;
use std::sync::OnceLock;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let folders = ["proto-specs", "proto-specs/vectors"];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(top().join(folder)).unwrap());
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

pub(super) fn run(input: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let resolve = |name: &str| (name == "itself").then(|| text.clone().into_owned());
    match Spec::load("fuzzed.toml", &text, &resolve) {
        Err(error) => {
            let told = error.to_string();
            holds(
                told.starts_with("fuzzed.toml") || told.contains(".toml"),
                "fault-without-place",
                || told.clone(),
            )?;
            Ok(without_digits(&told)
                .chars()
                .filter(char::is_ascii)
                .take(60)
                .collect())
        }
        Ok(spec) => {
            let mut ways = String::new();
            for frame in frames() {
                let frame = Bytes::from_static(frame);
                drop(dissect(&spec, &frame));
                if let Ok(message) = Message::read(&spec, frame.clone()) {
                    drop((
                        message.warnings(),
                        message.usage(),
                        message.kind(),
                        message.redact(),
                    ));
                    let built = message.build();
                    holds(built.as_ref() == Ok(&frame), "not-as-it-came", || {
                        spec.name().to_owned()
                    })?;
                    ways.push(if message.fault().is_some() { 'p' } else { 'w' });
                } else {
                    ways.push('-');
                }
            }
            let mut framer = Framer::new(&spec, 8 << 10);
            let mut wrapped = bytes::BytesMut::new();
            if framer.wrap(b"0123456789", &mut wrapped).is_ok() {
                let cut = framer.next(&mut wrapped);
                let same = cut
                    .as_ref()
                    .is_ok_and(|cut| cut.as_deref() == Some(b"0123456789"));
                // Without a prefix there are no frames in a stream.
                holds(same || framer.prefix_len() == 0, "frame-differs", || {
                    format!("{cut:?}")
                })?;
            }
            Ok(format!("loaded {ways}"))
        }
    }
}

/// One frame of each dialect.
fn frames() -> &'static [Vec<u8>] {
    static FRAMES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FRAMES.get_or_init(|| {
        let mut all = samples();
        all.dedup_by_key(|(place, _, _)| *place);
        all.into_iter().map(|(_, frame, _)| frame).collect()
    })
}
