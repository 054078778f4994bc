//! Traffic of another codec (pyiso8583), on several connections at once, both ends talking, in
//! pieces of any size: what tcpdump caught, as pcap and as pcapng, beside what tshark puts together
//! from it.
//!
//! `strangers.raw` is the output of `tshark -q -z follow,tcp,raw` for each connection, behind a
//! line with its client's port; the lines of the server begin with a tab.

use super::{file_of, hex, packets};
use isogate::engine::seam::Dice;
use isogate::io::capture::{self, CaptureOptions};
use isogate::iso::spec::Spec;
use isogate::iso::stream::{FlowId, FlowSide, Sighting};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PCAP: &[u8] = include_bytes!("strangers.pcap");
const PCAPNG: &[u8] = include_bytes!("strangers.pcapng");
const RAW: &str = include_str!("strangers.raw");

/// Hex of what was sent, by the client's port and the side.
type Streams = BTreeMap<(u16, bool), String>;

fn by_tshark() -> Streams {
    let (mut all, mut client) = (Streams::new(), 0);
    for line in RAW.lines().filter(|line| !line.is_empty()) {
        if let Some(port) = line.strip_prefix("# ") {
            client = port.parse().unwrap();
            continue;
        }
        let side = (client, line.starts_with('\t'));
        *all.entry(side).or_default() += &line.trim().to_uppercase();
    }
    all
}

/// The frames that are read, each behind its length, and the bytes that are missing.
fn by_us(file: &Path) -> (Streams, u64) {
    let spec = Spec::builtin("iso8583-1987-binary");
    let options = CaptureOptions {
        spec,
        ..CaptureOptions::default()
    };
    let mut capture = capture::open(file, &options).unwrap();
    let (mut all, mut missing) = (Streams::new(), 0);
    let mut clients: BTreeMap<FlowId, u16> = BTreeMap::new();
    while let Some(sighting) = capture.reader.next().unwrap() {
        match sighting {
            Sighting::Opened { flow, client, .. } => {
                clients.insert(flow, client.unwrap().port());
            }
            Sighting::Frame(frame) => {
                let side = (clients[&frame.flow], frame.from == FlowSide::Server);
                let text = format!("{:04X}{}", frame.bytes.len(), hex(&frame.bytes));
                *all.entry(side).or_default() += &text;
            }
            Sighting::Gap { bytes, .. } => missing += bytes.unwrap(),
            _ => {}
        }
    }
    (all, missing)
}

/// Each packet so many places from its own at most, some of them twice.
fn shuffled(dice: &mut Dice, all: &[Vec<u8>], width: u64) -> Vec<Vec<u8>> {
    let mut placed = Vec::new();
    for (at, packet) in (0..).zip(all) {
        for _ in 0..=dice.below(2) {
            placed.push((at + dice.below(width), packet.clone()));
        }
    }
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, packet)| packet).collect()
}

#[test]
fn what_another_codec_says_is_read_as_tshark_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strangers");
    for file in [PCAP, PCAPNG] {
        fs::write(&path, file).unwrap();
        assert_eq!(by_us(&path), (by_tshark(), 0));
    }
    let all = packets(PCAP);
    for seed in 0..20 {
        let broken = shuffled(&mut Dice::new(seed), &all, 8);
        fs::write(&path, file_of(&broken)).unwrap();
        assert_eq!(by_us(&path), (by_tshark(), 0), "seed {seed}");
    }
}

#[test]
fn a_gap_costs_what_was_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strangers");
    let all = packets(PCAP);
    // What is longer than an opening, whose header is the longest, has data.
    let with_data: Vec<usize> = (0..all.len())
        .filter(|at| all[*at].len() > 16 + 74)
        .collect();
    for lost in with_data {
        let mut rest = all.clone();
        let length = rest.remove(lost).len() - 16 - 66;
        fs::write(&path, file_of(&rest)).unwrap();
        let (streams, missing) = by_us(&path);
        let whole = by_tshark();
        let differing: Vec<_> = whole
            .iter()
            .filter(|(side, _)| streams.get(side) != whole.get(side))
            .collect();
        let [(side, sent)] = differing.as_slice() else {
            panic!("packet {lost}: {} sides differ", differing.len());
        };
        let read = streams.get(side).map_or("", String::as_str);
        // The frames before it, and those behind it.
        let same = |(one, other): &(char, char)| one == other;
        let before = read.chars().zip(sent.chars()).take_while(same).count();
        let after = read
            .chars()
            .rev()
            .zip(sent.chars().rev())
            .take_while(same)
            .count();
        assert!(
            before + after >= read.len(),
            "packet {lost}: something else was read"
        );
        assert!(
            missing >= length as u64,
            "packet {lost}: {missing} of {length}"
        );
    }
}
