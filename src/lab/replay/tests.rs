//! A capture of a few messages, played against a host of a few lines.

mod names;

mod pairing;

use super::*;
use crate::engine::seam::{Mono, Now, Wall, Zone};
use crate::iso::codec::Message;
use crate::iso::compare::{CompareFile, CompareRules};
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use crate::lab::peer::{Deck, MasterKeys};
use std::sync::Arc;
use std::time::Duration;

/// A dialect without keys, so that a host is a few lines.
fn spec() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

fn message(mti: &str, fields: &[(&str, &str)]) -> Message {
    let mut message = Message::new(&spec(), mti.parse().unwrap());
    for (path, value) in fields {
        message
            .set(path.parse::<FieldPath>().unwrap(), value)
            .unwrap();
    }
    message
}

fn sale(stan: &str) -> Message {
    let fields = [
        ("2", "6216261000000000018"),
        ("3", "000000"),
        ("4", "500"),
        ("7", "1122101112"),
        ("11", stan),
        ("41", "T0000001"),
        ("42", "M00000000000001"),
    ];
    message("0200", &fields)
}

fn approval(request: &Message, rrn: &str, auth: &str) -> Message {
    let mut answer = request.answer().unwrap();
    for (number, value) in [(37, rrn), (38, auth), (39, "00")] {
        answer.set(FieldId::of(number), value).unwrap();
    }
    answer
}

fn options() -> ReplayOptions {
    ReplayOptions {
        spec: spec(),
        rules: CompareRules::new(spec(), CompareFile::default()),
        pace: ReplayPace::Max,
        order: ReplayOrder::Captured,
        connections: None,
        timeout: Duration::from_secs(10),
        limit: None,
        port: None,
        fresh: FreshNames::default(),
        set: Vec::new(),
        terminals: Vec::new(),
        merchants: Vec::new(),
        amounts: AmountScale::default(),
        seals: true,
        keys: MasterKeys::derived(1),
        captured_keys: MasterKeys::derived(1),
        cards: Deck::new(1, 4),
        pin: None,
        first_stan: 700_001,
        seed: 1,
        zone: Zone::CHINA,
    }
}

/// A captured frame, so many milliseconds after the first.
fn seen(millis: i64, from: FlowSide, message: &Message) -> Sighting {
    Sighting::Frame(SeenFrame {
        flow: FlowId(0),
        from,
        at: SeenAt(millis * 1000),
        bytes: message.build().unwrap(),
        masked: false,
    })
}

/// A capture of requests with their answers, one after the other.
fn capture(pairs: &[(Message, Message)]) -> Vec<Sighting> {
    let frames = pairs.iter().zip(0..).flat_map(|((request, answer), at)| {
        [
            seen(at * 100, FlowSide::Client, request),
            seen(at * 100 + 10, FlowSide::Server, answer),
        ]
    });
    frames.collect()
}

/// A replay, and what it sent and told.
struct ReplayStage {
    replayer: Replayer,
    now: Now,
    sent: Vec<Message>,
    told: Vec<JudgedExchange>,
    strays: usize,
}

impl ReplayStage {
    fn new(options: ReplayOptions) -> Self {
        Self {
            replayer: Replayer::new(options),
            now: Now {
                mono: Mono(0),
                wall: Wall(1_795_313_472_000_000),
            },
            sent: Vec::new(),
            told: Vec::new(),
            strays: 0,
        }
    }

    /// Lets an event happen; the host answers each request by `host`, at once.
    fn happen(&mut self, event: ReplayEvent, host: &mut dyn FnMut(&Message) -> Vec<Message>) {
        self.replayer.handle(self.now, event);
        while let Some(action) = self.replayer.poll_action() {
            match action {
                ReplayAction::Connect(line) => {
                    self.replayer.handle(self.now, ReplayEvent::Connected(line));
                }
                ReplayAction::Send(line, frame) => {
                    let request = Message::parse(&spec(), frame).unwrap();
                    for answer in host(&request) {
                        let frame = answer.build().unwrap();
                        self.replayer
                            .handle(self.now, ReplayEvent::Frame(line, frame));
                    }
                    self.sent.push(request);
                }
                ReplayAction::Close(_) => {}
                ReplayAction::Tell(told) => self.told.push(*told),
                ReplayAction::Stray(_) => self.strays += 1,
            }
        }
    }

    /// Plays a capture to its end.
    fn play(
        mut self,
        capture: Vec<Sighting>,
        mut host: impl FnMut(&Message) -> Vec<Message>,
    ) -> Self {
        for sighting in capture {
            self.happen(ReplayEvent::Seen(sighting), &mut host);
        }
        self.happen(ReplayEvent::CaptureEnded, &mut host);
        while let Some(due) = self.replayer.next_deadline() {
            self.now.mono = self.now.mono.max(due);
            self.happen(ReplayEvent::Wake, &mut host);
        }
        assert!(self.replayer.is_over());
        self.told.sort_by_key(|one| one.number);
        self
    }

    fn verdicts(&self) -> Vec<ReplayVerdict> {
        self.told.iter().map(|one| one.verdict.clone()).collect()
    }

    fn sent_text(&self, at: usize, path: &str) -> String {
        let path: FieldPath = path.parse().unwrap();
        self.sent[at].text(path).unwrap().into_owned()
    }
}

#[test]
fn the_same_host_gives_no_difference() {
    let pairs: Vec<_> = ["000001", "000002", "000003"]
        .iter()
        .map(|stan| (sale(stan), approval(&sale(stan), "111111111111", "AAAAAA")))
        .collect();
    let stage = ReplayStage::new(options()).play(capture(&pairs), |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    assert_eq!(stage.verdicts(), vec![ReplayVerdict::Compared; 3]);
    assert!(stage.told.iter().all(|one| one.differences.is_empty()));
    let as_captured: Vec<_> = pairs
        .iter()
        .map(|(request, _)| request.build().unwrap())
        .collect();
    let sent: Vec<_> = stage.sent.iter().map(|one| one.build().unwrap()).collect();
    assert_eq!(sent, as_captured);
}

/// A void with the reference number, code and trace number of its sale.
fn void() -> Message {
    let mut void = sale("000002");
    let fields = [
        ("3", "020000"),
        ("37", "111111111111"),
        ("38", "AAAAAA"),
        ("90", "020000000111221011120000000000000000000000"),
    ];
    for (path, value) in fields {
        void.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
    }
    void
}

#[test]
fn a_void_names_its_sale_as_the_new_host_does() {
    let pairs = [
        (
            sale("000001"),
            approval(&sale("000001"), "111111111111", "AAAAAA"),
        ),
        (void(), approval(&void(), "111111111112", "AAAAAB")),
    ];
    let stage = ReplayStage::new(options()).play(capture(&pairs), |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    assert_eq!(stage.sent_text(1, "37"), "222222222222");
    assert_eq!(stage.sent_text(1, "38"), "BBBBBB");
    assert_eq!(stage.verdicts(), vec![ReplayVerdict::Compared; 2]);
}

#[test]
fn fresh_numbers_and_times_are_those_of_the_original_in_its_reversal() {
    let mut reversal = sale("000001");
    reversal.set_mti("0420".parse().unwrap());
    reversal
        .set(
            FieldId::of(90),
            "020000000111221011120000000000000000000000",
        )
        .unwrap();
    let pairs = [
        (
            sale("000001"),
            approval(&sale("000001"), "111111111111", "AAAAAA"),
        ),
        (
            reversal.clone(),
            approval(&reversal, "111111111111", "AAAAAA"),
        ),
    ];
    let options = ReplayOptions {
        fresh: FreshNames {
            stan: true,
            rrn: false,
            time: true,
        },
        ..options()
    };
    let stage = ReplayStage::new(options).play(capture(&pairs), |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    assert_eq!(stage.sent_text(0, "11"), "700001");
    assert_eq!(stage.sent_text(0, "7"), "1122021112");
    assert_eq!(stage.sent_text(1, "90.2"), "700001");
    assert_eq!(stage.sent_text(1, "90.3"), "1122021112");
    assert!(stage.told.iter().all(|one| one.differences.is_empty()));
}

#[test]
fn a_request_waits_for_the_answers_that_the_capture_has_before_it() {
    let pairs: Vec<_> = ["000001", "000002"]
        .iter()
        .map(|stan| (sale(stan), approval(&sale(stan), "111111111111", "AAAAAA")))
        .collect();
    let mut silent = ReplayStage::new(options());
    for sighting in capture(&pairs) {
        silent.happen(ReplayEvent::Seen(sighting), &mut |_| Vec::new());
    }
    assert_eq!(silent.sent.len(), 1);
    let answer = approval(&sale("000001"), "222222222222", "BBBBBB")
        .build()
        .unwrap();
    silent.happen(ReplayEvent::Frame(LineId(0), answer), &mut |_| Vec::new());
    assert_eq!(silent.sent.len(), 2);
}

#[test]
fn answers_that_are_missing_late_or_too_many_are_told() {
    let pair = |stan| (sale(stan), approval(&sale(stan), "111111111111", "AAAAAA"));
    let mut sightings = capture(&[pair("000001"), pair("000002")]);
    // A request without an answer.
    sightings.push(seen(400, FlowSide::Client, &sale("000003")));
    sightings.push(Sighting::Ended {
        flow: FlowId(0),
        at: SeenAt(500_000),
        how: crate::iso::stream::FlowEnd::Closed,
    });
    let stage = ReplayStage::new(options()).play(sightings, |request| {
        let answer = approval(request, "222222222222", "BBBBBB");
        match request.stan().unwrap().0 {
            1 => Vec::new(),
            2 => vec![answer.clone(), answer],
            _ => vec![answer],
        }
    });
    assert_eq!(
        stage.verdicts(),
        [
            ReplayVerdict::Missing(UnansweredCause::Timeout),
            ReplayVerdict::Compared,
            ReplayVerdict::Extra
        ]
    );
    assert_eq!(stage.strays, 1);
}

#[test]
fn a_late_answer_is_told_as_late() {
    let pair = (
        sale("000001"),
        approval(&sale("000001"), "111111111111", "AAAAAA"),
    );
    let mut stage = ReplayStage::new(options());
    for sighting in capture(&[pair]) {
        stage.happen(ReplayEvent::Seen(sighting), &mut |_| Vec::new());
    }
    stage.now.mono = Mono(11_000_000);
    stage.happen(ReplayEvent::Wake, &mut |_| Vec::new());
    assert!(stage.told.is_empty());
    let answer = approval(&sale("000001"), "222222222222", "BBBBBB")
        .build()
        .unwrap();
    stage.happen(ReplayEvent::Frame(LineId(0), answer), &mut |_| Vec::new());
    assert_eq!(stage.verdicts(), [ReplayVerdict::Late]);
}

#[test]
fn where_bytes_of_the_capture_are_missing_nothing_is_compared() {
    let sightings = vec![
        seen(0, FlowSide::Client, &sale("000001")),
        Sighting::Gap {
            flow: FlowId(0),
            from: FlowSide::Server,
            at: SeenAt(10_000),
            bytes: Some(100),
            why: crate::iso::stream::GapCause::Lost,
        },
    ];
    let stage = ReplayStage::new(options()).play(sightings, |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    assert_eq!(stage.verdicts(), [ReplayVerdict::Unknown]);
}

#[test]
fn answers_in_another_order_are_told() {
    let requests = [sale("000001"), sale("000002")];
    let [first, second] = requests
        .each_ref()
        .map(|one| approval(one, "111111111111", "AAAAAA"));
    let sightings = vec![
        seen(0, FlowSide::Client, &requests[0]),
        seen(1, FlowSide::Client, &requests[1]),
        seen(2, FlowSide::Server, &first),
        seen(3, FlowSide::Server, &second),
    ];
    let mut held = None;
    let mut host = |request: &Message| match held.take() {
        None => {
            held = Some(request.clone());
            Vec::new()
        }
        Some(first) => [request, &first]
            .map(|one| approval(one, "222222222222", "BBBBBB"))
            .into(),
    };
    let mut stage = ReplayStage::new(options());
    // All of the capture is read before the first answer comes.
    for sighting in sightings {
        stage
            .replayer
            .handle(stage.now, ReplayEvent::Seen(sighting));
    }
    stage.happen(ReplayEvent::CaptureEnded, &mut host);
    stage.told.sort_by_key(|one| one.number);
    let out_of_order: Vec<_> = stage.told.iter().map(|one| one.out_of_order).collect();
    assert_eq!(out_of_order, [false, true]);
}

#[test]
fn a_masked_card_is_sent_as_a_test_card_or_not_at_all() {
    let deck = Deck::new(1, 4);
    let number = deck.cards()[0].pan.reveal();
    let masked = |fields: &[(&str, &str)]| {
        let mut request = sale("000001");
        let overwritten = format!("{}000000000{}", &number[..6], &number[15..]);
        request.set(FieldId::of(2), &overwritten).unwrap();
        for (path, value) in fields {
            request
                .set(path.parse::<FieldPath>().unwrap(), value)
                .unwrap();
        }
        vec![Sighting::Frame(SeenFrame {
            flow: FlowId(0),
            from: FlowSide::Client,
            at: SeenAt(0),
            bytes: request.build().unwrap(),
            masked: true,
        })]
    };
    let mut host = |request: &Message| vec![approval(request, "222222222222", "BBBBBB")];
    let sent = ReplayStage::new(options()).play(masked(&[]), &mut host);
    assert_eq!(sent.sent_text(0, "2"), number);
    for (field, value, cause) in [
        ("52", "0000000000000000", SkipCause::NoPin),
        ("48", "0000", SkipCause::Masked(FieldId::of(48))),
    ] {
        let skipped = ReplayStage::new(options()).play(masked(&[(field, value)]), &mut host);
        assert_eq!(skipped.verdicts(), [ReplayVerdict::Skipped(cause)]);
        assert!(skipped.sent.is_empty());
    }
}

#[test]
fn a_request_is_changed_as_it_is_asked_for() {
    let pairs = [(
        sale("000001"),
        approval(&sale("000001"), "111111111111", "AAAAAA"),
    )];
    let options = ReplayOptions {
        set: vec![
            ("42".parse().unwrap(), "M2".into()),
            ("48".parse().unwrap(), "X".into()),
        ],
        terminals: vec![("T0000001".into(), "T9".into())],
        amounts: "150%".parse().unwrap(),
        ..options()
    };
    let stage = ReplayStage::new(options).play(capture(&pairs), |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    let sent: Vec<String> = ["4", "41", "42"]
        .map(|path| stage.sent_text(0, path))
        .into();
    assert_eq!(sent, ["000000000750", "T9      ", "M2             "]);
    // What a request has not got is not put into it, and what is echoed is echoed as sent.
    assert!(!stage.sent[0].has(FieldId::of(48)));
    assert!(
        stage.told[0].differences.is_empty(),
        "{:?}",
        stage.told[0].differences
    );
}

#[test]
fn messages_are_as_far_apart_as_captured_or_so_many_times_closer() {
    let pairs: Vec<_> = ["000001", "000002", "000003"]
        .iter()
        .map(|stan| (sale(stan), approval(&sale(stan), "111111111111", "AAAAAA")))
        .collect();
    for (pace, due) in [
        (ReplayPace::Scaled(1), Some(100_000)),
        (ReplayPace::Scaled(10), Some(10_000)),
        (ReplayPace::Rate(20), Some(50_000)),
    ] {
        let mut stage = ReplayStage::new(ReplayOptions { pace, ..options() });
        let mut host = |request: &Message| vec![approval(request, "222222222222", "BBBBBB")];
        for sighting in capture(&pairs) {
            stage.happen(ReplayEvent::Seen(sighting), &mut host);
        }
        assert_eq!(stage.sent.len(), 1, "{pace:?}");
        let next = stage.replayer.next_deadline().map(|due| due.0);
        assert_eq!(next, due, "{pace:?}");
    }
}

#[test]
fn a_limit_ends_the_replay_behind_the_answers_to_what_was_taken() {
    let pairs: Vec<_> = (1..=9)
        .map(|stan| sale(&format!("{stan:06}")))
        .map(|request| {
            (
                request.clone(),
                approval(&request, "111111111111", "AAAAAA"),
            )
        })
        .collect();
    let options = ReplayOptions {
        limit: Some(4),
        ..options()
    };
    let stage = ReplayStage::new(options).play(capture(&pairs), |request| {
        vec![approval(request, "222222222222", "BBBBBB")]
    });
    assert_eq!(stage.verdicts(), vec![ReplayVerdict::Compared; 4]);
}

/// What an acquirer of this capture sends and tells when it is asked these.
fn answers(sightings: Vec<Sighting>, asked: &[Message]) -> (Vec<Message>, Vec<JudgedExchange>) {
    let mut acquirer = Answerer::new(AnswererOptions {
        spec: spec(),
        rules: options().rules,
        port: None,
        keys: MasterKeys::derived(1),
    });
    for message in asked {
        acquirer.frame(LineId(0), message.build().unwrap());
    }
    let mut sightings = sightings.into_iter();
    while acquirer.wants_more() {
        match sightings.next() {
            Some(sighting) => acquirer.seen(sighting),
            None => acquirer.capture_ended(),
        }
    }
    acquirer.stop();
    let (mut sent, mut told) = (Vec::new(), Vec::new());
    while let Some(action) = acquirer.poll_action() {
        match action {
            AnswererAction::Send(_, frame) => sent.push(Message::parse(&spec(), frame).unwrap()),
            AnswererAction::Tell(one) => told.push(*one),
        }
    }
    (sent, told)
}

#[test]
fn the_captured_acquirer_answers_as_it_did_and_judges_what_it_is_asked() {
    let pairs: Vec<_> = ["000001", "000002"]
        .iter()
        .map(|stan| (sale(stan), approval(&sale(stan), "111111111111", "AAAAAA")))
        .collect();
    let mut dearer = sale("000002");
    dearer.set(FieldId::of(4), "600").unwrap();
    let (sent, told) = answers(capture(&pairs), &[dearer.clone(), sale("000003")]);
    // What the captured answer repeated of its request, it repeats of this one.
    let expected = approval(&dearer, "111111111111", "AAAAAA");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].build().unwrap(), expected.build().unwrap());
    let told: Vec<_> = told
        .iter()
        .map(|one| {
            (
                one.stan.unwrap().0,
                one.verdict.clone(),
                one.differences.len(),
            )
        })
        .collect();
    let missing = ReplayVerdict::Missing(UnansweredCause::Timeout);
    assert_eq!(
        told,
        [
            (2, ReplayVerdict::Compared, 1),
            (3, ReplayVerdict::Extra, 0),
            (1, missing, 0)
        ]
    );
}

#[test]
fn the_captured_acquirer_opens_a_line_that_was_not_captured() {
    let sign_on = message(
        "0800",
        &[("7", "1122101112"), ("11", "000001"), ("70", "001")],
    );
    let (sent, told) = answers(Vec::new(), &[sign_on]);
    assert_eq!(sent.len(), 1);
    assert!(sent[0].is(FieldId::of(39), "00"));
    assert!(told.is_empty());
}
