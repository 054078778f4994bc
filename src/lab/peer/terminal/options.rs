//! How a terminal is set up.

use super::Workload;
use crate::engine::seam::Dice;
use crate::iso::message::{MerchantId, TerminalId, Text};
use crate::iso::security::Key;
use crate::iso::spec::Spec;
use crate::lab::fault::{Faults, Span};
use std::sync::Arc;
use std::time::Duration;

/// How a terminal is set up.
#[derive(Clone, Debug)]
pub struct TerminalOptions {
    /// Its dialect.
    pub spec: Arc<Spec>,
    /// DE 42.
    pub merchant: MerchantId,
    /// DE 41.
    pub terminal: TerminalId,
    /// DE 49.
    pub currency: Text<3>,
    /// Its master key, where the dialect brings working keys.
    pub master: Option<Key>,
    /// What it trades by itself.
    pub workload: Workload,
    /// How long it waits, and how often it tries.
    pub patience: Patience,
    /// Whether it keeps its connection between transactions.
    pub stays_connected: bool,
    /// Whether it reverses by itself what stays unknown.
    pub reverses: bool,
    /// What goes wrong at this terminal.
    pub faults: Faults,
}

impl TerminalOptions {
    /// A terminal that connects for each transaction and reverses by itself, with the waiting times
    /// of the specifications.
    #[must_use]
    pub fn new(
        spec: &Arc<Spec>,
        merchant: MerchantId,
        terminal: TerminalId,
        workload: Workload,
    ) -> Self {
        Self {
            spec: Arc::clone(spec),
            merchant,
            terminal,
            currency: Text::new("156").unwrap_or_default(),
            master: None,
            workload,
            patience: Patience::default(),
            stays_connected: false,
            reverses: true,
            faults: Faults::new(Dice::new(0)),
        }
    }
}

/// How long a terminal waits, and how often it tries.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an answer: 60 s in the specifications.
    pub answer: Duration,
    /// Between tries: to connect, to sign in, to reverse.
    pub pause: Span,
    /// How often a reversal or advice is sent in all before it is given up: 4.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self::scaled(1)
    }
}

impl Patience {
    /// The waiting times of the specifications, divided by `by`.
    #[must_use]
    pub fn scaled(by: u32) -> Self {
        let seconds = |n: u64| Duration::from_secs(n) / by.max(1);
        Self {
            answer: seconds(60),
            pause: Span::between(seconds(3), seconds(6)),
            tries: 4,
        }
    }
}
