//! The acquirer takes a transaction back: its issuer refused later what it had approved.

use super::answer_fits::is_of_currency;
use super::core::{Cause, Gateway};
use super::lifecycle::{Trigger, decide};
use super::live::{Asker, Slot};
use super::message_facts::{CODE, key_of};
use super::names;
use super::originals::{OriginalNames, Referable, only};
use super::partly_read;
use super::recall::JournalAsked;
use super::remembered::Remembered;
use super::terminal_reversal::{is_about, is_partial};
use crate::engine::record::{ConnId, Hop, LinkId, Logged, Note, Opened, Row, TxId};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, Stan};
use crate::iso::spec::Purpose;

impl Gateway {
    /// The acquirer says that it took a transaction back. That is heard and answered, whatever
    /// became of the transaction here: it cannot be refused, and it would be sent for ever.
    pub(super) fn acquirer_reverses(
        &mut self,
        now: Now,
        link: LinkId,
        conn: ConnId,
        message: &Message,
        asked: JournalAsked,
    ) {
        let slot = self.taken_back(now, link, message);
        let asks = slot.is_none() && asked == JournalAsked::NotYet;
        if asks && self.asks_of_acquirers(now, (link, conn), message) {
            return;
        }
        if slot.is_none() && asked == JournalAsked::InVain {
            // Not answered, it comes again.
            return self.stray(now, conn, message, Hop::AcquirerToGateway);
        }
        let id = slot.and_then(|slot| Some(self.live.get(slot)?.id));
        match slot {
            Some(slot) => {
                let cause = Cause {
                    note: partly_read::note(message),
                    message: Some(Logged::of(message, Hop::AcquirerToGateway, conn, None)),
                    ..Cause::default()
                };
                self.is_taken_back(now, slot, message, cause);
            }
            None => self.stray(now, conn, message, Hop::AcquirerToGateway),
        }
        self.answer_acquirer(now, conn, id, message);
        if let Some(slot) = slot {
            self.forget_if_over(slot);
        }
    }

    /// A transaction was taken back, or a part of it. Where it is to be undone, only the whole
    /// settles that, and only if it was seen approved or a reversal was tried: what is not booked
    /// yet may be booked later. Of a void or refund that stood, its original stands again.
    fn is_taken_back(&mut self, now: Now, slot: Slot, message: &Message, cause: Cause) {
        let Some(own) = self.live.get(slot) else {
            return;
        };
        let (opened, id) = (own.opened.clone(), own.id);
        let told = self.describe(message);
        let answer = own.answer.as_ref();
        let whole = !is_partial(message) && is_about(message, &told, (&opened, answer));
        let ends = decide(own.state, Trigger::TakenBack).row == Row('5');
        let tried = own.reversal.as_ref().is_some_and(|own| own.tries > 0);
        // What was not seen to be booked, and was never undone, may be booked yet.
        let undone = whole && (own.approved || tried);
        let trigger = match own.state.awaits_answer() && !opened.reverses {
            true => Trigger::GaveUp,
            false => Trigger::TakenBack,
        };
        if ends && !undone {
            let Some(message) = cause.message else { return };
            // A reversal of the whole that is accepted then may give that part back once more.
            let part = part_taken_back(&opened, &message);
            if let Some(own) = self.live.get_mut(slot) {
                own.returned.0 = own.returned.0.saturating_add(part.0);
            }
            return self.remark_live(now, slot, cause.note, message);
        }
        let decision = self.step(now, slot, trigger, cause);
        if decision.is_some_and(|decision| decision.row == Row('3')) {
            self.refers(now, &opened, Trigger::ReturnUndone, id);
        }
    }

    /// No host answered a reversal of the terminal, but the acquirer took the transaction back
    /// itself. Only the host says yes to the terminal: its reversal goes there.
    pub(super) fn acquirer_took_it_back(&mut self, now: Now, slot: Slot, askers: Vec<Asker>) {
        let original = self.live.get(slot).map(|own| own.id);
        for Asker { conn, asked } in askers {
            let opened = self.describe(&asked);
            self.forward(now, conn, asked, Opened { original, ..opened });
        }
    }

    /// The transaction that a reversal of the acquirer names, live or answered before. One of
    /// another currency, or of more money, is none of it. A card may be told as a token or a mask,
    /// so that one of the right name counts before none.
    fn taken_back(&mut self, now: Now, link: LinkId, message: &Message) -> Option<Slot> {
        let near = self.links.neighbours(link);
        let told = message.amount().unwrap_or_default();
        let is_money = |own: &Opened| {
            // An authorization may have been raised since.
            let amount = told <= own.amount || own.purpose == Purpose::Hold;
            near.contains(&own.link) && amount && is_of_currency(own, message)
        };
        let fits = |own: &Opened| is_money(own) && self.is_of(own, message);
        let id = self.taken_back_by_name(message, fits);
        let id = id.or_else(|| self.taken_back_somewhere(message, fits));
        let id = id.or_else(|| self.taken_back_by_reference(link, message, fits));
        let id = id.or_else(|| self.taken_back_by_name(message, is_money))?;
        self.live.slot_of(id).or_else(|| self.revive(id, now))
    }

    /// The one whose whole name it tells.
    fn taken_back_by_name(
        &self,
        message: &Message,
        fits: impl Fn(&Opened) -> bool,
    ) -> Option<TxId> {
        let names = names::originals(message, &self.merchant_of(message));
        let live = self.live.slots().into_iter();
        let mut live = live.filter_map(|slot| self.live.get(slot));
        let live = live.find(|own| names.contains(&own.name_upstream()) && fits(&own.opened));
        live.map(|own| own.id).or_else(|| {
            let terminal = self.terminals.get(&self.terminal_of(message)?)?;
            let mut done = terminal.done.iter().rev();
            let done =
                done.find(|done| names.contains(&done.name_upstream()) && fits(&done.opened));
            done.map(|done| done.id)
        })
    }

    /// Under a number of its own, it names the original as a refund does: not by the trace number,
    /// where that is the gateway's.
    fn taken_back_by_reference(
        &self,
        link: LinkId,
        message: &Message,
        fits: impl Fn(&Opened) -> bool,
    ) -> Option<TxId> {
        let terminal = self.terminals.get(&self.terminal_of(message)?)?;
        let mut routes = self.options.routes.iter();
        let rewrites = routes.any(|route| route.rewrite_stan && route.to.contains(&link));
        let told = OriginalNames {
            rrn: message.rrn(),
            auth: message.auth_code(),
            stan: names::original_stan(message).filter(|_| !rewrites),
            batch: names::original_batch(message),
        };
        let opened = self.describe(message);
        // A host may number its own messages as it likes.
        let id = self.referred_here(&opened, &told).all().first().copied();
        let id = id.or_else(|| self.unanswered_of_number(&opened, told.stan, &fits));
        let returning = |done: &&Remembered| {
            matches!(done.opened.purpose, Purpose::Void | Purpose::Refund)
                && told.are_all_of(&Referable::of(done))
                && fits(&done.opened)
        };
        let id = id.or_else(|| {
            terminal
                .done
                .iter()
                .rev()
                .find(returning)
                .map(|done| done.id)
        });
        id.filter(|id| self.names_of(*id).is_some_and(fits))
    }

    /// The names of a transaction, live or answered before.
    fn names_of(&self, id: TxId) -> Option<&Opened> {
        let live = self.live.slot_of(id).and_then(|slot| self.live.get(slot));
        let done = || self.terminals.done(id).map(|done| &*done.opened);
        live.map(|own| &*own.opened).or_else(done)
    }

    /// The one transaction that a reversal of the acquirer names without its terminal: by the
    /// original data, or by its reference.
    fn taken_back_somewhere(
        &self,
        message: &Message,
        fits: impl Fn(&Opened) -> bool,
    ) -> Option<TxId> {
        if message.terminal().is_some() {
            return None;
        }
        let live = self.live.slots().into_iter();
        let live = live.filter_map(|slot| self.live.get(slot));
        let live = live.map(|own| (own.id, &*own.opened, own.rrn, own.name_upstream()));
        let terminals = self.terminals.iter();
        let done = terminals.flat_map(|terminal| terminal.done.iter());
        let done = done.filter(|own| own.went_out());
        let done = done.map(|own| (own.id, &*own.opened, own.rrn, own.name_upstream()));
        let all = live.chain(done);
        let all: Vec<_> = all
            .filter(|(_, own, ..)| own.touches_money() && fits(own))
            .collect();
        let named = all.iter().filter(|(_, own, _, name)| {
            let mut named = message.clone();
            let named = named.set(FieldId::of(41), &own.terminal).map(|()| named);
            named.is_ok_and(|named| names::originals(&named, &own.merchant).contains(name))
        });
        let referred = all
            .iter()
            .filter(|(_, _, rrn, _)| rrn.is_some() && *rrn == message.rrn());
        only(named.map(|own| own.0)).or_else(|| only(referred.map(|own| own.0)))
    }

    /// The one transaction of the terminal under a trace number that has no answer yet: its host
    /// tells names that are not known here.
    fn unanswered_of_number(
        &self,
        told: &Opened,
        stan: Option<Stan>,
        fits: impl Fn(&Opened) -> bool,
    ) -> Option<TxId> {
        let live = self.live.slots().into_iter();
        let live = live.filter_map(|slot| self.live.get(slot));
        let named = live.filter(|own| {
            let of = &own.opened;
            own.auth.is_none()
                && own.upstream.is_none()
                && stan == Some(of.stan)
                && key_of(of) == key_of(told)
                && fits(of)
        });
        only(named.map(|own| own.id))
    }

    /// Whoever takes back what is not known here is told so: it may stand at its terminal.
    fn answer_acquirer(&mut self, now: Now, conn: ConnId, of: Option<TxId>, message: &Message) {
        let rule = &message.spec().flow().answer;
        let code = match of {
            None => rule.not_found,
            Some(_) => rule.approval(Purpose::Reversal),
        };
        let Some(mut answer) = message.answer() else {
            return;
        };
        if answer.set(CODE, code.as_str()).is_err() {
            return;
        }
        let Ok(frame) = answer.build() else { return };
        let logged = Logged::of(&answer, Hop::GatewayToAcquirer, conn, None);
        match of {
            Some(id) => self.remark(now, id, Note::None, logged),
            None => self.record_session(now, &answer, Hop::GatewayToAcquirer, conn),
        }
        self.send(conn, frame, None);
    }
}

/// The part of a transaction that a reversal of the acquirer takes back; nothing if it speaks of
/// the whole.
pub(super) fn part_taken_back(of: &Opened, reversal: &Logged) -> Amount {
    let told = reversal.amount.filter(|told| *told < of.amount);
    told.unwrap_or_default()
}
