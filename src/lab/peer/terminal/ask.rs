//! Asking what became of a payment by a code, when its answer leaves that open; and its reversal,
//! when asking does not help.

use super::brain::{SentRequest, Task, TestTerminal};
use super::receipts::{TerminalBelief, Unfinished};
use super::workload::{Order, inquiry_of, is_follow_up, kind_of, scan_of};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, ResponseCode};
use crate::iso::spec::{Kind, Purpose, ReversalCause};
use std::sync::Arc;

impl TestTerminal {
    /// The earlier transaction that an order refers to. One that only asks may refer to any.
    pub(super) fn original_of(&self, kind: &Kind, order: &Order) -> Option<usize> {
        let stan = order.original?;
        let only_asks = kind.purpose == Purpose::Inquiry;
        match only_asks && is_follow_up(kind, self.options.spec.flow()) {
            true => self.receipts.last_of(stan),
            false => self.receipts.by_stan(stan),
        }
    }

    /// What is due after an answer that leaves a payment by a code open: to ask, where the dialect
    /// has a question for it, else its reversal. Cards are told no by any such answer (R16).
    pub(super) fn asks_about(&mut self, at: usize, code: ResponseCode) -> Option<Unfinished> {
        let flow = self.options.spec.flow();
        let kind = kind_of(flow, &self.receipts.get(at)?.kind)?;
        if !flow.codes.unknown.contains(code) {
            return None;
        }
        scan_of(kind)?;
        let asks = inquiry_of(kind, flow).is_some();
        let reversal = self.receipts.unfinished.take()?;
        Some(Unfinished {
            asks: asks.then(|| Box::new(reversal.message.clone())),
            cause: (!asks).then_some(ReversalCause::Other),
            tries: 0,
            ..reversal
        })
    }

    /// Asks once more, if that is what is unfinished; whether it was.
    pub(super) fn asks(&mut self, now: Now) -> bool {
        let spec = Arc::clone(&self.options.spec);
        let open = self.receipts.unfinished.as_ref();
        let Some(open) = open.filter(|open| open.asks.is_some()) else {
            return false;
        };
        let tries = open.tries;
        let earlier = self.receipts.get(open.receipt).cloned();
        let kind = earlier
            .as_ref()
            .and_then(|one| kind_of(spec.flow(), &one.kind));
        let asks = kind.and_then(|kind| inquiry_of(kind, spec.flow()));
        let Some(asks) = asks else {
            return !self.stops_asking();
        };
        let stamp = self.stamp(now);
        let question = self.write(asks, stamp, (Amount(0), None), earlier.as_ref());
        if let Some(open) = &mut self.receipts.unfinished {
            open.tries += 1;
        }
        let fate = self.fate(now, &question, (Purpose::Inquiry, false), tries);
        self.send(now, Task::Finish, question, fate);
        true
    }

    /// The question was answered.
    pub(super) fn told(
        &mut self,
        now: Now,
        waiting: &SentRequest,
        answer: &Message,
        code: ResponseCode,
    ) {
        let Some(at) = self.receipts.unfinished.as_ref().map(|open| open.receipt) else {
            return;
        };
        let flow = self.options.spec.flow();
        let belief = if flow.accepts(Purpose::Inquiry, code) {
            TerminalBelief::Approved
        } else if self.must_sign_on() || !flow.codes.declined.contains(code) {
            self.pause(now);
            self.try_again(now, waiting);
            return;
        } else {
            TerminalBelief::Declined
        };
        self.receipts.answered(at, answer);
        self.close_receipt(now, waiting.since, at, belief);
    }

    /// Reverses what it asked about in vain; whether it did ask.
    pub(super) fn stops_asking(&mut self) -> bool {
        let Some(open) = &mut self.receipts.unfinished else {
            return false;
        };
        let Some(reversal) = open.asks.take() else {
            return false;
        };
        open.message = *reversal;
        open.cause = Some(ReversalCause::Other);
        open.tries = 0;
        true
    }
}
