//! Captured traffic played over TCP against a system under test. What is sent when, and what came
//! of it, is said by [`crate::lab::replay`].

use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::engine::seam::Now;
use crate::io::capture::{CaptureError, CaptureReader};
use crate::io::net::{self, Inbound, SocketFlushed, SocketOutbound, Wire};
use crate::io::serve::Clock;
use crate::io::system::{Signal, Signals};
use crate::iso::stream::{FlowEnd, FlowId, FlowSide, SeenAt, SeenFrame, Sighting};
use crate::lab::replay::{JudgedExchange, LineId, ReplayAction, ReplayEvent, Replayer, StrayFrame};
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Refused connections in a row after which the system under test counts as gone.
const REFUSED: u32 = 20;
/// Things taken from the capture before sockets are looked at.
const AT_ONCE: usize = 64;
/// How long frames that nothing asked for are still waited for at the end.
const LINGER: Duration = Duration::from_millis(200);

/// Why a replay ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Nobody is there.
    #[error("cannot connect to {to}: {error}; is it listening there?")]
    Connect {
        /// The address.
        to: String,
        /// What the system says.
        error: io::Error,
    },
    /// The capture cannot be read any further.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The operating system refuses something.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// What a replay tells while it runs.
#[derive(Debug)]
pub enum ReplayTold {
    /// What became of a captured request.
    Exchange(Box<JudgedExchange>),
    /// A frame that nothing had asked for.
    Stray(StrayFrame),
    /// What goes over a connection to the system under test, as a capture would hold it.
    Passed(Sighting),
}

/// Plays a capture against the system at `to`, on the thread of whoever calls; whether it was
/// played to its end, and not stopped by a signal.
///
/// # Errors
/// The system cannot be reached, or the capture cannot be read.
pub fn play(
    to: &str,
    wire: &Wire,
    capture: &mut dyn CaptureReader,
    replayer: Replayer,
    tell: &mut dyn FnMut(ReplayTold) -> io::Result<()>,
) -> Result<bool, ReplayError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let shared = Rc::new(RefCell::new(ReplayCarrier {
        brain: replayer,
        clock: Clock::new(),
        to: to.into(),
        wire: wire.clone(),
        lines: BTreeMap::new(),
        connecting: Vec::new(),
        ready: Vec::new(),
        scratch: BytesMut::new(),
        wake: Rc::new(Notify::new()),
        opened: 0,
        refused: 0,
        gone: None,
        told: Vec::new(),
    }));
    let ended = runtime.block_on(run(&shared, capture, tell));
    drop(runtime);
    ended
}

/// The brain and its connections.
struct ReplayCarrier {
    brain: Replayer,
    clock: Clock,
    to: Rc<str>,
    wire: Wire,
    lines: BTreeMap<LineId, CarriedLine>,
    /// Lines that a task is to be begun for.
    connecting: Vec<LineId>,
    /// Lines that have something to write.
    ready: Vec<LineId>,
    scratch: BytesMut,
    wake: Rc<Notify>,
    /// Connections opened so far.
    opened: u32,
    /// Connections refused in a row.
    refused: u32,
    /// Why the system under test counts as gone.
    gone: Option<io::Error>,
    told: Vec<ReplayTold>,
}

struct CarriedLine {
    out: SocketOutbound,
    reader: AbortHandle,
    /// Its number among all connections of this replay.
    flow: FlowId,
}

type SharedReplay = Rc<RefCell<ReplayCarrier>>;

impl ReplayCarrier {
    fn happened(&mut self, event: ReplayEvent) {
        let now = self.clock.now();
        if let ReplayEvent::Frame(line, frame) = &event {
            self.passed(now, *line, FlowSide::Server, frame);
        }
        self.brain.handle(now, event);
        while let Some(action) = self.brain.poll_action() {
            match action {
                ReplayAction::Connect(line) => self.connecting.push(line),
                ReplayAction::Send(line, frame) => {
                    self.passed(now, line, FlowSide::Client, &frame);
                    if let Some(known) = self.lines.get_mut(&line) {
                        known.out.push(SendId(0), Seq(0), frame);
                        self.ready.push(line);
                    }
                }
                ReplayAction::Close(line) => self.close(now, line),
                ReplayAction::Tell(told) => self.told.push(ReplayTold::Exchange(told)),
                ReplayAction::Stray(frame) => self.told.push(ReplayTold::Stray(frame)),
            }
        }
        self.wake.notify_one();
    }

    /// A frame goes over a connection.
    fn passed(&mut self, now: Now, line: LineId, from: FlowSide, frame: &Bytes) {
        if let Some(known) = self.lines.get(&line) {
            let frame = SeenFrame {
                flow: known.flow,
                from,
                at: SeenAt(now.wall.0),
                bytes: frame.clone(),
                masked: false,
            };
            let seen = Sighting::Frame(frame);
            self.told.push(ReplayTold::Passed(seen));
        }
    }

    fn open(&mut self, now: Now, line: LineId, out: SocketOutbound, reader: AbortHandle) {
        let flow = FlowId(self.opened);
        self.opened += 1;
        self.lines.insert(line, CarriedLine { out, reader, flow });
        let seen = Sighting::Opened {
            flow,
            at: SeenAt(now.wall.0),
            client: None,
            server: None,
            midway: false,
        };
        self.told.push(ReplayTold::Passed(seen));
    }

    fn close(&mut self, now: Now, line: LineId) {
        if let Some(known) = self.lines.remove(&line) {
            known.reader.abort();
            let seen = Sighting::Ended {
                flow: known.flow,
                at: SeenAt(now.wall.0),
                how: FlowEnd::Closed,
            };
            self.told.push(ReplayTold::Passed(seen));
        }
    }

    /// The connection ended from the other side.
    fn ended(&mut self, line: LineId) {
        if self.lines.contains_key(&line) {
            self.close(self.clock.now(), line);
            self.happened(ReplayEvent::Closed(line));
        }
    }

    /// Writes what waits; gives the lines whose sockets are full.
    fn flush(&mut self) -> Vec<LineId> {
        let mut full = Vec::new();
        while let Some(line) = self.ready.pop() {
            let Some(known) = self.lines.get_mut(&line) else {
                continue;
            };
            match known.out.flush(Seq(0), &mut self.scratch, &mut Vec::new()) {
                SocketFlushed::Clear => {}
                SocketFlushed::Full => full.push(line),
                SocketFlushed::Broken(_) => self.ended(line),
            }
        }
        full
    }
}

async fn run(
    shared: &SharedReplay,
    capture: &mut dyn CaptureReader,
    tell: &mut dyn FnMut(ReplayTold) -> io::Result<()>,
) -> Result<bool, ReplayError> {
    let mut signals = Signals::new()?;
    let (clock, wake) = {
        let carrier = shared.borrow();
        (carrier.clock, Rc::clone(&carrier.wake))
    };
    loop {
        take_in(shared, capture)?;
        shared.borrow_mut().happened(ReplayEvent::Wake);
        carry(shared);
        tell_all(shared, tell)?;
        let (due, wants_more) = {
            let mut carrier = shared.borrow_mut();
            if let Some(error) = carrier.gone.take() {
                let to = carrier.to.to_string();
                return Err(ReplayError::Connect { to, error });
            }
            if carrier.brain.is_over() {
                break;
            }
            let due = carrier.brain.next_deadline().map(|due| clock.instant(due));
            (due, carrier.brain.wants_more())
        };
        tokio::select! {
            biased;
            signal = signals.next() => if signal == Signal::Stop {
                return Ok(false);
            },
            () = wake.notified() => tokio::task::yield_now().await,
            () = super::sleep_until(due) => {}
            () = tokio::task::yield_now(), if wants_more => {}
        }
    }
    tokio::time::sleep(LINGER).await;
    tell_all(shared, tell)?;
    Ok(true)
}

fn tell_all(
    shared: &SharedReplay,
    tell: &mut dyn FnMut(ReplayTold) -> io::Result<()>,
) -> io::Result<()> {
    let told = std::mem::take(&mut shared.borrow_mut().told);
    told.into_iter().try_for_each(tell)
}

/// Takes some of the capture, as far as it is wanted.
fn take_in(shared: &SharedReplay, capture: &mut dyn CaptureReader) -> Result<(), CaptureError> {
    let mut carrier = shared.borrow_mut();
    for _ in 0..AT_ONCE {
        if !carrier.brain.wants_more() {
            break;
        }
        let event = match capture.next()? {
            Some(sighting) => ReplayEvent::Seen(sighting),
            None => ReplayEvent::CaptureEnded,
        };
        carrier.happened(event);
    }
    Ok(())
}

/// Begins connections, and writes what waits.
fn carry(shared: &SharedReplay) {
    let connecting = std::mem::take(&mut shared.borrow_mut().connecting);
    for line in connecting {
        let _running = tokio::task::spawn_local(connect(Rc::clone(shared), line));
    }
    write_all(shared);
}

async fn connect(shared: SharedReplay, line: LineId) {
    let (to, wire) = {
        let carrier = shared.borrow();
        (Rc::clone(&carrier.to), carrier.wire.clone())
    };
    let connecting = async {
        let stream = tokio::time::timeout(PATIENCE, TcpStream::connect(&*to)).await??;
        net::split(stream, &wire)
    };
    let connected: io::Result<(Inbound, SocketOutbound)> = connecting.await;
    let mut carrier = shared.borrow_mut();
    match connected {
        Ok((inbound, out)) => {
            carrier.refused = 0;
            let reading = tokio::task::spawn_local(read(Rc::clone(&shared), line, inbound));
            let reader = reading.abort_handle();
            let now = carrier.clock.now();
            carrier.open(now, line, out, reader);
            carrier.happened(ReplayEvent::Connected(line));
        }
        Err(error) => {
            carrier.refused += 1;
            let is_first = carrier.lines.is_empty() && carrier.refused == 1;
            if carrier.refused >= REFUSED || (is_first && !carrier.brain.has_sent()) {
                carrier.gone = Some(error);
            }
            carrier.happened(ReplayEvent::ConnectFailed(line));
        }
    }
}

async fn read(shared: SharedReplay, line: LineId, mut inbound: Inbound) {
    while inbound.fill().await.is_ok() {
        loop {
            match inbound.frame() {
                Ok(Some(frame)) => {
                    let mut carrier = shared.borrow_mut();
                    carrier.happened(ReplayEvent::Frame(line, frame));
                }
                Ok(None) => break,
                Err(_end) => {
                    shared.borrow_mut().ended(line);
                    return;
                }
            }
        }
        carry(&shared);
    }
    shared.borrow_mut().ended(line);
}

fn write_all(shared: &SharedReplay) {
    let full = shared.borrow_mut().flush();
    for line in full {
        let waiting = shared
            .borrow()
            .lines
            .get(&line)
            .map(|known| known.out.writable());
        let Some(writable) = waiting else { continue };
        let shared = Rc::clone(shared);
        let _waiting = tokio::task::spawn_local(async move {
            // A socket that broke is found so by the write.
            let _broken = writable.await;
            shared.borrow_mut().ready.push(line);
            write_all(&shared);
        });
    }
}
