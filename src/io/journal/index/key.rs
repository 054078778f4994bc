//! What a transaction can be looked up by, as a number that sorts.

use crate::engine::record::{Opened, State, TxId};
use crate::iso::spec::Purpose;

/// How many bits of an entry are the number of a row; those above are the hash of a key.
pub(super) const ROW_BITS: u32 = 24;

/// A name, or another trait by which transactions are looked up. A key of one kind is told from
/// one of another by its hash alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum IndexKey<'a> {
    Transaction(TxId),
    Rrn(&'a str),
    Auth(&'a str),
    /// Terminal and trace number.
    Number(&'a str, u64),
    Terminal(&'a str),
    Stan(u64),
    /// The trace number of a message that bears another than the request.
    OtherStan(u64),
    Amount(u64),
    /// Card, amount and merchant.
    Purchase(CardKey<'a>, u64, &'a str),
    Card(CardKey<'a>),
    /// What its dialect names it by.
    Identity(&'a str),
    /// A card of which something names no original and may be a part of any amount.
    Nameless(CardKey<'a>),
    /// Those that name this one as an original or as another attempt.
    Refers(TxId),
    /// Where it stood at the end of a run.
    State(State),
    /// The settlements of a terminal's batch.
    Settlement(&'a str, &'a str),
    /// Those that may be open though their state is one that ends the case.
    Doubt,
}

/// A card: by its hash, or where that is not known as people see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardKey<'a>(&'a [u8]);

impl<'a> CardKey<'a> {
    /// The name under which a transaction is found by its card.
    pub(super) fn of(opened: &'a Opened) -> Option<Self> {
        let mut all = Self::all(opened);
        all.next()
    }

    /// The names under which others of its card may be found.
    pub(super) fn all(opened: &'a Opened) -> impl Iterator<Item = Self> {
        let hash = Some(&opened.card_hash[..]).filter(|_| opened.card_hash != [0; 16]);
        let masked = Some(opened.card.as_bytes()).filter(|card| !card.is_empty());
        hash.into_iter().chain(masked).map(Self)
    }
}

/// Whether a transaction may belong to one of its card of whatever amount.
pub(super) fn is_nameless(opened: &Opened) -> bool {
    let undoes = matches!(opened.purpose, Purpose::Void | Purpose::Refund);
    opened.original.is_none() && (undoes || opened.kind.contains("completion"))
}

impl IndexKey<'_> {
    /// The first of the entries of this key: its hash, and row 0.
    pub(super) fn entry(self) -> u64 {
        self.hash() & !((1 << ROW_BITS) - 1)
    }

    /// The names with which a transaction begins.
    pub(super) fn of_opened(opened: &Opened, mut take: impl FnMut(IndexKey<'_>)) {
        take(IndexKey::Number(&opened.terminal, opened.stan.0));
        take(IndexKey::Terminal(&opened.terminal));
        take(IndexKey::Stan(opened.stan.0));
        take(IndexKey::Amount(opened.amount.0));
        if !opened.identity.is_empty() {
            take(IndexKey::Identity(&opened.identity));
        }
        if let Some(card) = CardKey::of(opened) {
            take(IndexKey::Purchase(card, opened.amount.0, &opened.merchant));
            take(IndexKey::Card(card));
            if is_nameless(opened) {
                take(IndexKey::Nameless(card));
            }
        }
        if opened.purpose == Purpose::Settlement {
            take(IndexKey::Settlement(&opened.terminal, &opened.batch));
        }
        for other in [opened.original, opened.twin].into_iter().flatten() {
            take(IndexKey::Refers(other));
        }
    }

    fn hash(self) -> u64 {
        let mut hash = Spread(0);
        match self {
            Self::Transaction(tx) => hash.wide(1, tx.0),
            Self::Rrn(rrn) => hash.bytes(2, rrn.as_bytes()),
            Self::Auth(auth) => hash.bytes(3, auth.as_bytes()),
            Self::Number(terminal, stan) => {
                hash.bytes(4, terminal.as_bytes());
                hash.word(stan);
            }
            Self::Terminal(terminal) => hash.bytes(5, terminal.as_bytes()),
            Self::Stan(stan) => hash.words(6, stan),
            Self::OtherStan(stan) => hash.words(16, stan),
            Self::Amount(amount) => hash.words(7, amount),
            Self::Purchase(card, amount, merchant) => {
                hash.bytes(8, card.0);
                hash.word(amount);
                hash.bytes(8, merchant.trim().as_bytes());
            }
            Self::Card(card) => hash.bytes(9, card.0),
            Self::Nameless(card) => hash.bytes(10, card.0),
            Self::Refers(tx) => hash.wide(11, tx.0),
            Self::Doubt => hash.word(14),
            Self::Settlement(terminal, batch) => {
                hash.bytes(15, terminal.as_bytes());
                hash.bytes(15, batch.as_bytes());
            }
            Self::Identity(identity) => hash.bytes(13, identity.as_bytes()),
            Self::State(state) => hash.words(12, number_of(state)),
        }
        hash.end()
    }
}

/// A state as a word of the index.
pub(super) fn number_of(state: State) -> u64 {
    let place = State::ALL.iter().position(|known| *known == state);
    place.map_or(u64::MAX, |at| at as u64)
}

/// Spreads keys evenly over 64 bits, always in the same way. Two keys that meet cost a needless
/// look at a transaction, and nothing else.
struct Spread(u64);

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Spread {
    const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(27) ^ word).wrapping_mul(ODD);
    }

    const fn words(&mut self, kind: u64, word: u64) {
        self.word(kind);
        self.word(word);
    }

    fn wide(&mut self, kind: u64, number: u128) {
        self.bytes(kind, &number.to_le_bytes());
    }

    fn bytes(&mut self, kind: u64, bytes: &[u8]) {
        self.words(kind, bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            self.word(u64::from_le_bytes(word));
        }
    }

    const fn end(&self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 32)).wrapping_mul(ODD);
        hash = (hash ^ (hash >> 29)).wrapping_mul(ODD);
        hash ^ (hash >> 32)
    }
}
