//! What the terminal does next: sign in, finish what is unfinished, then trade.

use super::brain::{Doing, LineState, SentRequest, Task, TerminalAction, TestTerminal};
use super::form::{self, Stamp};
use super::receipts::{Receipt, TerminalBelief, Unfinished};
use super::workload::{Order, kind_of, scan_of};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, Stan};
use crate::iso::security::{Key, seal, verify};
use crate::iso::spec::{Kind, Purpose, ReversalCause};
use crate::lab::fault::{Exchange, Fate};
use crate::lab::peer::TestCard;
use crate::lab::peer::filling::offer;
use std::sync::Arc;

impl TestTerminal {
    /// Whether there is anything to do, now or later.
    pub(super) fn has_work(&self) -> bool {
        let has_trade = !self.orders.is_empty() || self.is_trading;
        let is_owed = self.receipts.unfinished.is_some() || self.receipts.upload.is_some();
        is_owed || has_trade || self.session.asked
    }

    /// Connects if need be, then begins what is due.
    pub(super) fn act(&mut self, now: Now) {
        if !self.has_work() {
            if !self.options.stays_connected {
                self.close(false);
            }
            return;
        }
        match self.line {
            LineState::Connecting => {}
            LineState::Down => {
                self.line = LineState::Connecting;
                self.actions.push_back(TerminalAction::Connect);
            }
            LineState::Up if self.must_sign_on() => self.sign_on(now),
            LineState::Up if self.session.asked => self.session.asked = false,
            LineState::Up if self.receipts.unfinished.is_some() => self.finish(now),
            LineState::Up if self.receipts.upload.is_some() => self.upload(now),
            LineState::Up => self.trade(now),
        }
    }

    pub(super) fn must_sign_on(&self) -> bool {
        self.options.spec.flow().sign_on.is_some() && !self.session.signed_on
    }

    fn sign_on(&mut self, now: Now) {
        let spec = Arc::clone(&self.options.spec);
        if let Some(script) = &spec.flow().sign_on {
            let stamp = self.stamp(now);
            let request = form::sign_on(&self.options, script, stamp);
            self.send(now, Task::SignOn, request, Fate::default());
        }
    }

    /// Sends the reversal, or repeats the advice. A repeat carries the repeat type where the
    /// dialect has one (R5), and the MAC of the keys of the moment.
    fn finish(&mut self, now: Now) {
        let spec = Arc::clone(&self.options.spec);
        if self.asks(now) {
            return;
        }
        let Some(unfinished) = &mut self.receipts.unfinished else {
            return;
        };
        let mut message = unfinished.message.clone();
        if let Some(cause) = unfinished.cause {
            form::put_cause(&mut message, cause);
        }
        let repeats = spec
            .flow()
            .reversal
            .as_ref()
            .is_some_and(|rule| rule.repeat_mti);
        if unfinished.tries > 0 && repeats {
            message.set_mti(message.mti().repeat());
        }
        let (purpose, tries) = match unfinished.cause {
            Some(_) => (Purpose::Reversal, unfinished.tries),
            None => (Purpose::Advice, unfinished.tries),
        };
        unfinished.tries += 1;
        let fate = self.fate(now, &message, (purpose, false), tries);
        self.seal(&mut message);
        self.send(now, Task::Finish, message, fate);
    }

    fn trade(&mut self, now: Now) {
        let spec = Arc::clone(&self.options.spec);
        let Some(order) = self.next_order() else {
            return;
        };
        let Some(kind) = kind_of(spec.flow(), &order.kind) else {
            return;
        };
        let repeat = self.repeat.take();
        let fate = self.fate_of_order(now, kind, &order);
        let (order, card) = self.as_typed(order, fate.mistake);
        if fate.one_uncounted {
            self.receipts.leave_one_out();
        }
        let (at, request) = self.open(now, kind, &order, (repeat.flatten(), card.as_ref()));
        if fate.not_sent {
            self.rest(now);
            self.close_receipt(now, now.mono, at, TerminalBelief::Declined);
            return;
        }
        let again = fate
            .again
            .filter(|_| repeat.is_none() && order.original.is_none());
        self.again = again.map(|again| (at, order, again));
        self.send(now, Task::Trade(at), request, fate);
    }

    /// What befalls a transaction, before its operator has typed it.
    fn fate_of_order(&mut self, now: Now, kind: &Kind, order: &Order) -> Fate {
        if self.options.faults.list().is_empty() {
            return Fate::default();
        }
        let stamp = Stamp {
            stan: self.receipts.last.next(),
            batch: self.receipts.batch,
            at: now.wall,
        };
        let original = order.original.and_then(|stan| self.receipts.by_stan(stan));
        let earlier = original.and_then(|at| self.receipts.get(at));
        let card = self.options.workload.cards.cards().get(order.card);
        let request = self.write(kind, stamp, (order.amount, card), earlier);
        self.fate(now, &request, (kind.purpose, kind.reverses), 0)
    }

    fn next_order(&mut self) -> Option<Order> {
        if let Some(order) = self.orders.pop_front() {
            return Some(order);
        }
        self.traded += 1;
        if self
            .options
            .workload
            .count
            .is_some_and(|count| self.traded >= count)
        {
            self.is_trading = false;
        }
        let flow = self.options.spec.flow();
        let order = self
            .options
            .workload
            .pick(flow, &self.receipts, &mut self.dice);
        // A mix of nothing trades nothing.
        self.is_trading &= order.is_some();
        order
    }

    /// Opens the receipt, and writes what will be due if no answer comes, before anything is sent.
    fn open(
        &mut self,
        now: Now,
        kind: &Kind,
        order: &Order,
        (stan, card): (Option<Stan>, Option<&TestCard>),
    ) -> (usize, Message) {
        let original = self.original_of(kind, order);
        let mut stamp = self.stamp(now);
        stamp.stan = stan.unwrap_or(stamp.stan);
        let earlier = original.and_then(|at| self.receipts.get(at)).cloned();
        let amount = match (kind.purpose, &earlier) {
            (Purpose::Void, Some(earlier)) => earlier.amount,
            (purpose, _) if purpose.moves_money() => order.amount,
            _ => Amount(0),
        };
        let request = self.write(kind, stamp, (amount, card), earlier.as_ref());
        let at = self
            .receipts
            .open(kind, stamp.stan, amount, order.card, now.wall);
        if let Some(original) = original {
            self.receipts
                .refer(at, original, kind.purpose.moves_money());
        }
        self.receipts.unfinished = self.due_if_unanswered(kind, &request, at);
        let due = self.receipts.unfinished.as_ref();
        self.undo = due
            .filter(|due| due.cause.is_some())
            .map(|due| (at, due.message.clone()));
        (at, request)
    }

    /// A request of a kind over an amount and with a card, whole and sealed.
    pub(super) fn write(
        &self,
        kind: &Kind,
        stamp: Stamp,
        (amount, card): (Amount, Option<&TestCard>),
        earlier: Option<&Receipt>,
    ) -> Message {
        let mut request = form::request(&self.options, kind, stamp, amount);
        let scan = scan_of(kind);
        let has_card = kind.purpose.moves_money() || kind.purpose == Purpose::Inquiry;
        if kind.purpose == Purpose::Settlement {
            let totals = self.receipts.batch_totals();
            form::put_totals(&mut request, totals, &self.options.currency);
        }
        if let Some(scan) = scan {
            form::put_scan(&mut request, scan, stamp);
        } else if let Some(card) = card
            && has_card
        {
            let keys = self.session.keys.as_ref().filter(|_| earlier.is_none());
            form::put_card(&mut request, card, keys);
        }
        if let Some(earlier) = earlier {
            form::put_original(&mut request, kind.purpose, earlier);
        }
        for (path, value) in &self.overrides {
            // It fitted a request when it was given; one of another type may not have the part.
            offer(&mut request, *path, value);
        }
        self.seal(&mut request);
        request
    }

    /// A reversal, or the same again where a kind is repeated instead; nothing for inquiries.
    fn due_if_unanswered(
        &self,
        kind: &Kind,
        request: &Message,
        receipt: usize,
    ) -> Option<Unfinished> {
        let rule = self.options.spec.flow().reversal.as_ref();
        if kind.reverses {
            let message = form::reversal(request, rule?)
                .ok()
                .filter(|_| self.options.reverses)?;
            let cause = Some(ReversalCause::Other);
            return Some(Unfinished {
                receipt,
                message,
                cause,
                tries: 0,
                asks: None,
            });
        }
        let is_advice = kind.purpose.moves_money() || kind.purpose == Purpose::Advice;
        is_advice.then(|| Unfinished {
            receipt,
            message: request.clone(),
            cause: None,
            tries: 1,
            asks: None,
        })
    }

    pub(super) fn stamp(&mut self, now: Now) -> Stamp {
        Stamp {
            stan: self.receipts.next_stan(),
            batch: self.receipts.batch,
            at: now.wall,
        }
    }

    /// Makes the MAC of a message, where its kind and dialect have one.
    pub fn seal(&self, message: &mut Message) {
        if let Some(key) = self.mac_key(message) {
            // What cannot be sealed is sent as it is, and refused by its receiver.
            let _sealed = seal(message, key);
        }
    }

    /// Whether the MAC of an answer is right; `None` if its kind or its dialect has none, or it
    /// carries none.
    #[must_use]
    pub fn verifies(&self, answer: &Message) -> Option<bool> {
        verify(answer, self.mac_key(answer)?)
    }

    /// The key of this message's MAC, if it must have one.
    pub(super) fn mac_key(&self, message: &Message) -> Option<&Key> {
        let needs = message.kind().is_some_and(|kind| kind.mac);
        self.session
            .keys
            .as_ref()
            .filter(|_| needs)
            .map(|keys| &keys.mac)
    }

    pub(super) fn fate(
        &mut self,
        now: Now,
        message: &Message,
        (purpose, reverses): (Purpose, bool),
        tries: u32,
    ) -> Fate {
        let exchange = Exchange {
            terminal: self.options.terminal,
            purpose,
            reverses,
            tries,
            message,
        };
        self.options.faults.fate(now, &exchange)
    }

    pub(super) fn send(&mut self, now: Now, task: Task, request: Message, fate: Fate) {
        let Ok(frame) = self.frame(&request, &fate) else {
            self.pause(now);
            return;
        };
        for _ in 0..=fate.request_copies {
            self.actions.push_back(TerminalAction::Send(frame.clone()));
        }
        self.doing = Doing::Waiting(Box::new(SentRequest {
            task,
            request,
            since: now.mono,
            deadline: now.mono + self.options.patience.answer,
            hang_up: fate.hang_up.map(|after| now.mono + after),
            unread: None,
            fate,
        }));
    }
}
