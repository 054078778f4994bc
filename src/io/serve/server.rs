//! Starting, running and stopping.

use super::clock::Clock;
use super::run::{ServeWork, run};
use super::setup::GatewaySetup;
use super::status::Status;
use super::wire_place::{WireAsk, WirePlace};
use crate::engine::gateway::Wish;
use crate::engine::journal::JournalError;
use crate::engine::record::{ConnId, LinkId, OperatorAct, State};
use crate::io::config::Config;
use crate::io::faults::FaultPlace;
use crate::io::journal::WriterError;
use crate::io::telemetry::{Exporter, Pulse, names};
use crate::iso::spec::Spec;
use crate::lab::fault::FaultTally;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

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
pub(super) enum ServerCommand {
    /// Take no new requests, finish, end.
    Drain,
    /// End now.
    Stop,
    /// The configuration was read anew.
    Reload(Box<Config>),
    /// What goes wrong on the wire is asked, or changed.
    Wire(WireAsk),
    /// An operator decides; the transaction's state before and after is told.
    Operate(Wish, oneshot::Sender<Option<(State, State)>>),
    /// An operator did something to the gateway itself, or has it done: it is recorded; whether it
    /// could be done is told.
    Operated(Box<OperatorAct>, GatewayDeed, oneshot::Sender<bool>),
}

/// What an operator has a gateway do to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayDeed {
    /// Nothing: it was done elsewhere, and is recorded here.
    Record,
    /// Close a connection of a terminal.
    CloseTerminal(ConnId),
    /// Close the connections of a link; they are made again.
    CloseLink(LinkId),
    /// Let nothing new go over a link.
    DrainLink(LinkId),
    /// Let requests go over a link again.
    ResumeLink(LinkId),
    /// Take no new requests, finish, end.
    Drain,
}

/// How long the journal may take for what an operator did, before that is said.
const JOURNAL_WAIT: Duration = Duration::from_secs(10);

/// Why an operator is not told what came of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorDeskError {
    /// The gateway has ended.
    #[error("the gateway serves no more")]
    Ended,
    /// It is done, and will be recorded when the disk has room.
    #[error("it is done, but not yet in the journal: look whether its disk is full")]
    Unrecorded,
}

/// Asks whoever runs the gateway to read its configuration anew; what came of it is told.
pub(super) type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// Where operators are heard, from whichever thread.
#[derive(Clone, Debug, Default)]
pub struct OperatorDesk {
    commands: Option<mpsc::Sender<ServerCommand>>,
    reloads: Option<mpsc::Sender<ReloadRequest>>,
}

impl OperatorDesk {
    /// Does what an operator wants; the transaction's state before and after, once the journal
    /// holds it. `None` if it is not in memory.
    ///
    /// # Errors
    /// If nobody serves any more, or the journal cannot take it now.
    pub async fn operate(&self, wish: Wish) -> Result<Option<(State, State)>, OperatorDeskError> {
        let (reply, told) = oneshot::channel();
        self.have(ServerCommand::Operate(wish, reply), told).await
    }

    /// Does to the gateway itself what an operator wants; whether it could be done, once the
    /// journal holds it.
    ///
    /// # Errors
    /// As with [`operate`](Self::operate).
    pub async fn have_done(
        &self,
        act: OperatorAct,
        deed: GatewayDeed,
    ) -> Result<bool, OperatorDeskError> {
        let (reply, told) = oneshot::channel();
        let command = ServerCommand::Operated(Box::new(act), deed, reply);
        self.have(command, told).await
    }

    async fn have<T>(
        &self,
        command: ServerCommand,
        told: oneshot::Receiver<T>,
    ) -> Result<T, OperatorDeskError> {
        let commands = self.commands.as_ref().ok_or(OperatorDeskError::Ended)?;
        let sent = commands.send(command).await;
        sent.map_err(|_ended| OperatorDeskError::Ended)?;
        let told = tokio::time::timeout(JOURNAL_WAIT, told).await;
        let told = told.map_err(|_late| OperatorDeskError::Unrecorded)?;
        told.map_err(|_ended| OperatorDeskError::Ended)
    }

    /// Has the configuration read anew; `None` if nobody here can.
    pub async fn reload(&self) -> Option<Result<(), String>> {
        let (reply, told) = oneshot::channel();
        self.reloads.as_ref()?.send(reply).await.ok()?;
        told.await.ok()
    }
}

/// A gateway.
#[derive(Debug)]
pub struct Server;

/// A running gateway; it runs on when this is dropped.
#[derive(Debug)]
pub struct Handle {
    ports: Ports,
    setup: Arc<GatewaySetup>,
    status: Arc<Status>,
    exporter: Exporter,
    pulse: Pulse,
    /// The dialects of both legs.
    specs: Vec<Arc<Spec>>,
    commands: mpsc::Sender<ServerCommand>,
    reloads: (mpsc::Sender<ReloadRequest>, mpsc::Receiver<ReloadRequest>),
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
        Self::start_by(config, seed, Clock::new())
    }

    /// The same, by a clock that is given.
    ///
    /// # Errors
    /// What keeps it from listening.
    pub fn start_by(config: Config, seed: u64, clock: Clock) -> Result<Handle, ServeError> {
        let (exporter, metrics) = Exporter::new();
        let wanted = config
            .links
            .iter()
            .map(|link| usize::from(link.connections));
        let status = Arc::new(Status::of(wanted.sum()));
        let (listeners, links) = (&config.options.listeners, &config.options.links);
        let listeners = listeners.iter().map(|end| &end.spec);
        let specs = listeners.chain(links.iter().map(|end| &end.spec));
        let specs = specs.cloned().collect();
        let pulse = Pulse::default();
        let (commands, told) = mpsc::channel(16);
        let settled = config.clone();
        let (started, when_started) = oneshot::channel();
        let (alive, ended) = oneshot::channel();
        let work = ServeWork {
            config,
            seed,
            clock,
            metrics,
            status: Arc::clone(&status),
            pulse: pulse.clone(),
            told,
            started,
        };
        let thread = thread::Builder::new()
            .name(names::SPAN_GATEWAY.to_owned())
            .spawn(move || {
                let _alive = alive;
                run(work)
            })?;
        match when_started.blocking_recv() {
            Ok(ports) => Ok(Handle {
                setup: Arc::new(GatewaySetup::of(&settled, &ports)),
                ports,
                status,
                exporter,
                pulse,
                specs,
                commands,
                reloads: mpsc::channel(1),
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

    /// How it was set up.
    #[must_use]
    pub fn setup(&self) -> Arc<GatewaySetup> {
        Arc::clone(&self.setup)
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

    /// Waits, in a task, until it has ended, or its configuration is to be read anew.
    pub(super) async fn next_reload(&mut self) -> Option<ReloadRequest> {
        tokio::select! {
            // Nothing is ever sent: the other end is dropped.
            _dropped = &mut self.ended => None,
            request = self.reloads.1.recv() => request,
        }
    }

    /// Takes no new requests, finishes what is in flight, and ends; returns at once.
    pub fn drain(&self) {
        self.tell(ServerCommand::Drain);
    }

    /// Ends now. What is in flight is in the journal, and is reversed by the next start.
    pub fn stop(&self) {
        self.tell(ServerCommand::Stop);
    }

    /// Takes over what a new configuration says of certificates, allow-lists, limits and pauses; no
    /// connection ends by it.
    pub fn reload(&self, config: Config) {
        self.tell(ServerCommand::Reload(Box::new(config)));
    }

    /// Where operators are heard.
    #[must_use]
    pub fn desk(&self) -> OperatorDesk {
        OperatorDesk {
            commands: Some(self.commands.clone()),
            reloads: None,
        }
    }

    /// The same, for a gateway whose configuration can be read anew.
    #[must_use]
    pub fn desk_with_reload(&self) -> OperatorDesk {
        OperatorDesk {
            reloads: Some(self.reloads.0.clone()),
            ..self.desk()
        }
    }

    /// What goes wrong on the wire, to be switched on and off while it runs.
    #[must_use]
    pub fn fault_place(&self) -> Box<dyn FaultPlace> {
        Box::new(self.wire_place())
    }

    /// How often each fault struck on the wire, those that were switched off too.
    #[must_use]
    pub fn fault_tallies(&self) -> Vec<FaultTally> {
        self.wire_place().tallies()
    }

    /// Nothing goes wrong on the wire any more.
    pub fn heal(&self) {
        self.wire_place().clear();
    }

    /// Where it leaves what it does, for whoever makes figures of it.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    fn wire_place(&self) -> WirePlace {
        WirePlace::new(self.commands.clone(), self.specs.clone())
    }

    fn tell(&self, command: ServerCommand) {
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
