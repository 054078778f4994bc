//! The transactions that are followed: found by name, by what their answer carries, by terminal.
//! Bounded: beyond [`MOST`] the oldest goes, one that is over before one that is not.

use crate::engine::gateway::{
    AskedFor, HeardBefore, MatchKey, OriginalNames, Referable, Referred, TerminalKey, key_of,
    referred,
};
use crate::engine::record::{Identity, Opened, Seq, State, TxId};
use crate::engine::seam::{KeyDigest, KeyDigester, KeyedMap, Wall};
use crate::iso::message::{Amount, AuthCode, FieldPath, Mti, Rrn, Stan, Text};
use crate::iso::stream::FlowId;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Transactions followed at once.
const MOST: usize = 32_768;
/// How many of the oldest are looked at to find one that is over.
const LOOKED_AT: usize = 64;

/// A transaction in the table, numbered as they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CaseNo(pub(super) u64);

/// A transaction as far as it was seen.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) id: TxId,
    pub(super) opened: Arc<Opened>,
    pub(super) state: State,
    /// Its last record.
    pub(super) last: Seq,
    /// When its request was seen.
    pub(super) began: Wall,
    /// When it last changed.
    pub(super) changed: Wall,
    /// The connection of its terminal, if that was seen.
    pub(super) terminal: Option<FlowId>,
    /// The connection that carried it to its host, if that was seen.
    pub(super) host: Option<FlowId>,
    /// The type under which its host heard it.
    pub(super) mti: Option<Mti>,
    /// The first two digits of DE 3 there.
    pub(super) trade: Text<2>,
    /// Its trace number there.
    pub(super) stan: Stan,
    pub(super) rrn: Option<Rrn>,
    pub(super) auth: Option<AuthCode>,
    /// Its request bore a reference number of its own.
    pub(super) numbers_itself: bool,
    /// An approval was seen.
    pub(super) approved: bool,
    /// An answer came that could not be believed, or left the outcome open.
    pub(super) doubted: bool,
    /// The answer that approved a part.
    pub(super) part: Option<Bytes>,
    /// What went back of it by voids, refunds and partial reversals.
    pub(super) returned: Amount,
    pub(super) undoing: Option<Undoing>,
    /// When silence becomes an event.
    pub(super) deadline: Option<Wall>,
    /// Whether something that belongs to it may stand where the capture shows nothing.
    pub(super) unseen: bool,
    /// Whether its terminal traded on after its approval: a reset that comes then cuts off what is
    /// said from there on.
    pub(super) dealt_with: bool,
    /// Its request was not seen, but for what its answer repeats of it.
    pub(super) unasked: bool,
    /// No answer came in time on a connection that its terminal keeps open: it may wait longer.
    pub(super) overdue: bool,
    /// What its requests told of when it was: a reversal may name its original by that.
    pub(super) times: Vec<(FieldPath, Text<14>)>,
    /// What it is found by.
    found_by: Vec<KeyDigest>,
}

/// Its reversal.
#[derive(Debug, Default)]
pub(super) struct Undoing {
    /// Tries that went to its host.
    pub(super) tries: u16,
    /// Tries that were not answered.
    pub(super) unanswered: u16,
    /// The connection of the last try.
    pub(super) host: Option<FlowId>,
    /// The first approval was seen while a try was not answered.
    pub(super) overtaken: bool,
    /// Its terminal may hold the receipt, and did not ask for it.
    pub(super) of_receipt: bool,
    /// DE 4 of the last try.
    pub(super) amount: Option<Amount>,
}

impl Watched {
    /// One that begins.
    pub(super) fn new(id: TxId, opened: Arc<Opened>, began: Wall) -> Self {
        Self {
            id,
            stan: opened.stan,
            opened,
            state: State::Received,
            last: Seq(0),
            began,
            changed: began,
            terminal: None,
            host: None,
            mti: None,
            trade: Text::EMPTY,
            rrn: None,
            auth: None,
            numbers_itself: false,
            approved: false,
            doubted: false,
            part: None,
            returned: Amount(0),
            undoing: None,
            deadline: None,
            unseen: false,
            dealt_with: false,
            unasked: false,
            overdue: false,
            times: Vec::new(),
            found_by: Vec::new(),
        }
    }

    /// What its answers are compared with.
    pub(super) fn asked(&self) -> AskedFor<'_> {
        AskedFor {
            opened: &self.opened,
            mti: self.mti,
            trade: self.trade,
            stan: self.stan,
        }
    }

    /// What was heard of it so far.
    pub(super) fn heard(&self) -> HeardBefore {
        let tries = self.undoing.as_ref().map_or(0, |own| own.tries);
        HeardBefore {
            approved: self.approved,
            doubted: self.doubted,
            tried: tries > 0,
            auth: self.auth,
        }
    }

    /// Whether one connection carries it all the way from its terminal to its host.
    pub(super) fn goes_straight(&self) -> bool {
        self.host.is_some() && self.host == self.terminal
    }

    /// Whether nothing is waited for, and nothing of it is open.
    fn is_over(&self) -> bool {
        !self.state.is_live() && self.deadline.is_none() && !self.is_open()
    }

    /// Whether it stands on the list of the open ones.
    fn is_open(&self) -> bool {
        self.opened.touches_money() && self.state.meaning().known.is_open()
    }
}

/// What finds a transaction.
#[derive(Hash)]
enum FoundBy {
    Name(Identity),
    Key(MatchKey),
}

/// All of them.
#[derive(Debug)]
pub(super) struct WatchTable {
    all: BTreeMap<CaseNo, Watched>,
    /// By their names, and by what their answers carry.
    found: KeyedMap<KeyDigest, Vec<CaseNo>>,
    digests: KeyDigester,
    of_terminal: KeyedMap<TerminalKey, VecDeque<CaseNo>>,
    due: BTreeSet<(Wall, CaseNo)>,
    next: CaseNo,
}

impl WatchTable {
    /// None yet.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            all: BTreeMap::new(),
            found: KeyedMap::new(seed),
            digests: KeyDigester::new(seed.rotate_left(17)),
            of_terminal: KeyedMap::new(seed.rotate_left(34)),
            due: BTreeSet::new(),
            next: CaseNo(0),
        }
    }

    /// Takes one in.
    pub(super) fn insert(&mut self, watched: Watched) -> CaseNo {
        let case = self.next;
        self.next = CaseNo(case.0.saturating_add(1));
        let key = key_of(&watched.opened);
        let name = watched.opened.identity;
        self.of_terminal
            .or_insert_with(key, VecDeque::new)
            .push_back(case);
        self.all.insert(case, watched);
        self.add_name(case, name);
        case
    }

    /// The one that must make room for another, if any: call [`remove`](Self::remove) with it.
    pub(super) fn surplus(&self) -> Option<CaseNo> {
        if self.all.len() <= MOST {
            return None;
        }
        let mut oldest = self.all.iter().take(LOOKED_AT);
        let over = oldest.find(|(_, own)| own.is_over()).map(|(case, _)| *case);
        over.or_else(|| self.all.keys().next().copied())
    }

    /// Takes one out, with its names.
    pub(super) fn remove(&mut self, case: CaseNo) {
        self.set_deadline(case, None);
        let Some(own) = self.all.remove(&case) else {
            return;
        };
        for digest in &own.found_by {
            if let Some(cases) = self.found.get_mut(digest) {
                cases.retain(|other| *other != case);
                if cases.is_empty() {
                    self.found.remove(digest);
                }
            }
        }
        let key = key_of(&own.opened);
        if let Some(cases) = self.of_terminal.get_mut(&key) {
            cases.retain(|other| *other != case);
            if cases.is_empty() {
                self.of_terminal.remove(&key);
            }
        }
    }

    /// Lets one be found by a further name, such as that at its host.
    pub(super) fn add_name(&mut self, case: CaseNo, name: Identity) {
        if !name.is_empty() {
            self.let_find(case, self.digests.of(&FoundBy::Name(name)));
        }
    }

    /// Lets an answer with this key find one.
    pub(super) fn add_key(&mut self, case: CaseNo, key: MatchKey) {
        self.let_find(case, self.digests.of(&FoundBy::Key(key)));
    }

    fn let_find(&mut self, case: CaseNo, digest: KeyDigest) {
        if let Some(own) = self.all.get_mut(&case)
            && !own.found_by.contains(&digest)
        {
            own.found_by.push(digest);
            self.found.or_insert_with(digest, Vec::new).push(case);
        }
    }

    pub(super) fn get(&self, case: CaseNo) -> Option<&Watched> {
        self.all.get(&case)
    }

    pub(super) fn get_mut(&mut self, case: CaseNo) -> Option<&mut Watched> {
        self.all.get_mut(&case)
    }

    /// Those of a name, the newest first.
    pub(super) fn named(&self, name: &Identity) -> impl Iterator<Item = (CaseNo, &Watched)> {
        self.found_by(FoundBy::Name(*name))
    }

    /// Those whose answer has this key, the newest first.
    pub(super) fn keyed(&self, key: &MatchKey) -> impl Iterator<Item = (CaseNo, &Watched)> {
        self.found_by(FoundBy::Key(*key))
    }

    fn found_by(&self, what: FoundBy) -> impl Iterator<Item = (CaseNo, &Watched)> {
        let cases = self.found.get(&self.digests.of(&what));
        let cases = cases.into_iter().flatten().rev();
        cases.filter_map(|case| Some((*case, self.all.get(case)?)))
    }

    /// Those of a terminal, the newest first.
    pub(super) fn of_terminal(&self, key: TerminalKey) -> impl Iterator<Item = (CaseNo, &Watched)> {
        let cases = self.of_terminal.get(&key).into_iter().flatten().rev();
        cases.filter_map(|case| Some((*case, self.all.get(case)?)))
    }

    /// The one with an id.
    pub(super) fn of_id(&self, key: TerminalKey, id: TxId) -> Option<CaseNo> {
        let mut own = self.of_terminal(key);
        own.find(|(_, own)| own.id == id).map(|(case, _)| case)
    }

    /// What a void, refund or completion says of its original.
    pub(super) fn referred(&self, of: &Opened, told: &OriginalNames) -> Referred {
        let own = self.of_terminal(key_of(of)).map(|(_, own)| own);
        let all = own.map(|own| Referable {
            tx: own.id,
            opened: &own.opened,
            state: own.state,
            rrn: own.rrn,
            auth: own.auth,
            numbers_itself: own.numbers_itself,
        });
        referred((of, told), &all.collect::<Vec<_>>())
    }

    /// Sets when silence becomes an event.
    pub(super) fn set_deadline(&mut self, case: CaseNo, at: Option<Wall>) {
        let Some(own) = self.all.get_mut(&case) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut own.deadline, at) {
            self.due.remove(&(before, case));
        }
        if let Some(at) = at {
            self.due.insert((at, case));
        }
    }

    /// The earliest whose deadline is over; that is cleared.
    pub(super) fn pop_due(&mut self, now: Wall) -> Option<(Wall, CaseNo)> {
        let (at, case) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.set_deadline(case, None);
        Some((at, case))
    }

    /// All that a reader of the journal must know of who begins here: live, or open. Oldest first.
    pub(super) fn carried(&self) -> impl Iterator<Item = &Watched> {
        let all = self.all.values();
        all.filter(|own| own.state.is_live() || own.is_open())
    }

    /// All that something is still waited for, oldest first.
    pub(super) fn unfinished(&self) -> Vec<CaseNo> {
        let own = self.all.iter().filter(|(_, own)| own.state.is_live());
        own.map(|(case, _)| *case).collect()
    }
}
