//! Captures made by hand: who said what on which connection, and what the records say of it.

mod any;
mod holes;
mod legs;
mod one_leg;
mod two_legs;

use super::{LegRole, Legs, ObserveOptions, Observer};
use crate::engine::record::{Fact, Record, Row, Seq, State, Vault, VaultKeys, Why};
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, GapCause, SeenAt, SeenFrame, Sighting};
use std::sync::Arc;
use std::time::Duration;

/// A gateway listens for terminals here, and a host for gateways there.
const TERMINALS: &str = "10.0.0.1:5583";
const HOSTS: &str = "10.0.0.2:6583";

/// A terminal's connection, and the gateway's.
pub(crate) const T: FlowId = FlowId(0);
pub(crate) const A: FlowId = FlowId(1);

const CLIENT: FlowSide = FlowSide::Client;
const SERVER: FlowSide = FlowSide::Server;

/// A capture that is told sighting by sighting, one second apart.
pub(crate) struct CaptureStage {
    observer: Observer,
    at: i64,
    pub(crate) records: Vec<Record>,
}

impl CaptureStage {
    /// One leg: a terminal's connection to its host.
    pub(crate) fn whole() -> Self {
        let mut stage = Self::new(Legs::default());
        stage.opened(T, TERMINALS, false);
        stage
    }

    /// The leg of terminals to a gateway, and nothing else.
    fn half() -> Self {
        let mut legs = Legs::default();
        legs.ports.insert(5583, LegRole::Terminals);
        let mut stage = Self::new(legs);
        stage.opened(T, TERMINALS, false);
        stage
    }

    /// Two legs: a terminal's connection to a gateway, and the gateway's to a host.
    pub(crate) fn two() -> Self {
        let mut legs = Legs::default();
        for (server, role) in [(TERMINALS, LegRole::Terminals), (HOSTS, LegRole::Hosts)] {
            legs.servers.insert(server.parse().unwrap(), role);
        }
        let mut stage = Self::new(legs);
        stage.opened(T, TERMINALS, false);
        stage.opened(A, HOSTS, false);
        stage
    }

    fn new(legs: Legs) -> Self {
        let vault = Vault::new(VaultKeys::new(&[7; 32], 1, &[9; 32]), [0; 4]);
        let options = ObserveOptions {
            spec: spec(),
            host_spec: spec(),
            legs,
            timeout: Duration::from_secs(45),
            seed: 1,
        };
        Self {
            observer: Observer::new(options, Arc::new(vault)),
            at: 1_795_313_472_000_000,
            records: Vec::new(),
        }
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.at += seconds * 1_000_000;
    }

    fn take(&mut self, sighting: &Sighting) {
        self.observer.take(sighting);
        self.pass(1);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(record) = self.observer.poll_record() {
            let last = self.records.last().map_or(Seq(0), |record| record.seq);
            assert_eq!(record.seq, last.next(), "sequence numbers have no gap");
            self.records.push(record);
        }
    }

    fn opened(&mut self, flow: FlowId, server: &str, midway: bool) {
        self.take(&Sighting::Opened {
            flow,
            at: SeenAt(self.at),
            client: "10.0.0.9:40001".parse().ok(),
            server: server.parse().ok(),
            midway,
        });
    }

    pub(crate) fn says(&mut self, flow: FlowId, from: FlowSide, message: &Message) {
        self.take(&Sighting::Frame(SeenFrame {
            flow,
            from,
            at: SeenAt(self.at),
            bytes: message.build().unwrap(),
            masked: false,
        }));
    }

    fn says_bytes(&mut self, flow: FlowId, from: FlowSide, bytes: &'static [u8]) {
        self.take(&Sighting::Frame(SeenFrame {
            flow,
            from,
            at: SeenAt(self.at),
            bytes: bytes::Bytes::from_static(bytes),
            masked: false,
        }));
    }

    /// Asked, and sent on as it came.
    fn asks(&mut self, message: &Message) {
        self.says(T, CLIENT, message);
        self.says(A, CLIENT, message);
    }

    /// Answered, and passed on as it came.
    fn answers(&mut self, message: &Message) {
        self.says(A, SERVER, message);
        self.says(T, SERVER, message);
    }

    pub(crate) fn gap(&mut self, flow: FlowId, from: FlowSide) {
        self.take(&Sighting::Gap {
            flow,
            from,
            at: SeenAt(self.at),
            bytes: Some(100),
            why: GapCause::Lost,
        });
    }

    fn now(&self) -> SeenAt {
        SeenAt(self.at)
    }

    /// What was sent from then on was never acknowledged.
    fn unheard(&mut self, flow: FlowId, from: FlowSide, since: SeenAt) {
        let at = self.now();
        self.take(&Sighting::Unheard {
            flow,
            at,
            from,
            since,
        });
    }

    fn ends(&mut self, flow: FlowId, how: FlowEnd) {
        let at = SeenAt(self.at);
        self.take(&Sighting::Ended { flow, at, how });
    }

    /// The capture ends.
    pub(crate) fn finish(&mut self) {
        self.observer.finish();
        self.collect();
    }

    /// The rows that were taken, and the states that they led to; of all transactions.
    fn rows(&self) -> String {
        let steps = self.steps();
        steps.iter().map(|(row, ..)| row.0).collect()
    }

    fn steps(&self) -> Vec<(Row, State, Why)> {
        let steps = self.records.iter().filter_map(|record| match &record.fact {
            Fact::Step(step) => Some((step.row, step.state, step.why)),
            _ => None,
        });
        steps.collect()
    }

    /// The state that the last step led to.
    fn state(&self) -> State {
        self.steps().last().unwrap().1
    }

    /// The reason of the last step.
    fn why(&self) -> Why {
        self.steps().last().unwrap().2
    }

    fn transactions(&self) -> usize {
        let mut all: Vec<_> = self.records.iter().filter_map(|record| record.tx).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    fn count(&self, is: fn(&Fact) -> bool) -> usize {
        self.records.iter().filter(|own| is(&own.fact)).count()
    }
}

fn spec() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

fn with(message: &Message, changes: &[(&str, &str)]) -> Message {
    let mut changed = message.clone();
    for (field, value) in changes {
        changed.set(path(field), value).unwrap();
    }
    changed
}

/// A sale of 10.00.
pub(crate) fn sale(stan: &str) -> Message {
    with(
        &Message::new(&spec(), "0200".parse().unwrap()),
        &[
            ("2", "4000001234567899"),
            ("3", "000000"),
            ("4", "000000001000"),
            ("7", "1122021112"),
            ("11", stan),
            ("12", "101112"),
            ("13", "1122"),
            ("14", "3012"),
            ("41", "TERM0001"),
            ("42", "MERCHANT0000001"),
            ("49", "978"),
        ],
    )
}

/// The answer to a request.
pub(crate) fn answer(request: &Message, code: &str) -> Message {
    let mut answer = request.answer().unwrap();
    answer.remove(crate::iso::message::FieldId::of(14));
    let answer = with(&answer, &[("39", code), ("37", "600012345678")]);
    match code {
        "00" => with(&answer, &[("38", "A1B2C3")]),
        _ => answer,
    }
}

/// The reversal of a sale, under a trace number of its own.
fn reversal(of: &Message, stan: &str) -> Message {
    let mut reversal = of.clone();
    reversal.set_mti("0400".parse().unwrap());
    let original = format!("0200{}11220211120000000000000000000000", of.stan().unwrap());
    with(&reversal, &[("11", stan), ("90", &original)])
}
