//! A reversal goes its way: built, tried, tried again, answered, or listed.

use super::action::{Action, SendId};
use super::core::{Cause, Gateway, Sent};
use super::lifecycle::Trigger;
use super::live::{Asker, Reversal, Slot, Transaction};
use super::message_facts::{asked_for, is_of_trade};
use super::names;
use super::originals::OriginalNames;
use super::partly_read;
use super::terminal_reversal::{granted, is_partial, left_standing, part_given_back};
use super::translation::answers_as_it_is;
use crate::engine::record::{Awaited, ConnId, Hop, LinkId, Logged, Note, State, Why};
use crate::engine::seam::Now;
use crate::engine::seam::planted::{self, Bug};
use crate::iso::codec::Message;
use crate::iso::message::Amount;
use crate::iso::spec::ReversalOutcome;
use bytes::Bytes;
use std::time::Duration;

impl Gateway {
    /// The reversal is durable from here on: it is sent until answered, or listed.
    /// One that was closed, or that an operator wants again, starts `anew`.
    pub(super) fn begin_reversal(&mut self, now: Now, slot: Slot, anew: bool) {
        self.end_try(slot);
        let began = self.steady.at(now.mono);
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let cause = transaction.cause;
        let fresh = Reversal::new(cause, began);
        let reversal = transaction.reversal.get_or_insert(fresh);
        if anew {
            reversal.start_anew(began);
        }
        self.reversal_due(now, slot);
    }

    /// The next try is due.
    pub(super) fn reversal_due(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let Some(reversal) = &transaction.reversal else {
            return;
        };
        let limits = self.options.routes[transaction.route].reversal;
        let why = if reversal.tries >= limits.tries {
            Some(Why::TriesUsedUp)
        } else if self.time_left(now, slot).is_zero() {
            Some(Why::Expired)
        } else {
            None
        };
        match why {
            Some(why) => {
                self.unqueue(slot);
                self.step(now, slot, Trigger::Exhausted, Cause::why(why));
            }
            None => self.try_or_queue(now, slot),
        }
    }

    /// How long a reversal may still be tried before it is an exception.
    fn time_left(&self, now: Now, slot: Slot) -> Duration {
        let own = self.live.get(slot);
        own.and_then(|own| {
            let expire = self.options.routes[own.route].reversal.expire;
            let since = own.reversal.as_ref()?.since;
            Some(expire.saturating_sub(self.steady.at(now.mono) - since))
        })
        .unwrap_or_default()
    }

    /// The next slow try of an exception is due.
    pub(super) fn slow_try_due(&mut self, now: Now, slot: Slot) {
        if self
            .live
            .get(slot)
            .and_then(|own| own.reversal.as_ref())
            .is_some_and(|r| r.link_conn.is_some())
        {
            return self.try_overdue(now, slot);
        }
        self.try_or_queue(now, slot);
    }

    /// Sends a try if its link has a connection and room; else it waits in the link's queue, behind
    /// nobody who is stuck.
    fn try_or_queue(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let link = transaction.opened.link;
        let same = transaction
            .link_conn
            .filter(|link_conn| self.links.is_ready(*link_conn));
        let link_conn = same.or_else(|| self.links.pick_of(link));
        match link_conn {
            Some(link_conn) if self.has_reversal_room(now, link) => {
                self.unqueue(slot);
                self.send_try(now, slot, link_conn);
            }
            Some(_) => self.queue(now, link, slot, self.options.ladder.first_pause),
            None => self.queue(now, link, slot, Duration::MAX),
        }
    }

    fn has_reversal_room(&self, now: Now, link: LinkId) -> bool {
        let (window, patience) = (
            self.options.limits.reversal_window,
            self.options.ladder.first_pause,
        );
        let link = self.links.get(link);
        link.is_some_and(|link| link.reversals.has_room(now.mono, window, patience))
    }

    /// Takes a reversal out of its link's queue.
    fn unqueue(&mut self, slot: Slot) {
        let Some(own) = self.live.get_mut(slot) else {
            return;
        };
        let queued = own
            .reversal
            .as_mut()
            .is_some_and(|own| std::mem::take(&mut own.queued));
        if queued && let Some(link) = self.links.get_mut(own.opened.link) {
            link.reversals.remove(slot);
        }
    }

    /// Lets a reversal wait for its link: until that has a connection and room, or for `pause`; and
    /// no longer than it may be tried at all.
    fn queue(&mut self, now: Now, link: LinkId, slot: Slot, pause: Duration) {
        let pending = self.live.get(slot).map(|own| own.state) == Some(State::ReversalPending);
        let wait = if pending {
            pause.min(self.time_left(now, slot))
        } else {
            pause
        };
        if wait < Duration::MAX {
            self.live.set_deadline(slot, Some(now.mono + wait));
        }
        let Some(reversal) = self.reversal_of(slot) else {
            return;
        };
        if !std::mem::replace(&mut reversal.queued, true)
            && let Some(link) = self.links.get_mut(link)
        {
            link.reversals.push(slot);
        }
    }

    /// Sends what waits for a link, as far as there is room.
    pub(super) fn pump(&mut self, now: Now, link: LinkId) {
        let waiting = self.links.get(link).map_or(0, |own| own.reversals.len());
        for _ in 0..waiting {
            if !self.has_reversal_room(now, link) || !self.links.carries(link) {
                return;
            }
            let own = self.links.get_mut(link);
            let Some(slot) = own.and_then(|own| own.reversals.pop()) else {
                return;
            };
            let Some(transaction) = self.live.get_mut(slot) else {
                continue;
            };
            let Some(reversal) = transaction.reversal.as_mut() else {
                continue;
            };
            reversal.queued = false;
            let state = transaction.state;
            if state == State::ReversalPending {
                self.reversal_due(now, slot);
            } else if state == State::ReversalUndeliverable {
                self.slow_try_due(now, slot);
            }
        }
    }

    fn send_try(&mut self, now: Now, slot: Slot, link_conn: ConnId) {
        let message = self.reversal_message(slot);
        let Some(message) = message.filter(|message| self.is_spoken(slot, message)) else {
            // Its key is not known now: a sign-on may bring it. Or its link speaks another dialect
            // than it did: only another set-up can help.
            let later = now.mono + self.options.ladder.last_pause;
            self.live.set_deadline(slot, Some(later));
            return;
        };
        let Ok(frame) = message.build() else { return };
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let (route, link) = (transaction.route, transaction.opened.link);
        let Some(reversal) = transaction.reversal.as_mut() else {
            return;
        };
        reversal.tries = reversal.tries.saturating_add(1);
        reversal.unanswered = reversal.unanswered.saturating_add(1);
        reversal.link_conn = Some(link_conn);
        let note = Note::Try(reversal.tries);
        if let Some(link) = self.links.get_mut(link) {
            link.reversals.sent(slot, now.mono);
        }
        if let Some(key) = names::match_key(&message, link, &self.options.routes[route].key) {
            // Whoever else has it is found by its name, if it is over.
            let _still_anothers = self.free_key(&key);
            self.live.add_key(slot, key);
        }
        let logged = Logged::of(&message, Hop::GatewayToAcquirer, link_conn, None);
        let cause = Cause {
            why: Why::Plain,
            note,
            message: Some(logged),
        };
        self.step(now, slot, Trigger::ReversalTry, cause);
        let until = now.mono + self.options.ladder.reversal_answer;
        self.live.set_deadline(slot, Some(until));
        let strays = planted::is(Bug::WrongLink).then(|| self.links.behind(link));
        let link_conn = strays
            .and_then(|other| self.links.pick_of(other))
            .unwrap_or(link_conn);
        let send = self.send(link_conn, frame, Some(Sent::Try(slot)));
        if let Some(reversal) = self.reversal_of(slot) {
            reversal.unwritten = Some(send);
        }
    }

    fn reversal_of(&mut self, slot: Slot) -> Option<&mut Reversal> {
        self.live.get_mut(slot)?.reversal.as_mut()
    }

    /// The time of a try's answer is over. If it was not written yet, it is taken back: it must not
    /// leave later, side by side with the next one.
    pub(super) fn try_overdue(&mut self, now: Now, slot: Slot) {
        match self.reversal_of(slot).and_then(|own| own.unwritten) {
            Some(send) => self.order(Action::Revoke(send)),
            None => self.try_failed(now, slot, Why::NoAnswer, true),
        }
    }

    /// A try has left: the time of its answer begins.
    pub(super) fn try_left(&mut self, now: Now, slot: Slot, send: SendId) {
        let until = now.mono + self.options.ladder.reversal_answer;
        let own = self.reversal_of(slot);
        let own = own.filter(|own| own.unwritten == Some(send));
        if let Some(reversal) = own {
            reversal.unwritten = None;
            self.live.set_deadline(slot, Some(until));
        }
    }

    /// A try was taken back, or its connection never took it.
    pub(super) fn try_never_left(&mut self, now: Now, slot: Slot, send: SendId) {
        let own = self.reversal_of(slot);
        let own = own.filter(|own| own.unwritten == Some(send));
        if let Some(reversal) = own {
            reversal.unwritten = None;
            self.try_failed(now, slot, Why::NeverWritten, false);
        }
    }

    /// The try is over, one way or another: its place in the window is free, and if it is not
    /// written yet, it need not go out.
    fn end_try(&mut self, slot: Slot) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let link = transaction.opened.link;
        let Some(reversal) = transaction.reversal.as_mut() else {
            return;
        };
        let (unwritten, out) = (reversal.unwritten.take(), reversal.link_conn.take());
        if out.is_some()
            && let Some(link) = self.links.get_mut(link)
        {
            link.reversals.ended(slot);
        }
        if let Some(send) = unwritten {
            self.order(Action::Revoke(send));
        }
    }

    /// A try brought nothing. It counts if it was on the wire.
    pub(super) fn try_failed(&mut self, now: Now, slot: Slot, why: Why, counts: bool) {
        self.end_try(slot);
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let link = transaction.opened.link;
        if let Some(reversal) = transaction.reversal.as_mut()
            && !counts
        {
            reversal.tries = reversal.tries.saturating_sub(1);
            reversal.unanswered = reversal.unanswered.saturating_sub(1);
        }
        self.step(now, slot, Trigger::ReversalRetry, Cause::why(why));
        self.pump(now, link);
    }

    /// After the next step of the ladder.
    pub(super) fn retry_later(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let reversal = transaction.reversal.as_ref();
        let tries = reversal.map_or(0, |reversal| reversal.tries);
        let used_up = tries >= self.options.routes[transaction.route].reversal.tries;
        // Its own; or whoever asked was answered, and a late approval asks for one more (R19).
        let goes_on_alone =
            reversal.is_some_and(|reversal| reversal.frame.is_none() || reversal.askers.is_empty());
        let pause = if transaction.state == State::ReversalUndeliverable {
            self.options.ladder.slow_pause
        } else if goes_on_alone || used_up {
            self.pause(tries)
        } else {
            // The terminal repeats by itself; after its time the reversal is listed.
            self.options.routes[transaction.route].reversal.expire
        };
        self.live.set_deadline(slot, Some(now.mono + pause));
    }

    /// 2, 4, 8 … up to 300 seconds of the ladder, each give or take a fifth.
    fn pause(&mut self, tries: u16) -> Duration {
        let ladder = &self.options.ladder;
        let doubled = ladder.first_pause * (1 << u32::from(tries.saturating_sub(1)).min(16));
        let pause = doubled.min(ladder.last_pause);
        pause * u32::try_from(self.dice.between(80, 120)).unwrap_or(100) / 100
    }

    /// The acquirer answers a reversal.
    pub(super) fn reversal_answer(
        &mut self,
        now: Now,
        conn: ConnId,
        slot: Slot,
        message: &Message,
    ) {
        let opened = self.live.get(slot).map(|own| &own.opened);
        if opened.is_some_and(|opened| self.mac_of_answer_is_wrong(opened, message)) {
            let logged = Logged::of(message, Hop::AcquirerToGateway, conn, None);
            self.end_try(slot);
            let cause = Cause {
                why: Why::AnswerMac,
                note: partly_read::note(message),
                message: Some(logged),
            };
            self.step(now, slot, Trigger::ReversalRetry, cause);
            return;
        }
        let reversal = self
            .live
            .get_mut(slot)
            .and_then(|own| own.reversal.as_mut());
        if let Some(reversal) = reversal {
            reversal.unanswered = reversal.unanswered.saturating_sub(1);
        }
        let another = self.is_about_another(slot, message);
        if let Some(why) = another.or_else(|| self.takes_back_its_yes(slot, message)) {
            return self.settle_try(now, conn, slot, message, Trigger::ReversalRetry, why);
        }
        let link = self.live.get(slot).map(|own| own.opened.link);
        let trigger = self.outcome_of_reversal(slot, message);
        let accepted = matches!(
            trigger,
            Trigger::ReversalAccepted | Trigger::ReceiptReversed
        );
        let reversal = self
            .live
            .get_mut(slot)
            .and_then(|own| own.reversal.as_mut());
        let overtaken = reversal.is_some_and(|own| accepted && std::mem::take(&mut own.overtaken));
        if overtaken {
            // R19: sent once more, and accepted again, it is proven. No reason to wait.
            let (again, why) = (Trigger::ReversalRetry, Why::LateApproval);
            self.settle_try(now, conn, slot, message, again, why);
            self.live.set_deadline(slot, Some(now.mono));
        } else {
            self.settle_try(now, conn, slot, message, trigger, Why::Plain);
        }
        if let Some(link) = link {
            self.pump(now, link);
        }
    }

    /// What an answer to a reversal says of it. Without a code, or with one that could not be read,
    /// it closes nothing.
    fn outcome_of_reversal(&mut self, slot: Slot, message: &Message) -> Trigger {
        let flow = message.spec().flow();
        let outcome = flow.reversal_outcome(message.response_code());
        let of_receipt = self.is_of_receipt(slot);
        let Some(own) = self.live.get_mut(slot) else {
            return Trigger::ReversalRetry;
        };
        if outcome == ReversalOutcome::Accepted && is_partial(message) {
            // A part was given back, and the whole was asked for.
            let part = part_given_back(message, own.opened.amount);
            own.returned.0 = own.returned.0.saturating_add(part.0);
            return Trigger::ReversalUnproven;
        }
        match outcome {
            // Whether the yes means the whole, or only repeats that to a part, nobody here knows.
            ReversalOutcome::Accepted if own.returned != Amount(0) => Trigger::ReversalUnproven,
            ReversalOutcome::Accepted if of_receipt => Trigger::ReceiptReversed,
            ReversalOutcome::Accepted => Trigger::ReversalAccepted,
            ReversalOutcome::Refused => Trigger::ReversalRefusal,
            ReversalOutcome::Unproven if !own.approved => Trigger::ReversalUnproven,
            // "Not found" for an approval that we saw is none.
            ReversalOutcome::Unproven | ReversalOutcome::Later | ReversalOutcome::Unknown => {
                Trigger::ReversalRetry
            }
        }
    }

    /// Whether an answer names a part, where the whole was accepted before.
    fn takes_back_its_yes(&self, slot: Slot, message: &Message) -> Option<Why> {
        let own = self.live.get(slot)?;
        let again = own.state == State::Reversed && is_partial(message);
        again.then_some(Why::AnswersDisagree)
    }

    /// Whether the reversal under way undoes what its terminal may hold a receipt for.
    fn is_of_receipt(&self, slot: Slot) -> bool {
        let reversal = self.live.get(slot).and_then(|own| own.reversal.as_ref());
        reversal.is_some_and(|reversal| reversal.of_receipt)
    }

    /// Why an answer to a reversal cannot be taken as such: it speaks of another amount, currency,
    /// card, kind of trade or original.
    fn is_about_another(&self, slot: Slot, message: &Message) -> Option<Why> {
        let own = self.live.get(slot)?;
        let sent = self.reversal_message(slot);
        let amount = message.amount().is_none_or(|told| {
            let spec = self.spec_of(own);
            let granted = || granted(&spec?, own.answer.as_ref()?);
            told == own.opened.amount
                || told == Amount(0)
                || left_standing(message) == Some(told)
                || sent.as_ref().and_then(Message::amount) == Some(told)
                || granted() == Some(told)
        });
        let told = names::original_stan(message);
        let named = sent.as_ref().and_then(names::original_stan);
        let original = told.is_none() || named.is_none_or(|named| Some(named) == told);
        let kind = sent.is_none_or(|sent| is_of_trade(&asked_for(&sent), message));
        let same = amount && original && kind && self.is_of(&own.opened, message);
        let numbers = OriginalNames::of_answer(message);
        let same = same && !self.names_another(own.id, &own.opened, &numbers);
        (!same).then_some(Why::AnswerMismatch)
    }

    fn settle_try(
        &mut self,
        now: Now,
        conn: ConnId,
        slot: Slot,
        message: &Message,
        trigger: Trigger,
        why: Why,
    ) {
        self.end_try(slot);
        let upstream = self
            .live
            .get(slot)
            .is_some_and(|own| own.upstream.is_some());
        let state = self.live.get(slot).map(|own| own.state.meaning().awaited);
        let over = state != Some(Awaited::Reversal);
        let Some(reversal) = self.reversal_of(slot) else {
            return;
        };
        let is_final = trigger != Trigger::ReversalRetry;
        let code = message.response_code();
        let outcome = message.spec().flow().reversal_outcome(code);
        // What ends the case for the terminal may prove nothing here: only the gateway goes on.
        let own = reversal.frame.is_none();
        let hands_over = own && why == Why::Plain && outcome == ReversalOutcome::Unproven;
        let relays = is_final || hands_over || !own;
        // Who asks again hears what was said first.
        if (is_final || hands_over) && !over {
            reversal.answer = message.build().ok();
        }
        let first = reversal.askers.first();
        let first =
            first.filter(|own| relays && !upstream && answers_as_it_is(message, &own.asked));
        let relayed = first.map(|own| own.conn);
        // An answer that closes nothing here still reaches a terminal that reverses by itself; one
        // that speaks of something else does not.
        let askers = if relays && !is_final && why == Why::Plain {
            std::mem::take(&mut reversal.askers)
        } else {
            Vec::new()
        };
        let relayed = relayed.filter(|_| is_final || !askers.is_empty());
        let logged = Logged::of(message, Hop::AcquirerToGateway, conn, relayed);
        self.step(
            now,
            slot,
            trigger,
            Cause {
                message: Some(logged),
                note: partly_read::note(message),
                why,
            },
        );
        if let Ok(answer) = message.build() {
            self.tell_askers(now, slot, askers, &answer);
        }
    }

    /// Answers each reversal of the terminal in its own words. The record of the answer speaks of
    /// the first one too, if that gets it as it came.
    fn tell_askers(&mut self, now: Now, slot: Slot, askers: Vec<Asker>, answer: &Bytes) {
        for (place, asker) in askers.into_iter().enumerate() {
            let Some(own) = self.live.get(slot) else {
                return;
            };
            let (id, as_it_came) = (own.id, own.upstream.is_none());
            let Some(reply) = self.reversal_reply(own, &asker.asked, answer) else {
                continue;
            };
            let host = Message::read(reply.spec(), answer.clone());
            let relays = place == 0 && as_it_came;
            if relays && host.is_ok_and(|host| answers_as_it_is(&host, &asker.asked)) {
                if let Ok(frame) = reply.build() {
                    self.send(asker.conn, frame, None);
                }
            } else {
                self.say(now, asker.conn, id, &reply);
            }
        }
    }

    /// The reversal is over: the terminal is told if it asked; a sale is undone no more if this was
    /// the reversal of its void. A late approval may still come to one that no answer was seen for.
    pub(super) fn finish_reversal(&mut self, now: Now, slot: Slot, watch: bool) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let (opened, id) = (transaction.opened.clone(), transaction.id);
        let link_conn = transaction
            .link_conn
            .filter(|_| planted::is(Bug::ReverseTwice));
        let was_approved = transaction.approved;
        let answer = transaction.reversal.as_ref();
        let answer = answer.and_then(|reversal| reversal.answer.clone());
        let askers = transaction.reversal.as_mut();
        let askers = askers.map(|reversal| std::mem::take(&mut reversal.askers));
        self.end_try(slot);
        self.unqueue(slot);
        // The deadline was that of the try.
        self.live.set_deadline(slot, None);
        if let Some(link_conn) = link_conn
            && let Some(frame) = self.reversal_message(slot).and_then(|own| own.build().ok())
        {
            self.send(link_conn, frame, None);
        }
        match answer {
            Some(answer) => self.tell_askers(now, slot, askers.unwrap_or_default(), &answer),
            None => self.acquirer_took_it_back(now, slot, askers.unwrap_or_default()),
        }
        self.refers(now, &opened, Trigger::ReturnUndone, id);
        let state = self.live.get(slot).map(|own| own.state);
        if watch || (state == Some(State::Reversed) && !was_approved) {
            let (since, until) = (
                self.steady.at(now.mono),
                now.mono + self.options.ladder.watch,
            );
            if let Some(reversal) = self.reversal_of(slot) {
                reversal.since = since;
            }
            self.live.set_deadline(slot, Some(until));
        } else if matches!(state, Some(State::Reversed | State::SettleMismatch)) {
            self.forget(slot);
        }
    }

    /// A late decline: nothing is held, and a reversal that was not sent yet is not needed. Or an
    /// operator knows better: a try that is out may be answered all the same.
    pub(super) fn cancel_reversal(&mut self, now: Now, slot: Slot) {
        self.end_try(slot);
        let own = self.live.get(slot);
        if own.is_some_and(Transaction::may_be_undone_yet) {
            let until = now.mono + self.options.ladder.watch;
            self.live.set_deadline(slot, Some(until));
        } else {
            self.forget(slot);
        }
    }
}
