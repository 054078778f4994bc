//! An answer comes in from the acquirer: can it be trusted, is it in time, what does it say?

use super::answer_fits::AskedFor;
use super::answer_match::{AnswerMatch, RequestFound, sent_stan};
use super::core::{Cause, Gateway};
use super::kept_frames::kept;
use super::lifecycle::Trigger;
use super::live::{Slot, Transaction};
use super::message_facts::{HeardBefore, key_of, outcome_of};
use super::originals::OriginalNames;
use super::partly_read;
use super::recall::JournalAsked;
use super::settlement;
use super::terminal_reversal::left_standing;
use super::upstream_request::UpstreamRequest;
use crate::engine::record::{
    ConnId, Fact, Hop, Identity, Known, LinkId, Logged, Note, Opened, State, TxId, Unmatched, Why,
};
use crate::engine::seam::Now;
use crate::engine::seam::planted::{self, Bug};
use crate::iso::codec::Message;
use crate::iso::message::Class;
use crate::iso::security;
use crate::iso::spec::{Purpose, ReversalCause};

impl Gateway {
    pub(super) fn acquirer_message(&mut self, now: Now, conn: ConnId, message: &Message) {
        let Some(link) = self.heard_from(now, conn) else {
            return;
        };
        if !self.is_named_answer(now, conn, link, message) {
            return;
        }
        if self.session_message(now, link, conn, message) {
            return;
        }
        if !message.mti().is_answer() && message.mti().class() == Class::Reversal {
            return self.acquirer_reverses(now, link, conn, message, JournalAsked::NotYet);
        }
        if !message.mti().is_answer() {
            return self.stray(now, conn, message, Hop::AcquirerToGateway);
        }
        self.acquirer_answers(now, (link, conn), message, JournalAsked::NotYet);
    }

    /// An answer of the acquirer. Of what is not in memory, the journal is asked first.
    pub(super) fn acquirer_answers(
        &mut self,
        now: Now,
        (link, conn): (LinkId, ConnId),
        message: &Message,
        asked: JournalAsked,
    ) {
        let search = AnswerMatch {
            gateway: self,
            link,
            answer: message,
        };
        let slot = match search.find() {
            RequestFound::Live(slot) => slot,
            RequestFound::Answered(id) => match self.revive(id, now) {
                Some(slot) => slot,
                None => return self.unmatched(now, conn, message, Identity::EMPTY, false),
            },
            RequestFound::None(wanted) => {
                let asks = asked == JournalAsked::NotYet;
                if asks && self.asks_of_acquirers(now, (link, conn), message) {
                    return;
                }
                return self.unmatched(now, conn, message, wanted, false);
            }
            RequestFound::Several(wanted) => {
                return self.unmatched(now, conn, message, wanted, true);
            }
        };
        if message.mti().class() == Class::Reversal && self.is_reversing(slot) {
            self.reversal_answer(now, conn, slot, message);
            self.forget_if_over(slot);
        } else {
            self.request_answer(now, conn, slot, message);
        }
    }

    fn unmatched(
        &mut self,
        now: Now,
        conn: ConnId,
        message: &Message,
        wanted: Identity,
        ambiguous: bool,
    ) {
        let message = Logged::of(message, Hop::AcquirerToGateway, conn, None);
        let fact = Unmatched {
            message,
            wanted,
            ambiguous,
        };
        self.record(now, None, None, Fact::Unmatched(Box::new(fact)));
    }

    fn request_answer(&mut self, now: Now, conn: ConnId, slot: Slot, message: &Message) {
        let Some(transaction) = self.live.get(slot) else {
            return;
        };
        let in_time = transaction.state.awaits_answer();
        if let Some(why) = self.distrust(transaction, message) {
            return self.bad_answer(now, conn, slot, message, why);
        }
        let upstream = transaction.upstream.is_some();
        let told = upstream.then(|| self.told_back(slot, message)).flatten();
        if is_unusable(transaction, message, in_time && told.is_none()) {
            return self.bad_answer(now, conn, slot, message, Why::AnswerUnreadable);
        }
        if partly_read::hides_its_code(message) {
            return self.unread_answer(now, conn, slot, message);
        }
        let code = message.response_code();
        let outcome = outcome_of(message, &transaction.opened);
        let approved = outcome == Trigger::Approval;
        let relayed = transaction.waiting.first().map(|waiter| waiter.conn);
        let goes_on = transaction.state == State::Forwarded && transaction.upstream.is_none();
        let relayed = relayed.filter(|_| goes_on);
        let note = self.timing(now, transaction, in_time);
        let opened = transaction.opened.clone();
        let asker = (opened.merchant, opened.terminal);
        let note = self
            .learn_keys(now, asker, message, approved)
            .map_or(note, Note::Unreadable);
        let as_told = told.as_ref().unwrap_or(message);
        let note = settlement::note_of_answer((message, as_told), &opened, note);
        let note = partly_read::note_or(message, note);
        let logged = Logged::of(message, Hop::AcquirerToGateway, conn, relayed);
        let told = told.map(|told| self.with_keys(now, told, message, approved));
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        if in_time {
            transaction.answer = told.as_ref().unwrap_or(message).build().ok();
            transaction.code = code;
        }
        let trigger = in_view_of(transaction, message, outcome);
        note_outcome(transaction, message, in_time, trigger, approved);
        let id = transaction.id;
        let why = why_of(trigger, approved && !in_time);
        self.step(
            now,
            slot,
            trigger,
            Cause {
                why,
                note,
                message: Some(logged),
            },
        );
        self.forget_if_over(slot);
        if approved && in_time {
            self.refers(now, &opened, Trigger::Returned, id);
        }
    }

    /// An answer whose code could not be read. In time it goes to the terminal as it came, who may
    /// read more in it; what it says, nobody here knows. Late, it is no answer.
    fn unread_answer(&mut self, now: Now, conn: ConnId, slot: Slot, message: &Message) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        let first = transaction.waiting.first().map(|waiter| waiter.conn);
        let relayed = first.filter(|_| transaction.state == State::Forwarded);
        if transaction.state == State::Forwarded {
            transaction.answer = message.build().ok();
        }
        let cause = Cause {
            why: Why::AnswerUnreadable,
            note: partly_read::note(message),
            message: Some(Logged::of(message, Hop::AcquirerToGateway, conn, relayed)),
        };
        self.step(now, slot, Trigger::AnswerUnread, cause);
        self.forget_if_over(slot);
    }

    /// Lets a later message step its original, if it has one. Whoever only asks about it has not
    /// read its answer, perhaps, and gives nothing back.
    pub(super) fn refers(&mut self, now: Now, opened: &Opened, trigger: Trigger, by: TxId) {
        let asks = opened.purpose == Purpose::Inquiry;
        if let Some(original) = opened.original.filter(|_| !asks) {
            self.later_message(now, opened, original, trigger, by);
        }
    }

    /// A transaction that was called back to life and did not stay alive goes back to memory.
    pub(super) fn forget_if_over(&mut self, slot: Slot) {
        let over = self.live.get(slot).is_some_and(|transaction| {
            let watched = [State::Reversed, State::ClosedByOperator];
            let kept = watched.contains(&transaction.state) && transaction.deadline.is_some();
            !transaction.state.is_live() && !kept
        });
        if over {
            self.forget(slot);
        }
    }

    /// Why an answer cannot be taken as what it says.
    fn distrust(&self, transaction: &Transaction, message: &Message) -> Option<Why> {
        let opened = &transaction.opened;
        if opened.purpose.moves_money()
            && let Some(sent) = &transaction.upstream
            && !self.is_about(sent, opened, message)
        {
            return Some(Why::AnswerMismatch);
        }
        if self.is_of_another_part(transaction, message) {
            return Some(Why::AnswerMismatch);
        }
        let asked = AskedFor {
            opened,
            mti: transaction.mti,
            trade: transaction.asked_for,
            stan: sent_stan(transaction),
        };
        if asked.is_contradicted_by(message, &self.vault) {
            return Some(Why::AnswerMismatch);
        }
        self.mac_of_answer_is_wrong(opened, message)
            .then_some(Why::AnswerMac)
    }

    /// Whether the answer to a reversal that is a message of its own names another part than that
    /// does, or another original.
    fn is_of_another_part(&self, own: &Transaction, answer: &Message) -> bool {
        if own.opened.purpose != Purpose::Reversal {
            return false;
        }
        let asked = || {
            let request = kept(&self.spec_of(own)?, &own.request)?;
            left_standing(&request)
        };
        let numbers = OriginalNames::of_answer(answer);
        let original = own.opened.original;
        original.is_some_and(|original| self.names_another(original, &own.opened, &numbers))
            || left_standing(answer).is_some_and(|told| told != asked().unwrap_or_default())
    }

    /// Whether an answer speaks of the card and the currency that were sent to a host otherwise
    /// than they came in, as far as it names them.
    fn is_about(&self, sent: &UpstreamRequest, opened: &Opened, answer: &Message) -> bool {
        let told = answer.currency();
        let told = told.as_deref();
        let asked = sent.currency.as_deref();
        let currency = told.is_none() || asked.is_none() || told == asked;
        let is_its = |pan| opened.is_of_card(&self.vault.card_hash(&pan));
        currency && answer.pan().is_none_or(is_its)
    }

    /// An approval must carry the right MAC; anything else may go without one, but not with a wrong
    /// one. Without the terminal's key nothing can be said. Whose key is a matter of the request:
    /// the answer may omit who the terminal is.
    pub(super) fn mac_of_answer_is_wrong(&self, opened: &Opened, message: &Message) -> bool {
        let terminal = self.terminals.get(&key_of(opened));
        let keys = terminal.and_then(|terminal| terminal.keys.as_ref());
        let Some(keys) = keys.filter(|_| !planted::is(Bug::NoMacCheck)) else {
            return false;
        };
        if partly_read::lacks_mac(message, &keys.mac) {
            return true;
        }
        if !message.kind().is_some_and(|kind| kind.mac) {
            return false;
        }
        let flow = message.spec().flow();
        let good = message.response_code().is_none_or(|code| {
            flow.codes.approved.contains(&code) || flow.codes.reversal_accepted.contains(&code)
        });
        match security::verify(message, &keys.mac) {
            Some(right) => !right,
            None => good,
        }
    }

    fn bad_answer(&mut self, now: Now, conn: ConnId, slot: Slot, message: &Message, why: Why) {
        let Some(transaction) = self.live.get_mut(slot) else {
            return;
        };
        if why == Why::AnswerMac {
            transaction.cause = ReversalCause::Mac;
        }
        let declines = outcome_of(message, &transaction.opened) == Trigger::Decline;
        let over = transaction.state.meaning().known == Known::NotHeld;
        transaction.doubted |= !declines;
        let trigger = if transaction.opened.reverses && !(declines && over) {
            Trigger::BadAnswer
        } else {
            Trigger::GaveUp
        };
        let note = partly_read::note(message);
        let message = Some(Logged::of(message, Hop::AcquirerToGateway, conn, None));
        self.step(now, slot, trigger, Cause { why, note, message });
        self.forget_if_over(slot);
    }

    /// How long the answer took, or how late it is.
    fn timing(&self, now: Now, transaction: &Transaction, in_time: bool) -> Note {
        let millis = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let waited = now.mono - transaction.since;
        if in_time {
            Note::WaitedMs(millis(waited))
        } else {
            let timeout = self.options.routes[transaction.route].timeout;
            Note::LateMs(millis(waited.saturating_sub(timeout)))
        }
    }
}

/// Whether an answer that is to be trusted cannot be used: the request went out before its link
/// spoke another dialect, or what it says cannot be said in the terminal's words.
fn is_unusable(transaction: &Transaction, message: &Message, unsaid: bool) -> bool {
    if transaction.upstream.is_some() {
        partly_read::hides_its_code(message) || unsaid
    } else {
        message.spec().name() != &*transaction.opened.spec
    }
}

/// Notes what an answer tells of its transaction.
fn note_outcome(
    own: &mut Transaction,
    message: &Message,
    in_time: bool,
    trigger: Trigger,
    approved: bool,
) {
    // The terminal has the names of the first approval on its receipt.
    if in_time || !own.approved {
        own.rrn = message.rrn().or(own.rrn);
        own.auth = message.auth_code().or(own.auth);
    }
    if approved
        && !own.approved
        && let Some(reversal) = own.reversal.as_mut()
    {
        reversal.overtaken = reversal.unanswered > 0;
    }
    own.approved |= approved;
    own.doubted |= trigger == Trigger::OutcomeUnknown;
    if approved {
        own.cause = ReversalCause::NotDelivered;
    }
}

/// Why an answer is what it is.
const fn why_of(trigger: Trigger, late_approval: bool) -> Why {
    if matches!(trigger, Trigger::OtherApproval | Trigger::DeclineInDoubt) {
        Why::AnswersDisagree
    } else if late_approval {
        Why::LateApproval
    } else {
        Why::Plain
    }
}

/// What an answer says, in view of what was heard before.
fn in_view_of(transaction: &Transaction, message: &Message, outcome: Trigger) -> Trigger {
    let reversal = transaction.reversal.as_ref();
    let before = HeardBefore {
        approved: transaction.approved,
        doubted: transaction.doubted,
        tried: reversal.is_some_and(|own| own.tries > 0),
        auth: transaction.auth,
    };
    before.and_now(message, outcome)
}
