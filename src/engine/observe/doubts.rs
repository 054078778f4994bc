//! What looks closed, and what a hole in the capture makes of it.
//!
//! A late approval may come over any connection of a leg. So a hole on the whole way, or on the
//! leg to a host, leaves all that was closed before it unproven; what begins later is not touched.

use super::legs::LegRole;
use super::observer::{Observer, SeenMessage};
use super::watched::{CaseNo, Watched};
use crate::engine::gateway::MatchKey;
use crate::engine::record::{Known, Opened, State};
use crate::engine::seam::Wall;
use crate::iso::message::{Amount, Text};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// Refusals, lone requests and orphans that are kept, each.
const KEPT: usize = 256;
/// How long a trace number is surely that of the same trade, beyond the time for an answer.
const SAME_TRADE: Duration = Duration::from_secs(300);

/// Money that something asks for: what a gateway leaves as it is, whatever names it maps.
#[derive(Clone, Copy, Debug)]
struct MoneyAsked {
    at: Wall,
    amount: Amount,
    card: Text<19>,
}

impl MoneyAsked {
    fn of(at: Wall, opened: &Opened) -> Self {
        Self {
            at,
            amount: opened.amount,
            card: opened.card,
        }
    }

    /// Whether both may be the same request.
    fn may_be(&self, other: &Self, within: Duration) -> bool {
        let near = self.at - other.at <= within && other.at - self.at <= within;
        let card = !self.card.is_empty() && self.card == other.card;
        near && (card || self.amount == other.amount)
    }
}

/// What a hole casts doubt on, and what shows that there was one.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Transactions by whose end no money is held, as far as was seen.
    closed: BTreeSet<CaseNo>,
    /// What a gateway refused without having been seen to ask anybody, the newest last.
    refused: VecDeque<(MoneyAsked, CaseNo)>,
    /// Requests to a host that no terminal was seen to ask for, the newest last.
    lone: VecDeque<MoneyAsked>,
    /// What answers without a request carried, the newest last.
    orphans: VecDeque<(Wall, MatchKey)>,
}

impl Doubts {
    /// A transaction changed.
    pub(super) fn follow(&mut self, case: CaseNo, own: &Watched) {
        let known = own.state.meaning().known;
        let ended = matches!(known, Known::NotHeld | Known::Undone)
            || matches!(own.state, State::SettleMismatch | State::Unanswered);
        if ended && !own.unseen && own.opened.touches_money() {
            self.closed.insert(case);
        } else {
            self.closed.remove(&case);
        }
    }

    /// A transaction is not followed any more.
    pub(super) fn forget(&mut self, case: CaseNo) {
        self.closed.remove(&case);
    }
}

impl Observer {
    /// Something on the whole way, or on the leg to a host, was not seen.
    pub(super) fn hole(&mut self, role: LegRole) {
        if role == LegRole::Terminals {
            return;
        }
        if role == LegRole::Hosts {
            self.host_unseen = Some(self.now());
        }
        for case in std::mem::take(&mut self.doubts.closed) {
            self.note_unseen(case);
        }
    }

    /// Whether a request that came then cannot have gone on unseen: all connections to hosts were
    /// seen whole, one of them all the time, and nothing like it went out in another name.
    pub(super) fn was_kept_back(&self, asked_at: Wall, opened: &Opened) -> bool {
        let hosts = || self.flows.values().filter(|own| own.role == LegRole::Hosts);
        let whole = hosts().all(|own| own.whole_since.is_some());
        let watched = hosts().any(|own| own.whole_since.is_some_and(|since| since <= asked_at));
        let missed = self.host_unseen.is_some_and(|at| at >= asked_at);
        let asked = MoneyAsked::of(asked_at, opened);
        let within = self.same_trade();
        let lone = self
            .doubts
            .lone
            .iter()
            .any(|own| own.may_be(&asked, within));
        whole && watched && !missed && !lone
    }

    /// A gateway refused a request by itself, as it seems.
    pub(super) fn refused_alone(&mut self, asked_at: Wall, opened: &Opened, case: CaseNo) {
        let refused = (MoneyAsked::of(asked_at, opened), case);
        keep(&mut self.doubts.refused, refused);
    }

    /// A request went to a host that no terminal was seen to ask for: one that was refused may be
    /// it, in another name.
    pub(super) fn went_out_alone(&mut self, seen: &SeenMessage) {
        let opened = self.describe(seen);
        if !opened.purpose.moves_money() {
            return;
        }
        let asked = MoneyAsked::of(seen.at, &opened);
        let within = self.same_trade();
        let refused = self.doubts.refused.iter();
        let meant = refused.filter(|(own, _)| own.may_be(&asked, within));
        for case in meant.map(|(_, case)| *case).collect::<Vec<_>>() {
            self.note_unseen(case);
        }
        keep(&mut self.doubts.lone, asked);
    }

    /// An answer came whose request was not seen; that may come later, where clocks differ.
    pub(super) fn orphan(&mut self, role: LegRole, key: Option<MatchKey>) {
        self.hole(role);
        if let Some(key) = key {
            let now = self.now();
            keep(&mut self.doubts.orphans, (now, key));
        }
    }

    /// Whether an answer with this key came shortly before its request.
    pub(super) fn has_orphan(&self, key: &MatchKey) -> bool {
        let (now, within) = (self.now(), self.same_trade());
        let mut orphans = self.doubts.orphans.iter();
        orphans.any(|(at, own)| own == key && now - *at <= within)
    }

    /// How long the same name surely means the same trade.
    pub(super) fn same_trade(&self) -> Duration {
        self.options.timeout.saturating_add(SAME_TRADE)
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T) {
    all.push_back(one);
    if all.len() > KEPT {
        all.pop_front();
    }
}
