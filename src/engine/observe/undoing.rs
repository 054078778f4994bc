//! Reversals: asked for by a terminal, tried by whoever sends them to a host, or told by a host.

use super::asks::AskedTwice;
use super::legs::LegRole;
use super::observer::{Observer, SeenCause, SeenMessage, key_on, logged};
use super::watched::{CaseNo, Undoing, Watched};
use crate::engine::gateway::{
    Trigger, decide, granted, is_about, is_of, is_partial, key_of, only, original_stan, originals,
    part_given_back,
};
use crate::engine::record::{Known, Note, Opened, Row, State, Why};
use crate::iso::codec::Message;
use crate::iso::message::{Amount, FieldId, FieldPath, Text};
use crate::iso::spec::{OriginalSource, Purpose, ReversalOutcome};
use crate::iso::stream::FlowSide;

impl Observer {
    /// The transaction that a reversal speaks of, by the names that it may have; else the only one
    /// of its terminal under the trace number that it tells.
    pub(super) fn original_of(&self, message: &Message, opened: &Opened) -> Option<CaseNo> {
        let about = |of: &Watched| {
            of.opened.purpose != Purpose::Reversal
                && is_about(message, opened, (&of.opened, of.part.as_ref()))
                && names_its_time(message, of) != Some(false)
        };
        let went_out = |state| !matches!(state, State::Refused | State::NotSent);
        let names = originals(message, &opened.merchant);
        let named = || {
            let all = names.iter().flat_map(|name| self.table.named(name));
            all.filter(|(_, own)| about(own))
        };
        let meant = named().find(|(_, own)| went_out(own.state));
        if let Some((case, _)) = meant.or_else(|| named().next()) {
            return Some(case);
        }
        let stan = original_stan(message).or_else(|| message.stan())?;
        let own = self.table.of_terminal(key_of(opened));
        let numbered = own.filter(|(_, own)| {
            own.opened.purpose.moves_money()
                && (own.opened.stan == stan || own.stan == stan)
                && about(own)
        });
        only(numbered.map(|(case, _)| case))
    }

    /// A terminal's reversal to its gateway, if its original is known: whether it is dealt with.
    pub(super) fn undoes(&mut self, seen: &SeenMessage, opened: &Opened) -> bool {
        let Some(case) = self.original_of(&seen.message, opened) else {
            return false;
        };
        if self.leaves_a_part(case, &seen.message) {
            return false;
        }
        self.may_be_of_another(case, &seen.message);
        self.asks_to_undo(case, seen) != Row('z')
    }

    /// A reversal that went to a host. Whether it is dealt with: one that speaks of nothing here,
    /// leaves a part, or wants to undo what holds nothing is a message of its own.
    pub(super) fn reverses(&mut self, asked: &AskedTwice, opened: &mut Opened) -> bool {
        let message = asked.heard().or(asked.told.as_ref());
        let Some(message) = message.map(|seen| &seen.message) else {
            return false;
        };
        let Some(case) = self.original_of(message, opened) else {
            return false;
        };
        let id = self.table.get(case).map(|own| own.id);
        if self.leaves_a_part(case, message) {
            let approved = |own: &Watched| {
                let part = own.part.as_ref();
                let part = part.and_then(|answer| granted(message.spec(), answer));
                part.unwrap_or(own.opened.amount)
            };
            let whole = self.table.get(case).map(approved);
            opened.original = id;
            opened.amount = part_given_back(message, whole.unwrap_or(opened.amount));
            return false;
        }
        self.may_be_of_another(case, message);
        if let Some(told) = &asked.told {
            let row = self.asks_to_undo(case, told);
            if matches!(row, Row('V' | 'z')) {
                return false;
            }
        }
        if let Some(there) = &asked.there {
            self.tries_to_undo(case, there);
        }
        true
    }

    /// A reversal long after its original, of which nothing tells the time: the trace number may
    /// have come again meanwhile.
    fn may_be_of_another(&mut self, case: CaseNo, reversal: &Message) {
        let Some(own) = self.table.get(case) else {
            return;
        };
        let first = own.undoing.is_none();
        let late = self.now() - own.began > self.same_trade();
        if first && late && names_its_time(reversal, own).is_none() {
            self.note_unseen(case);
        }
    }

    /// Whether a reversal leaves a part of what stands, and its original is not being undone.
    fn leaves_a_part(&self, case: CaseNo, message: &Message) -> bool {
        let Some(own) = self.table.get(case) else {
            return false;
        };
        let settled = matches!(own.state.meaning().known, Known::NotHeld | Known::Undone);
        is_partial(message) && !settled
    }

    /// A terminal wants it undone.
    fn asks_to_undo(&mut self, case: CaseNo, seen: &SeenMessage) -> Row {
        let message = logged(LegRole::Terminals, FlowSide::Client, seen);
        self.is_no_longer_waited_for(case);
        let cause = SeenCause {
            why: Why::TerminalAsked,
            ..SeenCause::of(seen, message)
        };
        let row = self.step(case, Trigger::TerminalReversal, cause);
        if let Some(own) = self.table.get_mut(case) {
            own.undoing.get_or_insert_with(Undoing::default).of_receipt = false;
            own.terminal = Some(seen.flow);
        }
        self.touch(seen.flow, case);
        if let Some(key) = key_on(LegRole::Terminals, &seen.message) {
            self.table.add_key(case, key);
        }
        row.map_or(Row('z'), |decision| decision.row)
    }

    /// A try of its reversal went to its host.
    fn tries_to_undo(&mut self, case: CaseNo, there: &SeenMessage) {
        self.is_to_be_undone(case);
        let message = logged(LegRole::Hosts, FlowSide::Client, there);
        let amount = there.message.amount();
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let undoing = own.undoing.get_or_insert_with(Undoing::default);
        undoing.tries = undoing.tries.saturating_add(1);
        undoing.unanswered = undoing.unanswered.saturating_add(1);
        undoing.host = Some(there.flow);
        undoing.amount = amount;
        let cause = SeenCause {
            note: Note::Try(undoing.tries),
            ..SeenCause::of(there, message)
        };
        self.step(case, Trigger::ReversalTry, cause);
        self.touch(there.flow, case);
        if let Some(key) = key_on(LegRole::Hosts, &there.message) {
            self.table.add_key(case, key);
        }
    }

    /// What must have happened before a try goes out: the one before it had no answer, or whoever
    /// sends it gave the transaction up.
    pub(super) fn is_to_be_undone(&mut self, case: CaseNo) {
        let Some(state) = self.table.get(case).map(|own| own.state) else {
            return;
        };
        match state {
            State::ReversalSent => {
                self.step(case, Trigger::ReversalRetry, SeenCause::why(Why::NoAnswer));
            }
            State::Forwarded | State::ForwardedGone => {
                self.step(case, Trigger::Deadline, SeenCause::why(Why::NoAnswer));
                self.step(case, Trigger::ReverseNow, SeenCause::default());
            }
            State::Approved => {
                self.step(case, Trigger::NotWritten, SeenCause::why(Why::WriteFailed));
                self.step(case, Trigger::ReverseNow, SeenCause::default());
            }
            State::TimedOut | State::TerminalGone | State::LateApproval => {
                self.step(case, Trigger::ReverseNow, SeenCause::default());
            }
            State::Delivered
            | State::DeliveryUnproven
            | State::Confirmed
            | State::SettleMismatch
            | State::AnswerUnread
            | State::ClosedUnproven
            | State::ReversalRefused => {
                let shown = matches!(
                    state,
                    State::Delivered | State::DeliveryUnproven | State::Confirmed
                );
                // Somebody decided that; nobody said who.
                self.step(case, Trigger::Operator, SeenCause::default());
                if let Some(own) = self.table.get_mut(case) {
                    own.undoing.get_or_insert_with(Undoing::default).of_receipt = shown;
                }
            }
            State::Received
            | State::Refused
            | State::Declined
            | State::DeclineDelivered
            | State::Unanswered
            | State::NotSent
            | State::ReversalPending
            | State::Reversed
            | State::ReversalUndeliverable
            | State::Returned
            | State::Settled
            | State::ClosedByOperator => {}
        }
    }

    /// A host answers a reversal.
    pub(super) fn undo_answered(&mut self, case: CaseNo, role: LegRole, seen: &SeenMessage) {
        let message = &seen.message;
        if seen.forged {
            let cause = SeenCause {
                why: Why::AnswerMac,
                ..SeenCause::of(seen, logged(role, FlowSide::Server, seen))
            };
            self.step(case, Trigger::ReversalRetry, cause);
            return;
        }
        let about_another = !self.answers_undoing(case, message);
        let outcome = message
            .spec()
            .flow()
            .reversal_outcome(message.response_code());
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let Some(undoing) = own.undoing.as_mut() else {
            return;
        };
        undoing.unanswered = undoing.unanswered.saturating_sub(1);
        if outcome == ReversalOutcome::Accepted && is_partial(message) && !about_another {
            // A part was given back, and the whole was asked for.
            let part = part_given_back(message, own.opened.amount);
            own.returned = Amount(own.returned.0.saturating_add(part.0));
        }
        let whole = own.returned == Amount(0);
        let trigger = match outcome {
            ReversalOutcome::Accepted if !whole => Trigger::ReversalUnproven,
            ReversalOutcome::Accepted if undoing.of_receipt => Trigger::ReceiptReversed,
            ReversalOutcome::Accepted => Trigger::ReversalAccepted,
            ReversalOutcome::Refused => Trigger::ReversalRefusal,
            ReversalOutcome::Unproven if !own.approved => Trigger::ReversalUnproven,
            ReversalOutcome::Unproven | ReversalOutcome::Later | ReversalOutcome::Unknown => {
                Trigger::ReversalRetry
            }
        };
        let accepted = outcome == ReversalOutcome::Accepted && whole;
        let overtaken = accepted && std::mem::take(&mut undoing.overtaken);
        let (trigger, why) = match (about_another, overtaken) {
            (true, _) => (Trigger::ReversalRetry, Why::AnswerMismatch),
            (false, true) => (Trigger::ReversalRetry, Why::LateApproval),
            (false, false) => (trigger, Why::Plain),
        };
        let (opened, id) = (own.opened.clone(), own.id);
        let cause = SeenCause {
            why,
            ..SeenCause::of(seen, logged(role, FlowSide::Server, seen))
        };
        let before = own.state;
        let decision = self.step(case, trigger, cause);
        let ended = decision.is_some_and(|decision| decision.next != before);
        if ended
            && trigger != Trigger::ReversalRetry
            && let Some(original) = opened.original
        {
            self.later_message(&opened, original, Trigger::ReturnUndone, id);
        }
    }

    /// Whether an answer to a reversal speaks of what was to be undone.
    fn answers_undoing(&self, case: CaseNo, message: &Message) -> bool {
        let Some(own) = self.table.get(case) else {
            return false;
        };
        let sent = own.undoing.as_ref().and_then(|undoing| undoing.amount);
        let part = own.part.as_ref();
        let part = part.and_then(|answer| granted(message.spec(), answer));
        let amount = message.amount().is_none_or(|told| {
            told == own.opened.amount
                || told == Amount(0)
                || sent == Some(told)
                || part == Some(told)
        });
        amount && is_of(&own.opened, message, &self.vault)
    }

    /// A host says that it took a transaction back, or a part of it.
    pub(super) fn taken_back(&mut self, role: LegRole, seen: &SeenMessage) {
        let told = self.describe(seen);
        let Some(case) = self.original_of(&seen.message, &told) else {
            return self.unmatched(role, FlowSide::Server, seen);
        };
        let message = logged(role, FlowSide::Server, seen);
        let whole = !is_partial(&seen.message);
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let (opened, id) = (own.opened.clone(), own.id);
        let tried = own.undoing.as_ref().is_some_and(|own| own.tries > 0);
        let undone = whole && (own.approved || tried);
        let ends = decide(own.state, Trigger::TakenBack).row == Row('5');
        if ends && !undone {
            let part = message.amount.filter(|told| *told < opened.amount);
            let part = part.unwrap_or_default();
            own.returned = Amount(own.returned.0.saturating_add(part.0));
            return self.remark(case, Note::None, message);
        }
        let waits = own.state.awaits_answer();
        let trigger = match waits && !opened.reverses {
            true => Trigger::GaveUp,
            false => Trigger::TakenBack,
        };
        let decision = self.step(case, trigger, SeenCause::of(seen, message));
        if decision.is_some_and(|decision| decision.row == Row('3'))
            && let Some(original) = opened.original
        {
            self.later_message(&opened, original, Trigger::ReturnUndone, id);
        }
    }
}

/// Where requests tell when they were made.
const TIMES: [FieldId; 3] = [FieldId::of(7), FieldId::of(12), FieldId::of(13)];

/// What a dialect's reversals repeat of when their original was: where they do, and what of it.
fn times(message: &Message) -> impl Iterator<Item = (FieldPath, FieldPath)> {
    let rule = message.spec().flow().reversal.as_ref();
    let told = rule.into_iter().flat_map(|rule| &rule.original);
    told.filter_map(|(path, source)| match source {
        OriginalSource::Field(own) if TIMES.contains(&own.field) => Some((*path, *own)),
        _ => None,
    })
}

fn time_at(message: &Message, path: FieldPath) -> Option<Text<14>> {
    let text = message.text(path)?;
    let told = text.bytes().any(|digit| !matches!(digit, b'0' | b' '));
    told.then(|| Text::clipped(text.trim()))
}

/// What a request tells of when it was made, as far as its reversal would repeat it.
pub(super) fn times_told(request: &Message) -> impl Iterator<Item = (FieldPath, Text<14>)> {
    times(request).filter_map(|(_, own)| Some((own, time_at(request, own)?)))
}

/// Whether a reversal names the time of a transaction, or that of another; where it can be said.
fn names_its_time(reversal: &Message, of: &Watched) -> Option<bool> {
    let told = times(reversal).filter_map(|(path, own)| Some((own, time_at(reversal, path)?)));
    let known = |told: &(FieldPath, _)| of.times.iter().any(|(own, _)| *own == told.0);
    told.filter(known)
        .map(|told| of.times.contains(&told))
        .reduce(|all, one| all && one)
}
