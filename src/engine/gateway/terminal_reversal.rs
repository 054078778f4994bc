//! A terminal sends a reversal: of what, and what does it hear?

use super::core::{Cause, Gateway};
use super::lifecycle::{Effect, Trigger};
use super::live::{Asker, Reversal, Slot, Transaction};
use super::message_facts::{AMOUNT, key_of};
use super::names;
use super::originals::{MOST, OriginalNames, Referred};
use super::own_answers::Reason;
use super::partly_read;
use super::remembered::went_out;
use crate::engine::record::{
    Awaited, ConnId, Hop, Identity, Known, Logged, Note, Opened, Row, State, TxId, Why,
};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, FieldPath, ResponseCode, Stan};
use crate::iso::spec::{Purpose, RequestOutcome, ReversalCause, ReversalRule, Spec};
use bytes::Bytes;
use std::sync::Arc;

impl Gateway {
    /// A terminal sends a reversal.
    pub(super) fn terminal_reversal(
        &mut self,
        now: Now,
        conn: ConnId,
        message: Message,
        mut opened: Opened,
    ) {
        let names = names::originals(&message, &opened.merchant);
        let slot = self.original_of(now, &message, &opened, &names);
        // Taken for one of the whole, it would give back what its terminal lets stand.
        let unread = is_part_unread(&message).then_some(Why::RequestUnread);
        if let Some(why) = self.mac_is_wrong(&message, &opened).or(unread) {
            // Whoever sent it does not hold its original, perhaps: that is doubted.
            opened.original = slot.and_then(|slot| self.live.get(slot)).map(|own| own.id);
            slot.into_iter().for_each(|slot| self.forget_if_over(slot));
            return self.refuse(now, conn, &message, opened, why);
        }
        let Some(slot) = slot else {
            return self.orphan_reversal(now, conn, message, opened, &names);
        };
        if let Some(of) = self.live.get(slot)
            && (self.is_elsewhere(conn, of.opened.link)
                || !is_about(&message, &opened, (&of.opened, of.answer.as_ref()))
                || self.names_another(of.id, &of.opened, &OriginalNames::told_by(&message))
                || !leaves_no_more(&message, self.approved_of(of))
                || tells_another_amount(&message, [of.opened.amount, self.approved_of(of)]))
        {
            let reason = Reason::taken_by(of.id);
            self.forget_if_over(slot);
            return self.refuse(now, conn, &message, opened, reason);
        }
        if let Some(return_by) = self.is_being_returned(slot) {
            return self.ask_again_later(now, slot, conn, &message, return_by);
        }
        if is_partial(&message) && self.undoes_part(now, slot, conn, &message, &opened) {
            return;
        }
        let slot = self.stands_again(now, slot).unwrap_or(slot);
        self.note_asked(now, slot, conn, &message);
        let cause = Cause {
            why: Why::TerminalAsked,
            note: partly_read::note(&message),
            message: Some(Logged::of(&message, Hop::TerminalToGateway, conn, None)),
        };
        let decision = self.step(now, slot, Trigger::TerminalReversal, cause);
        match decision.map(|decision| (decision.effect, decision.next)) {
            Some((Effect::AnswerInvalid, state)) => {
                self.nothing_to_reverse(now, slot, conn, &message, state)
            }
            Some((Effect::AnswerReversal, _)) => self.reversal_again(now, slot, conn, &message),
            _ => {}
        }
        let name = self.live.get(slot).map(|own| own.opened.identity);
        self.forget_if_over(slot);
        if decision.is_some_and(|decision| decision.row == Row('z')) {
            // Of a kind that is never reversed: what that means is for the acquirer to say. Asked
            // again it must not go out behind its reversal (D5).
            self.bury(now, &message, name.as_slice());
            self.forward(now, conn, message, opened);
        }
    }

    /// A void or refund that is not over yet may still be undone: what it returned counts as not
    /// returned when its terminal wants it reversed.
    fn stands_again(&mut self, now: Now, slot: Slot) -> Option<Slot> {
        let own = self.live.get(slot)?;
        let id = Some(own).filter(|own| own.state == State::Returned)?.id;
        let mut live = self.live.slots().into_iter();
        live.find(|other| {
            let other = self.live.get(*other);
            other.is_some_and(|other| {
                other.opened.original == Some(id) && other.opened.purpose != Purpose::Inquiry
            })
        })?;
        self.step(now, slot, Trigger::ReturnUndone, Cause::default());
        self.revive(id, now)
    }

    /// The transaction that a reversal is for: live, or called back from its terminal's memory.
    fn original_of(
        &mut self,
        now: Now,
        message: &Message,
        opened: &Opened,
        names: &[Identity],
    ) -> Option<Slot> {
        let named = self.named_original(now, message, opened, names);
        if named.is_some() {
            return named;
        }
        let key = self.terminal_of(message)?;
        let told = names::original_stan(message);
        let stan = told.or_else(|| message.stan())?;
        let found = self.one_with_stan(now, &key, stan, |own| {
            is_about(message, opened, (own, None))
        });
        if names::names_original_wholly(message) {
            // It may name the moment of a repeat; the time at the terminal is still the first's.
            return self.of_its_moment(found?, message);
        }
        if found.is_some() || told.is_some() || !message.has(AMOUNT) {
            return found;
        }
        // It names nothing, under a number of its own: it speaks of the one trade that looks the
        // same, if it bears the time of that one at the terminal. Any other guess might undo a sale
        // that stands, for one that never came here.
        let slot = self.only_trade(now, &key, |own| {
            is_about(message, opened, (own, None)) && own.card_hash == opened.card_hash
        })?;
        self.of_its_moment(slot, message)
    }

    /// The transaction of one of these names. Of several that have it, one that the message is
    /// about: a number may come again, or stand on a request that was refused for it.
    fn named_original(
        &mut self,
        now: Now,
        message: &Message,
        opened: &Opened,
        names: &[Identity],
    ) -> Option<Slot> {
        let live = names.iter().find_map(|name| self.live.named(name));
        let own = live.and_then(|slot| self.live.get(slot));
        let is_meant =
            own.is_some_and(|own| is_about(message, opened, (&own.opened, own.answer.as_ref())));
        if is_meant {
            return live;
        }
        let key = self.terminal_of(message)?;
        let done = self.terminals.get(&key).into_iter();
        let done = done.flat_map(|terminal| terminal.done.iter().rev());
        let named = done.filter(|done| names.contains(&done.opened.identity));
        let mut meant = named
            .clone()
            .filter(|done| is_about(message, opened, (&done.opened, done.answer.as_ref())));
        let went_out = meant.clone().find(|done| done.went_out());
        let meant = went_out.or_else(|| meant.next()).map(|done| done.id);
        let other = named.clone().next().map(|done| done.id);
        match meant {
            Some(id) => self.revive(id, now),
            None if live.is_some() => live,
            None => self.revive(other?, now),
        }
    }

    /// What a reversal may mean that tells too little: the newest of its terminal that look the
    /// same, as far as it tells, and may hold money.
    pub(super) fn may_be_reversed(&self, message: &Message, opened: &Opened) -> Referred {
        let told = names::original_stan(message);
        let looks_alike = |own: &Opened, state: State| {
            own.purpose.moves_money()
                && state.meaning().known != Known::NotHeld
                && told.is_none_or(|stan| stan == own.stan)
                && own.card_hash == opened.card_hash
                && is_about(message, opened, (own, None))
        };
        let key = key_of(opened);
        let done = self.terminals.get(&key).into_iter();
        let done = done.flat_map(|own| own.done.iter());
        let done = done.map(|own| (own.id, &*own.opened, own.state));
        let live = self.live.slots().into_iter();
        let live = live.filter_map(|slot| self.live.get(slot));
        let live = live.filter(|own| key_of(&own.opened) == key);
        let all = done.chain(live.map(|own| (own.id, &*own.opened, own.state)));
        let alike = all.filter(|(_, own, state)| looks_alike(own, *state));
        let mut alike: Vec<TxId> = alike.map(|(id, ..)| id).collect();
        if alike.is_empty() || !message.has(AMOUNT) {
            return Referred::ToNone;
        }
        alike.sort_unstable_by(|one, other| other.cmp(one));
        alike.truncate(MOST);
        Referred::OneOf(alike)
    }

    /// The void or refund of a transaction whose answer is waited for.
    fn is_being_returned(&self, slot: Slot) -> Option<TxId> {
        let own = self.live.get(slot)?;
        if own.state.meaning().awaited == Awaited::Reversal {
            return None;
        }
        let live = self.live.slots().into_iter();
        let mut live = live.filter_map(|other| self.live.get(other));
        let returns = live.find(|other| {
            other.opened.original == Some(own.id)
                && matches!(other.opened.purpose, Purpose::Void | Purpose::Refund)
                && other.state.awaits_answer()
        });
        returns.map(|other| other.id)
    }

    /// What goes back by a void or refund must not go back by a reversal as well: the terminal is
    /// told to ask again, when the answer to that one is there.
    fn ask_again_later(
        &mut self,
        now: Now,
        slot: Slot,
        conn: ConnId,
        message: &Message,
        return_by: TxId,
    ) {
        let logged = Logged::of(message, Hop::TerminalToGateway, conn, None);
        self.remark_live(now, slot, Note::Other(return_by), logged);
        let id = self.live.get(slot).map(|own| own.id);
        let code = message.spec().flow().answer.malfunction;
        let answer = self
            .authored(message, code)
            .filter(|_| self.may_author(slot));
        if let (Some(id), Some(answer)) = (id, answer) {
            self.say(now, conn, id, &answer);
        }
        self.forget_if_over(slot);
    }

    /// The transaction, if the message bears its time at the terminal.
    fn of_its_moment(&mut self, slot: Slot, message: &Message) -> Option<Slot> {
        let same = self.is_of_moment(slot, message);
        if !same {
            self.forget_if_over(slot);
        }
        Some(slot).filter(|_| same)
    }

    /// The one transaction of the terminal with this trace number, for a message that does not name
    /// it wholly; none if there are several.
    pub(super) fn one_with_stan(
        &mut self,
        now: Now,
        key: &names::TerminalKey,
        stan: Stan,
        also: impl Fn(&Opened) -> bool,
    ) -> Option<Slot> {
        self.only_trade(now, key, |own| own.stan == stan && also(own))
    }

    /// The one transaction of the terminal that fits. Several turns of one request, which was asked
    /// again since it had no answer, are one.
    fn only_trade(
        &mut self,
        now: Now,
        key: &names::TerminalKey,
        also: impl Fn(&Opened) -> bool,
    ) -> Option<Slot> {
        let fits = |opened: &Opened| {
            opened.purpose.moves_money() && key_of(opened) == *key && also(opened)
        };
        let live = self.live.slots().into_iter();
        let live = live.filter_map(|slot| Some((slot, &*self.live.get(slot)?.opened)));
        let live: Vec<(Slot, &Opened)> = live.filter(|(_, own)| fits(own)).collect();
        let done = self.terminals.get(key).into_iter();
        let done = done
            .flat_map(|own| own.done.iter())
            .map(|done| (done.id, &*done.opened));
        let done: Vec<(TxId, &Opened)> = done.filter(|(_, own)| fits(own)).collect();
        let later = |at: usize| {
            let done = done.iter().skip(at + 1).map(|(_, own)| own);
            done.chain(live.iter().map(|(_, own)| own))
        };
        let newest = done.iter().enumerate().filter(|(at, (_, own))| {
            own.identity.is_empty() || later(*at).all(|later| later.identity != own.identity)
        });
        let mut newest = newest.map(|(_, (id, _))| *id);
        match (live.as_slice(), newest.next(), newest.next()) {
            ([(slot, _)], None, None) => Some(*slot),
            ([], Some(id), None) => self.revive(id, now),
            _ => None,
        }
    }

    /// Keeps what the terminal's reversal says: who waits for the answer, the first cause, and the
    /// frame itself where we author nothing.
    fn note_asked(&mut self, now: Now, slot: Slot, conn: ConnId, message: &Message) {
        let authors = self.authors_reversals(slot);
        let began = self.steady.at(now.mono);
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let rule = message.spec().flow().reversal.as_ref();
        let code = rule
            .and_then(|rule| rule.cause.as_ref())
            .and_then(|(field, _)| {
                message
                    .text(*field)
                    .and_then(|text| ResponseCode::new(&text))
            });
        let cause = rule
            .and_then(|rule| cause_of(rule, code))
            .unwrap_or(ReversalCause::Other);
        let reversal = transaction
            .reversal
            .get_or_insert_with(|| Reversal::new(cause, began));
        reversal.of_receipt = false;
        reversal.cause_code = reversal.cause_code.or(code);
        let asked = message.clone();
        reversal.wait(Asker { conn, asked });
        let own = !authors && transaction.upstream.is_none();
        reversal.frame = own.then(|| message.build().ok()).flatten();
    }

    /// A reversal of a part (DE 95): the rest of the sale stands. It goes to the acquirer as a
    /// message of its own, and the state of the sale does not change. Where the whole is being
    /// undone by the gateway, or is undone, it must not hear what that hears: the rest would stand
    /// for its terminal only (D3). `false` if nothing is held.
    fn undoes_part(
        &mut self,
        now: Now,
        slot: Slot,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> bool {
        let Some(own) = self.live.get(slot) else {
            return false;
        };
        let meaning = own.state.meaning();
        // The terminal itself may change its mind.
        let ours = meaning.awaited == Awaited::Reversal
            && own.reversal.as_ref().is_some_and(|own| own.frame.is_none());
        let (id, waits) = (own.id, own.state == State::Forwarded);
        let amount = self.approved_of(own);
        if meaning.known == Known::NotHeld {
            return false;
        }
        if waits {
            // Whoever undoes a part waits for no answer any more.
            let why = Cause::why(Why::TerminalAsked);
            self.step(now, slot, Trigger::TerminalClosed, why);
            if let Some(own) = self.live.get_mut(slot) {
                own.waiting.clear();
            }
        }
        self.forget_if_over(slot);
        if ours || meaning.known == Known::Undone {
            self.refuse(now, conn, message, opened.clone(), Reason::taken_by(id));
            return true;
        }
        let opened = Opened {
            original: Some(id),
            amount: part_given_back(message, amount),
            ..opened.clone()
        };
        if !self.is_repeat(now, conn, message, &opened) {
            self.forward(now, conn, message.clone(), opened);
        }
        true
    }

    /// What was approved of a transaction, as far as is known: else what it asked for.
    fn approved_of(&self, own: &Transaction) -> Amount {
        let spec = self.spec_of(own);
        let part = spec.zip(own.answer.as_ref());
        let part = part.and_then(|(spec, answer)| granted(&spec, answer));
        part.unwrap_or(own.opened.amount)
    }

    /// D8: there is nothing to reverse. Where we may author, we say so; otherwise the acquirer
    /// does.
    fn nothing_to_reverse(
        &mut self,
        now: Now,
        slot: Slot,
        conn: ConnId,
        message: &Message,
        state: State,
    ) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        transaction.reversal = None;
        let id = transaction.id;
        let answers = &message.spec().flow().answer;
        let code = if went_out(state) {
            answers.invalid
        } else {
            answers.not_found
        };
        if !self.may_author(slot) && self.shares_its_name(slot) {
            // There, the number is another's, who might be reversed.
            let opened = self.describe(message);
            return self.refuse(now, conn, message, opened, Reason::taken_by(id));
        }
        if !self.may_author(slot) {
            let opened = self.describe(message);
            return self.forward(now, conn, message.clone(), opened);
        }
        if let Some(answer) = self.authored(message, code) {
            self.say(now, conn, id, &answer);
        }
    }

    /// Whether another transaction has the same name.
    fn shares_its_name(&self, slot: Slot) -> bool {
        let Some(own) = self.live.get(slot) else {
            return false;
        };
        let name = &own.opened.identity;
        let terminal = self.terminals.get(&key_of(&own.opened));
        self.live.named(name).is_some_and(|other| other != slot)
            || terminal.is_some_and(|terminal| terminal.find(name).is_some())
    }

    /// D7: the reversal comes again. It gets the answer that the first had, or waits for it; where
    /// the terminal reverses by itself, its repeat goes out.
    fn reversal_again(&mut self, now: Now, slot: Slot, conn: ConnId, message: &Message) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let Some(reversal) = &transaction.reversal else {
            return;
        };
        let goes_out =
            reversal.frame.is_some() && transaction.state.meaning().awaited == Awaited::Reversal;
        if reversal.answer.is_none() && transaction.state == State::Reversed {
            // No host answered it: the acquirer took it back by its own reversal.
            self.acquirer_took_it_back(
                now,
                slot,
                vec![Asker {
                    conn,
                    asked: message.clone(),
                }],
            );
        } else if let Some(answer) = reversal.answer.clone().filter(|_| !goes_out) {
            let id = transaction.id;
            let reply = self.reversal_reply(transaction, message, &answer);
            if let Some(own) = self
                .live
                .get_mut(slot)
                .and_then(|own| own.reversal.as_mut())
            {
                own.askers.clear();
            }
            if let Some(reply) = reply {
                self.say(now, conn, id, &reply);
            }
        } else if goes_out {
            if reversal.link_conn.is_some() {
                // A try is on the wire.
            } else if transaction.state == State::ReversalPending {
                self.reversal_due(now, slot);
            } else {
                self.slow_try_due(now, slot);
            }
        }
    }
}

/// Whether a reversal speaks of this transaction, as far as both say: amount, currency, card. Its
/// amount is that which was asked for, granted by the answer, or left standing.
pub(crate) fn is_about(
    reversal: &Message,
    told: &Opened,
    (of, answer): (&Opened, Option<&Bytes>),
) -> bool {
    let amount = told.amount == of.amount
        || !reversal.has(AMOUNT)
        || reversal.is_unread(AMOUNT)
        || left_standing(reversal) == Some(told.amount)
        || answer.is_some_and(|answer| granted(reversal.spec(), answer) == Some(told.amount));
    amount && of.may_share_currency(told) && of.may_share_card(told)
}

/// What an answer approved, if that is less than was asked for.
pub(crate) fn granted(spec: &Arc<Spec>, answer: &Bytes) -> Option<Amount> {
    let answer = Message::read(spec, answer.clone()).ok()?;
    let outcome = spec.flow().outcome(Purpose::Debit, answer.response_code());
    (outcome == RequestOutcome::ApprovedInPart).then(|| answer.amount())?
}

/// DE 95, replacement amounts: what of the sale is to stand (ISO 8583:1987 §4.3.1). Since 1993 the
/// card issuer has it.
const REPLACEMENT: FieldId = FieldId::of(95);

/// DE 24, the function of a message since 1993.
const FUNCTION: FieldId = FieldId::of(24);

/// The function of a reversal of what did not complete as approved: its amount is the actual one.
const COMPLETED_IN_PART: &str = "401";

/// What a reversal of a part gives back: the amount of its original without what is to stand.
pub(crate) fn part_given_back(reversal: &Message, amount: Amount) -> Amount {
    let stands = left_standing(reversal);
    Amount(amount.0.saturating_sub(stands.map_or(0, |stands| stands.0)))
}

/// What is to stand by a reversal of a part: the first twelve digits of DE 95, or the actual amount
/// where the function tells that it is one.
pub(super) fn left_standing(reversal: &Message) -> Option<Amount> {
    if reversal.mti().version() == 0 {
        let amounts = reversal.text(FieldPath::whole(REPLACEMENT))?;
        return amounts.get(..12)?.parse().ok().map(Amount);
    }
    let function = reversal.text(FUNCTION)?;
    let in_part = function.ends_with(COMPLETED_IN_PART);
    reversal.amount().filter(|_| in_part)
}

/// Whether a reversal tells what is to stand, or what there was, and that is no amount.
fn is_part_unread(reversal: &Message) -> bool {
    let told = |field: FieldId| {
        let told = reversal.text(FieldPath::whole(field));
        told.is_some_and(|told| !told.trim().is_empty())
    };
    match reversal.mti().version() {
        0 => told(REPLACEMENT) && left_standing(reversal).is_none(),
        _ => told(ORIGINAL) && original_amount(reversal).is_none(),
    }
}

/// DE 30, since 1993: the amounts of the original.
const ORIGINAL: FieldId = FieldId::of(30);

/// What its original was for, as a reversal since 1993 tells it: the first twelve digits, which
/// stand behind a currency since 2003.
fn original_amount(reversal: &Message) -> Option<Amount> {
    let amounts = match reversal.mti().version() {
        1 => 0..12,
        2 => 4..16,
        _ => return None,
    };
    let told = reversal.text(FieldPath::whole(ORIGINAL))?;
    told.get(amounts)?.parse().ok().map(Amount)
}

/// Whether a reversal tells another amount of its original than these; zeros tell none.
fn tells_another_amount(reversal: &Message, of: [Amount; 2]) -> bool {
    let told = original_amount(reversal).filter(|told| *told != Amount(0));
    told.is_some_and(|told| !of.contains(&told))
}

/// Whether a reversal leaves no more standing than there was.
fn leaves_no_more(reversal: &Message, amount: Amount) -> bool {
    left_standing(reversal).is_none_or(|stands| stands <= amount)
}

/// Whether a reversal leaves something of its original standing.
pub(crate) fn is_partial(reversal: &Message) -> bool {
    left_standing(reversal).is_some_and(|stands| stands != Amount(0))
}

fn cause_of(rule: &ReversalRule, code: Option<ResponseCode>) -> Option<ReversalCause> {
    let (_, codes) = rule.cause.as_ref()?;
    codes
        .iter()
        .find(|(_, own)| Some(*own) == code)
        .map(|(cause, _)| *cause)
}
