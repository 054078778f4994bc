//! How a gateway is set up. Checked before it gets here: names resolve, routes have links.

use super::route::{Balance, Match};
use crate::engine::record::LinkId;
use crate::engine::seam::Zone;
use crate::iso::message::{FieldPath, TerminalId, Text};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::iso::translate::Map;
use std::sync::Arc;
use std::time::Duration;

/// A whole set-up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway's name.
    pub name: Text<24>,
    /// Where terminals come in, by [`ListenerId`](crate::engine::record::ListenerId).
    pub listeners: Vec<ListenerOptions>,
    /// Links to acquirers, by [`LinkId`].
    pub links: Vec<LinkOptions>,
    /// Routes; the first match wins.
    pub routes: Vec<RouteOptions>,
    /// Master keys of test terminals.
    pub keys: Keys,
    /// What is bounded, and where.
    pub limits: Limits,
    /// Waiting times that no route sets.
    pub ladder: Ladder,
    /// The zone of the local times that the gateway writes: DE 12 and 13.
    pub zone: Zone,
}

impl Options {
    /// The ways in which an answer that comes from a link may find its request, without repeats.
    pub(super) fn key_rules(&self, link: LinkId) -> Vec<Vec<FieldPath>> {
        let mut rules: Vec<Vec<FieldPath>> = Vec::new();
        for route in self.routes.iter().filter(|route| route.to.contains(&link)) {
            if !rules.contains(&route.key) {
                rules.push(route.key.clone());
            }
        }
        rules
    }

    /// A link of this run, one that is configured no more included.
    pub(super) fn link(&self, link: LinkId) -> &LinkOptions {
        &self.links[usize::from(link.0)]
    }

    /// The links over which an answer to a request on `link` may come: itself, then those that
    /// share a route with it.
    pub(super) fn neighbours(&self, link: LinkId) -> Vec<LinkId> {
        let mut all = vec![link];
        for route in self.routes.iter().filter(|route| route.to.contains(&link)) {
            for other in &route.to {
                if !all.contains(other) {
                    all.push(*other);
                }
            }
        }
        all
    }
}

/// A listener.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    /// The dialect spoken there.
    pub spec: Arc<Spec>,
    /// The terminals that may begin a transaction there; `None` for any.
    pub known: Option<Vec<TerminalId>>,
}

impl ListenerOptions {
    /// For any terminal.
    #[must_use]
    pub const fn open(spec: Arc<Spec>) -> Self {
        Self { spec, known: None }
    }
}

/// A link.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// Its name.
    pub name: Text<24>,
    /// The dialect spoken there.
    pub spec: Arc<Spec>,
    /// What begins with the spec's sign-on.
    pub sign_on: SignOn,
    /// How often an idle connection is tested with the spec's echo; zero for never.
    pub echo_interval: Duration,
}

/// What of a link begins with a sign-on; no request goes out before it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignOn {
    /// Each connection.
    #[default]
    Connection,
    /// The link: one of its connections signs on for all, and once more when all were lost.
    Link,
    /// Nothing.
    Nothing,
}

/// A route.
#[derive(Clone, Debug)]
pub struct RouteOptions {
    /// Its links; where `balance` says so, in order of preference.
    pub to: Vec<LinkId>,
    /// How they are used.
    pub balance: Balance,
    /// What it takes.
    pub takes: Match,
    /// Whether requests go out under trace numbers of the gateway's own.
    pub rewrite_stan: bool,
    /// How the dialects of its terminals and its links differ; `None` if they speak the same.
    pub map: Option<Map>,
    /// How an answer finds its request; empty for the spec's own rule.
    pub key: Vec<FieldPath>,
    /// How long an answer is waited for, from the moment the request came in.
    pub timeout: Duration,
    /// Who reverses, and how often.
    pub reversal: ReversalOptions,
}

/// Who reverses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversalBy {
    /// The terminal; the gateway passes on, tracks, and reports a reversal that did not come.
    Terminal,
    /// The gateway.
    Gateway,
    /// Whoever is first; one effect.
    Both,
}

impl ReversalBy {
    /// As in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Gateway => "gateway",
            Self::Both => "both",
        }
    }

    /// Whether the gateway may begin a reversal.
    #[must_use]
    pub const fn gateway(self) -> bool {
        matches!(self, Self::Gateway | Self::Both)
    }
}

/// How a route reverses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversalOptions {
    /// Who.
    pub by: ReversalBy,
    /// Tries before it is an exception.
    pub tries: u16,
    /// Age after which it is an exception.
    pub expire: Duration,
    /// Whether an approval whose delivery a restart left unproven is reversed too.
    pub unproven: bool,
}

/// Waiting times, scaled together in labs (`reversals.md`: one ladder).
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    /// How long an answer to a reversal is waited for.
    pub reversal_answer: Duration,
    /// The first pause between tries of a reversal; doubled up to `last_pause`.
    pub first_pause: Duration,
    /// The longest pause.
    pub last_pause: Duration,
    /// The pause between tries of an exception.
    pub slow_pause: Duration,
    /// How long a terminal that went away may come back for its answer.
    pub grace: Duration,
    /// How long a closed but unproven reversal is watched for a late approval.
    pub watch: Duration,
    /// How long a tombstone refuses the request that its reversal overtook.
    pub tombstone: Duration,
    /// How soon after a write a reset leaves its delivery unproven.
    pub unproven_after_reset: Duration,
    /// How long an echo or sign-on may take.
    pub session_answer: Duration,
    /// How long two sales of same card, amount and merchant count as twins (D0).
    pub twin: Duration,
}

impl Ladder {
    /// The industry's ladder, all times divided by `by`.
    #[must_use]
    pub fn scaled(by: u32) -> Self {
        let seconds = |n: u64| Duration::from_secs(n) / by.max(1);
        Self {
            reversal_answer: seconds(45),
            first_pause: seconds(2),
            last_pause: seconds(300),
            slow_pause: seconds(1800),
            grace: seconds(15),
            watch: seconds(24 * 3600),
            tombstone: seconds(3600),
            unproven_after_reset: seconds(60),
            session_answer: seconds(30),
            twin: seconds(300),
        }
    }
}

/// What is bounded.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Transactions that are waiting for an answer, in all.
    pub in_flight: usize,
    /// The same, on one connection of a terminal.
    pub per_terminal: usize,
    /// The same, on all connections of one link.
    pub per_link: usize,
    /// Live transactions in memory, exceptions and watches included.
    pub live: usize,
    /// Terminals remembered, each with its last answers.
    pub terminals: usize,
    /// Answers remembered a terminal. Of many terminals fewer are remembered, so that memory holds
    /// some 131,000 of them.
    pub answers: usize,
    /// Answers of a terminal that a checkpoint carries over a restart: the newest ones. Of many
    /// terminals fewer are carried, so that a checkpoint holds some 16,000 of them.
    pub carried: usize,
    /// Tombstones a terminal.
    pub tombstones: usize,
    /// Reversals on the wire at once, a link.
    pub reversal_window: usize,
}

/// Answers in a checkpoint, of all terminals together: a few of each are carried all the same.
const CARRIED: usize = 16_384;
/// Of each of very many terminals.
const CARRIED_AT_LEAST: usize = 4;

/// Answers in memory, of all terminals together: a few of each are remembered all the same.
const REMEMBERED: usize = 131_072;
/// Of each of very many terminals.
const REMEMBERED_AT_LEAST: usize = 8;

impl Limits {
    /// Answers that are remembered of each terminal, if there are this many terminals.
    pub(super) fn answers_of_each(&self, terminals: usize) -> usize {
        let share = REMEMBERED / terminals.max(1);
        self.answers.min(share.max(REMEMBERED_AT_LEAST))
    }

    /// Answers that a checkpoint carries of each terminal, if it remembers this many terminals.
    pub(super) fn carried_of_each(&self, terminals: usize) -> usize {
        let share = CARRIED / terminals.max(1);
        self.carried.min(share.max(CARRIED_AT_LEAST))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 20_000,
            per_terminal: 32,
            per_link: 1024,
            live: 100_000,
            terminals: 20_000,
            answers: 64,
            carried: 64,
            tombstones: 1024,
            reversal_window: 16,
        }
    }
}

/// Master keys of test terminals (TMK).
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By DE 42 and DE 41.
    pub terminals: Vec<(String, String, Key)>,
    /// For every other terminal, if any.
    pub default: Option<Key>,
}

impl Keys {
    /// Whether there are none.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.terminals.is_empty() && self.default.is_none()
    }

    /// Whether a terminal has a master key of its own.
    #[must_use]
    pub fn names(&self, merchant: &str, terminal: &str) -> bool {
        let mut own = self.terminals.iter();
        own.any(|(m, t, _)| m == merchant && t == terminal)
    }

    /// The master key of a terminal.
    #[must_use]
    pub fn of(&self, merchant: &str, terminal: &str) -> Option<&Key> {
        let own = self
            .terminals
            .iter()
            .find(|(m, t, _)| m == merchant && t == terminal);
        own.map(|(_, _, key)| key).or(self.default.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_terminals_fewer_answers_are_remembered_and_a_few_of_each_all_the_same() {
        let limits = Limits::default();
        assert_eq!(limits.answers_of_each(0), 64);
        assert_eq!(limits.answers_of_each(2_048), 64);
        assert_eq!(limits.answers_of_each(9_000), 14);
        assert_eq!(limits.answers_of_each(20_000), 8);
        let few = Limits {
            answers: 3,
            ..limits
        };
        assert_eq!(few.answers_of_each(9_000), 3);
    }
}
