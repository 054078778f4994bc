//! A request that came before: it is answered as the first was, and goes nowhere (D1, D2, D3).

use super::core::{Cause, Gateway};
use super::kept_frames::readdressed;
use super::lifecycle::Trigger;
use super::live::{Slot, Waiter};
use super::message_facts::{digest, is_closed, is_same, key_of};
use super::own_answers::Reason;
use super::remembered::went_out;
use crate::engine::record::{ConnId, Hop, Logged, Note, Opened, State, TxId};
use crate::engine::seam::Now;
use crate::engine::seam::planted::{self, Bug};
use crate::iso::codec::Message;
use crate::iso::message::FieldId;
use crate::iso::spec::Purpose;
use bytes::Bytes;

/// DE 12 and 13: time and date at the terminal.
const LOCAL_TIME: [FieldId; 2] = [FieldId::of(12), FieldId::of(13)];

impl Gateway {
    /// Whether the request came before (D1, D2, D3), in which case it has been dealt with.
    pub(super) fn is_repeat(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> bool {
        if opened.identity.is_empty() {
            let twin = self.first_in_flight(conn, message, opened);
            if let Some(slot) = twin {
                self.repeat_of_live(now, conn, message, opened, slot);
            }
            return twin.is_some();
        }
        if let Some(slot) = self.live.named(&opened.identity) {
            self.repeat_of_live(now, conn, message, opened, slot);
            return true;
        }
        if !opened.touches_money() {
            // Keys, parameters, batch details: what was answered then may be told otherwise now.
            return false;
        }
        let terminal = self.terminals.get(&key_of(opened));
        let done = terminal
            .and_then(|terminal| terminal.repeated(opened))
            .filter(|_| !planted::is(Bug::DropDedupe));
        let Some(done) = done else {
            return self.repeats_under_another_time(now, conn, message, opened);
        };
        let elsewhere = || self.is_elsewhere(conn, done.opened.link);
        if !done.went_out() && (!is_same(opened, &done.opened) || elsewhere()) {
            // Nothing left under this number: it may be used for something else.
            return false;
        }
        if !is_same(opened, &done.opened) {
            let reason = Reason::taken_by(done.id);
            self.refuse(now, conn, message, opened.clone(), reason);
            return true;
        }
        if done.state == State::Unanswered && done.answer.is_none() {
            // Advices and inquiries that had no answer may be asked again: nothing is undone.
            return false;
        }
        if opened.purpose == Purpose::Reversal && !ended(message, opened, done.answer.as_ref()) {
            // A reversal that its host could not take yet goes to the host again.
            return false;
        }
        let (id, state, done_approved) = (done.id, done.state, done.approved);
        let answer = done
            .answer
            .clone()
            .filter(|_| tells_truth(state, done_approved));
        if state == State::Unanswered
            && done_approved
            && let Some(slot) = self.revive(id, now)
        {
            // Its answer came, and reached nobody.
            self.terminal_is_back(now, conn, message, slot);
            return true;
        }
        self.record_repeat(now, conn, message, id, 2);
        self.answer_repeat(now, conn, message, (id, state), answer);
        true
    }

    /// Some terminals stamp a repeat anew, so that a name with the time in it differs: trace
    /// number, kind, amount and card tell, and its type (0201) or the time at the terminal, which
    /// stays.
    fn repeats_under_another_time(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
    ) -> bool {
        if !opened.purpose.moves_money() {
            return false;
        }
        let key = key_of(opened);
        let terminal = self.terminals.get(&key);
        if terminal.is_none_or(|terminal| terminal.is_new(opened)) {
            return false;
        }
        let first = self.one_with_stan(now, &key, opened.stan, |own| {
            is_same(opened, own) && own.identity != opened.identity
        });
        let Some(slot) = first else { return false };
        let link = self.live.get(slot).map(|own| own.opened.link);
        if link.is_some_and(|link| self.is_elsewhere(conn, link)) {
            self.forget_if_over(slot);
            return false;
        }
        let went_out = self.live.get(slot).is_some_and(|own| went_out(own.state));
        let repeats = message.mti().is_repeat() || went_out && self.is_of_moment(slot, message);
        if repeats {
            self.repeat_of_live(now, conn, message, opened, slot);
        }
        self.forget_if_over(slot);
        repeats
    }

    /// Whether a message bears the time at the terminal that a request bore.
    pub(super) fn is_of_moment(&self, slot: Slot, message: &Message) -> bool {
        self.request_of(slot).is_some_and(|first| {
            LOCAL_TIME.iter().all(|field| {
                let told = message.text(*field);
                told.is_some() && told == first.text(*field)
            })
        })
    }

    /// The same request again while the first still lives.
    fn repeat_of_live(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        opened: &Opened,
        slot: Slot,
    ) {
        let Some(first) = self.live.get(slot) else {
            return;
        };
        if !is_same(opened, &first.opened) || first.digest != digest(message, opened) {
            let reason = Reason::taken_by(first.id);
            self.refuse(now, conn, message, opened.clone(), reason);
            return;
        }
        let (id, state, answer) = (first.id, first.state, first.answer.clone());
        let approved = first.approved;
        let rule = if state == State::Forwarded { 1 } else { 2 };
        match state {
            State::Forwarded => {
                self.record_repeat(now, conn, message, id, rule);
                self.wait(slot, Waiter::new(conn, message.header()));
            }
            State::ForwardedGone | State::TerminalGone => {
                self.terminal_is_back(now, conn, message, slot);
            }
            State::Approved | State::Declined => {
                self.record_repeat(now, conn, message, id, rule);
                let own = answer
                    .and_then(|answer| readdressed(message.spec(), message.header(), &answer));
                if let Some(own) = own {
                    self.deliver_to(now, slot, conn, &own);
                }
            }
            State::DeliveryUnproven => {
                self.record_repeat(now, conn, message, id, rule);
                if let Some(answer) = answer {
                    self.replay(now, conn, message, id, &answer);
                }
            }
            // Its outcome is being undone: neither an answer nor another request may go out.
            State::Received
            | State::Refused
            | State::Delivered
            | State::DeclineDelivered
            | State::TimedOut
            | State::Unanswered
            | State::NotSent
            | State::LateApproval
            | State::ReversalPending
            | State::ReversalSent
            | State::Reversed
            | State::ClosedUnproven
            | State::ReversalRefused
            | State::ReversalUndeliverable
            | State::Returned
            | State::Settled
            | State::SettleMismatch
            | State::Confirmed
            | State::AnswerUnread
            | State::ClosedByOperator => {
                self.record_repeat(now, conn, message, id, rule);
                let answer = answer.filter(|_| tells_truth(state, approved));
                self.answer_repeat(now, conn, message, (id, state), answer);
            }
        }
    }

    /// A terminal that had gone asks again: it gets the answer, or waits for it once more.
    fn terminal_is_back(&mut self, now: Now, conn: ConnId, message: &Message, slot: Slot) {
        self.wait(slot, Waiter::new(conn, message.header()));
        let cause = Cause {
            note: Note::Duplicate(2),
            message: Some(Logged::of(message, Hop::TerminalToGateway, conn, None)),
            ..Cause::default()
        };
        self.live.set_deadline(slot, self.answer_deadline(slot));
        self.step(now, slot, Trigger::TerminalBack, cause);
    }

    /// The stored answer if it still stands; of what was undone for good, that it does not stand.
    fn answer_repeat(
        &mut self,
        now: Now,
        conn: ConnId,
        repeat: &Message,
        (id, state): (TxId, State),
        answer: Option<Bytes>,
    ) {
        if let Some(answer) = answer {
            self.replay(now, conn, repeat, id, &answer);
        } else if matches!(state, State::Reversed | State::SettleMismatch) {
            let code = repeat.spec().flow().answer.malfunction;
            if let Some(no) = self.authored(repeat, code) {
                self.say(now, conn, id, &no);
            }
        }
    }

    /// Records a repeat that changes nothing.
    fn record_repeat(&mut self, now: Now, conn: ConnId, message: &Message, id: TxId, rule: u8) {
        let logged = Logged::of(message, Hop::TerminalToGateway, conn, None);
        self.remark(now, id, Note::Duplicate(rule), logged);
    }

    /// Gives a stored answer once more, under the header of the repeat.
    pub(super) fn replay(
        &mut self,
        now: Now,
        conn: ConnId,
        repeat: &Message,
        id: TxId,
        answer: &Bytes,
    ) {
        if let Some(answer) = readdressed(repeat.spec(), repeat.header(), answer) {
            self.say(now, conn, id, &answer);
        }
    }
}

/// Whether the answer to a reversal ended it.
fn ended(reversal: &Message, opened: &Opened, answer: Option<&Bytes>) -> bool {
    let answer = answer.and_then(|frame| Message::read(reversal.spec(), frame.clone()).ok());
    answer.is_some_and(|answer| is_closed(&answer, opened))
}

/// Whether a stored answer may be told again: what was undone since must not be told as if it
/// stood.
const fn tells_truth(state: State, approved: bool) -> bool {
    state.meaning().known.still_stands() || !approved
}
