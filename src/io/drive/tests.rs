//! A lab in small: terminals, gateway and acquirer over loopback, and their books compared.

use super::load::{Course, Load, LoadError, LoadOptions, RateCriterion, RateSearch, Stretch};
use super::*;
use crate::engine::gateway::Keys;
use crate::engine::seam::Dice;
use crate::io::config::Config;
use crate::io::net::Wire;
use crate::io::serve::{Handle, Server};
use crate::iso::message::{MerchantId, TerminalId};
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, Span};
use crate::lab::peer::{
    Acquirer, AcquirerOptions, Deck, MasterKeys, Mix, Patience, TerminalOptions, TestTerminal,
    Workload,
};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SEED: u64 = 7;
const MERCHANT: &str = "874350357222471";

fn wire(spec: &Arc<Spec>) -> Wire {
    Wire {
        spec: Arc::clone(spec),
        framing: None,
        frame: 8192,
        frame_time: Duration::from_secs(5),
        read: 4096,
    }
}

fn host(spec: &Arc<Spec>) -> Host {
    let options = AcquirerOptions::new(spec, MasterKeys::derived(SEED), Deck::new(SEED, 10));
    let acquirer = Acquirer::new(options, Dice::new(SEED));
    Host::start("127.0.0.1:0".parse().unwrap(), wire(spec), acquirer).unwrap()
}

fn terminals(spec: &Arc<Spec>, count: usize, each: u64) -> Vec<TestTerminal> {
    let terminal = |number| {
        let name = TerminalId::new(&format!("T{number:07}")).unwrap();
        let mut workload = Workload::shop(spec, Deck::new(SEED, 10));
        workload.think = Span::millis(0, 5);
        workload.count = Some(each);
        let merchant = MerchantId::new(MERCHANT).unwrap();
        let mut options = TerminalOptions::new(spec, merchant, name, workload);
        options.master = MasterKeys::derived(SEED).of(MERCHANT, &name);
        options.patience = Patience::scaled(50);
        TestTerminal::new(options, Dice::new(SEED + u64::try_from(number).unwrap()))
    };
    (0..count).map(terminal).collect()
}

fn gateway(to: SocketAddr, spec: &str, folder: &Path) -> Handle {
    let text = format!(
        "[journal]\npath = {:?}\n[ladder]\nscale = 50\n\
         [[listener]]\naddress = \"127.0.0.1:0\"\nspec = \"{spec}\"\n\
         [[link]]\naddress = \"{to}\"\nspec = \"{spec}\"\n",
        folder.join("journal"),
    );
    let mut config = Config::parse("lab.toml", &text, Path::new("")).unwrap();
    let keys = MasterKeys::derived(SEED);
    config.options.keys = Keys {
        terminals: (0..20)
            .map(|number| format!("T{number:07}"))
            .map(|name| {
                (
                    MERCHANT.to_owned(),
                    name.clone(),
                    keys.of(MERCHANT, &name).unwrap(),
                )
            })
            .collect(),
        default: None,
    };
    Server::start(config, SEED).unwrap()
}

/// Waits until every terminal has nothing more to do, and stops them.
fn finish(fleet: Fleet) -> Vec<TestTerminal> {
    let began = Instant::now();
    while fleet
        .each(|terminal, _| terminal.is_idle())
        .contains(&false)
    {
        assert!(began.elapsed() < Duration::from_secs(20), "they never end");
        std::thread::sleep(Duration::from_millis(5));
    }
    fleet.stop()
}

/// What all of them believe is held of the cardholders' money.
fn net(terminals: &[TestTerminal]) -> i64 {
    let each = terminals
        .iter()
        .map(|terminal| terminal.receipts().totals());
    each.map(|totals| totals.net()).sum()
}

#[test]
fn terminals_and_acquirer_have_the_same_books_with_the_gateway_between_them() {
    for spec in ["cup-pos", "iso8583-1987-ascii"] {
        let folder = tempfile::tempdir().unwrap();
        let known = Spec::builtin(spec).unwrap();
        let host = host(&known);
        let gateway = gateway(host.address(), spec, folder.path());
        let slips = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&slips);
        let to = gateway.ports()[0].address.to_string();
        let fleet = Fleet::start(to, wire(&known), terminals(&known, 5, 8), move |_, what| {
            if matches!(what, TerminalSight::Printed(_)) {
                seen.fetch_add(1, Ordering::Relaxed);
            }
        });
        let terminals = finish(fleet.unwrap());
        assert_eq!(terminals.len(), 5);
        assert!(slips.load(Ordering::Relaxed) >= 40, "{slips:?} slips");
        let books = host.with(|acquirer, _| acquirer.totals()).unwrap();
        assert!(books.taken > 0, "{spec}: nothing was sold");
        assert_eq!(net(&terminals), books.net(), "{spec}");
        gateway.drain();
        gateway.join().unwrap();
        assert!(host.stop().is_some());
    }
}

#[test]
fn an_acquirer_that_goes_down_comes_back_at_the_same_address() {
    let spec = Spec::builtin("cup-pos").unwrap();
    let host = host(&spec);
    let address = host.address();
    let wait_for = |open: bool| {
        let began = Instant::now();
        while std::net::TcpStream::connect(address).is_ok() != open {
            assert!(began.elapsed() < Duration::from_secs(5), "open: {open}");
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    wait_for(true);
    let down: Armed = "F06:every=1s,for=1s".parse().unwrap();
    host.with(|acquirer, _| acquirer.faults().add(down));
    wait_for(false);
    host.with(|acquirer, now| acquirer.heal(now));
    wait_for(true);
}

fn load_options(to: SocketAddr) -> LoadOptions {
    let spec = Spec::builtin("cup-pos").unwrap();
    let merchant = MerchantId::new(MERCHANT).unwrap();
    let name = |number: u16| TerminalId::new(&format!("T{number:07}")).unwrap();
    LoadOptions {
        to: to.to_string(),
        wire: wire(&spec),
        course: Course::Open(vec![Stretch::even(500, Duration::from_millis(400))]),
        terminals: (0..10).map(|number| (merchant, name(number))).collect(),
        in_flight: 32,
        timeout: Duration::from_secs(5),
        mix: Mix::new(&spec, &[("sale", 1)]).unwrap(),
        keys: MasterKeys::derived(SEED),
        cards: Deck::new(SEED, 10),
        seed: SEED,
    }
}

#[test]
fn a_load_is_offered_at_its_rate_and_every_answer_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&Spec::builtin("cup-pos").unwrap());
    let gateway = gateway(host.address(), "cup-pos", folder.path());
    let options = load_options(gateway.ports()[0].address);
    let report = Load::start(options).unwrap().join().unwrap();
    let total = &report.total;
    assert_eq!((total.offered, total.sent + total.dropped), (200, 200));
    assert_eq!(
        (total.approved, total.errors, total.strays),
        (total.sent, 0, 0)
    );
    let latency = total.latencies.quantiles();
    assert!(0 < latency.p50 && latency.p50 <= latency.max);
    let booked = host.with(|acquirer, _| acquirer.totals().taken / 100);
    assert_eq!(booked, Some(total.sent));
}

#[test]
fn a_mix_is_approved_kind_by_kind_its_follow_ups_too() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Spec::builtin("cup-pos").unwrap();
    let host = host(&spec);
    let gateway = gateway(host.address(), "cup-pos", folder.path());
    let mut options = load_options(gateway.ports()[0].address);
    options.mix = Mix::shop(&spec).unwrap();
    let report = Load::start(options).unwrap().join().unwrap();
    assert_eq!(
        report.total.approved, report.total.sent,
        "{:?}",
        report.kinds
    );
    let sent = |name: &str| {
        report
            .kinds
            .iter()
            .find(|kind| &*kind.name == name)
            .unwrap()
            .sent
    };
    assert!(
        sent("sale_void") > 0 && sent("completion") > 0,
        "{:?}",
        report.kinds
    );
}

#[test]
fn a_closed_loop_and_a_search_measure_what_they_send() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(&Spec::builtin("cup-pos").unwrap());
    let gateway = gateway(host.address(), "cup-pos", folder.path());
    let to = gateway.ports()[0].address;
    let length = Duration::from_millis(200);
    let mut options = load_options(to);
    options.course = Course::Closed(length);
    options.in_flight = 1;
    let total = Load::start(options).unwrap().join().unwrap().total;
    assert!(total.sent > 10 && total.approved == total.sent, "{total:?}");

    let mut options = load_options(to);
    let merchant = MerchantId::new(MERCHANT).unwrap();
    options.terminals = vec![(merchant, TerminalId::new("T0000011").unwrap())];
    let holds = RateCriterion::new(|figures| figures.sent <= 10);
    options.course = Course::Search(RateSearch::new(20, length, holds));
    let report = Load::start(options).unwrap().join().unwrap();
    assert!(
        report.found.is_some_and(|rate| (47..=54).contains(&rate)),
        "{report:?}"
    );
}

#[test]
fn a_load_that_would_use_numbers_twice_is_refused() {
    let mut options = load_options("127.0.0.1:1".parse().unwrap());
    options.course = Course::Open(vec![Stretch::even(100_000, Duration::from_secs(600))]);
    let error = options.check().unwrap_err().to_string();
    assert!(
        error.starts_with("60000000 requests need as many trace numbers, and 10 terminals have"),
        "{error}"
    );
    assert!(error.ends_with("use at least 61 terminals"), "{error}");
}

#[test]
fn a_load_with_nobody_to_talk_to_says_so() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let error = Load::start(load_options(address))
        .unwrap()
        .join()
        .unwrap_err();
    assert!(matches!(error, LoadError::Nobody { .. }), "{error}");
}
