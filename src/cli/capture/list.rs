//! What a capture holds, counted while it is read.

use super::macs::MacCheck;
use crate::engine::seam::Wall;
use crate::iso::codec::Message;
use crate::iso::message::{Mti, ResponseCode, Stan, TerminalId};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, GapCause, SeenFrame, Sighting};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;

/// So many connections are listed one by one; beyond, they are only counted.
const CONNECTIONS: usize = 20_000;
/// So many requests wait for their answers at once.
const WAITING: usize = 100_000;
/// So many requests without an answer are listed; beyond, they are only counted.
const UNANSWERED: usize = 1_000;

/// What a capture holds.
#[derive(Debug)]
pub(super) struct CaptureListing {
    spec: Arc<Spec>,
    /// The connections, as far as they are listed.
    pub connections: BTreeMap<FlowId, ListedConnection>,
    /// How many there are in all.
    pub connection_count: u64,
    /// Frames by type and code.
    pub messages: BTreeMap<(Mti, Option<ResponseCode>), u64>,
    /// Frames of which not even type and bitmap can be read.
    pub unreadable: u64,
    /// Frames that were read with a fault.
    pub faulty: u64,
    /// Frames that were masked before.
    pub masked: u64,
    /// Requests without answer, as far as they are listed.
    pub unanswered: Vec<UnansweredRequest>,
    /// How many there are in all.
    pub unanswered_count: u64,
    /// Answers without request.
    pub unasked: u64,
    /// Gaps, and the bytes that are known to be missing.
    pub gaps: u64,
    /// Bytes that are known to be missing or unreadable.
    pub gap_bytes: u64,
    /// The times of the first and the last sighting.
    pub times: Option<(Wall, Wall)>,
    /// Whether MACs are right, if that is looked into.
    pub macs: Option<MacCheck>,
    waiting: BTreeMap<(FlowId, ListedKey), AskedAt>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedConnection {
    pub client: Option<SocketAddr>,
    pub server: Option<SocketAddr>,
    pub begin: Wall,
    pub end: Wall,
    pub midway: bool,
    /// Frames of the client and of the server.
    pub frames: [u64; 2],
    /// Their bytes.
    pub bytes: [u64; 2],
    pub gaps: Vec<ListedGap>,
    pub gap_count: u64,
    pub how: Option<FlowEnd>,
    /// When bytes of the server were last found missing.
    server_gap: Option<Wall>,
}

/// Bytes that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListedGap {
    pub from: FlowSide,
    pub at: Wall,
    pub bytes: Option<u64>,
    pub why: GapCause,
}

/// So many gaps of a connection are kept.
const GAPS: usize = 8;

/// What an answer has in common with its request.
type ListedKey = (Mti, String);

/// A request, with its repeats.
#[derive(Clone, Debug)]
struct AskedAt {
    at: Wall,
    /// Times that it was asked and not answered.
    open: u32,
    /// Whether it was answered at all: a request that was asked twice needs no second answer.
    answered: bool,
    stan: Option<Stan>,
    terminal: Option<TerminalId>,
    mti: Mti,
}

/// A request that was not answered on its connection.
#[derive(Clone, Debug)]
pub(super) struct UnansweredRequest {
    pub flow: FlowId,
    pub at: Wall,
    pub mti: Mti,
    pub stan: Option<Stan>,
    pub terminal: Option<TerminalId>,
    /// Whether the answer may have been among bytes that are missing.
    pub behind_gap: bool,
}

impl CaptureListing {
    pub(super) fn new(spec: &Arc<Spec>, macs: Option<MacCheck>) -> Self {
        Self {
            spec: Arc::clone(spec),
            connections: BTreeMap::new(),
            connection_count: 0,
            messages: BTreeMap::new(),
            unreadable: 0,
            faulty: 0,
            masked: 0,
            unanswered: Vec::new(),
            unanswered_count: 0,
            unasked: 0,
            gaps: 0,
            gap_bytes: 0,
            times: None,
            macs,
            waiting: BTreeMap::new(),
        }
    }

    /// Counts a sighting.
    pub(super) fn take(&mut self, sighting: &Sighting) {
        let at = Wall(sighting.at().0);
        self.times = Some((self.times.map_or(at, |(first, _)| first), at));
        match sighting {
            Sighting::Opened {
                flow,
                client,
                server,
                midway,
                ..
            } => self.open(*flow, at, [*client, *server], *midway),
            Sighting::Frame(frame) => self.frame(frame, at),
            Sighting::Gap {
                flow,
                from,
                bytes,
                why,
                ..
            } => {
                let (from, bytes, why) = (*from, *bytes, *why);
                self.gap(
                    *flow,
                    ListedGap {
                        from,
                        at,
                        bytes,
                        why,
                    },
                );
            }
            Sighting::Unheard { .. } => {}
            Sighting::Ended { flow, how, .. } => {
                self.settle(*flow);
                if let Some(connection) = self.connections.get_mut(flow) {
                    (connection.how, connection.end) = (Some(*how), at);
                }
            }
        }
    }

    /// The capture is at its end.
    pub(super) fn finish(&mut self) {
        while let Some(((flow, _), _)) = self.waiting.first_key_value() {
            self.settle(*flow);
        }
    }

    fn open(&mut self, flow: FlowId, at: Wall, ends: [Option<SocketAddr>; 2], midway: bool) {
        self.connection_count += 1;
        if self.connections.len() >= CONNECTIONS {
            return;
        }
        let [client, server] = ends;
        let connection = ListedConnection {
            client,
            server,
            begin: at,
            end: at,
            midway,
            frames: [0; 2],
            bytes: [0; 2],
            gaps: Vec::new(),
            gap_count: 0,
            how: None,
            server_gap: None,
        };
        self.connections.insert(flow, connection);
    }

    fn frame(&mut self, frame: &SeenFrame, at: Wall) {
        if let Some(connection) = self.connections.get_mut(&frame.flow) {
            let side = usize::from(frame.from == FlowSide::Server);
            connection.frames[side] += 1;
            connection.bytes[side] += frame.bytes.len() as u64;
            connection.end = at;
        }
        self.masked += u64::from(frame.masked);
        let Ok(message) = Message::read(&self.spec, frame.bytes.clone()) else {
            self.unreadable += 1;
            return;
        };
        self.faulty += u64::from(message.fault().is_some());
        let mti = message.mti();
        let code = message.response_code().filter(|_| mti.is_answer());
        *self.messages.entry((mti, code)).or_default() += 1;
        if let Some(macs) = &mut self.macs {
            macs.take(frame, &message, at);
        }
        self.pair(frame.flow, at, &message);
    }

    /// Finds the request of an answer, and remembers a request until its answer comes.
    fn pair(&mut self, flow: FlowId, at: Wall, message: &Message) {
        let mti = message.mti();
        if mti.is_answer() {
            return self.answered((flow, self.key(mti, message)));
        }
        let Some(answer) = mti.answer() else {
            return;
        };
        if self.waiting.len() >= WAITING {
            self.drop_oldest();
        }
        let asked = AskedAt {
            at,
            open: 0,
            answered: false,
            stan: message.stan(),
            terminal: message.terminal(),
            mti,
        };
        let key = (flow, self.key(answer, message));
        self.waiting.entry(key).or_insert(asked).open += 1;
    }

    /// An answer takes its request, or one of its repeats.
    fn answered(&mut self, key: (FlowId, ListedKey)) {
        let Entry::Occupied(mut asked) = self.waiting.entry(key) else {
            self.unasked += 1;
            return;
        };
        let own = asked.get_mut();
        (own.open, own.answered) = (own.open - 1, true);
        if own.open == 0 {
            asked.remove();
        }
    }

    fn key(&self, answer: Mti, message: &Message) -> ListedKey {
        let fields = &self.spec.flow().match_key;
        let texts = fields
            .iter()
            .map(|path| message.text(*path).unwrap_or_default());
        (answer, texts.collect::<Vec<_>>().join("\0"))
    }

    /// More wait than can be remembered: that of the oldest connection is given up.
    fn drop_oldest(&mut self) {
        if let Some((flow, _)) = self.waiting.keys().next() {
            self.settle(*flow);
        }
    }

    /// What still waits on a connection is not answered any more.
    fn settle(&mut self, flow: FlowId) {
        let server_gap = self.connections.get(&flow).and_then(|one| one.server_gap);
        while let Some((key, _)) = self.waiting.range((flow, FIRST)..).next()
            && key.0 == flow
        {
            let key = key.clone();
            let Some(asked) = self.waiting.remove(&key) else {
                return;
            };
            if asked.answered {
                continue;
            }
            self.unanswered_count += 1;
            if self.unanswered.len() < UNANSWERED {
                self.unanswered.push(UnansweredRequest {
                    flow,
                    at: asked.at,
                    mti: asked.mti,
                    stan: asked.stan,
                    terminal: asked.terminal,
                    behind_gap: server_gap.is_some_and(|gap| gap >= asked.at),
                });
            }
        }
    }

    fn gap(&mut self, flow: FlowId, gap: ListedGap) {
        self.gaps += 1;
        self.gap_bytes = self.gap_bytes.saturating_add(gap.bytes.unwrap_or(0));
        if let Some(connection) = self.connections.get_mut(&flow) {
            connection.gap_count += 1;
            if gap.from == FlowSide::Server {
                connection.server_gap = Some(gap.at);
            }
            if connection.gaps.len() < GAPS {
                connection.gaps.push(gap);
            }
        }
    }
}

/// Before every other key.
const FIRST: ListedKey = (
    match Mti::from_bcd(0) {
        Some(mti) => mti,
        None => panic!("0000 is four digits"),
    },
    String::new(),
);
