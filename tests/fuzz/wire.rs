//! A black box: a running gateway gets mutated frames and random bytes from terminals and from an
//! acquirer, while honest terminals trade with an honest acquirer. Their trade goes on and stays
//! right, nothing crashes, and the gateway is healthy.

use crate::mutate::mutated;
use crate::rig::{House, Trade, eventually};
use crate::targets::TARGETS;
use isogate::engine::seam::Dice;
use isogate::iso::codec::Framer;
use isogate::iso::spec::Spec;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Frames of strangers on each side.
const FRAMES: u64 = 2_000;
const DIALECT: &str = "iso8583-1987-ascii";

/// Frames of the dialect, to be mutated.
fn samples() -> Vec<Vec<u8>> {
    let place = Spec::builtin_names()
        .iter()
        .position(|name| *name == DIALECT);
    let place = u8::try_from(place.unwrap()).unwrap();
    let seeds = (TARGETS[0].seeds)().into_iter();
    let mut own: Vec<Vec<u8>> = seeds.filter(|seed| seed[0] == place).collect();
    for seed in &mut own {
        seed.remove(0);
    }
    own
}

/// What a stranger sends next: a mutated frame behind its length, or behind a wrong one, or noise.
fn noise(samples: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let frame = mutated(samples, false, dice);
    let framer = Framer::new(&Spec::builtin(DIALECT).unwrap(), 64 << 10);
    let mut framed = bytes::BytesMut::new();
    match dice.below(20) {
        0 => frame,
        1 => {
            let mut any = vec![0; usize::try_from(dice.below(64)).unwrap()];
            dice.fill(&mut any);
            any
        }
        _ => {
            let _too_long = framer.wrap(&frame, &mut framed);
            framed.to_vec()
        }
    }
}

/// Makes noise on a connection until it is closed or enough is said; how much was said.
fn shout(mut stream: TcpStream, samples: &[Vec<u8>], dice: &mut Dice) -> u64 {
    let waits = Some(Duration::from_millis(1));
    stream.set_read_timeout(waits).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let mut heard: Vec<Vec<u8>> = samples.to_vec();
    for said in 0..dice.between(1, 200) {
        if stream.write_all(&noise(&heard, dice)).is_err() {
            return said;
        }
        let mut bytes = [0; 2048];
        // What is heard is said again, changed: answers that fit somebody's question.
        match stream.read(&mut bytes) {
            Ok(0) => return said,
            Ok(count) if count > 2 && heard.len() < 200 => heard.push(bytes[2..count].to_vec()),
            _ => {}
        }
    }
    200
}

/// An acquirer that makes noise on every connection; counts what it said.
fn evil(seed: u64, done: &Arc<AtomicBool>, said: &Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (done, said) = (Arc::clone(done), Arc::clone(said));
    std::thread::spawn(move || {
        let (samples, mut dice) = (samples(), Dice::new(seed));
        for stream in listener.incoming().flatten() {
            if done.load(Ordering::Relaxed) {
                return;
            }
            said.fetch_add(shout(stream, &samples, &mut dice), Ordering::Relaxed);
        }
    });
    port
}

fn config(honest: u16, evil: u16) -> String {
    let link = |name: &str, port: u16| {
        format!(
            "[[link]]\nname = \"{name}\"\naddress = \"127.0.0.1:{port}\"\nspec = \"{DIALECT}\"\n\
             connections = 1\nsign_on = false\necho_interval = \"0s\"\n\
             reconnect = {{ first = \"1ms\", max = \"5ms\" }}\n"
        )
    };
    let listener = format!("[[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"{DIALECT}\"\n");
    let routes = "[[route]]\nto = [\"honest\"]\nmatch = { terminal = \"700000*\" }\n\
                  reversal = { by = \"both\" }\n[[route]]\nto = [\"evil\"]\n[ladder]\nscale = 50\n";
    [
        listener,
        link("honest", honest),
        link("evil", evil),
        routes.to_owned(),
    ]
    .concat()
}

/// `ISOGATE_FUZZ_RUNS` and `ISOGATE_SEED` as for the other targets.
#[test]
#[expect(clippy::print_stdout, reason = "what a campaign was, for its ledger")]
fn strangers_on_both_sides_are_no_concern_of_the_honest() {
    let frames = super::number("ISOGATE_FUZZ_RUNS", FRAMES);
    let seed = super::number("ISOGATE_SEED", 7);
    let (done, above, mut below) = (Arc::default(), Arc::default(), 0);
    let mut trade = Trade::new();
    let text = config(trade.acquirer, evil(seed, &done, &above));
    let house = House::start(TempDir::new().unwrap(), &text);
    trade.gateway.store(house.listener(), Ordering::Relaxed);
    trade.open(4);
    let (samples, mut dice) = (samples(), Dice::new(seed + 1));
    while below < frames {
        let stream = TcpStream::connect(("127.0.0.1", house.listener())).unwrap();
        below += shout(stream, &samples, &mut dice);
    }
    let approved = || {
        let ledger = trade.ledger.lock().unwrap();
        ledger.values().filter(|entry| entry.bookings > 0).count()
    };
    let before = approved();
    eventually("honest trade to go on", || {
        (approved() > before + 10).then_some(())
    });
    assert!(
        house.fetch("/health").starts_with("HTTP/1.1 200"),
        "{}",
        house.fetch("/health")
    );
    done.store(true, Ordering::Relaxed);
    let receipts: BTreeMap<_, _> = trade.close();
    assert!(trade.unanswered.is_empty(), "{:?}", trade.unanswered);
    assert!(
        !house.log().contains("panicked"),
        "a thread of the gateway panicked"
    );
    let ledger = trade.ledger.lock().unwrap().clone();
    for (name, entry) in &ledger {
        let receipt = receipts.get(name).copied().unwrap_or_default();
        assert_eq!(
            entry.held(),
            receipt,
            "held and receipt of {name:?}: {entry:?}"
        );
    }
    println!(
        "wire: {below} frames from below, {} from above, seed {seed}, {} receipts",
        above.load(Ordering::Relaxed),
        receipts.len()
    );
}
