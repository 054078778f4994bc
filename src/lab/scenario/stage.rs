//! The gateway and its far ends, as the field has them: the waiting times of the specifications,
//! one acquirer, as many terminals as the story names.

use super::story::{Happening, Scenario};
use crate::engine::gateway::{
    Balance, Keys, Ladder, Limits, LinkOptions, ListenerOptions, Match, Options, ReversalBy,
    ReversalOptions, RouteOptions, SignOn,
};
use crate::engine::record::LinkId;
use crate::engine::seam::{Dice, Mono, Now, Wall, Zone};
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::security::Key;
use crate::lab::fault::Span;
use crate::lab::office::OfficeTerms;
use crate::lab::peer::{
    Acquirer, AcquirerOptions, Deck, MasterKeys, TerminalOptions, TestTerminal, Workload,
};
use crate::lab::sim::{MachineOptions, Staging};
use std::time::Duration;

/// Before the story, terminals sign in.
pub(super) const EVE: Duration = Duration::from_secs(60);

/// One seed for all: what differs between scenarios stands in their files.
const SEED: u64 = 7;

/// Cards that a story may name.
const CARDS: usize = 100;

/// How long the acquirer takes for an answer.
const THINKS: u64 = 200;

/// The far ends of a story, and the keys that they share.
#[derive(Debug)]
pub struct StoryCast {
    /// Merchant and terminal numbers, in the order of the terminals.
    pub names: Vec<(MerchantId, TerminalId)>,
    /// The terminals' master keys.
    pub masters: MasterKeys,
    /// The terminals.
    pub terminals: Vec<TestTerminal>,
    /// The acquirer.
    pub acquirer: Acquirer,
    /// What chance is left for the gateway.
    pub dice: Dice,
}

/// The far ends of a story; nothing goes wrong with them yet.
#[must_use]
pub fn cast(scenario: &Scenario) -> StoryCast {
    let mut dice = Dice::new(SEED);
    let spec = &scenario.spec;
    let deck = Deck::new(SEED, CARDS);
    let masters = MasterKeys::derived(SEED);
    let names: Vec<_> = (0..terminals(scenario)).map(names_of).collect();
    let terminals = names.iter().map(|(merchant, terminal)| {
        let workload = Workload::on_order(deck.clone());
        let mut own = TerminalOptions::new(spec, *merchant, *terminal, workload);
        own.master = masters.of(merchant, terminal);
        own.stays_connected = true;
        own.reverses = scenario.reverses != ReversalBy::Gateway;
        TestTerminal::new(own, dice.split())
    });
    let terminals = terminals.collect();
    let mut theirs = AcquirerOptions::new(spec, masters.clone(), deck);
    theirs.latency = Span::millis(THINKS, THINKS);
    theirs.office = Some(OfficeTerms {
        merchants: scenario.merchant.iter().cloned().collect(),
        ..OfficeTerms::default()
    });
    StoryCast {
        names,
        masters,
        terminals,
        acquirer: Acquirer::new(theirs, dice.split()),
        dice,
    }
}

/// Of a story that begins then, in virtual time.
pub(super) fn staging(scenario: &Scenario, begins: Wall) -> Staging {
    let cast = cast(scenario);
    let keys: Vec<(String, String, Key)> = cast
        .names
        .iter()
        .filter_map(|(m, t)| Some((m.to_string(), t.to_string(), cast.masters.of(m, t)?)))
        .collect();
    let spec = &scenario.spec;
    Staging {
        seed: SEED,
        options: options(scenario, keys),
        machine: MachineOptions {
            reserve_bytes: 0,
            watch: true,
            ..MachineOptions::default()
        },
        connections: 1,
        latency: Duration::from_millis(5),
        reconnect: Duration::from_secs(5),
        sync: Duration::from_millis(1),
        begins: Now {
            mono: Mono(1_000_000),
            wall: begins,
        },
        taped: true,
        specs: (spec.clone(), spec.clone()),
        acquirer: cast.acquirer,
        terminals: cast.terminals,
        dice: cast.dice,
    }
}

/// How many terminals the story names.
fn terminals(scenario: &Scenario) -> usize {
    let named = scenario
        .happenings
        .iter()
        .map(|happens| match happens.what {
            Happening::Trade { terminal, .. } | Happening::SignIn(terminal) => terminal + 1,
            Happening::Nothing | Happening::Look | Happening::Restart | Happening::Cut => 1,
        });
    named.max().unwrap_or(1)
}

/// The merchant of every story.
pub(super) fn merchant_id() -> MerchantId {
    MerchantId::new("874350357222471").unwrap_or_default()
}

fn names_of(at: usize) -> (MerchantId, TerminalId) {
    (
        merchant_id(),
        TerminalId::new(&format!("104216{:02}", at + 1)).unwrap_or_default(),
    )
}

fn options(scenario: &Scenario, keys: Vec<(String, String, Key)>) -> Options {
    Options {
        name: Text::new("scenario").unwrap_or_default(),
        listeners: vec![ListenerOptions::open(scenario.spec.clone())],
        links: vec![LinkOptions {
            name: Text::new("acquirer").unwrap_or_default(),
            spec: scenario.spec.clone(),
            sign_on: SignOn::Nothing,
            echo_interval: Duration::ZERO,
        }],
        routes: vec![RouteOptions {
            to: vec![LinkId(0)],
            balance: Balance::default(),
            takes: Match::default(),
            rewrite_stan: false,
            map: None,
            key: Vec::new(),
            timeout: Duration::from_secs(45),
            reversal: ReversalOptions {
                by: scenario.reverses,
                tries: 6,
                expire: Duration::from_secs(24 * 3600),
                unproven: false,
            },
        }],
        keys: Keys {
            terminals: keys,
            default: None,
        },
        limits: Limits::default(),
        ladder: Ladder::scaled(1),
        zone: Zone::CHINA,
    }
}
