//! What reading, writing and masking a message costs: two messages, ASCII and BCD, the same that
//! other codecs were measured with.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench is no library")]

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use isogate::iso::codec::Message;
use isogate::iso::message::FieldId;
use isogate::iso::spec::Spec;
use std::hint::black_box;
use std::sync::Arc;

/// ASCII, hex bitmap, 16 fields, 181 bytes.
const A: &str = concat!(
    "02007238448128C08000166225880123456789000000000000012345112210451212345610451211225411051001",
    "112345678901376225880123456789=30122011234567890123532610123456TERM0001MERCHANT0000001156"
);

/// BCD, raw bitmap, 23 fields, 311 bytes, behind TPDU and header.
const B: &str = concat!(
    "60000300006031003107300200703C06C028C09A1D16622588012345678900000000000001234512345610451211",
    "2230120051000100123706225880123456789D301220112345678901233533323631303132333435365445524D30",
    "3030314D45524348414E5430303030303031313536A1B2C3D4E5F60718260000000000000001459F2608A1B2C3D4",
    "E5F601029F2701809F101307010103A0A000010A0100000000001A2B3C4D9F37041A2B3C4D9F36020A1B95050880",
    "0460009A032611229C01009F02060000000123455F2A02015682027C009F1A0201569F03060000000000009F3303",
    "E0F8C89F34034203009F3501229F1E0831323334353637388408A0000003330101019F0902008C9F410400012345",
    "00130220000010005000150000001000123112001731323334353637385452414345494E464F0102030405060708"
);

fn hex(text: &str) -> Vec<u8> {
    let pairs = text
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn codec(c: &mut Criterion) {
    let frames = [
        ("A", "iso8583-1987-ascii", A.as_bytes().to_vec()),
        ("B", "cup-pos", hex(B)),
    ];
    for (name, spec, frame) in frames {
        let (spec, frame): (Arc<Spec>, _) = (Spec::builtin(spec).unwrap(), Bytes::from(frame));
        c.bench_function(&format!("parse {name}"), |bench| {
            bench.iter(|| Message::parse(&spec, black_box(frame.clone())).unwrap());
        });
        let message = Message::parse(&spec, frame.clone()).unwrap();
        let fields: Vec<FieldId> = message.fields().iter().collect();
        let text = |field: &FieldId| message.text(*field).unwrap().into_owned();
        c.bench_function(
            &format!("parse {name} and read every field as text"),
            |bench| {
                bench.iter(|| {
                    let message = Message::parse(&spec, black_box(frame.clone())).unwrap();
                    for field in &fields {
                        black_box(message.text(*field));
                    }
                });
            },
        );
        let values: Vec<(FieldId, String)> =
            fields.iter().map(|field| (*field, text(field))).collect();
        c.bench_function(&format!("build {name} from values"), |bench| {
            bench.iter(|| {
                let mut fresh = Message::new(&spec, message.mti());
                for (field, value) in &values {
                    fresh.set(*field, value).unwrap();
                }
                fresh.build().unwrap()
            });
        });
        c.bench_function(&format!("mask {name} for the journal"), |bench| {
            bench.iter(|| message.redact().unwrap());
        });
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
