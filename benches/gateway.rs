//! What the core costs: a sale through it and its answer back, sockets and disk aside.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench is no library")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use isogate::engine::gateway::{Action, Event, Gateway, SendId};
use isogate::engine::record::{ConnId, LinkId, ListenerId, Vault, VaultKeys};
use isogate::engine::seam::{Mono, Now, Wall};
use isogate::io::config::Config;
use isogate::iso::codec::Message;
use isogate::iso::message::FieldId;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TERMINAL: ConnId = ConnId(1);
const ACQUIRER: ConnId = ConnId(2);

/// A gateway with nothing configured, one terminal and one connection to the acquirer.
struct Counter {
    gateway: Gateway,
    now: Now,
}

impl Counter {
    fn open(config: Config) -> Self {
        let vault = Arc::new(Vault::new(VaultKeys::new(&[1; 32], 1, &[2; 32]), [0; 4]));
        let now = Now {
            mono: Mono(0),
            wall: Wall(1_795_313_472_000_000),
        };
        let gateway = Gateway::recover(config.options, vault, 1, now, []);
        let mut counter = Self { gateway, now };
        counter.happen(Event::LinkUp {
            link: LinkId(0),
            conn: ACQUIRER,
        });
        counter.happen(Event::TerminalConnected {
            conn: TERMINAL,
            listener: ListenerId(0),
        });
        counter
    }

    /// Hands an event in, and lets every send that it orders be written.
    fn happen(&mut self, event: Event) {
        self.now.mono = self.now.mono + Duration::from_micros(20);
        self.gateway.handle(self.now, event);
        let mut sends: Vec<SendId> = Vec::new();
        while let Some(action) = self.gateway.poll_action() {
            if let Action::Send { id, .. } = action {
                sends.push(id);
            }
        }
        for send in sends {
            self.happen(Event::Written(send));
        }
    }
}

/// A sale of its own number, and its answer, as they come from the wire.
fn exchange(plain: &Message, stan: u32) -> (Message, Message) {
    let mut sale = plain.clone();
    sale.set(FieldId::of(11), &format!("{stan:06}")).unwrap();
    let sale = Message::parse(sale.spec(), sale.build().unwrap()).unwrap();
    let mut answer = sale.answer().unwrap();
    answer.set(FieldId::of(39), "00").unwrap();
    let answer = Message::parse(answer.spec(), answer.build().unwrap()).unwrap();
    (sale, answer)
}

fn gateway(c: &mut Criterion) {
    let config = Config::parse("bench", "", Path::new(".")).unwrap();
    let spec = Arc::clone(&config.options.listeners[0].spec);
    let mut plain = Message::new(&spec, "0200".parse().unwrap());
    for (field, value) in [
        (2, "6226090000000048"),
        (3, "000000"),
        (4, "000000088800"),
        (22, "021"),
        (25, "00"),
        (41, "10421695"),
        (42, "874350357222471"),
        (49, "156"),
        (60, "22000001000"),
    ] {
        plain.set(FieldId::of(field), value).unwrap();
    }
    let mut counter = Counter::open(config);
    let mut stan = 0;
    let mut next = || {
        stan = stan % 999_999 + 1;
        exchange(&plain, stan)
    };
    c.bench_function("a sale and its answer through the core", |bench| {
        bench.iter_batched(
            &mut next,
            |(sale, answer)| {
                counter.happen(Event::TerminalMessage {
                    conn: TERMINAL,
                    message: sale,
                });
                counter.happen(Event::AcquirerMessage {
                    conn: ACQUIRER,
                    message: answer,
                });
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, gateway);
criterion_main!(benches);
