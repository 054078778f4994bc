//! All connections of a capture: segments in, sightings out, in the order of their times.

use super::flow::CapturedFlow;
use super::order::SightingOrder;
use super::segment::TcpSegment;
use super::sighting::{FlowEnd, FlowId, SeenAt, Sighting};
use crate::iso::spec::Spec;
use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// So many connections are followed at once; beyond, those that rested longest are given up.
const CONNECTIONS: usize = 16_384;
/// Bytes held for others that are missing, over all connections.
const HELD_BYTES: usize = 64 << 20;
/// So many packets later, what is missing and was never acknowledged is given up.
const PATIENCE: u64 = 4096;
/// So many packets later, what is missing although its receiver has it is given up: it can only
/// have been overtaken.
const SHORT_PATIENCE: u64 = 64;
/// So many addresses are remembered as those of servers.
const SERVERS: usize = 4096;

/// Puts the connections of a capture together again.
#[derive(Debug)]
pub struct Reassembler {
    spec: Arc<Spec>,
    server_port: Option<u16>,
    flows: BTreeMap<FlowId, TrackedFlow>,
    by_ends: BTreeMap<[SocketAddr; 2], FlowId>,
    servers: BTreeSet<SocketAddr>,
    /// When each flow that waits is given up, counted in packets.
    deadlines: BTreeSet<(u64, FlowId)>,
    /// Since when each flow that waits does so.
    waits: BTreeSet<(SeenAt, FlowId)>,
    held_bytes: usize,
    packets: u64,
    begun: u32,
    order: SightingOrder,
    found: Vec<Sighting>,
    ready: VecDeque<Sighting>,
}

/// A connection, and what it waits for.
#[derive(Debug)]
struct TrackedFlow {
    flow: CapturedFlow,
    /// When it is given up, and since when it waits.
    wait: Option<(u64, SeenAt)>,
    held_bytes: usize,
    /// The number of its last packet.
    touched: u64,
}

impl Reassembler {
    /// For connections of one dialect. Where an opening was not seen, the end at `server_port` is
    /// the server.
    #[must_use]
    pub fn new(spec: &Arc<Spec>, server_port: Option<u16>) -> Self {
        Self {
            spec: Arc::clone(spec),
            server_port,
            flows: BTreeMap::new(),
            by_ends: BTreeMap::new(),
            servers: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            waits: BTreeSet::new(),
            held_bytes: 0,
            packets: 0,
            begun: 0,
            order: SightingOrder::new(),
            found: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next sighting that nothing can come before any more.
    pub fn next_sighting(&mut self) -> Option<Sighting> {
        self.ready.pop_front()
    }

    /// Takes a segment in.
    pub fn take(&mut self, segment: &TcpSegment<'_>) {
        self.packets = self.packets.saturating_add(1);
        self.order.pass(segment.at);
        let is_first = segment.from <= segment.to;
        let (ends, from) = match is_first {
            true => ([segment.from, segment.to], 0),
            false => ([segment.to, segment.from], 1),
        };
        let id = self.flow(ends, from, segment);
        if let Some(tracked) = self.flows.get_mut(&id) {
            tracked.touched = self.packets;
            if !tracked.flow.is_ended() {
                tracked
                    .flow
                    .take(from, segment, &self.spec, &mut self.found);
                let server = tracked.flow.server();
                if let Some(server) = server.filter(|_| self.servers.len() < SERVERS) {
                    self.servers.insert(server);
                }
                self.watch(id, segment.at);
            }
        }
        self.give_up_old();
        self.settle();
    }

    /// The capture is at its end: what is held is given, and every connection ends.
    pub fn finish(&mut self) {
        while let Some((id, mut tracked)) = self.flows.pop_first() {
            self.forget_wait(id, &mut tracked);
            self.end(&mut tracked.flow);
        }
        self.by_ends.clear();
        self.settle();
        self.order.finish(&mut self.ready);
    }

    /// The flow of a segment, begun if there is none.
    fn flow(&mut self, ends: [SocketAddr; 2], from: usize, segment: &TcpSegment<'_>) -> FlowId {
        if let Some(id) = self.by_ends.get(&ends).copied() {
            let known = self.flows.get(&id);
            if !known.is_some_and(|known| known.flow.is_reopened_by(from, segment)) {
                return id;
            }
            self.close(id);
        }
        if self.flows.len() >= CONNECTIONS {
            self.close_rested();
        }
        let id = FlowId(self.begun);
        self.begun = self.begun.saturating_add(1);
        let mut flow = CapturedFlow::new(id, ends, segment);
        if !segment.syn {
            let port = self.server_port;
            let servers = &self.servers;
            flow.set_server(|end| match port {
                Some(port) => end.port() == port,
                None => servers.contains(end),
            });
        }
        let tracked = TrackedFlow {
            flow,
            wait: None,
            held_bytes: 0,
            touched: self.packets,
        };
        self.flows.insert(id, tracked);
        self.by_ends.insert(ends, id);
        id
    }

    /// Notes whether a flow waits, since when, and until when at most.
    fn watch(&mut self, id: FlowId, at: SeenAt) {
        let Some(tracked) = self.flows.get_mut(&id) else {
            return;
        };
        let held = tracked.flow.held_bytes();
        self.held_bytes = self.held_bytes.saturating_sub(tracked.held_bytes);
        self.held_bytes = self.held_bytes.saturating_add(held);
        tracked.held_bytes = held;
        let wait = tracked.flow.is_waiting().then(|| {
            let (until, since) = tracked.wait.unwrap_or((u64::MAX, at));
            let is_lost = tracked.flow.is_lost();
            let patience = if is_lost { SHORT_PATIENCE } else { PATIENCE };
            (until.min(self.packets.saturating_add(patience)), since)
        });
        if wait == tracked.wait {
            return;
        }
        if let Some((until, since)) = tracked.wait {
            self.deadlines.remove(&(until, id));
            self.waits.remove(&(since, id));
        }
        if let Some((until, since)) = wait {
            self.deadlines.insert((until, id));
            self.waits.insert((since, id));
        }
        tracked.wait = wait;
    }

    /// Gives up what has been waited for too long, or for too much.
    fn give_up_old(&mut self) {
        while let Some((until, id)) = self.deadlines.first().copied() {
            let too_much = self.held_bytes > HELD_BYTES || self.order.is_full();
            if until > self.packets && !too_much {
                return;
            }
            let Some(mut tracked) = self.flows.remove(&id) else {
                self.deadlines.pop_first();
                continue;
            };
            self.forget_wait(id, &mut tracked);
            tracked.flow.give_up(&self.spec, &mut self.found);
            self.flows.insert(id, tracked);
            self.settle();
        }
    }

    fn forget_wait(&mut self, id: FlowId, tracked: &mut TrackedFlow) {
        self.held_bytes = self.held_bytes.saturating_sub(tracked.held_bytes);
        tracked.held_bytes = 0;
        if let Some((until, since)) = tracked.wait.take() {
            self.deadlines.remove(&(until, id));
            self.waits.remove(&(since, id));
        }
    }

    /// A flow of which nothing more will come.
    fn close(&mut self, id: FlowId) {
        if let Some(mut tracked) = self.flows.remove(&id) {
            self.by_ends.remove(&tracked.flow.ends());
            self.forget_wait(id, &mut tracked);
            self.end(&mut tracked.flow);
        }
    }

    fn end(&mut self, flow: &mut CapturedFlow) {
        flow.give_up(&self.spec, &mut self.found);
        flow.end(FlowEnd::CaptureEnded, &self.spec, &mut self.found);
    }

    /// Makes room: first of those that have ended, then of those that rested longest.
    fn close_rested(&mut self) {
        let all = self.flows.iter();
        let mut ages: Vec<_> = all
            .map(|(id, tracked)| (!tracked.flow.is_ended(), tracked.touched, *id))
            .collect();
        ages.sort_unstable();
        for (_, _, id) in ages.into_iter().take(CONNECTIONS / 16) {
            self.close(id);
        }
    }

    /// Hands on what was found, as far as nothing can come before it.
    fn settle(&mut self) {
        for sighting in self.found.drain(..) {
            self.order.put(sighting);
        }
        let waits = self.waits.first().map(|(since, _)| *since);
        self.order.release(waits, &mut self.ready);
    }
}
