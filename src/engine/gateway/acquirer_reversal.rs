//! The acquirer takes a transaction back: its issuer refused later what it had approved.

use super::core::{Cause, Gateway};
use super::lifecycle::Trigger;
use super::live::{Slot, Transaction};
use super::names;
use super::partly_read;
use super::request::CODE;
use super::terminal_memory::OriginalNames;
use crate::engine::record::{ConnId, Hop, Logged, Note};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::Function;
use crate::iso::spec::Purpose;

impl Gateway {
    /// The acquirer says that it took a transaction back. That is heard and answered, whatever
    /// became of the transaction here: it cannot be refused, and it would be sent for ever.
    pub(super) fn acquirer_reverses(&mut self, now: Now, conn: ConnId, message: &Message) {
        let slot = self.taken_back(now, message);
        match slot {
            Some(slot) => {
                let cause = Cause {
                    note: partly_read::note(message),
                    message: Some(Logged::of(message, Hop::AcquirerToGateway, conn, None)),
                    ..Cause::default()
                };
                let over = |own: &Transaction| own.state.awaits_answer() && !own.opened.reverses;
                let trigger = match self.live.get(slot).is_some_and(over) {
                    true => Trigger::GaveUp,
                    false => Trigger::TakenBack,
                };
                self.step(now, slot, trigger, cause);
            }
            None => self.stray(now, conn, message, Hop::AcquirerToGateway),
        }
        self.answer_acquirer(now, conn, slot, message);
        if let Some(slot) = slot {
            self.forget_if_over(slot);
        }
    }

    /// The transaction that a reversal of the acquirer names, live or answered before.
    fn taken_back(&mut self, now: Now, message: &Message) -> Option<Slot> {
        let names = names::originals(message, &self.merchant_of(message));
        if let Some(slot) = names.iter().find_map(|name| self.live.named(name)) {
            return Some(slot);
        }
        let terminal = self.terminals.get(&self.terminal_of(message)?)?;
        let named = names.iter().find_map(|name| terminal.answered_by(name));
        // Under a number of its own, it names the original as a refund does.
        let told = OriginalNames {
            rrn: message.rrn(),
            auth: message.auth_code(),
            stan: names::original_stan(message),
        };
        let opened = self.describe(message);
        let id = named.map(|done| done.id);
        let id = id.or_else(|| terminal.referred(&opened, &told));
        let id = id.or_else(|| self.referred_live(&opened, &told));
        self.revive(id?, now)
    }

    /// A request about what is not known here is told so; an advice is taken.
    fn answer_acquirer(&mut self, now: Now, conn: ConnId, of: Option<Slot>, message: &Message) {
        let rule = &message.spec().flow().answer;
        let asks = message.mti().function() == Function::Request;
        let code = match of {
            None if asks => rule.not_found,
            Some(_) | None => rule.approval(Purpose::Reversal),
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
            Some(slot) => self.remark_live(now, slot, Note::None, logged),
            None => self.record_session(now, &answer, Hop::GatewayToAcquirer, conn),
        }
        self.send(conn, frame, None);
    }
}
