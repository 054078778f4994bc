//! Connections put together again from packets that were split, repeated, shuffled and lost.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test's own making"
)]

use super::*;
use crate::iso::codec::{Framer, Message};
use crate::iso::message::FieldId;
use crate::iso::spec::Spec;
use bytes::{Bytes, BytesMut};
use core::net::SocketAddr;
use std::sync::Arc;

/// A segment that owns its bytes.
#[derive(Clone, Debug)]
struct Packet {
    at: i64,
    /// Whether the client sends it.
    up: bool,
    sequence: u32,
    acknowledged: Option<u32>,
    syn: bool,
    fin: bool,
    rst: bool,
    payload: Vec<u8>,
}

/// Both directions of one connection as packets.
struct Talk {
    spec: Arc<Spec>,
    packets: Vec<Packet>,
    next: [u32; 2],
    frames: Vec<(FlowSide, Bytes)>,
    port: u16,
}

impl Talk {
    /// Opened with these first numbers.
    fn open(spec: &str, first: [u32; 2], port: u16) -> Self {
        let mut talk = Self {
            spec: Spec::builtin(spec).unwrap(),
            packets: Vec::new(),
            next: first,
            frames: Vec::new(),
            port,
        };
        talk.flags(true, true, false);
        talk.flags(false, true, false);
        talk
    }

    fn put(&mut self, up: bool, payload: &[u8], syn: bool, fin: bool) {
        let (own, other) = (usize::from(!up), usize::from(up));
        self.packets.push(Packet {
            at: 1_000 * i64::try_from(self.packets.len()).unwrap(),
            up,
            sequence: self.next[own],
            acknowledged: (!syn || !up).then_some(self.next[other]),
            syn,
            fin,
            rst: false,
            payload: payload.to_vec(),
        });
        let length = u32::try_from(payload.len()).unwrap() + u32::from(syn) + u32::from(fin);
        self.next[own] = self.next[own].wrapping_add(length);
    }

    fn flags(&mut self, up: bool, syn: bool, fin: bool) {
        self.put(up, &[], syn, fin);
    }

    /// A request and its answer, each cut into pieces of so many bytes.
    fn exchange(&mut self, stan: u32, piece: usize) {
        for up in [true, false] {
            let mti = if up { "0200" } else { "0210" };
            let mut message = Message::new(&self.spec, mti.parse().unwrap());
            for (field, text) in [(3, "000000"), (4, "100"), (39, "00"), (41, "10421695")] {
                if field != 39 || !up {
                    message.set(FieldId::of(field), text).unwrap();
                }
            }
            message.set(FieldId::of(11), &format!("{stan:06}")).unwrap();
            let frame = message.build().unwrap();
            let mut wire = BytesMut::new();
            let framer = Framer::new(&self.spec, 65_535);
            framer.wrap(&frame, &mut wire).unwrap();
            for piece in wire.chunks(piece) {
                self.put(up, piece, false, false);
            }
            let side = if up {
                FlowSide::Client
            } else {
                FlowSide::Server
            };
            self.frames.push((side, frame));
        }
    }

    fn close(&mut self) {
        self.flags(true, false, true);
        self.flags(false, false, true);
    }
}

fn address(up: bool, port: u16) -> SocketAddr {
    let text = if up {
        format!("10.0.0.1:{port}")
    } else {
        "10.0.0.2:8583".to_owned()
    };
    text.parse().unwrap()
}

/// What comes out for packets that come in.
fn seen(talk: &Talk, packets: &[Packet]) -> Vec<Sighting> {
    let mut flows = Reassembler::new(&talk.spec, None);
    let mut all = Vec::new();
    for packet in packets {
        flows.take(&TcpSegment {
            at: SeenAt(packet.at),
            from: address(packet.up, talk.port),
            to: address(!packet.up, talk.port),
            sequence: packet.sequence,
            acknowledged: packet.acknowledged,
            syn: packet.syn,
            fin: packet.fin,
            rst: packet.rst,
            payload: &packet.payload,
            missing: 0,
        });
        all.extend(std::iter::from_fn(|| flows.next_sighting()));
    }
    flows.finish();
    all.extend(std::iter::from_fn(|| flows.next_sighting()));
    assert!(all.is_sorted_by_key(Sighting::at), "{all:?}");
    all
}

fn frames(all: &[Sighting]) -> Vec<(FlowSide, Bytes)> {
    let frame = |sighting: &Sighting| match sighting {
        Sighting::Frame(frame) => Some((frame.from, frame.bytes.clone())),
        _ => None,
    };
    all.iter().filter_map(frame).collect()
}

fn gaps(all: &[Sighting]) -> Vec<(FlowSide, Option<u64>, GapCause)> {
    let gap = |sighting: &Sighting| match sighting {
        Sighting::Gap {
            from, bytes, why, ..
        } => Some((*from, *bytes, *why)),
        _ => None,
    };
    all.iter().filter_map(gap).collect()
}

fn last(all: &[Sighting]) -> Option<FlowEnd> {
    match all.last() {
        Some(Sighting::Ended { how, .. }) => Some(*how),
        _ => None,
    }
}

#[test]
fn every_dialect_comes_out_as_it_went_in() {
    for name in Spec::builtin_names() {
        let mut talk = Talk::open(name, [7, 9], 40_000);
        (0..20).for_each(|stan| talk.exchange(stan, 13));
        talk.close();
        let all = seen(&talk, &talk.packets);
        assert_eq!(frames(&all), talk.frames, "{name}");
        assert_eq!(gaps(&all), [], "{name}");
        assert_eq!(last(&all), Some(FlowEnd::Closed));
        let Some(Sighting::Opened { client, midway, .. }) = all.first() else {
            panic!("a connection begins with its opening");
        };
        assert_eq!((*client, *midway), (Some(address(true, 40_000)), false));
    }
}

#[test]
fn repeated_overlapping_and_shuffled_packets_change_nothing_where_numbers_wrap() {
    for seed in 0..40 {
        // Steps of a linear congruence (Knuth's MMIX), of which the high bits are good enough here.
        let mut dice: u64 = seed;
        let mut roll = |below: u64| {
            let (factor, step) = (6_364_136_223_846_793_005_u64, 1_442_695_040_888_963_407);
            dice = dice.wrapping_mul(factor).wrapping_add(step);
            usize::try_from((dice >> 33) % below).unwrap()
        };
        let mut talk = Talk::open("cup-pos", [u32::MAX - 300, u32::MAX - 77], 40_000);
        (0..12).for_each(|stan| talk.exchange(stan, 1 + usize::try_from(seed).unwrap() * 7 % 60));
        talk.close();
        let mut packets = Vec::new();
        for packet in &talk.packets {
            packets.push(packet.clone());
            if roll(4) == 0 {
                packets.push(packet.clone());
            }
            // The same bytes once more, with some of those before them.
            if let Some(before) = packets.iter().rev().nth(1).cloned()
                && before.up == packet.up
                && !packet.payload.is_empty()
                && !before.payload.is_empty()
                && before
                    .sequence
                    .wrapping_add(u32::try_from(before.payload.len()).unwrap())
                    == packet.sequence
            {
                let payload = [before.payload, packet.payload.clone()].concat();
                packets.push(Packet {
                    sequence: before.sequence,
                    payload,
                    ..packet.clone()
                });
            }
        }
        let mut places: Vec<(usize, usize)> =
            (0..packets.len()).map(|at| (at + roll(10), at)).collect();
        places.sort_unstable();
        let shuffled: Vec<Packet> = places.iter().map(|(_, at)| packets[*at].clone()).collect();
        let all = seen(&talk, &shuffled);
        let of = |side: FlowSide, all: Vec<(FlowSide, Bytes)>| -> Vec<Bytes> {
            all.into_iter()
                .filter(|(from, _)| *from == side)
                .map(|(_, bytes)| bytes)
                .collect()
        };
        for side in [FlowSide::Client, FlowSide::Server] {
            let (found, sent) = (of(side, frames(&all)), of(side, talk.frames.clone()));
            assert_eq!(found, sent, "seed {seed}");
        }
        assert_eq!(gaps(&all), [], "seed {seed}");
    }
}

#[test]
fn a_lost_packet_is_a_gap_of_its_frame_and_reading_goes_on_behind_it() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    (0..6).for_each(|stan| talk.exchange(stan, 20));
    talk.close();
    let data = |packet: &Packet| packet.up && !packet.payload.is_empty();
    let lost = talk
        .packets
        .iter()
        .enumerate()
        .filter(|(_, packet)| data(packet))
        .nth(5);
    let (at, _) = lost.unwrap();
    let mut packets = talk.packets.clone();
    packets.remove(at);
    let all = seen(&talk, &packets);
    let found = frames(&all);
    let missing: Vec<_> = talk
        .frames
        .iter()
        .filter(|frame| !found.contains(frame))
        .collect();
    assert_eq!(missing.len(), 1);
    let whole = missing[0].1.len() as u64 + 2;
    assert_eq!(
        gaps(&all),
        [(FlowSide::Client, Some(whole), GapCause::Lost)]
    );
    // The answer of the lost request still stands before the next request.
    let expected: Vec<_> = talk
        .frames
        .iter()
        .filter(|frame| *frame != missing[0])
        .collect();
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn bytes_that_are_missing_at_the_end_are_told() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    talk.exchange(1, 1000);
    talk.close();
    let answer = talk
        .packets
        .iter()
        .rposition(|packet| !packet.payload.is_empty())
        .unwrap();
    let length = talk.packets[answer].payload.len() as u64;
    talk.packets.remove(answer);
    let all = seen(&talk, &talk.packets);
    assert_eq!(
        gaps(&all),
        [(FlowSide::Server, Some(length), GapCause::Lost)]
    );
    assert_eq!(frames(&all), talk.frames[..1]);
}

#[test]
fn a_capture_that_begins_within_a_frame_finds_the_next_one() {
    for name in Spec::builtin_names() {
        for cut in 3..5 {
            let mut talk = Talk::open(name, [7, 9], 40_000);
            (0..6).for_each(|stan| talk.exchange(stan, 11));
            let packets = talk.packets.get(cut..).unwrap();
            let all = seen(&talk, packets);
            let found = frames(&all);
            let expected = talk.frames.get(1..).unwrap();
            assert_eq!(found, expected, "{name}, from packet {cut} on");
            let gap = gaps(&all);
            assert!(
                matches!(gap[..], [(FlowSide::Client, Some(_), GapCause::CutOff)]),
                "{gap:?}"
            );
            assert_eq!(last(&all), Some(FlowEnd::CaptureEnded));
            let midway = |one: &Sighting| matches!(one, Sighting::Opened { midway: true, .. });
            assert!(midway(&all[0]));
        }
    }
}

#[test]
fn junk_in_a_stream_is_a_gap_and_not_a_message() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    talk.exchange(1, 1000);
    talk.put(
        true,
        b"GET / HTTP/1.0\r\nHost: gateway\r\n\r\n",
        false,
        false,
    );
    talk.exchange(2, 1000);
    let all = seen(&talk, &talk.packets);
    assert_eq!(frames(&all), talk.frames);
    assert_eq!(
        gaps(&all),
        [(FlowSide::Client, Some(33), GapCause::Unreadable)]
    );
}

#[test]
fn keep_alives_are_no_bytes_and_a_reset_ends() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    talk.exchange(1, 1000);
    // A probe repeats the byte before the next one.
    let probe = Packet {
        sequence: talk.next[0].wrapping_sub(1),
        payload: vec![0],
        ..talk
            .packets
            .last()
            .cloned()
            .map(|packet| Packet { up: true, ..packet })
            .unwrap()
    };
    talk.packets.push(probe);
    talk.exchange(2, 1000);
    talk.flags(true, false, false);
    talk.packets.last_mut().unwrap().rst = true;
    let all = seen(&talk, &talk.packets);
    assert_eq!((frames(&all), gaps(&all)), (talk.frames, vec![]));
    assert_eq!(last(&all), Some(FlowEnd::Reset));
}

#[test]
fn the_same_addresses_may_meet_again() {
    let mut first = Talk::open("cup-pos", [7, 9], 40_000);
    first.exchange(1, 1000);
    let mut second = Talk::open("cup-pos", [90_000, 5], 40_000);
    second.exchange(2, 1000);
    let packets = [first.packets.clone(), second.packets].concat();
    let opened = |one: &&Sighting| matches!(one, Sighting::Opened { midway: false, .. });
    let all = seen(&first, &packets);
    assert_eq!(all.iter().filter(opened).count(), 2);
    assert_eq!(frames(&all).len(), 4);
}

#[test]
fn what_is_held_is_bounded_whatever_comes() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    talk.exchange(1, 1000);
    // A byte is missing, and what follows is endless.
    talk.next[0] = talk.next[0].wrapping_add(1);
    (0..3_000).for_each(|_| talk.put(true, &[0; 1400], false, false));
    let all = seen(&talk, &talk.packets);
    assert_eq!(frames(&all), talk.frames);
    let lost: u64 = gaps(&all).iter().filter_map(|(_, bytes, _)| *bytes).sum();
    assert_eq!(lost, 1 + 3_000 * 1_400);
}

#[test]
fn a_connection_that_has_ended_may_come_again_under_the_same_numbers() {
    let mut first = Talk::open("cup-pos", [7, 9], 40_000);
    first.exchange(1, 1000);
    first.close();
    let mut second = Talk::open("cup-pos", [7, 9], 40_000);
    second.exchange(2, 1000);
    let later = |packet: Packet| Packet {
        at: packet.at + 1_000_000,
        ..packet
    };
    let second_packets = second.packets.iter().cloned().map(later);
    let packets: Vec<Packet> = first
        .packets
        .iter()
        .cloned()
        .chain(second_packets)
        .collect();
    let all = seen(&first, &packets);
    assert_eq!(frames(&all), [first.frames, second.frames].concat());
}

#[test]
fn a_request_may_overtake_the_opening_of_another_connection_under_the_same_ports() {
    let mut first = Talk::open("cup-pos", [7, 9], 40_000);
    first.exchange(1, 1000);
    first.close();
    let mut second = Talk::open("cup-pos", [70_007, 90_009], 40_000);
    second.exchange(2, 1000);
    second.close();
    let mut later = second.packets.clone();
    later.iter_mut().for_each(|packet| packet.at += 1_000_000);
    let is_data = |packet: &Packet| !packet.payload.is_empty();
    let request = later.iter().position(is_data).unwrap();
    let request = later.remove(request);
    let packets = [first.packets.clone(), vec![request], later].concat();
    let all = seen(&first, &packets);
    assert_eq!(frames(&all), [first.frames, second.frames].concat());
    assert_eq!(gaps(&all), []);
}

#[test]
fn bytes_that_come_again_with_other_contents_are_told() {
    let mut talk = Talk::open("cup-pos", [7, 9], 40_000);
    talk.exchange(1, 1000);
    let mut other = talk.packets.last().unwrap().clone();
    let last = other.payload.last_mut().unwrap();
    *last ^= 1;
    talk.packets.push(other);
    let all = seen(&talk, &talk.packets);
    assert_eq!(frames(&all), talk.frames);
    let told = (FlowSide::Server, Some(1), GapCause::Contradicted);
    assert_eq!(gaps(&all), [told]);
}

/// When what was written from the server's side never arrived.
fn unheard(talk: &Talk, packets: &[Packet]) -> Vec<SeenAt> {
    let all = seen(talk, packets);
    let since = all.iter().filter_map(|one| match one {
        Sighting::Unheard {
            from: FlowSide::Server,
            since,
            ..
        } => Some(*since),
        _ => None,
    });
    since.collect()
}

#[test]
fn an_answer_that_is_sent_again_and_never_acknowledged_was_not_heard() {
    let mut talk = Talk::open("cup-pos", [1000, 5000], 40_000);
    talk.flags(true, false, false);
    talk.exchange(1, 9000);
    let answer = talk.packets.last().unwrap().clone();
    let again = |after: i64| Packet {
        at: answer.at + after,
        ..answer.clone()
    };
    let sent = |after: i64| {
        let mut packets = talk.packets.clone();
        packets.push(again(after));
        packets
    };
    assert_eq!(unheard(&talk, &talk.packets), []);
    // A capture may hold each packet twice.
    assert_eq!(unheard(&talk, &sent(10)), []);
    assert_eq!(unheard(&talk, &sent(200_000)), [SeenAt(answer.at)]);
    // Heard after all.
    let mut heard = sent(200_000);
    let mut later = talk;
    later.flags(true, false, false);
    heard.extend(later.packets.last().cloned());
    assert_eq!(unheard(&later, &heard), []);
}

#[test]
fn an_answer_to_whoever_hung_up_before_was_not_heard() {
    let mut talk = Talk::open("cup-pos", [1000, 5000], 40_000);
    talk.flags(true, false, false);
    talk.exchange(1, 9000);
    let answer = talk.packets.pop().unwrap();
    talk.next[1] = answer.sequence;
    talk.flags(true, false, true);
    let mut packets = talk.packets.clone();
    packets.push(Packet {
        at: answer.at + 10_000,
        ..answer
    });
    assert_eq!(unheard(&talk, &packets).len(), 1);
}
