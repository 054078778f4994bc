//! The transactions in memory: one owner, found by slot, by name, or by what their answer carries.

use super::action::SendId;
use super::names::MatchKey;
use super::upstream_request::UpstreamRequest;
use crate::engine::record::{ConnId, Identity, Opened, Seq, State, StoredFrame, TxId};
use crate::engine::seam::{KeyedMap, Mono, Wall};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, AuthCode, MerchantId, Mti, ResponseCode, Rrn, Stan, Text};
use crate::iso::spec::ReversalCause;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A place in the table. Stays good while its transaction lives; a place used again has another
/// turn, so that an old slot never names a new transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    place: u32,
    turn: u32,
}

/// Somebody at a terminal's connection who waits, and the header that its answer goes back under.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    pub(super) conn: ConnId,
    pub(super) header: Bytes,
}

/// A transaction that the gateway may still have to act on.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) id: TxId,
    pub(super) opened: Arc<Opened>,
    pub(super) state: State,
    pub(super) route: usize,
    pub(super) began: Wall,
    /// When the request came in, for waiting times; the restart, if that was later.
    pub(super) since: Mono,
    /// The transaction's last record.
    pub(super) last: Seq,
    /// The request, fit for the journal: what a reversal is built from, now or after a restart.
    pub(super) request: StoredFrame,
    /// The request's digest, if there is no money in it; none after a restart.
    pub(super) digest: u32,
    /// The request as it went out, where that is not as it came in.
    pub(super) upstream: Option<Box<UpstreamRequest>>,
    /// Read from a journal that does not say that it went out: as it came in, it did not.
    pub(super) held_back: bool,
    /// Who waits for the answer. The first is the one whose going away counts.
    pub(super) waiting: Vec<Waiter>,
    /// Answers on their way to terminals, written or not.
    pub(super) delivering: u16,
    /// The type under which the request went out, if that is known.
    pub(super) mti: Option<Mti>,
    /// What was asked for there: the first two digits of DE 3, if that is known.
    pub(super) asked_for: Text<2>,
    /// The connection that carries the request.
    pub(super) link_conn: Option<ConnId>,
    /// The request's send, until it is known to be written.
    pub(super) unwritten: Option<SendId>,
    /// The deadline passed while the request was unwritten, and it is being taken back.
    pub(super) revoking: bool,
    pub(super) keys: Vec<MatchKey>,
    pub(super) deadline: Option<Mono>,
    /// The answer as it came, for delivery and for repeats.
    pub(super) answer: Option<Bytes>,
    /// The code of that answer.
    pub(super) code: Option<ResponseCode>,
    pub(super) rrn: Option<Rrn>,
    pub(super) auth: Option<AuthCode>,
    /// An approval was seen, in time or late: a 25 or 12 then proves nothing and closes nothing.
    pub(super) approved: bool,
    /// An answer came that could not be believed, or left the outcome open: a decline then settles
    /// nothing.
    pub(super) doubted: bool,
    /// What went back of it by voids and refunds.
    pub(super) returned: Amount,
    /// Why it would be reversed, if it came to that.
    pub(super) cause: ReversalCause,
    pub(super) reversal: Option<Reversal>,
}

impl Transaction {
    /// Its name for its host.
    pub(super) fn name_upstream(&self) -> Identity {
        let upstream = self.upstream.as_ref();
        upstream.map_or(self.opened.identity, |upstream| upstream.identity)
    }

    /// Whether its reversal was accepted, and its approval may still come.
    pub(super) fn may_be_approved_yet(&self) -> bool {
        self.state == State::Reversed && !self.approved && self.reversal.is_some()
    }

    /// Whether an operator closed it while a try of its reversal was out, which may be answered.
    pub(super) fn may_be_undone_yet(&self) -> bool {
        let reversal = self.reversal.as_ref();
        self.state == State::ClosedByOperator && reversal.is_some_and(|own| own.unanswered > 0)
    }

    /// Whether it is over, and watched for an answer that says otherwise.
    pub(super) fn is_watched(&self) -> bool {
        self.may_be_approved_yet() || self.may_be_undone_yet()
    }

    /// Nothing yet but its names: what a fresh one, a recovered one and one called back from memory
    /// share.
    pub(super) fn of(opened: Arc<Opened>) -> Self {
        Self {
            id: TxId(0),
            opened,
            state: State::Received,
            route: 0,
            began: Wall(0),
            since: Mono(0),
            last: Seq(0),
            request: StoredFrame::default(),
            digest: 0,
            upstream: None,
            held_back: false,
            waiting: Vec::new(),
            delivering: 0,
            mti: None,
            asked_for: Text::EMPTY,
            link_conn: None,
            unwritten: None,
            revoking: false,
            keys: Vec::new(),
            deadline: None,
            answer: None,
            code: None,
            rrn: None,
            auth: None,
            approved: false,
            doubted: false,
            returned: Amount(0),
            cause: ReversalCause::NoAnswer,
            reversal: None,
        }
    }
}

/// The reversal of a transaction.
#[derive(Debug)]
pub(super) struct Reversal {
    pub(super) cause: ReversalCause,
    /// The cause as the terminal gave it, if it asked (the first one counts, R17).
    pub(super) cause_code: Option<ResponseCode>,
    /// Since when it is under way; of one that was accepted and is watched, since when that is so.
    pub(super) since: Wall,
    pub(super) tries: u16,
    /// The terminal's own frame, where the gateway may not or cannot author one.
    pub(super) frame: Option<Bytes>,
    /// Who waits for the answer: each reversal of the terminal that is not answered yet.
    pub(super) askers: Vec<Asker>,
    /// The try on the wire.
    pub(super) link_conn: Option<ConnId>,
    /// That try's send, until it is known to be written.
    pub(super) unwritten: Option<SendId>,
    /// Tries that were not answered.
    pub(super) unanswered: u16,
    /// Whether the first approval came while a try was not answered, and none was accepted since:
    /// which of the two came first at the host is not known then.
    pub(super) overtaken: bool,
    /// Whether the terminal may hold the receipt, and did not ask for it.
    pub(super) of_receipt: bool,
    /// Whether it stands in its link's queue.
    pub(super) queued: bool,
    /// The answer as it came.
    pub(super) answer: Option<Bytes>,
}

/// A terminal's reversal that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) conn: ConnId,
    pub(super) asked: Message,
}

/// Reversals of one transaction that may wait for their answers at once; the oldest goes first.
const ASKERS: usize = 8;

impl Reversal {
    /// Lets one more wait for the answer; the same message on the same connection waits once.
    pub(super) fn wait(&mut self, asker: Asker) {
        let same = |own: &Asker| {
            own.conn == asker.conn
                && own.asked.stan() == asker.asked.stan()
                && own.asked.header() == asker.asked.header()
        };
        self.askers.retain(|own| !same(own));
        self.askers.push(asker);
        if self.askers.len() > ASKERS {
            self.askers.remove(0);
        }
    }
}

/// The table of live transactions.
#[derive(Debug)]
pub(super) struct Live {
    places: Vec<Place>,
    free: Vec<u32>,
    by_id: KeyedMap<TxId, Slot>,
    by_identity: KeyedMap<Identity, Slot>,
    by_key: KeyedMap<MatchKey, KeyHolders>,
    /// The gateway's own trace numbers of all that is live.
    given: BTreeSet<Stan>,
    deadlines: BTreeSet<(Mono, Slot)>,
}

/// Who may be answered under a key: one, but for those that are watched beside it.
#[derive(Clone, Debug)]
struct KeyHolders {
    last: Slot,
    others: Vec<Slot>,
}

/// The number that the gateway gave a request.
fn given(transaction: &Transaction) -> Option<Stan> {
    let upstream = transaction.upstream.as_ref();
    upstream
        .filter(|upstream| upstream.rewritten)
        .map(|upstream| upstream.stan)
}

#[derive(Debug)]
struct Place {
    turn: u32,
    transaction: Option<Box<Transaction>>,
}

impl Live {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            by_id: KeyedMap::new(seed.rotate_left(34)),
            by_identity: KeyedMap::new(seed),
            by_key: KeyedMap::new(seed.rotate_left(17)),
            given: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Takes a transaction in. If its identity is taken, the newer holder keeps it.
    pub(super) fn insert(&mut self, transaction: Transaction) -> Slot {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                turn: 0,
                transaction: None,
            });
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        let slot = Slot {
            place,
            turn: self.places[place as usize].turn,
        };
        let identity = transaction.opened.identity;
        if !identity.is_empty() {
            let _older = self.by_identity.insert_new(identity, slot);
        }
        let _fresh = self.by_id.insert_new(transaction.id, slot);
        self.given.extend(given(&transaction));
        self.places[place as usize].transaction = Some(Box::new(transaction));
        slot
    }

    /// Gives a live transaction another merchant, and the name that follows from that.
    pub(super) fn rename(&mut self, slot: Slot, merchant: MerchantId, name: Identity) {
        let Some(own) = self.get_mut(slot) else {
            return;
        };
        let opened = Arc::make_mut(&mut own.opened);
        opened.merchant = merchant;
        let old = std::mem::replace(&mut opened.identity, name);
        if self.named(&old) == Some(slot) {
            self.by_identity.remove(&old);
        }
        if !name.is_empty() {
            let _older = self.by_identity.insert_new(name, slot);
        }
    }

    /// Keeps how a live transaction's request went out.
    pub(super) fn set_upstream(&mut self, slot: Slot, upstream: UpstreamRequest) {
        let Some(transaction) = self.get_mut(slot) else {
            return;
        };
        transaction.held_back = false;
        transaction.upstream = Some(Box::new(upstream));
        let number = given(transaction);
        self.given.extend(number);
    }

    /// Whether a live transaction has this number from the gateway.
    pub(super) fn has_given(&self, stan: Stan) -> bool {
        self.given.contains(&stan)
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Transaction> {
        let place = self.places.get(slot.place as usize)?;
        place
            .transaction
            .as_deref()
            .filter(|_| place.turn == slot.turn)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Transaction> {
        let place = self.places.get_mut(slot.place as usize)?;
        let turn = place.turn;
        place
            .transaction
            .as_deref_mut()
            .filter(|_| turn == slot.turn)
    }

    /// Takes a transaction out, with its names and its deadline.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Transaction> {
        self.get(slot)?;
        self.set_deadline(slot, None);
        let place = &mut self.places[slot.place as usize];
        let transaction = *place.transaction.take()?;
        place.turn = place.turn.wrapping_add(1);
        self.free.push(slot.place);
        if self.named(&transaction.opened.identity) == Some(slot) {
            self.by_identity.remove(&transaction.opened.identity);
        }
        self.by_id.remove(&transaction.id);
        if let Some(stan) = given(&transaction) {
            self.given.remove(&stan);
        }
        for key in &transaction.keys {
            self.leave_key(slot, key);
        }
        Some(transaction)
    }

    pub(super) fn named(&self, identity: &Identity) -> Option<Slot> {
        self.by_identity.get(identity).copied()
    }

    /// The live transaction with an id.
    pub(super) fn slot_of(&self, id: TxId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// The transaction that was the last to take a key.
    pub(super) fn keyed(&self, key: &MatchKey) -> Option<Slot> {
        self.by_key.get(key).map(|holders| holders.last)
    }

    /// All that an answer with this key finds, the last first.
    pub(super) fn holders(&self, key: &MatchKey) -> impl Iterator<Item = Slot> + '_ {
        let holders = self.by_key.get(key).into_iter();
        holders.flat_map(|own| std::iter::once(own.last).chain(own.others.iter().copied()))
    }

    /// Lets an answer with this key find the transaction.
    pub(super) fn add_key(&mut self, slot: Slot, key: MatchKey) {
        let Some(transaction) = self.get_mut(slot) else {
            return;
        };
        if transaction.keys.contains(&key) {
            return;
        }
        transaction.keys.push(key);
        if let Some(holders) = self.by_key.get_mut(&key) {
            let older = std::mem::replace(&mut holders.last, slot);
            holders.others.push(older);
        } else {
            let alone = KeyHolders {
                last: slot,
                others: Vec::new(),
            };
            let _free = self.by_key.insert_new(key, alone);
        }
    }

    /// Takes a key from a transaction that has it.
    pub(super) fn release_key(&mut self, slot: Slot, key: &MatchKey) {
        if let Some(transaction) = self.get_mut(slot) {
            transaction.keys.retain(|own| own != key);
        }
        self.leave_key(slot, key);
    }

    fn leave_key(&mut self, slot: Slot, key: &MatchKey) {
        let Some(holders) = self.by_key.get_mut(key) else {
            return;
        };
        if holders.last != slot {
            holders.others.retain(|own| *own != slot);
        } else if let Some(older) = holders.others.pop() {
            holders.last = older;
        } else {
            self.by_key.remove(key);
        }
    }

    pub(super) fn set_deadline(&mut self, slot: Slot, at: Option<Mono>) {
        let Some(transaction) = self.get_mut(slot) else {
            return;
        };
        let before = std::mem::replace(&mut transaction.deadline, at);
        if let Some(before) = before {
            self.deadlines.remove(&(before, slot));
        }
        if let Some(at) = at {
            self.deadlines.insert((at, slot));
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Mono> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// The transaction whose deadline is the earliest that is due; its deadline is cleared.
    pub(super) fn pop_due(&mut self, now: Mono) -> Option<Slot> {
        let (at, slot) = *self.deadlines.first()?;
        if at > now {
            return None;
        }
        self.set_deadline(slot, None);
        Some(slot)
    }

    /// Every slot in use, in the order of places.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let used = self
            .places
            .iter()
            .enumerate()
            .filter(|(_, p)| p.transaction.is_some());
        used.filter_map(|(n, p)| {
            Some(Slot {
                place: u32::try_from(n).ok()?,
                turn: p.turn,
            })
        })
        .collect()
    }
}
