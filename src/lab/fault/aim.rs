//! Whom a fault strikes, when, and how often.

use super::knobs::{Count, Knobs, Length};
use super::{Exchange, FaultError, Share};
use crate::engine::seam::Dice;
use crate::iso::message::TerminalId;
use std::str::FromStr;
use std::time::Duration;

/// Whom a fault strikes. Only messages that it concerns are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// This part of them.
    pub share: Share,
    /// Exactly the n-th of them, from 1, and no other.
    pub nth: Option<u32>,
    /// Only these terminals; all if empty.
    pub terminals: Vec<TerminalId>,
    /// Not before this much time after the fault was set.
    pub from: Duration,
    /// Not later than this.
    pub until: Option<Duration>,
}

impl Default for Aim {
    fn default() -> Self {
        Self {
            share: Share::percent(2),
            nth: None,
            terminals: Vec::new(),
            from: Duration::ZERO,
            until: None,
        }
    }
}

impl Aim {
    /// Every time.
    #[must_use]
    pub fn always() -> Self {
        Self {
            share: Share::ALWAYS,
            ..Self::default()
        }
    }

    /// The n-th time, from 1, and no other.
    #[must_use]
    pub fn nth(nth: u32) -> Self {
        Self {
            nth: Some(nth),
            ..Self::always()
        }
    }

    pub(super) fn read(knobs: &mut Knobs<'_>) -> Result<Self, FaultError> {
        let default = Self::default();
        Ok(Self {
            share: knobs.value("p", default.share)?,
            nth: knobs.optional("nth")?.map(|Count(nth)| nth),
            terminals: knobs
                .optional("terminal")?
                .map_or_else(Vec::new, |TerminalList(all)| all),
            from: knobs.value("from", Length(default.from))?.0,
            until: knobs.optional("until")?.map(|Length(until)| until),
        })
    }

    /// Whether the fault is awake this long after it was set.
    pub(super) fn awake(&self, since: Duration) -> bool {
        since >= self.from && self.until.is_none_or(|until| since <= until)
    }

    pub(super) fn covers(&self, exchange: &Exchange) -> bool {
        self.terminals.is_empty() || self.terminals.contains(&exchange.terminal)
    }

    /// Whether it strikes the `count`-th message that it concerns, from 1.
    pub(super) fn strikes(&self, count: u64, dice: &mut Dice) -> bool {
        match self.nth {
            Some(nth) => u64::from(nth) == count,
            None => self.share.throws(dice),
        }
    }
}

/// `T0000001+T0000002`.
struct TerminalList(Vec<TerminalId>);

impl FromStr for TerminalList {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ids = text.split('+').map(TerminalId::new).collect::<Option<_>>();
        ids.map(Self)
            .ok_or("a terminal has 16 characters at most; join several with +")
    }
}
