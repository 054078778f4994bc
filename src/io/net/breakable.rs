//! A gateway's wire, which faults can strike while it runs.
//!
//! What becomes of a frame is said by [`FaultyWire`]; here it is done to sockets. Nothing the
//! gateway does tells it of a fault: a lost frame was taken like any other, a connection that is
//! cut ends as connections end. Where nothing is broken, a line is a switch that stands at off.

use super::outbound::SinkHalf;
use super::{End, Wire};
use crate::engine::driver::Taken;
use crate::engine::seam::{Mono, Now};
use crate::iso::codec::Framer;
use crate::iso::spec::Spec;
use crate::lab::fault::WireLeg;
use crate::lab::wire::{FaultyWire, Heading, LineEnd, LinePassage, WireDeed, WireLine};
use bytes::{Buf, Bytes, BytesMut};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often is tried to write what a socket had no room for.
const RETRY: Duration = Duration::from_millis(20);

/// Both legs of a gateway. Clones are the same wire, on one thread.
#[derive(Clone, Debug)]
pub struct BreakableWire(Rc<WireState>);

#[derive(Debug)]
struct WireState {
    brain: RefCell<FaultyWire>,
    began: Instant,
    awake: Cell<bool>,
    lines: RefCell<BTreeMap<WireLine, Weak<BreakableLine>>>,
    last: Cell<u64>,
    /// Wakes who does what is due.
    stir: Notify,
}

/// One connection.
pub(super) struct BreakableLine {
    id: WireLine,
    wire: BreakableWire,
    spec: Arc<Spec>,
    framer: Framer,
    half: SinkHalf,
    /// Frames are shown to the wire, or wait here.
    awake: Cell<bool>,
    /// What goes out next, and has counted as written.
    ready: RefCell<BytesMut>,
    /// What came in, and was not taken yet.
    arrived: RefCell<VecDeque<Bytes>>,
    /// How it ends, once what is ready is out.
    end: Cell<Option<LineEnd>>,
    /// Wakes its reader.
    stir: Notify,
}

impl BreakableWire {
    /// A wire on which goes wrong what the brain says.
    #[must_use]
    pub fn new(brain: FaultyWire) -> Self {
        let awake = Cell::new(brain.is_awake());
        Self(Rc::new(WireState {
            brain: RefCell::new(brain),
            began: Instant::now(),
            awake,
            lines: RefCell::default(),
            last: Cell::new(0),
            stir: Notify::new(),
        }))
    }

    /// Asks what goes wrong, or changes it.
    pub fn with<T>(&self, ask: impl FnOnce(&mut FaultyWire, Now) -> T) -> T {
        let told = ask(&mut self.0.brain.borrow_mut(), self.now());
        self.refresh();
        self.0.stir.notify_one();
        told
    }

    /// Whether nobody can connect on a leg.
    #[must_use]
    pub fn is_down(&self, leg: WireLeg) -> bool {
        self.0.awake.get() && self.0.brain.borrow_mut().is_down(self.now(), leg)
    }

    /// Does what is due, for as long as the gateway runs.
    pub async fn run(self) {
        loop {
            let due = self.next();
            tokio::select! {
                () = self.0.stir.notified() => {}
                () = sleep_until(due) => {}
            }
            self.do_what_is_due();
        }
    }

    /// A new connection on a leg.
    pub(super) fn line(&self, leg: WireLeg, half: SinkHalf, wire: &Wire) -> Rc<BreakableLine> {
        let number = self.0.last.get() + 1;
        self.0.last.set(number);
        let framer = match leg {
            // A terminal connected: over HTTP it is sent answers.
            WireLeg::Terminal => wire.framer().answering(),
            WireLeg::Host => wire.framer(),
        };
        let line = Rc::new(BreakableLine {
            id: WireLine { leg, number },
            wire: self.clone(),
            spec: Arc::clone(&wire.spec),
            framer,
            half,
            awake: Cell::new(self.0.awake.get()),
            ready: RefCell::default(),
            arrived: RefCell::default(),
            end: Cell::new(None),
            stir: Notify::new(),
        });
        let mut lines = self.0.lines.borrow_mut();
        lines.insert(line.id, Rc::downgrade(&line));
        line
    }

    fn now(&self) -> Now {
        let mono = u64::try_from(self.0.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now {
            mono: Mono(mono),
            ..Now::default()
        }
    }

    fn next(&self) -> Option<Instant> {
        let due = match self.0.awake.get() {
            true => self.0.brain.borrow_mut().next(self.now()),
            false => None,
        };
        let due = due.map(|due| self.0.began + Duration::from_micros(due.0));
        let waits = self.lines().iter().any(|line| line.has_unsent());
        let retry = waits.then(|| Instant::now() + RETRY);
        [due, retry].into_iter().flatten().min()
    }

    fn lines(&self) -> Vec<Rc<BreakableLine>> {
        let lines = self.0.lines.borrow();
        lines.values().filter_map(Weak::upgrade).collect()
    }

    fn do_what_is_due(&self) {
        let now = self.now();
        let due: Vec<(WireLine, WireDeed)> = {
            let mut brain = self.0.brain.borrow_mut();
            std::iter::from_fn(|| brain.due(now)).collect()
        };
        for (id, deed) in due {
            let line = self.0.lines.borrow().get(&id).and_then(Weak::upgrade);
            if let Some(line) = line {
                line.does(deed);
            }
        }
        for line in self.lines() {
            if self.is_down(line.id.leg) {
                line.ends(LineEnd::Closed);
            }
            line.write();
        }
        self.refresh();
    }

    /// All lines are awake while the wire is; each falls asleep by itself.
    fn refresh(&self) {
        let awake = self.0.brain.borrow().is_awake();
        self.0.awake.set(awake);
        for line in self.lines() {
            line.settle();
        }
    }

    fn passes(&self, line: &BreakableLine, heading: Heading, frame: Bytes) -> LinePassage {
        let (now, way) = (self.now(), (line.id, heading));
        let mut brain = self.0.brain.borrow_mut();
        let passage = brain.passes(now, way, &line.spec, frame);
        // What it put off is to be done in time.
        self.0.stir.notify_one();
        passage
    }
}

impl BreakableLine {
    /// Whether frames are to go by here.
    pub(super) const fn is_awake(&self) -> bool {
        self.awake.get()
    }

    /// Takes bytes that go out: the rest of a frame that has begun to, then whole frames.
    pub(super) fn take(&self, bytes: &[u8], begun: usize) -> Taken<io::Error> {
        match self.write() {
            Taken::Bytes(_) => {}
            stuck => return stuck,
        }
        let (rest, frames) = bytes.split_at_checked(begun).unwrap_or((bytes, &[]));
        self.ready.borrow_mut().extend_from_slice(rest);
        let mut frames = BytesMut::from(frames);
        let mut framer = self.framer;
        while let Ok(Some(frame)) = framer.next(&mut frames) {
            let passage = self.wire.passes(self, Heading::Out, frame);
            passage.frames.iter().for_each(|frame| self.wrap(frame));
            if let Some(end) = passage.end {
                self.ends(end);
                break;
            }
        }
        // What is broken from now on is found so by the next write: these bytes were taken.
        self.write_ready();
        Taken::Bytes(bytes.len())
    }

    /// Writes what is ready.
    pub(super) fn write(&self) -> Taken<io::Error> {
        let wrote = self.write_ready();
        match (wrote, self.end.get()) {
            (Taken::Bytes(_), Some(LineEnd::Reset)) => {
                Taken::Broken(io::ErrorKind::ConnectionReset.into())
            }
            (wrote, _) => wrote,
        }
    }

    /// Whether it took what it has not sent.
    pub(super) fn has_unsent(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    /// A frame arrived.
    pub(super) fn arrives(&self, frame: Bytes) {
        let passage = self.wire.passes(self, Heading::In, frame);
        self.arrived.borrow_mut().extend(passage.frames);
        if let Some(end) = passage.end {
            self.ends(end);
        }
    }

    /// The next frame that has arrived.
    ///
    /// # Errors
    /// The connection was cut behind it.
    pub(super) fn next(&self) -> Result<Option<Bytes>, End> {
        let next = self.arrived.borrow_mut().pop_front();
        match (next, self.end.get()) {
            (None, Some(LineEnd::Reset)) => {
                Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
            }
            (next, _) => {
                if next.is_none() {
                    self.settle();
                }
                Ok(next)
            }
        }
    }

    /// Waits until a frame arrives that was held back, or the connection ends.
    pub(super) async fn stirs(&self) {
        self.stir.notified().await;
    }

    fn does(&self, deed: WireDeed) {
        match deed {
            WireDeed::Frame(Heading::In, frame) => {
                self.arrived.borrow_mut().push_back(frame);
                self.stir.notify_one();
            }
            WireDeed::Frame(Heading::Out, frame) => self.wrap(&frame),
            WireDeed::End(end) => self.ends(end),
        }
    }

    fn wrap(&self, frame: &Bytes) {
        // One too long for its prefix came from nowhere: what is altered is as long as it was.
        let _fits = self.framer.wrap(frame, &mut self.ready.borrow_mut());
    }

    fn ends(&self, end: LineEnd) {
        if self.end.get().is_none() {
            self.end.set(Some(end));
            self.write_ready();
            self.stir.notify_one();
        }
    }

    fn write_ready(&self) -> Taken<io::Error> {
        let mut ready = self.ready.borrow_mut();
        while !ready.is_empty() {
            match self.half.take(&ready) {
                Taken::Bytes(count) => ready.advance(count),
                stuck => return stuck,
            }
        }
        let flushed = self.half.flush();
        // One that refuses is closed already.
        let _closed = self.half.tcp().map(|tcp| match self.end.get() {
            Some(LineEnd::Closed) => socket2::SockRef::from(tcp).shutdown(Shutdown::Both),
            Some(LineEnd::Reset) => tcp.set_zero_linger(),
            None => Ok(()),
        });
        flushed
    }

    /// Is awake while the wire is, or something waits here.
    fn settle(&self) {
        self.awake.set(self.wire.0.awake.get() || self.is_busy());
    }

    fn is_busy(&self) -> bool {
        self.has_unsent() || !self.arrived.borrow().is_empty() || self.end.get().is_some()
    }
}

impl Drop for BreakableLine {
    fn drop(&mut self) {
        let state = &self.wire.0;
        state.lines.borrow_mut().remove(&self.id);
        state.brain.borrow_mut().closed(self.id);
    }
}

impl fmt::Debug for BreakableLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BreakableLine({:?})", self.id)
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
