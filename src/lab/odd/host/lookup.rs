//! By which fields of the protocol a host finds what a message is about.

use super::OddHost;
use super::book::Entry;
use crate::iso::codec::Message;
use crate::lab::odd::names::tag;
use crate::lab::odd::wire::{batch, get, piece, put, text};
use crate::lab::plan::Trade;

/// What names a request: merchant, terminal, batch (DE 60.2) or moment (DE 7), trace number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OriginalName {
    merchant: String,
    terminal: String,
    batch: String,
    moment: String,
    stan: String,
}

impl OriginalName {
    /// A request's own name.
    pub(super) fn of(message: &Message, cup: bool) -> Self {
        Self {
            merchant: text(message, 42),
            terminal: text(message, 41),
            batch: if cup { batch(message) } else { String::new() },
            moment: if cup { String::new() } else { text(message, 7) },
            stan: text(message, 11),
        }
    }

    /// The name of the request that a reversal points at: its own in the dialect of `UnionPay`
    /// terminals, else by DE 90.
    pub(super) fn of_original(reversal: &Message, cup: bool) -> Self {
        let mut name = Self::of(reversal, cup);
        if get(reversal, 90).is_some() {
            name.stan = piece(reversal, 90, 4, 10);
            name.moment = piece(reversal, 90, 10, 20);
        }
        name
    }

    /// Whether it is of a batch.
    pub(super) fn is_in(&self, batch: &str) -> bool {
        self.batch == batch
    }

    /// DE 90 of it: type, trace number and moment, no institutions.
    fn originals(&self, mti: &str) -> String {
        format!("{mti}{:0>6}{:0>10}{:022}", self.stan, self.moment, 0)
    }

    /// Its parts but the moment: merchant, terminal, batch, trace number.
    pub(super) fn place(&self) -> [&str; 4] {
        [&self.merchant, &self.terminal, &self.batch, &self.stan]
    }
}

impl Entry {
    /// Writes what a reversal of the host's own says of an entry.
    pub(super) fn write(&self, message: &mut Message, cup: bool) {
        put(message, 2, &self.card);
        put(message, 3, &self.code);
        put(message, 4, &format!("{:012}", self.amount));
        if let Some(n) = self.n {
            put(message, 14, &tag(n));
        }
        put(message, 37, &self.rrn);
        put(message, 38, &self.auth);
        put(message, 41, &self.terminal);
        put(message, 42, &self.name.merchant);
        put(message, 49, "156");
        if cup {
            put(message, 60, &format!("{}{}000", self.kind, self.name.batch));
            put(
                message,
                61,
                &format!("{}{}", self.name.batch, self.name.stan),
            );
        } else {
            put(message, 90, &self.name.originals(&self.mti));
        }
    }
}

impl OddHost {
    /// The original that a reversal names: by its name; without a moment in it, the last of the
    /// terminal's with this trace number; and by DE 37 where that is all there is.
    pub(super) fn original_of(&self, reversal: &Message) -> Option<usize> {
        let name = OriginalName::of_original(reversal, self.speech.cup);
        if let Some(at) = self.by_name.get(&name) {
            return Some(*at);
        }
        let blank = name.moment.bytes().all(|digit| digit == b'0');
        let newest = |fits: &dyn Fn(&Entry) -> bool| self.book.iter().rposition(fits);
        if !self.speech.cup && blank && !name.stan.is_empty() {
            let found = newest(&|entry| entry.name.place() == name.place());
            if found.is_some() {
                return found;
            }
        }
        let rrn = get(reversal, 37).filter(|rrn| !rrn.is_empty())?;
        newest(&|entry| entry.rrn == rrn)
    }

    /// The original of a void, a refund, a completion, a cancellation: by DE 37; by DE 38; by what
    /// DE 61 or DE 90 says.
    pub(super) fn referred(&self, message: &Message, trade: Trade) -> Option<usize> {
        let fits = |entry: &Entry| match trade {
            Trade::Completion | Trade::CancelHold => entry.trade == Trade::Hold,
            _ => matches!(entry.trade, Trade::Sale | Trade::Completion),
        };
        let newest = |found: &dyn Fn(&Entry) -> bool| {
            self.book
                .iter()
                .rposition(|entry| fits(entry) && found(entry))
        };
        let given = |number| get(message, number).filter(|text| !text.is_empty());
        let by_rrn = given(37).and_then(|rrn| newest(&|entry| entry.rrn == rrn));
        let by_auth = || {
            let (auth, card) = (given(38)?, text(message, 2));
            newest(&|entry| entry.auth == auth && entry.card == card)
        };
        let by_place = || {
            let mut name = OriginalName::of(message, self.speech.cup);
            if self.speech.cup {
                given(61)?;
                name.batch = piece(message, 61, 0, 6);
                name.stan = piece(message, 61, 6, 12);
            } else {
                given(90)?;
                name.stan = piece(message, 90, 4, 10);
                name.moment = piece(message, 90, 10, 20);
            }
            newest(&|entry| entry.name == name)
        };
        by_rrn.or_else(by_auth).or_else(by_place)
    }
}
