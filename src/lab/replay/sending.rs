//! Sends what is due, each request behind what it waits for.

use super::brain::Replayer;
use super::captured::ReplayKey;
use super::event::{LineId, ReplayAction, SkipCause, UnansweredCause};
use super::exchange::{
    CapturedOutcome, CapturedRequest, NowOutcome, ReplayedExchange, SentMessage,
};
use super::lane::{LaneId, LaneStep};
use super::line::LineStage;
use super::renamed::GivenName;
use super::rewrite::Rewrite;
use super::session::terminal_of;
use crate::engine::seam::Now;
use crate::iso::codec::Message;
use crate::iso::message::{FieldId, Secret};
use crate::iso::spec::Purpose;
use crate::iso::stream::{FlowId, SeenAt};
use crate::lab::peer::{as_original, original_of};

/// Requests on their way at once.
const FLYING: usize = 10_000;

/// What became of an attempt to send.
enum SendAttempt {
    /// It is on its way, or will never be.
    Done,
    /// It goes out once the exchange of this number is settled: its terminal signs on first, or an
    /// answer names what it is about.
    Behind(u64, Box<CapturedRequest>),
}

impl Replayer {
    /// Sends from a lane until it has to wait.
    pub(super) fn run(&mut self, now: Now, id: LaneId) {
        loop {
            let Some(lane) = self.ways.lanes.get_mut(&id) else {
                return;
            };
            match lane.steps.front() {
                None => {
                    let _gone = self.ways.lane_of.remove(&lane.key);
                    self.ways.lanes.remove(&id);
                    return;
                }
                Some(LaneStep::Await(number)) => {
                    let number = *number;
                    let exchange = self.exchanges.get(&number);
                    if exchange.is_some_and(|exchange| !exchange.is_settled()) {
                        self.ways.blocked.entry(number).or_default().push(id);
                        return;
                    }
                    lane.steps.pop_front();
                }
                Some(LaneStep::Send(request)) => {
                    let (line, due) = (request.line, request.due);
                    if let Some(due) = due.filter(|due| *due > now.mono) {
                        self.ways.timers.insert((due, id));
                        return;
                    }
                    if self.ways.flying >= FLYING {
                        self.ways.crowded.push_back(id);
                        return;
                    }
                    if !self.is_up(line, id) {
                        return;
                    }
                    self.send_next(now, id);
                }
            }
        }
    }

    /// Whether a line is up; if not, the lane goes on once it is.
    fn is_up(&mut self, id: LineId, lane: LaneId) -> bool {
        let line = self.ways.lines.entry(id).or_default();
        match line.stage {
            LineStage::Up => return true,
            LineStage::Connecting => {}
            LineStage::Down => {
                line.stage = LineStage::Connecting;
                self.actions.push_back(ReplayAction::Connect(id));
            }
        }
        line.waiting.push(lane);
        false
    }

    fn send_next(&mut self, now: Now, lane: LaneId) {
        let Some(request) = self.take_request(lane) else {
            return;
        };
        if let SendAttempt::Behind(number, request) = self.attempt(now, request)
            && let Some(lane) = self.ways.lanes.get_mut(&lane)
        {
            self.ways.queued += 1;
            self.ways.lines.entry(request.line).or_default().queued += 1;
            lane.steps.push_front(LaneStep::Send(request));
            lane.steps.push_front(LaneStep::Await(number));
        }
    }

    /// The next request of a lane, taken out of it.
    fn take_request(&mut self, lane: LaneId) -> Option<Box<CapturedRequest>> {
        let steps = &mut self.ways.lanes.get_mut(&lane)?.steps;
        let LaneStep::Send(request) = steps.pop_front()? else {
            return None;
        };
        self.ways.queued = self.ways.queued.saturating_sub(1);
        if let Some(line) = self.ways.lines.get_mut(&request.line) {
            line.queued = line.queued.saturating_sub(1);
        }
        Some(request)
    }

    fn attempt(&mut self, now: Now, request: Box<CapturedRequest>) -> SendAttempt {
        if self.reverses_unsent(&request.message) {
            return self.skip(now, &request, SkipCause::OriginalNotSent);
        }
        if let Some((field, number)) = self.unnamed(&request) {
            let is_coming = self
                .exchanges
                .get(&number)
                .is_some_and(|one| !one.is_settled());
            return match is_coming {
                true => SendAttempt::Behind(number, request),
                false => self.skip(now, &request, SkipCause::NotNamed(field)),
            };
        }
        let mut rewrite = Rewrite {
            options: &self.options,
            renamed: &mut self.renamed,
            next_stan: &mut self.next_stan,
            wall: now.wall,
        };
        let (mut message, pin) = match rewrite.names(&request) {
            Ok(written) => written,
            Err(cause) => return self.skip(now, &request, cause),
        };
        if self.wants_keys(&message) {
            let session = self.sessions.of(&message);
            if session.tried {
                return self.skip(now, &request, SkipCause::NoKeys);
            }
            session.tried = true;
            if let Some(sign_on) = self.sign_on(now, &message) {
                self.own += 1;
                let number = self.own;
                self.exchanges.insert(number, own_exchange());
                self.put_out(now, number, request.line, sign_on);
                return SendAttempt::Behind(number, request);
            }
        }
        match self.seal(&request, &mut message, pin.as_ref()) {
            Ok(()) => self.put_out(now, request.number, request.line, message),
            Err(cause) => return self.skip(now, &request, cause),
        }
        SendAttempt::Done
    }

    /// Whether a message is the reversal of a request that was not sent.
    fn reverses_unsent(&self, message: &Message) -> bool {
        let rule = message.spec().flow().reversal.as_ref();
        let rule = rule.filter(|_| is_reversal(message));
        rule.is_some_and(|rule| self.renamed.is_unsent(&original_of(message, rule)))
    }

    /// A name that an earlier captured answer gave and no new one does yet, with the number of its
    /// request. Sent as captured, it might be the name of something else now. A reversal has others
    /// of its own: it goes out all the same, as a terminal's does that saw no answer.
    fn unnamed(&self, request: &CapturedRequest) -> Option<(FieldId, u64)> {
        let message = &request.message;
        if is_reversal(message) {
            return None;
        }
        let (rrn, code) = (message.rrn(), message.auth_code());
        let names = [
            rrn.and_then(|rrn| Some((37, self.renamed.rrn(&rrn)?))),
            code.and_then(|code| Some((38, self.renamed.code(&terminal_of(message), &code)?))),
        ];
        names
            .into_iter()
            .flatten()
            .find_map(|(field, name)| match name {
                GivenName::ToCome(number) if *number < request.number => {
                    Some((FieldId::of(field), *number))
                }
                _ => None,
            })
    }

    /// Whether a message needs working keys that its terminal has not got, and could have.
    fn wants_keys(&mut self, message: &Message) -> bool {
        let flow = message.spec().flow();
        let mac = flow.mac.is_some_and(|rule| message.has(rule.field));
        let is_keyed = mac || message.has(FieldId::of(52));
        if !self.options.seals || flow.keys.is_none() || !is_keyed {
            return false;
        }
        let (Some(merchant), Some(terminal)) = (message.merchant(), message.terminal()) else {
            return false;
        };
        let has_master = self.options.keys.of(&merchant, &terminal).is_some();
        has_master && self.sessions.of(message).keys.is_none()
    }

    /// A sign-on of the message's terminal.
    fn sign_on(&mut self, now: Now, message: &Message) -> Option<Message> {
        let spec = message.spec().clone();
        let script = spec.flow().sign_on.as_ref()?;
        let mut sign_on = Message::new(&spec, script.mti);
        sign_on.set_header(message.header());
        for (path, value) in &script.set {
            sign_on.set(*path, value).ok()?;
        }
        for field in &script.stamp {
            if let Some(form) = spec.flow().stamp(*field) {
                let stamp = now.wall.stamp(form, &self.options.zone);
                sign_on.set(*field, &stamp).ok()?;
            }
        }
        let stan = self.next_stan;
        self.next_stan = stan.next();
        sign_on.set(FieldId::of(11), &stan.to_string()).ok()?;
        for field in [41, 42].map(FieldId::of) {
            sign_on.copy(field, message);
        }
        Some(sign_on)
    }

    fn seal(
        &mut self,
        request: &CapturedRequest,
        message: &mut Message,
        pin: Option<&Secret>,
    ) -> Result<(), SkipCause> {
        let keys = self.sessions.of(message).keys.clone();
        let rewrite = Rewrite {
            options: &self.options,
            renamed: &mut self.renamed,
            next_stan: &mut self.next_stan,
            wall: crate::engine::seam::Wall::default(),
        };
        rewrite.seal(message, request.masked, pin, keys.as_ref())
    }

    /// A message leaves, and its answer is waited for.
    fn put_out(&mut self, now: Now, number: u64, line: LineId, message: Message) {
        let (Ok(frame), Some(key)) = (message.build(), ReplayKey::of_request(&message)) else {
            self.settle_as(now, number, NowOutcome::Skipped(SkipCause::NotBuilt));
            return;
        };
        let whole = (line, key.whole.clone());
        let waiting = self.ways.awaiting.or_insert_with(whole, Default::default);
        waiting.push_back(number);
        self.ways
            .lines
            .entry(line)
            .or_default()
            .awaiting
            .insert(number);
        self.ways.flying += 1;
        self.ways
            .timeouts
            .push_back((now.mono + self.options.timeout, number));
        if let Some(exchange) = self.exchanges.get_mut(&number) {
            exchange.now = NowOutcome::Sent(Box::new(SentMessage {
                message,
                line,
                at: now.mono,
                key,
                overdue: false,
            }));
        }
        self.has_sent = true;
        self.actions.push_back(ReplayAction::Send(line, frame));
    }

    fn skip(&mut self, now: Now, request: &CapturedRequest, cause: SkipCause) -> SendAttempt {
        let message = &request.message;
        if let Some(rule) = &message.spec().flow().reversal {
            self.renamed.put_unsent(as_original(message, rule));
        }
        self.settle_as(now, request.number, NowOutcome::Skipped(cause));
        self.close_if_done(request.line);
        SendAttempt::Done
    }

    /// A line is up.
    pub(super) fn connected(&mut self, now: Now, id: LineId) {
        let Some(line) = self.ways.lines.get_mut(&id) else {
            return;
        };
        line.stage = LineStage::Up;
        for lane in std::mem::take(&mut line.waiting) {
            self.run(now, lane);
        }
    }

    /// A line could not be had: what waited first in each lane is not sent.
    pub(super) fn connect_failed(&mut self, now: Now, id: LineId) {
        let Some(line) = self.ways.lines.get_mut(&id) else {
            return;
        };
        line.stage = LineStage::Down;
        for lane in std::mem::take(&mut line.waiting) {
            if let Some(request) = self.take_request(lane) {
                let outcome = NowOutcome::Unanswered(None, UnansweredCause::NoConnection);
                self.settle_as(now, request.number, outcome);
            }
            self.run(now, lane);
        }
        self.close_if_done(id);
    }
}

fn is_reversal(message: &Message) -> bool {
    message.kind().map(|kind| kind.purpose) == Some(Purpose::Reversal)
}

/// An exchange that the capture does not have.
const fn own_exchange() -> ReplayedExchange {
    ReplayedExchange {
        flow: FlowId(0),
        at: SeenAt(0),
        captured: None,
        masked: false,
        outcome: CapturedOutcome::Silent,
        now: NowOutcome::Queued,
    }
}
