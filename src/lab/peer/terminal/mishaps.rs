//! How a terminal and its operator live out what goes wrong at them.

use super::brain::{Doing, TestTerminal};
use super::form;
use super::receipts::TerminalBelief;
use super::workload::Order;
use crate::engine::seam::Now;
use crate::iso::codec::{BuildError, Message};
use crate::iso::message::Amount;
use crate::lab::fault::{Fate, Mistake};
use crate::lab::peer::TestCard;
use crate::lab::peer::spoil::{change, end_header, spoil_mac, wrecked};
use bytes::Bytes;

impl TestTerminal {
    /// The frame of a request, spoilt as its fate demands.
    pub(super) fn frame(&self, request: &Message, fate: &Fate) -> Result<Bytes, BuildError> {
        let mut sent = request.clone();
        if let Some(end) = &fate.request_header {
            end_header(&mut sent, end);
        }
        if change(&mut sent, &fate.request_changes, true) > 0 {
            self.seal(&mut sent);
        }
        spoil_mac(&mut sent, fate.request_mac);
        change(&mut sent, &fate.request_changes, false);
        let frame = sent.build()?;
        Ok(wrecked(&self.options.spec, frame, fate.request_wreck))
    }

    /// The order as its operator types it, and the card as it is read. What refers to an earlier
    /// transaction comes from the terminal's own book and cannot be mistyped.
    pub(super) fn as_typed(
        &self,
        mut order: Order,
        mistake: Option<Mistake>,
    ) -> (Order, Option<TestCard>) {
        let cards = self.options.workload.cards.cards();
        let mistake = mistake.filter(|_| order.original.is_none());
        match mistake {
            Some(Mistake::Amount) => order.amount = Amount(order.amount.0.saturating_mul(10)),
            Some(Mistake::Card) => order.card = (order.card + 1) % cards.len().max(1),
            Some(Mistake::Number) | None => {}
        }
        let card = cards.get(order.card).cloned();
        let card = match mistake {
            Some(Mistake::Number) => card.map(form::mistyped),
            _ => card,
        };
        (order, card)
    }

    /// Puts a frame aside that a slow terminal does not read yet; gives back one that it reads.
    pub(super) fn leave_unread(&mut self, now: Now, frame: Bytes) -> Option<Bytes> {
        let Doing::Waiting(waiting) = &mut self.doing else {
            return Some(frame);
        };
        if waiting.fate.read_late.is_zero() {
            return Some(frame);
        }
        if waiting.unread.is_none() {
            waiting.unread = Some((now.mono + waiting.fate.read_late, frame));
        } else {
            self.strays += 1;
        }
        None
    }

    /// Reads what was put aside, if it is time.
    pub(super) fn read_unread(&mut self, now: Now) {
        let Doing::Waiting(waiting) = &mut self.doing else {
            return;
        };
        if let Some((_, frame)) = waiting.unread.take_if(|(at, _)| *at <= now.mono) {
            self.read(now, frame);
        }
    }

    /// The operator makes the transaction of a receipt again, if he is one to do so.
    pub(super) fn make_again(&mut self, now: Now, at: usize, belief: TerminalBelief) {
        let Some((_, order, again)) = self.again.take_if(|(of, ..)| *of == at) else {
            return;
        };
        if !again.always && belief == TerminalBelief::Approved {
            return;
        }
        let stan = self.receipts.get(at).map(|receipt| receipt.stan);
        self.repeat = Some(stan.filter(|_| again.same_trace));
        self.orders.push_front(order);
        self.due = now.mono + again.gap.draw(&mut self.dice);
    }
}
