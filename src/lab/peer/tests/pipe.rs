//! Terminals and one acquirer, joined by wires in virtual time, with nothing between them.

use crate::engine::record::ConnId;
use crate::engine::seam::{Dice, Mono, Now, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, MerchantId, Stan, TerminalId, Text};
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide, Faults, Span};
use crate::lab::peer::{
    Acquirer, AcquirerAction, AcquirerEvent, AcquirerOptions, Deck, MasterKeys, Order, OrderError,
    Patience, Receipt, Slip, TerminalAction, TerminalBelief, TerminalEvent, TerminalOptions,
    TestTerminal, Workload,
};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const LATENCY: Duration = Duration::from_millis(2);

/// What travels, and to whom.
#[derive(Debug)]
enum Travel {
    Connect(usize),
    ToAcquirer(ConnId, Bytes),
    ClosedAtAcquirer(ConnId),
    ToTerminal(ConnId, Bytes),
    ClosedAtTerminal(ConnId),
}

/// The small world of these tests.
pub(super) struct PeerPipe {
    pub spec: Arc<Spec>,
    pub terminals: Vec<TestTerminal>,
    pub acquirer: Acquirer,
    pub slips: Vec<Slip>,
    /// `T>A 0200`, `A>T 0210 00`, as sent.
    pub wire: Vec<String>,
    now: Mono,
    serial: u64,
    travels: BTreeMap<(Mono, u64), Travel>,
    listening: bool,
    of_terminal: Vec<Option<ConnId>>,
    of_acquirer: BTreeSet<ConnId>,
    owners: BTreeMap<ConnId, usize>,
}

/// How a pipe is set up.
pub(super) struct PeerPipeSetup<'a> {
    pub spec: &'a str,
    pub seed: u64,
    pub terminals: usize,
    pub faults: &'a [&'a str],
    pub trades: Option<u64>,
    pub tweak: fn(&mut TerminalOptions),
    pub rules: &'a str,
}

impl Default for PeerPipeSetup<'_> {
    fn default() -> Self {
        Self {
            spec: "cup-pos",
            seed: 7,
            terminals: 1,
            faults: &[],
            trades: Some(0),
            tweak: |_| {},
            rules: "",
        }
    }
}

impl PeerPipeSetup<'_> {
    pub(super) fn pipe(self) -> PeerPipe {
        let spec = Spec::builtin(self.spec).unwrap();
        let list: Vec<Armed> = self
            .faults
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let mut dice = Dice::new(self.seed);
        let keys = MasterKeys::derived(self.seed);
        let deck = Deck::new(self.seed, 8);
        let terminals: Vec<TestTerminal> = (1..=self.terminals)
            .map(|number| {
                let options = self.terminal(&spec, &keys, &deck, &list, number, &mut dice);
                TestTerminal::new(options, dice.split())
            })
            .collect();
        let mut options = AcquirerOptions::new(&spec, keys, deck);
        options.faults = Faults::at(FaultSide::Acquirer, &list, dice.split());
        options.strict = self
            .faults
            .iter()
            .any(|fault| fault.starts_with("F37") || fault.starts_with("F40"));
        options.rules = super::super::Rules::read(self.rules).unwrap();
        PeerPipe {
            acquirer: Acquirer::new(options, dice.split()),
            slips: Vec::new(),
            wire: Vec::new(),
            now: Mono(0),
            serial: 0,
            travels: BTreeMap::new(),
            listening: true,
            of_terminal: vec![None; terminals.len()],
            of_acquirer: BTreeSet::new(),
            owners: BTreeMap::new(),
            terminals,
            spec,
        }
    }

    fn terminal(
        &self,
        spec: &Arc<Spec>,
        keys: &MasterKeys,
        deck: &Deck,
        list: &[Armed],
        number: usize,
        dice: &mut Dice,
    ) -> TerminalOptions {
        let merchant = MerchantId::new("898000000000001").unwrap();
        let terminal = TerminalId::new(&format!("T{number:07}")).unwrap();
        let workload = Workload {
            count: self.trades,
            think: Span::millis(1, 20),
            ..Workload::shop(spec, deck.clone())
        };
        let mut options = TerminalOptions::new(spec, merchant, terminal, workload);
        options.master = keys.of(&merchant, &terminal);
        options.patience = Patience::scaled(50);
        options.faults = Faults::at(FaultSide::Terminal, list, dice.split());
        (self.tweak)(&mut options);
        options
    }
}

impl PeerPipe {
    pub(super) fn now(&self) -> Now {
        let wall = Wall(1_795_313_472_000_000) + Duration::from_micros(self.now.0);
        Now {
            mono: self.now,
            wall,
        }
    }

    /// Lets everybody act until nothing more is due before `until`.
    fn run_until(&mut self, until: Mono) {
        for at in 0..self.terminals.len() {
            self.tell_terminal(at, TerminalEvent::Wake);
        }
        self.tell_acquirer(AcquirerEvent::Wake);
        while let Some(next) = self.next_moment().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.step();
        }
        self.now = until;
    }

    pub(super) fn run(&mut self, length: Duration) {
        self.run_until(self.now + length);
    }

    fn next_moment(&self) -> Option<Mono> {
        let travel = self.travels.keys().next().map(|(at, _)| *at);
        let terminals = self
            .terminals
            .iter()
            .filter_map(TestTerminal::next_deadline);
        terminals
            .chain(travel)
            .chain(self.acquirer.next_deadline())
            .min()
    }

    fn step(&mut self) {
        if let Some(first) = self.travels.first_entry()
            && first.key().0 <= self.now
        {
            let travel = first.remove();
            self.arrive(travel);
            return;
        }
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= self.now);
        match self
            .terminals
            .iter()
            .position(|terminal| due(terminal.next_deadline()))
        {
            Some(at) => self.tell_terminal(at, TerminalEvent::Wake),
            None => self.tell_acquirer(AcquirerEvent::Wake),
        }
    }

    fn arrive(&mut self, travel: Travel) {
        match travel {
            Travel::Connect(at) if self.listening => {
                self.serial += 1;
                let conn = ConnId(self.serial);
                self.of_terminal[at] = Some(conn);
                self.of_acquirer.insert(conn);
                self.owners.insert(conn, at);
                self.tell_acquirer(AcquirerEvent::Connected(conn));
                self.tell_terminal(at, TerminalEvent::Connected);
            }
            Travel::Connect(at) => self.tell_terminal(at, TerminalEvent::ConnectFailed),
            Travel::ToAcquirer(conn, frame) if self.of_acquirer.contains(&conn) => {
                self.tell_acquirer(AcquirerEvent::Frame(conn, frame));
            }
            Travel::ClosedAtAcquirer(conn) if self.of_acquirer.remove(&conn) => {
                self.tell_acquirer(AcquirerEvent::Closed(conn));
            }
            Travel::ToTerminal(conn, frame) if self.is_of_terminal(conn) => {
                self.tell_terminal(self.owners[&conn], TerminalEvent::Frame(frame));
            }
            Travel::ClosedAtTerminal(conn) if self.is_of_terminal(conn) => {
                let at = self.owners[&conn];
                self.of_terminal[at] = None;
                self.tell_terminal(at, TerminalEvent::Closed);
            }
            // Its connection is gone.
            _ => {}
        }
    }

    fn is_of_terminal(&self, conn: ConnId) -> bool {
        self.of_terminal[self.owners[&conn]] == Some(conn)
    }

    fn travel(&mut self, travel: Travel) {
        self.serial += 1;
        self.travels
            .insert((self.now + LATENCY, self.serial), travel);
    }

    fn tell_terminal(&mut self, at: usize, event: TerminalEvent) {
        let now = self.now();
        self.terminals[at].handle(now, event);
        while let Some(action) = self.terminals[at].poll_action() {
            match action {
                TerminalAction::Connect => self.travel(Travel::Connect(at)),
                TerminalAction::Send(frame) => {
                    self.note("T>A", &frame);
                    let conn = self.of_terminal[at].expect("it sends only while connected");
                    self.travel(Travel::ToAcquirer(conn, frame));
                }
                TerminalAction::Close { .. } => {
                    if let Some(conn) = self.of_terminal[at].take() {
                        self.travel(Travel::ClosedAtAcquirer(conn));
                    }
                }
                TerminalAction::Print(slip) => self.slips.push(*slip),
            }
        }
    }

    fn tell_acquirer(&mut self, event: AcquirerEvent) {
        let now = self.now();
        self.acquirer.handle(now, event);
        self.carry_for_acquirer();
    }

    fn carry_for_acquirer(&mut self) {
        while let Some(action) = self.acquirer.poll_action() {
            match action {
                AcquirerAction::Send { conn, frame } => {
                    self.note("A>T", &frame);
                    self.travel(Travel::ToTerminal(conn, frame));
                }
                AcquirerAction::Close { conn, .. } => {
                    self.of_acquirer.remove(&conn);
                    self.travel(Travel::ClosedAtTerminal(conn));
                }
                AcquirerAction::Listen(listening) => self.listening = listening,
                AcquirerAction::Lost(_) => {}
            }
        }
    }

    fn note(&mut self, way: &str, frame: &Bytes) {
        let Ok(message) = Message::parse(&self.spec, frame.clone()) else {
            self.wire.push(format!("{way} unreadable"));
            return;
        };
        let code = message
            .response_code()
            .map_or(String::new(), |code| format!(" {code}"));
        self.wire.push(format!("{way} {}{code}", message.mti()));
    }

    /// All goes well from now on, and everybody finishes what he began.
    pub(super) fn heal_and_drain(&mut self) {
        for terminal in &mut self.terminals {
            terminal.stop_trading();
            terminal.heal();
        }
        let now = self.now();
        self.acquirer.heal(now);
        self.carry_for_acquirer();
        self.run(Duration::from_secs(60));
    }

    /// Orders a transaction of the first terminal and waits for its slip.
    pub(super) fn trade(&mut self, kind: &str, amount: u64, original: Option<Stan>) -> Receipt {
        self.trade_with(kind, amount, original, 0)
    }

    pub(super) fn trade_with(
        &mut self,
        kind: &str,
        amount: u64,
        original: Option<Stan>,
        card: usize,
    ) -> Receipt {
        let printed = self.slips.len();
        self.place(kind, amount, original, card).unwrap();
        self.run(Duration::from_secs(30));
        let slip = self
            .slips
            .get(printed)
            .expect("a slip is printed within 30 seconds");
        slip.receipt.clone()
    }

    /// Orders a transaction of the first terminal and does not wait.
    pub(super) fn order(
        &mut self,
        kind: &str,
        amount: u64,
        original: Option<Stan>,
    ) -> Result<(), OrderError> {
        self.place(kind, amount, original, 0)
    }

    fn place(
        &mut self,
        kind: &str,
        amount: u64,
        original: Option<Stan>,
        card: usize,
    ) -> Result<(), OrderError> {
        let kind = Text::new(kind).unwrap();
        let order = Order {
            kind,
            amount: Amount(amount),
            card,
            original,
        };
        let now = self.now();
        self.terminals[0].order(now, order)
    }

    /// What each terminal believes against what the acquirer's book says of it.
    pub(super) fn nets(&self) -> Vec<(i64, i64)> {
        let of = |terminal: &TestTerminal| {
            let theirs = self.acquirer.totals_of(terminal.options().terminal);
            (terminal.receipts().totals().net(), theirs.net())
        };
        self.terminals.iter().map(of).collect()
    }

    /// That both books hold so much of the first terminal.
    #[track_caller]
    pub(super) fn assert_net(&self, net: i64) {
        assert_eq!(
            self.nets()[0],
            (net, net),
            "terminal, acquirer; wire: {:?}",
            self.wire
        );
    }

    #[track_caller]
    pub(super) fn assert_wire(&self, wire: &[&str]) {
        assert_eq!(self.wire, wire);
    }

    pub(super) fn believed(&self) -> Vec<TerminalBelief> {
        self.terminals[0]
            .receipts()
            .list()
            .iter()
            .map(|receipt| receipt.belief)
            .collect()
    }
}
