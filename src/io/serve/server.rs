//! Starting, running and stopping.

use super::clock::Clock;
use super::driver::{Driver, Parts, Shared};
use super::outbox::Trouble;
use super::status::Status;
use super::{links, terminals};
use crate::engine::gateway::{Event, Gateway};
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, LinkId, ListenerId, TxId};
use crate::engine::seam::Dice;
use crate::io::config::Config;
use crate::io::journal::{JournalWriter, WriterError};
use crate::io::net::{Door, Wire};
use crate::io::telemetry::{Exporter, Metrics, names};
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, info, warn};

/// Connections of terminals that the system may hold before they are accepted.
const BACKLOG: u32 = 4096;
/// Bytes read at once from a terminal: a few messages.
const READ_TERMINAL: usize = 2 << 10;
/// Bytes read at once from an acquirer.
const READ_LINK: usize = 64 << 10;

/// Why a gateway does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({name}): {error}")]
    Listen {
        /// The listener.
        name: String,
        /// Its address.
        address: String,
        /// Why not.
        error: io::Error,
    },
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] WriterError),
    /// The journal failed: what was not on disk was not sent, and the next start takes it up.
    #[error("the journal failed: {0}; mend the disk and start again")]
    Failed(JournalError),
    /// The operating system refuses a thread, a timer or chance.
    #[error("the operating system refuses: {0}")]
    System(#[from] io::Error),
    /// A bug; what happened is on standard error.
    #[error("the gateway's thread ended by a bug; its journal is what it was, start it again")]
    Bug,
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The address with the port that was chosen.
    pub address: SocketAddr,
}

/// Where all listeners listen, in the order of the configuration.
pub type Ports = Vec<Port>;

/// What a running gateway can be told.
#[derive(Debug)]
enum Command {
    Drain,
    Stop,
    Reverse(TxId),
}

/// A gateway.
#[derive(Debug)]
pub struct Server;

/// A running gateway; it runs on when this is dropped.
#[derive(Debug)]
pub struct Handle {
    ports: Ports,
    status: Arc<Status>,
    exporter: Exporter,
    commands: mpsc::Sender<Command>,
    /// Closes when the thread ends.
    ended: oneshot::Receiver<()>,
    thread: thread::JoinHandle<Result<(), ServeError>>,
}

impl Server {
    /// Starts a gateway on a thread of its own; returns when it listens. `seed` is where its
    /// chance comes from.
    ///
    /// # Errors
    /// What keeps it from listening.
    pub fn start(config: Config, seed: u64) -> Result<Handle, ServeError> {
        let (exporter, metrics) = Exporter::new();
        let wanted = config
            .links
            .iter()
            .map(|link| usize::from(link.connections));
        let status = Arc::new(Status::of(wanted.sum()));
        let (commands, told) = mpsc::channel(16);
        let (started, when_started) = oneshot::channel();
        let (alive, ended) = oneshot::channel();
        let seen = Arc::clone(&status);
        let thread = thread::Builder::new()
            .name(names::SPAN_GATEWAY.to_owned())
            .spawn(move || {
                let _alive = alive;
                run(config, seed, metrics, seen, told, started)
            })?;
        match when_started.blocking_recv() {
            Ok(ports) => Ok(Handle {
                ports,
                status,
                exporter,
                commands,
                ended,
                thread,
            }),
            Err(_ended) => Err(match thread.join() {
                Ok(Err(error)) => error,
                Ok(Ok(())) | Err(_) => ServeError::Bug,
            }),
        }
    }
}

impl Handle {
    /// Where it listens.
    #[must_use]
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// What it counts.
    #[must_use]
    pub fn exporter(&self) -> Exporter {
        self.exporter.clone()
    }

    /// Waits, in a task, until it has ended.
    pub async fn ended(&mut self) {
        // Nothing is ever sent: the other end is dropped.
        let _dropped = (&mut self.ended).await;
    }

    /// Takes no new requests, finishes what is in flight, and ends; returns at once.
    pub fn drain(&self) {
        self.tell(Command::Drain);
    }

    /// Ends now. What is in flight is in the journal, and is reversed by the next start.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Has a transaction reversed for an operator.
    pub fn reverse(&self, tx: TxId) {
        self.tell(Command::Reverse(tx));
    }

    fn tell(&self, command: Command) {
        // One that has ended needs not be told; one that was told sixteen times, neither.
        let _ended = self.commands.try_send(command);
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// It did not end in good order.
    pub fn join(self) -> Result<(), ServeError> {
        self.thread.join().unwrap_or(Err(ServeError::Bug))
    }
}

/// The gateway's thread.
fn run(
    config: Config,
    seed: u64,
    metrics: Metrics,
    status: Arc<Status>,
    told: mpsc::Receiver<Command>,
    started: oneshot::Sender<Ports>,
) -> Result<(), ServeError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let mut dice = Dice::new(seed);
    let clock = Clock::new();
    let opened = JournalWriter::open(&config.journal.clone().into())?;
    let core = Gateway::recover(
        config.options.clone(),
        opened.vault,
        dice.number(),
        clock.now(),
        opened.history,
    );
    let driver = Driver::new(Parts {
        core,
        clock,
        progress: opened.writer.progress(),
        journal: opened.writer,
        limits: config.limits,
        metrics,
        status: Arc::clone(&status),
    });
    let shared = Shared(Rc::new(RefCell::new(driver)));
    let result = runtime.block_on(async {
        let (ports, listening) = listen(&config, &shared).await?;
        connect(&config, &shared, &mut dice);
        // Whoever started this went away: there is nobody to serve for, but commands still come.
        let _gone = started.send(ports);
        serve(&shared, &config, told, listening, &status).await
    });
    // Every task goes with it, and every connection with those.
    drop(runtime);
    let driver = Rc::into_inner(shared.0).map(RefCell::into_inner);
    let closed = driver.map_or(Ok(()), Driver::close);
    result.and_then(|()| closed.map_err(ServeError::Failed))
}

/// Binds all listeners, then begins to accept.
async fn listen(
    config: &Config,
    shared: &Shared,
) -> Result<(Ports, Vec<JoinHandle<()>>), ServeError> {
    let mut sockets = Vec::new();
    for listener in &config.listeners {
        let bound = bind(&listener.address).await;
        let listening = |error| ServeError::Listen {
            name: listener.name.clone(),
            address: listener.address.clone(),
            error,
        };
        sockets.push(bound.map_err(listening)?);
    }
    let limits = config.limits;
    let door = Door::new(limits.connections, limits.per_address);
    let (mut ports, mut tasks) = (Ports::new(), Vec::new());
    let set_up = config.listeners.iter().zip(&config.options.listeners);
    for (((listener, options), socket), id) in set_up.zip(sockets).zip(0..) {
        ports.push(Port {
            name: listener.name.clone(),
            address: socket.local_addr()?,
        });
        let wire = Wire {
            spec: Arc::clone(&options.spec),
            frame: limits.frame,
            frame_time: limits.frame_time,
            read: READ_TERMINAL,
        };
        tasks.push(tokio::task::spawn_local(terminals::accept(
            shared.clone(),
            socket,
            ListenerId(id),
            wire,
            door.clone(),
        )));
    }
    Ok((ports, tasks))
}

async fn bind(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host(address).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Begins to hold every connection of every link.
fn connect(config: &Config, shared: &Shared, dice: &mut Dice) {
    let set_up = config.links.iter().zip(&config.options.links);
    for ((link, options), id) in set_up.zip(0..) {
        for _ in 0..link.connections {
            let wire = Wire {
                spec: Arc::clone(&options.spec),
                frame: config.limits.frame,
                frame_time: config.limits.frame_time,
                read: READ_LINK,
            };
            let (shared, link, dice) = (shared.clone(), link.clone(), dice.split());
            let _held = tokio::task::spawn_local(links::hold(shared, LinkId(id), link, wire, dice));
        }
    }
}

/// The loop. Ends when told to, or when the journal fails.
async fn serve(
    shared: &Shared,
    config: &Config,
    mut told: mpsc::Receiver<Command>,
    listening: Vec<JoinHandle<()>>,
    status: &Status,
) -> Result<(), ServeError> {
    let wake = shared.0.borrow().wake();
    let mut progress = shared.0.borrow().progress();
    let mut until: Option<Instant> = None;
    loop {
        let (troubles, due) = {
            let mut driver = shared.0.borrow_mut();
            (driver.turn(), driver.wake_at())
        };
        for (conn, trouble) in troubles {
            look_after(shared, conn, trouble, config.limits.stuck);
        }
        if let Some(error) = shared.0.borrow().failure() {
            status.fails();
            error!(%error, "the journal failed: nothing more is accepted or sent");
            return Err(ServeError::Failed(error));
        }
        let idle = until.is_some() && shared.0.borrow().is_idle();
        if idle || until.is_some_and(|until| until <= Instant::now()) {
            break;
        }
        let due = due.map(Instant::from_std).into_iter().chain(until).min();
        tokio::select! {
            biased;
            _ = progress.changed() => {}
            () = wake.notified() => {}
            Some(command) = told.recv() => match command {
                Command::Stop => break,
                Command::Drain if until.is_none() => {
                    info!(at_most = ?config.drain, "draining: no new requests");
                    until = Some(Instant::now() + config.drain);
                    listening.iter().for_each(JoinHandle::abort);
                    status.drains();
                    shared.0.borrow_mut().told(Event::Drain);
                }
                Command::Drain => {}
                Command::Reverse(tx) => shared.0.borrow_mut().told(Event::Reverse(tx)),
            },
            () = sleep_until(due) => {}
        }
    }
    let idle = shared.0.borrow().is_idle();
    if !idle {
        warn!("stopped with transactions in flight: the next start takes them up");
    }
    Ok(())
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// What the loop does about a connection in trouble.
pub(super) fn look_after(shared: &Shared, conn: ConnId, trouble: Trouble, stuck: Duration) {
    match trouble {
        Trouble::Broken => shared.0.borrow_mut().lost(conn, true),
        Trouble::Finished => shared.0.borrow_mut().lost(conn, false),
        Trouble::Full => {
            let Some(writable) = shared.0.borrow().wait_writable(conn) else {
                return;
            };
            let shared = shared.clone();
            let _waiting = tokio::task::spawn_local(async move {
                match tokio::time::timeout(stuck, writable).await {
                    Ok(_writable_or_broken) => shared.0.borrow_mut().writable(conn),
                    Err(_elapsed) => {
                        warn!(%conn, ?stuck, "a peer takes nothing of what waits: disconnected");
                        shared.0.borrow_mut().lost(conn, true);
                    }
                }
            });
        }
    }
}
