//! Answers: of a host, and as a gateway gives them to a terminal.

use super::asks::AskedTwice;
use super::legs::LegRole;
use super::observer::{Observer, SeenCause, SeenMessage, key_on, logged};
use super::watched::{CaseNo, Watched};
use crate::engine::gateway::{
    Trigger, hides_its_code, identity, only, outcome_of, settlement_note_or, unread_note,
    unread_note_or,
};
use crate::engine::record::{Known, Logged, Note, State, Why};
use crate::iso::codec::Message;
use crate::iso::message::{Class, Text};
use crate::iso::spec::{Purpose, RequestOutcome};
use crate::iso::stream::{FlowId, FlowSide};
use std::time::Duration;

impl Observer {
    /// A server answers.
    pub(super) fn answers(&mut self, role: LegRole, seen: &SeenMessage) {
        if role == LegRole::Terminals {
            return self.terminal_hears(seen);
        }
        let class = seen.message.mti().class();
        let Some(case) = self.asked_by(role, seen) else {
            if seen.message.fault().is_some() {
                self.may_have_missed(seen.flow, FlowSide::Server);
            }
            if class == Class::Network {
                return self.session(role, FlowSide::Server, seen);
            }
            return self.was_not_asked(role, seen);
        };
        self.touch(seen.flow, case);
        let undoing = self
            .table
            .get(case)
            .is_some_and(|own| own.undoing.is_some() && own.opened.purpose != Purpose::Reversal);
        if class == Class::Reversal && undoing {
            self.undo_answered(case, role, seen);
        } else {
            self.request_answered(case, role, seen);
        }
        let half = self.flows.get(&seen.flow).is_some_and(|own| own.half);
        if half && (class == Class::Reversal || is_coded_as_own(&seen.message)) {
            // What a gateway says by itself is not the word of its host.
            self.note_unseen(case);
        }
    }

    /// The transaction that an answer belongs to: by what it carries, by its name, or as the only
    /// one that waits on its connection and is not contradicted.
    fn asked_by(&self, role: LegRole, seen: &SeenMessage) -> Option<CaseNo> {
        let message = &seen.message;
        let fits = |own: &Watched| !own.asked().is_contradicted_by(message, &self.vault);
        let undoes = message.mti().class() == Class::Reversal;
        let batch = self.batch_told(message);
        let of_batch = |own: &Watched| {
            let known = &own.opened.batch;
            batch.is_empty() || known.is_empty() || batch == *known
        };
        if let Some(key) = key_on(role, message) {
            let keyed = || self.table.keyed(&key).filter(|(_, own)| of_batch(own));
            let waits = |own: &Watched| own.state.awaits_answer();
            let best = keyed().find(|(_, own)| undoes || waits(own) && fits(own));
            let best = best.or_else(|| keyed().find(|(_, own)| fits(own)));
            if let Some((case, _)) = best.or_else(|| keyed().next()) {
                return Some(case);
            }
        }
        if let Some(name) = identity(message)
            && let Some((case, _)) = self.table.named(&name).next()
        {
            return Some(case);
        }
        self.only_waiting(seen.flow, message, fits)
    }

    fn only_waiting(
        &self,
        flow: FlowId,
        message: &Message,
        fits: impl Fn(&Watched) -> bool,
    ) -> Option<CaseNo> {
        let touched = self.flows.get(&flow).map(|own| &own.touched);
        let mut cases: Vec<CaseNo> = touched
            .into_iter()
            .flatten()
            .map(|(_, case)| *case)
            .collect();
        cases.sort_unstable();
        cases.dedup();
        only(cases.into_iter().filter(|case| {
            self.table.get(*case).is_some_and(|own| {
                let answers = own.mti.is_some_and(|asked| message.mti().answers(asked));
                own.state.awaits_answer() && answers && fits(own)
            })
        }))
    }

    fn batch_told(&self, message: &Message) -> Text<6> {
        let paths = message.spec().flow().identity.iter();
        let mut parts = paths.filter(|path| path.part.is_some());
        let part = parts.next().and_then(|path| message.text(*path));
        part.and_then(|text| Text::new(&text)).unwrap_or_default()
    }

    /// A host answers a request.
    pub(super) fn request_answered(&mut self, case: CaseNo, role: LegRole, seen: &SeenMessage) {
        let message = &seen.message;
        let logged = logged(role, FlowSide::Server, seen);
        let Some(own) = self.table.get(case) else {
            return;
        };
        if own.asked().is_contradicted_by(message, &self.vault) {
            return self.cannot_be_believed(case, seen, logged, Why::AnswerMismatch);
        }
        if seen.forged {
            return self.cannot_be_believed(case, seen, logged, Why::AnswerMac);
        }
        if hides_its_code(message) {
            let cause = SeenCause {
                why: Why::AnswerUnreadable,
                ..SeenCause::of(seen, logged)
            };
            self.step(case, Trigger::AnswerUnread, cause);
            return;
        }
        let in_time = own.state.awaits_answer();
        let outcome = outcome_of(message, &own.opened);
        let trigger = own.heard().and_now(message, outcome);
        if trigger == Trigger::ApprovalAgain && is_a_copy(own, message) {
            return self.remark(case, unread_note(message), logged);
        }
        let approved = outcome == Trigger::Approval;
        let waited = self.now() - own.began;
        let note = match in_time {
            true if own.unasked => Note::None,
            true => Note::WaitedMs(millis(waited)),
            false => Note::LateMs(millis(waited.saturating_sub(self.options.timeout))),
        };
        let disagree = matches!(trigger, Trigger::OtherApproval | Trigger::DeclineInDoubt);
        let why = match (disagree, approved && !in_time) {
            (true, _) => Why::AnswersDisagree,
            (false, true) => Why::LateApproval,
            (false, false) => Why::Plain,
        };
        let (opened, id) = (own.opened.clone(), own.id);
        self.note_outcome(case, message, trigger, approved);
        let cause = SeenCause {
            why,
            note: unread_note_or(message, settlement_note_or(message, opened.purpose, note)),
            message: Some(logged),
        };
        self.step(case, trigger, cause);
        if role == LegRole::Whole {
            self.reaches_terminal(case);
        }
        if approved
            && in_time
            && let Some(original) = opened.original
        {
            self.later_message(&opened, original, Trigger::Returned, id);
        }
    }

    /// On the whole way, an answer that was seen is one that goes to the terminal.
    fn reaches_terminal(&mut self, case: CaseNo) {
        let state = self.table.get(case).map(|own| own.state);
        if matches!(state, Some(State::Approved | State::Declined)) {
            self.step(case, Trigger::Written, SeenCause::default());
        }
        let late = self.table.get(case).is_some_and(|own| own.overdue);
        if late && state == Some(State::Approved) {
            // Whether its terminal still waited is seen by what it does next.
            self.step(case, Trigger::Reset, SeenCause::why(Why::LateApproval));
        }
    }

    fn note_outcome(&mut self, case: CaseNo, message: &Message, trigger: Trigger, approved: bool) {
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        if own.state.awaits_answer() || !own.approved {
            own.rrn = message.rrn().or(own.rrn);
            own.auth = message.auth_code().or(own.auth);
        }
        if approved
            && !own.approved
            && let Some(undoing) = own.undoing.as_mut()
        {
            undoing.overtaken = undoing.unanswered > 0;
        }
        let flow = message.spec().flow();
        let outcome = flow.outcome(own.opened.purpose, message.response_code());
        if outcome == RequestOutcome::ApprovedInPart {
            own.part = message.build().ok();
        }
        own.approved |= approved;
        own.doubted |= trigger == Trigger::OutcomeUnknown;
    }

    /// An answer of another amount, card or trace number, or with a wrong MAC: it counts as none.
    fn cannot_be_believed(&mut self, case: CaseNo, seen: &SeenMessage, logged: Logged, why: Why) {
        let Some(own) = self.table.get_mut(case) else {
            return;
        };
        let declines = outcome_of(&seen.message, &own.opened) == Trigger::Decline;
        let over = own.state.meaning().known == Known::NotHeld;
        own.doubted |= !declines;
        let trigger = match own.opened.reverses && !(declines && over) {
            true => Trigger::BadAnswer,
            false => Trigger::GaveUp,
        };
        let cause = SeenCause {
            why,
            note: unread_note(&seen.message),
            message: Some(logged),
        };
        self.step(case, trigger, cause);
    }

    /// A gateway answers a terminal.
    fn terminal_hears(&mut self, seen: &SeenMessage) {
        if let Some(told) = self.answered_alone(seen) {
            return self.gateway_answers_alone(told, seen);
        }
        let Some(case) = self.asked_by(LegRole::Terminals, seen) else {
            return self.unmatched(LegRole::Terminals, FlowSide::Server, seen);
        };
        self.touch(seen.flow, case);
        self.is_told(case, seen);
    }

    /// The held request that a gateway answers, without having been seen to ask anybody.
    fn answered_alone(&mut self, seen: &SeenMessage) -> Option<SeenMessage> {
        let key = key_on(LegRole::Terminals, &seen.message);
        let at = self.held.iter().position(|held| {
            held.flow == seen.flow
                && seen.message.mti().answers(held.message.mti())
                && key_on(LegRole::Terminals, &held.message) == key
        });
        self.held.remove(at?)
    }

    fn gateway_answers_alone(&mut self, told: SeenMessage, seen: &SeenMessage) {
        let opened = self.describe(&told);
        let asked_at = told.at;
        let before = self.table.named(&opened.identity).next();
        let before = before.map(|(case, _)| case);
        let asked = AskedTwice {
            told: Some(told),
            there: None,
        };
        let answer = logged(LegRole::Terminals, FlowSide::Server, seen);
        let approves = outcome_of(&seen.message, &opened) == Trigger::Approval;
        let own = asked.told.as_ref();
        let own = own.is_some_and(|told| is_a_gateways_own(&seen.message, &told.message));
        // Where requests to hosts may have been missed, this one may be among them; and an answer
        // that no gateway makes by itself came from a host that was not captured.
        let missed = !own || !self.was_kept_back(asked_at, &opened);
        if let Some(case) = before {
            self.repeats(case, &asked);
            return self.is_told(case, seen);
        }
        if !approves && !missed {
            let case = self.begin(&asked, opened.clone(), kept_back(&seen.message));
            if let Some(case) = case {
                self.remark(case, Note::None, answer);
                self.refused_alone(asked_at, &opened, case);
            }
            return;
        }
        if let Some(case) = self.begin(&asked, opened, (Trigger::Forward, Why::Plain)) {
            if missed {
                self.note_unseen(case);
            }
            self.is_told(case, seen);
        }
    }

    /// What a terminal is told of a transaction, and what that shows.
    fn is_told(&mut self, case: CaseNo, seen: &SeenMessage) {
        let answer = logged(LegRole::Terminals, FlowSide::Server, seen);
        let Some(own) = self.table.get(case) else {
            return;
        };
        let undoing = own.undoing.is_some() && own.opened.purpose != Purpose::Reversal;
        if undoing && seen.message.mti().class() == Class::Reversal {
            return self.remark(case, unread_note(&seen.message), answer);
        }
        let outcome = outcome_of(&seen.message, &own.opened);
        let approves = outcome == Trigger::Approval;
        let unseen = own.unseen || self.host_unseen.is_some_and(|at| at >= own.began);
        let reverses = own.opened.reverses;
        let cause = |why| SeenCause {
            why,
            ..SeenCause::of(seen, answer.clone())
        };
        match (own.state, approves) {
            (State::Approved, true) | (State::Declined, false) => {
                self.step(case, Trigger::Written, cause(Why::Plain));
            }
            (State::Approved, false) => {
                self.step(case, Trigger::NotWritten, cause(Why::WriteFailed));
            }
            // Only one of both is true.
            (State::Declined, true) => {
                self.step(case, Trigger::BadAnswer, cause(Why::AnswersDisagree));
            }
            (State::TerminalGone, true) => {
                self.step(case, Trigger::TerminalBack, SeenCause::default());
                self.step(case, Trigger::Written, cause(Why::Plain));
            }
            (State::Forwarded | State::ForwardedGone, true) => {
                self.note_outcome(case, &seen.message, Trigger::Approval, true);
                self.step(case, Trigger::TerminalBack, SeenCause::default());
                self.step(case, Trigger::Approval, cause(Why::Unseen));
                self.step(case, Trigger::Written, SeenCause::default());
            }
            (State::Forwarded | State::ForwardedGone, false) => {
                let (trigger, why) = match (reverses, unseen) {
                    (true, true) => (Trigger::Restart, Why::Unseen),
                    (true, false) => (Trigger::Deadline, Why::NoAnswer),
                    (false, true) => (Trigger::GaveUp, Why::Unseen),
                    (false, false) => (Trigger::GaveUp, Why::NoAnswer),
                };
                self.step(case, trigger, cause(why));
            }
            _ => self.remark(case, unread_note(&seen.message), answer),
        }
    }

    /// A host begins something by itself.
    pub(super) fn host_asks(&mut self, role: LegRole, seen: &SeenMessage) {
        match seen.message.mti().class() {
            Class::Reversal if role != LegRole::Terminals => self.taken_back(role, seen),
            Class::Network => self.session(role, FlowSide::Server, seen),
            _ => self.unmatched(role, FlowSide::Server, seen),
        }
    }
}

/// Whether an approval that comes again is the first one: its names are the same, and its host
/// heard one request only, so that it can have booked no other.
fn is_a_copy(own: &Watched, again: &Message) -> bool {
    let same = again.rrn() == own.rrn && again.auth_code() == own.auth;
    own.state == State::Reversed && same && own.rrn.is_some() && !own.doubted
}

/// Whether an answer is one that a gateway makes by itself: with a code that is for that, and
/// without the names that only a host gives.
fn is_a_gateways_own(answer: &Message, request: &Message) -> bool {
    let named = answer.rrn().is_some() && answer.rrn() != request.rrn();
    is_coded_as_own(answer) && !named && answer.auth_code().is_none()
}

/// Whether its code is one that a gateway gives by itself.
fn is_coded_as_own(answer: &Message) -> bool {
    let rule = &answer.spec().flow().answer;
    let codes = [
        rule.unavailable,
        rule.malfunction,
        rule.format,
        rule.mac,
        rule.duplicate,
        rule.invalid,
        rule.not_found,
    ];
    let code = answer.response_code();
    code.is_some_and(|code| codes.contains(&code))
}

/// Why a gateway that asked nobody says no, as far as its code tells.
fn kept_back(answer: &Message) -> (Trigger, Why) {
    let unavailable = answer.spec().flow().answer.unavailable;
    match answer.response_code() {
        Some(code) if code == unavailable => (Trigger::NoLink, Why::NoLink),
        _ => (Trigger::Refuse, Why::Plain),
    }
}

fn millis(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}
