//! What reading, writing and masking a message costs: two messages, ASCII and BCD, the same that
//! other codecs were measured with.
//!
//! `--names` lists what is measured, `--times N NAME` runs one of them so often: for counting
//! instructions, as `benches/README.md` tells.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library"
)]

mod by_hand;
mod messages;

use bytes::Bytes;
use criterion::Criterion;
use isogate::engine::record::{ConnId, Fact, Hop, Logged, Record, Seq, Vault, VaultKeys, encode};
use isogate::engine::seam::Wall;
use isogate::iso::codec::Message;
use isogate::iso::message::FieldId;
use isogate::iso::spec::Spec;
use messages::{A, B, hex};
use std::hint::black_box;
use std::sync::Arc;

/// Something to be measured.
struct Operation {
    name: String,
    run: Box<dyn FnMut()>,
}

fn operation(name: String, run: impl FnMut() + 'static) -> Operation {
    let run = Box::new(run);
    Operation { name, run }
}

/// What is measured with each of the two messages.
fn operations() -> Vec<Operation> {
    let frames = [
        ("A", "iso8583-1987-ascii", A.as_bytes().to_vec()),
        ("B", "cup-pos", hex(B)),
    ];
    let each = |(name, spec, frame)| of_message(name, &Spec::builtin(spec).unwrap(), frame);
    frames.into_iter().flat_map(each).collect()
}

fn of_message(name: &str, spec: &Arc<Spec>, frame: Vec<u8>) -> Vec<Operation> {
    let frame = Bytes::from(frame);
    let message = Message::parse(spec, frame.clone()).unwrap();
    let mut all = Vec::from(reading(name, spec, &frame));
    all.push(building(name, spec, &message));
    all.extend(asking(name, &message));
    all.extend(recording(name, &message));
    all
}

/// A frame becomes a message.
fn reading(name: &str, spec: &Arc<Spec>, frame: &Bytes) -> [Operation; 3] {
    let (again, read) = (Arc::clone(spec), frame.clone());
    let parse = operation(format!("parse {name}"), move || {
        black_box(Message::parse(&again, black_box(read.clone())).unwrap());
    });
    let by_hand = match name {
        "A" => by_hand::parse_a,
        _ => by_hand::parse_b,
    };
    let read = frame.clone();
    let by_hand = operation(format!("parse {name} by hand"), move || {
        black_box(by_hand(black_box(&read)).unwrap());
    });
    let (again, read) = (Arc::clone(spec), frame.clone());
    let fields = Message::parse(spec, frame.clone()).unwrap().fields();
    let texts = operation(
        format!("parse {name} and read every field as text"),
        move || {
            let message = Message::parse(&again, black_box(read.clone())).unwrap();
            for field in fields.iter() {
                black_box(message.text(field));
            }
        },
    );
    [parse, by_hand, texts]
}

/// Values become a frame.
fn building(name: &str, spec: &Arc<Spec>, message: &Message) -> Operation {
    let text = |field| (field, message.text(field).unwrap().into_owned());
    let values: Vec<(FieldId, String)> = message.fields().iter().map(text).collect();
    let (mut fresh, mut out) = (Message::new(spec, message.mti()), Vec::new());
    let mti = message.mti();
    operation(format!("build {name} from values"), move || {
        fresh.reset(mti);
        for (field, value) in &values {
            fresh.set(*field, black_box(value)).unwrap();
        }
        out.clear();
        fresh.write_to(&mut out).unwrap();
        black_box(&out);
    })
}

/// What a gateway asks of a message.
fn asking(name: &str, message: &Message) -> [Operation; 2] {
    let asked = message.clone();
    let kind = operation(format!("tell the kind of {name}"), move || {
        black_box(black_box(&asked).kind());
    });
    let asked = message.clone();
    let names = operation(format!("read the names in {name}"), move || {
        let asked = black_box(&asked);
        black_box((
            asked.stan(),
            asked.terminal(),
            asked.merchant(),
            asked.rrn(),
        ));
        black_box((asked.amount(), asked.currency(), asked.pan()));
    });
    [kind, names]
}

/// A message goes into the journal.
fn recording(name: &str, message: &Message) -> [Operation; 2] {
    let masked = message.clone();
    let mask = operation(format!("mask {name} for the journal"), move || {
        black_box(black_box(&masked).redact().unwrap());
    });
    let message = message.clone();
    let mut vault = Vault::new(VaultKeys::new(&[1; 32], 1, &[2; 32]), [0; 4]);
    let mut out = Vec::new();
    let write = operation(format!("write {name} as a record"), move || {
        let logged = Logged::of(&message, Hop::TerminalToGateway, ConnId(7), None);
        let record = Record {
            seq: Seq(1_000_000),
            at: Wall(1_795_313_472_000_000),
            tx: None,
            prev: None,
            fact: Fact::Session(Box::new(logged)),
        };
        out.clear();
        encode(&record, &mut vault, &mut out);
        black_box(&out);
    });
    [mask, write]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--names", ..] => {
            for one in operations() {
                println!("{}", one.name);
            }
        }
        ["--times", times, name, ..] => {
            let mut all = operations();
            let one = all.iter_mut().find(|one| one.name == name).unwrap();
            for _ in 0..times.parse().unwrap() {
                (one.run)();
            }
        }
        _ => {
            let mut criterion = Criterion::default().configure_from_args();
            for mut one in operations() {
                criterion.bench_function(&one.name, |bench| bench.iter(&mut one.run));
            }
            criterion.final_summary();
        }
    }
}
