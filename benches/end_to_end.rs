//! Gateway, acquirer and terminals in one process over loopback: what a sale costs from socket to
//! socket, with the strict journal on. A quick look; `side_by_side.sh` measures processes apart.
//!
//! `cargo bench --bench end_to_end -- --seconds 5`
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is no library"
)]

use isogate::engine::seam::Dice;
use isogate::io::config::Config;
use isogate::io::drive::Host;
use isogate::io::drive::load::{Course, Load, LoadOptions, Stretch};
use isogate::io::net::Wire;
use isogate::io::serve::Server;
use isogate::iso::message::{MerchantId, TerminalId};
use isogate::iso::spec::Spec;
use isogate::lab::peer::{Acquirer, AcquirerOptions, Deck, MasterKeys, Mix};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let at = words.iter().position(|word| word == "--seconds");
    let seconds = at.map_or(3, |at| words[at + 1].parse().unwrap());
    let length = Duration::from_secs(seconds);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let spec = Spec::builtin("cup-pos").unwrap();
    let wire = Wire {
        spec: Arc::clone(&spec),
        frame: 8192,
        frame_time: Duration::from_secs(5),
        read: 16 << 10,
    };
    let options = AcquirerOptions::new(&spec, MasterKeys::derived(1), Deck::new(1, 20));
    let acquirer = Acquirer::new(options, Dice::new(1));
    let host = Host::start("127.0.0.1:0".parse().unwrap(), wire.clone(), acquirer).unwrap();
    let text = format!(
        "[journal]\npath = {:?}\n[limits]\nper_link = 100000\nin_flight = 100000\n\
         [[listener]]\naddress = \"127.0.0.1:0\"\n[[link]]\naddress = \"{}\"\n",
        folder.path().join("journal"),
        host.address(),
    );
    let config = Config::parse("gateway.toml", &text, Path::new("")).unwrap();
    let gateway = Server::start(config, 1).unwrap();
    let to = gateway.ports()[0].address.to_string();
    let closed = |terminals| {
        (
            format!("{terminals} x 1"),
            terminals,
            Course::Closed(length),
        )
    };
    let open = Course::Open(vec![Stretch::even(5000, length)]);
    let courses = [
        closed(50),
        closed(1000),
        ("50 at 5000/s".to_owned(), 50, open),
    ];
    println!(
        "{:14}{:>10}{:>10}{:>10}{:>8}",
        "terminals", "tx/s", "p50 us", "p99 us", "failed"
    );
    for (run, (name, terminals, course)) in courses.into_iter().enumerate() {
        let names = (0..terminals).map(|number| {
            let merchant = MerchantId::new("MERCHANT0000001").unwrap();
            (
                merchant,
                TerminalId::new(&format!("{run}{number:07}")).unwrap(),
            )
        });
        let options = LoadOptions {
            to: to.clone(),
            wire: wire.clone(),
            in_flight: if matches!(course, Course::Closed(_)) {
                1
            } else {
                32
            },
            course,
            terminals: names.collect(),
            timeout: Duration::from_secs(10),
            mix: Mix::new(&spec, &[("sale", 1)]).unwrap(),
            keys: MasterKeys::derived(1),
            cards: Deck::new(1, 20),
            seed: 1,
        };
        let total = Load::start(options).unwrap().join().unwrap().total;
        let latency = total.latencies.quantiles();
        println!(
            "{name:14}{:>10.0}{:>10}{:>10}{:>8}",
            total.tps(),
            latency.p50,
            latency.p99,
            total.failed()
        );
    }
    gateway.drain();
    gateway.join().unwrap();
    assert!(host.stop().is_some());
}
