//! One captured connection: both its directions, and which end is the client.

use super::cutter::{CutFrame, FrameCutter};
use super::half::{ByteRun, HalfConnection};
use super::segment::TcpSegment;
use super::sighting::{FlowEnd, FlowId, FlowSide, GapCause, SeenAt, SeenFrame, Sighting};
use crate::iso::spec::Spec;
use core::net::SocketAddr;
use std::sync::Arc;

/// Ports from here on are given to clients by their systems.
const CLIENT_PORTS: u16 = 32_768;

/// One captured connection. Its ends are 0 and 1, as their addresses are ordered, until it is
/// known who is the client.
#[derive(Debug)]
pub(super) struct CapturedFlow {
    id: FlowId,
    ends: [SocketAddr; 2],
    halves: [HalfConnection; 2],
    cutters: [FrameCutter; 2],
    /// Which end is the client.
    client: Option<usize>,
    first: SeenAt,
    last: SeenAt,
    midway: bool,
    /// Whether it was told that the connection was seen.
    opened: bool,
    reset: bool,
    ended: bool,
    cuts: Vec<CutFrame>,
}

impl CapturedFlow {
    /// As the first packet shows it.
    pub(super) fn new(id: FlowId, ends: [SocketAddr; 2], first: &TcpSegment<'_>) -> Self {
        Self {
            id,
            ends,
            halves: [HalfConnection::new(), HalfConnection::new()],
            cutters: [FrameCutter::new(), FrameCutter::new()],
            client: None,
            first: first.at,
            last: first.at,
            midway: true,
            opened: false,
            reset: false,
            ended: false,
            cuts: Vec::new(),
        }
    }

    /// Takes a segment of the end `from` in.
    pub(super) fn take(
        &mut self,
        from: usize,
        segment: &TcpSegment<'_>,
        spec: &Arc<Spec>,
        out: &mut Vec<Sighting>,
    ) {
        self.last = self.last.max(segment.at);
        if !self.opened {
            self.first = self.first.min(segment.at);
        }
        self.reset |= segment.rst;
        if segment.syn {
            let is_answer = segment.acknowledged.is_some();
            self.client
                .get_or_insert(if is_answer { 1 - from } else { from });
            self.midway &= self.opened;
            self.open(None, out);
        }
        if let Some(number) = segment.acknowledged.filter(|_| !segment.rst) {
            self.half(1 - from).0.acknowledge(number);
        }
        let (half, cutter, cuts) = self.half(from);
        half.take(segment, &mut |run| feed(cutter, run, spec, cuts));
        self.tell(from, out);
        self.end_if_closed(spec, out);
    }

    fn half(&mut self, from: usize) -> (&mut HalfConnection, &mut FrameCutter, &mut Vec<CutFrame>) {
        let [half_a, half_b] = &mut self.halves;
        let [cutter_a, cutter_b] = &mut self.cutters;
        match from {
            0 => (half_a, cutter_a, &mut self.cuts),
            _ => (half_b, cutter_b, &mut self.cuts),
        }
    }

    /// Waits no longer for what is missing.
    pub(super) fn give_up(&mut self, spec: &Arc<Spec>, out: &mut Vec<Sighting>) {
        for from in [0, 1] {
            let (half, cutter, cuts) = self.half(from);
            while half.is_waiting() {
                half.skip(&mut |run| feed(cutter, run, spec, cuts));
            }
            self.tell(from, out);
        }
        if self.reset {
            self.end(FlowEnd::Reset, spec, out);
        }
        self.end_if_closed(spec, out);
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, how: FlowEnd, spec: &Arc<Spec>, out: &mut Vec<Sighting>) {
        if self.ended {
            return;
        }
        self.ended = true;
        for from in [0, 1] {
            let (half, cutter, cuts) = self.half(from);
            half.finish(&mut |run| feed(cutter, run, spec, cuts));
            cutter.end(spec, cuts);
            self.tell(from, out);
        }
        self.open(None, out);
        self.tell_unheard(how, out);
        // What still comes under its name is not read, so nothing is kept for that.
        self.cutters = [FrameCutter::new(), FrameCutter::new()];
        self.halves.iter_mut().for_each(HalfConnection::let_go);
        out.push(Sighting::Ended {
            flow: self.id,
            at: self.last,
            how,
        });
    }

    /// Tells what never arrived. Where both ends closed in good order, the last acknowledgement may
    /// stand behind that.
    fn tell_unheard(&self, how: FlowEnd, out: &mut Vec<Sighting>) {
        for (from, half) in self.halves.iter().enumerate() {
            let other = self.halves.get(1 - from);
            let hung_up = how != FlowEnd::Closed && other.is_some_and(HalfConnection::has_end);
            let lost = half.is_sent_again() || hung_up;
            if let Some(since) = half.unheard_since().filter(|_| lost) {
                let (flow, at, from) = (self.id, self.last, self.side(from));
                out.push(Sighting::Unheard {
                    flow,
                    at,
                    from,
                    since,
                });
            }
        }
    }

    fn side(&self, end: usize) -> FlowSide {
        match self.client == Some(end) {
            true => FlowSide::Client,
            false => FlowSide::Server,
        }
    }

    fn end_if_closed(&mut self, spec: &Arc<Spec>, out: &mut Vec<Sighting>) {
        if !self.reset && self.halves.iter().all(HalfConnection::is_finished) {
            self.end(FlowEnd::Closed, spec, out);
        }
    }

    /// Turns what was cut from a direction into sightings.
    fn tell(&mut self, from: usize, out: &mut Vec<Sighting>) {
        for cut in std::mem::take(&mut self.cuts) {
            let is_answer = match &cut {
                CutFrame::Frame(_, mti, _) => mti.map(|mti| mti.is_answer()),
                CutFrame::Gap(..) => None,
            };
            let asker = is_answer.map(|is_answer| if is_answer { 1 - from } else { from });
            self.open(asker, out);
            let mut sighting = sighting(self.id, self.side(from), cut);
            // Packets may stand before the first one in time and behind it in the capture.
            sighting.set_at(sighting.at().max(self.first));
            out.push(sighting);
        }
    }

    /// Tells that the connection was seen; by then it must be known who is the client.
    fn open(&mut self, asker: Option<usize>, out: &mut Vec<Sighting>) {
        if self.opened {
            return;
        }
        self.opened = true;
        let by_port = match self.ends.map(|end| end.port() >= CLIENT_PORTS) {
            [true, false] => Some(0),
            [false, true] => Some(1),
            _ => None,
        };
        let lower = usize::from(self.ends[0].port() < self.ends[1].port());
        let client = self.client.or(by_port).or(asker).unwrap_or(lower);
        self.client = Some(client);
        let [client, server] = [self.ends.get(client), self.ends.get(1 - client)];
        out.push(Sighting::Opened {
            flow: self.id,
            at: self.first,
            client: client.copied(),
            server: server.copied(),
            midway: self.midway,
        });
    }

    /// Says which end is the server, where the opening did not.
    pub(super) fn set_server(&mut self, is_server: impl Fn(&SocketAddr) -> bool) {
        if self.client.is_none() {
            self.client = match self.ends.each_ref().map(is_server) {
                [true, false] => Some(1),
                [false, true] => Some(0),
                _ => None,
            };
        }
    }

    /// The server's address, once its end is known by the opening.
    pub(super) fn server(&self) -> Option<SocketAddr> {
        let client = self.client.filter(|_| !self.midway)?;
        self.ends.get(1 - client).copied()
    }

    /// Whether a segment belongs to another connection between the same ends: it opens one, or has
    /// overtaken what does.
    pub(super) fn is_reopened_by(&self, from: usize, segment: &TcpSegment<'_>) -> bool {
        let Some(half) = self.halves.get(from) else {
            return false;
        };
        // Some begin each connection with the same number.
        let is_later = self.ended && segment.at > self.last;
        match segment.syn {
            true => is_later || half.is_reopened_by(segment.start()),
            false => {
                is_later && !segment.payload.is_empty() && half.is_over_before(segment.start())
            }
        }
    }

    /// Whether bytes are held for others that are missing, or an end is.
    pub(super) fn is_waiting(&self) -> bool {
        !self.ended && (self.reset || self.halves.iter().any(HalfConnection::is_waiting))
    }

    /// Whether what is waited for will hardly come.
    pub(super) fn is_lost(&self) -> bool {
        self.reset || self.halves.iter().any(HalfConnection::is_lost)
    }

    pub(super) const fn is_ended(&self) -> bool {
        self.ended
    }

    /// How many bytes are held for others that are missing.
    pub(super) fn held_bytes(&self) -> usize {
        self.halves.iter().map(HalfConnection::held_bytes).sum()
    }

    /// Between whom.
    pub(super) const fn ends(&self) -> [SocketAddr; 2] {
        self.ends
    }
}

fn feed(cutter: &mut FrameCutter, run: ByteRun<'_>, spec: &Arc<Spec>, cuts: &mut Vec<CutFrame>) {
    match run {
        ByteRun::Midway => cutter.begin_midway(),
        ByteRun::Bytes(bytes, at) => cutter.take(spec, bytes, at, cuts),
        ByteRun::Hole(bytes) => cutter.hole(bytes),
        ByteRun::Conflict(bytes, at) => {
            cuts.push(CutFrame::Gap(Some(bytes), GapCause::Contradicted, at));
        }
    }
}

fn sighting(flow: FlowId, from: FlowSide, cut: CutFrame) -> Sighting {
    match cut {
        CutFrame::Frame(bytes, _, at) => Sighting::Frame(SeenFrame {
            flow,
            from,
            at,
            bytes,
            masked: false,
        }),
        CutFrame::Gap(bytes, why, at) => Sighting::Gap {
            flow,
            from,
            at,
            bytes,
            why,
        },
    }
}
