//! An acquirer behind a listening socket.

use super::asks::{Asked, Asks, WeakAsks, asks};
use crate::engine::gateway::SendId;
use crate::engine::record::{ConnId, Seq};
use crate::engine::seam::{Mono, Now};
use crate::io::faults::{FaultCount, FaultPlace};
use crate::io::net::{self, End, Inbound, SocketFlushed, SocketOutbound, Wire};
use crate::io::serve::Clock;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide};
use crate::lab::peer::{Acquirer, AcquirerAction, AcquirerEvent};
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// What can be seen of an acquirer while it works.
#[derive(Clone, Copy, Debug)]
pub enum HostSight<'a> {
    /// It received a frame.
    Received(&'a Bytes),
    /// It sent a frame.
    Sent(&'a Bytes),
    /// A fault lost a frame on the wire, be it a request that came or an answer.
    Lost(&'a Bytes),
}

/// Told of all that is seen.
type HostWatch = Box<dyn FnMut(HostSight<'_>) + Send>;

/// A running mock acquirer.
#[derive(Debug)]
pub struct Host {
    address: SocketAddr,
    spec: Arc<Spec>,
    has_office: bool,
    asks: Asks<HostCarrier>,
    thread: thread::JoinHandle<Option<Acquirer>>,
}

impl Host {
    /// Starts it on a thread of its own, listening on `address`; port 0 for any free one.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system refuses a thread.
    pub fn start(address: SocketAddr, wire: Wire, brain: Acquirer) -> io::Result<Self> {
        Self::start_by(Clock::new(), address, wire, brain, |_| {})
    }

    /// The same, by a clock that is given. `watch` is told, on its thread, what it does.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system refuses a thread.
    pub fn start_by(
        clock: Clock,
        address: SocketAddr,
        wire: Wire,
        brain: Acquirer,
        watch: impl FnMut(HostSight<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        let (asks, asked) = asks();
        let (started, when_started) = mpsc::channel();
        let (spec, has_office) = (Arc::clone(&wire.spec), brain.office().is_some());
        let thread = thread::Builder::new()
            .name("acquirer".to_owned())
            .spawn(move || {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build_local(LocalOptions::default());
                let runtime = runtime
                    .map_err(|error| drop(started.send(Err(error))))
                    .ok()?;
                let carrier = Rc::new(RefCell::new(HostCarrier::new(
                    brain,
                    clock,
                    Box::new(watch),
                )));
                let running = Rc::clone(&carrier);
                runtime.block_on(async {
                    let socket = bind(address).and_then(|socket| {
                        let address = socket.local_addr()?;
                        Ok((socket, address))
                    });
                    match socket {
                        Ok((socket, address)) => {
                            // Whoever started this waits for it.
                            let _waits = started.send(Ok(address));
                            run(running, socket, address, wire, asked).await;
                        }
                        Err(error) => drop(started.send(Err(error))),
                    }
                });
                drop(runtime);
                Rc::into_inner(carrier).map(|carrier| carrier.into_inner().brain)
            })?;
        let address = when_started.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            spec,
            has_office,
            asks,
            thread,
        })
    }

    /// The faults of the acquirer, to be switched on and off while it runs.
    #[must_use]
    pub fn fault_place(&self) -> Box<dyn FaultPlace> {
        Box::new(HostPlace {
            spec: Arc::clone(&self.spec),
            has_office: self.has_office,
            asks: self.asks.weak(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks its brain, or changes something about it. `None` if it has ended.
    pub fn with<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Acquirer, Now) -> T + Send + 'static,
    ) -> Option<T> {
        self.asks.ask(|carrier| {
            let now = carrier.clock.now();
            ask(&mut carrier.brain, now)
        })
    }

    /// Closes every connection that is open.
    pub fn cut(&self) {
        self.asks.ask(|carrier| {
            let open: Vec<ConnId> = carrier.lines.keys().copied().collect();
            open.into_iter().for_each(|conn| carrier.ended(conn));
        });
    }

    /// Stops it, and gives its brain back.
    #[must_use]
    pub fn stop(self) -> Option<Acquirer> {
        drop(self.asks);
        self.thread.join().ok().flatten()
    }
}

/// The acquirer, as a desk of faults reaches it.
#[derive(Debug)]
struct HostPlace {
    spec: Arc<Spec>,
    has_office: bool,
    asks: WeakAsks<HostCarrier>,
}

impl HostPlace {
    fn with<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Acquirer, Now) -> T + Send + 'static,
    ) -> Option<T> {
        self.asks.ask(|carrier| {
            let now = carrier.clock.now();
            ask(&mut carrier.brain, now)
        })
    }
}

impl FaultPlace for HostPlace {
    fn side(&self) -> FaultSide {
        FaultSide::Acquirer
    }

    fn specs(&self) -> Vec<Arc<Spec>> {
        vec![Arc::clone(&self.spec)]
    }

    fn refuses(&self, armed: &Armed) -> Option<&'static str> {
        let needs_office = armed.place() == FaultSide::Office;
        (needs_office && !self.has_office).then_some(
            "there is no back office here: start the lab with --profile, or with this --fault",
        )
    }

    fn switch_on(&self, armed: &Armed) {
        let armed = armed.clone();
        self.with(|acquirer, now| acquirer.switch_on(now, armed));
    }

    fn switch_off(&self, id: u32) {
        self.with(move |acquirer, now| acquirer.switch_off(now, id));
    }

    fn clear(&self) {
        self.with(|acquirer, now| acquirer.mend(now));
    }

    fn look_closely(&self) {
        self.with(|acquirer, _| acquirer.be_strict());
    }

    fn counts(&self) -> Vec<FaultCount> {
        let counts = self.with(|acquirer, _| {
            let all = acquirer.faults().list().iter();
            all.map(FaultCount::of).collect()
        });
        counts.unwrap_or_default()
    }
}

/// The brain and its connections.
#[derive(Debug)]
struct HostCarrier {
    brain: Acquirer,
    clock: Clock,
    lines: BTreeMap<ConnId, HostLine>,
    next: u64,
    listens: watch::Sender<bool>,
    /// Wakes the loop when something is due earlier than it sleeps.
    wake: Rc<Notify>,
    sleeps_until: Option<Mono>,
    scratch: BytesMut,
    /// Connections that have something to write.
    ready: Vec<ConnId>,
    watch: WatchCell,
}

/// What watches, beside a carrier that can be shown.
struct WatchCell(HostWatch);

impl fmt::Debug for WatchCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostWatch")
    }
}

#[derive(Debug)]
struct HostLine {
    out: SocketOutbound,
    reader: Option<AbortHandle>,
}

type SharedHost = Rc<RefCell<HostCarrier>>;

impl HostCarrier {
    fn new(brain: Acquirer, clock: Clock, watch: HostWatch) -> Self {
        Self {
            brain,
            clock,
            lines: BTreeMap::new(),
            next: 0,
            listens: watch::channel(true).0,
            wake: Rc::new(Notify::new()),
            sleeps_until: None,
            scratch: BytesMut::new(),
            ready: Vec::new(),
            watch: WatchCell(watch),
        }
    }

    fn happened(&mut self, event: AcquirerEvent) {
        self.brain.handle(self.clock.now(), event);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.brain.poll_action() {
            match action {
                AcquirerAction::Send { conn, frame } => {
                    if let Some(line) = self.lines.get_mut(&conn) {
                        (self.watch.0)(HostSight::Sent(&frame));
                        line.out.push(SendId(0), Seq(0), frame);
                        self.ready.push(conn);
                    }
                }
                AcquirerAction::Close { conn, reset } => self.close(conn, reset),
                AcquirerAction::Listen(listens) => drop(self.listens.send_replace(listens)),
                AcquirerAction::Lost(frame) => (self.watch.0)(HostSight::Lost(&frame)),
            }
        }
        let due = self.brain.next_deadline();
        let earlier = due.is_some_and(|due| self.sleeps_until.is_none_or(|until| due < until));
        if earlier {
            self.wake.notify_one();
        }
    }

    fn close(&mut self, conn: ConnId, reset: bool) {
        if let Some(line) = self.lines.remove(&conn) {
            if reset {
                line.out.end_with_reset();
            }
            if let Some(reader) = line.reader {
                reader.abort();
            }
        }
    }

    /// The connection ended from the other side.
    fn ended(&mut self, conn: ConnId) {
        if self.lines.contains_key(&conn) {
            self.close(conn, false);
            self.happened(AcquirerEvent::Closed(conn));
        }
    }

    /// Writes what waits; gives the connections whose sockets are full.
    fn flush(&mut self) -> Vec<ConnId> {
        let mut full = Vec::new();
        for conn in std::mem::take(&mut self.ready) {
            let Some(line) = self.lines.get_mut(&conn) else {
                continue;
            };
            match line.out.flush(Seq(0), &mut self.scratch, &mut Vec::new()) {
                SocketFlushed::Clear => {}
                SocketFlushed::Full => full.push(conn),
                SocketFlushed::Broken(_) => self.ended(conn),
            }
        }
        full
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Until nobody can ask any more.
async fn run(
    shared: SharedHost,
    socket: TcpListener,
    address: SocketAddr,
    wire: Wire,
    mut asked: Asked<HostCarrier>,
) {
    let listens = shared.borrow().listens.subscribe();
    let accepting = accept(Rc::clone(&shared), socket, address, wire, listens);
    let accepting = tokio::task::spawn_local(accepting);
    let wake = Rc::clone(&shared.borrow().wake);
    loop {
        let until = {
            let mut carrier = shared.borrow_mut();
            carrier.happened(AcquirerEvent::Wake);
            carrier.sleeps_until = carrier.brain.next_deadline();
            let clock = carrier.clock;
            carrier.sleeps_until.map(|due| clock.instant(due))
        };
        write_all(&shared);
        tokio::select! {
            ask = asked.next() => match ask {
                Some(ask) => ask(&mut shared.borrow_mut()),
                None => break,
            },
            () = wake.notified() => {}
            () = super::sleep_until(until) => {}
        }
    }
    accepting.abort();
}

/// Accepts, or keeps the address shut, as the brain says.
async fn accept(
    shared: SharedHost,
    socket: TcpListener,
    address: SocketAddr,
    wire: Wire,
    mut listens: watch::Receiver<bool>,
) {
    let mut open = Some(socket);
    loop {
        tokio::select! {
            changed = listens.changed() => {
                if changed.is_err() {
                    return;
                }
                let wanted = *listens.borrow_and_update();
                open = open.take().filter(|_| wanted);
                if wanted && open.is_none() {
                    open = bind(address).inspect_err(|error| {
                        tracing::warn!(%address, %error, "the acquirer cannot listen again");
                    }).ok();
                }
            }
            accepted = next(open.as_ref()) => match accepted {
                Ok(stream) => welcome(&shared, stream, &wire),
                Err(error) => {
                    tracing::warn!(%error, "the acquirer cannot accept");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn next(socket: Option<&TcpListener>) -> io::Result<TcpStream> {
    match socket {
        Some(socket) => Ok(socket.accept().await?.0),
        None => std::future::pending().await,
    }
}

fn welcome(shared: &SharedHost, stream: TcpStream, wire: &Wire) {
    // One that is gone before it was let in is no event.
    let Ok((inbound, out)) = net::split(stream, wire) else {
        return;
    };
    let out = out.answering();
    let mut carrier = shared.borrow_mut();
    carrier.next += 1;
    let conn = ConnId(carrier.next);
    let reading = tokio::task::spawn_local(read(Rc::clone(shared), conn, inbound));
    let reader = Some(reading.abort_handle());
    carrier.lines.insert(conn, HostLine { out, reader });
    carrier.happened(AcquirerEvent::Connected(conn));
}

async fn read(shared: SharedHost, conn: ConnId, mut inbound: Inbound) {
    while inbound.fill().await.is_ok() && take_in(&shared, conn, &mut inbound).is_ok() {
        write_all(&shared);
    }
    shared.borrow_mut().ended(conn);
}

fn take_in(shared: &SharedHost, conn: ConnId, inbound: &mut Inbound) -> Result<(), End> {
    while let Some(frame) = inbound.frame()? {
        let mut carrier = shared.borrow_mut();
        (carrier.watch.0)(HostSight::Received(&frame));
        carrier.happened(AcquirerEvent::Frame(conn, frame));
    }
    Ok(())
}

fn write_all(shared: &SharedHost) {
    let full = shared.borrow_mut().flush();
    for conn in full {
        let waiting = shared
            .borrow()
            .lines
            .get(&conn)
            .map(|line| line.out.writable());
        let Some(writable) = waiting else { continue };
        let shared = Rc::clone(shared);
        let _waiting = tokio::task::spawn_local(async move {
            // A socket that broke is found so by the write.
            let _broken = writable.await;
            shared.borrow_mut().ready.push(conn);
            write_all(&shared);
        });
    }
}
