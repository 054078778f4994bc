//! Hears what comes back, and tells what became of each request.

use super::brain::Replayer;
use super::captured::{MaybeAnswered, ReplayKey, request_of};
use super::event::{
    JudgedExchange, LineId, ReplayAction, ReplaySide, ReplayVerdict, SkipCause, StrayFrame,
    UnansweredCause,
};
use super::exchange::{CapturedOutcome, NewAnswer, NowOutcome, ReplayedExchange, SentMessage};
use super::line::LineStage;
use super::renamed::GivenName;
use super::session::terminal_of;
use crate::engine::seam::{Now, Wall};
use crate::iso::codec::Message;
use crate::iso::compare::{ComparedPair, compare};
use crate::iso::message::FieldId;
use crate::iso::security::verify;
use crate::iso::spec::Purpose;
use crate::iso::stream::{FlowId, SeenFrame};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Earlier answers that are looked for to tell whether one came out of order.
const ORDER_LOOKED_AT: usize = 64;

impl Replayer {
    /// A frame came.
    pub(super) fn frame(&mut self, now: Now, line: LineId, frame: Bytes) {
        let spec = Arc::clone(&self.options.spec);
        let Ok(message) = Message::parse(&spec, frame) else {
            self.unreadable(now, line);
            return;
        };
        if !message.mti().is_answer() {
            self.asked(line, &message);
            return;
        }
        match self.request_of(line, &message) {
            Some(number) => self.answered(now, line, number, message),
            None => self.stray(line, Some(&message)),
        }
    }

    /// The system's own request: an echo is answered, so that the line stays up.
    fn asked(&mut self, line: LineId, request: &Message) {
        let spec = Arc::clone(request.spec());
        let purpose = request.kind().map(|kind| kind.purpose);
        if purpose == Some(Purpose::Echo)
            && let Some(mut answer) = request.answer()
        {
            let code = spec.flow().answer.session;
            let is_set = answer.set(FieldId::of(39), &code).is_ok();
            if let Some(frame) = answer.build().ok().filter(|_| is_set) {
                self.actions.push_back(ReplayAction::Send(line, frame));
            }
            return;
        }
        self.stray(line, Some(request));
    }

    fn stray(&mut self, line: LineId, message: Option<&Message>) {
        self.actions.push_back(ReplayAction::Stray(StrayFrame {
            line,
            mti: message.map(Message::mti),
            stan: message.and_then(Message::stan),
            terminal: message.and_then(Message::terminal),
        }));
    }

    /// The request that this answers.
    fn request_of(&self, line: LineId, answer: &Message) -> Option<u64> {
        let key = ReplayKey::of_answer(answer);
        let named = self.ways.awaiting.get(&(line, key.whole.clone()));
        match named {
            Some(named) => self.one_of(&key, named.iter()),
            None => self.one_of(&key, self.ways.lines.get(&line)?.awaiting.iter()),
        }
    }

    fn one_of<'a>(&self, key: &ReplayKey, of: impl Iterator<Item = &'a u64>) -> Option<u64> {
        let sent = of.filter_map(|number| Some((*number, self.exchanges.get(number)?.sent()?)));
        let waiting = sent.map(|(request, sent)| MaybeAnswered {
            request,
            key: &sent.key,
            overdue: sent.overdue,
        });
        request_of(key, waiting)
    }

    /// A frame that cannot be read is the answer where only one is waited for.
    fn unreadable(&mut self, now: Now, line: LineId) {
        let waiting = self.ways.lines.get(&line).map(|line| &line.awaiting);
        let only = waiting.filter(|waiting| waiting.len() == 1);
        match only.and_then(|waiting| waiting.first().copied()) {
            Some(number) => self.unanswered(now, number, UnansweredCause::Unreadable),
            None => self.stray(line, None),
        }
    }

    fn answered(&mut self, now: Now, line: LineId, number: u64, message: Message) {
        let out_of_order = self.is_out_of_order(line, number);
        let Some(sent) = self.take_sent(number) else {
            return;
        };
        let keys = self.sessions.of(&sent.message).keys.clone();
        let keys = keys.filter(|_| self.options.seals);
        let mac = keys.and_then(|keys| verify(&message, &keys.mac));
        if message.kind().map(|kind| kind.purpose) == Some(Purpose::SignOn) {
            let master = &self.options.keys;
            self.sessions.brought(&message, &sent.message, master);
        }
        let answer = NewAnswer {
            took: now.mono - sent.at,
            message,
            mac,
            out_of_order,
        };
        if let Some(exchange) = self.exchanges.get_mut(&number) {
            exchange.now = NowOutcome::Answered(sent, Box::new(answer));
        }
        self.learn_names(number);
        self.settled(now, number);
        self.close_if_done(line);
    }

    /// Whether an answer comes before one that the capture has before it.
    fn is_out_of_order(&self, line: LineId, number: u64) -> bool {
        let rank = |number: &u64| match &self.exchanges.get(number)?.outcome {
            CapturedOutcome::Answer(answer) => Some(answer.rank),
            _ => None,
        };
        let flow = |number: &u64| self.exchanges.get(number).map(|exchange| exchange.flow);
        let (Some(own), Some(line)) = (rank(&number), self.ways.lines.get(&line)) else {
            return false;
        };
        // One whose time is over is missing, or late; it holds up no order.
        let is_due = |other: &&u64| {
            let exchange = self.exchanges.get(*other);
            let sent = exchange.and_then(ReplayedExchange::sent);
            sent.is_some_and(|sent| !sent.overdue)
        };
        let others = line.awaiting.iter().filter(|other| **other != number);
        let others = others.filter(is_due);
        others
            .take(ORDER_LOOKED_AT)
            .filter(|other| flow(other) == flow(&number))
            .any(|other| rank(other).is_some_and(|other| other < own))
    }

    /// Takes a sent message out of all that waits for its answer.
    fn take_sent(&mut self, number: u64) -> Option<Box<SentMessage>> {
        let exchange = self.exchanges.get_mut(&number)?;
        let NowOutcome::Sent(sent) = std::mem::replace(&mut exchange.now, NowOutcome::Queued)
        else {
            return None;
        };
        if let Some(line) = self.ways.lines.get_mut(&sent.line) {
            line.awaiting.remove(&number);
        }
        let key = (sent.line, sent.key.whole.clone());
        let is_last = self.ways.awaiting.get_mut(&key).is_some_and(|waiting| {
            waiting.retain(|one| *one != number);
            waiting.is_empty()
        });
        if is_last {
            let _empty = self.ways.awaiting.remove(&key);
        }
        if !sent.overdue {
            self.ways.flying = self.ways.flying.saturating_sub(1);
        }
        Some(sent)
    }

    /// No answer comes any more.
    fn unanswered(&mut self, now: Now, number: u64, why: UnansweredCause) {
        let Some(sent) = self.take_sent(number) else {
            return;
        };
        let line = sent.line;
        self.settle_as(now, number, NowOutcome::Unanswered(Some(sent), why));
        self.close_if_done(line);
    }

    /// The time of an answer is over: lanes go on, and it may still come late.
    pub(super) fn timed_out(&mut self, now: Now, number: u64) {
        let Some(exchange) = self.exchanges.get_mut(&number) else {
            return;
        };
        let NowOutcome::Sent(sent) = &mut exchange.now else {
            return;
        };
        if matches!(exchange.outcome, CapturedOutcome::Silent) {
            self.unanswered(now, number, UnansweredCause::Timeout);
            return;
        }
        sent.overdue = true;
        self.ways.flying = self.ways.flying.saturating_sub(1);
        let until = now.mono + self.options.timeout;
        self.ways.overdue.push_back((until, number));
        self.settled(now, number);
    }

    /// A late answer is not waited for any longer.
    pub(super) fn given_up(&mut self, now: Now, number: u64) {
        let exchange = self.exchanges.get(&number);
        if exchange.is_some_and(|exchange| exchange.sent().is_some()) {
            self.unanswered(now, number, UnansweredCause::Timeout);
        }
    }

    /// The system closed a connection.
    pub(super) fn closed(&mut self, now: Now, id: LineId) {
        let Some(line) = self.ways.lines.get_mut(&id) else {
            return;
        };
        line.stage = LineStage::Down;
        for number in line.awaiting.clone() {
            self.unanswered(now, number, UnansweredCause::Closed);
        }
        self.close_if_done(id);
    }

    /// A line that is of no further use is closed.
    pub(super) fn close_if_done(&mut self, id: LineId) {
        let Some(line) = self.ways.lines.get(&id).filter(|line| line.is_done()) else {
            return;
        };
        if line.stage != LineStage::Down {
            self.actions.push_back(ReplayAction::Close(id));
        }
        self.ways.lines.remove(&id);
    }

    pub(super) fn settle_as(&mut self, now: Now, number: u64, outcome: NowOutcome) {
        if let Some(exchange) = self.exchanges.get_mut(&number) {
            exchange.now = outcome;
        }
        self.settled(now, number);
    }

    /// What waited for this exchange, or for room, goes on.
    fn settled(&mut self, now: Now, number: u64) {
        for lane in self.ways.blocked.remove(&number).unwrap_or_default() {
            self.run(now, lane);
        }
        if let Some(lane) = self.ways.crowded.pop_front() {
            self.run(now, lane);
        }
        self.tell_if_final(number);
    }

    /// Remembers under which names the system under test knows what was captured.
    pub(super) fn learn_names(&mut self, number: u64) {
        let Some(exchange) = self.exchanges.get(&number) else {
            return;
        };
        let (Some(request), CapturedOutcome::Answer(old)) = (&exchange.captured, &exchange.outcome)
        else {
            return;
        };
        let new = match &exchange.now {
            NowOutcome::Answered(_, new) => Some(&new.message),
            _ => None,
        };
        let (owner, old) = (terminal_of(request), &old.message);
        let to_come = || GivenName::ToCome(number);
        let is = |name: &str| GivenName::Is(name.to_owned());
        if let Some(old) = old.rrn() {
            let name = new.and_then(Message::rrn).map(|new| is(&new));
            // What the request bore itself, no answer has to give.
            let name = name.or_else(|| (request.rrn() != Some(old)).then(to_come));
            name.into_iter()
                .for_each(|name| self.renamed.put_rrn(&old, name));
        }
        if let Some(old) = old.auth_code() {
            let name = new.and_then(Message::auth_code).map(|new| is(&new));
            let name = name.or_else(|| (request.auth_code() != Some(old)).then(to_come));
            name.into_iter()
                .for_each(|name| self.renamed.put_code(&owner, &old, name));
        }
        let is_sign_on = old.kind().map(|kind| kind.purpose) == Some(Purpose::SignOn);
        let flow = self.options.spec.flow();
        let mut batch = flow.identity.iter().filter(|path| path.part.is_some());
        if let Some(path) = batch.next().filter(|_| is_sign_on)
            && let (Some(old), Some(new)) = (old.text(*path), new.and_then(|new| new.text(*path)))
        {
            self.renamed.put_batch(&owner, &old, &new);
        }
    }

    /// Tells what became of an exchange of which nothing more can come.
    pub(super) fn tell_if_final(&mut self, number: u64) {
        let exchange = self.exchanges.get(&number);
        if !exchange.is_some_and(ReplayedExchange::is_final) {
            return;
        }
        let Some(exchange) = self.exchanges.remove(&number) else {
            return;
        };
        if let Some(request) = &exchange.captured {
            let told = self.judged(number, &exchange, request);
            self.actions.push_back(ReplayAction::Tell(Box::new(told)));
        }
    }

    fn judged(
        &self,
        number: u64,
        exchange: &ReplayedExchange,
        request: &Message,
    ) -> JudgedExchange {
        let old = match &exchange.outcome {
            CapturedOutcome::Answer(answer) => Some(&**answer),
            _ => None,
        };
        let (sent, new) = match &exchange.now {
            NowOutcome::Answered(sent, answer) => (Some(&**sent), Some(&**answer)),
            NowOutcome::Unanswered(sent, _) => (sent.as_deref(), None),
            _ => (None, None),
        };
        let differences = match (old, sent, new) {
            (Some(old), Some(sent), Some(new)) => compare(
                &self.options.rules,
                ComparedPair {
                    request,
                    answer: &old.message,
                },
                ComparedPair {
                    request: &sent.message,
                    answer: &new.message,
                },
                exchange.masked || old.masked,
                new.mac,
            ),
            _ => Vec::new(),
        };
        JudgedExchange {
            sent_stan: sent.and_then(|sent| sent.message.stan()),
            rrn: old.and_then(|old| old.message.rrn()),
            differences,
            out_of_order: new.is_some_and(|new| new.out_of_order),
            order_counts: self.options.rules.minds_order(),
            captured_code: old.and_then(|old| old.message.response_code()),
            code: new.and_then(|new| new.message.response_code()),
            captured_took: old.map(|old| {
                let micros = old.at.0.saturating_sub(exchange.at.0);
                Duration::from_micros(u64::try_from(micros).unwrap_or(0))
            }),
            took: new.map(|new| new.took),
            ..told_of(
                number,
                exchange.flow,
                Wall(exchange.at.0),
                request,
                verdict(exchange),
            )
        }
    }
}

/// What an exchange came to.
const fn verdict(exchange: &ReplayedExchange) -> ReplayVerdict {
    match (&exchange.now, &exchange.outcome) {
        (NowOutcome::Skipped(cause), _) => ReplayVerdict::Skipped(*cause),
        (NowOutcome::Unanswered(_, UnansweredCause::NoConnection), _) => {
            ReplayVerdict::Missing(UnansweredCause::NoConnection)
        }
        (_, CapturedOutcome::Open | CapturedOutcome::Unknown) => ReplayVerdict::Unknown,
        (NowOutcome::Answered(sent, _), CapturedOutcome::Answer(_)) if sent.overdue => {
            ReplayVerdict::Late
        }
        (NowOutcome::Answered(..), CapturedOutcome::Answer(_)) => ReplayVerdict::Compared,
        (NowOutcome::Answered(..), CapturedOutcome::Silent) => ReplayVerdict::Extra,
        (NowOutcome::Unanswered(_, why), CapturedOutcome::Answer(_)) => {
            ReplayVerdict::Missing(*why)
        }
        (_, CapturedOutcome::Silent) => ReplayVerdict::Silent,
        (NowOutcome::Queued | NowOutcome::Sent(_), CapturedOutcome::Answer(_)) => {
            ReplayVerdict::Unknown
        }
    }
}

/// What is told of a request of which nothing else is known.
pub(super) fn told_of(
    number: u64,
    flow: FlowId,
    at: Wall,
    request: &Message,
    verdict: ReplayVerdict,
) -> JudgedExchange {
    JudgedExchange {
        kind: request.kind().map(|kind| kind.name),
        mti: Some(request.mti()),
        merchant: request.merchant(),
        terminal: request.terminal(),
        stan: request.stan(),
        ..bare(number, flow, at, verdict)
    }
}

/// What is told of a captured frame that is no message of the dialect.
pub(super) fn unread(number: u64, seen: &SeenFrame) -> JudgedExchange {
    let verdict = ReplayVerdict::Skipped(SkipCause::Unreadable);
    bare(number, seen.flow, Wall(seen.at.0), verdict)
}

const fn bare(number: u64, flow: FlowId, at: Wall, verdict: ReplayVerdict) -> JudgedExchange {
    JudgedExchange {
        side: ReplaySide::Terminals,
        number,
        flow,
        at,
        kind: None,
        mti: None,
        merchant: None,
        terminal: None,
        stan: None,
        sent_stan: None,
        rrn: None,
        verdict,
        differences: Vec::new(),
        out_of_order: false,
        order_counts: false,
        captured_code: None,
        code: None,
        captured_took: None,
        took: None,
    }
}
