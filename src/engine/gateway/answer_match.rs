//! Which request does an answer of an acquirer answer?
//!
//! By its key first, which is exact; else by what it does not leave out; else among the requests
//! that were answered before. Where more than one fits, none is taken.

use super::answer_fits::is_of;
use super::core::Gateway;
use super::live::{Slot, Transaction};
use super::message_facts::{batch_of, key_of};
use super::names::{self, MatchKey, TerminalKey};
use super::originals::only;
use super::remembered::Remembered;
use super::upstream_request::stan_there;
use crate::engine::record::{Identity, LinkId, Opened, State, TxId};
use crate::iso::codec::Message;
use crate::iso::message::{Class, Stan};

/// What was found for an answer. Where nothing was, the name that was looked for.
pub(super) enum RequestFound {
    /// A transaction in memory.
    Live(Slot),
    /// One that was answered before.
    Answered(TxId),
    None(Identity),
    Several(Identity),
}

/// The search for the request of one answer.
pub(super) struct AnswerMatch<'a> {
    pub(super) gateway: &'a Gateway,
    /// The link that the answer came over.
    pub(super) link: LinkId,
    pub(super) answer: &'a Message,
}

impl AnswerMatch<'_> {
    /// By its key, else by its name, else by what it does not leave out.
    pub(super) fn find(&self) -> RequestFound {
        let rules = self.gateway.links.key_rules(self.link);
        let mut wanted = None;
        // An answer may come over another link of its route; one of its own link goes first.
        for via in self.gateway.links.neighbours(self.link) {
            for rule in rules {
                let Some(key) = names::match_key(self.answer, *via, rule) else {
                    continue;
                };
                if let Some(found) = self.by_key(&key) {
                    return found;
                }
                wanted = wanted.or(Some(key.values));
            }
        }
        let Some(wanted) = wanted else {
            return self.by_what_is_there();
        };
        if let Some(found) = self.by_name() {
            return found;
        }
        // An answer may carry more than its request did, which then has no key.
        let keyless = self.those(|slot, own| self.is_keyless_request(slot, own));
        match only_one(&keyless, wanted) {
            RequestFound::None(wanted) if self.is_unnamed() => self.among_answered(wanted),
            found @ (RequestFound::Live(_)
            | RequestFound::Answered(_)
            | RequestFound::None(_)
            | RequestFound::Several(_)) => found,
        }
    }

    /// What has this key. Where several have it, the one is meant that the answer names otherwise,
    /// and none that waits for nothing more.
    fn by_key(&self, key: &MatchKey) -> Option<RequestFound> {
        let live = &self.gateway.live;
        let fits = |slot: &Slot| live.get(*slot).is_some_and(|own| self.may_answer(own));
        let mut fitting = live.holders(key).filter(fits);
        let (first, second) = (fitting.next()?, fitting.next());
        let Some(second) = second else {
            return Some(RequestFound::Live(first));
        };
        let all: Vec<Slot> = [first, second].into_iter().chain(fitting).collect();
        let named = |slot: &Slot| live.get(*slot).is_some_and(|own| self.names(own));
        if let Some(only) = only(all.iter().copied().filter(named)) {
            return Some(RequestFound::Live(only));
        }
        let waits = |slot: &Slot| live.get(*slot).is_some_and(|own| self.may_come_yet(own));
        let mut waiting = all.into_iter().filter(waits);
        Some(match (waiting.next(), waiting.next()) {
            (Some(only), None) => RequestFound::Live(only),
            _ => RequestFound::Several(key.values),
        })
    }

    /// Whether an answer like this one was not heard of a transaction yet.
    fn may_come_yet(&self, own: &Transaction) -> bool {
        match &own.reversal {
            Some(reversal) if self.answer.mti().class() == Class::Reversal => {
                reversal.unanswered > 0
            }
            _ => !own.approved,
        }
    }

    /// Whether the name of the answer, if it has one, is not that of what it answers.
    fn is_unnamed(&self) -> bool {
        let reverses = self.answer.mti().class() == Class::Reversal;
        reverses || names::identity(self.answer).is_none()
    }

    /// The transaction that the answer names, live or answered before, on its link or another of
    /// the same routes.
    fn by_name(&self) -> Option<RequestFound> {
        let (live, terminals) = (&self.gateway.live, &self.gateway.terminals);
        let identity = names::identity(self.answer)?;
        let near = self.gateway.links.neighbours(self.link);
        let as_it_came = |slot: &Slot| {
            let own = live.get(*slot);
            own.is_some_and(|own| own.upstream.is_none() && near.contains(&own.opened.link))
        };
        if let Some(slot) = live.named(&identity).filter(as_it_came) {
            return Some(RequestFound::Live(slot));
        }
        let terminal = terminals.get(&self.gateway.terminal_of(self.answer)?)?;
        let answered = terminal.answered_by(&identity);
        let answered = answered.filter(|own| near.contains(&own.opened.link))?;
        Some(RequestFound::Answered(answered.id))
    }

    /// The one live request on the link whose class, terminal and trace number do not contradict
    /// the answer, if there is exactly one.
    fn by_what_is_there(&self) -> RequestFound {
        let mut found = self.those(|slot, own| {
            self.contradicts_nothing(slot, own) || self.is_keyless_request(slot, own)
        });
        if found.len() > 1 {
            let live = &self.gateway.live;
            found.retain(|slot| live.get(*slot).is_some_and(|own| self.names(own)));
        }
        match only_one(&found, Identity::EMPTY) {
            RequestFound::None(wanted) => self.among_answered(wanted),
            found @ (RequestFound::Live(_)
            | RequestFound::Answered(_)
            | RequestFound::Several(_)) => found,
        }
    }

    /// The one answered transaction that an answer without its names speaks of once more.
    fn among_answered(&self, wanted: Identity) -> RequestFound {
        let (terminal, stan) = (self.answer.terminal(), self.answer.stan());
        let fits = |answered: &&Remembered| {
            if self.answer.mti().class() == Class::Reversal {
                return self.is_told_again(answered);
            }
            let own = &answered.opened;
            let number = stan_there(own, answered.upstream.as_deref());
            own.link == self.link
                && own.touches_money()
                && stan == Some(number)
                && terminal.is_none_or(|terminal| terminal == own.terminal)
                && self.answer.amount() == Some(own.amount)
                && self.gateway.is_of(own, self.answer)
        };
        let terminals = self.gateway.terminals.iter();
        let answered = terminals
            .flat_map(|terminal| terminal.done.iter())
            .filter(fits);
        let mut ids = answered.map(|own| own.id);
        match (ids.next(), ids.next()) {
            (Some(id), None) => RequestFound::Answered(id),
            (None, _) => RequestFound::None(wanted),
            (Some(_), Some(_)) => RequestFound::Several(wanted),
        }
    }

    /// Whether the reversal of a transaction was answered before, by an answer of the same trace
    /// number that this one contradicts in no field that names something.
    fn is_told_again(&self, answered: &Remembered) -> bool {
        let own = &answered.opened;
        let near = self.gateway.links.neighbours(self.link);
        let Some(frame) = answered.reversal_answer.as_ref() else {
            return false;
        };
        if self.answer.terminal() != Some(own.terminal) || !near.contains(&own.link) {
            return false;
        }
        let spec = self.answer.spec();
        let Ok(first) = Message::read(spec, frame.clone()) else {
            return false;
        };
        let named = spec.flow().match_key.iter().chain(&spec.flow().identity);
        let mut both = named.filter_map(|path| first.text(*path).zip(self.answer.text(*path)));
        let original = names::original_stan(&first).zip(names::original_stan(self.answer));
        first.stan().is_some()
            && first.stan() == self.answer.stan()
            && both.all(|(before, now)| before.trim() == now.trim())
            && original.is_none_or(|(before, now)| before == now)
    }

    /// All live transactions that fit.
    fn those(&self, fits: impl Fn(Slot, &Transaction) -> bool) -> Vec<Slot> {
        let live = &self.gateway.live;
        let mut slots = live.slots();
        slots.retain(|slot| live.get(*slot).is_some_and(|own| fits(*slot, own)));
        slots
    }

    /// Whether class, terminal and trace number of a request are those of the answer, as far as it
    /// names them.
    fn contradicts_nothing(&self, slot: Slot, own: &Transaction) -> bool {
        let class = self.answer.mti().class();
        let terminal = self.answer.terminal();
        let stan = self.answer.stan();
        own.opened.link == self.link
            && own.keys.iter().any(|key| key.class == class)
            && terminal.is_none_or(|terminal| terminal == own.opened.terminal)
            && stan.is_none_or(|stan| stan == self.number_out(slot, own, class))
            && !self.is_of_another(own)
    }

    /// Whether the answer names this request, as far as it names any.
    fn names(&self, own: &Transaction) -> bool {
        let terminal = self.answer.terminal();
        terminal.is_none_or(|terminal| terminal == own.opened.terminal) && self.tells_of(own)
    }

    /// Whether merchant, batch, amount, currency and card of the answer are those of a request, as
    /// far as it names them.
    fn tells_of(&self, own: &Transaction) -> bool {
        let of = &own.opened;
        let (merchant, amount) = (self.answer.merchant(), self.answer.amount());
        merchant.is_none_or(|told| told == of.merchant)
            && amount.is_none_or(|told| told == of.amount)
            && self.is_of_batch(own)
            && self.gateway.is_of(of, self.answer)
    }

    /// Whether the answer, whose key is that of this request, may be one to it: a key need not
    /// tell terminal, merchant and batch.
    fn may_answer(&self, own: &Transaction) -> bool {
        self.is_of_batch(own) && !self.is_of_another(own)
    }

    /// Whether the answer names another terminal that is known here. DE 41 is unique within a
    /// merchant only. Any other DE 41 or DE 42 is a name that hosts give.
    fn is_of_another(&self, own: &Transaction) -> bool {
        let own = key_of(&own.opened);
        let named = TerminalKey {
            merchant: self.answer.merchant().unwrap_or(own.merchant),
            number: self.answer.terminal().unwrap_or(own.number),
        };
        let of_merchant = TerminalKey {
            merchant: own.merchant,
            ..named
        };
        let known = |key: TerminalKey| key != own && self.gateway.terminals.get(&key).is_some();
        !own.merchant.is_empty() && (known(named) || known(of_merchant))
    }

    /// Whether the answer may be one to this request by the batch that both tell: trace numbers
    /// come again in the next one.
    fn is_of_batch(&self, own: &Transaction) -> bool {
        let told = batch_of(self.answer);
        let batch = &own.opened.batch;
        own.upstream.is_some() || told.is_empty() || batch.is_empty() || told == *batch
    }

    /// The trace number of what went out for a transaction: its reversal may have its own.
    fn number_out(&self, slot: Slot, own: &Transaction, class: Class) -> Stan {
        let reverses = class == Class::Reversal && own.reversal.is_some();
        let reversal = reverses.then(|| self.gateway.reversal_message(slot));
        let number = reversal.flatten().and_then(|reversal| reversal.stan());
        number.unwrap_or_else(|| sent_stan(own))
    }

    /// Whether this is a request in flight without a key of its own (an echo has no trace number),
    /// of the type, terminal and trace number that are answered.
    fn is_keyless_request(&self, slot: Slot, own: &Transaction) -> bool {
        let stan = self.answer.stan();
        own.opened.link == self.link
            && own.keys.is_empty()
            && own.state == State::Forwarded
            && !self.is_of_another(own)
            && self.answer.terminal().unwrap_or_default() == own.opened.terminal
            && stan.is_none_or(|stan| stan == sent_stan(own))
            && self
                .gateway
                .upstream_of(slot)
                .and_then(|request| request.mti().answer())
                == Some(self.answer.mti())
    }
}

impl Gateway {
    /// Whether an answer speaks of the currency and the card of its request, as far as it names
    /// them.
    pub(super) fn is_of(&self, opened: &Opened, answer: &Message) -> bool {
        is_of(opened, answer, &self.vault)
    }
}

/// The one found; none or several are told apart by what was `wanted`.
fn only_one(found: &[Slot], wanted: Identity) -> RequestFound {
    match found {
        [slot] => RequestFound::Live(*slot),
        [] => RequestFound::None(wanted),
        _ => RequestFound::Several(wanted),
    }
}

/// The trace number under which a request went out.
pub(super) fn sent_stan(transaction: &Transaction) -> Stan {
    stan_there(&transaction.opened, transaction.upstream.as_deref())
}
