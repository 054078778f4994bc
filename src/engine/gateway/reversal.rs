//! Reversals: asked for by a terminal or due by policy, sent until they are answered or listed.

use super::core::{Cause, Gateway, Sent};
use super::lifecycle::{Effect, Trigger};
use super::live::{Reversal, Slot, Transaction, Waiter};
use super::names::{self, TerminalKey};
use super::request::{CODE, readdressed};
use crate::engine::record::{ConnId, Fact, Hop, LinkId, Logged, Note, State, TxId, Why};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, FieldPath, ResponseCode};
use crate::iso::security;
use crate::iso::spec::{Flow, OriginalSource, Purpose, ReversalCause, ReversalRule};
use std::time::Duration;

impl Gateway {
    /// A terminal sends a reversal.
    pub(super) fn terminal_reversal(&mut self, now: Now, conn: ConnId, message: Message) {
        let opened = self.describe(&message);
        if self.mac_is_wrong(&message) {
            return self.refuse(now, conn, &message, opened, Why::RequestMac);
        }
        let names = names::originals(&message);
        let Some(slot) = self.original_of(now, &message, &names) else {
            return self.orphan_reversal(now, conn, message, opened, &names);
        };
        let same_amount = self
            .live
            .get(slot)
            .is_some_and(|of| of.opened.amount == opened.amount);
        if !same_amount {
            self.forget_if_over(slot);
            return self.refuse(now, conn, &message, opened, Why::DuplicateMismatch);
        }
        self.note_asked(now, slot, conn, &message);
        let cause = Cause {
            why: Why::TerminalAsked,
            note: Note::None,
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
        self.forget_if_over(slot);
    }

    /// The transaction that a reversal is for: live, or called back from its terminal's memory.
    fn original_of(
        &mut self,
        now: Now,
        message: &Message,
        names: &[crate::engine::record::Identity],
    ) -> Option<Slot> {
        if let Some(slot) = names.iter().find_map(|name| self.live.named(name)) {
            return Some(slot);
        }
        let key = names::terminal_key(message)?;
        let terminal = self.terminals.get(&key)?;
        let id = names
            .iter()
            .find_map(|name| terminal.find(name))
            .map(|done| done.id)?;
        self.revive(&key, id, now)
    }

    /// Calls an answered transaction back from memory.
    pub(super) fn revive(&mut self, key: &TerminalKey, id: TxId, now: Now) -> Option<Slot> {
        let done = self
            .terminals
            .get_mut(key)
            .and_then(|terminal| terminal.take(id));
        let Some(done) = done else {
            let mut slots = self.live.slots().into_iter();
            return slots.find(|slot| self.live.get(*slot).is_some_and(|own| own.id == id));
        };
        let reversal = done.reversal_answer.map(|answer| Reversal {
            answer: Some(answer),
            ..Reversal::new(ReversalCause::Other, now.wall)
        });
        let transaction = Transaction {
            id: done.id,
            opened: done.opened,
            state: done.state,
            route: done.route,
            began: now.wall,
            since: now.mono,
            last: done.last,
            request: done.request,
            answer: done.answer,
            rrn: done.rrn,
            auth: done.auth,
            approved: done.approved,
            cause: ReversalCause::Other,
            reversal,
            ..Transaction::blank()
        };
        Some(self.live.insert(transaction))
    }

    /// A reversal whose original is not known here. It goes to the acquirer, since an answer of
    /// ours might close the reversal of money that is held; and the request, should it come yet,
    /// will be refused (D5).
    fn orphan_reversal(
        &mut self,
        now: Now,
        conn: ConnId,
        message: Message,
        opened: crate::engine::record::Opened,
        names: &[crate::engine::record::Identity],
    ) {
        if self.is_repeat(now, conn, &message, &opened) {
            return;
        }
        if let Some(key) = names::terminal_key(&message) {
            for name in names {
                let terminal = self.terminals.entry(key, &self.options.limits);
                terminal.bury(*name, now.wall, &self.options.limits);
                self.record(now, None, None, Fact::Tombstone(*name));
            }
        }
        self.forward(now, conn, message, opened);
    }

    /// Keeps what the terminal's reversal says: who waits for the answer, the first cause, and the
    /// frame itself where we author nothing.
    fn note_asked(&mut self, now: Now, slot: Slot, conn: ConnId, message: &Message) {
        let authors = self.authors_reversals(slot);
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
            .get_or_insert_with(|| Reversal::new(cause, now.wall));
        reversal.cause_code = reversal.cause_code.or(code);
        reversal.waiter = Some(Waiter::new(conn, message.header()));
        reversal.frame = if authors { None } else { message.build().ok() };
    }

    /// D8: there is nothing to reverse. Where we may author, we say so; else the acquirer does.
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
        let (id, last) = (transaction.id, transaction.last);
        let answers = &message.spec().flow().answer;
        let never_left = matches!(state, State::NotSent | State::Refused);
        let code = if never_left {
            answers.not_found
        } else {
            answers.invalid
        };
        if !self.may_author(slot) {
            let opened = self.describe(message);
            return self.forward(now, conn, message.clone(), opened);
        }
        if let Some(answer) = self.authored(message, code) {
            self.say(now, conn, id, last, state, &answer);
        }
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
        if let Some(answer) = reversal.answer.clone() {
            self.replay(conn, message, &answer);
        } else if reversal.frame.is_some() && transaction.state == State::ReversalPending {
            self.reversal_due(now, slot);
        }
    }

    /// Money may be held and nobody has the approval. Where the gateway may not reverse, it waits
    /// for the terminal's own reversal, and the open list shows it meanwhile.
    pub(super) fn reverse_by_policy(&mut self, now: Now, slot: Slot) {
        if self.authors_reversals(slot) {
            self.step(now, slot, Trigger::ReverseNow, Cause::default());
        }
    }

    /// The terminal had its time to come back.
    pub(super) fn grace_over(&mut self, now: Now, slot: Slot) {
        self.reverse_by_policy(now, slot);
    }

    /// An operator wants a live transaction reversed.
    pub(super) fn operator_reversal(&mut self, now: Now, id: TxId) {
        let mut slots = self.live.slots().into_iter();
        let slot = slots.find(|slot| self.live.get(*slot).is_some_and(|own| own.id == id));
        if let Some(slot) = slot
            && self.may_author(slot)
        {
            self.step(now, slot, Trigger::Operator, Cause::why(Why::Operator));
        }
    }

    /// Whether the route lets the gateway reverse, and the keys let it author.
    fn authors_reversals(&self, slot: Slot) -> bool {
        let by = self
            .live
            .get(slot)
            .map(|own| self.options.routes[own.route].reversal.by);
        by.is_some_and(super::ReversalBy::gateway) && self.may_author(slot)
    }

    /// Whether a message for this transaction may be authored: no MAC is wanted, or its key is
    /// known.
    fn may_author(&self, slot: Slot) -> bool {
        let Some(transaction) = self.live.get(slot) else {
            return false;
        };
        let Some(spec) = self.spec_of(transaction) else {
            return false;
        };
        let has_key = || {
            super::request::key_of(&transaction.opened)
                .and_then(|key| self.terminals.get(&key))
                .is_some_and(|terminal| terminal.keys.is_some())
        };
        spec.flow().reversal.is_some() && (spec.flow().mac.is_none() || has_key())
    }

    /// Whether a reversal of the transaction is under way.
    pub(super) fn is_reversing(&self, slot: Slot) -> bool {
        self.live
            .get(slot)
            .is_some_and(|own| own.reversal.is_some())
    }

    /// The reversal is durable from here on: it is sent until answered, or listed.
    pub(super) fn begin_reversal(&mut self, now: Now, slot: Slot) {
        self.end_try(slot);
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let cause = transaction.cause;
        let fresh = Reversal::new(cause, now.wall);
        let reversal = transaction.reversal.get_or_insert(fresh);
        // One that was closed without proof, or by an operator's wish, starts anew.
        reversal.tries = 0;
        reversal.answer = None;
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
        } else if now.wall - reversal.began >= limits.expire {
            Some(Why::Expired)
        } else {
            None
        };
        match why {
            Some(why) => {
                self.step(now, slot, Trigger::Exhausted, Cause::why(why));
            }
            None => self.try_or_queue(now, slot),
        }
    }

    /// The next slow try of an exception is due.
    pub(super) fn slow_try_due(&mut self, now: Now, slot: Slot) {
        if self
            .live
            .get(slot)
            .and_then(|own| own.reversal.as_ref())
            .is_some_and(|r| r.leg.is_some())
        {
            return self.try_failed(now, slot, Why::NoAnswer, true);
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
        let same = transaction.leg.filter(|leg| self.is_ready(*leg));
        let leg = same.or_else(|| self.pick_leg_of(link));
        let window = self.options.limits.reversal_window;
        match leg {
            Some(leg) if self.links[usize::from(link.0)].out < window => {
                self.send_try(now, slot, leg)
            }
            _ => self.queue(link, slot),
        }
    }

    fn queue(&mut self, link: LinkId, slot: Slot) {
        let Some(reversal) = self
            .live
            .get_mut(slot)
            .and_then(|own| own.reversal.as_mut())
        else {
            return;
        };
        if !std::mem::replace(&mut reversal.queued, true) {
            self.links[usize::from(link.0)].queue.push_back(slot);
        }
    }

    /// Sends what waits for a link, as far as there is room.
    pub(super) fn pump(&mut self, now: Now, link: LinkId) {
        let at = usize::from(link.0);
        for _ in 0..self.links[at].queue.len() {
            let full = self.links[at].out >= self.options.limits.reversal_window;
            if full || self.pick_leg_of(link).is_none() {
                return;
            }
            let Some(slot) = self.links[at].queue.pop_front() else {
                return;
            };
            let Some(transaction) = self.live.get_mut(slot) else {
                continue;
            };
            let Some(reversal) = transaction.reversal.as_mut() else {
                continue;
            };
            reversal.queued = false;
            match transaction.state {
                State::ReversalPending => self.reversal_due(now, slot),
                State::ReversalUndeliverable => self.slow_try_due(now, slot),
                _ => {}
            }
        }
    }

    fn send_try(&mut self, now: Now, slot: Slot, leg: ConnId) {
        let Some(message) = self.reversal_message(slot) else {
            // Its key is not known now: a sign-on may bring it.
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
        reversal.leg = Some(leg);
        let note = Note::Try(reversal.tries);
        self.links[usize::from(link.0)].out += 1;
        if let Some(key) = names::match_key(&message, link, &self.options.routes[route].key) {
            self.live.add_key(slot, key);
        }
        let logged = Logged::of(&message, Hop::GatewayToAcquirer, leg, None);
        let cause = Cause {
            why: Why::Plain,
            note,
            message: Some(logged),
        };
        self.step(now, slot, Trigger::ReversalTry, cause);
        let until = now.mono + self.options.ladder.reversal_answer;
        self.live.set_deadline(slot, Some(until));
        self.send(leg, frame, Some(Sent::Try(slot)));
    }

    /// The reversal as it goes out now: the terminal's own frame, or one of ours under the key of
    /// the moment.
    fn reversal_message(&self, slot: Slot) -> Option<Message> {
        let transaction = self.live.get(slot)?;
        let reversal = transaction.reversal.as_ref()?;
        if let Some(frame) = &reversal.frame {
            return Message::parse(&self.spec_of(transaction)?, frame.clone()).ok();
        }
        let request = self.request_of(slot)?;
        let flow = request.spec().flow();
        let rule = flow.reversal.as_ref()?;
        let mut message = template(&request, rule)?;
        if reversal.tries > 0 && rule.repeat_mti {
            message.set_mti(rule.mti.repeat());
        }
        if let Some((field, codes)) = &rule.cause {
            let of_cause = codes.iter().find(|(cause, _)| *cause == reversal.cause);
            let code = reversal.cause_code.or(of_cause.map(|(_, code)| *code));
            message.set(*field, code?.as_str()).ok()?;
        }
        self.sealed(message, flow)
    }

    fn sealed(&self, mut message: Message, flow: &Flow) -> Option<Message> {
        if flow.mac.is_some() {
            let key = names::terminal_key(&message)?;
            let keys = self.terminals.get(&key)?.keys.as_ref()?;
            security::seal(&mut message, &keys.mac).ok()?;
        }
        Some(message)
    }

    /// The try is over, one way or another: its place in the window is free.
    fn end_try(&mut self, slot: Slot) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let link = usize::from(transaction.opened.link.0);
        let on_the_wire = transaction
            .reversal
            .as_mut()
            .and_then(|reversal| reversal.leg.take());
        if on_the_wire.is_some() {
            self.links[link].out = self.links[link].out.saturating_sub(1);
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
        }
        self.step(now, slot, Trigger::ReversalRetry, Cause::why(why));
        self.pump(now, link);
    }

    /// After the next step of the ladder.
    pub(super) fn retry_later(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let tries = transaction
            .reversal
            .as_ref()
            .map_or(0, |reversal| reversal.tries);
        let own = transaction
            .reversal
            .as_ref()
            .is_some_and(|reversal| reversal.frame.is_none());
        let pause = match transaction.state {
            State::ReversalUndeliverable => self.options.ladder.slow_pause,
            // The terminal repeats by itself; after its time the reversal is listed.
            _ if !own => self.options.routes[transaction.route].reversal.expire,
            _ => self.pause(tries),
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
        if self.mac_of_answer_is_wrong(message) {
            let logged = Logged::of(message, Hop::AcquirerToGateway, conn, None);
            self.end_try(slot);
            let cause = Cause {
                why: Why::AnswerMac,
                note: Note::None,
                message: Some(logged),
            };
            self.step(now, slot, Trigger::ReversalRetry, cause);
            return;
        }
        let codes = &message.spec().flow().codes;
        let code = message
            .text(CODE)
            .and_then(|text| ResponseCode::new(&text))
            .unwrap_or_default();
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let link = transaction.opened.link;
        let trigger = if codes.reversal_accepted.contains(&code) {
            Trigger::ReversalAccepted
        } else if codes.reversal_refused.contains(&code) {
            Trigger::ReversalRefusal
        } else if codes.reversal_unproven.contains(&code) && !transaction.approved {
            Trigger::ReversalUnproven
        } else {
            // A retry code, an unknown one, or "not found" for an approval that we saw.
            Trigger::ReversalRetry
        };
        self.settle_try(now, conn, slot, message, trigger);
        self.pump(now, link);
    }

    fn settle_try(
        &mut self,
        now: Now,
        conn: ConnId,
        slot: Slot,
        message: &Message,
        trigger: Trigger,
    ) {
        self.end_try(slot);
        let Some(reversal) = self
            .live
            .get_mut(slot)
            .and_then(|own| own.reversal.as_mut())
        else {
            return;
        };
        let is_final = trigger != Trigger::ReversalRetry;
        let relays = is_final || reversal.frame.is_some();
        if is_final {
            reversal.answer = message.build().ok();
        }
        let relayed = reversal
            .waiter
            .as_ref()
            .filter(|_| relays)
            .map(|waiter| waiter.conn);
        // An answer that closes nothing here still reaches a terminal that reverses by itself.
        let waiter = if relays && !is_final {
            reversal.waiter.take()
        } else {
            None
        };
        let logged = Logged::of(message, Hop::AcquirerToGateway, conn, relayed);
        self.step(
            now,
            slot,
            trigger,
            Cause {
                message: Some(logged),
                ..Cause::default()
            },
        );
        if let Some(waiter) = waiter
            && let Ok(frame) = message.build()
            && let Some(frame) = readdressed(message.spec(), &waiter.header, &frame)
        {
            self.send(waiter.conn, frame, None);
        }
    }

    /// The reversal is over: the terminal is told if it asked; a sale is undone no more if this was
    /// the reversal of its void. A late approval may still come to one that no answer was seen for.
    pub(super) fn finish_reversal(&mut self, now: Now, slot: Slot, watch: bool) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let (opened, id) = (transaction.opened.clone(), transaction.id);
        let was_approved = transaction.approved;
        let asked = transaction
            .reversal
            .as_mut()
            .and_then(|reversal| Some((reversal.waiter.take()?, reversal.answer.clone()?)));
        let spec = self
            .live
            .get(slot)
            .and_then(|transaction| self.spec_of(transaction));
        if let Some((waiter, answer)) = asked
            && let Some(spec) = spec
            && let Some(frame) = readdressed(&spec, &waiter.header, &answer)
        {
            self.send(waiter.conn, frame, None);
        }
        if opened.purpose == Purpose::Void {
            self.refers(now, &opened, Trigger::ReturnUndone, id);
        }
        let state = self.live.get(slot).map(|own| own.state);
        if watch || (state == Some(State::Reversed) && !was_approved) {
            let until = now.mono + self.options.ladder.watch;
            self.live.set_deadline(slot, Some(until));
        } else if state == Some(State::Reversed) {
            self.forget(slot);
        }
    }

    /// A late decline: nothing is held, and a reversal that was not sent yet is not needed.
    pub(super) fn cancel_reversal(&mut self, slot: Slot) {
        self.end_try(slot);
        self.forget(slot);
    }
}

impl Reversal {
    pub(super) const fn new(cause: ReversalCause, began: crate::engine::seam::Wall) -> Self {
        Self {
            cause,
            cause_code: None,
            began,
            tries: 0,
            frame: None,
            waiter: None,
            leg: None,
            queued: false,
            answer: None,
        }
    }
}

fn cause_of(rule: &ReversalRule, code: Option<ResponseCode>) -> Option<ReversalCause> {
    let (_, codes) = rule.cause.as_ref()?;
    codes
        .iter()
        .find(|(_, own)| Some(*own) == code)
        .map(|(cause, _)| *cause)
}

/// The reversal of a request, without cause and MAC: the fields that the rule names and no other,
/// so that track, PIN and card code have no way in.
fn template(request: &Message, rule: &ReversalRule) -> Option<Message> {
    let mut message = Message::new(request.spec(), rule.mti);
    message.set_header(request.header());
    for field in &rule.copy {
        if request.has(*field) {
            message.copy(*field, request);
        }
    }
    const CHIP: FieldId = FieldId::of(55);
    for tag in &rule.copy_tags {
        let path = FieldPath {
            field: CHIP,
            part: Some(*tag),
        };
        if let Some(value) = request.text(path) {
            message.set(path, &value).ok()?;
        }
    }
    for (path, source) in &rule.original {
        let value = match source {
            OriginalSource::Mti => Some(request.mti().to_string()),
            OriginalSource::Field(field) => request.text(*field).map(|text| text.into_owned()),
            OriginalSource::Fixed(text) => Some(text.clone()),
        };
        if let Some(value) = value {
            message.set(*path, &value).ok()?;
        }
    }
    Some(message)
}
