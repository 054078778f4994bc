//! Takes in what the capture holds.

use super::brain::Replayer;
use super::captured::ReplayKey;
use super::event::{LineId, ReplayAction};
use super::exchange::{
    CapturedAnswer, CapturedOutcome, CapturedRequest, NowOutcome, ReplayedExchange,
};
use super::lane::{Lane, LaneId, LaneStep};
use super::options::{ReplayOrder, ReplayPace};
use super::session::terminal_of;
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Message;
use crate::iso::stream::{FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

impl Replayer {
    pub(super) fn seen(&mut self, now: Now, sighting: Sighting) {
        if self.reading.ended {
            return;
        }
        match sighting {
            Sighting::Opened { flow, server, .. } => {
                let is_other = |port| server.is_some_and(|address| address.port() != port);
                if self.options.port.is_some_and(is_other) {
                    self.reading.ignored.insert(flow);
                }
            }
            Sighting::Frame(frame) if self.reading.ignored.contains(&frame.flow) => {}
            Sighting::Frame(frame) => self.seen_frame(now, &frame),
            Sighting::Gap { flow, .. } => {
                let lost = self.reading.traffic.lost(flow);
                self.captured_nothing(lost, &CapturedOutcome::Unknown);
            }
            Sighting::Unheard { .. } => {}
            Sighting::Ended { flow, .. } => self.seen_end(flow),
        }
        if self.reading.is_full && self.reading.traffic.is_settled() {
            self.capture_ended();
        }
    }

    fn seen_end(&mut self, flow: FlowId) {
        let open = self.reading.traffic.ended(flow);
        self.captured_nothing(open, &CapturedOutcome::Silent);
        let is_ignored = self.reading.ignored.remove(&flow);
        if !is_ignored && self.options.connections.is_none() {
            let line = LineId(flow.0);
            if let Some(known) = self.ways.lines.get_mut(&line) {
                known.ended = true;
            }
            self.close_if_done(line);
        }
    }

    /// The capture holds no more.
    pub(super) fn capture_ended(&mut self) {
        if self.reading.ended {
            return;
        }
        self.reading.ended = true;
        // Where it ends, it may end too early.
        let open = self.reading.traffic.over();
        self.captured_nothing(open, &CapturedOutcome::Unknown);
        let lines: Vec<LineId> = self.ways.lines.keys().copied().collect();
        for line in lines {
            if let Some(known) = self.ways.lines.get_mut(&line) {
                known.ended = true;
            }
            self.close_if_done(line);
        }
    }

    fn seen_frame(&mut self, now: Now, seen: &SeenFrame) {
        let message = Message::parse(&self.options.spec, seen.bytes.clone());
        match (seen.from, message) {
            (FlowSide::Server, Ok(message)) if message.mti().is_answer() => {
                self.seen_answer(now, seen, message);
            }
            (FlowSide::Client, _) if self.reading.is_full => {}
            (FlowSide::Client, Ok(message)) if !message.mti().is_answer() => {
                self.seen_request(now, seen, message);
            }
            (FlowSide::Client, Err(_unreadable)) => self.seen_unreadable(seen),
            // The system's own requests, and the answers to them, are not played.
            _ => {}
        }
    }

    fn count(&mut self) -> u64 {
        self.reading.number += 1;
        self.reading.is_full = self
            .options
            .limit
            .is_some_and(|most| self.reading.number >= most);
        self.reading.number
    }

    fn seen_unreadable(&mut self, seen: &SeenFrame) {
        let number = self.count();
        let told = super::hearing::unread(number, seen);
        self.actions.push_back(ReplayAction::Tell(Box::new(told)));
    }

    fn seen_request(&mut self, now: Now, seen: &SeenFrame, message: Message) {
        let Some(key) = ReplayKey::of_request(&message) else {
            return;
        };
        let number = self.count();
        let unheard = self.reading.traffic.asked(seen.flow, seen.at, key, number);
        self.captured_nothing(unheard, &CapturedOutcome::Silent);
        let owner = terminal_of(&message);
        let lane = self.lane(&owner);
        let line = self.line_of(seen.flow, &owner);
        self.ways.lines.entry(line).or_default().queued += 1;
        self.ways.queued += 1;
        let request = CapturedRequest {
            number,
            line,
            at: seen.at,
            masked: seen.masked,
            pin: self.sessions.captured_pin(&message),
            due: self.due(now, seen.at, number),
            message: message.clone(),
        };
        self.exchanges.insert(
            number,
            ReplayedExchange {
                flow: seen.flow,
                at: seen.at,
                captured: Some(message),
                masked: seen.masked,
                outcome: CapturedOutcome::Open,
                now: NowOutcome::Queued,
            },
        );
        self.push(now, lane, LaneStep::Send(Box::new(request)));
        if self.options.order == ReplayOrder::Single {
            // A lane that had nothing else is gone once this went out.
            let lane = self.lane(&owner);
            self.push(now, lane, LaneStep::Await(number));
        }
    }

    fn seen_answer(&mut self, now: Now, seen: &SeenFrame, message: Message) {
        let key = ReplayKey::of_answer(&message);
        let Some((number, rank)) = self.reading.traffic.answered(seen.flow, &key) else {
            return;
        };
        let Some(exchange) = self.exchanges.get_mut(&number) else {
            return;
        };
        if let Some(request) = &exchange.captured {
            let keys = &self.options.captured_keys;
            self.sessions.captured(&message, request, keys);
        }
        let owner = exchange.captured.as_ref().map(terminal_of);
        let is_settled = exchange.is_settled();
        exchange.outcome = CapturedOutcome::Answer(Box::new(CapturedAnswer {
            message,
            at: seen.at,
            masked: seen.masked,
            rank,
        }));
        self.learn_names(number);
        if !is_settled {
            let lane = self.lane(&owner.unwrap_or_default());
            self.push(now, lane, LaneStep::Await(number));
        }
        self.tell_if_final(number);
    }

    /// No answer to these is looked for in the capture any more.
    fn captured_nothing(&mut self, numbers: Vec<u64>, outcome: &CapturedOutcome) {
        for number in numbers {
            if let Some(exchange) = self.exchanges.get_mut(&number) {
                exchange.outcome = outcome.clone();
            }
            self.tell_if_final(number);
        }
    }

    /// When a request is due, if its pace says so.
    fn due(&mut self, now: Now, at: SeenAt, number: u64) -> Option<Mono> {
        let (first, began) = *self.reading.start.get_or_insert((at, now.mono));
        let micros = match self.options.pace {
            ReplayPace::Max => return None,
            ReplayPace::Scaled(times) => {
                let since = u64::try_from(at.0.saturating_sub(first.0)).unwrap_or(0);
                since / u64::from(times.max(1))
            }
            ReplayPace::Rate(a_second) => {
                (number - 1).saturating_mul(1_000_000) / u64::from(a_second.max(1))
            }
        };
        Some(began + Duration::from_micros(micros))
    }

    /// The lane of a terminal's requests, made if there is none.
    fn lane(&mut self, owner: &str) -> LaneId {
        let key = match self.options.order {
            ReplayOrder::Captured | ReplayOrder::Single => "",
            ReplayOrder::Terminal => owner,
        };
        if let Some(lane) = self.ways.lane_of.get(key) {
            return *lane;
        }
        let lane = LaneId(self.ways.next_lane);
        self.ways.next_lane += 1;
        let _fresh = self.ways.lane_of.insert_new(key.to_owned(), lane);
        self.ways.lanes.insert(
            lane,
            Lane {
                key: key.to_owned(),
                steps: VecDeque::new(),
            },
        );
        lane
    }

    /// As captured, or one of a few, the same for each terminal.
    fn line_of(&self, flow: FlowId, owner: &str) -> LineId {
        let Some(count) = self.options.connections else {
            return LineId(flow.0);
        };
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        let at = hasher.finish() % u64::from(count.max(1));
        LineId(u32::try_from(at).unwrap_or(0))
    }

    fn push(&mut self, now: Now, lane: LaneId, step: LaneStep) {
        let Some(known) = self.ways.lanes.get_mut(&lane) else {
            return;
        };
        known.steps.push_back(step);
        if known.steps.len() == 1 {
            self.run(now, lane);
        }
    }
}
