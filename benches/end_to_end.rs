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
use isogate::io::drive::load::{Course, Load, LoadOptions, LoadReport, Stretch};
use isogate::io::net::Wire;
use isogate::io::serve::{Handle, Server};
use isogate::iso::message::{MerchantId, TerminalId};
use isogate::iso::spec::Spec;
use isogate::lab::peer::{Acquirer, AcquirerOptions, Deck, MasterKeys, Mix};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn wire(spec: &Arc<Spec>) -> Wire {
    Wire {
        spec: Arc::clone(spec),
        frame: 8192,
        framing: None,
        frame_time: Duration::from_secs(5),
        read: 16 << 10,
    }
}

fn host(spec: &Arc<Spec>) -> Host {
    let options = AcquirerOptions::new(spec, MasterKeys::derived(1), Deck::new(1, 20));
    let acquirer = Acquirer::new(options, Dice::new(1));
    Host::start("127.0.0.1:0".parse().unwrap(), wire(spec), acquirer).unwrap()
}

fn gateway(host: &Host, folder: &Path) -> Handle {
    let text = format!(
        "[journal]\npath = {:?}\n[limits]\nper_link = 100000\nin_flight = 100000\n\
         [admin]\naddress = \"127.0.0.1:0\"\n\
         [[listener]]\naddress = \"127.0.0.1:0\"\n[[link]]\naddress = \"{}\"\n",
        folder.join("journal"),
        host.address(),
    );
    let config = Config::parse("gateway.toml", &text, Path::new("")).unwrap();
    Server::start(config, 1).unwrap()
}

/// Terminals that no other run has.
fn load(run: usize, terminals: u32, course: Course, to: &str) -> LoadReport {
    let spec = Spec::builtin("cup-pos").unwrap();
    let names = (0..terminals).map(|number| {
        let merchant = MerchantId::new("MERCHANT0000001").unwrap();
        (
            merchant,
            TerminalId::new(&format!("{run}{number:07}")).unwrap(),
        )
    });
    let options = LoadOptions {
        to: to.to_owned(),
        wire: wire(&spec),
        in_flight: match course {
            Course::Closed(_) => 1,
            Course::Open(_) | Course::Search(_) => 32,
        },
        course,
        terminals: names.collect(),
        timeout: Duration::from_secs(10),
        mix: Mix::new(&spec, &[("sale", 1)]).unwrap(),
        keys: MasterKeys::derived(1),
        cards: Deck::new(1, 20),
        seed: 1,
    };
    Load::start(options).unwrap().join().unwrap()
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let at = words.iter().position(|word| word == "--seconds");
    let length = Duration::from_secs(at.map_or(3, |at| words[at + 1].parse().unwrap()));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let host = host(&Spec::builtin("cup-pos").unwrap());
    let gateway = gateway(&host, folder.path());
    let to = gateway.ports()[0].address.to_string();
    let open = Course::Open(vec![Stretch::even(5000, length)]);
    let courses = [
        ("50 x 1", 50, Course::Closed(length)),
        ("1000 x 1", 1000, Course::Closed(length)),
        ("50 at 5000/s", 50, open),
    ];
    let heads = ["tx/s", "p50 us", "p99 us", "failed"];
    println!(
        "{:14}{}",
        "terminals",
        heads.map(|head| format!("{head:>10}")).concat()
    );
    for (run, (name, terminals, course)) in courses.into_iter().enumerate() {
        let total = load(run, terminals, course, &to).total;
        let latency = total.latencies.quantiles();
        println!(
            "{name:14}{:>10.0}{:>10}{:>10}{:>10}",
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
