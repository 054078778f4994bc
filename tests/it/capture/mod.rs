//! Captured traffic read, listed and written masked: as tshark reads it, whatever became of the
//! packets, and in every form in which it is pasted.
//!
//! `talk.pcap` is what tcpdump caught of a terminal that trades with `isogate host`; `talk.raw` is
//! what tshark makes of it (`tshark -r talk.pcap -q -z follow,tcp,raw,0`): a line for each segment,
//! those of the server behind a tab.

mod strangers;

use crate::rig::{isogate, json};
use isogate::io::capture::{self, CaptureOptions};
use isogate::iso::stream::{FlowSide, Sighting};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

const PCAP: &[u8] = include_bytes!("talk.pcap");
const RAW: &str = include_str!("talk.raw");

/// The packets of a pcap file, each with its record header.
fn packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut all) = (24, Vec::new());
    while let Some(header) = file.get(at..at + 16) {
        let length = u32::from_le_bytes(header[8..12].try_into().unwrap());
        let end = at + 16 + usize::try_from(length).unwrap();
        all.push(file[at..end].to_vec());
        at = end;
    }
    all
}

fn file_of(packets: &[Vec<u8>]) -> Vec<u8> {
    [&PCAP[..24], &packets.concat()].concat()
}

/// Who sent a frame, and its hex.
type SentHex = (FlowSide, String);

/// The frames that tshark's reassembly holds: a segment of this capture is one frame with its
/// length.
fn by_tshark() -> Vec<SentHex> {
    let frame = |line: &str| {
        let side = match line.starts_with('\t') {
            true => FlowSide::Server,
            false => FlowSide::Client,
        };
        (side, line.trim()[4..].to_uppercase())
    };
    RAW.lines().map(frame).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The frames and gaps that are read from a file.
fn read(file: &Path) -> (Vec<SentHex>, Vec<Option<u64>>) {
    let mut capture = capture::open(file, &CaptureOptions::default()).unwrap();
    let (mut frames, mut gaps) = (Vec::new(), Vec::new());
    while let Some(sighting) = capture.reader.next().unwrap() {
        match sighting {
            Sighting::Frame(frame) => frames.push((frame.from, hex(&frame.bytes))),
            Sighting::Gap { bytes, .. } => gaps.push(bytes),
            _ => {}
        }
    }
    (frames, gaps)
}

fn list(folder: &Path, arguments: &[&str]) -> Output {
    let words = [&["capture"], arguments].concat();
    isogate(folder, &words).output().unwrap()
}

/// How often a type was listed.
fn count(listing: &Value, mti: &str) -> u64 {
    let messages = listing["messages"].as_array().unwrap();
    let of_type = messages.iter().filter(|one| one["mti"] == mti);
    of_type.map(|one| one["count"].as_u64().unwrap()).sum()
}

#[test]
fn what_tshark_reads_is_read_whatever_became_of_the_packets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.pcap");
    let all = packets(PCAP);
    let mut twice = all.clone();
    twice.extend(all.iter().cloned());
    // Each pair of neighbours exchanged.
    let shuffled: Vec<_> = all
        .chunks(2)
        .flat_map(|pair| pair.iter().rev().cloned())
        .collect();
    for packets in [all.clone(), twice, shuffled] {
        fs::write(&path, file_of(&packets)).unwrap();
        assert_eq!(read(&path), (by_tshark(), vec![]));
    }
    // Without the opening, the first request's packet is where reading begins.
    fs::write(&path, file_of(&all[3..])).unwrap();
    assert_eq!(read(&path), (by_tshark(), vec![]));
}

#[test]
fn a_lost_packet_is_named_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.pcap");
    let mut all = packets(PCAP);
    // The second request: 16 bytes of record header, 66 of Ethernet, IP and TCP with options.
    let lost = all
        .iter()
        .position(|packet| hex(packet).ends_with(&by_tshark()[2].1))
        .unwrap();
    let length = all.remove(lost).len() as u64 - 16 - 66;
    fs::write(&path, file_of(&all)).unwrap();
    let (frames, gaps) = read(&path);
    let mut expected = by_tshark();
    expected.remove(2);
    assert_eq!((frames, gaps), (expected, vec![Some(length)]));
    let listing = json(&list(folder.path(), &["talk.pcap", "--json"]));
    assert_eq!(listing["gaps"]["count"], 1);
    assert_eq!(listing["connections"][0]["gaps"][0]["why"], "lost");
    assert_eq!(listing["unasked_count"], 1);
}

#[test]
fn a_listing_tells_connections_messages_and_dialect() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("talk.pcap"), PCAP).unwrap();
    let listing = json(&list(folder.path(), &["talk.pcap", "--json"]));
    assert_eq!(listing["spec"], "cup-pos");
    assert_eq!(
        [&listing["dialect"]["sound"], &listing["dialect"]["tried"]],
        [14, 14]
    );
    let connection = &listing["connections"][0];
    assert_eq!(connection["ended"], "closed");
    assert_eq!(
        [
            &connection["frames"]["client"],
            &connection["frames"]["server"]
        ],
        [7, 7]
    );
    assert_eq!(listing["unanswered_count"], 0);
    assert_eq!(
        ["0200", "0210", "0220", "0800"].map(|mti| count(&listing, mti)),
        [5, 5, 1, 1]
    );
    // A file that ends within a packet is read as far as it goes.
    fs::write(folder.path().join("cut.pcap"), &PCAP[..PCAP.len() - 5]).unwrap();
    let listing = json(&list(folder.path(), &["cut.pcap", "--json"]));
    assert_eq!(listing["packets"]["cut_short"], true);
    assert_eq!(count(&listing, "0210"), 5);
}

#[test]
fn a_copy_is_masked_and_still_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("talk.pcap"), PCAP).unwrap();
    let copy = |more: &[&str]| {
        let words = [&["talk.pcap", "--json", "--out", "copy.pcapng"], more].concat();
        let output = list(folder.path(), &words);
        assert!(output.status.success(), "{output:?}");
        (
            json(&output),
            fs::read(folder.path().join("copy.pcapng")).unwrap(),
            output.stderr,
        )
    };
    let (told, masked, _) = copy(&["--seed", "a"]);
    // The card is in DE 35 of every request, in packed digits.
    let track = by_tshark().iter().find_map(|(_, hex)| {
        let at = hex.find("621626")?;
        Some(hex[at..at + 19].to_owned())
    });
    let card = track.expect("the talk holds a card of ours");
    assert!(hex(PCAP).contains(&card));
    assert!(!hex(&masked).contains(&card));
    assert!(
        hex(&masked).contains(&card[..6]),
        "the first six digits stay"
    );
    assert_eq!(
        copy(&["--seed", "a"]).1,
        masked,
        "the same seed gives the same copy"
    );
    let says = |file: &[u8]| String::from_utf8_lossy(file).contains("masked: card numbers");
    assert!(says(&masked) && !says(&copy(&["--unmasked"]).1));
    assert_ne!(copy(&["--seed", "b"]).1, masked);
    let again = json(&list(folder.path(), &["copy.pcapng", "--json"]));
    for key in ["messages", "begin", "end", "unanswered_count", "faulty"] {
        assert_eq!(again[key], told[key], "{key}");
    }
    let (_, clear, warning) = copy(&["--unmasked"]);
    assert!(hex(&clear).contains(&card));
    assert!(String::from_utf8(warning).unwrap().contains("test cards"));
    assert_eq!(
        read(&folder.path().join("copy.pcapng")),
        (by_tshark(), vec![])
    );
    let same = list(folder.path(), &["copy.pcapng", "--out", "copy.pcapng"]);
    assert_eq!(same.status.code(), Some(2));
}

#[test]
fn what_is_pasted_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let frames = by_tshark();
    let spaced = |hex: &str| {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let plain = frames
        .iter()
        .map(|(_, hex)| format!("{hex}\n"))
        .collect::<String>();
    let with_words = frames.iter().enumerate().map(|(at, (side, hex))| {
        let word = if *side == FlowSide::Client {
            "SEND"
        } else {
            "RECV"
        };
        format!(
            "2026-08-22 10:11:12.{at:03} [pos-1] {word}: {}\n",
            spaced(hex)
        )
    });
    let with_words = with_words.collect::<String>();
    let dumped = frames.iter().map(|(_, hex)| {
        let lines = hex.as_bytes().chunks(32).enumerate().map(|(at, line)| {
            let line = std::str::from_utf8(line).unwrap();
            format!("{:08x}  {}  |................|\n", at * 16, spaced(line))
        });
        format!("message\n{}\n", lines.collect::<String>())
    });
    let dumped = dumped.collect::<String>();
    for text in [plain, with_words, dumped] {
        let path = folder.path().join("pasted.txt");
        fs::write(&path, &text).unwrap();
        assert_eq!(read(&path), (frames.clone(), vec![]), "{text}");
    }
    // As documents, each card masked: what is read is said to be masked.
    let documents = frames.iter().map(|(_, hex)| {
        let output = isogate(folder.path(), &["decode", "--json", hex])
            .output()
            .unwrap();
        format!("{}\n", json(&output))
    });
    let documents = documents.collect::<String>();
    fs::write(folder.path().join("day.jsonl"), documents).unwrap();
    let listing = json(&list(folder.path(), &["day.jsonl", "--json"]));
    assert_eq!(listing["form"], "JSON lines");
    assert_eq!(count(&listing, "0200"), 5);
    assert!(listing["masked"].as_u64().unwrap() >= 5, "{listing}");
    let none = list(folder.path(), &["/dev/null"]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn a_request_that_is_repeated_may_be_answered_as_often() {
    let folder = tempfile::tempdir().unwrap();
    let frames = by_tshark();
    let (asked, answer) = (&frames[2], &frames[3]);
    let told = |talk: &[&SentHex]| {
        let lines = talk.iter().map(|(side, hex)| match side {
            FlowSide::Client => format!("SEND: {hex}\n"),
            FlowSide::Server => format!("RECV: {hex}\n"),
        });
        fs::write(folder.path().join("talk.txt"), lines.collect::<String>()).unwrap();
        let listing = json(&list(folder.path(), &["talk.txt", "--json"]));
        ["unasked_count", "unanswered_count"].map(|key| listing[key].as_u64().unwrap())
    };
    assert_eq!(told(&[asked, answer]), [0, 0]);
    assert_eq!(told(&[asked, asked, answer, answer]), [0, 0]);
    assert_eq!(
        told(&[asked, asked, answer]),
        [0, 0],
        "one answer is enough"
    );
    assert_eq!(told(&[asked, answer, answer]), [1, 0], "to what?");
    assert_eq!(told(&[asked, asked]), [0, 1], "one question");
    assert_eq!(told(&[asked, answer, asked]), [0, 1], "another question");
}

#[test]
fn packets_as_tcpdump_prints_them_are_packets() {
    let folder = tempfile::tempdir().unwrap();
    let printed = packets(PCAP).into_iter().enumerate().map(|(at, packet)| {
        // Behind the sixteen bytes of its record.
        let packet = &packet[16..];
        let lines = packet.chunks(16).enumerate().map(|(line, bytes)| {
            let pairs = bytes.chunks(2).map(hex).collect::<Vec<_>>().join(" ");
            format!("\t0x{:04x}:  {pairs:<39}  ................\n", line * 16)
        });
        let lines = lines.collect::<String>();
        format!(
            "10:11:12.{at:06} IP 127.0.0.1.40000 > 127.0.0.1.5583: Flags [P.], length 9\n{lines}"
        )
    });
    let path = folder.path().join("printed.txt");
    fs::write(&path, printed.collect::<String>()).unwrap();
    let listing = json(&list(folder.path(), &["printed.txt", "--json"]));
    assert_eq!(listing["form"], "printed packets");
    assert_eq!(read(&path), (by_tshark(), vec![]));
}

#[test]
fn a_journal_becomes_packets_that_tell_of_their_transactions() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("talk.pcap"), PCAP).unwrap();
    let words = ["talk.pcap", "--journal", "told", "--json"];
    let folded = json(&list(folder.path(), &words));
    assert_eq!(folded["journal"], "told", "{folded}");
    let words = ["journal", "export", "--pcapng", "--journal", "told"];
    let output = isogate(folder.path(), &words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("DELIVERED-APPROVED U4: approved"));
    fs::write(folder.path().join("told.pcapng"), &output.stdout).unwrap();
    let again = json(&list(folder.path(), &["told.pcapng", "--json"]));
    let first = json(&list(folder.path(), &["talk.pcap", "--json"]));
    // Each goes over two legs.
    for mti in ["0200", "0210"] {
        assert_eq!(count(&again, mti), 2 * count(&first, mti), "{again}");
    }
    assert_eq!(again["gaps"]["count"], 0);
}
