//! The acquirer alone, asked by hand.

use super::{Acquirer, AcquirerAction, AcquirerEvent, AcquirerOptions, Rules};
use crate::engine::record::ConnId;
use crate::engine::seam::{Dice, Mono, Now, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath};
use crate::iso::spec::Spec;
use crate::lab::peer::{Deck, MasterKeys, TestCard};
use bytes::Bytes;
use std::sync::Arc;

const CONN: ConnId = ConnId(1);
const NOON: Wall = Wall(1_795_320_000_000_000);

struct TestHost {
    spec: Arc<Spec>,
    acquirer: Acquirer,
    deck: Deck,
}

fn desk() -> TestHost {
    desk_with(|_| {})
}

fn desk_with(tweak: impl FnOnce(&mut AcquirerOptions)) -> TestHost {
    let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
    let deck = Deck::new(3, 4);
    let mut options = AcquirerOptions::new(&spec, MasterKeys::derived(3), deck.clone());
    tweak(&mut options);
    let mut acquirer = Acquirer::new(options, Dice::new(3));
    acquirer.handle(at(0), AcquirerEvent::Connected(CONN));
    TestHost {
        spec,
        acquirer,
        deck,
    }
}

fn at(millis: u64) -> Now {
    Now {
        mono: Mono(millis * 1000),
        wall: NOON,
    }
}

impl TestHost {
    fn card(&self) -> &TestCard {
        &self.deck.cards()[0]
    }

    fn message(&self, mti: &str, fields: &[(&str, &str)]) -> Message {
        let mut message = Message::new(&self.spec, mti.parse().unwrap());
        let names = [
            ("7", "1122101112"),
            ("41", "T0000001"),
            ("42", "898000000000001"),
        ];
        for (path, value) in names.iter().chain(fields) {
            message
                .set(path.parse::<FieldPath>().unwrap(), value)
                .unwrap();
        }
        message
    }

    fn sale(&self, stan: &str, amount: &str) -> Message {
        let pan = self.card().pan.reveal().to_owned();
        self.message(
            "0200",
            &[("2", &pan), ("3", "000000"), ("4", amount), ("11", stan)],
        )
    }

    fn reversal(&self, mti: &str, stan: &str, amount: &str) -> Message {
        let original = format!("0200{stan}1122101112{:022}", 0);
        self.message(mti, &[("4", amount), ("11", stan), ("90", &original)])
    }

    fn frames(&mut self, now: Now, frame: Bytes) -> Vec<Bytes> {
        self.acquirer.handle(now, AcquirerEvent::Frame(CONN, frame));
        let actions = std::iter::from_fn(|| self.acquirer.poll_action());
        let sent = actions.filter_map(|action| match action {
            AcquirerAction::Send { frame, .. } => Some(frame),
            AcquirerAction::Close { .. } | AcquirerAction::Listen(_) | AcquirerAction::Lost(_) => {
                None
            }
        });
        sent.collect()
    }

    fn ask(&mut self, message: &Message) -> Message {
        let frames = self.frames(at(0), message.build().unwrap());
        let [frame] = frames.as_slice() else {
            panic!("one answer, not {}", frames.len());
        };
        Message::parse(&self.spec, frame.clone()).unwrap()
    }

    fn code(&mut self, message: &Message) -> String {
        self.ask(message).response_code().unwrap().to_string()
    }

    fn net(&self) -> i64 {
        self.acquirer.totals().net()
    }
}

#[test]
fn an_approval_carries_what_a_receipt_needs() {
    let mut desk = desk();
    let answer = desk.ask(&desk.sale("000001", "500"));
    assert_eq!(answer.mti().to_string(), "0210");
    assert_eq!(answer.rrn().unwrap().len(), 12);
    assert_eq!(answer.auth_code().unwrap().len(), 6);
    let text = |number| answer.text(FieldId::of(number)).unwrap().into_owned();
    assert_eq!([text(13), text(15), text(32)], ["1122", "1122", "00010000"]);
    assert_eq!(text(44), "00010000   00010000   ");
}

#[test]
fn a_repeat_is_answered_as_the_first_and_booked_once() {
    let mut desk = desk();
    let sale = desk.sale("000001", "500");
    let first = desk.ask(&sale).build().unwrap();
    let mut repeat = sale.clone();
    repeat.set_mti("0201".parse().unwrap());
    assert_eq!(desk.ask(&repeat).build().unwrap(), first);
    assert_eq!((desk.net(), desk.acquirer.counts().repeats), (500, 1));
}

#[test]
fn another_transaction_under_the_same_name_is_a_duplicate() {
    let mut desk = desk();
    desk.ask(&desk.sale("000001", "500"));
    assert_eq!(desk.code(&desk.sale("000001", "501")), "94");
    assert_eq!(desk.net(), 500);
}

#[test]
fn the_second_reversal_is_answered_as_the_first() {
    let mut desk = desk();
    desk.ask(&desk.sale("000001", "500"));
    let first = desk.ask(&desk.reversal("0420", "000001", "500"));
    let second = desk.ask(&desk.reversal("0421", "000001", "500"));
    assert_eq!(first.response_code().as_deref(), Some("00"));
    assert_eq!(second.build().unwrap(), first.build().unwrap());
    assert_eq!(desk.net(), 0);
}

#[test]
fn a_reversal_without_its_request_is_25_and_stops_the_request() {
    let mut desk = desk();
    assert_eq!(desk.code(&desk.reversal("0420", "000001", "500")), "25");
    assert_eq!(desk.code(&desk.sale("000001", "500")), "12");
    assert_eq!(desk.code(&desk.sale("000001", "500")), "12");
    assert_eq!(desk.code(&desk.reversal("0421", "000001", "500")), "25");
    assert_eq!(desk.net(), 0);
}

#[test]
fn a_declined_request_has_nothing_to_reverse() {
    let rules = "[[rule]]\nmatch = { amount = \"500\" }\ncode = \"51\"";
    let mut desk = desk_with(|options| options.rules = Rules::read(rules).unwrap());
    assert_eq!(desk.code(&desk.sale("000001", "500")), "51");
    assert_eq!(desk.code(&desk.reversal("0420", "000001", "500")), "12");
}

#[test]
fn no_reversal_takes_back_another_amount_or_what_was_refunded() {
    let mut desk = desk();
    desk.ask(&desk.sale("000001", "500"));
    assert_eq!(desk.code(&desk.reversal("0420", "000001", "501")), "12");
    assert_eq!(desk.net(), 500);
    assert_eq!(desk.code(&desk.reversal("0421", "000001", "500")), "00");
    let rrn = desk.ask(&desk.sale("000002", "700")).rrn().unwrap();
    let refund = [
        ("3", "200000"),
        ("4", "100"),
        ("11", "000003"),
        ("37", rrn.as_str()),
    ];
    assert_eq!(desk.code(&desk.message("0200", &refund)), "00");
    assert_eq!(desk.code(&desk.reversal("0420", "000002", "700")), "12");
    assert_eq!(desk.net(), 600);
}

#[test]
fn a_void_of_nothing_is_25_and_a_void_of_the_voided_12() {
    let mut desk = desk();
    let rrn = desk.ask(&desk.sale("000001", "500")).rrn().unwrap();
    let void = |stan: &str, rrn: &str| {
        [("3", "020000"), ("4", "500"), ("11", stan), ("37", rrn)].map(|(k, v)| (k, v.to_owned()))
    };
    for (stan, rrn, code) in [
        ("000002", "999999999999", "25"),
        ("000003", rrn.as_str(), "00"),
        ("000004", rrn.as_str(), "12"),
    ] {
        let fields = void(stan, rrn);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(desk.code(&desk.message("0200", &fields)), code, "{stan}");
    }
    assert_eq!(desk.net(), 0);
}

#[test]
fn a_card_spends_what_it_has_and_gets_it_back_by_a_reversal() {
    let mut desk = desk_with(|options| options.balance = 600);
    assert_eq!(desk.code(&desk.sale("000001", "500")), "00");
    assert_eq!(desk.code(&desk.sale("000002", "101")), "51");
    desk.ask(&desk.reversal("0420", "000001", "500"));
    assert_eq!(desk.code(&desk.sale("000003", "600")), "00");
}

#[test]
fn a_balance_tells_what_is_left() {
    let mut desk = desk_with(|options| options.balance = 600);
    desk.ask(&desk.sale("000001", "500"));
    let pan = desk.card().pan.reveal().to_owned();
    let inquiry = [
        ("2", pan.as_str()),
        ("3", "310000"),
        ("11", "000002"),
        ("49", "156"),
    ];
    let answer = desk.ask(&desk.message("0200", &inquiry));
    let balance = answer.text(FieldId::of(54));
    assert_eq!(balance.as_deref(), Some("1002156C000000000100"));
    let mut desk = desk_with(|options| options.balance = 1_000_000_000_000);
    let answer = desk.ask(&desk.message("0200", &inquiry));
    let balance = answer.text(FieldId::of(54));
    let usual = "more than fits is told as the most that does";
    assert_eq!(balance.as_deref(), Some("1002156C999999999999"), "{usual}");
}

#[test]
fn strangers_are_declined_where_they_are_not_welcome() {
    let stranger = [
        ("2", "6226090000000048"),
        ("3", "000000"),
        ("4", "1"),
        ("11", "000001"),
    ];
    let mut desk = desk();
    assert_eq!(desk.code(&desk.message("0200", &stranger)), "00");
    let mut desk = desk_with(|options| options.strangers = false);
    assert_eq!(desk.code(&desk.message("0200", &stranger)), "14");
}

#[test]
fn what_cannot_be_understood_is_30_and_what_cannot_be_read_is_silence() {
    let mut desk = desk();
    assert_eq!(desk.code(&desk.message("0600", &[("11", "000001")])), "30");
    assert!(
        desk.frames(at(0), Bytes::from_static(b"\x00\x01nonsense"))
            .is_empty()
    );
    assert_eq!(desk.acquirer.counts().unreadable, 1);
}

#[test]
fn an_answer_waits_as_long_as_the_acquirer_thinks() {
    let rules = "[[rule]]\ndelay = \"300ms\"";
    let mut desk = desk_with(|options| options.rules = Rules::read(rules).unwrap());
    let sale = desk.sale("000001", "500").build().unwrap();
    assert!(desk.frames(at(0), sale).is_empty());
    assert_eq!(desk.acquirer.next_deadline(), Some(Mono(300_000)));
    desk.acquirer.handle(at(300), AcquirerEvent::Wake);
    assert!(matches!(
        desk.acquirer.poll_action(),
        Some(AcquirerAction::Send { .. })
    ));
}

#[test]
fn a_terminal_that_never_signed_in_gets_a0_without_a_mac() {
    let spec = Spec::builtin("cup-pos").unwrap();
    let options = AcquirerOptions::new(&spec, MasterKeys::derived(3), Deck::new(3, 1));
    let acquirer = Acquirer::new(options, Dice::new(3));
    let mut desk = TestHost {
        spec,
        acquirer,
        deck: Deck::new(3, 1),
    };
    desk.acquirer.handle(at(0), AcquirerEvent::Connected(CONN));
    let mut sale = Message::new(&desk.spec, "0200".parse().unwrap());
    for (path, value) in [
        ("3", "000000"),
        ("4", "500"),
        ("11", "1"),
        ("41", "T0000001"),
        ("42", "898000000000001"),
        ("60.1", "22"),
        ("60.2", "000001"),
    ] {
        sale.set(path.parse::<FieldPath>().unwrap(), value).unwrap();
    }
    let answer = desk.ask(&sale);
    assert_eq!(answer.response_code().as_deref(), Some("A0"));
    assert!(!answer.has(FieldId::of(64)));
    assert_eq!((desk.net(), desk.acquirer.counts().bad_macs), (0, 1));
}
