//! What the acquirer asks its back office, and tells it.

use super::brain::Acquirer;
use super::entry::{EntryId, HostEntry};
use super::refusal::HostRefusal;
use super::reply::Reply;
use crate::engine::seam::Now;
use crate::iso::message::ResponseCode;
use crate::lab::fault::Fate;
use crate::lab::office::{Booking, Setback, Sought};

impl Acquirer {
    /// Whether the office lets the merchant have it.
    pub(super) fn ask_office(
        &mut self,
        entry: &HostEntry,
        fate: &Fate,
    ) -> Result<(), ResponseCode> {
        let Some(office) = &mut self.office else {
            return Ok(());
        };
        let sought = Sought {
            merchant: entry.merchant,
            terminal: entry.terminal,
            kind: entry.kind,
            amount: minor(entry.amount),
            setbacks: &fate.setbacks,
        };
        let flow = self.options.spec.flow();
        let asked = office.ask(&sought);
        asked.map_err(|refusal| HostRefusal::Office(refusal).code(flow))
    }

    /// Tells the office what was booked or declined.
    pub(super) fn tell_office(
        &mut self,
        now: Now,
        id: EntryId,
        reply: &Reply,
        setbacks: &[Setback],
    ) {
        let entry = self.book.entry(id);
        let about = entry.about.and_then(|about| self.book.entry(about).booking);
        let Some(office) = self.office.as_mut().filter(|_| entry.purpose.moves_money()) else {
            return;
        };
        let booking = office.book(Booking {
            at: now.wall,
            merchant: entry.merchant,
            terminal: entry.terminal,
            stan: entry.stan,
            batch: entry.batch,
            rrn: reply.rrn,
            auth: reply.auth,
            card: entry.card.clone(),
            amount: minor(entry.amount),
            currency: entry.currency,
            kind: entry.kind,
            purpose: entry.purpose,
            code: reply.code,
            approved: entry.approved,
            about,
            setbacks: setbacks.to_vec(),
        });
        self.book.entry_mut(id).booking = Some(booking);
    }

    /// Tells the office what was reversed.
    pub(super) fn reverse_at_office(&mut self, now: Now, id: EntryId) {
        let booking = self.book.entry(id).booking;
        if let Some((office, booking)) = self.office.as_mut().zip(booking) {
            office.reverse(booking, now.wall);
        }
    }
}

fn minor(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
