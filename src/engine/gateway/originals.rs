//! Which transaction does a message mean? Every name that it tells must be one of the same
//! transaction. Where they are of several, or several have them all, nobody here knows which of
//! them an acquirer goes by: it is each of them, perhaps, and none for sure.

use super::core::Gateway;
use super::kept_frames::kept;
use super::live::Transaction;
use super::message_facts::{key_of, may_refer, opened_of};
use super::names::{self, TerminalKey};
use super::partly_read;
use super::remembered::Remembered;
use super::settlement;
use crate::engine::record::{Awaited, Known, LinkId, Note, Opened, State, StoredFrame, TxId};
use crate::iso::codec::Message;
use crate::iso::message::{AuthCode, Rrn, Stan, Text};
use crate::iso::spec::Purpose;

/// How a message names its original.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OriginalNames {
    pub(crate) rrn: Option<Rrn>,
    pub(crate) auth: Option<AuthCode>,
    pub(crate) stan: Option<Stan>,
    /// The batch of that trace number.
    pub(crate) batch: Text<6>,
}

/// A transaction that may be referred to, and its names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Referable<'a> {
    pub(crate) tx: TxId,
    pub(crate) opened: &'a Opened,
    pub(crate) state: State,
    pub(crate) rrn: Option<Rrn>,
    pub(crate) auth: Option<AuthCode>,
    /// Whether its request bore a reference number of its own: later ones of its terminal do, too.
    pub(crate) numbers_itself: bool,
}

impl<'a> Referable<'a> {
    /// One that is remembered.
    pub(super) fn of(done: &'a Remembered) -> Self {
        Self {
            tx: done.id,
            opened: &done.opened,
            state: done.state,
            rrn: done.rrn,
            auth: done.auth,
            numbers_itself: false,
        }
    }

    /// One that is live.
    fn live(own: &'a Transaction) -> Self {
        Self {
            tx: own.id,
            opened: &own.opened,
            state: own.state,
            rrn: own.rrn,
            auth: own.auth,
            numbers_itself: false,
        }
    }
}

/// What a message says of its original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Referred {
    /// It is this one.
    To(TxId),
    /// It is one of these, or none that is known: those of its reference number first.
    OneOf(Vec<TxId>),
    /// It names none that is known.
    ToNone,
}

/// Transactions that are told as what a message may mean.
pub(super) const MOST: usize = 8;

impl Referred {
    /// The original, if it is known.
    pub(crate) const fn original(&self) -> Option<TxId> {
        match self {
            Self::To(tx) => Some(*tx),
            Self::OneOf(_) | Self::ToNone => None,
        }
    }

    /// All that may be meant.
    pub(crate) fn all(&self) -> &[TxId] {
        match self {
            Self::To(tx) => std::slice::from_ref(tx),
            Self::OneOf(all) => all,
            Self::ToNone => &[],
        }
    }

    /// What is to be recorded of it.
    pub(crate) fn note(self) -> Note {
        match self {
            Self::OneOf(all) => Note::OneOf(all),
            Self::To(_) | Self::ToNone => Note::None,
        }
    }
}

impl OriginalNames {
    /// As a void, refund, completion or reversal tells them.
    pub(crate) fn told_by(message: &Message) -> Self {
        Self {
            rrn: message.rrn().filter(|rrn| !names::is_zero(rrn)),
            auth: message.auth_code().filter(|auth| !names::is_zero(auth)),
            stan: names::original_stan(message),
            batch: names::original_batch(message),
        }
    }

    /// As the answer to a reversal tells them.
    pub(super) fn of_answer(answer: &Message) -> Self {
        Self {
            rrn: answer.rrn(),
            ..Self::default()
        }
    }

    fn has_rrn_of(&self, own: &Referable<'_>) -> bool {
        self.rrn.is_some() && own.rrn == self.rrn
    }

    fn has_auth_of(&self, own: &Referable<'_>) -> bool {
        self.auth.is_some() && own.auth == self.auth
    }

    fn has_number_of(&self, own: &Referable<'_>) -> bool {
        let batch = &own.opened.batch;
        let of_batch = self.batch.is_empty() || batch.is_empty() || self.batch == *batch;
        self.stan == Some(own.opened.stan) && of_batch
    }

    /// Whether one of the names is that of this transaction.
    pub(crate) fn has_one_of(&self, own: &Referable<'_>) -> bool {
        self.has_rrn_of(own) || self.has_auth_of(own) || self.has_number_of(own)
    }

    /// Whether all that is told is of this transaction, as far as it is known.
    pub(crate) fn are_all_of(&self, own: &Referable<'_>) -> bool {
        self.has_one_of(own) && !self.wrong_of(own, &[]).any()
    }

    /// Which names are not those of a transaction or its increments, as far as those are known.
    fn wrong_of(&self, own: &Referable<'_>, all: &[Referable<'_>]) -> WrongNames {
        let family = || {
            let raises = |other: &&Referable<'_>| is_increment_of(other, own);
            std::iter::once(own).chain(all.iter().filter(raises))
        };
        // A terminal that numbers its messages may mean nobody by that.
        let fresh = || own.numbers_itself && !all.iter().any(|other| self.has_rrn_of(other));
        let known = own.rrn.is_some() && self.rrn.is_some();
        WrongNames {
            rrn: known && !family().any(|one| self.has_rrn_of(one)) && !fresh(),
            auth: own.auth.is_some()
                && self.auth.is_some()
                && !family().any(|one| self.has_auth_of(one)),
            number: self.stan.is_some() && !family().any(|one| self.has_number_of(one)),
        }
    }

    /// Whether the reference number or the authorization code is another transaction's, and not
    /// that of this one or its original. What is not known contradicts nothing.
    pub(crate) fn are_of_another(&self, own: &Referable<'_>, all: &[Referable<'_>]) -> bool {
        let original = all.iter().find(|one| Some(one.tx) == own.opened.original);
        let own_names = || std::iter::once(own).chain(original);
        let others = || all.iter().filter(|one| one.tx != own.tx);
        let by_rrn = own.rrn.is_some()
            && !own_names().any(|one| self.has_rrn_of(one))
            && others().any(|one| self.has_rrn_of(one));
        let by_auth = own.auth.is_some()
            && !own_names().any(|one| self.has_auth_of(one))
            && others().any(|one| self.has_auth_of(one));
        by_rrn || by_auth
    }
}

/// Names that are not those of a transaction.
#[derive(Clone, Copy, Debug)]
struct WrongNames {
    rrn: bool,
    auth: bool,
    number: bool,
}

impl WrongNames {
    const fn any(self) -> bool {
        self.rrn || self.auth || self.number
    }
}

/// Whether a message of this kind may speak of that transaction.
fn is_of_kind(of: &Opened, own: &Opened) -> bool {
    // The void of an authorization leaves alone what was completed of it.
    let of_hold = of.kind.ends_with("preauth_void");
    let debits = own.purpose == Purpose::Debit && !of_hold;
    let of_debits = matches!(
        of.purpose,
        Purpose::Void | Purpose::Refund | Purpose::Reversal | Purpose::Inquiry
    );
    own.purpose == Purpose::Hold || of_debits && debits
}

/// Whether an authorization raises another one.
fn is_increment_of(one: &Referable<'_>, other: &Referable<'_>) -> bool {
    one.opened.purpose == Purpose::Hold
        && other.opened.purpose == Purpose::Hold
        && one.opened.original == Some(other.tx)
}

/// Whether what names one of both names the other: it holds money and that does not, it is a later
/// turn of the same request, or what that authorized was completed by it.
fn stands_for(one: &Referable<'_>, other: &Referable<'_>) -> bool {
    let holds = |own: &Referable<'_>| own.state.meaning().known != Known::NotHeld;
    let name = &one.opened.identity;
    let turn = !name.is_empty() && *name == other.opened.identity && one.tx > other.tx;
    let completes = one.opened.purpose == Purpose::Debit && one.opened.original == Some(other.tx);
    match (holds(one), holds(other)) {
        (true, false) => true,
        (false, true) => false,
        _ => turn || completes || is_increment_of(other, one),
    }
}

/// The transaction that a message refers to. Codes are given by each issuer as it likes, and trace
/// numbers come again in a later batch: alone they count only with the same card. `all` are those
/// of its terminal, the newest first.
pub(crate) fn referred((of, told): (&Opened, &OriginalNames), all: &[Referable<'_>]) -> Referred {
    let of_card = |own: &Referable<'_>| own.opened.may_share_card(of);
    let of_kind = || all.iter().filter(|own| is_of_kind(of, own.opened));
    let named = of_kind().filter(|own| {
        let wrong = told.wrong_of(own, all);
        let by_number = told.has_number_of(own) && !(wrong.rrn && wrong.auth);
        let by_slip = told.has_auth_of(own) || by_number;
        told.has_rrn_of(own) || by_slip && of_card(own)
    });
    let named: Vec<&Referable<'_>> = named.collect();
    let mut fit = named.clone();
    fit.retain(|own| of_card(own) && !told.wrong_of(own, all).any());
    fit.retain(|own| !named.iter().any(|other| stands_for(other, own)));
    if fit.len() > 1 && of.purpose == Purpose::Void {
        // A void is of all that was paid.
        let mut whole = fit.iter().filter(|own| own.opened.amount == of.amount);
        if let Some(only) = only(whole.by_ref()) {
            return Referred::To(only.tx);
        }
    }
    match fit.as_slice() {
        [own] => return Referred::To(own.tx),
        [] if named.is_empty() => return Referred::ToNone,
        [] => fit = of_kind().filter(|own| told.has_one_of(own)).collect(),
        _ => {}
    }
    fit.sort_by_key(|own| !told.has_rrn_of(own));
    Referred::OneOf(fit.into_iter().take(MOST).map(|own| own.tx).collect())
}

/// The only one there is.
pub(crate) fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

impl Gateway {
    /// What names the transaction that a request begins.
    pub(super) fn describe(&self, message: &Message) -> Opened {
        let mut opened = opened_of(message, self.merchant_of(message), &self.vault);
        if may_refer(message, opened.purpose) {
            let told = OriginalNames::told_by(message);
            opened.original = self.referred(&opened, &told).original();
        }
        opened
    }

    /// The note of a request: what could not be read of it counts first.
    pub(super) fn note_of_request(&self, message: &Message, opened: &Opened) -> Note {
        let several = self.meant_by(message, opened).note();
        let otherwise = settlement::note_or(message, opened.purpose, several);
        partly_read::note_or(message, otherwise)
    }

    /// What a request that was described means: its original, or what it may be.
    pub(super) fn meant_by(&self, message: &Message, opened: &Opened) -> Referred {
        match opened.original {
            Some(original) => Referred::To(original),
            None if may_refer(message, opened.purpose) => {
                self.referred(opened, &OriginalNames::told_by(message))
            }
            // Its own terminal has none that it names.
            None if opened.purpose == Purpose::Reversal => {
                match self.referred_elsewhere(opened, &OriginalNames::told_by(message)) {
                    Referred::ToNone => self.may_be_reversed(message, opened),
                    known @ (Referred::To(_) | Referred::OneOf(_)) => known,
                }
            }
            None => Referred::ToNone,
        }
    }

    /// The route and the link of a transaction that went out, live or answered.
    pub(super) fn way_of(&self, id: TxId) -> Option<(usize, LinkId)> {
        let live = self.live.slot_of(id).and_then(|slot| self.live.get(slot));
        let live = live.map(|own| (own.route, own.opened.link));
        let done = || self.terminals.done(id).filter(|done| done.went_out());
        live.or_else(|| done().map(|own| (own.route, own.opened.link)))
    }

    /// What a void, refund or completion says of its original: one of its terminal, answered
    /// before, or whose answer is still on its way to the terminal, or not proven.
    pub(super) fn referred(&self, of: &Opened, told: &OriginalNames) -> Referred {
        match self.referred_here(of, told) {
            Referred::ToNone => self.referred_elsewhere(of, told),
            known @ (Referred::To(_) | Referred::OneOf(_)) => known,
        }
    }

    /// The same, of its own terminal only.
    pub(super) fn referred_here(&self, of: &Opened, told: &OriginalNames) -> Referred {
        referred((of, told), &self.referables(&key_of(of), told))
    }

    /// What it may mean of other merchants' terminals of the same number: one of a chain has
    /// several, and hosts find originals without the merchant's.
    fn referred_elsewhere(&self, of: &Opened, told: &OriginalNames) -> Referred {
        let others = self.terminals.of_number(&of.terminal).iter();
        let others = others.filter(|key| **key != key_of(of));
        let named = |key| {
            let mut own = self.referables(key, told);
            own.retain(|own| own.opened.may_share_card(of));
            referred((of, told), &own)
        };
        let all = others.flat_map(|key| named(key).all().to_vec());
        let all: Vec<TxId> = all.take(MOST).collect();
        match all.is_empty() {
            true => Referred::ToNone,
            false => Referred::OneOf(all),
        }
    }

    /// The transactions of a terminal, with the names that a message may tell of them.
    fn referables(&self, key: &TerminalKey, told: &OriginalNames) -> Vec<Referable<'_>> {
        let terminal = self.terminals.get(key).into_iter();
        let done = terminal.flat_map(|own| own.done.iter().rev());
        let done = done.map(|own| (Referable::of(own), &own.request));
        let slots = self.live.slots();
        let live = slots.into_iter().filter_map(|slot| self.live.get(slot));
        let live = live.filter(|own| key_of(&own.opened) == *key);
        let live = live.map(|own| (Referable::live(own), &own.request));
        let all = done.chain(live).map(|(own, request)| Referable {
            numbers_itself: self.numbers_itself(&own, request, told),
            ..own
        });
        all.collect()
    }

    /// Whether a request bore a reference number of its own, where that matters: another one is
    /// told beside a name of it.
    fn numbers_itself(
        &self,
        own: &Referable<'_>,
        request: &StoredFrame,
        told: &OriginalNames,
    ) -> bool {
        let matters = told.rrn.is_some() && !told.has_rrn_of(own) && told.has_one_of(own);
        let request = || kept(&self.spec_named(&own.opened.spec)?, request);
        matters
            && own.opened.original.is_none()
            && request().is_some_and(|request| request.rrn().is_some())
    }

    /// Whether a message that speaks of a transaction bears the reference number or authorization
    /// code of another one of the terminal.
    pub(super) fn names_another(&self, tx: TxId, of: &Opened, told: &OriginalNames) -> bool {
        let all = self.referables(&key_of(of), told);
        let own = all.iter().find(|own| own.tx == tx);
        own.is_some_and(|own| told.are_of_another(own, &all))
    }

    /// What is being reversed of a void's or refund's original: that itself, or another void or
    /// refund of it. That reversal would go on, whatever becomes of this one, and which of both the
    /// host takes first nobody here knows. It may be of another terminal of the merchant, or of
    /// another merchant's by the same card: hosts find originals by their reference number.
    pub(super) fn undoes_already(&self, message: &Message, opened: &Opened) -> Option<TxId> {
        if !matches!(opened.purpose, Purpose::Void | Purpose::Refund) {
            return None;
        }
        let told = OriginalNames::told_by(message);
        let meant = self.meant_by(message, opened);
        let named = |own: &Transaction| {
            let of_number = told.rrn.is_some() && told.rrn == own.rrn;
            let of_merchant = opened.merchant == own.opened.merchant;
            let of_card = !opened.card.is_empty() && own.opened.card == opened.card;
            let is_near = of_merchant || of_card;
            let elsewhere = of_number && is_near && own.opened.may_share_card(opened);
            let returns = matches!(own.opened.purpose, Purpose::Void | Purpose::Refund);
            let returned = own.opened.original.filter(|_| returns);
            let is_meant = |id: &TxId| *id == own.id || Some(*id) == returned;
            meant.all().iter().any(is_meant) || elsewhere && is_of_kind(opened, &own.opened)
        };
        let live = self.live.slots().into_iter();
        let live = live.filter_map(|slot| self.live.get(slot));
        let mut undone = live.filter(|own| own.state.meaning().awaited == Awaited::Reversal);
        undone.find(|own| named(own)).map(|own| own.id)
    }
}
