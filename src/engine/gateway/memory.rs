//! What is remembered of terminals: their last answers, keys, and reversals that came too early.
//!
//! Everything is bounded: `limits.terminals` terminals, each with `limits.answers` answers and
//! `limits.tombstones` tombstones; the oldest goes first.

use super::crossing::Crossed;
use super::names::TerminalKey;
use super::options::Limits;
use crate::engine::record::{CarriedKeys, Identity, Opened, Seq, State, StoredFrame, TxId};
use crate::engine::seam::{KeyedMap, Mono, Wall};
use crate::iso::message::{AuthCode, Rrn, Stan, Text};
use crate::iso::security::WorkingKeys;
use bytes::Bytes;
use std::collections::VecDeque;

/// An answered transaction: out of the gateway's hands, but the terminal may repeat, void or
/// reverse it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) id: TxId,
    pub(super) opened: Box<Opened>,
    pub(super) state: State,
    pub(super) route: usize,
    pub(super) last: Seq,
    pub(super) rrn: Option<Rrn>,
    pub(super) auth: Option<AuthCode>,
    /// The request, fit for the journal.
    pub(super) request: StoredFrame,
    /// The request as it went out, where that is not as it came in.
    pub(super) crossed: Option<Box<Crossed>>,
    /// Whether an approval was seen.
    pub(super) approved: bool,
    /// The answer as given.
    pub(super) answer: Option<Bytes>,
    /// The answer to its reversal, as its host gave it.
    pub(super) reversal_answer: Option<Bytes>,
}

/// One terminal.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    pub(super) done: VecDeque<Done>,
    /// The newest name remembered: a request of this batch with a higher number is a new one.
    newest: (Text<6>, Stan),
    tombstones: VecDeque<(Identity, Wall)>,
    pub(super) keys: Option<WorkingKeys>,
    /// The keys as they came in, for checkpoints.
    pub(super) carried: Option<CarriedKeys>,
}

impl Terminal {
    /// Remembers an answered transaction.
    pub(super) fn remember(&mut self, done: Done, limits: &Limits) {
        let name = (done.opened.batch, done.opened.stan);
        if name.0 != self.newest.0 || name.1 > self.newest.1 {
            self.newest = name;
        }
        self.done.push_back(done);
        while self.done.len() > limits.answers {
            self.done.pop_front();
        }
    }

    /// The answered transaction that a request repeats.
    pub(super) fn repeated(&self, opened: &Opened) -> Option<&Done> {
        let is_new = opened.batch == self.newest.0 && opened.stan > self.newest.1;
        if is_new {
            None
        } else {
            self.find(&opened.identity)
        }
    }

    pub(super) fn find(&self, identity: &Identity) -> Option<&Done> {
        self.done
            .iter()
            .rev()
            .find(|done| done.opened.identity == *identity)
    }

    /// The answered transaction that an answer from its host names.
    pub(super) fn answered_by(&self, identity: &Identity) -> Option<&Done> {
        self.done.iter().rev().find(|done| match &done.crossed {
            Some(crossed) => crossed.identity == *identity,
            None => done.opened.identity == *identity,
        })
    }

    /// Whether one of the remembered has this number from the gateway.
    pub(super) fn has_given(&self, stan: Stan) -> bool {
        let crossed = self.done.iter().filter_map(|done| done.crossed.as_ref());
        crossed
            .into_iter()
            .any(|crossed| crossed.rewritten && crossed.stan == stan)
    }

    /// Takes an answered transaction out, since something happens to it again.
    pub(super) fn take(&mut self, id: TxId) -> Option<Done> {
        let at = self.done.iter().position(|done| done.id == id)?;
        self.done.remove(at)
    }

    /// The transaction that a void or refund refers to: by RRN, else by authorization code.
    pub(super) fn referred(&self, rrn: Option<&Rrn>, auth: Option<&AuthCode>) -> Option<TxId> {
        let newest = |fits: &dyn Fn(&Done) -> bool| {
            self.done
                .iter()
                .rev()
                .find(|done| done.opened.purpose.moves_money() && fits(done))
        };
        let by_rrn = rrn.and_then(|rrn| newest(&|done| done.rrn.as_ref() == Some(rrn)));
        let by_auth = || auth.and_then(|auth| newest(&|done| done.auth.as_ref() == Some(auth)));
        by_rrn.or_else(by_auth).map(|done| done.id)
    }

    /// Refuses the request of this name if it comes.
    pub(super) fn bury(&mut self, identity: Identity, at: Wall, limits: &Limits) {
        self.tombstones.retain(|(old, _)| *old != identity);
        self.tombstones.push_back((identity, at));
        while self.tombstones.len() > limits.tombstones {
            self.tombstones.pop_front();
        }
    }

    /// Whether a reversal of this name came first, and not too long ago.
    pub(super) fn is_buried(&self, identity: &Identity, since: Wall) -> bool {
        self.tombstones
            .iter()
            .any(|(buried, at)| buried == identity && *at >= since)
    }

    pub(super) fn tombstones(&self) -> impl Iterator<Item = &(Identity, Wall)> {
        self.tombstones.iter()
    }
}

/// All terminals.
#[derive(Debug)]
pub(super) struct Terminals {
    by_key: KeyedMap<TerminalKey, Terminal>,
    /// In the order they were first seen.
    order: VecDeque<TerminalKey>,
}

impl Terminals {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_key: KeyedMap::new(seed),
            order: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn get(&self, key: &TerminalKey) -> Option<&Terminal> {
        self.by_key.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &TerminalKey) -> Option<&mut Terminal> {
        self.by_key.get_mut(key)
    }

    /// The terminal, made if it is new; the one first seen longest ago is forgotten for it.
    pub(super) fn entry(&mut self, key: TerminalKey, limits: &Limits) -> &mut Terminal {
        if self.by_key.get(&key).is_none() {
            self.order.push_back(key);
            while self.order.len() > limits.terminals.max(1) {
                if let Some(oldest) = self.order.pop_front() {
                    self.by_key.remove(&oldest);
                }
            }
        }
        self.by_key.or_insert_with(key, Terminal::default)
    }

    /// The terminal that remembers a transaction.
    pub(super) fn holder_of(&self, id: TxId) -> Option<TerminalKey> {
        let holds = |key: &&TerminalKey| {
            self.get(key)
                .is_some_and(|terminal| terminal.done.iter().any(|done| done.id == id))
        };
        self.order.iter().find(holds).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Terminal> {
        self.order.iter().filter_map(|key| self.by_key.get(key))
    }
}

/// Sales of moments ago, to link two of the same card, amount and merchant (D0).
#[derive(Debug)]
pub(super) struct Twins {
    by_sale: KeyedMap<Sale, TxId>,
    order: VecDeque<(Mono, Sale)>,
}

type Sale = ([u8; 16], u64, crate::iso::message::MerchantId);

/// Sales remembered at once; beyond, the oldest is no twin any more.
const TWINS: usize = 100_000;

impl Twins {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_sale: KeyedMap::new(seed),
            order: VecDeque::new(),
        }
    }

    /// Remembers a sale until `until`, and gives the one of moments ago that looks the same.
    pub(super) fn meet(
        &mut self,
        opened: &Opened,
        id: TxId,
        now: Mono,
        until: Mono,
    ) -> Option<TxId> {
        while let Some((at, sale)) = self.order.front()
            && (*at <= now || self.order.len() >= TWINS)
        {
            self.by_sale.remove(sale);
            self.order.pop_front();
        }
        if opened.card_hash == [0; 16] {
            return None;
        }
        let sale = (opened.card_hash, opened.amount.0, opened.merchant);
        match self.by_sale.get_mut(&sale) {
            Some(last) => Some(std::mem::replace(last, id)),
            None => {
                self.order.push_back((until, sale));
                self.by_sale.insert_new(sale, id).err()
            }
        }
    }
}
