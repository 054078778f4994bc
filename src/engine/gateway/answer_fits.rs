//! Whether an answer speaks of its request, as far as both tell: its amount, currency, card,
//! terminal, trace number, type and kind of trade.

use super::message_facts::is_of_trade;
use crate::engine::record::{Opened, Vault};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, FieldPath, Mti, Stan, Text};
use crate::iso::spec::{Purpose, RequestOutcome};

/// What a request asked for, as its host heard it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedFor<'a> {
    /// What names it.
    pub(crate) opened: &'a Opened,
    /// Its type there, if that is known.
    pub(crate) mti: Option<Mti>,
    /// The first two digits of DE 3 there, if they are known.
    pub(crate) trade: Text<2>,
    /// Its trace number there.
    pub(crate) stan: Stan,
}

impl AskedFor<'_> {
    /// Whether an answer speaks of something else.
    pub(crate) fn is_contradicted_by(&self, answer: &Message, vault: &Vault) -> bool {
        let opened = self.opened;
        let in_part = || {
            let flow = answer.spec().flow();
            let outcome = flow.outcome(opened.purpose, answer.response_code());
            outcome == RequestOutcome::ApprovedInPart
        };
        // A reversal of a part may be answered with the amount of its sale, and any by some hosts
        // with zeros; less than was asked for is not given back by a whole yes.
        let reverses = opened.purpose == Purpose::Reversal;
        let other_amount = answer.amount().is_some_and(|amount| {
            if reverses {
                amount != Amount(0) && amount < opened.amount
            } else {
                amount != opened.amount && !(amount < opened.amount && in_part())
            }
        });
        let other_terminal = answer.terminal().is_some_and(|id| id != opened.terminal);
        let other_stan = answer.stan().is_some_and(|stan| stan != self.stan);
        // Of a kind that the dialect does not know, nobody can say what its amounts mean.
        let judged = reverses || !opened.kind.is_empty() || answer.fault().is_some();
        let other_type = self.mti.is_some_and(|asked| !answer.mti().answers(asked));
        let money = opened.purpose.moves_money() || reverses;
        // A request of money without an amount tells too little to compare the rest with.
        let tells_all = judged && (!money || opened.amount != Amount(0));
        (money && judged && other_amount)
            || (tells_all && !is_of(opened, answer, vault))
            || other_terminal
            || other_stan
            || other_type
            || (tells_all && !is_of_trade(&self.trade, answer))
    }
}

/// Whether an answer speaks of the currency and the card of its request, as far as it names them.
pub(crate) fn is_of(opened: &Opened, answer: &Message, vault: &Vault) -> bool {
    // What stands behind a fault may be anything, and what stands before it as well.
    answer.fault().is_some() || is_of_currency(opened, answer) && is_of_card(opened, answer, vault)
}

/// The same of the card. That of a request that was read in part is known by its hash only.
fn is_of_card(opened: &Opened, answer: &Message, vault: &Vault) -> bool {
    // A track in an answer is none of its card.
    let told = answer.short::<99>(FieldPath::whole(FieldId::of(2)));
    let told = told.is_some_and(|digits| !digits.is_empty());
    answer.pan().filter(|_| told).is_none_or(|pan| {
        if opened.card.is_empty() {
            opened.is_of_card(&vault.card_hash(&pan))
        } else {
            *opened.card == *pan.masked()
        }
    })
}

/// Whether an answer speaks of the currency of its request, as far as it names one.
pub(super) fn is_of_currency(opened: &Opened, answer: &Message) -> bool {
    // Three digits, or letters (ISO 4217); where anything else stands, none is told. What a request
    // that was read in part tells may be anything: that counts where money moves, and as digits.
    let is_one = |text: &str| text.len() == 3 && text.bytes().all(|c| c.is_ascii_alphanumeric());
    let moves = opened.purpose.moves_money();
    let is_sure = |text: &str| !opened.partly || moves && text.bytes().all(|c| c.is_ascii_digit());
    let asked = Some(&*opened.currency).filter(|asked| is_one(asked) && is_sure(asked));
    let told = answer.currency().filter(|told| is_one(told));
    asked.zip(told).is_none_or(|(asked, told)| *asked == *told)
}
