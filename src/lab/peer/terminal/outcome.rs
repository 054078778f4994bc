//! What an answer, or its absence, means for the terminal.

use super::brain::{Doing, SentRequest, Task, TerminalAction, TerminalSession, TestTerminal};
use super::form;
use super::judge::{AnswerCheck, judge};
use super::receipts::{Slip, TerminalBelief};
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::message::{ResponseCode, Text};
use crate::iso::security::brought_keys;
use crate::iso::spec::{Purpose, ReversalCause, ReversalOutcome};
use crate::lab::peer::names::batch_path;
use bytes::Bytes;
use std::sync::Arc;

/// Why there is no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// None came, or the connection is gone.
    NoAnswer,
    /// Its MAC is wrong.
    Mac,
    /// It cannot be read, or speaks of something else.
    Unusable,
}

impl From<Failure> for ReversalCause {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoAnswer => Self::NoAnswer,
            Failure::Mac => Self::Mac,
            Failure::Unusable => Self::Other,
        }
    }
}

impl TestTerminal {
    /// A frame came.
    pub(super) fn receive(&mut self, now: Now, frame: Bytes) {
        if let Some(frame) = self.leave_unread(now, frame) {
            self.read(now, frame);
        }
    }

    /// Reads what came.
    pub(super) fn read(&mut self, now: Now, frame: Bytes) {
        let Doing::Waiting(waiting) = &self.doing else {
            self.strays += 1;
            return;
        };
        let Ok(answer) = Message::parse(&self.options.spec, frame) else {
            self.fail(now, Failure::Unusable);
            return;
        };
        match judge(&waiting.request, &answer, self.mac_key(&waiting.request)) {
            AnswerCheck::NotOurs => self.strays += 1,
            AnswerCheck::Mismatch => self.fail(now, Failure::Unusable),
            AnswerCheck::BadMac => self.fail(now, Failure::Mac),
            AnswerCheck::Answer(code) => self.answered(now, &answer, code),
        }
    }

    fn answered(&mut self, now: Now, answer: &Message, code: ResponseCode) {
        let Some(waiting) = self.take_waiting() else {
            return;
        };
        if let Some(down) = waiting.fate.power_loss {
            self.power_loss(now, down);
            return;
        }
        self.rest(now);
        let flow = self.options.spec.flow();
        if flow.mac.is_some() && code == flow.answer.mac {
            // Our keys are not theirs any more (A0).
            self.session.signed_on = false;
        }
        match waiting.task {
            Task::SignOn => self.signed_on(now, answer, code),
            Task::Trade(at) => self.traded(now, &waiting, at, answer, code),
            Task::Finish => self.finished(now, &waiting, answer, code),
            Task::Upload => self.uploaded(now, code),
        }
        if waiting.fate.hang_up_after {
            self.close(false);
        } else if !self.options.stays_connected && self.due > now.mono {
            // After a sign-in the same connection carries what it was made for.
            self.close(false);
        }
    }

    fn take_waiting(&mut self) -> Option<Box<SentRequest>> {
        match std::mem::replace(&mut self.doing, Doing::Idle) {
            Doing::Waiting(waiting) => Some(waiting),
            other => {
                self.doing = other;
                None
            }
        }
    }

    /// Thinks until the next transaction.
    pub(super) fn rest(&mut self, now: Now) {
        self.due = now.mono + self.options.workload.think.draw(&mut self.dice);
    }

    fn signed_on(&mut self, now: Now, answer: &Message, code: ResponseCode) {
        let spec = Arc::clone(&self.options.spec);
        let flow = spec.flow();
        let master = self.options.master.as_ref();
        let keys = master.and_then(|master| brought_keys(answer, master));
        self.session.asked = false;
        if !flow.accepts(Purpose::SignOn, code) || (flow.keys.is_some() && keys.is_none()) {
            self.pause(now);
            return;
        }
        self.session.keys = keys;
        self.session.signed_on = true;
        let batch = batch_path(flow).and_then(|path| answer.text(path).and_then(|t| Text::new(&t)));
        if let Some(batch) = batch {
            self.receipts.batch = batch;
        }
        self.due = now.mono;
    }

    fn traded(
        &mut self,
        now: Now,
        waiting: &SentRequest,
        at: usize,
        answer: &Message,
        code: ResponseCode,
    ) {
        let spec = Arc::clone(&self.options.spec);
        let flow = spec.flow();
        let is_advice = self
            .receipts
            .unfinished
            .as_ref()
            .is_some_and(|due| due.cause.is_none());
        self.receipts.answered(at, answer);
        let purpose = self.receipts.get(at).map(|receipt| receipt.purpose);
        if purpose.is_some_and(|purpose| flow.accepts(purpose, code)) {
            self.approved(now, waiting, at, answer);
        } else if is_advice && !self.session.signed_on && flow.sign_on.is_some() {
            // It was refused for its MAC only: it is sent again after the sign-in.
            self.due = now.mono;
        } else if let Some(asks) = self.asks_about(at, code) {
            self.receipts.unfinished = Some(asks);
            self.pause(now);
        } else {
            // Any explicit answer ends it for a terminal, unknown outcomes too (R16).
            self.close_receipt(now, waiting.since, at, TerminalBelief::Declined);
        }
    }

    fn approved(&mut self, now: Now, waiting: &SentRequest, at: usize, answer: &Message) {
        let purpose = self.receipts.get(at).map(|receipt| receipt.purpose);
        let belief = match purpose {
            Some(Purpose::Settlement) if !form::is_balanced(answer) => TerminalBelief::Declined,
            _ => TerminalBelief::Approved,
        };
        self.close_receipt(now, waiting.since, at, belief);
        match (purpose, belief) {
            (Some(Purpose::Settlement), TerminalBelief::Approved) => self.receipts.begin_batch(),
            (Some(Purpose::Settlement), _) => self.begin_upload(now),
            _ => {}
        }
        if purpose == Some(Purpose::SignOff) {
            self.session = TerminalSession::default();
        }
    }

    fn finished(&mut self, now: Now, waiting: &SentRequest, answer: &Message, code: ResponseCode) {
        let Some(unfinished) = &self.receipts.unfinished else {
            return;
        };
        let at = unfinished.receipt;
        if unfinished.asks.is_some() {
            self.told(now, waiting, answer, code);
            return;
        }
        if unfinished.cause.is_none() {
            self.traded(now, waiting, at, answer, code);
            return;
        }
        let said = self.options.spec.flow().reversal_outcome(Some(code));
        match said {
            ReversalOutcome::Accepted => {
                let belief = TerminalBelief::Reversed { proven: true };
                self.close_receipt(now, waiting.since, at, belief);
            }
            ReversalOutcome::Unproven => {
                let belief = TerminalBelief::Reversed { proven: false };
                self.close_receipt(now, waiting.since, at, belief);
            }
            ReversalOutcome::Refused => {
                self.close_receipt(now, waiting.since, at, TerminalBelief::GivenUp)
            }
            ReversalOutcome::Later | ReversalOutcome::Unknown => self.try_again(now, waiting),
        }
    }

    /// No usable answer came to what is waited for, if anything is.
    pub(super) fn fail(&mut self, now: Now, failure: Failure) {
        let Some(waiting) = self.take_waiting() else {
            return;
        };
        self.pause(now);
        match (waiting.task, &mut self.receipts.unfinished) {
            (Task::SignOn, _) => self.session.asked = false,
            (Task::Trade(_) | Task::Finish, Some(unfinished)) => {
                // No answer to a reversal does not change why it is sent (R17).
                let is_first = waiting.task != Task::Finish;
                if unfinished.cause.is_some() && (is_first || failure != Failure::NoAnswer) {
                    unfinished.cause = Some(failure.into());
                }
                self.try_again(now, &waiting);
            }
            (Task::Trade(at), None) => {
                self.close_receipt(now, waiting.since, at, TerminalBelief::Unknown)
            }
            // What was not taken is uploaded again.
            (Task::Upload, _) | (Task::Finish, None) => {}
        }
        if !self.options.stays_connected {
            self.close(false);
        }
    }

    /// Once more after a pause, unless all tries are used up.
    pub(super) fn try_again(&mut self, now: Now, waiting: &SentRequest) {
        let Some(unfinished) = &self.receipts.unfinished else {
            return;
        };
        let (at, is_reversal) = (unfinished.receipt, unfinished.cause.is_some());
        if unfinished.tries >= self.options.patience.tries {
            if self.stops_asking() {
                return;
            }
            let belief = if is_reversal {
                TerminalBelief::GivenUp
            } else {
                TerminalBelief::Unknown
            };
            self.close_receipt(now, waiting.since, at, belief);
        }
    }

    pub(super) fn close_receipt(
        &mut self,
        now: Now,
        since: Mono,
        at: usize,
        belief: TerminalBelief,
    ) {
        if let Some(receipt) = self.receipts.close(at, belief) {
            let (receipt, took) = (receipt.clone(), now.mono - since);
            let slip = Slip { receipt, took };
            self.actions
                .push_back(TerminalAction::Print(Box::new(slip)));
            self.make_again(now, at, belief);
        }
    }
}
