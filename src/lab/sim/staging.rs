//! What a world is put together from: by the dice of a seed, or by hand.

use super::chances::{Chances, SCALE};
use super::house::options;
use super::machine::MachineOptions;
use crate::engine::gateway::Options;
use crate::engine::seam::{Dice, Mono, Now, Wall};
use crate::iso::message::{MerchantId, TerminalId};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide, Faults, Span};
use crate::lab::peer::{
    Acquirer, AcquirerOptions, Deck, MasterKeys, Patience, TerminalOptions, TestTerminal, Workload,
};
use std::sync::Arc;
use std::time::Duration;

/// A gateway and its far ends, not switched on yet.
#[derive(Debug)]
pub struct Staging {
    /// What the machine is seeded with.
    pub seed: u64,
    /// The dice of the world: ways of frames, syncs, accidents.
    pub dice: Dice,
    /// The set-up of the gateway.
    pub options: Options,
    /// The process around it.
    pub machine: MachineOptions,
    /// Connections of its link.
    pub connections: usize,
    /// The longest way of a frame.
    pub latency: Duration,
    /// How long the link waits before it connects again to an acquirer that refuses.
    pub reconnect: Duration,
    /// The longest sync of the disk.
    pub sync: Duration,
    /// When it begins.
    pub begins: Now,
    /// Whether what passes is kept for `World::passages`.
    pub taped: bool,
    /// What the terminals speak, and what the acquirer.
    pub specs: (Arc<Spec>, Arc<Spec>),
    /// The terminals.
    pub terminals: Vec<TestTerminal>,
    /// The acquirer.
    pub acquirer: Acquirer,
}

fn terminal_names(at: usize) -> (MerchantId, TerminalId) {
    let merchant = MerchantId::new("874350357222471").unwrap_or_default();
    (
        merchant,
        TerminalId::new(&format!("104216{at:02}")).unwrap_or_default(),
    )
}

/// The test cards of a world of chance.
pub(super) fn deck(chances: &Chances) -> Deck {
    Deck::new(chances.seed, 12)
}

/// As the seed throws it.
pub(super) fn thrown(chances: &Chances) -> Staging {
    let mut dice = Dice::new(chances.seed);
    let spec = Spec::builtin(chances.spec).expect("a world speaks a built-in dialect");
    let host_spec = Spec::builtin(chances.host_spec.unwrap_or(chances.spec))
        .expect("an acquirer speaks a built-in dialect");
    let armed: Vec<Armed> = chances
        .faults
        .iter()
        .filter_map(|fault| fault.parse().ok())
        .collect();
    let deck = deck(chances);
    let masters = MasterKeys::derived(chances.seed);
    let names: Vec<_> = (0..chances.terminals).map(terminal_names).collect();
    let keys: Vec<(String, String, Key)> = names
        .iter()
        .filter_map(|(m, t)| Some((m.to_string(), t.to_string(), masters.of(m, t)?)))
        .collect();
    let terminals = names
        .into_iter()
        .map(|(merchant, terminal)| {
            let mut workload = Workload::shop(&spec, deck.clone());
            workload.think = Span::millis(5, 400);
            let mut own = TerminalOptions::new(&spec, merchant, terminal, workload);
            own.master = masters.of(&merchant, &terminal);
            own.patience = Patience::scaled(SCALE);
            own.stays_connected = dice.chance(1, 2);
            own.faults = Faults::at(FaultSide::Terminal, &armed, dice.split());
            TestTerminal::new(own, dice.split())
        })
        .collect();
    let mut theirs = AcquirerOptions::new(&host_spec, masters, deck);
    theirs.latency = Span::millis(0, 20);
    theirs.faults = Faults::at(FaultSide::Acquirer, &armed, dice.split());
    Staging {
        seed: chances.seed,
        acquirer: Acquirer::new(theirs, dice.split()),
        options: options(chances, (&spec, &host_spec), keys),
        machine: MachineOptions {
            segment_bytes: chances.segment,
            reserve_bytes: 0,
            watch: true,
            ..MachineOptions::default()
        },
        connections: chances.connections,
        latency: chances.latency,
        reconnect: Duration::from_millis(20),
        sync: chances.sync,
        begins: Now {
            mono: Mono(1_000_000),
            wall: Wall(1_795_313_472_000_000),
        },
        taped: false,
        specs: (spec, host_spec),
        terminals,
        dice,
    }
}
