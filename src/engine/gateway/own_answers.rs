//! What the gateway says by itself: it names what came in, refuses, and answers in its own words.

use super::core::Gateway;
use super::kept_frames::{kept, readdressed};
use super::lifecycle::Trigger;
use super::live::{Slot, Transaction};
use super::message_facts::{CODE, is_same, key_of};
use super::partly_read;
use super::remembered::Remembered;
use crate::engine::record::{
    ConnId, Fact, Hop, Known, Logged, Note, Opened, Row, Seq, State, Step, TxId, Why,
};
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::ResponseCode;
use crate::iso::security;
use crate::iso::spec::{Flow, Purpose, Spec};
use std::sync::Arc;

/// Why a request is refused, and what exactly was wrong.
pub(super) struct Reason {
    why: Why,
    note: Note,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        let note = Note::None;
        Self { why, note }
    }
}

impl Reason {
    /// The name is another transaction's.
    pub(super) const fn taken_by(first: TxId) -> Self {
        Self {
            why: Why::DuplicateMismatch,
            note: Note::Other(first),
        }
    }

    /// The same, with what else is to be told of the request, if nothing was yet.
    pub(super) fn noting(self, note: Note) -> Self {
        if matches!(self.note, Note::None) {
            return Self { note, ..self };
        }
        self
    }

    /// A reversal of what it would give back is under way.
    pub(super) const fn undoing(original: TxId) -> Self {
        Self {
            why: Why::OriginalUndoing,
            note: Note::Other(original),
        }
    }
}

impl From<(Why, Note)> for Reason {
    fn from((why, note): (Why, Note)) -> Self {
        Self { why, note }
    }
}

impl Gateway {
    /// Says no to a request of which nothing goes upstream, and keeps nothing of it but the record.
    /// Where an earlier turn of the same request may be booked, it only records: a terminal takes
    /// any no as the end, and would forget what is held.
    pub(super) fn refuse(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        opened: Opened,
        reason: impl Into<Reason>,
    ) {
        let Reason { why, note } = reason.into();
        let unreachable = matches!(why, Why::NoLink | Why::NoRoute);
        let trigger = if unreachable {
            Trigger::NoLink
        } else {
            Trigger::Refuse
        };
        let decision = super::lifecycle::decide(State::Received, trigger);
        let in_doubt = why != Why::DuplicateMismatch && self.may_be_booked(&opened);
        let logged = Logged::of(message, Hop::TerminalToGateway, conn, None);
        if is_vouched_for(why) {
            self.trades_on(conn, &opened);
        }
        // One to a reversal ends nothing: asked again, it goes to its host.
        let ends = ends_its_name(why) && opened.purpose != Purpose::Reversal;
        let remembers = ends || self.is_first_of_used_name(why, &opened);
        let opened = Arc::new(opened);
        let refused = remembers.then(|| Remembered {
            id: TxId(0),
            state: decision.next,
            request: logged.frame.clone(),
            ..Remembered::of(Arc::clone(&opened))
        });
        let step = Step {
            row: decision.row,
            state: decision.next,
            why,
            note: partly_read::note_or(message, note),
            message: Some(logged),
            opened: Some(opened),
        };
        let id = self.numbers.next_tx(now);
        let seq = self.record(now, Some(id), None, Fact::Step(Box::new(step)));
        if in_doubt {
            return;
        }
        let code = refusal(message.spec().flow(), why);
        let Some(answer) = self.authored(message, code) else {
            return;
        };
        let last = self.say_no(now, conn, id, seq, decision.next, &answer);
        if let Some(refused) = refused {
            let key = key_of(&refused.opened);
            let answer = answer.build().ok();
            let done = Remembered {
                id,
                last: last.unwrap_or(seq),
                answer,
                ..refused
            };
            self.terminals.remember(key, done, &self.options.limits);
        }
    }

    /// Whether a request of money is refused for a name that another one has, for the first time:
    /// its terminal may want it reversed.
    pub(super) fn is_first_of_used_name(&self, why: Why, opened: &Opened) -> bool {
        let terminal = self.terminals.get(&key_of(opened));
        let mut done = terminal
            .into_iter()
            .flat_map(|terminal| terminal.done.iter());
        why == Why::DuplicateMismatch
            && opened.purpose.moves_money()
            && !done.any(|done| {
                done.opened.identity == opened.identity && is_same(opened, &done.opened)
            })
    }

    /// Whether the same request went upstream before and was not declined.
    fn may_be_booked(&self, opened: &Opened) -> bool {
        if opened.identity.is_empty() {
            return false;
        }
        let live = self.live.named(&opened.identity);
        let live = live.and_then(|slot| self.live.get(slot));
        let terminal = self.terminals.get(&key_of(opened));
        let done = terminal.and_then(|terminal| terminal.repeated(opened));
        let harmless = |state: State| state.meaning().known == Known::NotHeld;
        live.is_some_and(|own| is_same(opened, &own.opened))
            || done.is_some_and(|done| is_same(opened, &done.opened) && !harmless(done.state))
    }

    /// Records and sends the answer to a request of which nothing is kept.
    fn say_no(
        &mut self,
        now: Now,
        conn: ConnId,
        id: TxId,
        prev: Seq,
        state: State,
        answer: &Message,
    ) -> Option<Seq> {
        let frame = answer.build().ok()?;
        let step = Step {
            row: Row('z'),
            state,
            why: Why::Plain,
            note: Note::None,
            message: Some(Logged::of(answer, Hop::GatewayToTerminal, conn, None)),
            opened: None,
        };
        let seq = self.record(now, Some(id), Some(prev), Fact::Step(Box::new(step)));
        self.send(conn, frame, None);
        Some(seq)
    }

    /// Records and sends a message to a terminal that no other record speaks of.
    pub(super) fn say(&mut self, now: Now, conn: ConnId, id: TxId, message: &Message) {
        let Ok(frame) = message.build() else { return };
        let logged = Logged::of(message, Hop::GatewayToTerminal, conn, None);
        self.remark(now, id, Note::None, logged);
        self.send(conn, frame, None);
    }

    /// Records a message of a live transaction that changes nothing about it.
    pub(super) fn remark_live(&mut self, now: Now, slot: Slot, note: Note, logged: Logged) {
        let Some(own) = self.live.get(slot) else {
            return;
        };
        let (id, prev) = (own.id, own.last);
        let step = Step {
            row: Row('z'),
            state: own.state,
            why: Why::Plain,
            note,
            message: Some(logged),
            opened: None,
        };
        let seq = self.record(now, Some(id), Some(prev), Fact::Step(Box::new(step)));
        if let Some(own) = self.live.get_mut(slot) {
            own.last = seq;
        }
    }

    /// Records a message of a transaction that changes nothing about it.
    pub(super) fn remark(&mut self, now: Now, id: TxId, note: Note, logged: Logged) {
        let slot = self.live.slot_of(id);
        let live = slot
            .and_then(|slot| self.live.get(slot))
            .map(|own| (own.state, own.last));
        let done = || self.terminals.done(id).map(|done| (done.state, done.last));
        let known = live.or_else(done);
        let step = Step {
            row: Row('z'),
            state: known.map_or(State::Refused, |(state, _)| state),
            why: Why::Plain,
            note,
            message: Some(logged),
            opened: None,
        };
        let prev = known.map(|(_, last)| last);
        let seq = self.record(now, Some(id), prev, Fact::Step(Box::new(step)));
        if let Some(own) = slot.and_then(|slot| self.live.get_mut(slot)) {
            own.last = seq;
        } else if let Some(done) = self.terminals.done_mut(id) {
            done.last = seq;
        }
    }

    /// An answer that we author: a code, and the MAC if the terminal's key is known.
    pub(super) fn authored(&self, request: &Message, code: ResponseCode) -> Option<Message> {
        let mut answer = request.answer()?;
        answer.set(CODE, code.as_str()).ok()?;
        let wanted = request.kind().is_some_and(|kind| kind.mac);
        let keys = self
            .terminal_of(request)
            .and_then(|key| self.terminals.get(&key))
            .and_then(|terminal| terminal.keys.as_ref());
        if let Some(keys) = keys
            && wanted
        {
            security::seal(&mut answer, &keys.mac).ok()?;
        }
        Some(answer)
    }

    /// The deadline found the request unwritten and it was taken back: tell the terminal.
    pub(super) fn answer_no(&mut self, now: Now, slot: Slot) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let id = transaction.id;
        let waiting = std::mem::take(&mut transaction.waiting);
        if let Some(request) = self.request_of(slot) {
            let code = request.spec().flow().answer.unavailable;
            let answer = self.authored(&request, code);
            let answer = answer.and_then(|answer| answer.build().ok());
            if let Some(own) = self.live.get_mut(slot) {
                own.answer.clone_from(&answer);
            }
            for waiter in waiting {
                let own = answer
                    .as_ref()
                    .and_then(|answer| readdressed(request.spec(), &waiter.header, answer));
                if let Some(own) = own {
                    self.say(now, waiter.conn, id, &own);
                }
            }
        }
        self.forget(slot);
    }

    /// The request of a live transaction, as far as the journal may keep it.
    pub(super) fn request_of(&self, slot: Slot) -> Option<Message> {
        let transaction = self.live.get(slot)?;
        kept(&self.spec_of(transaction)?, &transaction.request)
    }

    /// The dialect of a transaction.
    pub(super) fn spec_of(&self, transaction: &Transaction) -> Option<Arc<Spec>> {
        self.spec_named(&transaction.opened.spec)
    }

    pub(super) fn spec_named(&self, name: &str) -> Option<Arc<Spec>> {
        let listeners = self.options.listeners.iter().map(|listener| &listener.spec);
        let links = self.options.links.iter().map(|link| &link.spec);
        listeners
            .chain(links)
            .find(|spec| spec.name() == name)
            .cloned()
    }
}

/// Whether a refusal ends the case for its terminal, so that the same request again is answered
/// the same: a yes behind a no would reach nobody who waits for one. A name that was not vouched
/// for, or that is or may be another's, ends nothing.
const fn ends_its_name(why: Why) -> bool {
    is_vouched_for(why)
        && !matches!(
            why,
            Why::DuplicateMismatch | Why::OvertakenByReversal | Why::Unrecalled
        )
}

/// Whether a request that is refused for this came from its terminal, as far as that can be known.
pub(super) const fn is_vouched_for(why: Why) -> bool {
    !matches!(
        why,
        Why::RequestMac | Why::RequestUnread | Why::UnknownTerminal
    )
}

const fn refusal(flow: &Flow, why: Why) -> ResponseCode {
    let answer = &flow.answer;
    match why {
        Why::UnknownTerminal => flow.refusal.unknown_terminal,
        Why::RequestMac | Why::KeyUnknown => answer.mac,
        Why::DuplicateMismatch => answer.duplicate,
        Why::OvertakenByReversal | Why::Untranslatable => answer.invalid,
        Why::NoLink | Why::NoRoute | Why::NeverWritten => answer.unavailable,
        Why::AnswerUnreadable | Why::RequestUnread => answer.format,
        Why::Plain
        | Why::NoAnswer
        | Why::AnswerMac
        | Why::AnswerMismatch
        | Why::LinkLost
        | Why::TerminalClosed
        | Why::WriteFailed
        | Why::Restarted
        | Why::TerminalAsked
        | Why::LateApproval
        | Why::AnswersDisagree
        | Why::Operator
        | Why::Overload
        | Why::Draining
        | Why::OriginalUnknown
        | Why::TriesUsedUp
        | Why::Unseen
        | Why::WrittenLate
        | Why::OriginalUndoing
        | Why::Unrecalled
        | Why::Expired => answer.malfunction,
    }
}
