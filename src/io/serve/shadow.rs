//! Shadows: a link's requests are copied to a second host, whose answers are compared with the
//! acquirer's and go nowhere.
//!
//! A shadow lives on a thread of its own and is handed copies through a queue with an end: one that
//! is slow, dead or mad costs the gateway's thread two copies of a reference for each transaction.
//! What does not fit into the queue is not copied, and counted.

use crate::engine::driver::{ShadowOutcome, ShadowPairs};
use crate::engine::gateway::{Event, SendId};
use crate::engine::record::{ConnId, Fact, Hop, LinkId, Record, Seq, ShadowTally, TxId};
use crate::engine::seam::{Dice, Mono};
use crate::io::config::{Config, ShadowConfig};
use crate::io::net::{
    self, Backoff, Handshakes, Inbound, SocketFlushed, SocketOutbound, Stream, Wire,
};
use crate::io::telemetry::Metrics;
use crate::iso::codec::Message;
use crate::iso::message::FieldPath;
use crate::iso::spec::Spec;
use bytes::{Bytes, BytesMut};
use metrics::Counter;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::clock::Clock;

/// Messages that wait for one shadow's thread.
const QUEUE: usize = 4096;
/// Differences that wait to be recorded.
const FOUND: usize = 1024;
/// Bytes that may be unwritten at a shadow before requests are left out.
const UNWRITTEN: usize = 1 << 20;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// The pauses between tries to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How often overdue answers are looked for.
const LOOK: Duration = Duration::from_millis(200);
/// How often what was counted is recorded.
const TALLY: Duration = Duration::from_secs(1);
/// Bytes read at once.
const READ: usize = 64 << 10;

/// One message of the link, as its shadow is told.
#[derive(Debug)]
enum ShadowCopy {
    /// A request, or another message that goes to the acquirer, and its transaction.
    Sent(Option<TxId>, Bytes),
    /// An answer of the acquirer, as the journal keeps it.
    Answered(TxId, Bytes),
}

/// The shadows of all links, seen from the gateway's thread.
#[derive(Debug, Default)]
pub(super) struct Shadows {
    /// The queue of each link that has a shadow, and how many messages found no room there.
    queues: BTreeMap<LinkId, (mpsc::Sender<ShadowCopy>, Arc<AtomicU64>)>,
    /// The connections of those links.
    conns: BTreeMap<ConnId, LinkId>,
    /// The record before a send, and its transaction.
    recorded: Option<(Seq, TxId)>,
    left_out: Option<Counter>,
}

/// What the shadows found, as events for the core to record.
pub(super) type Found = mpsc::Receiver<Event>;

impl Shadows {
    /// Starts a thread for each shadow of the configuration.
    pub(super) fn start(
        config: &Config,
        metrics: &Metrics,
        handshakes: &Handshakes,
        dice: &mut Dice,
    ) -> io::Result<(Self, Found)> {
        let (found, differences) = mpsc::channel(FOUND);
        let mut shadows = Self {
            left_out: Some(metrics.shadow_left_out.clone()),
            ..Self::default()
        };
        let links = config.links.iter().zip(&config.options.links).zip(0..);
        for ((link, options), id) in links {
            let Some(shadow) = &link.shadow else { continue };
            let (id, (queue, copies)) = (LinkId(id), mpsc::channel(QUEUE));
            let crowded = Arc::new(AtomicU64::new(0));
            let routes = &config.options.routes;
            let key = routes.iter().find(|route| route.to.contains(&id));
            let key = key
                .map(|route| route.key.clone())
                .filter(|key| !key.is_empty());
            let host = ShadowHost {
                config: shadow.clone(),
                handshakes: handshakes.clone(),
                handshake_time: config.limits.handshake_time,
                wire: Wire {
                    spec: Arc::clone(&options.spec),
                    framing: Some(link.framing),
                    frame: config.limits.frame,
                    frame_time: config.limits.frame_time,
                    read: READ,
                },
                pairs: ShadowPairs::new(id, key_of(key, &options.spec), shadow.wait),
                found: found.clone(),
                counts: ShadowCounters::of(metrics),
                crowded: Arc::clone(&crowded),
                tally: ShadowTally {
                    link: id,
                    ..ShadowTally::default()
                },
                recorded: (ShadowTally::default(), Mono(0)),
                clock: Clock::new(),
                is_silent: false,
            };
            let dice = dice.split();
            thread::Builder::new()
                .name(format!("shadow-{}", id.0))
                .spawn(move || host.run(copies, dice))?;
            shadows.queues.insert(id, (queue, crowded));
        }
        Ok((shadows, differences))
    }

    /// A connection of a link is up.
    pub(super) fn link_up(&mut self, conn: ConnId, link: LinkId) {
        if self.queues.contains_key(&link) {
            self.conns.insert(conn, link);
        }
    }

    /// A connection is gone.
    pub(super) fn gone(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }

    /// The core recorded something: an answer goes to whoever copied its request.
    pub(super) fn recorded(&mut self, record: &Record) {
        if self.queues.is_empty() {
            return;
        }
        let Fact::Step(step) = &record.fact else {
            return;
        };
        let Some((tx, message)) = record.tx.zip(step.message.as_ref()) else {
            return;
        };
        self.recorded = Some((record.seq, tx));
        if message.hop == Hop::AcquirerToGateway {
            for queue in self.queues.values() {
                self.hand(queue, ShadowCopy::Answered(tx, message.frame.frame.clone()));
            }
        }
    }

    /// The core ordered a send that waits for a record.
    pub(super) fn ordered(&self, conn: ConnId, after: Seq, frame: &Bytes) {
        let link = self.conns.get(&conn);
        if let Some(queue) = link.and_then(|link| self.queues.get(link)) {
            let recorded = self.recorded.filter(|(seq, _)| *seq == after);
            let sent = ShadowCopy::Sent(recorded.map(|(_, tx)| tx), frame.clone());
            self.hand(queue, sent);
        }
    }

    fn hand(
        &self,
        (queue, crowded): &(mpsc::Sender<ShadowCopy>, Arc<AtomicU64>),
        copy: ShadowCopy,
    ) {
        if queue.try_send(copy).is_err() {
            crowded.fetch_add(1, Ordering::Relaxed);
            if let Some(left_out) = &self.left_out {
                left_out.increment(1);
            }
        }
    }
}

/// What names the request of an answer: as the route says, else as the dialect does.
fn key_of(route: Option<Vec<FieldPath>>, spec: &Spec) -> Vec<FieldPath> {
    route.unwrap_or_else(|| spec.flow().match_key.clone())
}

/// What is counted of one shadow.
#[derive(Debug)]
struct ShadowCounters {
    same: Counter,
    different: Counter,
    left_out: Counter,
}

impl ShadowCounters {
    fn of(metrics: &Metrics) -> Self {
        Self {
            same: metrics.shadow_same.clone(),
            different: metrics.shadow_different.clone(),
            left_out: metrics.shadow_left_out.clone(),
        }
    }
}

/// One shadow, on its own thread.
#[derive(Debug)]
struct ShadowHost {
    config: ShadowConfig,
    handshakes: Handshakes,
    handshake_time: Duration,
    wire: Wire,
    pairs: ShadowPairs,
    found: mpsc::Sender<Event>,
    counts: ShadowCounters,
    /// Messages that found no room in the queue.
    crowded: Arc<AtomicU64>,
    /// What was counted, and what of it was recorded when.
    tally: ShadowTally,
    recorded: (ShadowTally, Mono),
    clock: Clock,
    /// It was said that the shadow answers nothing.
    is_silent: bool,
}

impl ShadowHost {
    fn run(self, copies: mpsc::Receiver<ShadowCopy>, dice: Dice) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(tokio::runtime::LocalOptions::default());
        match runtime {
            Ok(runtime) => runtime.block_on(self.live(copies, dice)),
            Err(error) => warn!(%error, "no shadow: the system refuses what its thread needs"),
        }
    }

    /// Connects, and connects again, until the gateway ends.
    async fn live(mut self, mut copies: mpsc::Receiver<ShadowCopy>, dice: Dice) {
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.1, dice);
        let address = self.config.address.clone();
        loop {
            match self.connect(&mut copies).await {
                Some(Ok((inbound, out))) => {
                    info!(address, "shadow connected");
                    backoff.reset();
                    if self.converse(&mut copies, inbound, out).await.is_none() {
                        return;
                    }
                    warn!(address, "shadow lost");
                }
                Some(Err(error)) => warn!(address, %error, "shadow not connected"),
                None => return,
            }
            let pause = tokio::time::sleep(backoff.pause());
            if self.meanwhile(&mut copies, pause).await.is_none() {
                return;
            }
        }
    }

    /// Makes a connection; `None` if the gateway ended meanwhile.
    async fn connect(
        &mut self,
        copies: &mut mpsc::Receiver<ShadowCopy>,
    ) -> Option<io::Result<(Inbound, SocketOutbound)>> {
        let ShadowConfig { address, tls, .. } = self.config.clone();
        let (handshakes, within) = (self.handshakes.clone(), self.handshake_time);
        let connecting = async move {
            let tcp = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await??;
            let Some(tls) = tls else {
                return Ok(tcp.into());
            };
            let made = handshakes.connect(tcp, tls, within).await;
            made.map_err(io::Error::other)
        };
        let stream: io::Result<Stream> = self.meanwhile(copies, connecting).await?;
        Some(stream.and_then(|stream| net::split(stream, &self.wire)))
    }

    /// Waits for something without a connection: requests are left out, answers are taken.
    async fn meanwhile<T>(
        &mut self,
        copies: &mut mpsc::Receiver<ShadowCopy>,
        something: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(something);
        loop {
            tokio::select! {
                done = &mut something => return Some(done),
                copied = copies.recv() => match copied? {
                    ShadowCopy::Sent(..) => self.leave_out(),
                    ShadowCopy::Answered(tx, frame) => self.answered(tx, frame),
                },
                () = tokio::time::sleep(LOOK) => {}
            }
            self.look_for_overdue();
        }
    }

    /// Sends copies and takes answers until the connection ends; `None` if the gateway ended.
    async fn converse(
        &mut self,
        copies: &mut mpsc::Receiver<ShadowCopy>,
        mut inbound: Inbound,
        mut out: SocketOutbound,
    ) -> Option<()> {
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        loop {
            let flushed = out.flush(Seq(0), &mut scratch, &mut written);
            written.clear();
            let full = match flushed {
                SocketFlushed::Clear => false,
                SocketFlushed::Full => true,
                SocketFlushed::Broken(_) => return Some(()),
            };
            let writable = out.writable();
            tokio::select! {
                copied = copies.recv() => match copied? {
                    ShadowCopy::Sent(tx, frame) => self.send(tx, frame, &mut out),
                    ShadowCopy::Answered(tx, frame) => self.answered(tx, frame),
                },
                filled = inbound.fill() => {
                    if filled.is_err() || self.take_in(&mut inbound).is_err() {
                        return Some(());
                    }
                }
                _ = writable, if full => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            self.look_for_overdue();
        }
    }

    fn send(&mut self, tx: Option<TxId>, frame: Bytes, out: &mut SocketOutbound) {
        if out.waiting() > UNWRITTEN {
            self.leave_out();
            return;
        }
        let request = Message::parse_partial(&self.wire.spec, frame.clone()).0;
        if let Some((tx, request)) = tx.zip(request) {
            let outcome = self.pairs.copied(self.clock.now().mono, tx, &request);
            self.tell(outcome);
        }
        out.push(SendId(0), Seq(0), frame);
    }

    fn answered(&mut self, tx: TxId, frame: Bytes) {
        if let Some(answer) = Message::parse_partial(&self.wire.spec, frame).0 {
            let outcome = self.pairs.acquirer_answered(tx, answer);
            self.tell(outcome);
        }
    }

    fn take_in(&mut self, inbound: &mut Inbound) -> Result<(), net::End> {
        while let Some(frame) = inbound.frame()? {
            if let Some(answer) = Message::parse_partial(&self.wire.spec, frame).0 {
                let outcome = self.pairs.shadow_answered(self.clock.now().mono, answer);
                self.tell(outcome);
            }
        }
        Ok(())
    }

    fn look_for_overdue(&mut self) {
        let now = self.clock.now().mono;
        while let Some(outcome) = self.pairs.overdue(now) {
            self.tell(Some(outcome));
        }
        let mut tally = self.tally;
        tally.left_out += self.crowded.load(Ordering::Relaxed);
        let (recorded, at) = self.recorded;
        if recorded != tally && now - at >= TALLY {
            let event = Event::ShadowCounted(Box::new(tally));
            if self.found.try_send(event).is_ok() {
                self.recorded = (tally, now);
            }
        }
    }

    fn leave_out(&mut self) {
        self.tally.left_out += 1;
        self.counts.left_out.increment(1);
    }

    fn tell(&mut self, outcome: Option<ShadowOutcome>) {
        match outcome {
            None => {}
            Some(ShadowOutcome::Same) => {
                self.is_silent = false;
                self.tally.same += 1;
                self.counts.same.increment(1);
            }
            Some(ShadowOutcome::Silent) => {
                self.leave_out();
                if !std::mem::replace(&mut self.is_silent, true) {
                    let (address, wait) = (&self.config.address, self.config.wait);
                    warn!(
                        address,
                        ?wait,
                        "the shadow answers nothing: nothing is compared"
                    );
                }
            }
            Some(ShadowOutcome::Differs(difference)) => {
                self.is_silent = false;
                self.tally.different += 1;
                self.counts.different.increment(1);
                // The tally counts those that find no room in the queue, too.
                let _full = self.found.try_send(Event::ShadowDiffers(difference));
            }
        }
    }
}
