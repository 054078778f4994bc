//! What the pure gateway costs: a sale comes in and goes on, an answer comes and is passed back,
//! each from its frame to its frame; sockets, disk and clock aside.
//!
//! `cargo bench --bench core` measures times. `cargo bench --bench core -- --count 10000` makes so
//! many sales and exits, for a tool that counts instructions:
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='*a_sale_passes*' BENCH --count 10000 \
//!     --way signed --in-flight 1000
//! ```
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench is no library")]

mod messages;

use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use isogate::engine::gateway::{Action, Event, Gateway, Options, SendId};
use isogate::engine::record::{ConnId, LinkId, ListenerId, Vault, VaultKeys};
use isogate::engine::seam::{Dice, Mono, Now, Wall};
use isogate::io::config::Config;
use isogate::iso::codec::Message;
use isogate::iso::message::{FieldId, MerchantId, TerminalId};
use isogate::iso::security::Key;
use isogate::iso::spec::Spec;
use isogate::lab::peer::{Acquirer, AcquirerAction, AcquirerEvent, AcquirerOptions};
use isogate::lab::peer::{Deck, MasterKeys, TerminalOptions, Workload};
use isogate::lab::peer::{TerminalAction, TerminalEvent, TestTerminal};
use messages::{A, B, hex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

const TERMINALS: usize = 1000;
const ACQUIRER: ConnId = ConnId(0);
const STAN: FieldId = FieldId::of(11);

/// A way through the gateway: dialects, and what is done with the messages.
struct Way {
    name: &'static str,
    terminal: &'static str,
    host: &'static str,
    frame: &'static str,
    /// The gateway knows the master keys: MACs are checked both ways.
    has_keys: bool,
    /// What else the route says.
    route: &'static str,
}

const WAYS: [Way; 5] = [
    Way {
        name: "plain",
        terminal: "cup-pos",
        host: "cup-pos",
        frame: B,
        has_keys: false,
        route: "",
    },
    Way {
        name: "signed",
        terminal: "cup-pos",
        host: "cup-pos",
        frame: B,
        has_keys: true,
        route: "",
    },
    Way {
        name: "signed-translated",
        terminal: "cup-pos",
        host: "iso8583-1987-ascii",
        frame: B,
        has_keys: true,
        route: "rewrite_stan = true\n[route.map]\n60 = \"\"\n61 = \"\"\n62 = \"\"",
    },
    Way {
        name: "ascii",
        terminal: "iso8583-1987-ascii",
        host: "iso8583-1987-ascii",
        frame: A,
        has_keys: false,
        route: "",
    },
    Way {
        name: "ascii-translated",
        terminal: "iso8583-1987-ascii",
        host: "iso8583-1987-binary",
        frame: A,
        has_keys: false,
        route: "rewrite_stan = true\n[route.map]",
    },
];

/// A gateway with terminals that have signed on, and requests on their way to the acquirer.
struct Bench {
    gateway: Gateway,
    now: Now,
    specs: (Arc<Spec>, Arc<Spec>),
    host: Acquirer,
    terminals: Vec<TestTerminal>,
    /// What each terminal's sale looks like, but for its number and MAC.
    patterns: Vec<Message>,
    made: usize,
    /// Requests that the acquirer has not answered.
    upstream: VecDeque<Bytes>,
    /// The last frame to a terminal.
    told: Option<Bytes>,
}

impl Bench {
    fn open(way: &Way, in_flight: usize) -> Self {
        let options = options(way);
        let specs = (
            Arc::clone(&options.listeners[0].spec),
            Arc::clone(&options.links[0].spec),
        );
        let vault = Arc::new(Vault::new(VaultKeys::new(&[1; 32], 1, &[2; 32]), [0; 4]));
        let now = Now {
            mono: Mono(0),
            wall: Wall(1_795_313_472_000_000),
        };
        let names = (0..TERMINALS).map(|number| {
            let merchant = MerchantId::new("MERCHANT0000001").unwrap();
            (merchant, TerminalId::new(&format!("T{number:07}")).unwrap())
        });
        let names: Vec<_> = names.collect();
        let key = Key::new(&[0x31; 16]).unwrap();
        let keys = MasterKeys::listed([], Some(key.clone()));
        let host = AcquirerOptions::new(&specs.1, keys, Deck::new(1, 1));
        let pattern = pattern(way, &specs.0);
        let mut bench = Self {
            gateway: Gateway::recover(options, vault, 1, now, []),
            now,
            specs,
            host: Acquirer::new(host, Dice::new(1)),
            terminals: Vec::new(),
            patterns: Vec::new(),
            made: 0,
            upstream: VecDeque::new(),
            told: None,
        };
        bench.host.handle(now, AcquirerEvent::Connected(ACQUIRER));
        let (link, conn) = (LinkId(0), ACQUIRER);
        bench.happen(Event::LinkUp { link, conn });
        for (merchant, terminal) in names {
            let workload = Workload::on_order(Deck::new(1, 1));
            let mut own = TerminalOptions::new(&bench.specs.0, merchant, terminal, workload);
            own.master = way.has_keys.then(|| key.clone());
            own.stays_connected = true;
            bench.sign_in(TestTerminal::new(own, Dice::new(1)), way.has_keys);
            let mut pattern = pattern.clone();
            pattern.set(FieldId::of(41), &terminal).unwrap();
            pattern.set(FieldId::of(42), &merchant).unwrap();
            bench.patterns.push(pattern);
        }
        for _ in 0..in_flight {
            let (conn, sale) = bench.sale();
            let message = Message::parse(&bench.specs.0, sale).unwrap();
            bench.happen(Event::TerminalMessage { conn, message });
        }
        bench
    }

    /// A terminal connects, and signs on where there are keys to be had.
    fn sign_in(&mut self, mut terminal: TestTerminal, has_keys: bool) {
        let conn = conn(self.terminals.len());
        let listener = ListenerId(0);
        self.happen(Event::TerminalConnected { conn, listener });
        if has_keys {
            terminal.sign_in(self.now);
            terminal.handle(self.now, TerminalEvent::Wake);
        }
        while let Some(action) = terminal.poll_action() {
            match action {
                TerminalAction::Connect => terminal.handle(self.now, TerminalEvent::Connected),
                TerminalAction::Send(frame) => {
                    let message = Message::parse(&self.specs.0, frame).unwrap();
                    self.happen(Event::TerminalMessage { conn, message });
                    while let Some(frame) = self.upstream.pop_front() {
                        self.host
                            .handle(self.now, AcquirerEvent::Frame(ACQUIRER, frame));
                    }
                    while let Some(AcquirerAction::Send { frame, .. }) = self.host.poll_action() {
                        let message = Message::parse(&self.specs.1, frame).unwrap();
                        let conn = ACQUIRER;
                        self.happen(Event::AcquirerMessage { conn, message });
                    }
                    let told = TerminalEvent::Frame(self.told.take().unwrap());
                    terminal.handle(self.now, told);
                }
                TerminalAction::Close { .. } | TerminalAction::Print(_) => {}
            }
        }
        assert_eq!(terminal.is_signed_in(), has_keys, "signed on");
        self.terminals.push(terminal);
    }

    /// The next sale, as it comes from the wire.
    fn sale(&mut self) -> (ConnId, Bytes) {
        let (terminal, stan) = (self.made % TERMINALS, self.made / TERMINALS + 2);
        self.made += 1;
        let mut sale = self.patterns[terminal].clone();
        sale.set(STAN, &format!("{:06}", stan % 1_000_000)).unwrap();
        self.terminals[terminal].seal(&mut sale);
        (conn(terminal), sale.build().unwrap())
    }

    /// The answer to the request that has waited longest.
    fn answer(&mut self) -> Bytes {
        let Some(request) = self.upstream.pop_front() else {
            let told = self.told.clone().unwrap();
            let told = Message::parse(&self.specs.0, told).unwrap();
            panic!("refused with {:?}", told.response_code());
        };
        let request = Message::parse(&self.specs.1, request).unwrap();
        let mut answer = request.answer().unwrap();
        answer.set(FieldId::of(37), "912345678901").unwrap();
        answer.set(FieldId::of(38), "123456").unwrap();
        answer.set(FieldId::of(39), "00").unwrap();
        let name = request.terminal().unwrap();
        let number: usize = name.trim_start_matches('T').parse().unwrap();
        self.terminals[number].seal(&mut answer);
        answer.build().unwrap()
    }

    /// A sale and its answer, both as they come from the wire.
    fn pair(&mut self) -> (ConnId, Bytes, Bytes) {
        let (conn, sale) = self.sale();
        (conn, sale, self.answer())
    }

    /// What is measured: a sale from its frame to the frame that goes on, and an answer from its
    /// frame to the frame that goes back.
    #[inline(never)]
    fn a_sale_passes(&mut self, conn: ConnId, sale: Bytes, answer: Bytes) {
        let message = Message::parse(&self.specs.0, sale).unwrap();
        self.happen(Event::TerminalMessage { conn, message });
        let message = Message::parse(&self.specs.1, answer).unwrap();
        let conn = ACQUIRER;
        self.happen(Event::AcquirerMessage { conn, message });
    }

    /// Hands an event in, and lets every send that it orders be written.
    fn happen(&mut self, event: Event) {
        self.now.mono = self.now.mono + Duration::from_micros(10);
        self.gateway.handle(self.now, event);
        let mut sends: [Option<SendId>; 4] = [None; 4];
        let mut free = sends.iter_mut();
        while let Some(action) = self.gateway.poll_action() {
            if let Action::Send {
                id, conn, frame, ..
            } = action
            {
                *free.next().unwrap() = Some(id);
                match conn {
                    ACQUIRER => self.upstream.push_back(frame),
                    ConnId(_) => self.told = Some(frame),
                }
            }
        }
        for send in sends.into_iter().flatten() {
            self.gateway.handle(self.now, Event::Written(send));
            while let Some(action) = self.gateway.poll_action() {
                assert!(matches!(action, Action::Append(_)), "a send after a send");
            }
        }
    }

    /// The last answer was an approval.
    fn check(&self) {
        let told = Message::parse(&self.specs.0, self.told.clone().unwrap()).unwrap();
        assert_eq!(told.response_code().as_deref(), Some("00"));
    }
}

/// The gateway of a way.
fn options(way: &Way) -> Options {
    let folder = tempfile::tempdir().unwrap();
    let keys = match way.has_keys {
        true => "[gateway]\nkeys = \"keys.toml\"\n",
        false => "",
    };
    let file = "default_tmk = \"31313131313131313131313131313131\"";
    std::fs::write(folder.path().join("keys.toml"), file).unwrap();
    let text = format!(
        "{keys}[[listener]]\nspec = \"{}\"\n[[link]]\nname = \"host\"\nspec = \"{}\"\n\
         sign_on = false\n[limits]\nin_flight = 1000000\nper_link = 1000000\nlive = 1000000\n\
         per_terminal = 1000\n[[route]]\nto = [\"host\"]\n{}",
        way.terminal, way.host, way.route
    );
    let config = Config::parse("bench", &text, folder.path());
    config.unwrap().options
}

/// What a sale looks like there.
fn pattern(way: &Way, spec: &Arc<Spec>) -> Message {
    let frame = match way.frame {
        B => hex(B),
        text => text.as_bytes().to_vec(),
    };
    let mut pattern = Message::parse(spec, frame.into()).unwrap();
    if way.frame == B {
        // As it was measured with other codecs, its digits stand where no kind has them.
        pattern.set(FieldId::of(60), "2200000100050").unwrap();
    }
    pattern
}

/// The connection of a terminal.
fn conn(terminal: usize) -> ConnId {
    ConnId(u64::try_from(terminal).unwrap() + 1)
}

/// Makes sales and exits.
fn count(sales: usize, way: &str, in_flight: usize) {
    let way = WAYS.iter().find(|own| own.name == way).unwrap();
    let mut bench = Bench::open(way, in_flight.max(1));
    for _ in 0..sales {
        let (conn, sale, answer) = bench.pair();
        bench.a_sale_passes(conn, sale, answer);
    }
    bench.check();
}

fn measure() {
    let mut criterion = Criterion::default().configure_from_args();
    let cases = WAYS.iter().map(|way| (way, 1000));
    for (way, in_flight) in cases.chain([(&WAYS[0], 100_000)]) {
        let mut bench = None;
        let name = format!("a sale, {}, {in_flight} in flight", way.name);
        criterion.bench_function(&name, |bencher| {
            let bench = bench.get_or_insert_with(|| Bench::open(way, in_flight));
            let bench = std::cell::RefCell::new(bench);
            bencher.iter_batched(
                || bench.borrow_mut().pair(),
                |(conn, sale, answer)| bench.borrow_mut().a_sale_passes(conn, sale, answer),
                BatchSize::PerIteration,
            );
            bench.borrow().check();
        });
    }
    criterion.final_summary();
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).cloned()
    };
    match after("--count") {
        Some(sales) => {
            let way = after("--way").unwrap_or_else(|| WAYS[0].name.to_owned());
            let in_flight = after("--in-flight").map_or(1000, |text| text.parse().unwrap());
            count(sales.parse().unwrap(), &way, in_flight);
        }
        None => measure(),
    }
}
