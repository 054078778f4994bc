//! What may happen in a world, and how often: thrown from the seed, and printed before the run.
//! All waiting times are the field's, divided by [`SCALE`].

use crate::engine::seam::Dice;
use crate::engine::seam::planted::Bug;
use std::fmt;
use std::time::Duration;

/// The waiting times of the field are divided by this, in worlds and labs alike.
pub const SCALE: u32 = 50;

/// How a world is set up. Every throw of its dice is here, so that a seed says it all.
#[derive(Clone, Debug)]
pub struct Chances {
    /// The seed.
    pub seed: u64,
    /// The dialect of the terminals.
    pub spec: &'static str,
    /// The acquirer's, if it is another one.
    pub host_spec: Option<&'static str>,
    /// Whether the gateway gives trace numbers of its own.
    pub rewrite_stan: bool,
    /// How many terminals.
    pub terminals: usize,
    /// Connections of the link.
    pub connections: usize,
    /// How long is traded, before all is healed and drained.
    pub trading: Duration,
    /// Crashes of the gateway meanwhile.
    pub crashes: u64,
    /// Of a hundred crashes, those that take the power with them, so that the disk forgets.
    pub power_cuts: u64,
    /// Cuts of a link's connection meanwhile.
    pub cuts: u64,
    /// The longest way of a frame.
    pub latency: Duration,
    /// The longest sync of the disk.
    pub sync: Duration,
    /// Whether the gateway reverses too; the terminals always do. (If they did not, a terminal that
    /// lost an approved answer would leave a sale that nobody ever doubts.)
    pub gateway_reverses: bool,
    /// Bytes a segment of the journal holds.
    pub segment: u64,
    /// The faults at terminals, links and the acquirer, as `F01:p=0.02`.
    pub faults: Vec<String>,
    /// A bug planted on purpose, in a build that can.
    pub sabotage: Option<Bug>,
}

/// What may strike, each with its share of transactions in a hundred thousand, at most.
const MENU: [(&str, u64); 12] = [
    ("F01", 3000),
    ("F02", 3000),
    ("F03", 3000),
    ("F07", 1500),
    ("F08", 2000),
    ("F09", 2000),
    ("F10", 1000),
    ("F11", 1500),
    ("F14", 800),
    ("F15", 3000),
    ("F16", 5000),
    ("F28", 8000),
];

impl Chances {
    /// Thrown from a seed. Each world has a few faults of the menu, not all: rare meetings need
    /// room.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0x51B0_C0DE);
        let ascii = dice.chance(1, 4);
        Self {
            seed,
            spec: if ascii {
                "iso8583-1987-ascii"
            } else {
                "cup-pos"
            },
            host_spec: None,
            rewrite_stan: false,
            terminals: usize::try_from(dice.between(1, 6)).unwrap_or(1),
            connections: usize::try_from(dice.between(1, 3)).unwrap_or(1),
            trading: Duration::from_secs(dice.between(12, 72)),
            crashes: dice.below(5),
            power_cuts: dice.between(0, 100),
            cuts: dice.below(6),
            latency: Duration::from_micros(dice.between(100, 8_000)),
            sync: Duration::from_micros(dice.between(100, 8_000)),
            gateway_reverses: dice.chance(3, 4),
            segment: dice.between(8, 256) << 10,
            faults: menu(&mut dice),
            sabotage: None,
        }
    }
}

fn menu(dice: &mut Dice) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, most) in MENU {
        if dice.chance(1, 2) {
            let share = dice.between(1, most);
            faults.push(format!("{id}:p={}.{:05}", share / 100_000, share % 100_000));
        }
    }
    if dice.chance(1, 4) {
        faults.push("F06:every=10s,for=1s".to_owned());
    }
    faults
}

impl Chances {
    /// The same world with terminals of `cup-pos` and an acquirer of another dialect.
    #[must_use]
    pub fn across(mut self, host_spec: &'static str) -> Self {
        self.spec = "cup-pos";
        self.host_spec = Some(host_spec);
        self
    }

    /// The same world, its gateway with trace numbers of its own.
    #[must_use]
    pub const fn rewriting(mut self, rewrite_stan: bool) -> Self {
        self.rewrite_stan = rewrite_stan;
        self
    }
}

impl fmt::Display for Chances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.gateway_reverses {
            "both reverse"
        } else {
            "terminals reverse"
        };
        write!(
            f,
            "seed {}: {}{}{}, {} terminals, {} link connections, {:?} of trading, {} crashes \
             ({}% with power cut), {} cuts, latency up to {:?}, sync up to {:?}, \
             segments of {} KiB, {who}, faults",
            self.seed,
            self.spec,
            self.host_spec
                .map(|host| format!(" to {host}"))
                .unwrap_or_default(),
            if self.rewrite_stan {
                ", trace numbers rewritten"
            } else {
                ""
            },
            self.terminals,
            self.connections,
            self.trading,
            self.crashes,
            self.power_cuts,
            self.cuts,
            self.latency,
            self.sync,
            self.segment >> 10,
        )?;
        self.faults
            .iter()
            .try_for_each(|fault| write!(f, " {fault}"))
    }
}
