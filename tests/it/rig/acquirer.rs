//! An acquirer with an honest book, and terminals that trade with it through a gateway: plain
//! threads in a dialect without MAC. They share no code with the lab's own brains.

use super::wire::Wire;
use isogate::iso::codec::Message;
use isogate::iso::message::FieldPath;
use isogate::iso::spec::Spec;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Terminal and trace number.
pub(crate) type Name = (String, String);

/// What the acquirer knows of one name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// What it approved, in minor units.
    pub(crate) approved: u64,
    /// How often it booked that.
    pub(crate) bookings: u32,
    /// Whether it was reversed, before or after.
    pub(crate) reversed: bool,
}

impl Entry {
    /// What is held of the cardholder's money.
    pub(crate) fn held(&self) -> u64 {
        if self.reversed { 0 } else { self.approved }
    }
}

/// What terminals keep: their receipts, and the sales whose reversal nobody answered.
type Kept = (BTreeMap<Name, u64>, BTreeSet<Name>);

/// The acquirer's book.
pub(crate) type Ledger = Arc<Mutex<BTreeMap<Name, Entry>>>;

/// A whole trade: an acquirer, and terminals that go on until they are told to finish.
pub(crate) struct Trade {
    pub(crate) ledger: Ledger,
    /// Where the gateway listens now.
    pub(crate) gateway: Arc<AtomicU16>,
    closing: Arc<AtomicBool>,
    terminals: Vec<JoinHandle<Kept>>,
    /// Sales whose reversal nobody answered, once it is closed.
    pub(crate) unanswered: BTreeSet<Name>,
    pub(crate) acquirer: u16,
}

impl Trade {
    /// An acquirer that listens, and no terminal yet.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let acquirer = listener.local_addr().unwrap().port();
        let ledger = Ledger::default();
        let book = Arc::clone(&ledger);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (wire, book) = (Wire::new(stream, &dialect()), Arc::clone(&book));
                std::thread::spawn(move || serve(wire, &book));
            }
        });
        Self {
            ledger,
            gateway: Arc::default(),
            closing: Arc::default(),
            terminals: Vec::new(),
            unanswered: BTreeSet::new(),
            acquirer,
        }
    }

    /// Lets so many terminals begin.
    pub(crate) fn open(&mut self, terminals: u32) {
        for number in 0..terminals {
            let (gateway, closing) = (Arc::clone(&self.gateway), Arc::clone(&self.closing));
            let terminal = format!("{:08}", 70_000_000 + number);
            let trade = move || {
                let mut till = Till {
                    terminal,
                    gateway,
                    wire: None,
                };
                till.trade(&closing)
            };
            self.terminals.push(std::thread::spawn(trade));
        }
    }

    /// Lets every terminal finish what it began, and gives all receipts.
    pub(crate) fn close(&mut self) -> BTreeMap<Name, u64> {
        self.closing.store(true, Ordering::Relaxed);
        let terminals = std::mem::take(&mut self.terminals);
        let mut all = BTreeMap::new();
        for terminal in terminals {
            let (receipts, unanswered) = terminal.join().unwrap();
            all.extend(receipts);
            self.unanswered.extend(unanswered);
        }
        all
    }
}

fn dialect() -> Arc<Spec> {
    Spec::builtin("iso8583-1987-ascii").unwrap()
}

fn text(message: &Message, path: &str) -> String {
    let path: FieldPath = path.parse().unwrap();
    message
        .text(path)
        .map(|text| text.into_owned())
        .unwrap_or_default()
}

fn set(message: &mut Message, path: &str, value: &str) {
    message
        .set(path.parse::<FieldPath>().unwrap(), value)
        .unwrap();
}

/// Answers what comes on one connection, until it closes.
fn serve(mut wire: Wire, book: &Ledger) {
    while let Some(request) = wire.receive_within(Duration::from_secs(3600)) {
        let name = (text(&request, "41"), text(&request, "11"));
        let stan: u64 = name.1.parse().unwrap();
        let mut book = book.lock().unwrap();
        let entry = book.entry(name).or_default();
        let code = if request.mti().to_string().starts_with("04") {
            let known = entry.bookings > 0;
            entry.reversed = true;
            if known { "00" } else { "25" }
        } else if entry.reversed || stan.is_multiple_of(11) {
            "05"
        } else {
            entry.approved = text(&request, "4").parse().unwrap();
            entry.bookings += 1;
            "00"
        };
        drop(book);
        // Some answers get lost, of sales only.
        if stan.is_multiple_of(29) && request.mti().to_string().starts_with("02") {
            continue;
        }
        let mut answer = request.answer().unwrap();
        set(&mut answer, "39", code);
        wire.send(&answer);
    }
}

/// One terminal.
struct Till {
    terminal: String,
    gateway: Arc<AtomicU16>,
    wire: Option<Wire>,
}

impl Till {
    /// Sells until it is told to close.
    fn trade(&mut self, closing: &AtomicBool) -> Kept {
        let (mut receipts, mut unanswered) = Kept::default();
        for stan in 1.. {
            if closing.load(Ordering::Relaxed) {
                break;
            }
            let stan = format!("{stan:06}");
            let amount = 100 + stan.parse::<u64>().unwrap() % 50;
            let sale = self.message("0200", &stan, amount);
            match self.exchange(&sale, Duration::from_millis(1200)).as_deref() {
                Some("00") => {
                    receipts.insert((self.terminal.clone(), stan), amount);
                }
                Some(_declined) => {}
                None if self.reverse(&sale) => {}
                None => drop(unanswered.insert((self.terminal.clone(), stan))),
            }
        }
        (receipts, unanswered)
    }

    /// Reverses a sale of which it has no answer, until that is answered for good; false if it
    /// gave up, having asked for long.
    fn reverse(&mut self, sale: &Message) -> bool {
        let (stan, amount) = (text(sale, "11"), text(sale, "4").parse().unwrap());
        let mut reversal = self.message("0400", &stan, amount);
        set(&mut reversal, "39", "68");
        set(&mut reversal, "90.1", "0200");
        set(&mut reversal, "90.2", &stan);
        set(&mut reversal, "90.3", &text(sale, "7"));
        let end = Instant::now() + super::PATIENCE;
        while Instant::now() < end {
            let code = self.exchange(&reversal, Duration::from_millis(1200));
            if matches!(code.as_deref(), Some("00" | "25" | "12")) {
                return true;
            }
        }
        false
    }

    fn message(&self, mti: &str, stan: &str, amount: u64) -> Message {
        let mut message = Message::new(&dialect(), mti.parse().unwrap());
        for (path, value) in [
            ("2", "6216261839475162738"),
            ("3", "000000"),
            ("4", &format!("{amount:012}")),
            ("7", "1122101112"),
            ("11", stan),
            ("41", &self.terminal),
            ("42", "874350357222471"),
            ("49", "156"),
        ] {
            set(&mut message, path, value);
        }
        message
    }

    /// Sends a message, and gives the code of its answer; without one the connection is given up.
    fn exchange(&mut self, message: &Message, patience: Duration) -> Option<String> {
        let port = self.gateway.load(Ordering::Relaxed);
        let mut wire = self
            .wire
            .take()
            .unwrap_or_else(|| Wire::connect(port, &dialect()));
        wire.send(message);
        let answer = wire.receive_within(patience)?;
        assert_eq!(
            text(&answer, "11"),
            text(message, "11"),
            "an answer of another transaction"
        );
        self.wire = Some(wire);
        Some(text(&answer, "39"))
    }
}
