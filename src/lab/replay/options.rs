//! How a replay is set up.

use crate::engine::seam::Zone;
use crate::iso::compare::CompareRules;
use crate::iso::message::{FieldPath, Secret};
use crate::iso::spec::Spec;
use crate::lab::peer::{Deck, MasterKeys};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How a replay is set up.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// The dialect, of the capture and of the system under test.
    pub spec: Arc<Spec>,
    /// How answers are compared.
    pub rules: CompareRules,
    /// When messages are sent.
    pub pace: ReplayPace,
    /// What a message waits for.
    pub order: ReplayOrder,
    /// How many connections are opened; as captured if none is said.
    pub connections: Option<u32>,
    /// How long an answer is waited for; it counts as late for as long again.
    pub timeout: Duration,
    /// Requests at most.
    pub limit: Option<u64>,
    /// Only connections to this port are replayed.
    pub port: Option<u16>,
    /// What of a message is made new.
    pub fresh: FreshNames,
    /// Fields that every request carries instead of its own, as far as it has them.
    pub set: Vec<(FieldPath, String)>,
    /// Terminals (DE 41) by other names.
    pub terminals: Vec<(String, String)>,
    /// Merchants (DE 42) by other names.
    pub merchants: Vec<(String, String)>,
    /// What becomes of amounts.
    pub amounts: AmountScale,
    /// Whether MACs and PIN blocks are made anew wherever a sign-on brought keys.
    pub seals: bool,
    /// The master keys of the terminals at the system under test.
    pub keys: MasterKeys,
    /// Those with which the capture was made.
    pub captured_keys: MasterKeys,
    /// Test cards that stand in for masked ones, where one fits.
    pub cards: Deck,
    /// The PIN where none is known.
    pub pin: Option<Secret>,
    /// Where the first new trace number comes from.
    pub first_stan: u64,
    /// Where chance comes from.
    pub seed: u64,
    /// The zone of local times that are written anew.
    pub zone: Zone,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayPace {
    /// As far apart as they were captured, so many times as fast.
    Scaled(u32),
    /// So many requests a second.
    Rate(u32),
    /// As soon as nothing that they wait for is outstanding.
    Max,
}

/// Which answers a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOrder {
    /// All that the capture shows before it.
    Captured,
    /// Those of its own terminal.
    Terminal,
    /// Those of all requests before it: nothing is under way beside it.
    Single,
}

/// What of a message is made new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreshNames {
    /// DE 11, and wherever a later message repeats it.
    pub stan: bool,
    /// A DE 37 that no answer gave.
    pub rrn: bool,
    /// Moments, such as DE 7, 12, 13, and wherever a later message repeats them.
    pub time: bool,
}

/// A share of the captured amount, in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountScale(u32);

impl Default for AmountScale {
    fn default() -> Self {
        Self(100)
    }
}

impl FromStr for AmountScale {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = text
            .strip_suffix('%')
            .and_then(|digits| digits.parse().ok());
        let share = share.filter(|share| (1..=10_000).contains(share));
        share
            .map(Self)
            .ok_or("wants a share of 1% to 10000%, such as 50%")
    }
}

impl AmountScale {
    /// Whether amounts stay as they are.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 == 100
    }

    /// The amount to send: never nothing of something.
    #[must_use]
    pub fn of(self, amount: u64) -> u64 {
        let scaled = u128::from(amount) * u128::from(self.0) / 100;
        let scaled = u64::try_from(scaled).unwrap_or(u64::MAX);
        if amount > 0 { scaled.max(1) } else { 0 }
    }
}
