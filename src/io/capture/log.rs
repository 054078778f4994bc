//! Logs of messages, whatever their form, as what was seen on connections.

use super::draft::MessageDraft;
use super::{CaptureError, CaptureReader, CaptureTally};
use crate::iso::codec::{Framer, Message};
use crate::iso::spec::Spec;
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, GapCause, SeenAt, SeenFrame, Sighting};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// So many connections are told apart; what a log says of others is put together as one.
const CHANNELS: usize = 10_000;

/// One message of a log.
#[derive(Debug)]
pub(super) struct LoggedEntry {
    /// When, where the log tells it.
    pub at: Option<SeenAt>,
    /// The name of its connection, where the log tells it.
    pub channel: String,
    pub way: LoggedWay,
    pub content: LoggedContent,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoggedWay {
    /// Told by nobody: by its type, then.
    Unknown,
    /// Whoever wrote the log sent it.
    Sent,
    /// Whoever wrote the log received it.
    Received,
    /// From this end.
    From(FlowSide),
}

/// A message as a log holds it.
#[derive(Debug)]
pub(super) enum LoggedContent {
    /// Its bytes, perhaps with a length prefix.
    Bytes(Vec<u8>),
    /// Its frame without a length prefix, and whether it was masked.
    Frame(Bytes, bool),
    /// Its fields.
    Draft(MessageDraft),
    /// So many bytes that cannot be used.
    Unusable(u64),
}

/// Gives the messages of a log in their order.
pub(super) trait LogSource {
    /// The next message; `None` at the end.
    fn next(&mut self) -> Result<Option<LoggedEntry>, CaptureError>;

    /// Whether the file ends within a message.
    fn is_cut_short(&self) -> bool {
        false
    }
}

/// Reads a log.
pub(super) struct LogReader {
    source: Box<dyn LogSource>,
    spec: Arc<Spec>,
    channels: BTreeMap<String, FlowId>,
    /// Which end of its connections the writer of the log is, once known.
    writer: Option<FlowSide>,
    now: SeenAt,
    ready: VecDeque<Sighting>,
    tally: CaptureTally,
    is_done: bool,
    fault: Option<CaptureError>,
}

impl LogReader {
    pub(super) fn new(source: Box<dyn LogSource>, spec: &Arc<Spec>) -> Self {
        Self {
            source,
            spec: Arc::clone(spec),
            channels: BTreeMap::new(),
            writer: None,
            now: SeenAt(0),
            ready: VecDeque::new(),
            tally: CaptureTally::default(),
            is_done: false,
            fault: None,
        }
    }

    fn read(&mut self) {
        match self.source.next() {
            Ok(Some(entry)) => self.take(entry),
            Ok(None) => self.finish(),
            Err(fault) => {
                self.fault = Some(fault);
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        self.is_done = true;
        self.tally.cut_short = self.source.is_cut_short();
        for flow in self.channels.values() {
            self.ready.push_back(Sighting::Ended {
                flow: *flow,
                at: self.now,
                how: FlowEnd::CaptureEnded,
            });
        }
    }

    fn take(&mut self, entry: LoggedEntry) {
        self.tally.packets = self.tally.packets.saturating_add(1);
        // Where a log tells no times, only the order of its messages is left.
        let next = SeenAt(self.now.0.saturating_add(1));
        self.now = self.now.max(entry.at.unwrap_or(next));
        let flow = self.flow(entry.channel);
        let (bytes, masked) = match entry.content {
            LoggedContent::Bytes(bytes) => (unwrapped(&self.spec, bytes.into()), false),
            LoggedContent::Frame(frame, masked) => (frame, masked),
            LoggedContent::Draft(draft) => match draft.build(&self.spec) {
                Some(built) => built,
                None => return self.unusable(flow, None),
            },
            LoggedContent::Unusable(bytes) => return self.unusable(flow, Some(bytes)),
        };
        let message = Message::read(&self.spec, bytes.clone());
        let is_answer = message.ok().map(|message| message.mti().is_answer());
        let from = self.side(entry.way, is_answer);
        self.ready.push_back(Sighting::Frame(SeenFrame {
            flow,
            from,
            at: self.now,
            bytes,
            masked,
        }));
    }

    fn unusable(&mut self, flow: FlowId, bytes: Option<u64>) {
        self.tally.unreadable = self.tally.unreadable.saturating_add(1);
        self.ready.push_back(Sighting::Gap {
            flow,
            from: FlowSide::Client,
            at: self.now,
            bytes,
            why: GapCause::Unreadable,
        });
    }

    fn flow(&mut self, channel: String) -> FlowId {
        if let Some(flow) = self.channels.get(&channel) {
            return *flow;
        }
        let flow = FlowId(u32::try_from(self.channels.len().min(CHANNELS)).unwrap_or(0));
        if self.channels.len() <= CHANNELS {
            self.channels.insert(channel, flow);
            self.ready.push_back(Sighting::Opened {
                flow,
                at: self.now,
                client: None,
                server: None,
                midway: true,
            });
        }
        flow
    }

    /// Who sent a message. Whoever sends a request is the client; whether the log was written at
    /// that end is learned from its first message with a direction.
    fn side(&mut self, way: LoggedWay, is_answer: Option<bool>) -> FlowSide {
        let by_type = match is_answer {
            Some(true) => FlowSide::Server,
            Some(false) | None => FlowSide::Client,
        };
        match way {
            LoggedWay::Unknown => by_type,
            LoggedWay::From(side) => side,
            LoggedWay::Sent => *self.writer.get_or_insert(by_type),
            LoggedWay::Received => self.writer.get_or_insert_with(|| by_type.other()).other(),
        }
    }
}

impl CaptureReader for LogReader {
    fn next(&mut self) -> Result<Option<Sighting>, CaptureError> {
        loop {
            if let Some(sighting) = self.ready.pop_front() {
                return Ok(Some(sighting));
            }
            if self.is_done {
                return self.fault.take().map_or(Ok(None), Err);
            }
            self.read();
        }
    }

    fn tally(&self) -> CaptureTally {
        self.tally
    }
}

/// The frame, without its length prefix if it has one.
fn unwrapped(spec: &Arc<Spec>, bytes: Bytes) -> Bytes {
    if Message::parse(spec, bytes.clone()).is_ok() {
        return bytes;
    }
    let framer = Framer::new(spec, usize::from(u16::MAX));
    match framer.place(&bytes) {
        Ok(Some(place)) if place.end == bytes.len() && !place.is_empty() => bytes.slice(place),
        _ => bytes,
    }
}
