//! What is remembered of terminals: their last answers, keys, and reversals that came too early.
//!
//! Everything is bounded: `limits.terminals` terminals, each with `limits.answers` answers about
//! money, a few others, and `limits.tombstones` tombstones; the oldest answer goes first, and is
//! [asked for](super::recall) in the journal when it is needed. A terminal that traded of late is
//! not forgotten for another, which would be refused then: its MACs would go unchecked. What is
//! open is never forgotten: `limits.live` counts it, and beyond it new requests are refused.

use super::names::TerminalKey;
use super::options::Limits;
use super::originals::only;
use super::remembered::{ForgottenAnswer, Remembered, RememberedAnswers};
use super::used_numbers::UsedNumbers;
use crate::engine::record::{CarriedKeys, Identity, Opened, Seq, TxId};
use crate::engine::seam::{KeyDigest, KeyDigester, KeyedMap, Mono, Wall};
use crate::iso::message::{MerchantId, Stan, TerminalId};
use crate::iso::security::WorkingKeys;
use std::collections::VecDeque;
use std::sync::Arc;

/// One terminal.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    pub(super) done: RememberedAnswers,
    /// The numbers that it used; none if it was forgotten, or is not known from its beginning.
    numbers: Option<UsedNumbers>,
    /// Whether the journal may know more of its money than is remembered.
    forgot: bool,
    tombstones: VecDeque<(Identity, Wall)>,
    /// When it sent its last request.
    used: Wall,
    pub(super) keys: Option<WorkingKeys>,
    /// The keys as they came in, for checkpoints.
    pub(super) carried: Option<CarriedKeys>,
}

/// Terminals that are looked at to forget one of them.
const CHOICES: usize = 8;

impl Terminal {
    /// Remembers an answered transaction, and gives those that are forgotten for it.
    fn remember(&mut self, done: Remembered, most: usize) -> Vec<ForgottenAnswer> {
        self.took(&done.opened);
        let is_about_money = done.is_about_money();
        let forgotten = self.done.push(done, most);
        self.forgot |= is_about_money && !forgotten.is_empty();
        forgotten
    }

    /// A request of this name came.
    pub(super) fn saw(&mut self, opened: &Opened, at: Wall) {
        self.used = at;
        self.took(opened);
    }

    fn took(&mut self, opened: &Opened) {
        if let Some(numbers) = &mut self.numbers {
            numbers.add(opened.stan);
        }
    }

    /// Whether its number says that a request never came before.
    pub(super) fn is_new(&self, opened: &Opened) -> bool {
        let numbers = self.numbers.as_ref();
        numbers.is_some_and(|numbers| !numbers.has(opened.stan))
    }

    /// The numbers that it used, where they are known.
    pub(super) const fn numbers(&self) -> Option<&UsedNumbers> {
        self.numbers.as_ref()
    }

    /// These are the numbers that it used, as a checkpoint says, and whether it carries all of it.
    pub(super) fn is_carried(&mut self, numbers: UsedNumbers, whole: bool) {
        self.numbers = Some(numbers);
        self.forgot = !whole;
    }

    /// Whether the journal may know more of its money than is remembered.
    pub(super) const fn forgot(&self) -> bool {
        self.forgot
    }

    /// The journal knows these numbers of it, and no others.
    pub(super) fn is_told_numbers(&mut self, mut numbers: Vec<Stan>) {
        if self.numbers.is_none() {
            self.forgot = !numbers.is_empty();
            numbers.sort_unstable();
            let mut used = UsedNumbers::default();
            numbers.into_iter().for_each(|number| used.add(number));
            self.numbers = Some(used);
        }
    }

    /// The answered transaction that a request repeats.
    pub(super) fn repeated(&self, opened: &Opened) -> Option<&Remembered> {
        if self.is_new(opened) {
            None
        } else {
            self.find(&opened.identity)
        }
    }

    /// The newest transaction of a name; before one that stayed here, one that went out.
    pub(super) fn find(&self, identity: &Identity) -> Option<&Remembered> {
        let done = self.done.iter().rev();
        let mut named = done.filter(|done| done.opened.identity == *identity);
        let went_out = named.clone().find(|done| done.went_out());
        went_out.or_else(|| named.next())
    }

    /// The answered transaction that an answer from its host names.
    pub(super) fn answered_by(&self, identity: &Identity) -> Option<&Remembered> {
        let mut done = self.done.iter().rev();
        done.find(|done| done.name_upstream() == *identity)
    }

    /// Whether one of the remembered has this number from the gateway.
    pub(super) fn has_given(&self, stan: Stan) -> bool {
        let upstream = self.done.iter().filter_map(|done| done.upstream.as_ref());
        upstream
            .into_iter()
            .any(|upstream| upstream.rewritten && upstream.stan == stan)
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
    /// The terminals of a number: one, unless several merchants use it.
    by_number: KeyedMap<TerminalId, Vec<TerminalKey>>,
    /// In the order in which they may be forgotten: first seen, or spared since.
    order: VecDeque<TerminalKey>,
    /// Who remembers an answered transaction.
    holders: KeyedMap<TxId, TerminalKey>,
    /// Remembered transactions that are open.
    open: usize,
    /// Whether a terminal that is not among them may stand in the journal.
    forgot: bool,
    /// The last record of what was forgotten.
    forgotten: Seq,
}

impl Terminals {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_key: KeyedMap::new(seed),
            by_number: KeyedMap::new(seed.rotate_left(11)),
            order: VecDeque::new(),
            holders: KeyedMap::new(seed.rotate_left(29)),
            open: 0,
            forgot: false,
            forgotten: Seq(0),
        }
    }

    /// Those of a checkpoint, which does not tell of what was forgotten before.
    pub(super) fn of_checkpoint(seed: u64) -> Self {
        Self {
            forgot: true,
            ..Self::new(seed)
        }
    }

    /// A checkpoint says that it knows of no other terminal.
    pub(super) const fn are_all(&mut self) {
        self.forgot = false;
    }

    /// Whether a terminal that is not among them may stand in the journal.
    pub(super) const fn forgot(&self) -> bool {
        self.forgot
    }

    /// The last record of what was forgotten in this run.
    pub(super) const fn forgotten(&self) -> Seq {
        self.forgotten
    }

    /// Whether the journal may know more of a terminal's money than is remembered.
    pub(super) fn may_have_forgotten(&self, key: &TerminalKey) -> bool {
        self.get(key).map_or(self.forgot, |own| own.forgot)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Remembered transactions that are open.
    pub(super) const fn open(&self) -> usize {
        self.open
    }

    pub(super) fn get(&self, key: &TerminalKey) -> Option<&Terminal> {
        self.by_key.get(key)
    }

    /// The terminal, made if it is new.
    pub(super) fn entry(&mut self, key: TerminalKey) -> &mut Terminal {
        let Self {
            by_key,
            by_number,
            order,
            forgot,
            ..
        } = self;
        by_key.or_insert_with(key, || {
            order.push_back(key);
            by_number.or_insert_with(key.number, Vec::new).push(key);
            Terminal {
                numbers: (!*forgot).then(UsedNumbers::default),
                forgot: *forgot,
                ..Terminal::default()
            }
        })
    }

    /// The terminals of a number.
    pub(super) fn of_number(&self, number: &TerminalId) -> &[TerminalKey] {
        self.by_number.get(number).map_or(&[], Vec::as_slice)
    }

    /// The terminal of a number that no merchant was named for, if no other has the number.
    pub(super) fn unnamed(&self, number: &TerminalId) -> Option<&Terminal> {
        let alike = self.by_number.get(number)?;
        let only = only(alike.iter())?;
        only.merchant.is_empty().then(|| self.by_key.get(only))?
    }

    /// Gives a terminal whose merchant was not named the name that it has now, and its trades
    /// theirs.
    pub(super) fn rename(
        &mut self,
        (old, new): (&TerminalKey, TerminalKey),
        merchant: MerchantId,
        names: &[(TxId, Identity)],
    ) {
        let Some(mut terminal) = self.by_key.remove(old) else {
            return;
        };
        for done in terminal.done.iter_mut() {
            let name = names.iter().find(|(id, _)| *id == done.id);
            let opened = Arc::make_mut(&mut done.opened);
            opened.identity = name.map_or(opened.identity, |(_, name)| *name);
            opened.merchant = merchant;
            self.holders.remove(&done.id);
            let _moved = self.holders.insert_new(done.id, new);
        }
        self.forget_number(old);
        self.order.retain(|key| key != old);
        *self.entry(new) = terminal;
    }

    /// All answered transactions, and nothing else of them.
    pub(super) fn into_answers(mut self) -> Vec<Remembered> {
        let keys = std::mem::take(&mut self.order).into_iter();
        let terminals = keys.filter_map(|key| self.by_key.remove(&key));
        terminals.flat_map(|own| own.done.into_all()).collect()
    }

    /// Whether the terminal is known, or there is room for one more. Whoever sent nothing `since`,
    /// and has nothing open, is forgotten for it.
    pub(super) fn has_room(&mut self, key: &TerminalKey, since: Wall, limits: &Limits) -> bool {
        let room = |own: &Self| own.order.len() < limits.terminals.max(1);
        if self.by_key.get(key).is_some() || room(self) {
            return true;
        }
        for _ in 0..self.order.len().min(CHOICES) {
            self.forget_or_spare(since);
        }
        room(self)
    }

    /// Forgets the terminal whose turn it is, if that may be.
    fn forget_or_spare(&mut self, since: Wall) {
        let Some(key) = self.order.pop_front() else {
            return;
        };
        let spared = self.by_key.get(&key).is_some_and(|terminal| {
            terminal.used >= since || terminal.done.iter().any(Remembered::is_open)
        });
        if spared {
            self.order.push_back(key);
            return;
        }
        let forgotten = self.by_key.remove(&key);
        self.forget_number(&key);
        self.forgot = true;
        let forgotten = forgotten.as_ref().map(|terminal| terminal.done.iter());
        for done in forgotten.into_iter().flatten() {
            self.holders.remove(&done.id);
            if done.is_about_money() {
                self.forgotten = self.forgotten.max(done.last);
            }
        }
    }

    fn forget_number(&mut self, key: &TerminalKey) {
        if let Some(alike) = self.by_number.get_mut(&key.number) {
            alike.retain(|own| own != key);
            if alike.is_empty() {
                self.by_number.remove(&key.number);
            }
        }
    }

    /// The only merchant who is known to have a terminal of this number.
    pub(super) fn merchant_of(&self, number: &TerminalId) -> Option<MerchantId> {
        let alike = self.by_number.get(number)?;
        let merchants = alike.iter().map(|key| key.merchant);
        only(merchants.filter(|merchant| !merchant.is_empty()))
    }

    /// Remembers an answered transaction at its terminal.
    pub(super) fn remember(&mut self, key: TerminalKey, done: Remembered, limits: &Limits) {
        let (id, open) = (done.id, done.is_open());
        let room = self.order.len() < limits.terminals.max(1);
        if !open && !room && self.by_key.get(&key).is_none() {
            if done.is_about_money() {
                self.forgot = true;
                self.forgotten = self.forgotten.max(done.last);
            }
            return;
        }
        let is_about_money = done.is_about_money();
        let most = limits.answers_of_each(self.order.len());
        let forgotten = self.entry(key).remember(done, most);
        self.open += usize::from(open);
        let _older = self.holders.insert_new(id, key);
        for (id, last) in forgotten {
            self.holders.remove(&id);
            if is_about_money {
                self.forgotten = self.forgotten.max(last);
            }
        }
    }

    /// Remembers again what was forgotten: it is older than all that is remembered.
    pub(super) fn remember_again(&mut self, key: TerminalKey, done: Remembered) {
        let (id, open) = (done.id, done.is_open());
        let terminal = self.entry(key);
        terminal.took(&done.opened);
        terminal.done.push_oldest(done);
        self.open += usize::from(open);
        let _older = self.holders.insert_new(id, key);
    }

    /// Takes an answered transaction out, since something happens to it again.
    pub(super) fn take(&mut self, id: TxId) -> Option<Remembered> {
        let key = self.holders.remove(&id)?;
        let done = self.by_key.get_mut(&key)?.done.take(id)?;
        self.open -= usize::from(done.is_open());
        Some(done)
    }

    /// An answered transaction that is remembered.
    pub(super) fn done(&self, id: TxId) -> Option<&Remembered> {
        let terminal = self.by_key.get(self.holders.get(&id)?)?;
        terminal.done.iter().rev().find(|done| done.id == id)
    }

    /// The same, to note what was recorded of it.
    pub(super) fn done_mut(&mut self, id: TxId) -> Option<&mut Remembered> {
        let terminal = self.by_key.get_mut(self.holders.get(&id)?)?;
        terminal.done.iter_mut().rev().find(|done| done.id == id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Terminal> {
        self.named().map(|(_, terminal)| terminal)
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&TerminalKey, &Terminal)> {
        let named = |key| Some((key, self.by_key.get(key)?));
        self.order.iter().filter_map(named)
    }
}

/// Sales of moments ago, to link two of the same card, amount and merchant (D0).
#[derive(Debug)]
pub(crate) struct Twins {
    digests: KeyDigester,
    by_sale: KeyedMap<KeyDigest, TxId>,
    order: VecDeque<(Mono, KeyDigest)>,
}

/// Sales remembered at once; beyond, the oldest is no twin any more.
const TWINS: usize = 100_000;

impl Twins {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            digests: KeyDigester::new(seed),
            by_sale: KeyedMap::new(seed),
            order: VecDeque::new(),
        }
    }

    /// Remembers a sale until `until`, and gives the one of moments ago that looks the same.
    pub(crate) fn meet(
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
        let sale = self.digests.of(&sale);
        match self.by_sale.get_mut(&sale) {
            Some(last) => Some(std::mem::replace(last, id)),
            None => {
                self.order.push_back((until, sale));
                self.by_sale.insert_new(sale, id).err()
            }
        }
    }
}
