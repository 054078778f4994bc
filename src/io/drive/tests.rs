//! A lab in small: terminals, gateway and acquirer over loopback, and their books compared.

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
    Acquirer, AcquirerOptions, Deck, MasterKeys, Patience, Terminal, TerminalOptions, Workload,
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

fn terminals(spec: &Arc<Spec>, count: usize, each: u64) -> Vec<Terminal> {
    let terminal = |number| {
        let name = TerminalId::new(&format!("T{number:07}")).unwrap();
        let mut workload = Workload::shop(spec, Deck::new(SEED, 10));
        workload.think = Span::millis(0, 5);
        workload.count = Some(each);
        let merchant = MerchantId::new(MERCHANT).unwrap();
        let mut options = TerminalOptions::new(spec, merchant, name, workload);
        options.master = MasterKeys::derived(SEED).of(MERCHANT, &name);
        options.patience = Patience::scaled(50);
        Terminal::new(options, Dice::new(SEED + u64::try_from(number).unwrap()))
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
fn finish(fleet: Fleet) -> Vec<Terminal> {
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
fn net(terminals: &[Terminal]) -> i64 {
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
            if matches!(what, Seen::Printed(_)) {
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
