//! What becomes of a sale, its answer, and its reversal.

use super::*;
use crate::engine::seam::{Dice, Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, WireLeg};
use bytes::Bytes;
use std::sync::Arc;

const HOST: WireLine = WireLine {
    leg: WireLeg::Host,
    number: 1,
};
const TERMINAL: WireLine = WireLine {
    leg: WireLeg::Terminal,
    number: 2,
};

fn at(millis: u64) -> Now {
    Now {
        mono: Mono(millis * 1000),
        ..Now::default()
    }
}

fn spec() -> Arc<Spec> {
    Spec::builtin("cup-pos").unwrap()
}

fn frame(mti: &str, fields: &[(&str, &str)]) -> Bytes {
    let mut message = Message::new(&spec(), mti.parse().unwrap());
    let names = [
        ("11", "000007"),
        ("41", "T0000001"),
        ("42", "874350357222471"),
    ];
    for (path, text) in names.iter().chain(fields) {
        let path = path.parse::<FieldPath>().unwrap();
        message.set(path, text).unwrap();
    }
    message.build().unwrap()
}

fn sale() -> Bytes {
    frame(
        "0200",
        &[
            ("3", "000000"),
            ("4", "000000008880"),
            ("25", "00"),
            ("60", "22000001"),
        ],
    )
}

fn answer(code: &str) -> Bytes {
    frame(
        "0210",
        &[("3", "000000"), ("4", "000000008880"), ("39", code)],
    )
}

fn reversal() -> Bytes {
    frame(
        "0400",
        &[
            ("3", "000000"),
            ("4", "000000008880"),
            ("25", "00"),
            ("39", "98"),
            ("60", "22000001"),
        ],
    )
}

fn text(frame: &Bytes, path: &str) -> Option<String> {
    let message = Message::parse(&spec(), frame.clone()).ok()?;
    let path = path.parse::<FieldPath>().unwrap();
    message.text(path).map(|text| text.into_owned())
}

struct LoneWire(FaultyWire, u64);

impl LoneWire {
    fn with(faults: &[&str]) -> Self {
        let mut wire = FaultyWire::new(Dice::new(1));
        for (text, id) in faults.iter().zip(1..) {
            let mut armed: Armed = text.parse().unwrap();
            armed.id = id;
            assert!(wire.switch_on(armed), "{text}");
        }
        Self(wire, 0)
    }

    fn out(&mut self, line: WireLine, frame: Bytes) -> LinePassage {
        let now = at(self.1);
        self.0.passes(now, (line, Heading::Out), &spec(), frame)
    }

    fn back(&mut self, line: WireLine, frame: Bytes) -> LinePassage {
        let now = at(self.1);
        self.0.passes(now, (line, Heading::In), &spec(), frame)
    }

    fn due(&mut self) -> Vec<(WireLine, WireDeed)> {
        let now = at(self.1);
        std::iter::from_fn(|| self.0.due(now)).collect()
    }
}

fn passes(frame: &Bytes) -> LinePassage {
    LinePassage {
        frames: vec![frame.clone()],
        end: None,
    }
}

const LOST: LinePassage = LinePassage {
    frames: Vec::new(),
    end: None,
};

#[test]
fn an_answer_is_lost_on_the_leg_that_is_said_and_only_if_it_says_so() {
    let mut wire = LoneWire::with(&["F01:p=1,answer=00", "F01:p=1,leg=terminal,kind=refund"]);
    assert_eq!(wire.out(HOST, sale()), passes(&sale()));
    assert_eq!(wire.back(HOST, answer("51")), passes(&answer("51")));
    assert_eq!(wire.back(HOST, answer("00")), LOST);
    // The sale's way to the terminal is spared: the other fault is aimed at refunds.
    assert_eq!(wire.back(TERMINAL, sale()), passes(&sale()));
    assert_eq!(wire.out(TERMINAL, answer("00")), passes(&answer("00")));
    let struck: Vec<u64> = wire.0.list().map(Armed::struck).collect();
    assert_eq!(struck, [0, 1]);
}

#[test]
fn a_request_that_is_lost_has_no_answer_and_a_late_answer_is_due_later() {
    let mut wire = LoneWire::with(&["F02:nth=1", "F03:p=1,delay=2s"]);
    assert_eq!(wire.out(HOST, sale()), LOST);
    assert_eq!(wire.out(HOST, sale()), passes(&sale()));
    assert_eq!(wire.back(HOST, answer("00")), LOST);
    assert_eq!(wire.0.next(at(0)), Some(Mono(2_000_000)));
    assert_eq!(wire.due(), []);
    wire.1 = 2000;
    let late = WireDeed::Frame(Heading::In, answer("00"));
    assert_eq!(wire.due(), [(HOST, late)]);
}

#[test]
fn a_reversal_overtakes_its_request_on_any_line_of_the_leg() {
    let mut wire = LoneWire::with(&["F14:p=1,hold=10s"]);
    assert_eq!(wire.out(HOST, sale()), LOST);
    let other = WireLine { number: 9, ..HOST };
    assert_eq!(wire.out(other, reversal()), passes(&reversal()));
    let held = WireDeed::Frame(Heading::Out, sale());
    assert_eq!(wire.due(), [(HOST, held)]);
}

#[test]
fn what_was_held_back_goes_on_when_all_is_healed_unless_its_line_is_gone() {
    let mut wire = LoneWire::with(&["F14:p=1", "F03:p=1,delay=1h"]);
    let other = WireLine { number: 9, ..HOST };
    assert_eq!(wire.out(HOST, sale()), LOST);
    assert_eq!(wire.back(HOST, answer("00")), LOST);
    assert_eq!(wire.back(other, answer("00")), LOST);
    wire.0.closed(other);
    assert!(wire.0.switch_off(at(0), 1));
    assert_eq!(wire.due(), []);
    assert!(wire.0.switch_off(at(0), 2) && !wire.0.switch_off(at(0), 2));
    let deeds: Vec<WireDeed> = wire.due().into_iter().map(|(_, deed)| deed).collect();
    let frame = |heading, frame| WireDeed::Frame(heading, frame);
    assert_eq!(
        deeds,
        [
            frame(Heading::In, answer("00")),
            frame(Heading::Out, sale())
        ]
    );
    assert!(!wire.0.is_awake());
}

#[test]
fn a_line_ends_before_the_request_behind_it_or_in_place_of_the_answer() {
    let ends = |fault: &str| {
        let mut wire = LoneWire::with(&[fault]);
        let request = wire.out(HOST, sale());
        (request, wire.back(HOST, answer("00")))
    };
    let reset = LinePassage {
        frames: Vec::new(),
        end: Some(LineEnd::Reset),
    };
    assert_eq!(ends("F07:p=1,at=unbooked").0, reset);
    assert_eq!(ends("F07:p=1,at=booked"), (passes(&sale()), reset));
    let closed = |frame: &Bytes| LinePassage {
        end: Some(LineEnd::Closed),
        ..passes(frame)
    };
    assert_eq!(ends("F30:p=1").0, closed(&sale()));
    let mut wire = LoneWire::with(&["F09:p=1", "F08:p=1,after=5ms"]);
    assert_eq!(wire.back(TERMINAL, sale()), passes(&sale()));
    assert_eq!(wire.out(TERMINAL, answer("00")), closed(&answer("00")));
    wire.1 = 5;
    assert_eq!(wire.due(), [(TERMINAL, WireDeed::End(LineEnd::Closed))]);
}

#[test]
fn a_leg_is_down_by_the_clock_or_until_its_host_is_back() {
    let mut wire = LoneWire::with(&["F06:every=10ms,for=4ms", "F30:p=1,for=1s,kind=void"]);
    let down: Vec<u64> = (0..10)
        .filter(|ms| wire.0.is_down(at(*ms), WireLeg::Host))
        .collect();
    assert_eq!(down, [6, 7, 8, 9]);
    assert!(!wire.0.is_down(at(7), WireLeg::Terminal));
    let mut wire = LoneWire::with(&["F30:p=1,for=1s"]);
    let _ended = wire.out(HOST, sale());
    assert!(wire.0.is_down(at(999), WireLeg::Host) && !wire.0.is_down(at(1000), WireLeg::Host));
    wire.0.clear(at(1));
    assert!(!wire.0.is_down(at(2), WireLeg::Host));
}

#[test]
fn frames_are_doubled_altered_and_broken_on_their_way() {
    let mut wire = LoneWire::with(&["F15:p=1,of=answer,copies=2", "F44:p=1,set=39:05,mac=wrong"]);
    let _passed = wire.out(HOST, sale());
    let frames = wire.back(HOST, answer("00")).frames;
    let codes: Vec<_> = frames.iter().map(|frame| text(frame, "39")).collect();
    assert_eq!(codes, vec![Some("05".to_owned()); 3]);
    let mut wire = LoneWire::with(&["F13:p=1"]);
    let _passed = wire.out(HOST, sale());
    let frames = wire.back(HOST, answer("00")).frames;
    assert_eq!(frames.len(), 1);
    assert_eq!(text(&frames[0], "39"), None);
}

#[test]
fn the_first_tries_of_a_reversal_are_not_answered() {
    let mut wire = LoneWire::with(&["F28:p=1,times=2"]);
    let said = frame("0410", &[("39", "00")]);
    for lost in [true, true, false] {
        assert_eq!(wire.out(HOST, reversal()), passes(&reversal()));
        let whole = passes(&said);
        assert_eq!(
            wire.back(HOST, said.clone()),
            if lost { LOST } else { whole }
        );
    }
}

#[test]
fn what_is_on_its_way_is_bounded() {
    let mut wire = LoneWire::with(&["F03:p=1,delay=1h"]);
    let _passed = wire.out(HOST, sale());
    let lost = (0..5000).filter(|_| wire.back(HOST, answer("00")) == LOST);
    assert_eq!(lost.count(), 4096);
}

#[test]
fn what_cannot_happen_on_a_wire_is_refused() {
    let mut wire = FaultyWire::new(Dice::new(1));
    for inside in ["F16", "F20", "F44", "F10"] {
        assert!(!wire.switch_on(inside.parse().unwrap()), "{inside}");
    }
    assert!(!wire.is_awake());
    for (text, why) in [
        ("F16:leg=host", "a gateway's wire cannot do it"),
        ("F09:leg=host", "the other leg only"),
        ("F02:answer=00", "before there is an answer"),
    ] {
        let error = text.parse::<Armed>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
