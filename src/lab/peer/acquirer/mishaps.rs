//! How the acquirer lives out what goes wrong at it, beyond single answers: its queue, a restart,
//! and payments whose outcome is known later.

use super::brain::Acquirer;
use super::entry::EntryId;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{FieldPath, ResponseCode};
use crate::iso::spec::Purpose;
use crate::lab::fault::{Fate, UnclearPayment};
use crate::lab::office::Setback;
use crate::lab::peer::filling::field;
use crate::lab::peer::names::identity;
use std::time::Duration;

impl Acquirer {
    /// The request queues, if its fate demands it; whether it will be answered at all. The queue
    /// is one for all, so that nothing overtakes; what it says is booked as it comes in.
    pub(super) fn takes_its_turn(&mut self, now: Now, fate: &mut Fate) -> bool {
        let Some(queue) = fate.queue else {
            return true;
        };
        let begins = self.busy_until.max(now.mono);
        let wait = begins - now.mono;
        let places = queue.service.saturating_mul(queue.capacity);
        if wait >= places {
            fate.code = queue.overflow;
            return queue.overflow.is_some();
        }
        self.busy_until = begins + queue.service;
        fate.answer_delay += wait + queue.service;
        true
    }

    /// Goes down at once and forgets all that it has not answered.
    pub(super) fn restart(&mut self, now: Now, length: Duration) {
        let unsent: Vec<_> = self
            .later
            .values()
            .map(|(_, frame)| frame.clone())
            .collect();
        for frame in unsent {
            let answer = Message::parse(&self.options.spec, frame).ok();
            let of_request = answer.filter(|answer| {
                let kind = answer.kind();
                kind.is_none_or(|kind| kind.purpose != Purpose::Reversal)
            });
            let entry = of_request.and_then(|answer| self.book.named(&identity(&answer)));
            if let Some(id) = entry {
                let change = self.book.forget(id);
                self.move_money(id, change);
                self.reverse_at_office(now, id);
            }
        }
        self.held.clear();
        self.gone_until = Some(now.mono + length);
        self.switch(true);
    }

    /// A payment is answered before its outcome is known.
    pub(super) fn leave_unclear(&mut self, now: Now, id: EntryId, payment: UnclearPayment) {
        if !payment.after.is_zero() {
            self.book.entry_mut(id).unclear = true;
            self.unclear
                .push((now.mono + payment.after, id, payment.paid));
            return;
        }
        // The issuer knows at once, and nobody is told.
        if payment.paid {
            let change = self.book.approve(id);
            self.move_money(id, change);
        }
        if let Some(reply) = self.book.entry(id).answer.clone() {
            self.tell_office(now, id, &reply, &[]);
        }
    }

    /// Tells the outcomes that are known by now.
    pub(super) fn conclude_due(&mut self, now: Now) {
        let due = self.unclear.extract_if(.., |(at, ..)| *at <= now.mono);
        for (_, id, paid) in due.collect::<Vec<_>>() {
            self.conclude(now, id, paid);
        }
    }

    /// The outcome of a payment is known, if it was not. From now on it is told so.
    pub(super) fn conclude(&mut self, now: Now, id: EntryId, paid: bool) {
        if !std::mem::take(&mut self.book.entry_mut(id).unclear) {
            return;
        }
        let Some(mut reply) = self.book.entry(id).answer.clone() else {
            return;
        };
        let answer = &self.options.spec.flow().answer;
        reply.code = if paid {
            answer.approved
        } else {
            answer.not_found
        };
        if paid {
            let change = self.book.approve(id);
            self.move_money(id, change);
            reply.auth = Some(self.next_auth());
        }
        self.tell_office(now, id, &reply, &[]);
        self.book.answer(id, reply);
    }

    /// Queries see a transaction later than the switch made it, if that befalls it.
    pub(super) fn hide(&mut self, now: Now, id: EntryId, setbacks: &[Setback]) {
        let lag = setbacks.iter().find_map(|setback| match setback {
            Setback::ViewLags(lag) => Some(*lag),
            _ => None,
        });
        self.book.entry_mut(id).seen_from = lag.map(|lag| now.mono + lag);
    }

    /// What became of the payment that a request asks about: its code, and of an approved one its
    /// authorization code.
    pub(super) fn outcome_of(
        &self,
        now: Now,
        request: &Message,
    ) -> Result<Vec<(FieldPath, String)>, ResponseCode> {
        let answer = &self.options.spec.flow().answer;
        let id = self.earlier(request).ok_or(answer.not_found)?;
        let entry = self.book.entry(id);
        if entry
            .seen_from
            .is_some_and(|seen_from| now.mono < seen_from)
        {
            return Err(answer.not_found);
        }
        let said = entry.answer.as_ref().ok_or(answer.not_found)?;
        let stands = entry.is_effective() && entry.undone_by.is_none();
        if !entry.unclear && stands {
            let auth = said.auth.map(|auth| (field(38), auth.to_string()));
            return Ok(auth.into_iter().collect());
        }
        if entry.approved {
            // It was reversed or voided.
            return Err(answer.not_found);
        }
        Err(said.code)
    }
}
