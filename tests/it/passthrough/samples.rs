//! The published frames of `cup-pos`, each with a counterpart that the test writes: an answer to a
//! request, a request to an answer.

use super::Exchange;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Vectors {
    sample: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    hex: String,
    framed: bool,
    mti: String,
    fields: BTreeMap<String, String>,
}

pub(super) fn all() -> Vec<Exchange> {
    let text = include_str!("../../../proto-specs/vectors/cup-pos.toml");
    let vectors: Vectors = toml::from_str(text).unwrap();
    vectors.sample.iter().map(exchange).collect()
}

fn exchange(sample: &Sample) -> Exchange {
    let bytes = packed(&sample.hex);
    let published = bytes[if sample.framed { 2 } else { 0 }..].to_vec();
    let of = |field: &str| sample.fields.get(field).cloned().unwrap_or_default();
    let is_answer = sample.mti.as_bytes()[2] % 2 == 1;
    let counterpart = counterpart(&published, &sample.mti, &of);
    let (request, answer) = match is_answer {
        true => (counterpart, published),
        false => (published, counterpart),
    };
    Exchange {
        terminal: of("41"),
        stan: format!("{:0>6}", of("11")),
        request,
        answer,
    }
}

/// The other half: its header turned around, its type, 11, 41 and 42 as far as they are there, and
/// 39 if it answers.
fn counterpart(published: &[u8], mti: &str, of: &dyn Fn(&str) -> String) -> Vec<u8> {
    let asks = mti.as_bytes()[2] % 2 == 1;
    let digit = if asks {
        mti.as_bytes()[2] - 1
    } else {
        mti.as_bytes()[2] + 1
    };
    let stan = of("11");
    let there = |field: u32, is: bool| u64::from(is) << (64 - field);
    let bits = there(11, !stan.is_empty())
        | there(39, !asks)
        | there(41, !of("41").is_empty())
        | there(42, !of("42").is_empty());
    let tpdu = &published[..5];
    let mut frame = [&tpdu[..1], &tpdu[3..], &tpdu[1..3], &published[5..11]].concat();
    frame.extend(packed(&format!(
        "{}{}{}",
        &mti[..2],
        char::from(digit),
        &mti[3..]
    )));
    frame.extend(bits.to_be_bytes());
    frame.extend(packed(&stan));
    frame.extend(if asks { "" } else { "00" }.bytes());
    frame.extend(of("41").bytes());
    frame.extend(of("42").bytes());
    frame
}

fn packed(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
