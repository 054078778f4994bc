//! The state machine: events in, actions out. What the capture holds is taken in by `reading`,
//! requests go out in `sending`, and what comes back is heard in `hearing`.

use super::captured::CapturedTraffic;
use super::event::{LineId, ReplayAction, ReplayEvent};
use super::exchange::ReplayedExchange;
use super::lane::{Lane, LaneId};
use super::line::ReplayLine;
use super::options::ReplayOptions;
use super::renamed::Renamed;
use super::session::ReplaySessions;
use crate::engine::seam::{KeyedMap, Mono, Now};
use crate::iso::message::Stan;
use crate::iso::stream::{FlowId, SeenAt};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Requests read ahead of those that were sent.
const AHEAD: usize = 4096;
/// Numbers of exchanges that the capture does not have: sign-ons of our own.
const OWN: u64 = 1 << 62;

/// A replay.
#[derive(Debug)]
pub struct Replayer {
    pub(super) options: ReplayOptions,
    pub(super) actions: VecDeque<ReplayAction>,
    /// All that is not told yet, by number.
    pub(super) exchanges: BTreeMap<u64, ReplayedExchange>,
    pub(super) reading: CaptureReading,
    pub(super) ways: Ways,
    pub(super) renamed: Renamed,
    pub(super) sessions: ReplaySessions,
    pub(super) next_stan: Stan,
    pub(super) own: u64,
    pub(super) has_sent: bool,
}

/// How far the capture was read.
#[derive(Debug, Default)]
pub(super) struct CaptureReading {
    pub traffic: CapturedTraffic,
    /// Connections that are left out.
    pub ignored: BTreeSet<FlowId>,
    pub number: u64,
    /// When the first frame was captured, and taken.
    pub start: Option<(SeenAt, Mono)>,
    /// Whether as many requests were taken as may be.
    pub is_full: bool,
    pub ended: bool,
}

/// Everything that is on its way, or waits to be.
#[derive(Debug)]
pub(super) struct Ways {
    pub lanes: BTreeMap<LaneId, Lane>,
    pub lane_of: KeyedMap<String, LaneId>,
    pub next_lane: u64,
    pub lines: BTreeMap<LineId, ReplayLine>,
    /// Requests by what their answers bear.
    pub awaiting: KeyedMap<(LineId, String), VecDeque<u64>>,
    /// Lanes that wait for an answer.
    pub blocked: BTreeMap<u64, Vec<LaneId>>,
    /// Lanes that wait for room on the way.
    pub crowded: VecDeque<LaneId>,
    pub timers: BTreeSet<(Mono, LaneId)>,
    pub timeouts: VecDeque<(Mono, u64)>,
    pub overdue: VecDeque<(Mono, u64)>,
    /// Requests in lanes.
    pub queued: usize,
    /// Requests whose answers are waited for.
    pub flying: usize,
}

impl Replayer {
    /// A replay that has seen nothing yet.
    #[must_use]
    pub fn new(options: ReplayOptions) -> Self {
        let seed = options.seed;
        Self {
            actions: VecDeque::new(),
            exchanges: BTreeMap::new(),
            reading: CaptureReading::default(),
            ways: Ways {
                lanes: BTreeMap::new(),
                lane_of: KeyedMap::new(seed),
                next_lane: 0,
                lines: BTreeMap::new(),
                awaiting: KeyedMap::new(seed),
                blocked: BTreeMap::new(),
                crowded: VecDeque::new(),
                timers: BTreeSet::new(),
                timeouts: VecDeque::new(),
                overdue: VecDeque::new(),
                queued: 0,
                flying: 0,
            },
            renamed: Renamed::new(seed),
            sessions: ReplaySessions::new(seed),
            next_stan: Stan(options.first_stan.clamp(1, Stan::MAX.0)),
            own: OWN,
            has_sent: false,
            options,
        }
    }

    /// Something happened, or time passed.
    pub fn handle(&mut self, now: Now, event: ReplayEvent) {
        match event {
            ReplayEvent::Seen(sighting) => self.seen(now, sighting),
            ReplayEvent::CaptureEnded => self.capture_ended(),
            ReplayEvent::Connected(line) => self.connected(now, line),
            ReplayEvent::ConnectFailed(line) => self.connect_failed(now, line),
            ReplayEvent::Closed(line) => self.closed(now, line),
            ReplayEvent::Frame(line, frame) => self.frame(now, line, frame),
            ReplayEvent::Wake => {}
        }
        self.time_passed(now);
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<ReplayAction> {
        self.actions.pop_front()
    }

    /// When to wake it, if nothing happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let timer = self.ways.timers.first().map(|(due, _)| *due);
        let queues = [&self.ways.timeouts, &self.ways.overdue];
        let waits = queues
            .into_iter()
            .filter_map(|queue| Some(queue.front()?.0));
        waits.chain(timer).min()
    }

    /// Whether it takes more of the capture now.
    #[must_use]
    pub const fn wants_more(&self) -> bool {
        !self.reading.ended && self.ways.queued < AHEAD
    }

    /// Whether all is told.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.reading.ended && self.exchanges.is_empty() && self.actions.is_empty()
    }

    /// Whether anything was sent yet.
    #[must_use]
    pub const fn has_sent(&self) -> bool {
        self.has_sent
    }

    fn time_passed(&mut self, now: Now) {
        while let Some((due, lane)) = self.ways.timers.first().copied()
            && due <= now.mono
        {
            self.ways.timers.pop_first();
            self.run(now, lane);
        }
        while let Some((due, number)) = self.ways.timeouts.front().copied()
            && (due <= now.mono || !self.is_waited_for(number))
        {
            self.ways.timeouts.pop_front();
            self.timed_out(now, number);
        }
        while let Some((due, number)) = self.ways.overdue.front().copied()
            && (due <= now.mono || !self.is_waited_for(number))
        {
            self.ways.overdue.pop_front();
            self.given_up(now, number);
        }
    }

    fn is_waited_for(&self, number: u64) -> bool {
        let exchange = self.exchanges.get(&number);
        exchange.is_some_and(|exchange| exchange.sent().is_some())
    }
}
