//! Terminals, each with a connection of its own.

use super::asks::{Asked, Asks, WeakAsks, asks};
use crate::engine::gateway::SendId;
use crate::engine::record::Seq;
use crate::engine::seam::Now;
use crate::io::faults::{FaultCount, FaultPlace};
use crate::io::net::{self, Inbound, SocketFlushed, SocketOutbound, Wire};
use crate::io::serve::Clock;
use crate::iso::spec::Spec;
use crate::lab::fault::{Armed, FaultSide};
use crate::lab::peer::{Slip, TerminalAction, TerminalEvent, TestTerminal};
use bytes::{Bytes, BytesMut};
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::Notify;

/// How long connecting, or writing one message, may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be seen of a terminal while it works.
#[derive(Debug)]
pub enum TerminalSight<'a> {
    /// It sent a frame.
    Sent(&'a Bytes),
    /// It received a frame.
    Received(&'a Bytes),
    /// It printed a slip.
    Printed(&'a Slip),
    /// It could not connect; it tries again after a pause.
    Unconnected(&'a io::Error),
}

/// Told of all that is seen, with the number of the terminal.
type TerminalWatch = Box<dyn FnMut(usize, TerminalSight<'_>) + Send>;

/// Running terminals.
#[derive(Debug)]
pub struct Fleet {
    spec: Arc<Spec>,
    asks: Asks<Stations>,
    thread: thread::JoinHandle<Vec<TestTerminal>>,
}

impl Fleet {
    /// Starts terminals on a thread of their own, which call at `address` (`host:port`). `watch`
    /// is told, on that thread, what they do.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        address: String,
        wire: Wire,
        terminals: Vec<TestTerminal>,
        watch: impl FnMut(usize, TerminalSight<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        Self::start_by(Clock::new(), address, wire, terminals, watch)
    }

    /// The same, by a clock that is given.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start_by(
        clock: Clock,
        address: String,
        wire: Wire,
        terminals: Vec<TestTerminal>,
        watch: impl FnMut(usize, TerminalSight<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        let (asks, asked) = asks();
        let spec = Arc::clone(&wire.spec);
        let mut runtime = Builder::new_current_thread();
        runtime.enable_all();
        let thread = thread::Builder::new()
            .name("terminals".to_owned())
            .spawn(move || {
                let Ok(runtime) = runtime.build_local(LocalOptions::default()) else {
                    return terminals;
                };
                let stations = Stations::new(terminals, clock);
                let running = stations.clone();
                runtime.block_on(run(running, address, wire, Box::new(watch), asked));
                drop(runtime);
                stations.into_terminals()
            })?;
        Ok(Self { spec, asks, thread })
    }

    /// The faults of the terminals, to be switched on and off while they run.
    #[must_use]
    pub fn fault_place(&self) -> Box<dyn FaultPlace> {
        Box::new(FleetPlace {
            spec: Arc::clone(&self.spec),
            asks: self.asks.weak(),
        })
    }

    /// Asks each terminal, or changes something about it; in their order. Empty if they have ended.
    pub fn each<T: Send + 'static>(
        &self,
        ask: impl FnMut(&mut TestTerminal, Now) -> T + Send + 'static,
    ) -> Vec<T> {
        let asked = self.asks.ask(move |stations| stations.each(ask));
        asked.unwrap_or_default()
    }

    /// Stops them where they stand, and gives them back.
    #[must_use]
    pub fn stop(self) -> Vec<TestTerminal> {
        drop(self.asks);
        self.thread.join().unwrap_or_default()
    }
}

/// The terminals, as a desk of faults reaches them.
#[derive(Debug)]
struct FleetPlace {
    spec: Arc<Spec>,
    asks: WeakAsks<Stations>,
}

impl FleetPlace {
    fn each<T: Send + 'static>(
        &self,
        ask: impl FnMut(&mut TestTerminal, Now) -> T + Send + 'static,
    ) -> Vec<T> {
        let asked = self.asks.ask(move |stations| stations.each(ask));
        asked.unwrap_or_default()
    }
}

impl FaultPlace for FleetPlace {
    fn side(&self) -> FaultSide {
        FaultSide::Terminal
    }

    fn specs(&self) -> Vec<Arc<Spec>> {
        vec![Arc::clone(&self.spec)]
    }

    fn switch_on(&self, armed: &Armed) {
        let armed = armed.clone();
        self.each(move |terminal, _| terminal.faults().add(armed.clone()));
    }

    fn switch_off(&self, id: u32) {
        self.each(move |terminal, _| terminal.faults().switch_off(id));
    }

    fn clear(&self) {
        self.each(|terminal, _| terminal.faults().clear());
    }

    fn counts(&self) -> Vec<FaultCount> {
        let each = self.each(|terminal, _| {
            let all = terminal.faults().list().iter();
            all.map(FaultCount::of).collect::<Vec<_>>()
        });
        each.into_iter().flatten().collect()
    }
}

/// All terminals of a fleet.
#[derive(Clone, Debug)]
struct Stations {
    clock: Clock,
    all: Rc<[Rc<Station>]>,
}

/// A terminal, and what wakes its task.
#[derive(Debug)]
struct Station {
    brain: RefCell<TestTerminal>,
    wake: Notify,
}

impl Stations {
    fn new(terminals: Vec<TestTerminal>, clock: Clock) -> Self {
        let station = |brain| {
            let brain = RefCell::new(brain);
            let wake = Notify::new();
            Rc::new(Station { brain, wake })
        };
        Self {
            clock,
            all: terminals.into_iter().map(station).collect(),
        }
    }

    fn each<T>(&self, mut ask: impl FnMut(&mut TestTerminal, Now) -> T) -> Vec<T> {
        let now = self.clock.now();
        let each = self.all.iter().map(|station| {
            station.wake.notify_one();
            ask(&mut station.brain.borrow_mut(), now)
        });
        each.collect()
    }

    /// The terminals, once all tasks are gone.
    fn into_terminals(self) -> Vec<TestTerminal> {
        let stations = self.all.to_vec();
        drop(self);
        let terminals = stations.into_iter().filter_map(Rc::into_inner);
        terminals
            .map(|station| station.brain.into_inner())
            .collect()
    }
}

async fn run(
    mut stations: Stations,
    address: String,
    wire: Wire,
    watch: TerminalWatch,
    mut asked: Asked<Stations>,
) {
    let address: Rc<str> = address.into();
    let watch = Rc::new(RefCell::new(watch));
    for (number, station) in stations.all.iter().enumerate() {
        let task = TerminalTask {
            number,
            station: Rc::clone(station),
            clock: stations.clock,
            address: Rc::clone(&address),
            wire: wire.clone(),
            line: None,
            watch: Rc::clone(&watch),
        };
        let _running = tokio::task::spawn_local(task.run());
    }
    while let Some(ask) = asked.next().await {
        ask(&mut stations);
    }
}

/// The task of one terminal.
struct TerminalTask {
    number: usize,
    station: Rc<Station>,
    clock: Clock,
    address: Rc<str>,
    wire: Wire,
    line: Option<(Inbound, SocketOutbound)>,
    watch: Rc<RefCell<TerminalWatch>>,
}

impl fmt::Debug for TerminalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TerminalTask({})", self.number)
    }
}

impl TerminalTask {
    async fn run(mut self) {
        loop {
            self.happened(TerminalEvent::Wake);
            self.carry_out().await;
            let due = self.station.brain.borrow().next_deadline();
            let due = due.map(|due| self.clock.instant(due));
            let station = Rc::clone(&self.station);
            tokio::select! {
                received = next(&mut self.line) => match received {
                    Some(frame) => {
                        self.see(TerminalSight::Received(&frame));
                        self.happened(TerminalEvent::Frame(frame));
                    }
                    None => {
                        self.line = None;
                        self.happened(TerminalEvent::Closed);
                    }
                },
                () = super::sleep_until(due) => {}
                () = station.wake.notified() => {}
            }
        }
    }

    fn happened(&self, event: TerminalEvent) {
        let now = self.clock.now();
        self.station.brain.borrow_mut().handle(now, event);
    }

    fn see(&self, seen: TerminalSight<'_>) {
        (self.watch.borrow_mut())(self.number, seen);
    }

    async fn carry_out(&mut self) {
        loop {
            let action = self.station.brain.borrow_mut().poll_action();
            match action {
                None => return,
                Some(TerminalAction::Connect) => {
                    let event = match self.connect().await {
                        Ok(line) => {
                            self.line = Some(line);
                            TerminalEvent::Connected
                        }
                        Err(error) => {
                            self.see(TerminalSight::Unconnected(&error));
                            self.line = None;
                            TerminalEvent::ConnectFailed
                        }
                    };
                    self.happened(event);
                }
                Some(TerminalAction::Send(frame)) => {
                    self.see(TerminalSight::Sent(&frame));
                    if self.send(frame).await.is_err() {
                        self.line = None;
                        self.happened(TerminalEvent::Closed);
                    }
                }
                Some(TerminalAction::Close { reset }) => {
                    if let Some((_, out)) = self.line.take()
                        && reset
                    {
                        out.end_with_reset();
                    }
                }
                Some(TerminalAction::Print(slip)) => self.see(TerminalSight::Printed(&slip)),
            }
        }
    }

    async fn connect(&self) -> io::Result<(Inbound, SocketOutbound)> {
        let connecting = TcpStream::connect(&*self.address);
        let stream = tokio::time::timeout(PATIENCE, connecting).await??;
        net::split(stream, &self.wire)
    }

    async fn send(&mut self, frame: Bytes) -> io::Result<()> {
        let Some((_, out)) = &mut self.line else {
            return Ok(());
        };
        out.push(SendId(0), Seq(0), frame);
        let (mut scratch, mut written) = (BytesMut::new(), Vec::new());
        loop {
            match out.flush(Seq(0), &mut scratch, &mut written) {
                SocketFlushed::Clear => return Ok(()),
                SocketFlushed::Full => tokio::time::timeout(PATIENCE, out.writable()).await??,
                SocketFlushed::Broken(error) => return Err(error),
            }
        }
    }
}

/// The next frame; `None` when the connection ended, never if there is none.
async fn next(line: &mut Option<(Inbound, SocketOutbound)>) -> Option<Bytes> {
    let Some((inbound, _)) = line else {
        return std::future::pending().await;
    };
    loop {
        match inbound.frame() {
            Ok(Some(frame)) => return Some(frame),
            Ok(None) => inbound.fill().await.ok()?,
            Err(_end) => return None,
        }
    }
}
