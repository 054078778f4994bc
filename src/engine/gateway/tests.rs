//! The gateway driven by hand: events in, actions out, time as a number.
//!
//! A [`Stage`] is a gateway with one listener and one link in `cup-pos`, reversing by itself, and a
//! terminal whose keys came in with its sign-on. It checks on the way that no send precedes its
//! record.

mod doubts;
mod elsewhere;
mod translation;

mod undoing;

mod links;

mod parked_links;

mod steady;

use super::{Act, Action, Event, Gateway, Options, Recall, SendId, Wish};
use super::{
    Balance, Keys, Ladder, Limits, LinkOptions, ListenerOptions, Match, ReversalBy,
    ReversalOptions, RouteOptions, SignOn,
};
use crate::engine::record::{
    ConnId, Fact, Hop, LinkId, ListenerId, Note, Record, Row, Seq, State, Vault, VaultKeys, Why,
};
use crate::engine::seam::{Mono, Now, Wall, Zone};
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, Mti, Text};
use crate::iso::security::{self, Key, WorkingKeys};
use crate::iso::spec::{KeyBlockForm, Spec};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

mod originals;
mod partly_read;
mod recall;
mod repeats;
mod returns;
mod settlement;
mod terminals;

const T: ConnId = ConnId(1);
const A: ConnId = ConnId(100);
const LINK: LinkId = LinkId(0);

struct Stage {
    gateway: Gateway,
    spec: Arc<Spec>,
    /// What is spoken on links.
    host: Arc<Spec>,
    now: Now,
    records: Vec<Record>,
    /// `(id, connection, message)` of every send so far that was not taken.
    sends: Vec<(SendId, ConnId, Message)>,
    revoked: Vec<SendId>,
    /// What the journal was asked and did not answer yet, and whether it does.
    asked: Vec<Recall>,
    answers: bool,
    mac: Key,
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

fn mti(text: &str) -> Mti {
    text.parse().unwrap()
}

fn tmk() -> Key {
    Key::from_hex("0123456789ABCDEFFEDCBA9876543210").unwrap()
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(VaultKeys::new(&[7; 32], 1, &[9; 32]), [0; 4]))
}

fn options(by: ReversalBy, keys: bool) -> Options {
    let spec = Spec::builtin("cup-pos").unwrap();
    Options {
        name: Text::new("gw").unwrap(),
        listeners: vec![ListenerOptions::open(spec.clone())],
        links: vec![LinkOptions {
            name: Text::new("acquirer").unwrap(),
            spec,
            sign_on: SignOn::Nothing,
            echo_interval: Duration::ZERO,
        }],
        routes: vec![RouteOptions {
            to: vec![LINK],
            balance: Balance::default(),
            takes: Match::default(),
            rewrite_stan: false,
            map: None,
            key: vec![],
            timeout: Duration::from_secs(45),
            reversal: ReversalOptions {
                by,
                tries: 3,
                expire: Duration::from_secs(86_400),
                unproven: false,
            },
        }],
        keys: Keys {
            terminals: vec![],
            default: keys.then(tmk),
        },
        limits: Limits::default(),
        ladder: Ladder::scaled(1),
        zone: Zone::CHINA,
    }
}

impl Stage {
    fn new() -> Self {
        Self::with(options(ReversalBy::Both, true))
    }

    fn with(options: Options) -> Self {
        let mut stage = Self::connected(options);
        stage.sign_in();
        stage
    }

    /// Both sides are there, and the terminal has not signed in.
    fn connected(options: Options) -> Self {
        let mut stage = Self::recovered(options, vec![]);
        stage.happen(Event::LinkUp {
            link: LINK,
            conn: A,
        });
        stage.connect(T);
        stage
    }

    fn recovered(options: Options, history: Vec<Record>) -> Self {
        let now = Now {
            mono: Mono(1_000_000),
            wall: Wall(1_795_313_472_000_000),
        };
        Self::recovered_at(options, history, now)
    }

    fn recovered_at(options: Options, history: Vec<Record>, now: Now) -> Self {
        let (spec, host) = (
            options.listeners[0].spec.clone(),
            options.links[0].spec.clone(),
        );
        let gateway = Gateway::recover(options, vault(), 1, now, history.clone());
        let mut stage = Self {
            gateway,
            spec,
            host,
            now,
            records: history,
            sends: vec![],
            revoked: vec![],
            asked: vec![],
            answers: true,
            mac: Key::new(b"MACKEY01").unwrap(),
        };
        stage.collect();
        stage
    }

    fn happen(&mut self, event: Event) {
        self.gateway.handle(self.now, event);
        self.collect();
        while self.answers && !self.asked.is_empty() {
            let recalled = self.asked.remove(0).answer(&self.records);
            let recalled = Event::Recalled(Box::new(recalled));
            self.gateway.handle(self.now, recalled);
            self.collect();
        }
    }

    fn collect(&mut self) {
        while let Some(action) = self.gateway.poll_action() {
            match action {
                Action::Append(record) => {
                    let last = self.records.last().map_or(Seq(0), |record| record.seq);
                    assert_eq!(record.seq, last.next(), "sequence numbers have no gap");
                    self.records.push(record);
                }
                Action::Send {
                    id,
                    after,
                    conn,
                    frame,
                } => {
                    let last = self.records.last().map_or(Seq(0), |record| record.seq);
                    assert!(after <= last, "a send waits for a record that exists");
                    let to_host = conn.0 >= A.0;
                    let spec = if to_host { &self.host } else { &self.spec };
                    let message = Message::read(spec, frame).unwrap();
                    self.sends.push((id, conn, message));
                }
                Action::Revoke(id) => self.revoked.push(id),
                Action::Recall(recall) => self.asked.push(recall),
                Action::Close(..) => {}
            }
        }
    }

    fn connect(&mut self, conn: ConnId) {
        self.happen(Event::TerminalConnected {
            conn,
            listener: ListenerId(0),
        });
    }

    fn sign_in(&mut self) {
        let mut request = self.message("0800");
        for (field, value) in [("11", "000001"), ("60", "00000001003"), ("63", "01 ")] {
            request.set(path(field), value).unwrap();
        }
        self.happen(Event::TerminalMessage {
            conn: T,
            message: request.clone(),
        });
        let (id, _, sent) = self.take(A);
        self.happen(Event::Written(id));
        let keys = WorkingKeys {
            pin: Key::new(b"PINKEY01PINKEY02").unwrap(),
            mac: self.mac.clone(),
            track: None,
        };
        let block = security::wrap_block(&tmk(), KeyBlockForm::Double, &keys);
        let hex: String = block.iter().map(|byte| format!("{byte:02X}")).collect();
        let mut answer = sent.answer().unwrap();
        answer.set(path("39"), "00").unwrap();
        answer.set(path("62"), &hex).unwrap();
        self.happen(Event::AcquirerMessage {
            conn: A,
            message: answer,
        });
        let (id, _, _) = self.take(T);
        self.happen(Event::Written(id));
    }

    fn message(&self, kind: &str) -> Message {
        let mut message = Message::new(&self.spec, mti(kind));
        message.set(path("41"), "10421695").unwrap();
        message.set(path("42"), "874350357222471").unwrap();
        message
    }

    fn sale(&self, stan: u32) -> Message {
        let mut message = self.message("0200");
        for (field, value) in [
            ("2", "6226091234560048"),
            ("3", "000000"),
            ("4", "000000088800"),
            ("22", "021"),
            ("25", "00"),
            ("49", "156"),
            ("60", "22000001000"),
        ] {
            message.set(path(field), value).unwrap();
        }
        message.set(path("11"), &format!("{stan:06}")).unwrap();
        security::seal(&mut message, &self.mac).unwrap();
        self.reparsed(&message)
    }

    fn reversal(&self, stan: u32, cause: &str) -> Message {
        let mut message = self.sale(stan);
        message.set_mti(mti("0400"));
        message.set(path("39"), cause).unwrap();
        security::seal(&mut message, &self.mac).unwrap();
        self.reparsed(&message)
    }

    /// As it would come from the wire.
    fn reparsed(&self, message: &Message) -> Message {
        Message::parse(message.spec(), message.build().unwrap()).unwrap()
    }

    fn terminal_says(&mut self, message: Message) {
        self.happen(Event::TerminalMessage { conn: T, message });
    }

    /// Takes the one send to a connection.
    #[track_caller]
    fn take(&mut self, conn: ConnId) -> (SendId, ConnId, Message) {
        let at = self.sends.iter().position(|(_, to, _)| *to == conn);
        self.sends.remove(at.expect("nothing was sent there"))
    }

    /// Takes it, and lets it be written.
    #[track_caller]
    fn deliver(&mut self, conn: ConnId) -> Message {
        let (id, _, message) = self.take(conn);
        self.happen(Event::Written(id));
        message
    }

    fn silent(&self) {
        let sent: Vec<_> = self
            .sends
            .iter()
            .map(|(_, to, message)| (to, message.mti()))
            .collect();
        assert!(sent.is_empty(), "unexpected: {sent:?}");
    }

    fn answer(&self, request: &Message, code: &str) -> Message {
        let mut answer = request.answer().unwrap();
        answer.set(path("39"), code).unwrap();
        answer.set(path("37"), "203217491827").unwrap();
        security::seal(&mut answer, &self.mac).unwrap();
        self.reparsed(&answer)
    }

    fn acquirer_says(&mut self, message: Message) {
        self.happen(Event::AcquirerMessage { conn: A, message });
    }

    fn pass(&mut self, seconds: u64) {
        self.now.mono = self.now.mono + Duration::from_secs(seconds);
        self.now.wall = self.now.wall + Duration::from_secs(seconds);
        self.happen(Event::Tick);
    }

    /// The rows taken by the last transaction that took any, sign-on and repeats aside.
    fn rows(&self) -> String {
        let mut newest = self.records.iter().rev();
        let last = newest.find(|record| step(record).is_some_and(|step| step.row != Row('z')));
        self.rows_of(last.and_then(|record| record.tx))
    }

    fn rows_of(&self, tx: Option<crate::engine::record::TxId>) -> String {
        let steps = self.records.iter().filter(|record| record.tx == tx);
        steps
            .filter_map(|record| step(record))
            .map(|step| step.row.0)
            .filter(|row| *row != 'z')
            .collect()
    }

    fn last_state(&self) -> State {
        self.records
            .iter()
            .rev()
            .find_map(|record| step(record))
            .unwrap()
            .state
    }

    fn last_note(&self) -> Note {
        self.records
            .iter()
            .rev()
            .find_map(|record| step(record))
            .unwrap()
            .note
            .clone()
    }

    /// A sale that is approved and written to the terminal.
    fn approved_sale(&mut self, stan: u32) -> (Message, Message) {
        let sale = self.sale(stan);
        self.terminal_says(sale.clone());
        let sent = self.deliver(A);
        let answer = self.answer(&sent, "00");
        self.acquirer_says(answer.clone());
        self.deliver(T);
        (sale, answer)
    }
}

fn step(record: &Record) -> Option<&crate::engine::record::Step> {
    if let Fact::Step(step) = &record.fact {
        Some(step)
    } else {
        None
    }
}

fn bytes(message: &Message) -> Bytes {
    message.build().unwrap()
}

#[test]
fn a_sale_passes_unchanged_both_ways() {
    let mut stage = Stage::new();
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    assert_eq!(bytes(&sent), bytes(&sale));
    let answer = stage.answer(&sent, "00");
    stage.acquirer_says(answer.clone());
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    assert_eq!(stage.rows(), "CDP");
    assert_eq!(stage.last_state(), State::Delivered);
    assert_eq!(stage.gateway.counts().in_flight, 0);
}

#[test]
fn a_decline_ends_it() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    assert_eq!(stage.rows(), "CES");
    stage.pass(100);
    stage.silent();
}

#[test]
fn no_answer_is_reversed_with_cause_98_and_the_terminal_hears_nothing() {
    let mut stage = Stage::new();
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.silent();
    assert_eq!(reversal.mti(), mti("0400"));
    assert_eq!(reversal.text(path("39")).unwrap(), "98");
    assert_eq!(reversal.text(path("60")), sale.text(path("60")));
    assert_eq!(security::verify(&reversal, &stage.mac), Some(true));
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(stage.rows(), "CHXjl");
    assert_eq!(stage.last_state(), State::Reversed);
}

#[test]
fn a_reversal_never_carries_track_or_pin() {
    let mut stage = Stage::new();
    let mut sale = stage.sale(2);
    for (field, value) in [
        ("26", "12"),
        ("52", "C624834D367E9E9E"),
        ("53", "2000000000000000"),
    ] {
        sale.set(path(field), value).unwrap();
    }
    sale.set(path("35"), "6226091234560048D30122011234567890")
        .unwrap();
    security::seal(&mut sale, &stage.mac).unwrap();
    let sale = stage.reparsed(&sale);
    stage.terminal_says(sale);
    stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    for field in [26, 35, 36, 52, 53] {
        assert!(!reversal.has(FieldId::of(field)), "DE {field}");
    }
    assert_eq!(reversal.text(path("2")).unwrap(), "6226091234560048");
}

#[test]
fn a_late_approval_is_recorded_and_never_delivered() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(46);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.silent();
    assert_eq!(stage.last_note(), Note::LateMs(1000));
    // It left before the approval was seen: once more, and it is proven.
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let again = stage.deliver(A);
    stage.acquirer_says(stage.answer(&again, "00"));
    stage.silent();
    assert_eq!(stage.rows(), "CHXjdnjl");
}

#[test]
fn a_25_closes_only_what_was_never_approved() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "25"));
    assert_eq!(stage.last_state(), State::ClosedUnproven);

    // With a late approval seen before, the same answer closes nothing: it is tried again.
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.acquirer_says(stage.answer(&reversal, "25"));
    assert_eq!(stage.last_state(), State::ReversalPending);
    stage.pass(3);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
}

#[test]
fn a_late_approval_after_an_unproven_close_starts_a_new_reversal() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.pass(45);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "25"));
    stage.pass(600);
    stage.acquirer_says(stage.answer(&sent, "00"));
    let again = stage.deliver(A);
    stage.acquirer_says(stage.answer(&again, "00"));
    assert_eq!(stage.rows(), "CHXjmfjl");
}

#[test]
fn reversals_are_tried_then_listed_then_tried_slowly() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(45);
    for _ in 0..3 {
        stage.deliver(A);
        stage.pass(45);
        stage.pass(10);
    }
    stage.silent();
    assert_eq!(stage.last_state(), State::ReversalUndeliverable);
    stage.pass(1800);
    let slow = stage.deliver(A);
    stage.acquirer_says(stage.answer(&slow, "00"));
    assert_eq!(stage.last_state(), State::Reversed);
}

#[test]
fn a_wrong_mac_is_no_answer_and_its_cause_is_a0() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let mut answer = stage.answer(&sent, "00");
    answer.set(path("64"), "3030303030303030").unwrap();
    stage.acquirer_says(answer);
    let reversal = stage.deliver(A);
    assert_eq!(reversal.text(path("39")).unwrap(), "A0");
    assert_eq!(stage.rows(), "CFXj");
    stage.silent();
}

#[test]
fn an_answer_with_another_amount_is_no_answer() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    let mut answer = stage.answer(&sent, "00");
    answer.set(path("4"), "000000000001").unwrap();
    security::seal(&mut answer, &stage.mac).unwrap();
    stage.acquirer_says(answer);
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    let why = stage
        .records
        .iter()
        .rev()
        .filter_map(step)
        .map(|step| step.why);
    assert!(why.into_iter().any(|why| why == Why::AnswerMismatch));
}

#[test]
fn d1_a_repeat_in_flight_attaches_and_both_get_the_one_answer() {
    let mut stage = Stage::new();
    stage.connect(ConnId(2));
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    stage.happen(Event::TerminalMessage {
        conn: ConnId(2),
        message: sale,
    });
    let sent = stage.deliver(A);
    stage.silent();
    stage.acquirer_says(stage.answer(&sent, "00"));
    let (one, two) = (stage.deliver(T), stage.deliver(ConnId(2)));
    assert_eq!(bytes(&one), bytes(&two));
}

#[test]
fn d2_a_repeat_of_an_answered_request_gets_the_stored_answer() {
    let mut stage = Stage::new();
    let (mut sale, answer) = stage.approved_sale(2);
    sale.set_header(&[0x60, 0, 9, 0, 8, 0x60, 0x31, 0, 0x31, 7, 0x30]);
    let sale = stage.reparsed(&sale);
    stage.terminal_says(sale);
    let again = stage.deliver(T);
    assert_eq!(&again.header()[..5], &[0x60, 0, 8, 0, 9]);
    assert_eq!(bytes(&again)[11..], bytes(&answer)[11..]);
    stage.silent();
}

#[test]
fn d3_the_same_name_with_another_amount_is_refused_with_94() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    let mut other = stage.sale(2);
    other.set(path("4"), "000000000001").unwrap();
    security::seal(&mut other, &stage.mac).unwrap();
    let other = stage.reparsed(&other);
    stage.terminal_says(other);
    let answer = stage.deliver(T);
    assert_eq!(answer.text(path("39")).unwrap(), "94");
    assert_eq!(security::verify(&answer, &stage.mac), Some(true));
    stage.silent();
}

#[test]
fn d5_a_reversal_of_an_unknown_sale_goes_on_and_the_sale_is_refused_afterwards() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.reversal(2, "98"));
    let sent = stage.deliver(A);
    assert_eq!(sent.mti(), mti("0400"));
    stage.acquirer_says(stage.answer(&sent, "25"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "25");
    stage.terminal_says(stage.sale(2));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "12");
    stage.silent();
}

#[test]
fn d6_a_reversal_during_flight_holds_the_answer_back() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.terminal_says(stage.reversal(2, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.silent();
    // Which of the two the host booked first is not known: once more, and it is proven.
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let again = stage.deliver(A);
    stage.silent();
    stage.acquirer_says(stage.answer(&again, "00"));
    let closed = stage.deliver(T);
    assert_eq!(closed.mti(), mti("0410"));
    assert_eq!(stage.rows(), "CUjdnjl");
}

#[test]
fn d7_a_second_reversal_gets_the_first_answer_whatever_its_cause() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.terminal_says(stage.reversal(2, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    let first = stage.deliver(T);
    stage.terminal_says(stage.reversal(2, "06"));
    assert_eq!(bytes(&stage.deliver(T)), bytes(&first));
    stage.silent();
}

#[test]
fn a_repeat_of_a_reversed_sale_is_not_told_that_it_was_approved() {
    let mut stage = Stage::new();
    let (sale, _) = stage.approved_sale(2);
    stage.terminal_says(stage.reversal(2, "98"));
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    stage.deliver(T);
    stage.terminal_says(sale);
    assert_eq!(stage.deliver(T).response_code().as_deref(), Some("96"));
    stage.silent();
}

#[test]
fn i8_every_message_to_a_terminal_has_a_record() {
    let mut stage = Stage::new();
    let (sale, _) = stage.approved_sale(2);
    let before = stage.records.len();
    stage.terminal_says(sale);
    stage.deliver(T);
    let said: Vec<Hop> = stage.records[before..]
        .iter()
        .filter_map(|record| step(record)?.message.as_ref().map(|message| message.hop))
        .collect();
    assert_eq!(said, [Hop::TerminalToGateway, Hop::GatewayToTerminal]);
}

#[test]
fn d8_a_reversal_of_a_declined_sale_is_answered_12_here() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    stage.terminal_says(stage.reversal(2, "98"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "12");
    stage.silent();
}

#[test]
fn an_answered_transaction_does_not_keep_its_number_from_the_next_batch() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, true));
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    let (answer, _, _) = stage.take(T);
    stage.happen(Event::NotWritten(answer));
    assert_eq!(stage.last_state(), State::TerminalGone);
    let mut next = stage.sale(2);
    next.set(path("60"), "22000002000").unwrap();
    security::seal(&mut next, &stage.mac).unwrap();
    let next = stage.reparsed(&next);
    stage.terminal_says(next);
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn d10_a_second_answer_changes_nothing_and_goes_nowhere() {
    let mut stage = Stage::new();
    let (_, answer) = stage.approved_sale(2);
    stage.acquirer_says(answer);
    stage.silent();
    assert_eq!(stage.last_state(), State::Delivered);
}

#[test]
fn an_approval_contradicted_while_it_is_being_written_is_listed_and_not_reversed() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    stage.pass(10_000);
    stage.silent();
    assert_eq!(stage.last_state(), State::DeliveryUnproven);
}

#[test]
fn an_approval_after_a_delivered_decline_is_reversed() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "51"));
    stage.deliver(T);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CESgXj");
}

#[test]
fn a_terminal_that_went_away_has_a_grace_to_come_back() {
    let mut stage = Stage::new();
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    let sent = stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: false,
    });
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.silent();
    assert_eq!(stage.last_state(), State::TerminalGone);
    stage.connect(ConnId(3));
    stage.happen(Event::TerminalMessage {
        conn: ConnId(3),
        message: sale,
    });
    stage.deliver(ConnId(3));
    assert_eq!(stage.rows(), "CKMTP");
}

#[test]
fn a_terminal_that_does_not_come_back_is_reversed() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    let (answer, _, _) = stage.take(T);
    stage.happen(Event::NotWritten(answer));
    stage.silent();
    stage.pass(15);
    let reversal = stage.deliver(A);
    assert_eq!(reversal.text(path("39")).unwrap(), "96");
    assert_eq!(stage.rows(), "CDQXj");
}

#[test]
fn a_reset_leaves_the_delivery_unproven_and_reverses_nothing() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: true,
    });
    stage.pass(1000);
    stage.silent();
    assert_eq!(stage.rows(), "CDPR");
    assert_eq!(stage.last_state(), State::DeliveryUnproven);
}

#[test]
fn a_reset_casts_no_doubt_on_what_the_terminal_has_left_behind() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.terminal_says(stage.sale(3));
    stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: true,
    });
    assert_eq!(stage.rows(), "CK", "the second sale is in doubt");
    let doubted = stage.records.iter().filter_map(step);
    assert_eq!(doubted.filter(|step| step.row == Row('R')).count(), 0);
}

#[test]
fn a_reset_while_two_answers_are_under_way_leaves_the_written_one_unproven() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let first = stage.deliver(A);
    stage.terminal_says(stage.sale(3));
    stage.deliver(A);
    let answer = stage.answer(&first, "00");
    stage.acquirer_says(answer);
    stage.deliver(T);
    stage.terminal_says(stage.sale(4));
    stage.deliver(A);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: true,
    });
    let doubted = stage.records.iter().filter_map(step);
    assert_eq!(doubted.filter(|step| step.row == Row('R')).count(), 1);
}

#[test]
fn a_plain_close_after_the_answer_is_normal() {
    let mut stage = Stage::new();
    stage.approved_sale(2);
    stage.happen(Event::TerminalClosed {
        conn: T,
        reset: false,
    });
    assert_eq!(stage.last_state(), State::Delivered);
}

#[test]
fn what_never_left_is_taken_back_at_the_deadline_and_answered_91() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let (id, _, _) = stage.take(A);
    stage.pass(45);
    assert_eq!(stage.revoked, [id]);
    stage.silent();
    stage.happen(Event::NotWritten(id));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "91");
    assert_eq!(stage.rows(), "CI");
    stage.silent();
}

#[test]
fn what_left_after_all_is_reversed() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let (id, _, _) = stage.take(A);
    stage.pass(45);
    stage.happen(Event::Written(id));
    assert_eq!(stage.deliver(A).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CHXj");
}

#[test]
fn a_lost_link_is_reversed_on_the_next_connection() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.happen(Event::LinkDown {
        link: LINK,
        conn: A,
    });
    stage.silent();
    assert_eq!(stage.last_state(), State::ReversalPending);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    assert_eq!(stage.deliver(ConnId(101)).mti(), mti("0400"));
    assert_eq!(stage.rows(), "CGXj");
}

#[test]
fn an_answer_that_carries_more_than_its_request_finds_it() {
    let mut options = options(ReversalBy::Both, true);
    // The acquirer gives its own number to each request, and the route asks for it.
    options.routes[0].key = vec![path("41"), path("11"), path("37")];
    let mut stage = Stage::with(options);
    stage.approved_sale(2);
    assert_eq!(stage.rows(), "CDP");
    // One that names another request finds none.
    stage.terminal_says(stage.sale(3));
    let sent = stage.deliver(A);
    let mut other = stage.answer(&sent, "00");
    other.set(path("11"), "000009").unwrap();
    stage.acquirer_says(stage.reparsed(&other));
    assert_eq!(stage.rows(), "C");
}

#[test]
fn without_a_link_the_terminal_hears_91_and_nothing_goes_upstream() {
    let mut stage = Stage::new();
    stage.happen(Event::LinkDown {
        link: LINK,
        conn: A,
    });
    stage.terminal_says(stage.sale(2));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "91");
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    stage.silent();
}

#[test]
fn a_request_with_a_wrong_mac_is_answered_a0_and_goes_nowhere() {
    let mut stage = Stage::new();
    let mut sale = stage.sale(2);
    sale.set(path("64"), "3030303030303030").unwrap();
    stage.terminal_says(sale);
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "A0");
    stage.silent();
}

#[test]
fn where_the_terminal_reverses_its_own_bytes_go_up_and_nothing_is_authored() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, false));
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(46);
    stage.silent();
    assert_eq!(stage.last_state(), State::TimedOut);
    let reversal = stage.reversal(2, "98");
    stage.terminal_says(reversal.clone());
    let sent = stage.deliver(A);
    assert_eq!(bytes(&sent), bytes(&reversal));
    let answer = stage.answer(&sent, "00");
    stage.acquirer_says(answer.clone());
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    assert_eq!(stage.rows(), "CHUjl");
}

#[test]
fn a_void_returns_its_sale_and_its_reversal_gives_it_back() {
    let mut stage = Stage::new();
    let (sale, _) = stage.approved_sale(2);
    let first = stage.records.iter().rev().find_map(|record| record.tx);
    let mut void = sale;
    for (field, value) in [
        ("3", "200000"),
        ("11", "000003"),
        ("37", "203217491827"),
        ("60", "23000001000"),
        ("61", "000001000002"),
    ] {
        void.set(path(field), value).unwrap();
    }
    security::seal(&mut void, &stage.mac).unwrap();
    let void = stage.reparsed(&void);
    stage.terminal_says(void);
    let sent = stage.deliver(A);
    assert_eq!(stage.rows_of(first), "CDPu");
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.rows_of(first), "CDPuv");
    let (id, _, _) = stage.take(T);
    stage.happen(Event::NotWritten(id));
    stage.pass(15);
    let reversal = stage.deliver(A);
    stage.acquirer_says(stage.answer(&reversal, "00"));
    assert_eq!(stage.rows_of(first), "CDPuvw");
}

#[test]
fn an_inquiry_without_answer_is_given_up_and_never_reversed() {
    let mut stage = Stage::new();
    let mut balance = stage.sale(2);
    for (field, value) in [("3", "310000"), ("60", "01000001000")] {
        balance.set(path(field), value).unwrap();
    }
    balance.remove(FieldId::of(4));
    security::seal(&mut balance, &stage.mac).unwrap();
    let balance = stage.reparsed(&balance);
    stage.terminal_says(balance);
    stage.deliver(A);
    stage.pass(100);
    stage.silent();
    assert_eq!(stage.rows(), "CJ");
}

#[test]
fn a_terminal_that_came_back_for_its_answers_may_go_on_asking() {
    let mut stage = Stage::new();
    let most = u32::try_from(Limits::default().per_terminal).unwrap();
    let last = most + 3;
    stage.connect(ConnId(3));
    for stan in 2..=last {
        stage.connect(ConnId(1000 + u64::from(stan)));
        let sale = stage.sale(stan);
        let asks = |conn| Event::TerminalMessage {
            conn,
            message: sale.clone(),
        };
        stage.happen(asks(ConnId(1000 + u64::from(stan))));
        let sent = stage.deliver(A);
        stage.happen(Event::TerminalClosed {
            conn: ConnId(1000 + u64::from(stan)),
            reset: false,
        });
        stage.acquirer_says(stage.answer(&sent, "00"));
        stage.happen(asks(ConnId(3)));
        assert_eq!(stage.deliver(ConnId(3)).mti(), mti("0210"), "sale {stan}");
    }
    let next = stage.sale(last + 1);
    stage.happen(Event::TerminalMessage {
        conn: ConnId(3),
        message: next,
    });
    assert_eq!(stage.deliver(A).mti(), mti("0200"));
}

#[test]
fn an_advice_whose_terminal_went_away_is_over_with_its_answer_and_a_repeat_is_told_it() {
    for (code, rows) in [("00", "CDJ"), ("51", "CES")] {
        let mut stage = Stage::new();
        let mut refund = stage.sale(2);
        refund.set_mti(mti("0220"));
        refund.set(path("60"), "25000001000").unwrap();
        security::seal(&mut refund, &stage.mac).unwrap();
        let refund = stage.reparsed(&refund);
        stage.terminal_says(refund.clone());
        let sent = stage.deliver(A);
        stage.happen(Event::TerminalClosed {
            conn: T,
            reset: false,
        });
        stage.acquirer_says(stage.answer(&sent, code));
        stage.silent();
        assert_eq!(
            (stage.rows().as_str(), stage.gateway.counts().live),
            (rows, 0)
        );
        stage.connect(ConnId(3));
        stage.happen(Event::TerminalMessage {
            conn: ConnId(3),
            message: refund,
        });
        assert_eq!(stage.deliver(ConnId(3)).text(path("39")).unwrap(), code);
        let told = if code == "00" { "CDJTP" } else { rows };
        assert_eq!(stage.rows(), told);
    }
}

#[test]
fn after_a_crash_an_intent_without_answer_is_reversed_from_the_disk_alone() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    let mut stage = Stage::recovered(options(ReversalBy::Both, true), stage.records);
    assert_eq!(stage.rows(), "COX");
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    let reversal = stage.deliver(ConnId(101));
    assert_eq!(reversal.text(path("2")).unwrap(), "6226091234560048");
    assert_eq!(security::verify(&reversal, &stage.mac), Some(true));
    stage.happen(Event::AcquirerMessage {
        conn: ConnId(101),
        message: stage.answer(&reversal, "00"),
    });
    assert_eq!(stage.last_state(), State::Reversed);
}

#[test]
fn after_a_crash_an_approval_that_may_have_been_delivered_is_unproven_and_kept() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    let mut stage = Stage::recovered(options(ReversalBy::Both, true), stage.records);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    stage.pass(10_000);
    stage.silent();
    assert_eq!(stage.last_state(), State::DeliveryUnproven);
    // The terminal's own reversal is the proof that it was not delivered.
    stage.connect(T);
    stage.terminal_says(stage.reversal(2, "98"));
    assert_eq!(stage.deliver(ConnId(101)).mti(), mti("0400"));
}

#[test]
fn after_a_crash_repeats_still_get_the_stored_answer() {
    let mut stage = Stage::new();
    let (sale, answer) = stage.approved_sale(2);
    let mut stage = Stage::recovered(options(ReversalBy::Both, true), stage.records);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    stage.connect(T);
    stage.terminal_says(sale);
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    stage.silent();
}

#[test]
fn a_checkpoint_says_as_much_as_the_history_before_it() {
    let mut stage = Stage::new();
    let (sale, answer) = stage.approved_sale(2);
    stage.terminal_says(stage.sale(3));
    stage.deliver(A);
    stage.terminal_says(stage.reversal(4, "98"));
    let checkpoint = stage.gateway.checkpoint(stage.now);
    let mut stage = Stage::recovered(options(ReversalBy::Both, true), checkpoint);
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    // The sale in flight is reversed, under the key that the checkpoint carried.
    let reversal = stage.deliver(ConnId(101));
    assert_eq!(reversal.text(path("11")).unwrap(), "000003");
    assert_eq!(security::verify(&reversal, &stage.mac), Some(true));
    stage.connect(T);
    // The answered one is answered again, the overtaken one refused.
    stage.terminal_says(sale);
    assert_eq!(bytes(&stage.deliver(T)), bytes(&answer));
    stage.terminal_says(stage.sale(4));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "12");
}

#[test]
fn limits_refuse_with_96_and_forget_the_oldest() {
    let mut few = options(ReversalBy::Both, true);
    few.limits = Limits {
        in_flight: 2,
        answers: 2,
        ..Limits::default()
    };
    let mut stage = Stage::with(few);
    for stan in 2..=4 {
        stage.terminal_says(stage.sale(stan));
    }
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "96");
    assert_eq!(stage.gateway.counts().in_flight, 2);
}

#[test]
fn a_link_that_carries_all_it_may_refuses_the_next_with_96_until_one_is_answered() {
    let mut few = options(ReversalBy::Both, true);
    few.limits.per_link = 1;
    let mut stage = Stage::with(few);
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.terminal_says(stage.sale(3));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "96");
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    stage.terminal_says(stage.sale(4));
    assert_eq!(stage.deliver(A).stan().unwrap().0, 4);
}

#[test]
fn a_drain_refuses_new_requests_and_finishes_the_rest() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    let sent = stage.deliver(A);
    stage.happen(Event::Drain);
    stage.terminal_says(stage.sale(3));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "96");
    stage.acquirer_says(stage.answer(&sent, "00"));
    stage.deliver(T);
    assert_eq!(stage.gateway.counts().in_flight, 0);
}

#[test]
fn the_wall_clock_moves_no_deadline() {
    let mut stage = Stage::new();
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.now.wall = stage.now.wall + Duration::from_secs(86_400 * 365);
    stage.happen(Event::Tick);
    stage.silent();
    assert_eq!(stage.last_state(), State::Forwarded);
}

#[test]
fn a_quiet_link_is_tested_and_a_dead_one_closed() {
    let mut quiet = options(ReversalBy::Both, true);
    quiet.links[0].echo_interval = Duration::from_secs(60);
    let mut stage = Stage::with(quiet);
    stage.pass(60);
    let echo = stage.deliver(A);
    assert_eq!(echo.mti(), mti("0820"));
    let mut answer = echo.answer().unwrap();
    answer.set(path("39"), "00").unwrap();
    stage.acquirer_says(answer);
    stage.pass(61);
    assert_eq!(stage.deliver(A).mti(), mti("0820"));
}

#[test]
fn a_repeat_of_what_may_be_booked_is_never_answered_with_no() {
    let mut stage = Stage::new();
    let sale = stage.sale(2);
    stage.terminal_says(sale.clone());
    stage.deliver(A);
    // Neither a drain, nor a broken MAC, nor a lost link may tell the terminal that it failed.
    stage.happen(Event::Drain);
    stage.terminal_says(sale.clone());
    stage.silent();
    let mut broken = sale;
    broken.set(path("64"), "3030303030303030").unwrap();
    stage.terminal_says(broken);
    stage.silent();
}

#[test]
fn an_advice_that_had_no_answer_is_not_refused_for_want_of_a_link() {
    let mut stage = Stage::new();
    let mut refund = stage.sale(2);
    refund.set_mti(mti("0220"));
    for (field, value) in [
        ("3", "200000"),
        ("37", "203217491827"),
        ("60", "25000001000"),
    ] {
        refund.set(path(field), value).unwrap();
    }
    security::seal(&mut refund, &stage.mac).unwrap();
    let refund = stage.reparsed(&refund);
    stage.terminal_says(refund.clone());
    stage.deliver(A);
    stage.happen(Event::LinkDown {
        link: LINK,
        conn: A,
    });
    stage.terminal_says(refund.clone());
    stage.silent();
    stage.happen(Event::LinkUp {
        link: LINK,
        conn: ConnId(101),
    });
    stage.terminal_says(refund);
    assert_eq!(stage.deliver(ConnId(101)).mti(), mti("0220"));
}

#[test]
fn what_is_left_to_others_does_not_stay_in_the_table_for_ever() {
    let mut stage = Stage::with(options(ReversalBy::Terminal, false));
    stage.terminal_says(stage.sale(2));
    stage.deliver(A);
    stage.pass(46);
    assert_eq!(stage.gateway.counts().live, 1);
    stage.pass(24 * 3600 + 1);
    assert_eq!(stage.gateway.counts().live, 0);
    // Its terminal's reversal still finds it.
    stage.terminal_says(stage.reversal(2, "98"));
    let sent = stage.deliver(A);
    stage.acquirer_says(stage.answer(&sent, "00"));
    assert_eq!(stage.deliver(T).text(path("39")).unwrap(), "00");
    assert_eq!(stage.rows(), "CHUjl");
}
