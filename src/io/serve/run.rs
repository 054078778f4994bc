//! The gateway's thread: from the journal's history to the loop, and to its end.

use super::clock::Clock;
use super::driver::{Parts, ServeDriver, SharedDriver};
use super::ends::{self, ConnectionContext};
use super::recall::RecallDesk;
use super::server::{GatewayDeed, Ports, ServeError, ServerCommand};
use super::settings::Settings;
use super::shadow::{Found, Shadows};
use super::status::Status;
use crate::engine::driver::Trouble;
use crate::engine::gateway::{Event, Gateway};
use crate::engine::record::ConnId;
use crate::engine::seam::Dice;
use crate::io::config::Config;
use crate::io::journal::JournalWriter;
use crate::io::net::{BreakableWire, HandshakeThread};
use crate::io::telemetry::{DisconnectReason, Metrics, Pulse};
use crate::lab::wire::FaultyWire;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, info, warn};

/// What the thread is started with.
pub(super) struct ServeWork {
    pub config: Config,
    pub seed: u64,
    pub clock: Clock,
    pub metrics: Metrics,
    pub status: Arc<Status>,
    pub pulse: Pulse,
    /// What it is told while it runs.
    pub told: mpsc::Receiver<ServerCommand>,
    /// LoopInbox when it listens.
    pub started: oneshot::Sender<Ports>,
}

/// The gateway's thread.
pub(super) fn run(work: ServeWork) -> Result<(), ServeError> {
    let ServeWork { config, status, .. } = work;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let mut dice = Dice::new(work.seed);
    let clock = work.clock;
    let opened = JournalWriter::open(&config.journal.clone().into())?;
    let (recalls, recalled) = RecallDesk::start(&config.journal.path, opened.vault.clone())?;
    let (shadows, found) = Shadows::start(&config, &work.metrics, &mut dice)?;
    let core = Gateway::recover(
        config.options.clone(),
        opened.vault,
        dice.number(),
        clock.now(),
        opened.history,
    );
    let driver = ServeDriver::new(Parts {
        core,
        clock,
        progress: opened.writer.progress(),
        journal: opened.writer,
        limits: config.limits,
        metrics: work.metrics,
        status: Arc::clone(&status),
        shadows,
        recalls,
        pulse: work.pulse,
    });
    let wire = faulty_wire(&config, dice.split());
    let shared = SharedDriver(Rc::new(RefCell::new(driver)));
    let handshakes = HandshakeThread::new(config.limits.handshakes)?;
    let context = ConnectionContext {
        shared: shared.clone(),
        settings: Settings::new(config.clone()),
        handshakes: handshakes.handshakes(),
        wire: BreakableWire::new(wire),
    };
    let result = runtime.block_on(async {
        let _breaks = tokio::task::spawn_local(context.wire.clone().run());
        let (ports, listening) = ends::listen(&config, &context).await?;
        ends::connect(&config, &context, &mut dice);
        // Whoever started this went away: there is nobody to serve for, but commands still come.
        let _gone = work.started.send(ports);
        let told = LoopInbox {
            commands: work.told,
            found,
            recalled,
        };
        serve(&context, config.drain, told, listening, &status).await
    });
    drop(context);
    // Every task goes with it, and every connection with those.
    drop(runtime);
    let driver = Rc::into_inner(shared.0).map(RefCell::into_inner);
    let closed = driver.map_or(Ok(()), ServeDriver::close);
    result.and_then(|()| closed.map_err(ServeError::Failed))
}

/// The gateway's wire with what goes wrong on it from the start.
fn faulty_wire(config: &Config, dice: Dice) -> FaultyWire {
    let mut wire = FaultyWire::new(dice);
    for armed in &config.faults {
        // The configuration has none that a wire cannot do.
        let _can = wire.switch_on(armed.clone());
    }
    wire
}

/// What the loop is told from other threads.
struct LoopInbox {
    commands: mpsc::Receiver<ServerCommand>,
    /// What shadows answered otherwise.
    found: Found,
    /// What the journal said that was asked.
    recalled: mpsc::Receiver<Event>,
}

/// The loop. Ends when told to, or when the journal fails.
async fn serve(
    context: &ConnectionContext,
    drain: Duration,
    mut told: LoopInbox,
    listening: Vec<JoinHandle<()>>,
    status: &Status,
) -> Result<(), ServeError> {
    let ConnectionContext {
        shared, settings, ..
    } = context;
    let wake = shared.0.borrow().wake();
    let mut progress = shared.0.borrow().progress();
    let mut until: Option<Instant> = None;
    loop {
        let (troubles, due) = {
            let mut driver = shared.0.borrow_mut();
            (driver.turn(), driver.wake_at())
        };
        for (conn, trouble) in troubles {
            look_after(shared, conn, trouble, settings.limits().stuck);
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
            Some(event) = told.recalled.recv() => shared.0.borrow_mut().told(event),
            Some(event) = told.found.recv() => shared.0.borrow_mut().told(event),
            Some(command) = told.commands.recv() => match command {
                ServerCommand::Stop => break,
                ServerCommand::Drain => {
                    until.get_or_insert_with(|| begin_to_drain(context, drain, &listening, status));
                }
                ServerCommand::Reload(config) => settings.reload(shared, *config),
                ServerCommand::Operated(act, deed, reply) => {
                    info!(who = %act.who, did = act.did.name(), what = %act.what, "an operator");
                    shared.0.borrow_mut().operated(*act, deed, reply);
                    if deed == GatewayDeed::Drain {
                        until.get_or_insert_with(|| {
                            begin_to_drain(context, drain, &listening, status)
                        });
                    }
                }
                ServerCommand::Wire(ask) => ask.of(&context.wire),
                ServerCommand::Operate(wish, reply) => {
                    info!(tx = %wish.tx, act = wish.act.name(), said = %wish.said, "an operator");
                    shared.0.borrow_mut().operate(wish, reply);
                }
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

/// No new requests from now on; until when what is in flight may take.
fn begin_to_drain(
    context: &ConnectionContext,
    drain: Duration,
    listening: &[JoinHandle<()>],
    status: &Status,
) -> Instant {
    info!(at_most = ?drain, "draining: no new requests");
    listening.iter().for_each(JoinHandle::abort);
    status.drains();
    context.shared.0.borrow_mut().told(Event::Drain);
    Instant::now() + drain
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// What the loop does about a connection in trouble.
pub(super) fn look_after(shared: &SharedDriver, conn: ConnId, trouble: Trouble, stuck: Duration) {
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
                        shared.0.borrow().disconnect(DisconnectReason::Stuck);
                        warn!(%conn, ?stuck, "a peer takes nothing of what waits: disconnected");
                        shared.0.borrow_mut().lost(conn, true);
                    }
                }
            });
        }
    }
}
